//! Whether other servers get along with this one.

use super::{Finding, Patient};
use crate::federation::report;

/// From how many refusals on a peer is worth a look.
const MANY: u64 = 100;

/// Looks for peers with another key than the pinned one, and for those with many refusals.
pub(super) async fn peers(patient: &Patient<'_>) -> Option<Finding> {
    const CHECK: &str = "peers";
    let database = patient.database.as_ref()?;
    let peers = match report::list(database.reader()).await {
        Ok(peers) => peers,
        Err(error) => return Some(Finding::fail(CHECK, error.to_string(), "Look at the database first.")),
    };
    let names = |some: Vec<&report::Peer>| {
        let names: Vec<&str> = some.iter().map(|peer| peer.server.as_str()).take(5).collect();
        let more = some.len().saturating_sub(names.len());
        match more {
            0 => names.join(", "),
            _ => format!("{} and {more} more", names.join(", ")),
        }
    };
    let changed: Vec<_> = peers.iter().filter(|peer| peer.mismatch.is_some()).collect();
    if !changed.is_empty() {
        return Some(Finding::warn(
            CHECK,
            format!("another key than the pinned one is shown by {}", names(changed)),
            "They are refused until you decide: parchment-server peer why HOST",
        ));
    }
    // What comes in a peer's name from anybody says nothing about it.
    let refused: Vec<_> = peers
        .iter()
        .filter(|peer| peer.refused_by_us + peer.refused_by_them >= MANY)
        .collect();
    if !refused.is_empty() {
        return Some(Finding::warn(
            CHECK,
            format!(
                "much was refused in the last 30 days between this server and {}",
                names(refused)
            ),
            "See why: parchment-server peer why HOST",
        ));
    }
    Some(Finding::ok(
        CHECK,
        format!("{} are known, and none has changed its key", peers.len()),
    ))
}
