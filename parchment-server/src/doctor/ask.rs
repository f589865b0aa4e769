//! Asking this very server, under the addresses that its operator has set.
//!
//! Federation asks only what lies on the public internet ([`guard`](crate::federation::guard)), since strangers choose
//! whom it asks. Here the operator has chosen, and at home her own name often leads to a private address.

use std::{error::Error, time::Duration};

use parchment_core::{
    handle::ServerId,
    keys::VerifyingKey,
    manifest::{MANIFEST_PATH, Manifest},
};
use reqwest::{ClientBuilder, header, redirect::Policy};

use crate::federation::fetch;

const WITHIN: Duration = Duration::from_secs(10);

/// As long as a manifest may be for other servers.
const MAX_BYTES: usize = 64 * 1024;

/// What answered at an origin.
#[derive(Debug)]
pub(super) enum Answer {
    /// This server: the manifest is its own.
    Own {
        /// The `Date` header.
        date: Option<String>,
    },
    /// A server with this name and another key.
    OtherKey(VerifyingKey),
    /// Something else; a sentence says what.
    Else(String),
    /// Nothing; a sentence says why.
    Nothing(String),
}

/// Asks `origin` for the manifest of this server.
pub(super) async fn manifest(origin: &str, server: &ServerId, key: &VerifyingKey) -> Answer {
    let asked = tokio::time::timeout(WITHIN, get(&format!("{origin}{MANIFEST_PATH}"))).await;
    let (status, is_json, date, body) = match asked {
        Ok(Ok(answer)) => answer,
        Ok(Err(why)) => return Answer::Nothing(why),
        Err(_) => return Answer::Nothing(format!("no answer in {} s", WITHIN.as_secs())),
    };
    match status {
        200 => {}
        300..=399 => return Answer::Else(format!("it redirects ({status}), and servers do not follow")),
        // What proxies say when there is nothing behind them.
        502..=504 => return Answer::Nothing(format!("the proxy answers {status}: it does not reach the server")),
        _ => return Answer::Else(format!("it answers {status} to {MANIFEST_PATH}")),
    }
    if !is_json {
        return Answer::Else(format!("what it says to {MANIFEST_PATH} is not application/json"));
    }
    match Manifest::read(&body, server) {
        Ok(manifest) if manifest.public_key == *key => Answer::Own { date },
        Ok(manifest) => Answer::OtherKey(manifest.public_key),
        Err(refusal) => Answer::Else(format!(
            "what it publishes is not this server's manifest: {}",
            refusal.detail()
        )),
    }
}

async fn get(url: &str) -> Result<(u16, bool, Option<String>, Vec<u8>), String> {
    let client = ClientBuilder::new()
        .tls_backend_preconfigured(fetch::tls().map_err(|error| error.to_string())?)
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(WITHIN / 2)
        .build();
    let request = client.map_err(|error| innermost(&error))?.get(url);
    let mut response = request.send().await.map_err(|error| innermost(&error))?;
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let is_json = text(header::CONTENT_TYPE).is_some_and(|value| value.starts_with("application/json"));
    let date = text(header::DATE).map(str::to_owned);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| innermost(&error))? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err("the answer is too long".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    Ok((response.status().as_u16(), is_json, date, body))
}

/// The cause of a failure, without the wrappings around it.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
