//! `inbox-http.json`: whole requests to the inbox, and what else is asked over HTTP.

use parchment_core::limits::{
    INBOX_FAILURES_PER_ADDRESS_PER_MINUTE, INBOX_PER_SERVER_PER_MINUTE, WELL_KNOWN_PER_ADDRESS_PER_MINUTE,
};

use super::{
    reader::{Case, VectorFile},
    verdict::{Finding, Ours, Reason, compare},
    well_known,
    world::{A_EXAMPLE_KEY, ALICE_KEY, EVIL_EXAMPLE_KEY, NOON, NobodyHome, Receiver, World},
};

/// The case in which alice publishes a key under which anything verifies.
const ALL_ZERO_KEY_CASE: &str = "sequence/all-zero-user-key-and-signature";

/// 32 zero bytes.
const ALL_ZERO_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// The most that a limit may allow in a minute and still keep a flood out.
const FLOOD: u32 = 10_000;

pub(crate) fn judge(file: &VectorFile, case: &Case<'_>) -> Finding {
    let name = case.name();
    if let Some(path) = name.strip_prefix("get ") {
        return well_known::judge(case, path);
    }
    if let Some(limited) = name.strip_prefix("rate-limit ") {
        return judge_rate_limit(limited);
    }
    let steps = case.steps().or_else(|| case.get("request_body").map(|_| vec![*case]));
    let Some(steps) = steps else {
        return Finding::UnknownKind;
    };
    judge_steps(file, name, &steps)
}

/// Judges requests that arrive one after the other at the same server.
fn judge_steps(file: &VectorFile, name: &str, steps: &[Case<'_>]) -> Finding {
    let published = if name == ALL_ZERO_KEY_CASE {
        ALL_ZERO_KEY
    } else {
        file.text_or("user_public_key", ALICE_KEY)
    };
    let world = World::default()
        .with_server("a.example", file.text_or("server_public_key", A_EXAMPLE_KEY))
        .with_server("evil.example", EVIL_EXAMPLE_KEY)
        .with_user("alice@a.example", published);
    let upstream = |step: &Case<'_>| (step.number("status") == 202.0).then_some(());
    let takes_rejections = steps.iter().all(|step| upstream(step).is_some());
    let receiver = Receiver::new("b.example", NOON, world, NobodyHome { takes_rejections });
    steps.iter().fold(Finding::AsUpstream, |finding, step| {
        finding.and(compare(upstream(step), deliver(&receiver, step)))
    })
}

fn deliver(receiver: &Receiver, step: &Case<'_>) -> Ours<()> {
    let headers = step.texts("request_headers");
    if !has_json_content(&headers) {
        return Err(Reason::new(None, "415: the content is not application/json"));
    }
    receiver.deliver(&headers, step.json_input("request_body")?)
}

/// The rule of the HTTP layer, which this crate is not: `application/json`, with any parameters.
fn has_json_content(headers: &[(&str, &str)]) -> bool {
    let found = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let media_type = found.and_then(|(_, value)| value.split(';').next()).unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/json")
}

/// A flood is refused. This crate only says where the limits are; the server that counts has tests of its own.
///
/// Where upstream counts nothing, every single request of the flood is refused for its body anyway.
fn judge_rate_limit(limited: &str) -> Finding {
    let limits = if limited.starts_with("inbox") {
        vec![INBOX_PER_SERVER_PER_MINUTE, INBOX_FAILURES_PER_ADDRESS_PER_MINUTE]
    } else if limited.starts_with("well-known") {
        vec![WELL_KNOWN_PER_ADDRESS_PER_MINUTE]
    } else {
        return Finding::UnknownKind;
    };
    compare(
        Some(true),
        Ok(limits.into_iter().all(|limit| (1..=FLOOD).contains(&limit))),
    )
}
