//! What all faces of the server share: callers, bodies, problems, limits.

pub mod allow;
pub mod answer;
pub mod body;
pub mod client;
pub mod condition;
pub mod cross_origin;
pub mod detached;
pub mod files;
pub mod observe;
pub mod outgoing;
pub mod paths;
pub mod problem;
pub mod tag;
pub mod traffic;
