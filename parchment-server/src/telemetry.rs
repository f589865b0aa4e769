//! Logging, to standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{LogFilter, LogFormat};

/// What the libraries below say is seldom of interest; a directive of the operator's comes later and wins.
///
/// webauthn-rs calls every answer that does not verify an error, and anybody can send one.
const LIBRARIES: &str = "hyper=warn,hyper_util=warn,h2=warn,poem=warn,sea_orm=warn,sea_orm_migration=warn,sqlx=warn,\
                         rustls=warn,webauthn_rs=off";

/// Starts logging as set; a second call does nothing.
pub fn start(filter: &LogFilter, format: LogFormat) {
    let filter = EnvFilter::new(format!("{LIBRARIES},{}", filter.as_str()));
    let logs = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Failing means that somebody else has started logging already, as a program that embeds this one may.
    let _ = match format {
        LogFormat::Pretty => logs
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .try_init(),
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
    };
}

/// Logs errors only, for commands that say what they do themselves.
pub fn quiet() {
    let _ = fmt()
        .with_env_filter(EnvFilter::new("error"))
        .with_writer(std::io::stderr)
        .with_target(false)
        .try_init();
}
