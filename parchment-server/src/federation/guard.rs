//! Which addresses a request to another server may reach.
//!
//! Whoever writes a handle chooses a host name, and whoever runs that name's DNS chooses the
//! addresses behind it. Neither may choose this machine, its network or the address where a
//! hosting company hands out credentials. So the decision is made about addresses, by the
//! resolver that the connection itself uses: what [`GuardedResolver`] has passed is what is
//! connected to, and no second look-up comes between that could answer otherwise.
//!
//! A resolver is asked about names only. A URL whose host is an address goes past it, which is
//! why the [fetcher](super::fetch) never makes one, loopback in development aside.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// IPv4: everything is global but these.
const SPECIAL_V4: [(Ipv4Addr, u32, &str); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, "this network, RFC 791"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private use, RFC 1918"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "shared by carriers, RFC 6598"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback, RFC 1122"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local, RFC 3927"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private use, RFC 1918"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "protocol assignments, RFC 6890"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "documentation, RFC 5737"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "6to4 relays, RFC 7526"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private use, RFC 1918"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "benchmarks, RFC 2544"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "documentation, RFC 5737"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "documentation, RFC 5737"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast, RFC 5771"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved, RFC 1112"),
];

/// IPv6: only this is global unicast (RFC 4291 and the registry it founded) ...
///
/// Outside lie unspecified, loopback and IPv4-compatible addresses (`::/96`), IPv4-mapped ones
/// (`::ffff:0:0/96`), both NAT64 prefixes (`64:ff9b::/96`, RFC 6052; `64:ff9b:1::/48`, RFC 8215),
/// discard-only (`100::/64`, RFC 6666), segment routing (`5f00::/16`, RFC 9602), unique local
/// (`fc00::/7`, RFC 4193), link-local (`fe80::/10`, RFC 4291), site-local (`fec0::/10`, RFC 3879)
/// and multicast (`ff00::/8`, RFC 4291).
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// ... but for these. Tunnels are among them since an IPv4 address of any kind can hide inside.
const SPECIAL_V6: [(Ipv6Addr, u32, &str); 4] = [
    (
        Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0),
        23,
        "assignments, Teredo: RFC 2928",
    ),
    (
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0),
        32,
        "documentation, RFC 3849",
    ),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "6to4, RFC 3056"),
    (
        Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0),
        20,
        "documentation, RFC 9637",
    ),
];

/// Whether an address is unicast and routed on the public internet.
///
/// IPv4 addresses in IPv6 clothes (mapped, compatible, translated, tunnelled) are not, whatever
/// the address inside: no DNS answer has a reason to contain one.
#[must_use]
pub fn is_global(ip: IpAddr) -> bool {
    why_not_global(ip).is_none()
}

/// What is special about an address that is not global, with the RFC that says so.
fn why_not_global(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => SPECIAL_V4
            .iter()
            .find_map(|&(block, bits, why)| in_v4(ip, block, bits).then_some(why)),
        IpAddr::V6(ip) if !in_v6(ip, GLOBAL_V6.0, GLOBAL_V6.1) => Some("outside 2000::/3, RFC 4291"),
        IpAddr::V6(ip) => SPECIAL_V6
            .iter()
            .find_map(|&(block, bits, why)| in_v6(ip, block, bits).then_some(why)),
    }
}

fn in_v4(ip: Ipv4Addr, block: Ipv4Addr, bits: u32) -> bool {
    (ip.to_bits() ^ block.to_bits()) >> (32 - bits) == 0
}

fn in_v6(ip: Ipv6Addr, block: Ipv6Addr, bits: u32) -> bool {
    (ip.to_bits() ^ block.to_bits()) >> (128 - bits) == 0
}

/// How far requests to other servers may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// To the public internet and nowhere else.
    Global,
    /// Also to this very machine: the development switch, `PARCHMENT_ALLOW_LOOPBACK_PEERS`.
    GlobalOrLoopback,
}

impl Reach {
    /// Whether a connection to this address may be opened.
    #[must_use]
    pub fn allows(self, ip: IpAddr) -> bool {
        is_global(ip) || self == Self::GlobalOrLoopback && ip.is_loopback()
    }
}

/// Looks a name up in DNS, or in a test's idea of it.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// All addresses of a name.
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let addresses = tokio::net::lookup_host((name, 0)).await?;
        Ok(addresses.map(|address| address.ip()).collect())
    }
}

/// A name was refused for an address that it leads to.
///
/// The text withholds the address: it may be shown to whoever named the server, and is no
/// business of theirs. The log has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name leads to an address that is not on the public internet")]
pub struct AddressRefused;

/// The resolver of outgoing connections: all addresses of a name are allowed, or none is used.
///
/// One forbidden address spoils the whole name: no honest server publishes such a mix, and nothing
/// may hang on which address of an answer happens to be tried.
#[derive(Clone)]
pub struct GuardedResolver {
    reach: Reach,
    lookup: Arc<dyn Lookup>,
}

impl GuardedResolver {
    /// A resolver that asks the operating system.
    #[must_use]
    pub fn new(reach: Reach) -> Self {
        Self::with_lookup(reach, Arc::new(SystemLookup))
    }

    /// A resolver that asks `lookup`.
    #[must_use]
    pub fn with_lookup(reach: Reach, lookup: Arc<dyn Lookup>) -> Self {
        Self { reach, lookup }
    }

    /// The addresses of `name`, once all of them have been found allowed.
    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Box<dyn std::error::Error + Send + Sync>> {
        let addresses = if is_localhost(name) {
            // Not asked about (RFC 6761, section 6.3), so that plain http stays on this machine.
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        } else {
            self.lookup.lookup(name).await?
        };
        if let Some(&address) = addresses.iter().find(|&&address| !self.reach.allows(address)) {
            let why = why_not_global(address).unwrap_or_default();
            tracing::debug!(name, %address, why, "a name was refused for its address");
            return Err(AddressRefused.into());
        }
        Ok(addresses)
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let addresses = this.addresses(name.as_str()).await?;
            // Port 0 stands for the URL's own.
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

impl fmt::Debug for GuardedResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedResolver")
            .field("reach", &self.reach)
            .finish_non_exhaustive()
    }
}

fn is_localhost(name: &str) -> bool {
    let last_label = name.rsplit('.').next().unwrap_or(name);
    last_label.eq_ignore_ascii_case("localhost")
}
