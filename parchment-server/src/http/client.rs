//! Where a request comes from.

use std::net::{IpAddr, Ipv4Addr};

use poem::{Addr, Request};

use crate::config::Networks;

/// The address of the client: the connection's, or what trusted proxies say of it.
///
/// `X-Forwarded-For` is believed from right to left for as long as the one who wrote an entry is
/// trusted; the first address that is not is the client. What a client itself puts into the
/// header stands left of that and is never looked at.
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
        match entry.trim().parse::<IpAddr>() {
            Ok(address) => client = address.to_canonical(),
            Err(_) => break,
        }
    }
    client
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
