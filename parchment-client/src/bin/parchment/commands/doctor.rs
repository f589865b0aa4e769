//! Looking step by step at what works.

use serde_json::json;

use super::Done;
use crate::{failure::Failure, home::Home, terminal::Terminal};

/// A signed message is taken for five minutes to either side.
const CLOCK_MS: u64 = 300_000;

pub async fn run(home: &Home<'_>, terminal: &Terminal, handle: Option<&str>) -> Done {
    let (mut text, mut steps, mut first) = (String::new(), Vec::new(), None);
    let mut step = |name: &str, outcome: Result<String, Failure>| {
        let (mark, said) = match &outcome {
            Ok(said) => ("ok", said.clone()),
            Err(failure) => ("FAILED", failure.to_string()),
        };
        text.push_str(&format!("{mark:<7} {name}: {said}\n"));
        steps.push(json!({ "step": name, "ok": outcome.is_ok(), "said": said }));
        first = first.take().or(outcome.err());
    };

    let session = home.session()?;
    let client = home.client()?;
    let ready = client.health().ready().await.map_err(Failure::from);
    step(
        "server",
        ready.map(|ready| format!("{} answers {}", session.origin, ready.status)),
    );
    let manifest = client.well_known().manifest().await.map_err(Failure::from);
    step(
        "discovery",
        manifest.map(|manifest| format!("it is {} to other servers", manifest.server_id)),
    );
    let clock = session.clock_ahead_ms;
    step(
        "clock",
        match clock.unsigned_abs() < CLOCK_MS {
            true => Ok(format!("{} s apart at the last sign-in", clock.unsigned_abs() / 1000)),
            false => Err(Failure::Other(format!(
                "{} s apart at the last sign-in; what you sign is refused",
                clock / 1000
            ))),
        },
    );
    match home.account().await {
        Ok(account) => {
            step(
                "keys",
                Ok(format!("the server shows {}", account.signing_key().await.to_base64())),
            );
            let checked = account.check().await.map_err(Failure::from);
            step(
                "records",
                checked.map(|()| "all are there, and none is older than it was".to_owned()),
            );
        }
        Err(failure) => step("keys", Err(failure)),
    }
    if let Some(handle) = handle {
        let found = client.friends().resolve(handle).await.map_err(Failure::from);
        step(
            "delivery",
            found.map(|found| format!("{handle} is found, with the key {}", found.signing_key)),
        );
    }
    terminal.say(&text, &json!({ "ok": first.is_none(), "steps": steps }))?;
    first.map_or(Ok(()), Err)
}
