//! AWS's optimized integrations: the one table that says what a definition may name and what a task then does.
//!
//! A row ([`Action`]) says which operation an action is, which patterns it knows, which parameters it takes, and what
//! job it begins ([`Job`]). `optimized/<service>.rs` holds the rows of a service. What cannot be said as data, such as
//! what becomes of parameters, hangs on these rows in the crate that sends the requests.

mod athena;
mod batch;
mod bedrock;
mod codebuild;
mod databrew;
mod dynamodb;
mod ecs;
mod eks;
mod elasticmapreduce;
mod emr_containers;
mod emr_serverless;
mod events;
mod glue;
mod invoke;
mod job;
mod mediaconvert;
mod result;
mod sagemaker;
mod sns;
mod sqs;
mod states;
#[cfg(test)]
mod tests;

pub use eks::EKS;
pub use invoke::{APIGATEWAY, HTTP, LAMBDA};
pub use job::{Bind, Cancel, Job, JobResult, MissingJob, Origin};
pub use result::TaskResult;

/// What a task waits for: AWS's service integration patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// The service's answer.
    RequestResponse,
    /// The end of the job that the service runs (`.sync`).
    Sync,
    /// As [`Pattern::Sync`], the child execution's output as JSON instead of text (`.sync:2`).
    Sync2,
    /// SendTaskSuccess or SendTaskFailure (`.waitForTaskToken`).
    WaitForTaskToken,
}

impl Pattern {
    /// Every pattern.
    pub const ALL: [Self; 4] = [Self::RequestResponse, Self::Sync, Self::Sync2, Self::WaitForTaskToken];

    /// How it ends the name of an action; nothing for [`Pattern::RequestResponse`].
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::RequestResponse => "",
            Self::Sync => ".sync",
            Self::Sync2 => ".sync:2",
            Self::WaitForTaskToken => ".waitForTaskToken",
        }
    }

    /// Whether the task waits for the end of a job.
    pub const fn is_job(self) -> bool {
        matches!(self, Self::Sync | Self::Sync2)
    }
}

/// A service with optimized integrations.
#[derive(Debug)]
pub struct Service {
    /// As resources name it: `elasticmapreduce`.
    pub name: &'static str,
    /// As [`crate::load`] and the client name it: `emr`.
    pub client: &'static str,
    /// What begins the names of its errors: `ElasticMapReduce`.
    pub error_prefix: &'static str,
    /// The service in the cause of its errors, as the SDK for Java 1 has it: `AmazonElasticMapReduce`.
    pub error_service: &'static str,
    /// Whether its actions know `.waitForTaskToken`.
    pub takes_task_token: bool,
    /// Its actions.
    pub actions: &'static [Action],
}

/// An action: a row of the table.
#[derive(Debug)]
pub struct Action {
    /// As resources name it: `createCluster`.
    pub name: &'static str,
    /// What it does.
    pub run: Run,
    /// The service of the operation, where that is not [`Service::client`].
    pub client: Option<&'static str>,
    /// The parameters it takes.
    pub fields: Fields,
    /// The identity that is looked up by its name before the request is sent.
    pub lookup: Option<Lookup>,
    /// The job it begins, for the patterns that wait for it.
    pub job: Option<Job>,
    /// Whether it knows `.sync:2`.
    pub is_sync_2: bool,
}

/// What an action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// One operation of the service.
    Operation(&'static str),
    /// One operation, which is repeated while what it is to delete is not yet at its end.
    Delete(&'static str),
    /// Starts an execution.
    StartExecution,
    /// Runs a model, whose input and output may lie in S3.
    InvokeModel,
    /// Invokes a Lambda function.
    InvokeFunction,
    /// Sends a request to an API of API Gateway.
    InvokeApi,
    /// Sends a request to an HTTP endpoint.
    InvokeHttpEndpoint,
    /// Sends a request to a cluster's Kubernetes API.
    CallKubernetes,
    /// Runs a Kubernetes job, and knows of itself how to wait for it.
    RunKubernetesJob,
}

/// The parameters an action takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fields {
    /// Those of its operation.
    Model,
    /// These.
    Only(&'static [&'static str]),
}

/// How an identity is found by its name: for things that an action names and its operation wants by identity, the
/// instance fleets and groups of a cluster.
#[derive(Debug)]
pub struct Lookup {
    /// The operation that lists all of a cluster.
    pub operation: &'static str,
    /// The list in its answer.
    pub list: &'static str,
    /// The parameter that holds the name; the operation does not know it.
    pub name: &'static str,
    /// The parameter that gets the identity.
    pub into: &'static str,
    /// The member of that parameter that is the identity.
    pub id: &'static str,
}

impl Action {
    /// An action that is an operation and no more.
    const fn new(name: &'static str, operation: &'static str) -> Self {
        Self::running(name, Run::Operation(operation))
    }

    const fn running(name: &'static str, run: Run) -> Self {
        Self { name, run, client: None, fields: Fields::Model, lookup: None, job: None, is_sync_2: false }
    }

    const fn only(mut self, fields: &'static [&'static str]) -> Self {
        self.fields = Fields::Only(fields);
        self
    }

    const fn of(mut self, client: &'static str) -> Self {
        self.client = Some(client);
        self
    }

    const fn lookup(mut self, lookup: Lookup) -> Self {
        self.lookup = Some(lookup);
        self
    }

    const fn job(mut self, job: Job) -> Self {
        self.job = Some(job);
        self
    }

    const fn sync_2(mut self) -> Self {
        self.is_sync_2 = true;
        self
    }
}

/// All services, sorted by name.
pub const SERVICES: [&Service; 21] = [
    &APIGATEWAY,
    &athena::ATHENA,
    &batch::BATCH,
    &bedrock::BEDROCK,
    &codebuild::CODEBUILD,
    &databrew::DATABREW,
    &dynamodb::DYNAMODB,
    &ecs::ECS,
    &EKS,
    &elasticmapreduce::ELASTICMAPREDUCE,
    &emr_containers::EMR_CONTAINERS,
    &emr_serverless::EMR_SERVERLESS,
    &events::EVENTS,
    &glue::GLUE,
    &HTTP,
    &LAMBDA,
    &mediaconvert::MEDIACONVERT,
    &sagemaker::SAGEMAKER,
    &sns::SNS,
    &sqs::SQS,
    &states::STATES,
];

/// A service and one of its actions.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The service.
    pub service: &'static Service,
    /// The action.
    pub action: &'static Action,
}

/// The row of an action: `elasticmapreduce` and `createCluster`.
pub fn find(service: &str, action: &str) -> Option<Row> {
    let service = SERVICES.into_iter().find(|candidate| candidate.name == service)?;
    let action = service.actions.iter().find(|candidate| candidate.name == action)?;
    Some(Row { service, action })
}

/// The whole table.
pub fn rows() -> impl Iterator<Item = Row> {
    SERVICES.into_iter().flat_map(|service| service.actions.iter().map(move |action| Row { service, action }))
}

impl Row {
    /// Whether a definition may name the action with that pattern.
    pub fn allows(self, pattern: Pattern) -> bool {
        let is_job = self.action.job.is_some() || self.action.run == Run::RunKubernetesJob;
        match pattern {
            Pattern::RequestResponse => true,
            Pattern::Sync => is_job,
            Pattern::Sync2 => is_job && self.action.is_sync_2,
            Pattern::WaitForTaskToken => self.service.takes_task_token,
        }
    }

    /// The service that its requests go to, as [`crate::load`] and the client name it.
    pub fn client(self) -> &'static str {
        self.action.client.unwrap_or(self.service.client)
    }

    /// The operation that the action is; `None` where it is none of the service's model.
    pub fn operation(self) -> Option<&'static str> {
        match self.action.run {
            Run::Operation(operation) | Run::Delete(operation) => Some(operation),
            Run::StartExecution => Some("StartExecution"),
            Run::InvokeModel => Some("InvokeModel"),
            Run::InvokeFunction => Some("Invoke"),
            Run::InvokeApi | Run::InvokeHttpEndpoint | Run::CallKubernetes | Run::RunKubernetesJob => None,
        }
    }
}
