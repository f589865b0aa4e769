//! The settings by themselves.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Finding;
use crate::config::Settings;

/// Whether the settings can work together.
pub(super) fn settings(settings: &Settings) -> Finding {
    const CHECK: &str = "settings";
    match settings.check() {
        Ok(()) => {
            let known = format!(
                "people here are NAME@{}, reached at {}",
                settings.server_id(),
                settings.public_origin
            );
            // Proxies are looked at more closely below.
            let warnings = settings.warnings();
            let others = warnings.iter().filter(|warning| warning.setting != "trusted_proxies");
            let others: Vec<String> = others.map(ToString::to_string).collect();
            match others.is_empty() {
                true => Finding::ok(CHECK, known),
                false => Finding::warn(CHECK, known, others.join("; ")),
            }
        }
        Err(error) => Finding::fail(
            CHECK,
            error.to_string(),
            "The server does not start before this is mended.",
        ),
    }
}

/// Whether the clients' addresses can be told, by the proxies in front and by nobody else.
pub(super) fn trusted_proxies(settings: &Settings) -> Finding {
    const CHECK: &str = "trusted_proxies";
    // Some addresses on the public internet, far from each other.
    let everybody: [IpAddr; 4] = [
        Ipv4Addr::new(1, 1, 1, 1).into(),
        Ipv4Addr::new(193, 0, 6, 139).into(),
        Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111).into(),
        Ipv6Addr::new(0x2001, 0x67c, 0x2e8, 0x22, 0, 0, 0, 1).into(),
    ];
    let trusted = &settings.trusted_proxies;
    if everybody.iter().filter(|address| trusted.contain(**address)).count() > 1 {
        return Finding::fail(
            CHECK,
            "PARCHMENT_TRUSTED_PROXIES believes proxies all over the internet",
            "Anybody can give herself any address, and no limit per address holds. Name your own proxy's address only.",
        );
    }
    if trusted.is_empty() && settings.public_origin.is_https() {
        let advice = "Other servers come over https, so a proxy stands in front; unless it is named, all clients share \
                      its address and its limits. Set PARCHMENT_TRUSTED_PROXIES to the address it connects from \
                      (127.0.0.1 if it runs on this machine).";
        return Finding::warn(CHECK, "no proxy is trusted, and the public origin is https", advice);
    }
    let this_machine = trusted.contain(Ipv4Addr::LOCALHOST.into()) || trusted.contain(Ipv6Addr::LOCALHOST.into());
    if !trusted.is_empty() && settings.listen.ip().is_loopback() && !this_machine {
        return Finding::warn(
            CHECK,
            format!(
                "the server listens on {}, where only this machine can connect, and this machine is not a trusted proxy",
                settings.listen
            ),
            "Add the address that the proxy connects from: 127.0.0.1 or ::1.",
        );
    }
    let found = if trusted.is_empty() {
        "no proxy is trusted"
    } else {
        "proxies are trusted, and not everybody is one"
    };
    Finding::ok(CHECK, found)
}
