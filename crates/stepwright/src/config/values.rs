//! What each kind of option takes, as text, and how it is read.

use std::net::IpAddr;
use std::path::PathBuf;

use runtime::AfterCrash;

pub(super) const PORT: &str = "a port from 0 to 65535";
pub(super) const ADDRESS: &str = "an IP address, such as 127.0.0.1 or 0.0.0.0";
pub(super) const ALLOWED_HOSTS: &str =
    "names of hosts without ports, separated by commas, such as host.docker.internal, or *";
pub(super) const HOSTS: &str = "names or addresses without ports, separated by commas";
pub(super) const BOOLEAN: &str = "true or false";
pub(super) const PATH: &str = "a path";
pub(super) const COUNT: &str = "a whole number of at least 1";
pub(super) const REGION: &str = "a region, such as eu-central-1";
pub(super) const ACCOUNT: &str = "12 digits";
pub(super) const AFTER_CRASH: &str = "repeat or fail";
pub(super) const FILTER: &str = "off, error, warn, info, debug or trace, for all or by part, such as warn,api=debug; parts \
                                 are api, aws, functions, integrations, mocks, runtime, stepwright and store";
/// What logs something.
const PARTS: [&str; 8] = ["api", "aws", "functions", "integrations", "mocks", "runtime", "stepwright", "store"];

/// What to log, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogFilter(String);

impl LogFilter {
    /// In the syntax of tracing's filters.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for LogFilter {
    fn default() -> Self {
        Self("info".into())
    }
}

pub(super) fn port(text: &str) -> Option<u16> {
    text.parse().ok()
}

pub(super) fn address(text: &str) -> Option<IpAddr> {
    if text == "localhost" {
        return Some(IpAddr::from([127, 0, 0, 1]));
    }
    text.parse().ok()
}

/// Hosts as URLs have them, without the brackets of IPv6.
pub(super) fn hosts(text: &str) -> Option<Vec<String>> {
    let hosts = text.split(',').map(str::trim).filter(|host| !host.is_empty());
    let is_host = |host: &str| host.parse::<IpAddr>().is_ok() || !host.contains([':', '/', '@', '*', ' ']);
    hosts.map(|host| host.trim_matches(['[', ']'])).map(|host| is_host(host).then(|| host.to_owned())).collect()
}

pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

pub(super) fn path(text: &str) -> Option<PathBuf> {
    (!text.is_empty()).then(|| PathBuf::from(text))
}

pub(super) fn after_crash(text: &str) -> Option<AfterCrash> {
    match text {
        "repeat" => Some(AfterCrash::Repeat),
        "fail" => Some(AfterCrash::Fail),
        _ => None,
    }
}

/// Bounded by a quarter of what a machine word holds, so that no arithmetic on a limit can overflow.
pub(super) fn count(text: &str) -> Option<usize> {
    text.replace('_', "").parse().ok().filter(|count| (1..=usize::MAX / 4).contains(count))
}

/// Words of an ARN hold no colon; regions are lower case, digits and hyphens.
pub(super) fn region(text: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    ((1..=64).contains(&text.len()) && text.chars().all(fits)).then(|| text.to_owned())
}

pub(super) fn account(text: &str) -> Option<String> {
    (text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.to_owned())
}

/// A factor on waits: finite and greater than 0.
pub(crate) fn wait_time_scale(text: &str) -> Option<f64> {
    text.parse().ok().filter(|factor: &f64| factor.is_finite() && *factor > 0.0)
}

pub(super) fn filter(text: &str) -> Option<LogFilter> {
    // tracing takes any word for the name of a part, so that a misspelt level would log nothing at all.
    let is_known = |directive: &str| match directive.split_once('=') {
        Some((part, level)) => PARTS.contains(&part.split("::").next().unwrap_or(part)) && is_level(level),
        None => is_level(directive),
    };
    let directives: Vec<&str> = text.split(',').map(str::trim).filter(|directive| !directive.is_empty()).collect();
    let filter = directives.join(",");
    let is_filter = !directives.is_empty() && directives.into_iter().all(is_known);
    (is_filter && tracing_subscriber::EnvFilter::try_new(&filter).is_ok()).then_some(LogFilter(filter))
}

fn is_level(text: &str) -> bool {
    ["off", "error", "warn", "info", "debug", "trace"].iter().any(|level| level.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_or_refused() {
        let cases: &[(&str, bool)] = &[
            ("port 0", port("0").is_some()),
            ("port 65535", port("65535").is_some()),
            ("::1", address("::1").is_some()),
            ("localhost", address("localhost").is_some()),
            ("TRUE", boolean("TRUE") == Some(true)),
            ("off", boolean("off") == Some(false)),
            ("1_000", count("1_000") == Some(1000)),
            ("eu-central-1", region("eu-central-1").is_some()),
            ("0.001", wait_time_scale("0.001").is_some()),
            ("warn,api=debug", filter("warn,api=debug").is_some()),
            ("runtime::shard=trace", filter("WARN, runtime::shard=trace").is_some()),
            ("off", filter("off").is_some()),
            ("not nonsense", filter("nonsense").is_none()),
            ("not another part", filter("apy=debug").is_none()),
            ("not an empty filter", filter(",").is_none()),
            ("not port 65536", port("65536").is_none()),
            ("not a host", address("a host").is_none()),
            ("not maybe", boolean("maybe").is_none()),
            ("not 0", count("0").is_none()),
            ("not all there is", count(&usize::MAX.to_string()).is_none()),
            ("not eu:1", region("eu:1").is_none()),
            ("not 11 digits", account("12345678901").is_none()),
            ("not letters", account("12345678901a").is_none()),
            ("not scale 0", wait_time_scale("0").is_none()),
            ("not scale inf", wait_time_scale("inf").is_none()),
            ("not a filter", filter("api=shout").is_none()),
        ];
        for (case, holds) in cases {
            assert!(holds, "{case}");
        }
    }
}
