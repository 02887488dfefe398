//! What a service may answer: three bytes that choose operation, protocol and status, lines of headers, an empty line,
//! any bytes as the body. It is read as a result and as a refusal.
#![no_main]

use std::sync::LazyLock;

use aws::protocol::{HttpAnswer, decode, decode_error, is_error};
use libfuzzer_sys::fuzz_target;
use models::{Protocol, Service, load};

/// Results with headers, times, blobs, maps, lists, recursion, documents and whole bodies, in every protocol.
const OPERATIONS: [(&str, &str); 16] = [
    ("dynamodb", "Scan"),
    ("dynamodb", "DescribeTable"),
    ("sqs", "ReceiveMessage"),
    ("sts", "AssumeRole"),
    ("sns", "GetTopicAttributes"),
    ("cloudformation", "DescribeStacks"),
    ("ec2", "DescribeInstances"),
    ("ec2", "GetConsoleOutput"),
    ("lambda", "Invoke"),
    ("lambda", "GetFunction"),
    ("bedrockruntime", "Converse"),
    ("s3", "GetObject"),
    ("s3", "HeadObject"),
    ("s3", "ListObjectsV2"),
    ("s3", "GetBucketAcl"),
    ("s3", "CopyObject"),
];

const STATUSES: [u16; 5] = [200, 204, 301, 404, 503];

/// The models of [`OPERATIONS`], each as it is and as if it spoke CBOR: where a service speaks that, it also speaks
/// JSON, which is taken.
static SERVICES: LazyLock<Vec<[Service; 2]>> = LazyLock::new(|| {
    let both = |(name, _): (&str, &str)| {
        let service = load(name).expect("the models are whole").unwrap_or_else(|| panic!("{name} has a model"));
        let mut cbor = Service::clone(&service);
        cbor.metadata.protocol = Protocol::Cbor;
        [Service::clone(&service), cbor]
    };
    OPERATIONS.into_iter().map(both).collect()
});

fuzz_target!(|bytes: &[u8]| {
    let [operation, protocol, status, rest @ ..] = bytes else { return };
    let place = usize::from(*operation) % OPERATIONS.len();
    let service = &SERVICES[place][usize::from(*protocol) % 2];
    check(service, OPERATIONS[place].1, &answer(STATUSES[usize::from(*status) % STATUSES.len()], rest));
});

/// Without an empty line there is only a body.
fn answer(status: u16, rest: &[u8]) -> HttpAnswer {
    let split = rest.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = split.map_or((&[][..], rest), |at| (&rest[..at], &rest[at + 2..]));
    let head = String::from_utf8_lossy(head);
    let headers = head.lines().filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    HttpAnswer { status, headers: headers.collect(), body: body.to_vec().into() }
}

fn check(service: &Service, operation: &str, answer: &HttpAnswer) {
    let operation = service.operation(operation).unwrap_or_else(|| panic!("the model has {operation}"));
    is_error(service, operation, answer);
    if let Ok(result) = decode(service, operation, answer) {
        let written = result.to_string();
        let read = asl::json::parse(written.as_bytes());
        assert!(read.is_ok_and(|read| read.as_object().is_some()), "a result is a JSON object: {written}");
        assert_eq!(decode(service, operation, answer).as_ref(), Ok(&result));
    }
    let error = decode_error(service, operation, answer);
    assert!(!error.code.is_empty(), "a refusal has a code: {error:?}");
}
