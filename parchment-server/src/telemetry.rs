//! Logging, to standard error.
//!
//! A log is read by more people than the server's memory, so no setting puts a secret into it. This
//! program's own events name what they say field by field. The libraries below may log headers, frames, SQL
//! with its values and handshakes at their lower levels: these never get out, whatever the filter says.

use std::io::IsTerminal as _;

use tracing::Level;
use tracing_subscriber::{
    EnvFilter, Layer as _, Registry,
    filter::{FilterExt as _, Targets},
    fmt,
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use crate::config::{LogFilter, LogFormat};

/// What the libraries below say is seldom of interest; a directive of the operator's comes later and wins.
///
/// webauthn-rs calls every answer that does not verify an error, and anybody can send one.
const LIBRARIES: &str = "hyper=warn,hyper_util=warn,h2=warn,poem=warn,sea_orm=warn,sea_orm_migration=warn,sqlx=warn,\
                         rustls=warn,webauthn_rs=off";

/// What is written of this program and of all others at most. Libraries that are yet unknown are among the others.
fn at_most() -> Targets {
    Targets::new()
        .with_default(Level::INFO)
        .with_targets([("parchment_server", Level::TRACE), ("parchment_core", Level::TRACE)])
}

/// Starts logging as set; a second call does nothing.
pub fn start(filter: &LogFilter, format: LogFormat) {
    let filter = EnvFilter::new(format!("{LIBRARIES},{}", filter.as_str())).and(at_most());
    let logs = fmt::layer().with_writer(std::io::stderr);
    let logs = match format {
        LogFormat::Pretty => logs
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .with_filter(filter)
            .boxed(),
        LogFormat::Json => logs.json().flatten_event(true).with_filter(filter).boxed(),
    };
    // Failing means that somebody else has started logging already, as a program that embeds this one may.
    let _ = Registry::default().with(logs).try_init();
}

/// Logs as these directives say, for commands that tell what they do themselves.
pub fn only(directives: &str) {
    let _ = fmt()
        .with_env_filter(EnvFilter::new(directives))
        .with_writer(std::io::stderr)
        .with_target(false)
        .try_init();
}
