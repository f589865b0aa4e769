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
}

/// Declares the refusals of an operation: `refusals!(Name { 404: "…", 409: "…" });`
macro_rules! refusals {
    ($($name:ident { $($status:literal: $text:literal),* $(,)? })*) => {
        $(
            /// The refusals of one operation.
            #[derive(Debug)]
            pub struct $name;

            impl $crate::http::answer::Refusals for $name {
                const ALL: &'static [(u16, &'static str)] = &[$(($status, $text)),*];
            }
        )*
    };
}
pub(crate) use refusals;

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
        let always = [
            (500, "Something went wrong on this server: `internal`."),
            (503, "The database cannot be reached now: `unavailable`."),
        ];
        let documented = R::ALL.iter().copied();
        let fallback = always
            .into_iter()
            .filter(|(status, _)| documented.clone().all(|(known, _)| known != *status));
        MetaResponses {
            responses: documented
                .clone()
                .chain(fallback)
                .map(|(status, description)| MetaResponse {
                    description,
                    status: Some(status),
                    status_range: None,
                    content: vec![MetaMediaType {
                        content_type: Json::<ErrorBody>::CONTENT_TYPE,
                        schema: ErrorBody::schema_ref(),
                    }],
                    headers: if status == 429 { vec![retry_after()] } else { vec![] },
                })
                .collect(),
        }
    }

    fn register(registry: &mut Registry) {
        ErrorBody::register(registry);
    }
}

fn retry_after() -> MetaHeader {
    MetaHeader {
        name: "Retry-After".to_owned(),
        description: Some("Seconds after which trying again makes sense.".to_owned()),
        required: true,
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
