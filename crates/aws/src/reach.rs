//! Which addresses a request may go to that somebody else than the operator has named.
//!
//! A machine's metadata service answers whoever asks from that machine, with the machine's credentials. A workflow names
//! the endpoints of its HTTP tasks, so those addresses are refused to it: after the name was resolved, for a name says
//! nothing about where it leads.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

/// Who named the host of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// The operator, or AWS: it may be at any address.
    #[default]
    Anywhere,
    /// A workflow: no link-local address, no metadata service and none that is unspecified, but for the hosts that
    /// [`Options::open_hosts`](crate::Options::open_hosts) lists.
    Guarded,
}

/// An address that a workflow may not name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{host} is at {address}: tasks may not call link-local, metadata and unspecified addresses")]
pub(crate) struct RefusedAddress {
    host: String,
    address: IpAddr,
}

impl Reach {
    /// Refuses a host that is written as an address. A name is looked at when it is resolved.
    pub(crate) fn check(self, host: &str) -> Result<(), RefusedAddress> {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse();
        match address {
            Ok(address) if self == Self::Guarded && is_guarded(address) => {
                Err(RefusedAddress { host: host.to_owned(), address })
            }
            _ => Ok(()),
        }
    }
}

/// Whether no workflow may name the address. What an IPv6 address says of an IPv4 one is looked at as that one.
fn is_guarded(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_guarded_v4(address),
        IpAddr::V6(address) if address.is_loopback() => false,
        IpAddr::V6(address) => is_guarded_v6(address) || embedded(address).is_some_and(is_guarded_v4),
    }
}

/// Link-local (RFC 3927), where the metadata services are, and "this network" (RFC 1122), where Linux finds itself.
fn is_guarded_v4(address: Ipv4Addr) -> bool {
    address.is_link_local() || address.octets()[0] == 0
}

/// Link-local, unspecified, and `fd00:ec2::/32`, where EC2 has its metadata, time and credentials.
fn is_guarded_v6(address: Ipv6Addr) -> bool {
    address.is_unspecified() || address.is_unicast_link_local() || address.segments()[..2] == [0xfd00, 0x0ec2]
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible (RFC 4291), translated (RFC 6052, RFC 8215) or
/// tunneled (6to4, RFC 3056).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => v4(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x64, 0xff9b, 1, _, _, _, high, low] => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        _ => None,
    }
}

/// The system's resolver, which leaves out what may not be reached.
#[derive(Clone)]
pub(crate) struct Resolver {
    system: GaiResolver,
    reach: Reach,
}

impl Resolver {
    /// For requests of that reach.
    pub(crate) fn new(reach: Reach) -> Self {
        Self { system: GaiResolver::new(), reach }
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.system.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (found, reach) = (self.system.call(name.clone()), self.reach);
        Box::pin(async move { allowed(name.as_str(), reach, found.await?) })
    }
}

/// The addresses that may be reached. An error where there are others only.
fn allowed(
    name: &str,
    reach: Reach,
    found: impl Iterator<Item = SocketAddr>,
) -> io::Result<std::vec::IntoIter<SocketAddr>> {
    let (refused, allowed): (Vec<_>, Vec<_>) =
        found.partition(|address| reach == Reach::Guarded && is_guarded(address.ip()));
    match refused.first() {
        Some(first) if allowed.is_empty() => {
            Err(io::Error::other(RefusedAddress { host: name.to_owned(), address: first.ip() }))
        }
        _ => Ok(allowed.into_iter()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: [&str; 16] = [
        "169.254.169.254",
        "169.254.170.2",
        "169.254.0.1",
        "0.0.0.0",
        "0.1.2.3",
        "::",
        "fe80::1",
        "febf::1",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "::ffff:169.254.169.254",
        "::ffff:0.0.0.0",
        "::169.254.169.254",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
    ];
    const ALLOWED: [&str; 10] = [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "169.253.255.255",
        "169.255.0.0",
        "fd00:ec3::254",
        "2001:db8::a9fe:a9fe",
        "2002:c000:201::1",
    ];

    fn at(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().unwrap(), 80)
    }

    #[test]
    fn a_workflow_may_not_name_the_addresses_of_metadata_services() {
        for address in REFUSED {
            let bracketed = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
            assert!(Reach::Guarded.check(&bracketed).is_err(), "{address}");
            assert!(Reach::Anywhere.check(&bracketed).is_ok(), "{address}");
        }
        for address in ALLOWED {
            assert!(Reach::Guarded.check(address).is_ok(), "{address}");
        }
    }

    #[test]
    fn of_what_a_name_leads_to_only_the_allowed_is_tried() {
        for address in REFUSED {
            let error = allowed("evil.example", Reach::Guarded, [at(address)].into_iter()).unwrap_err().to_string();
            assert!(error.starts_with("evil.example is at "), "{error}");
            let both = [at(address), at("10.0.0.1"), at(address)].into_iter();
            assert_eq!(allowed("both", Reach::Guarded, both).unwrap().as_slice(), [at("10.0.0.1")]);
            assert_eq!(allowed("own", Reach::Anywhere, [at(address)].into_iter()).unwrap().len(), 1);
        }
        for address in ALLOWED {
            assert_eq!(allowed("good", Reach::Guarded, [at(address)].into_iter()).unwrap().len(), 1);
        }
    }

    #[tokio::test]
    async fn odd_spellings_are_what_the_system_makes_of_them() {
        for name in ["0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "169.254.43518", "0"] {
            let mut resolver = Resolver::new(Reach::Guarded);
            // A system that does not know the spelling finds nothing, which is as good.
            assert!(resolver.call(name.parse().unwrap()).await.is_err(), "{name}");
        }
        assert!(Resolver::new(Reach::Guarded).call("localhost".parse().unwrap()).await.is_ok());
    }
}
