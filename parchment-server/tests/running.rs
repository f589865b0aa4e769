//! What those who run a server see of it: health, metrics, request ids and logs, limits of connections.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

#[path = "running/connections.rs"]
mod connections;
#[path = "running/health.rs"]
mod health;
#[path = "running/logs.rs"]
mod logs;
#[path = "running/metrics.rs"]
mod metrics;
