//! Documented answers: which statuses an operation has, and with which codes.

use std::marker::PhantomData;

use parchment_core::{api::error::ErrorBody, refusal::Refusal};
use poem_openapi::{
    ApiResponse,
    payload::{Json, Payload as _},
    registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type as _,
};

use super::problem::Problem;
use crate::store::StoreError;

/// The refusals that an operation documents.
pub trait Refusals: Send + Sync + 'static {
    /// Statuses, each with a sentence and its codes.
    const ALL: &'static [(u16, &'static str)];

    /// Whether the operation reads a body, and so refuses what any body can be refused for.
    const READS_BODY: bool;
}

/// What any operation that reads a body refuses, unless it says more about the status itself.
const OF_BODIES: [(u16, &str); 5] = [
    (400, "Not JSON: `malformed_json`. Broken off: `bad_request`."),
    (408, "The body did not come in time: `request_timeout`."),
    (413, "Too long: `body_too_large`."),
    (415, "Not JSON by its content type: `unsupported_media_type`."),
    (422, "A member is missing, unknown or of another type: `invalid_body`."),
];

/// What any operation can fail with.
const OF_ALL: [(u16, &str); 2] = [
    (500, "Something went wrong on this server: `internal`."),
    (
        503,
        "The database cannot be reached now: `unavailable`. Too much is under way: `busy`.",
    ),
];

/// Declares the refusals of an operation: `refusals! { Name { 404: "…" } WithBody + body { 409: "…" } }`.
macro_rules! refusals {
    ($($name:ident $(+ $body:ident)? { $($status:literal: $text:literal),* $(,)? })*) => {
        $(
            /// The refusals of one operation.
            #[derive(Debug)]
            pub struct $name;

            impl $crate::http::answer::Refusals for $name {
                const ALL: &'static [(u16, &'static str)] = &[$(($status, $text)),*];
                const READS_BODY: bool = !matches!(stringify!($($body)?).as_bytes(), b"");
            }
        )*
    };
}
pub(crate) use refusals;

refusals! {
    SignedOut {
        401: "No live session: `signed_out`.",
    }
}

/// A [`Problem`] of an operation whose document lists the refusals `R`.
#[derive(Debug)]
pub struct Fails<R>(Problem, PhantomData<R>);

impl<R, E> From<E> for Fails<R>
where
    E: IntoProblem,
{
    fn from(error: E) -> Self {
        Self(error.into_problem(), PhantomData)
    }
}

/// What `?` may turn into a problem.
pub trait IntoProblem {
    /// The problem.
    fn into_problem(self) -> Problem;
}

impl IntoProblem for Problem {
    fn into_problem(self) -> Problem {
        self
    }
}

impl IntoProblem for StoreError {
    fn into_problem(self) -> Problem {
        self.into()
    }
}

impl IntoProblem for Refusal {
    fn into_problem(self) -> Problem {
        self.into()
    }
}

impl<R> From<Fails<R>> for poem::Error {
    fn from(fails: Fails<R>) -> Self {
        fails.0.into()
    }
}

impl<R: Refusals> ApiResponse for Fails<R> {
    fn meta() -> MetaResponses {
        let of_bodies = OF_BODIES.into_iter().filter(|_| R::READS_BODY);
        let unsaid = of_bodies
            .chain(OF_ALL)
            .filter(|(status, _)| R::ALL.iter().all(|(said, _)| said != status));
        let mut all: Vec<(u16, &'static str)> = R::ALL.iter().copied().chain(unsaid).collect();
        all.sort_unstable_by_key(|(status, _)| *status);
        MetaResponses {
            responses: all
                .into_iter()
                .map(|(status, description)| MetaResponse {
                    description,
                    status: Some(status),
                    status_range: None,
                    content: vec![MetaMediaType {
                        content_type: Json::<ErrorBody>::CONTENT_TYPE,
                        schema: ErrorBody::schema_ref(),
                    }],
                    headers: match status {
                        429 => vec![retry_after(true)],
                        503 => vec![retry_after(false)],
                        _ => vec![],
                    },
                })
                .collect(),
        }
    }

    fn register(registry: &mut Registry) {
        ErrorBody::register(registry);
    }
}

/// 503 has it when the reason is this server's own and passes.
fn retry_after(required: bool) -> MetaHeader {
    MetaHeader {
        name: "Retry-After".to_owned(),
        description: Some("Seconds after which trying again makes sense.".to_owned()),
        required,
        deprecated: false,
        schema: u32::schema_ref(),
    }
}

/// 204: done, and there is nothing to say.
#[derive(ApiResponse, Debug)]
pub enum Done {
    /// Done.
    #[oai(status = 204)]
    NoContent,
}
