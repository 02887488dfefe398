//! TestState: evaluates one state without an execution.

mod written;

use std::time::Duration;

use asl::scope::Variables;
use asl::{Text, Value, json};
use engine::test_state::{Configuration, FieldValidation, Inspection, Mock, StateTest, TestStateError};
use runtime::calls::{CallError, HttpTrace, TestedState};

use super::start_execution::parse_input;
use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn::{self, ArnKind};
use crate::json_object_writer::JsonObjectWriter;
use crate::request::Members;
use crate::shape::{Bool, Int, OneOf, Payload, Structure, TextShape, int, one_of, text};
use crate::shapes::{ARN, CAUSE, DEFINITION, ERROR};
use runtime::quotas::Quotas;
use written::Sources;

const STATE_NAME: TextShape = text(1..=80).sensitive();
const COUNT: Int = int(0..=2_147_483_647);

/// `inspectionLevel`. What TRACE adds, the HTTP request and response, exists only where an HTTP task sent a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Info,
    Debug,
    Trace,
}

const LEVEL: OneOf<Level> = one_of(&[("INFO", Level::Info), ("DEBUG", Level::Debug), ("TRACE", Level::Trace)]);
const FIELD_VALIDATION: OneOf<FieldValidation> = one_of(&[
    ("STRICT", FieldValidation::Strict),
    ("PRESENT", FieldValidation::Present),
    ("NONE", FieldValidation::None),
]);

struct TestMembers {
    definition: Text,
    role_arn: Option<Text>,
    input: Option<Text>,
    level: Level,
    reveal_secrets: bool,
    variables: Option<Text>,
    state_name: Option<Text>,
    mock: Option<MockMembers>,
    context: Option<Text>,
    configuration: Configuration,
}

struct MockMembers {
    result: Option<Text>,
    error_output: Option<(Option<Text>, Option<Text>)>,
    validation: FieldValidation,
}

impl TestMembers {
    fn read(members: &mut Members<'_>) -> Self {
        Self {
            definition: members.required("definition", &DEFINITION),
            role_arn: members.optional("roleArn", &ARN),
            input: members.optional("input", &Payload),
            level: members.optional("inspectionLevel", &LEVEL).unwrap_or(Level::Info),
            reveal_secrets: members.optional("revealSecrets", &Bool).unwrap_or(false),
            variables: members.optional("variables", &Payload),
            state_name: members.optional("stateName", &STATE_NAME),
            mock: members.optional("mock", &Structure(read_mock)),
            context: members.optional("context", &Payload),
            configuration: members.optional("stateConfiguration", &Structure(read_configuration)).unwrap_or_default(),
        }
    }
}

fn read_mock(members: &mut Members<'_>) -> MockMembers {
    let error_output = |output: &mut Members<'_>| (output.optional("error", &ERROR), output.optional("cause", &CAUSE));
    MockMembers {
        result: members.optional("result", &Payload),
        error_output: members.optional("errorOutput", &Structure(error_output)),
        validation: members.optional("fieldValidationMode", &FIELD_VALIDATION).unwrap_or_default(),
    }
}

fn read_configuration(members: &mut Members<'_>) -> Configuration {
    let mut count = |name| members.optional(name, &COUNT).and_then(|count| u64::try_from(count).ok());
    Configuration {
        retrier_retry_count: count("retrierRetryCount"),
        map_iteration_failure_count: count("mapIterationFailureCount"),
        error_caused_by_state: members.optional("errorCausedByState", &STATE_NAME),
        map_item_reader_data: members.optional("mapItemReaderData", &Payload),
    }
}

/// TestState
pub(crate) struct TestState;

/// A test, and how what comes of it is shown.
pub(crate) struct TestRequest {
    test: StateTest,
    role_arn: Text,
    shown: Shown,
    sources: Sources,
}

impl Action for TestState {
    const NAME: &'static str = "TestState";
    const IAM_ACTION: &'static str = "states:TestState";
    type Input = TestRequest;

    fn answered_within(quotas: &Quotas) -> Option<Duration> {
        Some(Duration::from_secs(quotas.execution.state_test_seconds))
    }

    fn input(_context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let members = request.read(TestMembers::read)?;
        if let Some(role) = &members.role_arn {
            arn::check_role(role)?;
        }
        let mut sources = Sources::default();
        let test = StateTest {
            has_role: members.role_arn.is_some(),
            input: sources.add(members.input.clone(), parse_input(members.input.as_deref())?),
            variables: variables(members.variables, &mut sources)?,
            context: members.context.map(|text| test_context(text, &mut sources)).transpose()?,
            mock: members.mock.map(|given| mock(given, &mut sources)).transpose()?,
            definition: members.definition,
            state_name: members.state_name,
            reveal_secrets: members.reveal_secrets,
            configuration: members.configuration,
        };
        let shown = Shown { level: members.level, secrets: members.reveal_secrets };
        Ok(TestRequest { test, role_arn: members.role_arn.unwrap_or_default(), shown, sources })
    }

    fn resources(_request: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Every(ArnKind::StateMachine)]
    }

    async fn perform(context: &CallContext<'_>, request: Self::Input) -> Result<ResponseBody, ApiError> {
        let TestRequest { test, role_arn, shown, sources } = request;
        let tested = context.runtime.test_state(test, role_arn, context.deadline.remaining()).await??;
        Ok(write(&tested, shown, &sources).into())
    }
}

fn variables(text: Option<Text>, sources: &mut Sources) -> Result<Variables, ApiError> {
    let Some(text) = text else { return Ok(Variables::default()) };
    match json::parse(text.as_bytes()) {
        Ok(Value::Object(variables)) => {
            sources.add(Some(text), Value::Object(Variables::clone(&variables)));
            Ok(variables)
        }
        _ => Err(ApiError::validation("Variables must be a valid JSON object")),
    }
}

fn test_context(text: Text, sources: &mut Sources) -> Result<Value, ApiError> {
    let context = json::parse(text.as_bytes())
        .map_err(|_| ApiError::validation("Invalid Context object provided: Context must be valid JSON"))?;
    Ok(sources.add(Some(text), context))
}

fn mock(members: MockMembers, sources: &mut Sources) -> Result<Mock, ApiError> {
    const FIELDS: &str = "[result, errorOutput]";
    match (members.result, members.error_output) {
        (Some(text), None) => {
            let value =
                json::parse(text.as_bytes()).map_err(|_| ApiError::validation("Mocked result must be valid JSON"))?;
            Ok(Mock::Result { value: sources.add(Some(text), value), validation: members.validation })
        }
        (None, Some((Some(error), cause))) => Ok(Mock::Error { error, cause }),
        (None, Some((None, _))) => Err(ApiError::validation("A mocked errorOutput must have the field 'error'.")),
        (Some(_), Some(_)) => {
            Err(ApiError::validation(format!("A test mock should have only one of the following fields: {FIELDS}.")))
        }
        (None, None) => {
            Err(ApiError::validation(format!("A test mock should have one of the following fields: {FIELDS}.")))
        }
    }
}

impl From<TestStateError> for ApiError {
    fn from(error: TestStateError) -> Self {
        match error {
            TestStateError::InvalidDefinition(diagnostics) => CallError::InvalidDefinition(diagnostics).into(),
            TestStateError::NeedsMock(message) => Self::new("InvalidDefinition", message),
            TestStateError::Invalid(message) => Self::validation(message),
        }
    }
}

/// What the caller wants to see.
#[derive(Clone, Copy)]
struct Shown {
    level: Level,
    /// What the connection of an HTTP task put into the request (`revealSecrets`).
    secrets: bool,
}

fn write(tested: &TestedState, shown: Shown, sources: &Sources) -> String {
    let TestedState { outcome, exchange } = tested;
    let mut answer = JsonObjectWriter::new(256);
    if let Some(output) = &outcome.output {
        answer.text("output", &sources.text_of(output));
    }
    answer.optional_text("error", outcome.error.as_deref()).optional_text("cause", outcome.cause.as_deref());
    if shown.level != Level::Info {
        answer.object("inspectionData", |data| {
            write_inspection(data, &outcome.inspection, sources);
            if let (Level::Trace, Some(exchange)) = (shown.level, exchange) {
                write_exchange(data, exchange, shown.secrets);
            }
        });
    }
    answer.optional_text("nextState", outcome.next_state.as_deref()).text("status", outcome.status.as_str());
    answer.finish()
}

fn write_inspection(answer: &mut JsonObjectWriter, seen: &Inspection, sources: &Sources) {
    let payloads = [
        ("input", &seen.input),
        ("afterArguments", &seen.after_arguments),
        ("afterInputPath", &seen.after_input_path),
        ("afterParameters", &seen.after_parameters),
        ("result", &seen.result),
        ("afterResultSelector", &seen.after_result_selector),
        ("afterResultPath", &seen.after_result_path),
        ("variables", &seen.variables),
        ("afterItemsPath", &seen.after_items_path),
        ("afterItemsPointer", &seen.after_items_pointer),
        ("afterItemSelector", &seen.after_item_selector),
        ("afterItemBatcher", &seen.after_item_batcher),
    ];
    for (name, payload) in payloads {
        if let Some(payload) = payload {
            answer.text(name, &sources.text_of(payload));
        }
    }
    let counts = [("maxConcurrency", seen.max_concurrency), ("toleratedFailureCount", seen.tolerated_failure_count)];
    for (name, count) in counts {
        if let Some(count) = count {
            answer.number(name, count);
        }
    }
    if let Some(percentage) = seen.tolerated_failure_percentage.and_then(float) {
        answer.value("toleratedFailurePercentage", &percentage);
    }
    if seen.retry_index.is_some() || seen.catch_index.is_some() {
        answer.object("errorDetails", |details| {
            let members = [
                ("catchIndex", seen.catch_index.map(|index| index as u64)),
                ("retryIndex", seen.retry_index.map(|index| index as u64)),
                ("retryBackoffIntervalSeconds", seen.retry_backoff_seconds.map(|seconds| seconds as u64)),
            ];
            for (name, number) in members {
                if let Some(number) = number {
                    details.number(name, number);
                }
            }
        });
    }
}

fn write_exchange(answer: &mut JsonObjectWriter, exchange: &HttpTrace, secrets: bool) {
    let request = if secrets { &exchange.request } else { &exchange.concealed_request };
    answer.object("request", |answer| {
        answer.text("protocol", &request.protocol).text("method", &request.method).text("url", &request.url);
        answer.text("headers", &request.headers).optional_text("body", request.body.as_deref());
    });
    if let Some(response) = &exchange.response {
        answer.object("response", |answer| {
            answer.text("protocol", &response.protocol).text("statusCode", &response.status_code);
            answer.text("statusMessage", &response.status_message);
            answer.text("headers", &response.headers).text("body", &response.body);
        });
    }
}

/// A number that keeps its point: `1.0`. `None` where it is not finite.
fn float(value: f64) -> Option<Value> {
    json::parse(format!("{value:?}").as_bytes()).ok()
}
