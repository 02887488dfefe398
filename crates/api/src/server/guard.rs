//! Who may send requests: programs, and pages that this server itself serves.
//!
//! A browser lends every page that it shows its place on this machine, and signatures are not checked. Three things
//! tell a foreign page's request from a program's: the `Host` it was sent to, which a page that makes its own name
//! resolve to this machine cannot hide; the `Origin` and `Sec-Fetch-Site` that browsers add; and a content type that a
//! page may not send without asking first, which the routes look at.

use std::net::IpAddr;

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Request, StatusCode, Version};

use crate::error::ApiError;

/// What the SDKs put before a host's name for StartSyncExecution and TestState.
const SYNC_PREFIX: &str = "sync-";
/// The entry of a list of hosts that stands for every host.
const EVERY_HOST: &str = "*";
/// Bytes of a header's value that a refusal quotes. No quota: the header itself is bounded.
const QUOTED_BYTES_MAX: usize = 200;

/// The names under which clients may reach the server, besides those of this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<Box<str>>);

impl AllowedHosts {
    /// Reads host names or addresses without ports, separated by commas; `*` is every host. `None` where one is none.
    pub fn parse(text: &str) -> Option<Self> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        let names = names.map(|name| is_host(name).then(|| bare(name).to_ascii_lowercase().into_boxed_str()));
        names.collect::<Option<Vec<_>>>().filter(|names| !names.is_empty()).map(Self)
    }
}

/// Whether the text is a host's name or address as a client would write it, without a port.
fn is_host(text: &str) -> bool {
    let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    text == EVERY_HOST || bare(text).parse::<IpAddr>().is_ok() || (!text.is_empty() && is_name(text))
}

/// A host without the brackets of an IPv6 address and without the dot that ends a name at the root.
fn bare(host: &str) -> &str {
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inner.unwrap_or_else(|| host.strip_suffix('.').unwrap_or(host))
}

/// Tells a foreign page's requests from those of programs, by their heads.
pub(super) struct Guard {
    hosts: Hosts,
}

/// To which hosts requests may be sent.
enum Hosts {
    /// Every host.
    Every,
    /// This machine's names, the address the server listens on, and these.
    Listed { listening: IpAddr, names: AllowedHosts },
}

/// Why a request is refused by its head.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Foreign {
    #[error("The request names no host.")]
    NoHost,
    #[error("The request names more than one host.")]
    TwoHosts,
    #[error(
        "The host '{0}' is not allowed. A server that listens on this machine alone answers to its names, and to those \
         of --allowed-hosts."
    )]
    Host(String),
    #[error("Requests of pages from '{0}' are not allowed.")]
    Origin(String),
    #[error("Requests of pages from other sites are not allowed.")]
    Site,
}

impl From<Foreign> for ApiError {
    fn from(foreign: Foreign) -> Self {
        let message = foreign.to_string();
        match foreign {
            Foreign::NoHost | Foreign::TwoHosts => Self::validation(message),
            Foreign::Host(_) | Foreign::Origin(_) | Foreign::Site => {
                let mut error = Self::new("AccessDeniedException", message);
                error.status = StatusCode::FORBIDDEN;
                error
            }
        }
    }
}

impl Guard {
    /// The guard of a server that listens on that address.
    ///
    /// One that listens beyond this machine is reached by names that nobody here knows: it looks at them only where
    /// some are given.
    pub(super) fn new(listening: IpAddr, names: AllowedHosts) -> Self {
        let listening = listening.to_canonical();
        let every = names.0.iter().any(|name| &**name == EVERY_HOST);
        let unknown = names.0.is_empty() && !listening.is_loopback();
        let hosts = if every || unknown { Hosts::Every } else { Hosts::Listed { listening, names } };
        Self { hosts }
    }

    /// Refuses what a foreign page sent, or may have.
    pub(super) fn check<B>(&self, request: &Request<B>) -> Result<(), ApiError> {
        let host = sent_to(request)?;
        if let Some(host) = host
            && !self.hosts.hold(host)
        {
            return Err(Foreign::Host(quoted(host)).into());
        }
        check_site(request.headers(), host)?;
        Ok(())
    }
}

impl Hosts {
    fn hold(&self, host: &str) -> bool {
        let Self::Listed { listening, names } = self else { return true };
        let Some(host) = without_port(host) else { return false };
        let asked = match host.get(..SYNC_PREFIX.len()) {
            Some(prefix) if prefix.eq_ignore_ascii_case(SYNC_PREFIX) => &host[SYNC_PREFIX.len()..],
            _ => host,
        };
        [asked, host].into_iter().map(bare).any(|host| {
            host.eq_ignore_ascii_case("localhost")
                || names.0.iter().any(|name| name.eq_ignore_ascii_case(host))
                || host.parse().is_ok_and(|address: IpAddr| is_own(address.to_canonical(), *listening))
        })
    }
}

/// Whether an address is this server's. A server that listens on all of them has every one: a page that is shown for
/// an address comes from there.
fn is_own(address: IpAddr, listening: IpAddr) -> bool {
    address.is_loopback() || address == listening || listening.is_unspecified()
}

/// The host that a request names. In HTTP/1.0 it may name none; no browser speaks that.
fn sent_to<B>(request: &Request<B>) -> Result<Option<&str>, Foreign> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next().map(|host| host.to_str().map_err(|_| Foreign::Host("?".to_owned()))).transpose()?;
    if hosts.next().is_some() {
        return Err(Foreign::TwoHosts);
    }
    match request.uri().authority() {
        // A request line that names a host wins over the header (RFC 9112, 3.2.2). Both have to be the same.
        Some(authority) if host.is_some_and(|host| host != authority.as_str()) => Err(Foreign::TwoHosts),
        Some(authority) => Ok(Some(authority.as_str())),
        None if host.is_none() && request.version() >= Version::HTTP_11 => Err(Foreign::NoHost),
        None => Ok(host),
    }
}

fn check_site(headers: &HeaderMap, host: Option<&str>) -> Result<(), Foreign> {
    for origin in headers.get_all(ORIGIN) {
        let origin = origin.to_str().unwrap_or("?");
        if !host.is_some_and(|host| is_same_origin(origin, host)) {
            return Err(Foreign::Origin(quoted(origin)));
        }
    }
    // `same-site` is another port of this machine, which is another program.
    let of_this_server = |site: &http::HeaderValue| site == "same-origin" || site == "none";
    if headers.get_all("sec-fetch-site").iter().all(of_this_server) { Ok(()) } else { Err(Foreign::Site) }
}

/// Whether a page of that origin was served by the host. Before it may be a proxy that speaks TLS.
fn is_same_origin(origin: &str, host: &str) -> bool {
    let (authority, port) = match origin.split_once("://") {
        Some(("http", authority)) => (authority, ":80"),
        Some(("https", authority)) => (authority, ":443"),
        _ => return false,
    };
    let trimmed = |authority: &str| authority.strip_suffix(port).unwrap_or(authority).to_ascii_lowercase();
    !authority.is_empty() && trimmed(authority) == trimmed(host)
}

/// The host of `host` or `host:port`. `None` where that is no form of one.
fn without_port(text: &str) -> Option<&str> {
    let end = text.rfind(']').map_or_else(|| text.find(':').unwrap_or(text.len()), |bracket| bracket + 1);
    let (host, port) = text.split_at(end);
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(host)
}

fn quoted(text: &str) -> String {
    text.chars().take(QUOTED_BYTES_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(listening: &str, names: &str) -> Guard {
        Guard::new(listening.parse().unwrap(), AllowedHosts::parse(names).unwrap_or_default())
    }

    fn passes(guard: &Guard, headers: &[(&str, &str)]) -> bool {
        let request = headers.iter().fold(Request::post("/"), |request, (name, value)| request.header(*name, *value));
        guard.check(&request.body(()).unwrap()).is_ok()
    }

    #[test]
    fn on_this_machine_hosts_are_this_machines_names() {
        let here = guard("127.0.0.1", "");
        for host in [
            "localhost",
            "localhost:8083",
            "LOCALHOST:1",
            "localhost.:8083",
            "127.0.0.1:8083",
            "127.1.2.3",
            "127.0.0.1.:1",
            "[::1]:8083",
            "[::ffff:127.0.0.1]",
            "sync-localhost:8083",
            "sync-127.0.0.1:8083",
            "Sync-[::1]:8083",
        ] {
            assert!(passes(&here, &[("host", host)]), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:8083",
            "localhost.evil.example",
            "evil.localhost",
            "127.0.0.1.nip.io",
            "0.0.0.0:8083",
            "2130706433",
            "0x7f.1",
            "10.0.0.1",
            "[::]",
            "sync-evil.example",
            "sync-sync-localhost",
            "localhost:80:80",
            "localhost:8083@evil.example",
            "user@localhost",
            "host.docker.internal",
        ] {
            assert!(!passes(&here, &[("host", host)]), "{host}");
        }
    }

    #[test]
    fn further_hosts_are_named() {
        let named = guard("127.0.0.1", "host.docker.internal, Sync-Server,[fd00::1]");
        for host in ["HOST.docker.internal:1", "sync-host.docker.internal", "sync-server", "[fd00::1]:2", "localhost"] {
            assert!(passes(&named, &[("host", host)]), "{host}");
        }
        assert!(!passes(&named, &[("host", "docker.internal")]));
        assert!(passes(&guard("127.0.0.1", "*"), &[("host", "any.where")]));
        // Beyond this machine names are looked at where there are some; an address cannot be made to be another's.
        assert!(passes(&guard("0.0.0.0", ""), &[("host", "any.where")]));
        let network = guard("0.0.0.0", "stepwright");
        let known =
            ["stepwright:8083", "10.0.0.1:8083", "localhost", "any.where"].map(|h| passes(&network, &[("host", h)]));
        assert_eq!(known, [true, true, true, false]);
        let known = ["10.0.0.1", "10.0.0.2"].map(|host| passes(&guard("10.0.0.1", "n"), &[("host", host)]));
        assert_eq!(known, [true, false]);
    }

    #[test]
    fn a_list_of_hosts_is_read_or_refused() {
        for bad in ["", ",", "a b", "a:80", "http://a", "a/b", "é"] {
            assert_eq!(AllowedHosts::parse(bad), None, "{bad}");
        }
        let names: Vec<&str> = ["a.b", "::1"].to_vec();
        let read = AllowedHosts::parse(" A.b , [::1],").unwrap();
        assert_eq!(read.0.iter().map(|name| &**name).collect::<Vec<_>>(), names);
    }

    #[test]
    fn pages_of_this_server_pass_and_others_do_not() {
        let here = guard("127.0.0.1", "console.example");
        let host = ("host", "localhost:8083");
        for headers in [
            &[("origin", "http://localhost:8083"), ("sec-fetch-site", "same-origin")][..],
            &[("origin", "http://LOCALHOST:8083")],
            &[("sec-fetch-site", "none")],
        ] {
            assert!(passes(&here, &[&[host], headers].concat()), "{headers:?}");
        }
        assert!(passes(&here, &[("host", "console.example"), ("origin", "https://console.example")]));
        assert!(passes(&here, &[("host", "localhost:80"), ("origin", "http://localhost")]));
        for headers in [
            &[("origin", "http://evil")][..],
            &[("origin", "null")],
            &[("origin", "")],
            &[("origin", "http://")],
            &[("origin", "http://localhost")],
            &[("origin", "http://localhost:3000")],
            &[("origin", "http://127.0.0.1:8083")],
            &[("origin", "file://localhost:8083")],
            &[("origin", "http://localhost:8083"), ("origin", "http://evil")],
            &[("origin", "http://localhost:8083"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")],
        ] {
            assert!(!passes(&here, &[&[host], headers].concat()), "{headers:?}");
        }
    }

    #[test]
    fn a_request_names_one_host() {
        let here = guard("127.0.0.1", "");
        let request = |version, uri: &str, hosts: &[&str]| {
            let request = Request::post(uri).version(version);
            let request = hosts.iter().fold(request, |request, host| request.header(HOST, *host)).body(()).unwrap();
            here.check(&request).err().map(|error| error.status.as_u16())
        };
        assert_eq!(request(Version::HTTP_11, "/", &[]), Some(400));
        assert_eq!(request(Version::HTTP_10, "/", &[]), None);
        assert_eq!(request(Version::HTTP_10, "/", &["evil.example"]), Some(403));
        assert_eq!(request(Version::HTTP_11, "/", &["localhost", "localhost"]), Some(400));
        assert_eq!(request(Version::HTTP_11, "http://evil.example/", &["localhost"]), Some(400));
        assert_eq!(request(Version::HTTP_11, "http://evil.example/", &[]), Some(403));
        assert_eq!(request(Version::HTTP_11, "http://localhost:1/", &["localhost:1"]), None);
    }
}
