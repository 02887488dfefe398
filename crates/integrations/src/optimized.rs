//! The optimized integrations: what is done for each row of the table in `models`.
//!
//! The table ([`models::optimized`]) says which operation an action is, which parameters it takes and what job it begins.
//! What cannot be said as data hangs on a row as a [`Behaviour`]: what is changed in its parameters and its answer.
//! `optimized/<service>.rs` holds those of a service, and what the service needs that no other does.

mod batch;
mod bedrock;
mod bind;
mod codebuild;
mod ecs;
mod elasticmapreduce;
mod events;
mod glue;
mod job;
mod lookup;
mod states;
#[cfg(test)]
mod tests;

use asl::resource::{Integration, Pattern, Service};
use asl::{Object, Value};
use aws::{CallError, MissingParameters};
use models::optimized::{self, Fields, Row, Run};
use serde_json::{Map, Value as Json};

use crate::failure::{Words, invalid_field};
use crate::integrations::Asked;
use crate::presentation::{add_metadata, present};
use crate::values::{from_json, to_json};
use crate::{Failure, Integrations, TaskAnswer, TaskCall};
use crate::{apigateway, eks_kubernetes, fields, http, lambda};

pub(crate) use job::{cancel, poll};

/// The members of a request or of an answer.
type Members = Map<String, Json>;

/// Says whether an answer is a failure all the same.
type Check = fn(&Members, Pattern) -> Result<(), Failure>;

/// What an action does that its row does not say.
struct Behaviour {
    /// As resources name it: `elasticmapreduce`.
    service: &'static str,
    /// As resources name it: `createCluster`.
    action: &'static str,
    /// What AWS adds to the parameters before it schedules the task.
    prepare: Option<fn(&mut Object, Pattern)>,
    /// What becomes of the parameters before the request is sent.
    request: Option<fn(&mut Members, &TaskCall)>,
    /// What becomes of the answer; the parameters stand beside it.
    answer: Option<fn(&mut Members, &Members)>,
    /// Whether an answer is a failure all the same.
    check: Option<Check>,
    /// Whether a job whose status is well went well.
    succeeded: Option<fn(&Value) -> bool>,
}

impl Behaviour {
    /// None beyond the row.
    const fn of(service: &'static str, action: &'static str) -> Self {
        Self { service, action, prepare: None, request: None, answer: None, check: None, succeeded: None }
    }

    const fn prepared(mut self, prepare: fn(&mut Object, Pattern)) -> Self {
        self.prepare = Some(prepare);
        self
    }

    const fn request(mut self, request: fn(&mut Members, &TaskCall)) -> Self {
        self.request = Some(request);
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

    const fn succeeded(mut self, succeeded: fn(&Value) -> bool) -> Self {
        self.succeeded = Some(succeeded);
        self
    }
}

/// Of the actions that have one.
const BEHAVIOURS: [&[Behaviour]; 5] =
    [batch::BEHAVIOURS, ecs::BEHAVIOURS, elasticmapreduce::BEHAVIOURS, events::BEHAVIOURS, glue::BEHAVIOURS];

/// Of all others.
static NO_BEHAVIOUR: Behaviour = Behaviour::of("", "");

/// An optimized integration: its row, and what hangs on it.
#[derive(Clone, Copy)]
pub(crate) struct Optimized {
    row: Row,
    behaviour: &'static Behaviour,
}

impl Optimized {
    fn find(service: &str, action: &str) -> Option<Self> {
        let row = optimized::find(service, action)?;
        let mut all = BEHAVIOURS.into_iter().flatten();
        let behaviour = all.find(|known| (known.service, known.action) == (row.service.name, row.action.name));
        Some(Self { row, behaviour: behaviour.unwrap_or(&NO_BEHAVIOUR) })
    }

    /// What a resource names; `None` where it is no optimized integration.
    pub(crate) fn of(integration: &Integration) -> Option<Self> {
        match integration.service() {
            Service::Optimized(service) => Self::find(service, integration.action()),
            Service::AwsSdk(_) => None,
        }
    }

    fn of_or_fail(integration: &Integration) -> Result<Self, Failure> {
        let name = || format!("{}:{} is not an integration", integration.resource_type(), integration.action());
        Self::of(integration).ok_or_else(|| Failure::runtime(name()))
    }

    /// Whether it is an HTTP task.
    pub(crate) fn is_http_task(self) -> bool {
        self.row.action.run == Run::InvokeHttpEndpoint
    }

    /// What is wrong with parameters that can be seen without asking the service.
    pub(crate) fn problems(self, parameters: &Value) -> Vec<String> {
        let problems = match (self.row.action.fields, self.row.operation()) {
            (Fields::Only(names), _) => fields::not_listed(names, parameters),
            (Fields::Model, Some(operation)) => fields::unsupported(self.row.client(), operation, parameters),
            (Fields::Model, None) => Vec::new(),
        };
        if problems.is_empty() && self.row.action.run == Run::InvokeApi {
            return apigateway::check(parameters).err().into_iter().collect();
        }
        problems
    }

    /// The parameters with what AWS adds to them before it schedules the task.
    pub(crate) fn prepare(self, pattern: Pattern, parameters: Value) -> Value {
        match (self.behaviour.prepare, parameters) {
            (Some(prepare), Value::Object(mut object)) => {
                prepare(std::sync::Arc::make_mut(&mut object), pattern);
                Value::Object(object)
            }
            (_, other) => other,
        }
    }
}

/// Carries an action out.
pub(crate) async fn call(
    integrations: &Integrations,
    call: &TaskCall,
    integration: &Integration,
) -> Result<TaskAnswer, Failure> {
    let optimized = Optimized::of_or_fail(integration)?;
    let sender = Sender { integrations, call, optimized };
    match optimized.row.action.run {
        Run::InvokeFunction => lambda::call(integrations, call).await,
        Run::InvokeHttpEndpoint => http::call(integrations, call).await,
        Run::InvokeApi => apigateway::call(integrations, call).await,
        Run::CallKubernetes => eks_kubernetes::call_api(integrations, call).await,
        Run::RunKubernetesJob => eks_kubernetes::run_job(integrations, call).await,
        Run::InvokeModel => bedrock::invoke_model(&sender, sender.input().await?).await,
        Run::Operation(operation) => {
            let input = sender.input().await?;
            sender.answer(sender.send(operation, &input).await?, &input)
        }
        Run::Delete(operation) => {
            let input = sender.input().await?;
            sender.answer(codebuild::delete(&sender, operation, &input).await?, &input)
        }
        Run::StartExecution => {
            let input = sender.input().await?;
            sender.answer(states::start(&sender, &input).await?, &input)
        }
    }
}

/// Sends the requests of one task.
struct Sender<'a> {
    integrations: &'a Integrations,
    call: &'a TaskCall,
    optimized: Optimized,
}

impl Sender<'_> {
    /// What the request is sent with.
    async fn input(&self) -> Result<Json, Failure> {
        let parameters = &self.call.parameters;
        let mut members = match to_json(parameters)? {
            Json::Object(members) => members,
            Json::Null => Members::new(),
            _ => return Err(Failure::parameters(parameters, &[invalid_field("Parameters")])),
        };
        if let Some(lookup) = &self.optimized.row.action.lookup {
            lookup::fill_in(self, lookup, &mut members).await?;
        }
        if let Some(request) = self.optimized.behaviour.request {
            request(&mut members, self.call);
        }
        Ok(Json::Object(members))
    }

    /// What the service's answer to that input is to the task.
    fn answer(&self, mut answer: aws::ServiceAnswer, input: &Json) -> Result<TaskAnswer, Failure> {
        let mut result = match answer.output.take() {
            Json::Object(members) => members,
            _ => Members::new(),
        };
        let pattern = self.call.target.pattern();
        if let Some(check) = self.optimized.behaviour.check {
            check(&result, pattern)?;
        }
        if let (Some(shape), Json::Object(parameters)) = (self.optimized.behaviour.answer, input) {
            shape(&mut result, parameters);
        }
        add_metadata(&mut result, &answer);
        Ok(TaskAnswer::to(pattern, from_json(Json::Object(result))))
    }

    /// Sends a request to the row's service; the output looks as AWS shows it.
    async fn send(&self, operation: &str, input: &Json) -> Result<aws::ServiceAnswer, Failure> {
        self.ask(self.optimized.row.client(), operation, input).await.map_err(|error| self.failure(error))
    }

    /// Sends a request to a service; the output looks as AWS shows it.
    async fn ask(&self, service: &str, operation: &str, input: &Json) -> Result<aws::ServiceAnswer, CallError> {
        // AWS leaves it to these services to say what they miss: SQS's `MissingParameter`, not an error of its own.
        let asked = Asked { service, operation, input, missing: MissingParameters::LeftToService };
        let mut answer = self.integrations.request(self.call, asked).await?;
        // The client has just used the model, so it can be read.
        if let Ok(Some(model)) = models::load(service) {
            present(&model, operation, &mut answer.output);
        }
        Ok(answer)
    }

    fn failure(&self, error: CallError) -> Failure {
        Words::optimized(self.optimized.row.service).failure(error, &self.call.parameters)
    }
}

/// A member of an object, whatever the case of the first letter of its name.
fn member<'a>(members: &'a Members, name: &str) -> Option<&'a Json> {
    members.iter().find(|(key, _)| models::same_but_first_case(key, name)).map(|(_, value)| value)
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
