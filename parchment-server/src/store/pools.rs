//! The connections of an open database.

use sea_orm::DatabaseConnection;

use super::sqlite::Watch;

/// The two ways into one database.
pub(super) struct Pools {
    /// Several connections, none of which can write.
    pub(super) reader: DatabaseConnection,
    /// The connection all writes go through.
    pub(super) writer: DatabaseConnection,
    /// Where to see whether anything was written; none where only the database could say.
    pub(super) watch: Option<Watch>,
}
