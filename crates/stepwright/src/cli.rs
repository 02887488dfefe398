//! The command line: every command, option and help text.

mod limits;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use limits::LimitArguments;

/// What `stepwright --help` ends with.
const EXAMPLES: &str = "\
Examples:
  stepwright serve                                  start the server on 127.0.0.1:8083
  stepwright serve --in-memory --port 9000          a throwaway server
  stepwright validate machine.asl.json              check a definition
  stepwright run machine.asl.json --input '{\"n\":1}' run a definition once, print its output
  stepwright test tests/                            run the tests of definitions

Then, against the server:
  aws stepfunctions list-state-machines --endpoint-url http://127.0.0.1:8083";

const ENDPOINTS: &str = "Endpoints (a URL, or aws; of others: AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_<SERVICE>)";

/// A workflow engine that speaks AWS Step Functions.
#[derive(Debug, Parser)]
#[command(name = "stepwright", version, about, after_help = EXAMPLES, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the server.
    #[command(after_help = "\
Every option can also be set in the environment (STEPWRIGHT_PORT, STEPWRIGHT_DATA_DIR, ...) and in a TOML file \
(--config). A flag wins over the environment, the environment over the file. Step Functions Local's own spellings \
(-account, -region, -waitTimeScale) and variables (AWS_ACCOUNT_ID, AWS_DEFAULT_REGION, WAIT_TIME_SCALE) work too.

Examples:
  stepwright serve
  stepwright serve --port 9000 --data-dir /var/lib/stepwright
  stepwright serve --in-memory --wait-time-scale 0.01
  STEPWRIGHT_LOG=debug stepwright serve --config stepwright.toml")]
    Serve(Box<ServeArguments>),
    /// Check definitions and show what is wrong where.
    #[command(after_help = "\
Exit code: 0 all definitions are valid, 1 at least one is not, 2 the command line is wrong or a file cannot be read. \
docs/validate.md describes the formats.

Examples:
  stepwright validate
  stepwright validate machine.asl.json
  stepwright validate template.yaml --var Stage=dev
  stepwright validate --type express --severity error workflows/
  stepwright validate --format sarif workflows/ > stepwright.sarif
  cat machine.asl.json | stepwright validate -")]
    Validate(ValidateArguments),
    /// Run one definition in memory and print its output.
    #[command(after_help = "\
The output goes to stdout as JSON, the progress to stderr. Nothing is stored. \
Task states call services and functions as under `stepwright serve`. For a task that waits for its token the command is \
printed that answers it, for an activity the address that its worker is to ask.

Exit code: 0 succeeded, 1 failed, 2 the command line or the definition is wrong, 3 timed out, 4 aborted (Ctrl-C).

Examples:
  stepwright run machine.asl.json
  stepwright run machine.asl.json --functions functions --var Stage=dev
  stepwright run machine.asl.json --history --quiet
  stepwright run machine.asl.json --input '{\"name\":\"Ada\"}'
  stepwright run machine.asl.json --input @input.json --wait-time-scale 0.001
  echo '[1,2,3]' | stepwright run machine.asl.json --input -")]
    Run(Box<RunArguments>),
    /// Run tests of definitions on a virtual clock.
    #[command(after_help = "\
A test file names a definition and has cases: an input, mocks for Task states, and what is expected. Waiting takes no \
time. docs/testing-state-machines.md describes the file.

Exit code: 0 all passed, 1 a case failed or too little is covered, 2 the command line or a file is wrong.

Examples:
  stepwright test
  stepwright test examples/testing
  stepwright test tests/order.test.yaml --filter refund --watch
  stepwright test tests --coverage-min 90 --junit report.xml
  stepwright test --mock-config MockConfigFile.json --definition Order=order.asl.json --input @order.json")]
    Test(TestArguments),
    /// Look whether stored data is whole, and say what is wrong with which execution.
    #[command(after_help = "\
The server must not run on the data; examine a copy of a backup otherwise. Nothing is changed. Everything is read, which \
takes a while where there is much. docs/operations.md says what can be done about what it finds.

Exit code: 0 all is well, 1 something is wrong or the data cannot be opened, 2 the command line is wrong.

Examples:
  stepwright doctor
  stepwright doctor --data-dir /var/lib/stepwright")]
    Doctor(DoctorArguments),
    /// Print a shell's completion script.
    #[command(after_help = "\
Examples:
  stepwright completions bash > ~/.local/share/bash-completion/completions/stepwright
  stepwright completions zsh > ~/.zfunc/_stepwright")]
    Completions(CompletionsArguments),
}

/// `doctor`
#[derive(Args, Debug)]
pub(crate) struct DoctorArguments {
    /// Directory that holds the data [default: ./stepwright-data] [env: STEPWRIGHT_DATA_DIR]
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// `serve`. The values are read as text: `config` parses them, wherever they come from, in one way.
#[derive(Args, Debug, Default)]
pub(crate) struct ServeArguments {
    /// Port to listen on; 0 takes a free one [default: 8083] [env: STEPWRIGHT_PORT]
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<String>,
    /// Address to listen on [default: 127.0.0.1] [env: STEPWRIGHT_BIND]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) bind: Option<String>,
    /// Names of hosts that clients may reach it under, besides this machine's own: `NAME,NAME`, or `*` for every one
    /// [env: STEPWRIGHT_ALLOWED_HOSTS]
    #[arg(long, value_name = "HOSTS")]
    pub(crate) allowed_hosts: Option<String>,
    /// Directory that holds the data [default: ./stepwright-data] [env: STEPWRIGHT_DATA_DIR]
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) data_dir: Option<String>,
    /// Keep everything in memory; all is gone when the server stops [env: STEPWRIGHT_IN_MEMORY]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) in_memory: Option<String>,
    /// Let executions go on that were set aside because they ended the server twice [env: STEPWRIGHT_RETRY_SET_ASIDE]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) retry_set_aside: Option<String>,
    /// Region in the ARNs it makes [default: us-east-1] [env: STEPWRIGHT_REGION]
    #[arg(long, alias = "aws-region", value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Account in the ARNs it makes [default: 123456789012] [env: STEPWRIGHT_ACCOUNT]
    #[arg(long, alias = "aws-account", value_name = "ACCOUNT")]
    pub(crate) account: Option<String>,
    /// Factor on Wait states and retry intervals; 0.01 makes 100 s one [default: 1] [env: STEPWRIGHT_WAIT_TIME_SCALE]
    #[arg(long, value_name = "FACTOR")]
    pub(crate) wait_time_scale: Option<String>,
    /// What to log, such as `info` or `warn,api=debug` [default: info] [env: STEPWRIGHT_LOG]
    #[arg(long, value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// TOML file with these options, each under its own name [env: STEPWRIGHT_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<String>,
    /// What there may be at most.
    #[command(flatten)]
    pub(crate) limits: LimitArguments,
    /// What becomes of a task whose request may have been sent when the server ended: `repeat` or `fail`
    /// [default: repeat] [env: STEPWRIGHT_TASKS_AFTER_CRASH]
    #[arg(long, value_name = "POLICY", help_heading = "Tasks")]
    pub(crate) tasks_after_crash: Option<String>,
    /// Requests to services on their way at once [default: 1000] [env: STEPWRIGHT_TASKS_CONCURRENCY]
    #[arg(long, value_name = "REQUESTS", help_heading = "Tasks")]
    pub(crate) tasks_concurrency: Option<String>,
    /// Make requests in the state machine's role, assumed through STS [default: false]
    /// [env: STEPWRIGHT_TASKS_ASSUME_ROLE]
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        help_heading = "Tasks"
    )]
    pub(crate) tasks_assume_role: Option<String>,
    /// Hosts that HTTP tasks may call although they are link-local or metadata services: `NAME,NAME`
    /// [env: STEPWRIGHT_TASKS_OPEN_HOSTS]
    #[arg(long, value_name = "HOSTS", help_heading = "Tasks")]
    pub(crate) tasks_open_hosts: Option<String>,
    /// Mock configuration of Step Functions Local, for executions started with `#<test case>` behind the ARN
    /// [default: MockConfigFile.json, where it exists] [env: STEPWRIGHT_MOCK_CONFIG]
    #[arg(long, value_name = "FILE", help_heading = "Tasks")]
    pub(crate) mock_config: Option<String>,
    /// Where tasks find their services and functions.
    #[command(flatten)]
    pub(crate) services: ServiceArguments,
}

/// Where tasks find their services and functions: `serve` and `run`.
#[derive(Args, Debug, Default)]
pub(crate) struct ServiceArguments {
    /// Directory of Lambda functions to run as processes on this machine, one folder each
    /// [env: STEPWRIGHT_FUNCTIONS]
    #[arg(long, value_name = "DIRECTORY", help_heading = "Tasks")]
    pub(crate) functions: Option<String>,
    /// URL of Lambda [env: LAMBDA_ENDPOINT]
    #[arg(long, value_name = "URL", help_heading = ENDPOINTS)]
    pub(crate) lambda_endpoint: Option<String>,
    /// URL of Batch [env: BATCH_ENDPOINT]
    #[arg(long, value_name = "URL", help_heading = ENDPOINTS)]
    pub(crate) batch_endpoint: Option<String>,
    /// URL of DynamoDB [env: DYNAMODB_ENDPOINT]
    #[arg(long, value_name = "URL", help_heading = ENDPOINTS)]
    pub(crate) dynamodb_endpoint: Option<String>,
    /// URL of ECS [env: ECS_ENDPOINT]
    #[arg(long, value_name = "URL", help_heading = ENDPOINTS)]
    pub(crate) ecs_endpoint: Option<String>,
    /// URL of Glue [env: GLUE_ENDPOINT]
    #[arg(long, value_name = "URL", help_heading = ENDPOINTS)]
    pub(crate) glue_endpoint: Option<String>,
    /// URL of SageMaker [env: SAGE_MAKER_ENDPOINT]
    #[arg(long, value_name = "URL", help_heading = ENDPOINTS)]
    pub(crate) sagemaker_endpoint: Option<String>,
    /// URL of SQS [env: SQS_ENDPOINT]
    #[arg(long, value_name = "URL", help_heading = ENDPOINTS)]
    pub(crate) sqs_endpoint: Option<String>,
    /// URL of SNS [env: SNS_ENDPOINT]
    #[arg(long, value_name = "URL", help_heading = ENDPOINTS)]
    pub(crate) sns_endpoint: Option<String>,
    /// URL of Step Functions for nested executions, where that is not this server [env: STEP_FUNCTIONS_ENDPOINT]
    #[arg(long, alias = "step-functions-endpoint", value_name = "URL", help_heading = ENDPOINTS)]
    pub(crate) stepfunctions_endpoint: Option<String>,
}

/// `validate`
#[derive(Args, Debug)]
pub(crate) struct ValidateArguments {
    /// Definitions, JSON or YAML (.yaml, .yml); templates of SAM and CloudFormation: the state machines in them;
    /// directories: below them all of *.asl.json, *.asl.yaml, *.asl.yml, template.yaml and the like; `-` reads JSON from
    /// stdin [default: the working directory]
    #[arg(value_name = "FILE_OR_DIR")]
    pub(crate) files: Vec<PathBuf>,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t = ValidateFormat::Text)]
    pub(crate) format: ValidateFormat,
    /// The least severe of what to print; warnings never make a definition invalid
    #[arg(long, value_enum, ignore_case = true, default_value_t = Severity::Warning)]
    pub(crate) severity: Severity,
    /// The type of state machine the definitions are for
    #[arg(long = "type", value_enum, ignore_case = true, default_value_t = MachineType::Standard)]
    pub(crate) machine_type: MachineType,
    /// What placeholders stand for.
    #[command(flatten)]
    pub(crate) placeholders: PlaceholderArguments,
}

/// What the placeholders `${Name}` of a definition stand for: `validate` and `run`.
#[derive(Args, Debug, Default)]
pub(crate) struct PlaceholderArguments {
    /// What the placeholder `${NAME}` stands for, or a parameter of a template; may be repeated
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Placeholders")]
    pub(crate) var: Vec<String>,
    /// JSON or YAML file with an object of such values
    #[arg(long, value_name = "FILE", help_heading = "Placeholders")]
    pub(crate) vars: Option<PathBuf>,
}

/// How `validate` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ValidateFormat {
    /// For people: with the place in the source.
    Text,
    /// For programs: one array, one object per file.
    Json,
    /// For GitHub Actions: annotations on the lines.
    Github,
    /// For code scanning and editors: SARIF 2.1.0.
    Sarif,
}

/// How bad a diagnostic is, as the command line spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Severity {
    /// Errors only.
    Error,
    /// Errors and warnings.
    Warning,
}

/// How `test` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// A state machine's type, as the command line spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MachineType {
    /// Durable, up to a year.
    Standard,
    /// In memory, up to five minutes.
    Express,
}

/// `run`
#[derive(Args, Debug)]
pub(crate) struct RunArguments {
    /// The definition, JSON or YAML (.yaml, .yml); `-` reads JSON from stdin
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Input: JSON, `@FILE`, or `-` for stdin
    #[arg(long, value_name = "JSON", default_value = "{}")]
    pub(crate) input: String,
    /// Factor on Wait states and retry intervals; 0.01 makes 100 s one
    #[arg(long, value_name = "FACTOR", default_value = "1")]
    pub(crate) wait_time_scale: String,
    /// The execution's name; one is made where it is absent
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The type of state machine: EXPRESS has its rules and its five minutes
    #[arg(long = "type", value_enum, ignore_case = true, default_value_t = MachineType::Standard)]
    pub(crate) machine_type: MachineType,
    /// Print the events instead of the output, as GetExecutionHistory gives them
    #[arg(long)]
    pub(crate) history: bool,
    /// Print no progress, only why it failed
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// What placeholders stand for.
    #[command(flatten)]
    pub(crate) placeholders: PlaceholderArguments,
    /// Where tasks find their services and functions.
    #[command(flatten)]
    pub(crate) services: ServiceArguments,
}

/// `test`
#[derive(Args, Debug)]
pub(crate) struct TestArguments {
    /// Test files, or directories: below them all of *.test.yaml, *.test.yml, *.test.json [default: the working directory]
    #[arg(value_name = "FILE_OR_DIR", conflicts_with = "mock_config")]
    pub(crate) paths: Vec<PathBuf>,
    /// Run only the cases with this text in their names
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// How to print what came of it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Fail where the cases reach less of a definition than this, in percent
    #[arg(long, value_name = "PERCENT", value_parser = percent, conflicts_with = "mock_config")]
    pub(crate) coverage_min: Option<f64>,
    /// Write a JUnit report to this file
    #[arg(long, value_name = "FILE", conflicts_with = "mock_config")]
    pub(crate) junit: Option<PathBuf>,
    /// Run again whenever a test file or a definition changes
    #[arg(long, conflicts_with = "mock_config")]
    pub(crate) watch: bool,
    /// Run the test cases of a Step Functions Local mock configuration instead
    #[arg(long, value_name = "FILE", help_heading = "Step Functions Local")]
    pub(crate) mock_config: Option<PathBuf>,
    /// The definition of a state machine of the mock configuration; may be repeated
    #[arg(
        long = "definition",
        value_name = "NAME=FILE",
        requires = "mock_config",
        help_heading = "Step Functions Local"
    )]
    pub(crate) definitions: Vec<String>,
    /// Input of every execution: JSON, `@FILE`, or `-` for stdin [default: {}]
    #[arg(long, value_name = "JSON", requires = "mock_config", help_heading = "Step Functions Local")]
    pub(crate) input: Option<String>,
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=100.0).contains(number));
    number.ok_or_else(|| "expected a number from 0 to 100".to_owned())
}

/// `completions`
#[derive(Args, Debug)]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
