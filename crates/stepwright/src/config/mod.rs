//! The configuration of `serve`: flags, environment and file, merged into one typed value.
//!
//! Precedence: flag, `STEPWRIGHT_*` variable, the SDKs' or Step Functions Local's variable, configuration file, default.
//! An option has one name, its key in the file (`data-dir`); flag (`--data-dir`) and variable
//! (`STEPWRIGHT_DATA_DIR`) follow from it.

mod file;
pub(crate) mod local;
mod values;

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::{fmt, iter};

use api::AllowedHosts;
use runtime::AfterCrash;
use runtime::quotas::{self, Quotas};

use crate::cli::ServeArguments;
use file::File;
pub(crate) use values::{LogFilter, wait_time_scale};

/// What `wait_time_scale` accepts.
pub(crate) const WAIT_TIME_SCALE: &str = "a factor greater than 0, such as 0.01";

/// Reads one variable of the environment.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Where the data lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    /// On disk.
    Directory(PathBuf),
    /// Nowhere: it goes with the process.
    Memory,
}

/// Everything `serve` must know.
#[derive(Clone, Debug)]
pub(crate) struct ServeConfig {
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// Names under which clients may reach it, besides those of this machine.
    pub(crate) allowed_hosts: AllowedHosts,
    /// Where the data lies.
    pub(crate) data: Data,
    /// Whether executions that ended the server go on.
    pub(crate) retry_set_aside: bool,
    /// The region in ARNs.
    pub(crate) region: String,
    /// The account in ARNs: 12 digits.
    pub(crate) account: String,
    /// What there may be at most, and the wait time scale.
    pub(crate) quotas: Quotas,
    /// What to log.
    pub(crate) log: LogFilter,
    /// How tasks are done.
    pub(crate) tasks: TaskConfig,
    /// The directory of Lambda functions, where there are any.
    pub(crate) functions: Option<PathBuf>,
    /// The mock configuration, where one is named.
    pub(crate) mock_config: Option<PathBuf>,
}

/// How tasks are done that are no activity's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TaskConfig {
    /// What becomes of a task whose request may have been sent when the server ended.
    pub(crate) after_crash: AfterCrash,
    /// Requests on their way at once.
    pub(crate) concurrency: usize,
    /// Whether requests are made in the state machine's role.
    pub(crate) assume_role: bool,
    /// Hosts that HTTP tasks may call although their addresses are refused otherwise.
    pub(crate) open_hosts: Vec<String>,
}

impl Default for TaskConfig {
    fn default() -> Self {
        Self { after_crash: AfterCrash::Repeat, concurrency: 1_000, assume_role: false, open_hosts: Vec::new() }
    }
}

/// Where a value was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// On the command line.
    Flag(String),
    /// In the environment.
    Variable(String),
    /// In the configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// The option's key.
        key: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => name.fmt(f),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::File { path, key } => write!(f, "{}: {key}", path.display()),
        }
    }
}

/// A configuration that cannot be used: where, which value, what was expected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// A value that is not what its option takes.
    #[error("{origin}: expected {expected}, found {found:?}")]
    Value {
        /// Where it was set.
        origin: Origin,
        /// What it is.
        found: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A variable that is not UTF-8.
    #[error("environment variable {0}: expected text in UTF-8")]
    NotText(String),
    /// A file that cannot be read.
    #[error("cannot read the configuration file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is not TOML.
    #[error("{}:{line}: expected TOML, {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// The parser's words.
        message: String,
    },
    /// A key that is no option.
    #[error("{}: {key}: no such option; {remedy}", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
        /// The key that was probably meant, or all there are.
        remedy: String,
    },
}

/// One option: its name in every source.
pub(crate) struct Name {
    /// The key in the file; `limits.` before those of the table `[limits]`.
    key: &'static str,
    /// Variables of the SDKs and of Step Functions Local, the first one first.
    other_variables: &'static [&'static str],
}

impl Name {
    /// An option of that key, which has no other variables.
    pub(crate) const fn new(key: &'static str) -> Self {
        Self { key, other_variables: &[] }
    }

    const fn or(key: &'static str, other_variables: &'static [&'static str]) -> Self {
        Self { key, other_variables }
    }

    /// The flag, with its hyphens.
    pub(crate) fn flag(&self) -> String {
        format!("--{}", self.key.replace('.', "-"))
    }

    /// Our variable.
    pub(crate) fn variable(&self) -> String {
        format!("STEPWRIGHT_{}", self.key.replace(['.', '-'], "_").to_uppercase())
    }
}

const PORT: Name = Name::new("port");
const BIND: Name = Name::new("bind");
const ALLOWED_HOSTS: Name = Name::new("allowed-hosts");
const DATA_DIR: Name = Name::new("data-dir");
const IN_MEMORY: Name = Name::new("in-memory");
const RETRY_SET_ASIDE: Name = Name::new("retry-set-aside");
const REGION: Name = Name::or("region", &["AWS_REGION", "AWS_DEFAULT_REGION"]);
const ACCOUNT: Name = Name::or("account", &["AWS_ACCOUNT_ID"]);
const SCALE: Name = Name::or("wait-time-scale", &["WAIT_TIME_SCALE"]);
const LOG: Name = Name::new("log");
const AFTER_CRASH: Name = Name::new("tasks.after-crash");
const CONCURRENCY: Name = Name::new("tasks.concurrency");
const ASSUME_ROLE: Name = Name::new("tasks.assume-role");
const OPEN_HOSTS: Name = Name::new("tasks.open-hosts");
const FUNCTIONS: Name = Name::new("functions");
const MOCK_CONFIG: Name = Name::or("mock-config", &["SFN_MOCK_CONFIG"]);
/// Not in the file: it says which file.
const CONFIG: Name = Name::new("config");

/// The keys the file may hold, but those of quotas.
const KEYS: [&str; 16] = [
    PORT.key,
    BIND.key,
    ALLOWED_HOSTS.key,
    DATA_DIR.key,
    IN_MEMORY.key,
    RETRY_SET_ASIDE.key,
    REGION.key,
    ACCOUNT.key,
    SCALE.key,
    LOG.key,
    AFTER_CRASH.key,
    CONCURRENCY.key,
    ASSUME_ROLE.key,
    OPEN_HOSTS.key,
    FUNCTIONS.key,
    MOCK_CONFIG.key,
];

/// Every key the file may hold.
fn keys() -> impl Iterator<Item = &'static str> {
    KEYS.into_iter().chain(quotas::TABLE.iter().map(|quota| quota.key))
}

impl ServeConfig {
    /// Merges all sources.
    pub(crate) fn load(arguments: &ServeArguments, environment: Environment<'_>) -> Result<Self, ConfigError> {
        let file = match config_file(arguments, environment)? {
            Some(path) => File::read(&path)?,
            None => File::default(),
        };
        let sources = Sources { environment, file: &file };

        let port = sources.get(&PORT, &arguments.port, values::PORT, values::port)?.unwrap_or(8083);
        let bind = sources
            .get(&BIND, &arguments.bind, values::ADDRESS, values::address)?
            .unwrap_or(IpAddr::from([127, 0, 0, 1]));
        let retry_set_aside =
            sources.get(&RETRY_SET_ASIDE, &arguments.retry_set_aside, values::BOOLEAN, values::boolean)?;
        let in_memory =
            sources.get(&IN_MEMORY, &arguments.in_memory, values::BOOLEAN, values::boolean)?.unwrap_or(false);
        let directory = sources
            .get(&DATA_DIR, &arguments.data_dir, values::PATH, values::path)?
            .unwrap_or_else(|| PathBuf::from("stepwright-data"));
        Ok(Self {
            listen: SocketAddr::new(bind, port),
            allowed_hosts: sources
                .get(&ALLOWED_HOSTS, &arguments.allowed_hosts, values::ALLOWED_HOSTS, AllowedHosts::parse)?
                .unwrap_or_default(),
            retry_set_aside: retry_set_aside.unwrap_or(false),
            data: if in_memory { Data::Memory } else { Data::Directory(directory) },
            region: sources
                .get(&REGION, &arguments.region, values::REGION, values::region)?
                .unwrap_or_else(|| "us-east-1".into()),
            account: sources
                .get(&ACCOUNT, &arguments.account, values::ACCOUNT, values::account)?
                .unwrap_or_else(|| "123456789012".into()),
            quotas: quotas(arguments, &sources)?,
            log: sources.get(&LOG, &arguments.log, values::FILTER, values::filter)?.unwrap_or_default(),
            tasks: task_config(arguments, &sources)?,
            functions: sources.get(&FUNCTIONS, &arguments.services.functions, values::PATH, values::path)?,
            mock_config: sources.get(&MOCK_CONFIG, &arguments.mock_config, values::PATH, values::path)?,
        })
    }
}

fn quotas(arguments: &ServeArguments, sources: &Sources<'_>) -> Result<Quotas, ConfigError> {
    let mut quotas = Quotas::default();
    for (quota, given) in quotas::TABLE.iter().zip(&arguments.limits.given) {
        if let Some(value) = sources.get(&Name::new(quota.key), given, values::COUNT, values::count)? {
            quota.set(&mut quotas, value as u64);
        }
    }
    if let Some(scale) = sources.get(&SCALE, &arguments.wait_time_scale, WAIT_TIME_SCALE, wait_time_scale)? {
        quotas.execution.wait_time_scale = scale;
    }
    Ok(quotas)
}

fn task_config(arguments: &ServeArguments, sources: &Sources<'_>) -> Result<TaskConfig, ConfigError> {
    let defaults = TaskConfig::default();
    let after_crash =
        sources.get(&AFTER_CRASH, &arguments.tasks_after_crash, values::AFTER_CRASH, values::after_crash)?;
    let concurrency = sources.get(&CONCURRENCY, &arguments.tasks_concurrency, values::COUNT, values::count)?;
    let assume_role = sources.get(&ASSUME_ROLE, &arguments.tasks_assume_role, values::BOOLEAN, values::boolean)?;
    let open_hosts = sources.get(&OPEN_HOSTS, &arguments.tasks_open_hosts, values::HOSTS, values::hosts)?;
    Ok(TaskConfig {
        after_crash: after_crash.unwrap_or(defaults.after_crash),
        concurrency: concurrency.unwrap_or(defaults.concurrency),
        assume_role: assume_role.unwrap_or(defaults.assume_role),
        open_hosts: open_hosts.unwrap_or(defaults.open_hosts),
    })
}

/// Which file to read, if any.
fn config_file(arguments: &ServeArguments, environment: Environment<'_>) -> Result<Option<PathBuf>, ConfigError> {
    Sources { environment, file: &File::default() }.get(&CONFIG, &arguments.config, values::PATH, values::path)
}

/// The sources below the command line.
struct Sources<'a> {
    environment: Environment<'a>,
    file: &'a File,
}

impl Sources<'_> {
    /// The option's value from the first source that has one.
    fn get<T>(
        &self,
        name: &Name,
        flag: &Option<String>,
        expected: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some((origin, text)) = self.first(name, flag)? else { return Ok(None) };
        match parse(&text) {
            Some(value) => Ok(Some(value)),
            None => Err(ConfigError::Value { origin, found: text, expected }),
        }
    }

    fn first(&self, name: &Name, flag: &Option<String>) -> Result<Option<(Origin, String)>, ConfigError> {
        if let Some(text) = flag {
            return Ok(Some((Origin::Flag(name.flag()), text.clone())));
        }
        let others = name.other_variables.iter().map(|other| (*other).to_owned());
        for variable in iter::once(name.variable()).chain(others) {
            if let Some(text) = self.variable(&variable)? {
                return Ok(Some((Origin::Variable(variable), text)));
            }
        }
        Ok(self.file.get(name.key).map(|text| {
            let path = self.file.path().to_owned();
            (Origin::File { path, key: name.key.to_owned() }, text.to_owned())
        }))
    }

    /// A variable that is set and not empty: compose files set what they leave out to nothing.
    fn variable(&self, name: &str) -> Result<Option<String>, ConfigError> {
        let Some(value) = (self.environment)(name) else { return Ok(None) };
        let text = value.into_string().map_err(|_| ConfigError::NotText(name.to_owned()))?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use runtime::quotas::{AtAws, Quota};

    use super::*;

    fn load(arguments: &ServeArguments, variables: &[(&str, &str)]) -> Result<ServeConfig, ConfigError> {
        let environment = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, v)| OsString::from(v));
        ServeConfig::load(arguments, &environment)
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    fn with_file(file: &tempfile::NamedTempFile) -> ServeArguments {
        ServeArguments { config: Some(file.path().display().to_string()), ..Default::default() }
    }

    #[test]
    fn the_defaults_are_those_of_step_functions_local_and_of_aws() {
        let config = load(&ServeArguments::default(), &[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8083");
        assert_eq!(config.data, Data::Directory("stepwright-data".into()));
        assert_eq!((config.region.as_str(), config.account.as_str()), ("us-east-1", "123456789012"));
        for quota in &quotas::TABLE {
            assert_eq!(quota.value(&config.quotas), quota.value(&Quotas::default()), "{}", quota.key);
        }
        assert!((config.quotas.execution.wait_time_scale - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_flag_beats_our_variable_beats_locals_variable_beats_the_file() {
        let file = file("region = \"in-the-file\"");
        let ours = ("STEPWRIGHT_REGION", "ours");
        let locals = ("AWS_DEFAULT_REGION", "locals");
        let flag = ServeArguments { region: Some("flag".into()), ..with_file(&file) };

        assert_eq!(load(&flag, &[ours, locals]).unwrap().region, "flag");
        assert_eq!(load(&with_file(&file), &[ours, locals]).unwrap().region, "ours");
        assert_eq!(load(&with_file(&file), &[locals]).unwrap().region, "locals");
        assert_eq!(load(&with_file(&file), &[]).unwrap().region, "in-the-file");
    }

    #[test]
    fn every_key_of_the_file_is_read() {
        let file = file(
            "port = 1\nbind = \"0.0.0.0\"\nallowed-hosts = [\"a.b\", \"c\"]\ndata-dir = \"/data\"\nin-memory = false\nretry-set-aside = true\nregion = \"eu-west-1\"\n\
             account = \"000000000001\"\nwait-time-scale = 0.5\nlog = \"warn\"\n\
             functions = \"lambda\"\nmock-config = \"mocks.json\"\n\
             [tasks]\nafter-crash = \"fail\"\nconcurrency = 6\nassume-role = true\nopen-hosts = \"a, fe80::1\"\n",
        );
        let config = load(&with_file(&file), &[]).unwrap();
        assert_eq!(config.listen.to_string(), "0.0.0.0:1");
        assert_eq!(config.allowed_hosts, AllowedHosts::parse("a.b,c").unwrap());
        assert!(config.retry_set_aside);
        assert_eq!(config.data, Data::Directory("/data".into()));
        assert_eq!((config.region.as_str(), config.account.as_str()), ("eu-west-1", "000000000001"));
        assert_eq!(config.log.as_str(), "warn");
        assert_eq!(config.functions, Some("lambda".into()));
        assert_eq!(config.mock_config, Some("mocks.json".into()));
        let open_hosts = vec!["a".to_owned(), "fe80::1".to_owned()];
        let expected = TaskConfig { after_crash: AfterCrash::Fail, concurrency: 6, assume_role: true, open_hosts };
        assert_eq!(config.tasks, expected);
        assert!((config.quotas.execution.wait_time_scale - 0.5).abs() < f64::EPSILON);
    }

    #[test]
    fn every_quota_is_set_by_its_flag_its_variable_and_its_key() {
        for (at, quota) in quotas::TABLE.iter().enumerate() {
            let found = |config: Result<ServeConfig, ConfigError>| quota.value(&config.unwrap().quotas);
            let name = Name::new(quota.key);
            let file = file(&format!("[limits]\n{} = 31", quota.key.trim_start_matches("limits.")));
            let mut flag = with_file(&file);
            flag.limits.given[at] = Some("33".to_owned());
            let variable = name.variable();
            assert_eq!(found(load(&with_file(&file), &[])), 31, "{}", quota.key);
            assert_eq!(found(load(&with_file(&file), &[(&variable, "32")])), 32, "{}", quota.key);
            assert_eq!(found(load(&flag, &[(&variable, "32")])), 33, "{}", quota.key);
            let text = load(&ServeArguments::default(), &[(&variable, "0")]).unwrap_err().to_string();
            assert!(text.contains(&variable) && text.contains("at least 1"), "{text}");
        }
    }

    /// What the documentation says of a quota, below what it says of every option.
    fn documented(quota: &Quota) -> String {
        let at_aws = match quota.at_aws {
            AtAws::Hard(name) => format!("{name}: hard"),
            AtAws::Soft(name) => format!("{name}: can be raised"),
            AtAws::Documented(page) => format!("no quota by name; see \"{page}\""),
            AtAws::Unknown => "not documented".to_owned(),
        };
        let value = quota.value(&Quotas::default());
        format!("| `{}` | {} | {value} | {at_aws} |", quota.key, quota.what)
    }

    #[test]
    fn the_documentation_lists_every_option_and_every_quota_as_it_is() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
        let text = std::fs::read_to_string(path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for key in KEYS {
            let start = format!("| `{}` | `{}` |", Name::new(key).flag(), Name::new(key).variable());
            let is_listed = lines.iter().any(|line| line.starts_with(&start) && line.contains(&format!("| `{key}` |")));
            assert!(is_listed, "docs/configuration.md: no line {start} ... | `{key}` |");
        }
        let expected: Vec<String> = quotas::TABLE.iter().map(documented).collect();
        let found: Vec<&str> = lines.into_iter().filter(|line| line.starts_with("| `limits.")).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn an_empty_variable_is_as_good_as_none() {
        assert_eq!(load(&ServeArguments::default(), &[("STEPWRIGHT_PORT", "")]).unwrap().listen.port(), 8083);
    }

    #[test]
    fn an_error_names_the_source_the_value_and_what_was_expected() {
        let port = ServeArguments { port: Some("80830".into()), ..Default::default() };
        let text = load(&port, &[]).unwrap_err().to_string();
        assert_eq!(text, "--port: expected a port from 0 to 65535, found \"80830\"");

        let text = load(&ServeArguments::default(), &[("AWS_ACCOUNT_ID", "12")]).unwrap_err().to_string();
        assert_eq!(text, "environment variable AWS_ACCOUNT_ID: expected 12 digits, found \"12\"");

        let bad = file("[limits]\npayload-bytes = \"many\"");
        let text = load(&with_file(&bad), &[]).unwrap_err().to_string();
        assert!(
            text.ends_with("limits.payload-bytes: expected a whole number of at least 1, found \"many\""),
            "{text}"
        );
    }

    #[test]
    fn a_file_that_is_missing_broken_or_misspelt_is_refused() {
        for (text, expected) in [
            ("port = ", ":1: expected TOML"),
            ("prot = 1", "prot: no such option; did you mean port?"),
            (
                "[limits]\nhistory-event = 1",
                "limits.history-event: no such option; did you mean limits.history-events?",
            ),
            ("[other]\nthing = 1", "other.thing: no such option; expected one of port, bind,"),
        ] {
            let file = file(text);
            let error = load(&with_file(&file), &[]).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let missing = ServeArguments { config: Some("/no/such/file".into()), ..Default::default() };
        assert!(matches!(load(&missing, &[]), Err(ConfigError::Unreadable { .. })));
    }
}
