//! The connections of an open database.

use sea_orm::DatabaseConnection;

use super::postgres::Turns;

/// The ways into one database.
pub(super) struct Pools {
    /// Several connections, none of which can write.
    pub(super) reader: DatabaseConnection,
    /// The connections all writes go through: one on SQLite.
    pub(super) writer: DatabaseConnection,
    /// Whose turn it is, where several write at once.
    pub(super) turns: Option<Turns>,
}
