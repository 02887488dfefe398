//! The optimized integrations: one table of services and actions, and the few functions that carry it out.
//!
//! A row ([`Action`]) says which operation an action is, what is changed in its parameters and its answer, and what job
//! it begins ([`Job`]). `optimized/<service>.rs` holds the rows of a service and what they need that no other does.

mod athena;
mod batch;
mod bedrock;
mod bind;
mod codebuild;
mod databrew;
mod dynamodb;
mod ecs;
mod eks;
mod elasticmapreduce;
mod elsewhere;
mod emr_containers;
mod emr_serverless;
mod events;
mod glue;
mod job;
mod lookup;
mod mediaconvert;
mod sagemaker;
mod sns;
mod sqs;
mod states;
#[cfg(test)]
mod tests;

use asl::resource::{self, Integration, Pattern};
use asl::{Object, Value};
use aws::{CallError, MissingParameters};
use serde_json::{Map, Value as Json};

use crate::failure::{Words, invalid_field};
use crate::integrations::Asked;
use crate::presentation::{add_metadata, present};
use crate::values::{from_json, to_json};
use crate::{Answer, Failure, Integrations, TaskCall, fields};

pub(crate) use job::{cancel, poll};

use job::Job;
use lookup::Lookup;

/// The members of a request or of an answer.
type Members = Map<String, Json>;

/// Says whether an answer is a failure all the same.
type Check = fn(&Members, Pattern) -> Result<(), Failure>;

/// A service with optimized integrations.
struct Service {
    /// As resources name it: `elasticmapreduce`.
    name: &'static str,
    /// As the client names it: `emr`.
    client: &'static str,
    /// How its errors are worded.
    words: Words<'static>,
    /// Its actions.
    actions: &'static [Action],
}

/// An action: a row of the table.
struct Action {
    /// As resources name it: `createCluster`.
    name: &'static str,
    /// What it does.
    run: Run,
    /// The service of the operation, where that is not [`Service::client`].
    client: Option<&'static str>,
    /// The parameters it takes.
    fields: Fields,
    /// What AWS adds to the parameters before it schedules the task.
    prepare: Option<fn(&mut Object, Pattern)>,
    /// What becomes of the parameters before the request is sent.
    request: Option<fn(&mut Members, &TaskCall)>,
    /// The identity that is looked up by its name before the request is sent.
    lookup: Option<Lookup>,
    /// What becomes of the answer; the parameters stand beside it.
    answer: Option<fn(&mut Members, &Members)>,
    /// Whether an answer is a failure all the same.
    check: Option<Check>,
    /// The job it begins, for the patterns that wait for it.
    job: Option<Job>,
}

/// What an action does.
enum Run {
    /// One operation of the service.
    Operation(&'static str),
    /// One operation, which is repeated while what it is to delete is not yet at its end.
    Delete(&'static str),
    /// Starts an execution.
    StartExecution,
    /// Runs a model, whose input and output may lie in S3.
    InvokeModel,
    /// Not this table's matter; only its parameters are checked here.
    Elsewhere,
}

/// The parameters an action takes.
enum Fields {
    /// Those of its operation.
    Model,
    /// These.
    Only(&'static [&'static str]),
}

impl Action {
    /// An action that is an operation and no more.
    const fn new(name: &'static str, operation: &'static str) -> Self {
        Self::running(name, Run::Operation(operation))
    }

    const fn running(name: &'static str, run: Run) -> Self {
        Self {
            name,
            run,
            client: None,
            fields: Fields::Model,
            prepare: None,
            request: None,
            lookup: None,
            answer: None,
            check: None,
            job: None,
        }
    }

    const fn only(mut self, fields: &'static [&'static str]) -> Self {
        self.fields = Fields::Only(fields);
        self
    }

    const fn of(mut self, client: &'static str) -> Self {
        self.client = Some(client);
        self
    }

    const fn prepared(mut self, prepare: fn(&mut Object, Pattern)) -> Self {
        self.prepare = Some(prepare);
        self
    }

    const fn request(mut self, request: fn(&mut Members, &TaskCall)) -> Self {
        self.request = Some(request);
        self
    }

    const fn lookup(mut self, lookup: Lookup) -> Self {
        self.lookup = Some(lookup);
        self
    }

    const fn answer(mut self, answer: fn(&mut Members, &Members)) -> Self {
        self.answer = Some(answer);
        self
    }

    const fn check(mut self, check: Check) -> Self {
        self.check = Some(check);
        self
    }

    const fn job(mut self, job: Job) -> Self {
        self.job = Some(job);
        self
    }
}

/// All services.
const SERVICES: [&Service; 21] = [
    &athena::SERVICE,
    &batch::SERVICE,
    &bedrock::SERVICE,
    &codebuild::SERVICE,
    &databrew::SERVICE,
    &dynamodb::SERVICE,
    &ecs::SERVICE,
    &eks::SERVICE,
    &elasticmapreduce::SERVICE,
    &elsewhere::APIGATEWAY,
    &elsewhere::HTTP,
    &elsewhere::LAMBDA,
    &emr_containers::SERVICE,
    &emr_serverless::SERVICE,
    &events::SERVICE,
    &glue::SERVICE,
    &mediaconvert::SERVICE,
    &sagemaker::SERVICE,
    &sns::SERVICE,
    &sqs::SERVICE,
    &states::SERVICE,
];

/// A service and one of its actions.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    service: &'static Service,
    action: &'static Action,
}

/// The row of an action.
pub(crate) fn find(service: &str, action: &str) -> Option<Row> {
    let service = SERVICES.into_iter().find(|candidate| candidate.name == service)?;
    let action = service.actions.iter().find(|candidate| candidate.name == action)?;
    Some(Row { service, action })
}

/// The row of an integration; `None` where it is none of this table.
fn row_of(integration: &Integration) -> Option<Row> {
    match integration.service() {
        resource::Service::Optimized(service) => find(service, integration.action()),
        resource::Service::AwsSdk(_) => None,
    }
}

fn find_or_fail(service: &str, action: &str) -> Result<Row, Failure> {
    find(service, action).ok_or_else(|| Failure::runtime(format!("{service}:{action} is not an integration")))
}

impl Row {
    /// What is wrong with parameters that can be seen without asking the service.
    pub(crate) fn problems(&self, parameters: &Value) -> Vec<String> {
        match (&self.action.fields, &self.action.run) {
            (Fields::Only(names), _) => fields::not_listed(names, parameters),
            (Fields::Model, Run::Operation(operation) | Run::Delete(operation)) => {
                fields::unsupported(self.client(), operation, parameters)
            }
            (Fields::Model, _) => Vec::new(),
        }
    }

    fn client(&self) -> &'static str {
        self.action.client.unwrap_or(self.service.client)
    }
}

/// The parameters with what AWS adds to them before it schedules the task.
pub(crate) fn prepare(integration: &Integration, parameters: Value) -> Value {
    let Some(prepare) = row_of(integration).and_then(|row| row.action.prepare) else { return parameters };
    match parameters {
        Value::Object(mut object) => {
            prepare(std::sync::Arc::make_mut(&mut object), integration.pattern());
            Value::Object(object)
        }
        other => other,
    }
}

/// Carries an action out.
pub(crate) async fn call(
    integrations: &Integrations,
    call: &TaskCall,
    service: &str,
    action: &str,
) -> Result<Answer, Failure> {
    let row = find_or_fail(service, action)?;
    let mut members = match to_json(&call.parameters)? {
        Json::Object(members) => members,
        Json::Null => Members::new(),
        _ => return Err(Failure::parameters(&call.parameters, &[invalid_field("Parameters")])),
    };
    let sender = Sender { integrations, call, row };
    if let Some(lookup) = &row.action.lookup {
        lookup::fill_in(&sender, lookup, &mut members).await?;
    }
    if let Some(request) = row.action.request {
        request(&mut members, call);
    }
    let input = Json::Object(members);
    let mut answer = match &row.action.run {
        Run::Operation(operation) => sender.send(operation, &input).await?,
        Run::StartExecution => states::start(&sender, &input).await?,
        Run::Delete(operation) => codebuild::delete(&sender, operation, &input).await?,
        Run::InvokeModel => return bedrock::invoke_model(&sender, input).await,
        Run::Elsewhere => return Err(Failure::runtime(format!("{service}:{action} is not a task"))),
    };
    let mut result = match answer.output.take() {
        Json::Object(members) => members,
        _ => Members::new(),
    };
    let pattern = call.target.pattern();
    if let Some(check) = row.action.check {
        check(&result, pattern)?;
    }
    if let (Some(shape), Json::Object(parameters)) = (row.action.answer, &input) {
        shape(&mut result, parameters);
    }
    add_metadata(&mut result, &answer);
    let result = from_json(Json::Object(result));
    Ok(Answer::to(pattern, result))
}

/// Sends the requests of one task.
struct Sender<'a> {
    integrations: &'a Integrations,
    call: &'a TaskCall,
    row: Row,
}

impl Sender<'_> {
    /// Sends a request to the row's service; the output looks as AWS shows it.
    async fn send(&self, operation: &str, input: &Json) -> Result<aws::Answer, Failure> {
        self.ask(self.row.client(), operation, input).await.map_err(|error| self.failure(error))
    }

    /// Sends a request to a service; the output looks as AWS shows it.
    async fn ask(&self, service: &str, operation: &str, input: &Json) -> Result<aws::Answer, CallError> {
        // AWS leaves it to these services to say what they miss: SQS's `MissingParameter`, not an error of its own.
        let asked = Asked { service, operation, input, missing: MissingParameters::LeftToService };
        let mut answer = self.integrations.request(self.call, asked).await?;
        // The client has just used the model, so it can be read.
        if let Ok(Some(model)) = aws::model::load(service) {
            present(&model, operation, &mut answer.output);
        }
        Ok(answer)
    }

    fn failure(&self, error: CallError) -> Failure {
        self.row.service.words.failure(error, &self.call.parameters)
    }
}

/// A member of an object, whatever the case of the first letter of its name.
fn member<'a>(members: &'a Members, name: &str) -> Option<&'a Json> {
    members.iter().find(|(key, _)| aws::model::same_but_first_case(key, name)).map(|(_, value)| value)
}

/// Gives a member another name.
fn rename(members: &mut Members, from: &str, to: &str) {
    if let Some(value) = members.shift_remove(from) {
        members.insert(to.to_owned(), value);
    }
}

/// Makes a list of one of a member, under another name.
fn into_list(members: &mut Members, from: &str, to: &str) {
    if let Some(value) = members.shift_remove(from) {
        members.insert(to.to_owned(), Json::Array(vec![value]));
    }
}

/// Makes the first item of a list a member, under another name.
fn out_of_list(members: &mut Members, from: &str, to: &str) {
    if let Some(Json::Array(items)) = members.shift_remove(from)
        && let Some(first) = items.into_iter().next()
    {
        members.insert(to.to_owned(), first);
    }
}
