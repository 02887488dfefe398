//! Each source of credentials, seen from a call that is signed with them.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::client::Options;
use crate::endpoint::Endpoints;
use crate::test_server::{Reply, Seen, Server};
use crate::{Call, MissingParameters, ServiceAnswer};

const PATIENCE: Duration = Duration::from_secs(30);

/// Made up of the key that an STS answer gives, so that tests see whose answer it is.
fn sts_answer(operation: &str, key: &str) -> Reply {
    Reply::ok(format!(
        "<{operation}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{operation}Result><Credentials>\
         <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t-{key}</SessionToken>\
         <Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></{operation}Result></{operation}Response>"
    ))
}

/// Answers DynamoDB, and STS with keys that follow from the role: `arn:role/x` gives `x`.
async fn aws() -> Server {
    Server::start(|_, seen: &Seen| {
        if seen.header("x-amz-target").is_some() {
            return Reply::ok("{}");
        }
        let parameter = |name: &str| seen.body.split('&').find_map(|pair| pair.strip_prefix(name));
        let key = parameter("RoleArn=").and_then(|role| role.rsplit("%2F").next()).unwrap_or("none");
        match parameter("Action=") {
            _ if key == "forbidden" => Reply::status(
                403,
                "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>",
            ),
            Some(action) => sts_answer(action, key),
            None => Reply::status(400, ""),
        }
    })
    .await
}

struct Home {
    directory: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Home {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().to_str().unwrap().to_owned();
        let mut this = Self { directory, variables: Vec::new() };
        this.set("HOME", &home);
        this.set("AWS_EC2_METADATA_DISABLED", "true");
        this
    }

    fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn client(&self, server: &Server) -> Client {
        let variables: Vec<_> = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut options = Options::new("eu-west-1", Environment::of(&variables));
        options.attempts = 1;
        options.endpoints = Endpoints::aws();
        for service in ["sts", "dynamodb"] {
            options.endpoints.set(service, &server.url()).unwrap();
        }
        Client::new(options)
    }

    /// The access key that a call of DynamoDB is signed with.
    async fn key(&self, server: &Server) -> Result<String, String> {
        call(&self.client(server), None).await.map_err(|error| error.to_string())?;
        Ok(key_of(server.seen().last().unwrap()))
    }
}

async fn call(client: &Client, role: Option<&str>) -> Result<ServiceAnswer, CallError> {
    let input = json!({});
    let call = Call {
        service: "dynamodb",
        operation: "listTables",
        input: &input,
        idempotency_token: "",
        missing: MissingParameters::Refused,
        role,
        timeout: PATIENCE,
    };
    client.call(&call).await
}

fn key_of(seen: &Seen) -> String {
    let authorization = seen.header("authorization").unwrap_or_default();
    let key = authorization.split_once("Credential=").and_then(|(_, rest)| rest.split('/').next());
    key.unwrap_or("unsigned").to_owned()
}

#[tokio::test]
async fn variables_come_first() {
    let server = aws().await;
    let mut home = Home::new();
    home.write(".aws/credentials", "[default]\naws_access_key_id = file\naws_secret_access_key = s\n");
    assert_eq!(home.key(&server).await, Ok("file".to_owned()));
    home.set("AWS_ACCESS_KEY_ID", "variable");
    let half = home.key(&server).await.unwrap_err();
    assert!(half.contains("AWS_SECRET_ACCESS_KEY is not"), "{half}");
    home.set("AWS_SECRET_ACCESS_KEY", "s").set("AWS_SESSION_TOKEN", "session");
    assert_eq!(home.key(&server).await, Ok("variable".to_owned()));
    assert_eq!(server.seen().last().unwrap().header("x-amz-security-token"), Some("session"));
}

#[tokio::test]
async fn web_identity_needs_no_credentials() {
    let server = aws().await;
    let mut home = Home::new();
    let file = home.write("token", "  a.token\n");
    home.set("AWS_WEB_IDENTITY_TOKEN_FILE", &file);
    assert!(home.key(&server).await.unwrap_err().contains("AWS_ROLE_ARN is not"));
    home.set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/pod").set("AWS_ROLE_SESSION_NAME", "mine");
    assert_eq!(home.key(&server).await, Ok("pod".to_owned()));
    let seen = server.seen();
    let asked = &seen[seen.len() - 2];
    assert_eq!(key_of(asked), "unsigned");
    assert!(asked.body.contains("WebIdentityToken=a.token&") || asked.body.ends_with("WebIdentityToken=a.token"));
    assert!(asked.body.contains("RoleSessionName=mine"), "{}", asked.body);
    home.set("AWS_WEB_IDENTITY_TOKEN_FILE", "/no/such/file");
    assert!(home.key(&server).await.unwrap_err().contains("cannot read /no/such/file"));
}

#[tokio::test]
async fn profiles_lead_to_credentials() {
    let server = aws().await;
    let mut home = Home::new();
    let token = home.write("token", "t");
    home.write(
        ".aws/config",
        &format!(
            "[profile keys]\naws_access_key_id = k\naws_secret_access_key = s\n\
             [profile role]\nrole_arn = arn:role/outer\nsource_profile = middle\nexternal_id = ext\n\
             [profile middle]\nrole_arn = arn:role/inner\nsource_profile = keys\nduration_seconds = 900\n\
             [profile own]\nrole_arn = arn:role/own\nsource_profile = own\naws_access_key_id = o\naws_secret_access_key = s\n\
             [profile variables]\nrole_arn = arn:role/v\ncredential_source = Environment\n\
             [profile pod]\nrole_arn = arn:role/pod\nweb_identity_token_file = {token}\n\
             [profile empty]\nregion = r\n\
             [profile loop]\nrole_arn = arn:role/a\nsource_profile = loop2\n\
             [profile loop2]\nrole_arn = arn:role/b\nsource_profile = loop\n\
             [profile lost]\nrole_arn = arn:role/a\nsource_profile = nobody\n\
             [profile sourceless]\nrole_arn = arn:role/a\n\
             [profile half]\naws_access_key_id = k\n\
             [profile sso]\nsso_session = s\n\
             [profile mfa]\nrole_arn = arn:role/a\nsource_profile = keys\nmfa_serial = m\n\
             [profile odd]\nrole_arn = arn:role/a\ncredential_source = Moon\n"
        ),
    );
    let table: [(&str, Result<&str, &str>); 14] = [
        ("keys", Ok("k")),
        ("role", Ok("outer")),
        ("own", Ok("own")),
        ("variables", Err("AWS_ACCESS_KEY_ID is not set")),
        ("pod", Ok("pod")),
        ("empty", Ok("test")),
        ("loop", Err("lead back to itself")),
        ("lost", Err("there is no profile nobody")),
        ("sourceless", Err("no source_profile or credential_source")),
        ("half", Err("half has one of")),
        ("sso", Err("credential_process = aws configure export-credentials --profile sso")),
        ("mfa", Err("MFA")),
        ("odd", Err("\"Moon\"")),
        ("absent", Err("has no such profile")),
    ];
    for (profile, expected) in table {
        home.set("AWS_PROFILE", profile);
        match (home.key(&server).await, expected) {
            (Ok(key), Ok(expected)) => assert_eq!(key, expected, "{profile}"),
            (Err(problem), Err(expected)) => assert!(problem.contains(expected), "{profile}: {problem}"),
            (found, _) => panic!("{profile}: {found:?}"),
        }
    }
    let asked: Vec<_> =
        server.seen().into_iter().filter(|seen| seen.body.contains("outer") || seen.body.contains("inner")).collect();
    assert_eq!((key_of(&asked[0]), key_of(&asked[1])), ("k".to_owned(), "inner".to_owned()));
    assert!(asked[0].body.contains("DurationSeconds=900"), "{}", asked[0].body);
    assert!(asked[1].body.contains("ExternalId=ext"), "{}", asked[1].body);
    assert!(asked[1].body.contains("RoleSessionName=stepwright"), "{}", asked[1].body);
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_may_print_credentials() {
    let server = aws().await;
    let mut home = Home::new();
    let document = r#"{"Version":1,"AccessKeyId":"printed","SecretAccessKey":"very-secret","SessionToken":"t"}"#;
    let file = home.write("document.json", document);
    let secret = home.write("secret.txt", "very-secret");
    home.write(
        ".aws/config",
        &format!(
            "[profile good]\ncredential_process = cat \"{file}\"\n\
             [profile fails]\ncredential_process = cat {secret} && exit 3\n\
             [profile text]\ncredential_process = cat {secret}\n\
             [profile version]\ncredential_process = echo '{{\"Version\":2}}'\n\
             [profile absent]\ncredential_process = no-such-program-anywhere\n"
        ),
    );
    let table: [(&str, Result<&str, &str>); 5] = [
        ("good", Ok("printed")),
        ("fails", Err("exit status: 3")),
        ("text", Err("not JSON")),
        ("version", Err("no Version 1")),
        ("absent", Err("exit status: 127")),
    ];
    for (profile, expected) in table {
        home.set("AWS_PROFILE", profile);
        match (home.key(&server).await, expected) {
            (Ok(key), Ok(expected)) => assert_eq!(key, expected),
            (Err(problem), Err(expected)) => {
                assert!(problem.contains(expected) && !problem.contains("very-secret"), "{profile}: {problem}");
            }
            (found, _) => panic!("{profile}: {found:?}"),
        }
    }
}

#[tokio::test]
async fn a_container_asks_its_host() {
    let server = aws().await;
    let host = Server::start(|_, seen: &Seen| match seen.header("authorization") {
        Some("pass") => Reply::ok(
            r#"{"AccessKeyId":"container","SecretAccessKey":"s","Token":"t","Expiration":"2999-01-01T00:00:00Z"}"#,
        ),
        _ => Reply::status(401, ""),
    })
    .await;
    let mut home = Home::new();
    home.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("{}/credentials", host.url()));
    assert!(home.key(&server).await.unwrap_err().contains("status 401"));
    home.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "pass");
    assert_eq!(home.key(&server).await, Ok("container".to_owned()));
    assert_eq!(host.seen().last().unwrap().line, "GET /credentials");
    let file = home.write("pass", "two\nlines");
    home.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &file);
    assert!(home.key(&server).await.unwrap_err().contains("more than one line"));
    home.write("pass", "pass\n");
    assert_eq!(home.key(&server).await, Ok("container".to_owned()));
    home.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/credentials");
    assert!(home.key(&server).await.unwrap_err().contains("neither https"));
}

fn metadata(role: &'static str, document: &'static str) -> impl Fn(usize, &Seen) -> Reply {
    move |_, seen| match (seen.line.as_str(), seen.header("x-aws-ec2-metadata-token")) {
        ("PUT /latest/api/token", None) if seen.header("x-aws-ec2-metadata-token-ttl-seconds") == Some("21600") => {
            Reply::ok("metadata-token")
        }
        ("GET /latest/meta-data/iam/security-credentials/", Some("metadata-token")) if role.is_empty() => {
            Reply::status(404, "<html>")
        }
        ("GET /latest/meta-data/iam/security-credentials/", Some("metadata-token")) => Reply::ok(role),
        ("GET /latest/meta-data/iam/security-credentials/my-role", Some("metadata-token")) => Reply::ok(document),
        _ => Reply::status(400, ""),
    }
}

#[tokio::test]
async fn an_instance_asks_its_metadata() {
    let server = aws().await;
    let good = r#"{"Code":"Success","AccessKeyId":"instance","SecretAccessKey":"s","Token":"t","Expiration":"2999-01-01T00:00:00Z"}"#;
    let table: [(&str, &str, Result<&str, &str>); 4] = [
        ("my-role\n", good, Ok("instance")),
        ("my-role", r#"{"Code":"AssumeRoleUnauthorizedAccess"}"#, Err("it says AssumeRoleUnauthorizedAccess")),
        ("my-role", "not json", Err("not JSON")),
        // No role is as good as no instance: a local counterpart takes any signature.
        ("", "", Ok("test")),
    ];
    for (role, document, expected) in table {
        let instance = Server::start(metadata(role, document)).await;
        let mut home = Home::new();
        home.set("AWS_EC2_METADATA_DISABLED", "false");
        home.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &format!("{}/", instance.url()));
        match (home.key(&server).await, expected) {
            (Ok(key), Ok(expected)) => assert_eq!(key, expected),
            (Err(problem), Err(expected)) => assert!(problem.contains(expected), "{problem}"),
            (found, _) => panic!("{found:?}"),
        }
    }
}

#[tokio::test]
async fn a_role_is_assumed_once() {
    let server = aws().await;
    let mut home = Home::new();
    home.set("AWS_ACCESS_KEY_ID", "own").set("AWS_SECRET_ACCESS_KEY", "s");
    let client = home.client(&server);
    let role = Some("arn:aws:iam::123456789012:role/worker");
    let calls = (call(&client, role), call(&client, role), call(&client, role));
    let (a, b, c) = tokio::join!(calls.0, calls.1, calls.2);
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    let keys: Vec<_> = server.seen().iter().map(key_of).collect();
    assert_eq!(keys, ["own", "worker", "worker", "worker"]);
    call(&client, None).await.unwrap();
    assert_eq!(key_of(server.seen().last().unwrap()), "own");

    let refused = call(&client, Some("arn:aws:iam::123456789012:role/forbidden")).await;
    let expected = "cannot assume the role arn:aws:iam::123456789012:role/forbidden: not you (AccessDenied)";
    assert_eq!(refused, Err(CallError::Credentials(expected.to_owned())));
}

#[tokio::test]
async fn without_credentials_a_local_service_is_called_for_any_role() {
    let server = aws().await;
    let mut options = Options::new("eu-west-1", Environment::of(&[("AWS_EC2_METADATA_DISABLED", "true")]));
    options.endpoints.set("dynamodb", &server.url()).unwrap();
    call(&Client::new(options), Some("arn:role/any")).await.unwrap();
    let keys: Vec<_> = server.seen().iter().map(key_of).collect();
    assert_eq!(keys, ["test"]);
}

#[tokio::test]
async fn a_search_that_found_nothing_is_not_repeated_at_once() {
    let server = aws().await;
    let instance = Server::start(|_, _| Reply::status(403, "")).await;
    let mut home = Home::new();
    home.set("AWS_EC2_METADATA_DISABLED", "").set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &instance.url());
    let client = home.client(&server);
    for _ in 0..3 {
        call(&client, None).await.unwrap();
    }
    assert_eq!(instance.seen().len(), 1);
}
