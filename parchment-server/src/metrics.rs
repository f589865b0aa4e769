//! Counters for operators, in the text format of Prometheus (OpenMetrics 1.0).
//!
//! Labels are names from the program itself, such as templates of paths and stable
//! codes: nothing that a client sends becomes one.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use poem::{Response, Route, endpoint::make_sync, get};
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

/// Upper bounds of the buckets for durations, in seconds.
const SECONDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    path: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    method: &'static str,
    path: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// What is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Operation, Histogram>,
    inbox: Family<Outcome, Counter>,
    outbox: Family<Outcome, Counter>,
    mails: Family<Outcome, Counter>,
    /// Connections that are open.
    pub connections: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Counters at nought.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("parchment");
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program", version);
        let started = Gauge::<i64>::default();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        started.set(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        registry.register_with_unit("start_time", "When it started, since 1970", Unit::Seconds, started);

        let requests = Family::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        let durations = Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram);
        let help = "Time from the head of a request to its answer";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, durations.clone());
        let connections = Gauge::default();
        registry.register("http_connections", "Open connections", connections.clone());
        let inbox = Family::default();
        let help = "Messages of other servers: applied, retried, or the code they were refused with";
        registry.register("inbox_messages", help, inbox.clone());
        let outbox = Family::default();
        let help = "Messages to other servers: delivered, refused, not_sent, or unknown when no answer came";
        registry.register("outbox_messages", help, outbox.clone());
        let mails = Family::default();
        registry.register("mails", "Mails: sent or failed", mails.clone());
        Self {
            registry,
            requests,
            durations,
            inbox,
            outbox,
            mails,
            connections,
        }
    }

    /// Counts an answered request. `path` is a template, with names in place of what was asked for.
    pub fn count_request(&self, method: &'static str, path: &str, status: u16, took: Duration) {
        let path = path.to_owned();
        let operation = Operation {
            method,
            path: path.clone(),
        };
        self.durations.get_or_create(&operation).observe(took.as_secs_f64());
        self.requests.get_or_create(&Answered { method, path, status }).inc();
    }

    /// Counts a message of another server by what became of it.
    pub fn count_received(&self, outcome: &'static str) {
        self.inbox.get_or_create(&Outcome { outcome }).inc();
    }

    /// Counts a message to another server by what became of it.
    pub fn count_sent(&self, outcome: &'static str) {
        self.outbox.get_or_create(&Outcome { outcome }).inc();
    }

    /// Counts a mail.
    pub fn count_mail(&self, is_sent: bool) {
        let outcome = if is_sent { "sent" } else { "failed" };
        self.mails.get_or_create(&Outcome { outcome }).inc();
    }

    /// All of them as text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a text does not fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}

/// What the listener for metrics serves: `GET /metrics`.
pub(crate) fn endpoint(metrics: Arc<Metrics>) -> Route {
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let answer = move |_| Response::builder().content_type(OPEN_METRICS).body(metrics.text());
    Route::new().at("/metrics", get(make_sync(answer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_can_be_read() {
        let metrics = Metrics::new();
        metrics.count_request("GET", "/users/{id}", 200, Duration::from_millis(3));
        metrics.count_received("applied");
        metrics.count_received("applied");
        metrics.count_mail(false);
        let text = metrics.text();
        for line in [
            r#"parchment_http_requests_total{method="GET",path="/users/{id}",status="200"} 1"#,
            r#"parchment_http_request_duration_seconds_bucket{le="0.005",method="GET",path="/users/{id}"} 1"#,
            r#"parchment_inbox_messages_total{outcome="applied"} 2"#,
            r#"parchment_mails_total{outcome="failed"} 1"#,
            "parchment_http_connections 0",
        ] {
            assert!(text.contains(line), "{line} is missing:\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
