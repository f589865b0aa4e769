//! Where a request comes from.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use poem::{Addr, Request};

use crate::config::Networks;

/// The address of the client: the connection's, or what trusted proxies say of it.
///
/// `X-Forwarded-For` is believed from right to left for as long as the one who wrote an entry is
/// trusted; the first address that is not is the client. What a client itself puts into the
/// header stands left of that and is never looked at. No other header says anything, `Forwarded`
/// (RFC 7239) included: a proxy that does not write a header passes on the client's own.
pub fn address(request: &Request, trusted: &Networks) -> IpAddr {
    let connection = match &request.remote_addr().0 {
        Addr::SocketAddr(address) => address.ip().to_canonical(),
        _ => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    // A line that cannot be read becomes an entry that cannot be parsed, which ends the walk.
    let lines = request.headers().get_all("x-forwarded-for").iter().rev();
    let forwarded = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    let mut client = connection;
    for entry in forwarded {
        if !trusted.contain(client) {
            break;
        }
        match read_entry(entry.trim()) {
            Some(address) => client = address.to_canonical(),
            None => break,
        }
    }
    client
}

/// The address of an entry, which some proxies write with the client's port, and IPv6 in brackets then.
fn read_entry(entry: &str) -> Option<IpAddr> {
    let in_brackets = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match in_brackets {
        Some(address) => address.parse().ok().filter(IpAddr::is_ipv6),
        None => {
            let with_port = || {
                entry
                    .parse::<SocketAddr>()
                    .ok()
                    .filter(|address| !entry.contains('%') && address.port() > 0)
            };
            entry.parse().ok().or_else(|| with_port().map(|address| address.ip()))
        }
    }
}

/// What limits count the client of a request by: her IPv4 address, or the 64-bit network of an IPv6 one, which one
/// subscriber has to herself.
pub fn limit_key(request: &Request, trusted: &Networks) -> String {
    network_of(address(request, trusted))
}

/// The network that counts as one client.
pub fn network_of(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}
