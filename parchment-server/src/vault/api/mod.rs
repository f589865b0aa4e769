//! The HTTP faces of what users keep, one file for each kind.

pub mod blobs;
pub mod collections;
pub mod devices;
pub mod rotation;
pub mod slots;
pub mod transfer;

use sea_orm::prelude::Uuid;

use crate::http::problem::Problem;

/// The id in a path; what is no id names nothing.
fn id_in_path(text: &str) -> Result<Uuid, Problem> {
    text.parse()
        .map_err(|_| Problem::not_found("You have nothing with this id."))
}
