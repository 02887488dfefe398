//! Which addresses may be called without TLS.

use std::net::IpAddr;

/// Whether an `http://` address may be called where AWS knows `https://` only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlainHttp {
    /// Never, as on AWS.
    Never,
    /// On this machine only: `localhost`, names that end in `.localhost`, 127.0.0.0/8, `::1`.
    #[default]
    Loopback,
    /// Everywhere. Credentials travel in the clear.
    Always,
}

/// Why an address cannot be called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    /// Not an URL with a host.
    #[error("'{0}' is not a URL")]
    NotUrl(String),
    /// A scheme that is not allowed for this host.
    #[error("'{0}' must begin with https://")]
    NotSecure(String),
}

impl PlainHttp {
    /// Checks an absolute URL.
    pub(crate) fn check(self, url: &str) -> Result<(), AddressError> {
        let not_url = || AddressError::NotUrl(url.to_owned());
        let parsed: http::Uri = url.parse().map_err(|_| not_url())?;
        let host = parsed.host().filter(|host| !host.is_empty()).ok_or_else(not_url)?;
        let allowed = match parsed.scheme_str() {
            Some("https") => true,
            Some("http") => match self {
                Self::Never => false,
                Self::Loopback => is_loopback(host),
                Self::Always => true,
            },
            _ => false,
        };
        if allowed { Ok(()) } else { Err(AddressError::NotSecure(url.to_owned())) }
    }
}

/// Whether a host, without its port, is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let name = host.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_unless_told_otherwise() {
        let cases = [
            ("https://example.com/a", true, true, true),
            ("http://localhost:8080/a", false, true, true),
            ("http://api.localhost/a", false, true, true),
            ("http://127.1.2.3/a", false, true, true),
            ("http://[::1]:80/a", false, true, true),
            ("http://example.com/a", false, false, true),
            ("http://localhost.example.com/a", false, false, true),
            ("http://10.0.0.1/a", false, false, true),
            ("ftp://localhost/a", false, false, false),
            ("example.com/a", false, false, false),
            ("https:///a", false, false, false),
            ("", false, false, false),
        ];
        for (url, never, loopback, always) in cases {
            let allowed =
                [PlainHttp::Never, PlainHttp::Loopback, PlainHttp::Always].map(|rule| rule.check(url).is_ok());
            assert_eq!(allowed, [never, loopback, always], "{url}");
        }
    }
}
