//! Where everything durable lives: the only room that knows SeaORM's drivers.
//!
//! A [`Store`] is one database: SQLite in a file, or PostgreSQL, which any
//! number of processes share. Its readers run side by side and cannot write.
//! Its writers each have one transaction: on SQLite they take turns, and each
//! holds the write lock from its first statement on; on PostgreSQL they run
//! beside each other, isolated as if they took turns, and one that was
//! overtaken runs again. What a step of a protocol reads, decides and writes
//! therefore belongs into one [`Store::write`]: nothing changes between the
//! look and the leap, and either all of it happens or none.
//!
//! The tables are the [`entities`]; [`Store::open`] creates and upgrades them.
//! Conventions that hold for all of them:
//!
//! * ids are UUIDs of version 7, so rows of one table sort by age;
//! * times are `i64` milliseconds since the Unix epoch;
//! * keys, nonces, digests and hashes of tokens are raw bytes;
//! * columns named `*_key` of type text are what an address or alias is found
//!   by: its lower-cased form;
//! * text is compared and sorted by its bytes.
//!
//! Statements over many rows at once are in `sets`. Anything only SQLite
//! understands is in `sqlite`, anything only PostgreSQL does in `postgres`; the
//! rest runs on both as it is.

mod connection;
mod error;
mod inspection;
mod migrations;
mod moving;
mod pools;
mod postgres;
mod recent;
mod sqlite;
mod transaction;

pub(crate) mod sets;

pub mod entities;

pub use connection::Store;
pub use error::{StoreError, is_unique_violation};
pub use inspection::{Inspection, companions, database_file, known_migrations, unknown_migration};
pub use moving::{MoveError, Moved, move_all};
pub use recent::{Recent, State};
pub(crate) use sqlite::url_of;
pub use transaction::{Claim, Task, Transaction};
