//! The connections of an open database.

use sea_orm::DatabaseConnection;

/// The two ways into one database.
pub(super) struct Pools {
    /// Several connections, none of which can write.
    pub(super) reader: DatabaseConnection,
    /// The connection all writes go through.
    pub(super) writer: DatabaseConnection,
}
