//! Where a service's requests go: what the caller and the environment configure, or AWS itself.
//!
//! Source: "Service-specific endpoints" in the AWS SDKs and Tools Reference Guide. The first of these that says
//! something counts:
//!
//! 1. [`Endpoints::set`];
//! 2. `AWS_ENDPOINT_URL_<SERVICE>`;
//! 3. Step Functions Local's names, `LAMBDA_ENDPOINT` and the like;
//! 4. `AWS_ENDPOINT_URL`;
//! 5. the service's `endpoint_url` in the `services` section that the profile names;
//! 6. the profile's `endpoint_url`;
//! 7. [`Endpoints::fallback`];
//! 8. AWS.
//!
//! [`Endpoints::own`] counts as soon as nothing names the service: before 4, 6 and 7.
//!
//! `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`, or the profile's `ignore_configured_endpoint_urls`, takes away 2, 4, 5 and 6.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use models::Metadata;

use crate::environment::Environment;
use crate::partition::home;
use crate::profile::{self, ProfileError, Profiles};

/// The variables of Step Functions Local and the services they are for.
const LOCAL_NAMES: &[(&str, &str)] = &[
    ("LAMBDA_ENDPOINT", "lambda"),
    ("BATCH_ENDPOINT", "batch"),
    ("DYNAMODB_ENDPOINT", "dynamodb"),
    ("ECS_ENDPOINT", "ecs"),
    ("GLUE_ENDPOINT", "glue"),
    ("SAGE_MAKER_ENDPOINT", "sagemaker"),
    ("SQS_ENDPOINT", "sqs"),
    ("SNS_ENDPOINT", "sns"),
    ("STEP_FUNCTIONS_ENDPOINT", "sfn"),
];

/// What is configured about endpoints. Services are known by [`Metadata::name`].
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    set: HashMap<String, BaseUrl>,
    /// The services that are at AWS whatever else is configured.
    at_aws: HashSet<String>,
    environment: Option<Environment>,
    local: HashMap<String, BaseUrl>,
    everything: Option<BaseUrl>,
    profile_services: HashMap<String, BaseUrl>,
    profile_everything: Option<BaseUrl>,
    own: HashMap<String, BaseUrl>,
    fallback: HashMap<String, BaseUrl>,
}

/// A setting that is not the URL of a service, or a file that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not a URL of a service.
    #[error("{setting}: {url:?} is not the URL of a service: {problem}")]
    Url {
        /// The setting's name.
        setting: String,
        /// What it says.
        url: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A region that cannot be part of a host's name.
    #[error("{0:?} is not a region")]
    Region(String),
    /// The shared configuration file.
    #[error(transparent)]
    Profile(#[from] ProfileError),
}

/// The root of a service: `https://host:port/path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    pub(crate) is_https: bool,
    /// Host and port.
    pub(crate) authority: String,
    /// Without a slash at its end, so mostly empty.
    pub(crate) path: String,
}

/// Where the requests of one service go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) url: BaseUrl,
    /// The region to sign for.
    pub(crate) region: String,
    /// Whether it is AWS's own, not one that was configured.
    pub(crate) is_aws: bool,
}

impl Endpoints {
    /// AWS itself, whatever the environment says.
    pub fn aws() -> Self {
        Self::default()
    }

    /// What the environment and the shared configuration file say. `profile` is the caller's choice of a profile, before
    /// `AWS_PROFILE`. Reads files: call it at start.
    ///
    /// # Errors
    /// A URL that is none, a file that cannot be read. A wrong `AWS_ENDPOINT_URL_<SERVICE>` shows when the service is
    /// called.
    pub fn from_environment(environment: &Environment, profile: Option<&str>) -> Result<Self, EndpointError> {
        let mut endpoints = Self::default();
        for (setting, service) in LOCAL_NAMES {
            if let Some(url) = environment.get(setting) {
                endpoints.local.insert((*service).to_owned(), BaseUrl::parse(setting, &url)?);
            }
        }
        if environment.is_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
            return Ok(endpoints);
        }
        let profiles = Profiles::read(environment)?;
        let name = profile::name(environment, profile);
        let is_ignored = |value: &String| value.eq_ignore_ascii_case("true");
        if profiles.profile(&name).and_then(|it| it.get("ignore_configured_endpoint_urls")).is_some_and(is_ignored) {
            return Ok(endpoints);
        }
        endpoints.everything = parsed("AWS_ENDPOINT_URL", environment.get("AWS_ENDPOINT_URL").as_deref())?;
        endpoints.environment = Some(environment.clone());
        endpoints.read_profile(&profiles, &name)?;
        Ok(endpoints)
    }

    fn read_profile(&mut self, profiles: &Profiles, name: &str) -> Result<(), EndpointError> {
        let Some(profile) = profiles.profile(name) else { return Ok(()) };
        let setting = format!("endpoint_url of profile {name}");
        self.profile_everything = parsed(&setting, profile.get("endpoint_url").map(String::as_str))?;
        let Some(services) = profile.get("services").and_then(|section| profiles.services(section)) else {
            return Ok(());
        };
        for (key, url) in services {
            let Some(service) = key.strip_suffix(".endpoint_url") else { continue };
            let setting = format!("endpoint_url of service {service}");
            self.profile_services.insert(service.to_owned(), BaseUrl::parse(&setting, url)?);
        }
        Ok(())
    }

    /// Sends a service's requests to this URL whatever else is configured.
    ///
    /// # Errors
    /// A URL that is none.
    pub fn set(&mut self, service: &str, url: &str) -> Result<(), EndpointError> {
        let url = BaseUrl::parse(&format!("the endpoint of {service}"), url)?;
        self.set.insert(service.to_owned(), url);
        Ok(())
    }

    /// Sends a service's requests to AWS whatever else is configured.
    pub fn set_to_aws(&mut self, service: &str) {
        self.at_aws.insert(service.to_owned());
    }

    /// Whether anything says where a service is, AWS named as such included.
    ///
    /// # Errors
    /// A setting that is no URL.
    pub fn is_configured(&self, service: &Metadata) -> Result<bool, EndpointError> {
        Ok(self.at_aws.contains(&service.name) || self.configured(service)?.is_some())
    }

    /// Takes away `AWS_ENDPOINT_URL` and the profile's `endpoint_url` where they are this URL. Whether one was.
    ///
    /// # Errors
    /// A URL that is none.
    pub fn forget_everything_at(&mut self, url: &str) -> Result<bool, EndpointError> {
        let url = BaseUrl::parse("our own URL", url)?;
        let mut is_forgotten = false;
        for everything in [&mut self.everything, &mut self.profile_everything] {
            if everything.as_ref().is_some_and(|everything| everything.is_at(&url)) {
                *everything = None;
                is_forgotten = true;
            }
        }
        Ok(is_forgotten)
    }

    /// Sends a service's requests to this URL where nothing else is configured for it by its name: we are the service.
    ///
    /// # Errors
    /// A URL that is none.
    pub fn own(&mut self, service: &str, url: &str) -> Result<(), EndpointError> {
        let url = BaseUrl::parse(&format!("the endpoint of {service}"), url)?;
        self.own.insert(service.to_owned(), url);
        Ok(())
    }

    /// Sends a service's requests to this URL where nothing at all is configured for it, instead of to AWS.
    ///
    /// # Errors
    /// A URL that is none.
    pub fn fallback(&mut self, service: &str, url: &str) -> Result<(), EndpointError> {
        let url = BaseUrl::parse(&format!("the endpoint of {service}"), url)?;
        self.fallback.insert(service.to_owned(), url);
        Ok(())
    }

    /// Where a service's requests go.
    pub(crate) fn resolve(&self, service: &Metadata, region: &str) -> Result<Endpoint, EndpointError> {
        if let Some(url) = self.configured(service)? {
            // Signed for the caller's region, as SDKs do; only a global service has a region of its own.
            let is_commercial = !region.starts_with("cn-") && !region.starts_with("us-gov-");
            let global = service.global.as_ref().filter(|_| is_commercial);
            let region = global.map_or(region, |global| &global.region).to_owned();
            return Ok(Endpoint { url: url.into_owned(), region, is_aws: false });
        }
        let is_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if region.is_empty() || region.len() > 63 || !region.bytes().all(is_label) {
            return Err(EndpointError::Region(region.to_owned()));
        }
        let home = home(service, region);
        let url = BaseUrl { is_https: true, authority: home.host, path: home.path.to_owned() };
        Ok(Endpoint { url, region: home.region, is_aws: true })
    }

    fn configured(&self, service: &Metadata) -> Result<Option<Cow<'_, BaseUrl>>, EndpointError> {
        let name = service.name.as_str();
        if self.at_aws.contains(name) {
            return Ok(None);
        }
        if let Some(url) = self.set.get(name) {
            return Ok(Some(Cow::Borrowed(url)));
        }
        if let Some(environment) = &self.environment {
            let setting = format!("AWS_ENDPOINT_URL_{}", identifier(&service.service_id).to_ascii_uppercase());
            if let Some(url) = environment.get(&setting) {
                return BaseUrl::parse(&setting, &url).map(|url| Some(Cow::Owned(url)));
            }
        }
        let in_profile = || {
            // A look at the name costs, a look at an empty table does not.
            let services = Some(&self.profile_services).filter(|services| !services.is_empty())?;
            services.get(&identifier(&service.service_id).to_ascii_lowercase())
        };
        let found = match self.own.get(name) {
            Some(own) => self.local.get(name).or_else(in_profile).or(Some(own)),
            None => {
                let found = self.local.get(name).or(self.everything.as_ref()).or_else(in_profile);
                found.or(self.profile_everything.as_ref()).or_else(|| self.fallback.get(name))
            }
        };
        Ok(found.map(Cow::Borrowed))
    }
}

impl BaseUrl {
    /// Reads a URL with a scheme and a host, and without user, query or fragment.
    pub(crate) fn parse(setting: &str, text: &str) -> Result<Self, EndpointError> {
        let wrong = |problem| EndpointError::Url { setting: setting.to_owned(), url: text.to_owned(), problem };
        let uri = absolute(text).map_err(wrong)?;
        let (Some(authority), scheme) = (uri.authority(), uri.scheme_str()) else { return Err(wrong(NO_HOST)) };
        if uri.query().is_some() || text.contains('#') {
            return Err(wrong("it must not hold a query or a fragment"));
        }
        let path = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { is_https: scheme == Some("https"), authority: authority.as_str().to_owned(), path })
    }

    /// Whether it is the same server: the host's names for this machine are one.
    fn is_at(&self, other: &Self) -> bool {
        let place = |url: &Self| {
            let (host, port) = url.authority.rsplit_once(':').unwrap_or((&url.authority, ""));
            let host = if matches!(host, "localhost" | "[::1]" | "0.0.0.0" | "[::]") { "127.0.0.1" } else { host };
            (url.is_https, host.to_owned(), port.to_owned())
        };
        place(self) == place(other)
    }

    /// The same with a prefix before the host's name. An IP address and a name without a dot (`localhost`, a
    /// container) stay as they are: no resolver knows a name made of them.
    pub(crate) fn with_host_prefix(mut self, prefix: Option<&str>) -> Self {
        let Some(prefix) = prefix else { return self };
        let host = self.authority.rsplit_once(':').map_or(self.authority.as_str(), |(host, _port)| host);
        let is_address = host.starts_with('[') || host.parse::<IpAddr>().is_ok();
        if !is_address && host.contains('.') {
            self.authority.insert_str(0, prefix);
        }
        self
    }
}

const NO_HOST: &str = "it has no host";

/// Reads an `http` or `https` URL that names a host and no user.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn absolute(text: &str) -> Result<http::Uri, &'static str> {
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err("it must begin with http:// or https://");
    }
    let uri: http::Uri = text.parse().map_err(|_| "it cannot be read")?;
    let authority = uri.authority().filter(|authority| !authority.host().is_empty()).ok_or(NO_HOST)?;
    if authority.as_str().contains('@') {
        return Err("it must not hold a user or a password");
    }
    let port = authority.as_str()[authority.host().len()..].strip_prefix(':');
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err("its port is not a number from 0 to 65535");
    }
    Ok(uri)
}

fn parsed(setting: &str, url: Option<&str>) -> Result<Option<BaseUrl>, EndpointError> {
    url.map(|url| BaseUrl::parse(setting, url)).transpose()
}

/// A service's identity as settings spell it: `CloudWatch Logs` is `CloudWatch_Logs`, in the case that the caller wants.
fn identifier(service_id: &str) -> String {
    service_id.replace([' ', '-'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::GlobalEndpoint;

    fn service(id: &str) -> Metadata {
        let name = id.to_ascii_lowercase().replace([' ', '-'], "");
        Metadata { endpoint_prefix: name.clone(), name, service_id: id.to_owned(), ..Metadata::default() }
    }

    fn authority(endpoints: &Endpoints, id: &str) -> String {
        endpoints.resolve(&service(id), "eu-west-1").unwrap().url.authority
    }

    fn config(text: &str) -> (tempfile::TempDir, String) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config");
        std::fs::write(&file, text).unwrap();
        let path = file.to_str().unwrap().to_owned();
        (directory, path)
    }

    #[test]
    fn a_service_named_to_be_at_aws_is_there() {
        let environment = Environment::of(&[("AWS_ENDPOINT_URL", "http://all")]);
        let mut endpoints = Endpoints::from_environment(&environment, None).unwrap();
        endpoints.set_to_aws("lambda");
        assert_eq!(authority(&endpoints, "Lambda"), "lambda.eu-west-1.amazonaws.com");
        assert_eq!(authority(&endpoints, "SQS"), "all");
        assert_eq!(endpoints.is_configured(&service("Lambda")), Ok(true));
        assert_eq!(Endpoints::aws().is_configured(&service("Lambda")), Ok(false));
    }

    #[test]
    fn an_endpoint_for_everything_that_is_ourselves_is_none() {
        for (url, is_ours) in [
            ("http://127.0.0.1:8083", true),
            ("http://localhost:8083/", true),
            ("http://127.0.0.1:5000", false),
            ("https://127.0.0.1:8083", false),
        ] {
            let mut endpoints =
                Endpoints::from_environment(&Environment::of(&[("AWS_ENDPOINT_URL", url)]), None).unwrap();
            assert_eq!(endpoints.forget_everything_at("http://127.0.0.1:8083"), Ok(is_ours), "{url}");
            assert_eq!(endpoints.is_configured(&service("SQS")), Ok(!is_ours), "{url}");
        }
    }

    #[test]
    fn the_more_special_setting_counts() {
        let (_directory, file) = config(
            "[default]\nservices = s\nendpoint_url = http://profile\n[services s]\nsqs =\n  endpoint_url = http://profile-sqs\ncloudwatch_logs =\n  endpoint_url = http://profile-logs\n",
        );
        let all = [
            ("AWS_CONFIG_FILE", file.as_str()),
            ("AWS_ENDPOINT_URL", "http://all"),
            ("AWS_ENDPOINT_URL_SFN", "http://sfn"),
            ("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "http://logs"),
            ("STEP_FUNCTIONS_ENDPOINT", "http://sfn-local"),
            ("SQS_ENDPOINT", "http://sqs-local"),
        ];
        let endpoints = |leave_out: &[&str], add: &[(&'static str, &'static str)]| {
            let mut variables: Vec<_> = all.iter().filter(|(name, _)| !leave_out.contains(name)).copied().collect();
            variables.extend_from_slice(add);
            let mut endpoints = Endpoints::from_environment(&Environment::of(&variables), None).unwrap();
            endpoints.set("sns", "http://set").unwrap();
            endpoints.own("sfn", "http://own").unwrap();
            endpoints.fallback("glue", "http://fallback").unwrap();
            endpoints
        };
        let with_all = endpoints(&[], &[]);
        assert_eq!(authority(&with_all, "SNS"), "set");
        assert_eq!(authority(&with_all, "SFN"), "sfn");
        assert_eq!(authority(&with_all, "CloudWatch Logs"), "logs");
        assert_eq!(authority(&with_all, "SQS"), "sqs-local");
        assert_eq!(authority(&with_all, "Lambda"), "all");

        let without_variables =
            endpoints(&["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SFN", "STEP_FUNCTIONS_ENDPOINT"], &[]);
        assert_eq!(authority(&without_variables, "SQS"), "sqs-local");
        assert_eq!(authority(&without_variables, "Lambda"), "profile");
        assert_eq!(authority(&without_variables, "SFN"), "own");
        let from_profile = endpoints(&["AWS_ENDPOINT_URL", "SQS_ENDPOINT", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"], &[]);
        assert_eq!(authority(&from_profile, "SQS"), "profile-sqs");
        assert_eq!(authority(&from_profile, "CloudWatch Logs"), "profile-logs");

        let ignored = endpoints(&["STEP_FUNCTIONS_ENDPOINT"], &[("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "True")]);
        assert_eq!(authority(&ignored, "SNS"), "set");
        assert_eq!(authority(&ignored, "SQS"), "sqs-local");
        assert_eq!(authority(&ignored, "SFN"), "own");
        assert_eq!(authority(&endpoints(&["AWS_ENDPOINT_URL_SFN", "STEP_FUNCTIONS_ENDPOINT"], &[]), "SFN"), "own");
        assert_eq!(authority(&ignored, "Glue"), "fallback");
        assert_eq!(authority(&with_all, "Glue"), "all");
        assert_eq!(authority(&ignored, "Lambda"), "lambda.eu-west-1.amazonaws.com");
    }

    #[test]
    fn the_profile_may_take_back_configured_endpoints() {
        let (_directory, file) =
            config("[profile x]\nignore_configured_endpoint_urls = true\nendpoint_url = http://profile\n");
        let environment = Environment::of(&[("AWS_CONFIG_FILE", &file), ("AWS_ENDPOINT_URL", "http://all")]);
        let endpoints = Endpoints::from_environment(&environment, Some("x")).unwrap();
        assert_eq!(authority(&endpoints, "SQS"), "sqs.eu-west-1.amazonaws.com");
        let endpoints = Endpoints::from_environment(&environment, None).unwrap();
        assert_eq!(authority(&endpoints, "SQS"), "all");
    }

    #[test]
    fn a_configured_endpoint_is_signed_for_the_callers_region() {
        let mut endpoints = Endpoints::aws();
        endpoints.set("sqs", "http://localhost:9324/base/").unwrap();
        let endpoint = endpoints.resolve(&service("SQS"), "eu-west-1").unwrap();
        assert_eq!((endpoint.region.as_str(), endpoint.is_aws), ("eu-west-1", false));
        assert_eq!(endpoint.url.path, "/base");
        endpoints.set("iam", "http://localhost:1").unwrap();
        let global = Some(GlobalEndpoint { host: "iam.amazonaws.com".to_owned(), region: "us-east-1".to_owned() });
        let iam = Metadata { global, ..service("IAM") };
        assert_eq!(endpoints.resolve(&iam, "eu-west-1").unwrap().region, "us-east-1");
    }

    #[test]
    fn what_is_no_url_is_refused_with_its_setting() {
        let table = [
            ("localhost:4566", "it must begin with http:// or https://"),
            ("", "it must begin with http:// or https://"),
            ("ftp://x", "it must begin with http:// or https://"),
            ("http://", "it cannot be read"),
            ("http://:80", "it has no host"),
            ("http://a b", "it cannot be read"),
            ("http://user:secret@host", "it must not hold a user or a password"),
            ("http://host:99999", "its port is not a number from 0 to 65535"),
            ("http://host?x=1", "it must not hold a query or a fragment"),
            ("http://host/#x", "it must not hold a query or a fragment"),
            ("http://hösté", "it cannot be read"),
        ];
        for (url, expected) in table {
            match BaseUrl::parse("SETTING", url) {
                Err(EndpointError::Url { setting, url: shown, problem }) => {
                    assert_eq!((setting.as_str(), shown.as_str(), problem), ("SETTING", url, expected));
                }
                other => panic!("{url}: {other:?}"),
            }
        }
        let environment = Environment::of(&[("AWS_ENDPOINT_URL_SQS", "nowhere")]);
        let endpoints = Endpoints::from_environment(&environment, None).unwrap();
        let refused = endpoints.resolve(&service("SQS"), "eu-west-1").unwrap_err().to_string();
        assert!(refused.starts_with("AWS_ENDPOINT_URL_SQS: \"nowhere\""), "{refused}");
    }

    #[test]
    fn a_region_that_would_change_the_host_is_refused() {
        for region in ["", "x.evil.com/", "eu west", "é"] {
            let refused = Endpoints::aws().resolve(&service("SQS"), region);
            assert_eq!(refused, Err(EndpointError::Region(region.to_owned())));
        }
    }

    #[test]
    fn host_prefixes_spare_addresses_and_bare_names() {
        let table = [
            ("https://states.eu-west-1.amazonaws.com", "sync-states.eu-west-1.amazonaws.com"),
            ("http://my.server:80", "sync-my.server:80"),
            ("http://localhost:8083", "localhost:8083"),
            ("http://127.0.0.1:8083", "127.0.0.1:8083"),
            ("http://10.0.0.1", "10.0.0.1"),
            ("http://[::1]:80", "[::1]:80"),
            ("http://[::1]", "[::1]"),
        ];
        for (url, expected) in table {
            assert_eq!(BaseUrl::parse("x", url).unwrap().with_host_prefix(Some("sync-")).authority, expected);
        }
    }
}
