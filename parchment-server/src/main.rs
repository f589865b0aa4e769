//! The program.

use std::process::ExitCode;

/// Requests are many small allocations, for which the system's allocator takes twice the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    parchment_server::commands::run().await
}
