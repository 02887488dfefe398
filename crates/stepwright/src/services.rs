//! What tasks call: the client of AWS's services, their endpoints, and the functions that run on this machine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws::client::{self, Client};
use aws::endpoint::Endpoints;
use aws::environment::Environment;
use aws::in_process::InProcess;
use functions::{Functions, OpenError};
use integrations::http::PlainHttp;
use integrations::{Integrations, OtherFunctions};

use crate::Failure;
use crate::cli::ServiceArguments;

/// The directory of functions is not there or cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("--functions: expected a directory of functions, found {path:?}: {source}")]
pub(crate) struct FunctionsError {
    path: PathBuf,
    source: std::io::Error,
}

/// What functions find in their environment as we do. The last one is left out where it names this server.
const PASSED_ON: [&str; 5] =
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL"];

/// What the services are made of.
pub(crate) struct Setup<'a> {
    /// What the command line says.
    pub(crate) arguments: &'a ServiceArguments,
    /// The directory of functions, where there are any.
    pub(crate) functions: Option<&'a Path>,
    /// The region tasks run in.
    pub(crate) region: &'a str,
    /// The account tasks run in.
    pub(crate) account: &'a str,
    /// Whether requests are made in the state machine's role.
    pub(crate) assume_role: bool,
    /// Hosts that HTTP tasks may call wherever they are.
    pub(crate) open_hosts: &'a [String],
    /// How long an HTTP task may take.
    pub(crate) http_task: Duration,
    /// This server's own URL, where there is a server: nested executions run here.
    pub(crate) own_url: Option<&'a str>,
    /// The same server, where it is called without a socket.
    pub(crate) in_process: Option<InProcess>,
}

/// What tasks call.
pub(crate) struct Services {
    /// What a resource means.
    pub(crate) integrations: Integrations,
    /// The functions on this machine.
    pub(crate) functions: Option<Functions>,
}

impl Setup<'_> {
    /// Reads the configuration of the SDKs and the directory of functions. Calls nothing.
    pub(crate) fn services(&self) -> Result<Services, Failure> {
        let environment = Environment::process();
        let mut endpoints = Endpoints::from_environment(&environment, None)?;
        for (service, url) in self.flags() {
            match url.as_deref() {
                Some("aws") => endpoints.set_to_aws(service),
                Some(url) => endpoints.set(service, url)?,
                None => {}
            }
        }
        let names_itself = match self.own_url {
            Some(url) => endpoints.forget_everything_at(url)?,
            None => false,
        };
        if names_itself {
            tracing::warn!(
                "AWS_ENDPOINT_URL is this server itself, which is not AWS's other services: it is not used. Clients of \
                 this server take AWS_ENDPOINT_URL_SFN"
            );
        }
        let other_functions = match models::load("lambda")? {
            Some(lambda) if endpoints.is_configured(&lambda.metadata)? => OtherFunctions::Lambda,
            _ => OtherFunctions::Missing,
        };
        if let Some(url) = self.own_url {
            endpoints.own("sfn", url)?;
            if self.functions.is_some() {
                // Whoever has functions here means them, and AWS's only where an endpoint says so.
                endpoints.fallback("lambda", url)?;
            }
        }
        let passed_on = if names_itself { &PASSED_ON[..PASSED_ON.len() - 1] } else { &PASSED_ON };
        let functions = self.functions.map(|directory| self.open_functions(directory, &environment, passed_on));
        let functions = functions.transpose()?;
        let options = client::Options {
            endpoints,
            open_hosts: self.open_hosts.to_vec(),
            in_process: self.in_process.clone(),
            ..client::Options::new(self.region, environment)
        };
        let integrations = Integrations::new(integrations::Options {
            client: Client::new(options),
            functions: functions.clone(),
            other_functions,
            region: self.region.to_owned(),
            assume_execution_role: self.assume_role,
            plain_http: PlainHttp::default(),
            http_task: self.http_task,
        });
        Ok(Services { integrations, functions })
    }

    /// The endpoints given as flags, by the service's name.
    fn flags(&self) -> [(&'static str, &Option<String>); 9] {
        let arguments = self.arguments;
        [
            ("lambda", &arguments.lambda_endpoint),
            ("batch", &arguments.batch_endpoint),
            ("dynamodb", &arguments.dynamodb_endpoint),
            ("ecs", &arguments.ecs_endpoint),
            ("glue", &arguments.glue_endpoint),
            ("sagemaker", &arguments.sagemaker_endpoint),
            ("sqs", &arguments.sqs_endpoint),
            ("sns", &arguments.sns_endpoint),
            ("sfn", &arguments.stepfunctions_endpoint),
        ]
    }

    fn open_functions(
        &self,
        directory: &Path,
        environment: &Environment,
        passed_on: &[&str],
    ) -> Result<Functions, Failure> {
        let options = functions::Options {
            region: self.region.to_owned(),
            account: self.account.to_owned(),
            environment: self.function_environment(environment, passed_on),
            ..functions::Options::new(directory)
        };
        Functions::open(options).map_err(|error| match error {
            OpenError::Directory { path, source } => FunctionsError { path, source }.into(),
            other @ OpenError::Scripts { .. } => other.into(),
        })
    }

    /// What every function finds in its environment: the SDKs' own settings as we have them, and this server as Step
    /// Functions and Lambda, so that a function can answer a task token and call another function.
    fn function_environment(&self, environment: &Environment, passed_on: &[&str]) -> Vec<(String, String)> {
        let pass_on = |name: &&str| environment.get(name).map(|value| ((*name).to_owned(), value));
        let mut variables: Vec<_> = passed_on.iter().filter_map(pass_on).collect();
        if environment.get("AWS_ACCESS_KEY_ID").is_none() && environment.get("AWS_PROFILE").is_none() {
            // An SDK refuses to send a request that it cannot sign; local counterparts check no signature.
            variables.push(("AWS_ACCESS_KEY_ID".into(), "test".into()));
            variables.push(("AWS_SECRET_ACCESS_KEY".into(), "test".into()));
        }
        for name in ["AWS_ENDPOINT_URL_SFN", "AWS_ENDPOINT_URL_LAMBDA"] {
            let configured = environment.get(name);
            variables.extend(configured.or(self.own_url.map(str::to_owned)).map(|url| (name.to_owned(), url)));
        }
        variables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_of_functions_that_is_not_there_is_the_callers_to_put_right() {
        let setup = Setup {
            arguments: &ServiceArguments::default(),
            functions: Some(Path::new("/no/such/directory")),
            region: "us-east-1",
            account: "123456789012",
            assume_role: false,
            open_hosts: &[],
            http_task: Duration::from_secs(60),
            own_url: None,
            in_process: None,
        };
        let failure = setup.services().err().unwrap();
        let expected = "--functions: expected a directory of functions, found \"/no/such/directory\": ";
        assert!(failure.to_string().starts_with(expected), "{failure}");
        assert!(crate::is_usage(failure.as_ref()));
    }
}
