//! Looking a server over: what is in order, what is not, and what to do about it.
//!
//! Nothing that the server has is changed, and it does not matter whether the server runs. Each check stands by itself: one that fails
//! keeps none of the others from being made.

mod ask;
mod clock;
mod mail;
mod peers;
mod reach;
mod setup;
mod storage;

use std::sync::Arc;

use parchment_core::request::ServerIdentity;
use serde::Serialize;

use crate::{app::SystemClock, config::Settings, store::Inspection};

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, or could not be judged; somebody should look.
    Warn,
    /// It does not work.
    Fail,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check: a stable word.
    pub check: &'static str,
    /// How it went.
    pub verdict: Verdict,
    /// What was found, in a sentence.
    pub found: String,
    /// What to do about it; nothing when all is well.
    pub advice: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self {
            check,
            verdict: Verdict::Ok,
            found: found.into(),
            advice: None,
        }
    }

    fn warn(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warn,
            advice: Some(advice.into()),
            ..Self::ok(check, found)
        }
    }

    fn fail(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Fail,
            ..Self::warn(check, found, advice)
        }
    }
}

/// Looks the server with these settings over, and tells of each finding as it is made.
///
/// With an address, a mail is sent to it.
pub async fn examine(settings: &Settings, mail_to: Option<&str>, mut tell: impl FnMut(&Finding)) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut found = |finding: Finding| {
        tell(&finding);
        findings.push(finding);
    };
    found(setup::settings(settings));
    found(setup::trusted_proxies(settings));
    found(storage::folder(settings));
    if let Some(finding) = storage::space(settings) {
        found(finding);
    }
    let (finding, database) = storage::database(settings).await;
    found(finding);
    let (finding, server) = storage::key(settings, database.as_ref()).await;
    found(finding);
    let patient = Patient {
        settings,
        server,
        database,
    };

    let (finding, running) = reach::listening(&patient).await;
    found(finding);
    let (finding, date) = reach::public_origin(&patient, running).await;
    found(finding);
    found(clock::clock(&patient, date, &SystemClock).await);
    found(mail::mail(settings).await);
    if let Some(address) = mail_to {
        found(mail::send(settings, address).await);
    }
    if let Some(finding) = peers::peers(&patient).await {
        found(finding);
    }
    if let Some(database) = patient.database {
        database.close().await;
    }
    findings
}

/// What the later checks know from the earlier ones.
struct Patient<'a> {
    settings: &'a Settings,
    /// Name and key, if there is a key.
    server: Option<Arc<ServerIdentity>>,
    /// The database, if it can be asked and is of this version.
    database: Option<Inspection>,
}
