//! The connections of an open database.

use sea_orm::DatabaseConnection;

use super::{postgres::Turns, sqlite::Watch};

/// The ways into one database.
pub(super) struct Pools {
    /// Several connections, none of which can write.
    pub(super) reader: DatabaseConnection,
    /// The connections all writes go through: one on SQLite.
    pub(super) writer: DatabaseConnection,
    /// Where to see whether anything was written; none where only the database could say.
    pub(super) watch: Option<Watch>,
    /// Whose turn it is, where several write at once.
    pub(super) turns: Option<Turns>,
}
