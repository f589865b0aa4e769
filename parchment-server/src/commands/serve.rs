//! `parchment-server serve`: runs the server until it is asked to end.

use super::Failure;
use crate::{Server, config::Settings};

pub(super) async fn run(settings: Settings) -> Result<(), Failure> {
    let server = Server::start(settings).await.map_err(Failure::of)?;
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
