//! A service's model: its operations, and how their parameters and results travel.
//!
//! A model is a graph of shapes. Shapes refer to each other by number, so a model is one flat table and recursion in
//! it costs nothing. What a value of a shape must be beyond its type is no part of the model but of
//! [`Constraints`](crate::Constraints): nobody needs it to send a request.

use serde::{Deserialize, Serialize};

/// A service's model.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Service {
    /// What holds for all its operations.
    pub metadata: Metadata,
    /// Its operations, sorted by name.
    pub operations: Vec<Operation>,
    /// Its shapes; a [`ShapeId`] is a place in this table.
    pub shapes: Vec<Shape>,
}

/// What holds for all operations of a service. The names in backquotes are botocore's.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Metadata {
    /// As the SDK integrations name it: `serviceId` in lower case without spaces and hyphens, `sfn`.
    pub name: String,
    /// `serviceId`: `SFN`, `CloudWatch Logs`
    pub service_id: String,
    /// `endpointPrefix`: the first part of the host's name.
    pub endpoint_prefix: String,
    /// `signingName`, or the endpoint's prefix.
    pub signing_name: String,
    /// `apiVersion`
    pub api_version: String,
    /// `targetPrefix` of the JSON protocols.
    pub target_prefix: String,
    /// `jsonVersion`: `1.0` or `1.1`.
    pub json_version: String,
    /// `xmlNamespace`
    pub xml_namespace: Option<String>,
    /// How requests travel.
    pub protocol: Protocol,
    /// `awsQueryCompatible`: whether it once spoke the query protocol, and still has the names of errors of that time.
    pub query_compatible: bool,
    /// The host and the signing region of a service that has one endpoint for the whole partition `aws`.
    pub global: Option<GlobalEndpoint>,
    /// The host in the partition `aws` with `{region}` for the region, where it is neither global nor
    /// `<endpoint_prefix>.{region}.amazonaws.com`: `datazone.{region}.api.aws`.
    pub host: Option<String>,
    /// What begins the names of its errors in Step Functions: `DynamoDb`, `Sfn`, `Auto Scaling`.
    pub error_prefix: String,
}

/// A service's one endpoint for all regions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlobalEndpoint {
    /// `iam.amazonaws.com`
    pub host: String,
    /// `us-east-1`
    pub region: String,
}

/// How requests and answers travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    /// AWS JSON 1.0 and 1.1: one path, the operation in a header.
    #[default]
    Json,
    /// Form parameters, XML answers.
    Query,
    /// Like query, with EC2's names.
    Ec2,
    /// Paths and JSON bodies.
    RestJson,
    /// Paths and XML bodies.
    RestXml,
    /// Smithy RPC v2: CBOR both ways.
    Cbor,
}

/// An operation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Operation {
    /// `GetItem`
    pub name: String,
    /// The HTTP method.
    pub method: String,
    /// The path with its parameters in braces: `/{Bucket}/{Key+}?acl`.
    pub uri: String,
    /// The structure of parameters.
    pub input: Option<ShapeId>,
    /// The structure of results.
    pub output: Option<ShapeId>,
    /// `resultWrapper` of the query protocol.
    pub result_wrapper: Option<String>,
    /// The element around a REST XML body, and its namespace (`locationName` and `xmlNamespace` of the input).
    pub input_wrapper: Option<(String, Option<String>)>,
    /// `endpoint.hostPrefix`, with parameters in braces.
    pub host_prefix: Option<String>,
    /// Whether the request is not signed (`authtype: none`).
    pub unsigned: bool,
    /// Whether a checksum of the body must be sent (`httpChecksumRequired`, `httpChecksum.requestChecksumRequired`).
    pub needs_checksum: bool,
    /// The shapes of its errors, all structures with [`Structure::error`]. A service may send others of its errors too:
    /// they are in [`Service::shapes`] as well.
    pub errors: Vec<ShapeId>,
}

/// A place in [`Service::shapes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ShapeId(pub u32);

/// What a value is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Shape {
    /// Named members.
    Structure(Structure),
    /// Many of a kind.
    List(List),
    /// Many of a kind, by key.
    Map(Map),
    /// Text.
    String,
    /// Bytes.
    Blob,
    /// True or false.
    Boolean,
    /// Whole numbers (`integer`, `long`, `short`, `byte`).
    Integer,
    /// Numbers (`float`, `double`).
    Float,
    /// A time; the format where it is not the protocol's own.
    Timestamp(Option<TimestampFormat>),
    /// Any JSON (`document: true`).
    Document,
}

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimestampFormat {
    /// `2015-01-01T00:00:00Z`
    Iso8601,
    /// `Thu, 01 Jan 2015 00:00:00 GMT`
    Rfc822,
    /// Seconds since the epoch.
    Unix,
}

/// A structure.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Structure {
    /// The shape's name: an error is known by it.
    pub name: String,
    /// Its members in the model's order.
    pub members: Vec<Member>,
    /// The member that is the whole body (`payload`): a place in `members`.
    pub payload: Option<usize>,
    /// Where it is an error: its code where that is not the shape's name, and its HTTP status.
    pub error: Option<ErrorTrait>,
    /// Whether it is a stream of events, which cannot be called from a state.
    pub is_event_stream: bool,
}

/// What makes a structure an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorTrait {
    /// `error.code`
    pub code: Option<String>,
    /// `error.httpStatusCode`
    pub status: Option<u16>,
}

/// A member of a structure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    /// Its name in the model.
    pub name: String,
    /// What it is.
    pub shape: ShapeId,
    /// Whether a request without it is refused.
    pub required: bool,
    /// Where it travels, if not in the body.
    pub location: Option<Location>,
    /// `locationName`: its name on the way, where that is not `name`.
    pub wire_name: Option<String>,
    /// `queryName` (EC2).
    pub query_name: Option<String>,
    /// `timestampFormat` of the member; the shape may have one where this is absent.
    pub timestamp_format: Option<TimestampFormat>,
    /// Whether a list or map has no element around it here; its shape may say so for every place.
    pub flattened: bool,
    /// Whether it is an attribute of its XML element.
    pub xml_attribute: bool,
    /// The element's namespace: prefix and URI (`xmlNamespace`).
    pub xml_namespace: Option<(Option<String>, String)>,
    /// Whether it is made up where the caller leaves it out (`idempotencyToken`).
    pub idempotency_token: bool,
    /// Whether it is part of the host's name (`hostLabel`).
    pub host_label: bool,
    /// Whether a string is JSON, carried in base64 in a header (`jsonvalue`).
    pub json_value: bool,
}

/// Where a member travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Location {
    /// In a header of that name.
    Header,
    /// In all headers that begin with that name.
    Headers,
    /// In the path.
    Uri,
    /// In the query string; a map is many parameters.
    QueryString,
    /// The HTTP status.
    StatusCode,
}

/// A list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct List {
    /// What its items are.
    pub member: ShapeId,
    /// The element or key of an item, where it is not `member`.
    pub member_name: Option<String>,
    /// Whether it has no element around it.
    pub flattened: bool,
}

/// A map.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Map {
    /// What its keys are.
    pub key: ShapeId,
    /// What its values are.
    pub value: ShapeId,
    /// The element of a key, where it is not `key`.
    pub key_name: Option<String>,
    /// The element of a value, where it is not `value`.
    pub value_name: Option<String>,
    /// Whether it has no element around it.
    pub flattened: bool,
}

impl Service {
    /// The operation of that name, whatever the case of its first letter.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| same_but_first_case(&operation.name, name))
    }

    /// The shape of that number. Numbers come from the same model and [`load`](crate::load) checks them, so they are in the
    /// table.
    pub fn shape(&self, id: ShapeId) -> &Shape {
        &self.shapes[id.0 as usize]
    }

    /// Whether parameters or result of the operation are a stream of events, which cannot be called from a state.
    pub fn is_event_stream(&self, operation: &Operation) -> bool {
        let structure = |id: ShapeId| match self.shape(id) {
            Shape::Structure(structure) => Some(structure),
            _ => None,
        };
        [operation.input, operation.output]
            .into_iter()
            .flatten()
            .filter_map(structure)
            .flat_map(|structure| &structure.members)
            .filter_map(|member| structure(member.shape))
            .any(|structure| structure.is_event_stream)
    }
}

impl Member {
    /// Its name on the way.
    pub fn wire_name(&self) -> &str {
        self.wire_name.as_deref().unwrap_or(&self.name)
    }

    /// Whether a parameter of that name is this member.
    pub fn is_called(&self, name: &str) -> bool {
        same_but_first_case(&self.name, name)
    }
}

/// Whether two ASCII names differ at most in the case of the first letter.
pub fn same_but_first_case(a: &str, b: &str) -> bool {
    let (Some(first_a), Some(first_b)) = (a.as_bytes().first(), b.as_bytes().first()) else { return a == b };
    first_a.eq_ignore_ascii_case(first_b) && a.as_bytes()[1..] == b.as_bytes()[1..]
}
