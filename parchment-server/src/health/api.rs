//! The HTTP face of health, for whatever watches the server.

use std::sync::Arc;

use parchment_core::api::health::Health;
use poem::{http::StatusCode, web::Data};
use poem_openapi::{OpenApi, payload::Json};

use super::readiness;
use crate::{
    app::App,
    http::{
        answer::{Fails, refusals},
        problem::Problem,
        tag::Tag,
    },
};

refusals! {
    LiveRefusals {}
    ReadyRefusals {
        503: "The database, its schema or the clock keep the server from working; the message says which: `not_ready`.",
    }
}

/// Health.
#[derive(Debug)]
pub struct HealthApi;

#[OpenApi(prefix_path = "/health")]
impl HealthApi {
    /// Does the server live
    ///
    /// Answers as long as the process answers requests at all; looks at nothing else. When it does not, restart it.
    #[oai(path = "/live", method = "get", tag = "Tag::Health", operation_id = "getLiveness")]
    async fn live(&self) -> Result<Json<Health>, Fails<LiveRefusals>> {
        Ok(Json(Health::ok()))
    }

    /// Can the server work
    ///
    /// Whether the database answers, has this version's schema, and the clock is not behind what it has seen. When it
    /// cannot, send it no requests; a restart may not help.
    #[oai(path = "/ready", method = "get", tag = "Tag::Health", operation_id = "getReadiness")]
    async fn ready(&self, app: Data<&Arc<App>>) -> Result<Json<Health>, Fails<ReadyRefusals>> {
        match readiness::check(&app).await {
            Ok(()) => Ok(Json(Health::ok())),
            Err(missing) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", missing.to_string()).into()),
        }
    }
}
