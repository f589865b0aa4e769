//! Which addresses requests to other servers may reach.
//!
//! Whoever writes a handle chooses a host name, and whoever runs that name's DNS chooses the addresses behind it. Neither
//! may choose the machine that asks, its network, or the address where a hosting company hands out credentials. Ask about
//! the addresses that the connection itself uses: a look-up that is made twice can be answered differently.
//!
//! ```
//! use parchment_core::reach::{Reach, is_global};
//!
//! assert!(is_global("9.9.9.9".parse().unwrap()));
//! assert!(!is_global("169.254.169.254".parse().unwrap()));
//! assert!(Reach::GlobalOrLoopback.allows("127.0.0.1".parse().unwrap()));
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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

/// What is special about an address that is not global, with the RFC that says so; none when it is global.
#[must_use]
pub fn why_not_global(ip: IpAddr) -> Option<&'static str> {
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
    /// Also to this very machine, for development and tests.
    GlobalOrLoopback,
}

impl Reach {
    /// Whether a connection to this address may be opened.
    #[must_use]
    pub fn allows(self, ip: IpAddr) -> bool {
        is_global(ip) || self == Self::GlobalOrLoopback && ip.is_loopback()
    }
}
