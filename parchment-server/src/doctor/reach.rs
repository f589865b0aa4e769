//! Whether the server can be reached, and whether it is this one that is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{
    Finding, Patient,
    ask::{self, Answer},
};
use crate::federation::{fingerprint::Fingerprint, guard};

/// Whether the server runs: it answers where it listens.
pub(super) async fn listening(patient: &Patient<'_>) -> (Finding, bool) {
    const CHECK: &str = "listening";
    let address = reachable(patient.settings.listen);
    let Some(server) = &patient.server else {
        let advice = "Mend the key first, then start the server.";
        return (
            Finding::warn(CHECK, "not asked: there is no key to know the server by", advice),
            false,
        );
    };
    match ask::manifest(&format!("http://{address}"), server.id(), &server.public_key()).await {
        Answer::Own { .. } => (
            Finding::ok(CHECK, format!("the server runs and answers at {address}")),
            true,
        ),
        Answer::Nothing(why) => {
            let advice = "If it should run, start it, and look at its log.";
            (
                Finding::warn(CHECK, format!("the server does not run: {address}: {why}"), advice),
                false,
            )
        }
        Answer::OtherKey(key) => {
            let found = format!(
                "at {address} a server answers with another key, {}",
                Fingerprint::of(&key)
            );
            let advice =
                "It runs with other data or another key: give the same settings as to the server, or restart it.";
            (Finding::fail(CHECK, found, advice), false)
        }
        Answer::Else(what) => {
            let advice =
                "Another program, or a server with other settings, has the port. Change PARCHMENT_LISTEN, or stop it.";
            (
                Finding::fail(CHECK, format!("at {address} is not this server: {what}"), advice),
                false,
            )
        }
    }
}

/// The address by which this machine reaches its own listener.
fn reachable(listen: std::net::SocketAddr) -> std::net::SocketAddr {
    let mut address = listen;
    match address.ip() {
        IpAddr::V4(any) if any.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(any) if any.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

/// Whether the public origin leads to this server. Gives the `Date` that was seen there.
pub(super) async fn public_origin(patient: &Patient<'_>, running: bool) -> (Finding, Option<String>) {
    const CHECK: &str = "public_origin";
    let origin = &patient.settings.public_origin;
    let Some(server) = &patient.server else {
        let advice = "Mend the key first.";
        return (
            Finding::warn(CHECK, "not asked: there is no key to know the server by", advice),
            None,
        );
    };
    let addresses = match addresses(origin.server_id().host()).await {
        Ok(addresses) => addresses,
        Err(error) => {
            let advice = "Nobody finds the server without it: add an A or AAAA record with your provider of DNS.";
            return (
                Finding::fail(CHECK, format!("the name of {origin} leads nowhere: {error}"), advice),
                None,
            );
        }
    };
    let shown = addresses.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ");
    let is_private = !addresses.iter().all(|address| guard::is_global(*address));
    let finding = match ask::manifest(&origin.to_string(), server.id(), &server.public_key()).await {
        Answer::Own { date } => return (own(patient, &shown, is_private), date),
        Answer::OtherKey(key) => Finding::fail(
            CHECK,
            format!(
                "{origin} ({shown}) is a server with another key, {}, where {} is expected",
                Fingerprint::of(&key),
                Fingerprint::of(&server.public_key())
            ),
            "The proxy or the DNS leads to another server or an old one. Others refuse what this server sends until it \
             leads here.",
        ),
        Answer::Else(what) => Finding::fail(
            CHECK,
            format!("{origin} ({shown}) is not this server: {what}"),
            "The usual fault is the proxy: it must pass on all paths, /.well-known/ among them, to PARCHMENT_LISTEN.",
        ),
        Answer::Nothing(why) if !running => Finding::warn(
            CHECK,
            format!("{origin} ({shown}) does not answer, and the server does not run: {why}"),
            "Start the server and run this again.",
        ),
        Answer::Nothing(why) => Finding::fail(
            CHECK,
            format!("{origin} ({shown}) cannot be reached from here: {why}"),
            "Look at the proxy, its certificate and the firewall. If the server can be reached from outside, your router \
             does not lead its own public address back inside (hairpin): that harms nobody but this check.",
        ),
    };
    (finding, None)
}

fn own(patient: &Patient<'_>, addresses: &str, is_private: bool) -> Finding {
    const CHECK: &str = "public_origin";
    let origin = &patient.settings.public_origin;
    if origin.server_id().is_loopback() {
        return Finding::warn(
            CHECK,
            format!("{origin} is this server, and this very machine"),
            "Nobody else can reach it: good for trying it out. Set PARCHMENT_PUBLIC_ORIGIN before anybody takes an alias.",
        );
    }
    if is_private {
        return Finding::warn(
            CHECK,
            format!("{origin} is this server, and from here leads to {addresses}, not on the public internet"),
            "At home that is usual (split DNS). Other servers must find a public address, and refuse to ask a private \
             one: look the name up from outside.",
        );
    }
    Finding::ok(
        CHECK,
        format!("{origin} ({addresses}) is this server, with its own name and key"),
    )
}

async fn addresses(host: &str) -> std::io::Result<Vec<IpAddr>> {
    let mut addresses: Vec<IpAddr> = tokio::net::lookup_host((host, 0))
        .await?
        .map(|found| found.ip())
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    Ok(addresses)
}
