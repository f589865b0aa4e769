//! `parchment-server serve`: runs the server until it is asked to end.

use super::Failure;
use crate::{Server, config::Loaded, connections::descriptors, telemetry};

pub(super) async fn run(loaded: Loaded) -> Result<(), Failure> {
    loaded
        .settings
        .check()
        .map_err(|error| Failure(loaded.locate(&error)))?;
    telemetry::start(&loaded.settings.log, loaded.settings.log_format);
    for warning in loaded.settings.warnings() {
        tracing::warn!("{}", loaded.locate(&warning));
    }
    descriptors::ask_for(loaded.settings.max_connections);
    let server = Server::start(loaded.settings).await.map_err(Failure::of)?;
    server.run_until(shutdown_signal()).await.map_err(Failure::of)
}

/// Done when the process is asked to end: SIGINT or SIGTERM.
async fn shutdown_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => {
                let _ = interrupt.await;
            }
        }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
}
