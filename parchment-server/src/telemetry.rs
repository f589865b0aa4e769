//! Logging: to standard error, filtered by RUST_LOG.

use std::io::IsTerminal as _;

use tracing_subscriber::{EnvFilter, fmt};

/// Starts logging; a second call does nothing.
pub fn start(default_filter: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default_filter));
    let _ = fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
}
