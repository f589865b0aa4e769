//! Where everything durable lives: the only room that knows SeaORM's drivers.
//!
//! A [`Store`] is one database: SQLite in a file today. Its readers run side
//! by side and cannot write; its writers take turns, each in one transaction
//! that holds the write lock from its first statement on. What a step of a
//! protocol reads, decides and writes therefore belongs into one
//! [`Store::write`]: nothing changes between the look and the leap, and either
//! all of it happens or none.
//!
//! The tables are the [`entities`]; [`Store::open`] creates and upgrades them.
//! Conventions that hold for all of them:
//!
//! * ids are UUIDs of version 7, so rows of one table sort by age;
//! * times are `i64` milliseconds since the Unix epoch;
//! * keys, nonces, digests and hashes of tokens are raw bytes;
//! * columns named `*_key` of type text are what an address or alias is found
//!   by: its lower-cased form.
//!
//! Statements over many rows at once are in `sets`. Anything only SQLite understands is in `sqlite`; the rest is meant to run
//! on PostgreSQL as it is.

mod connection;
mod error;
mod inspection;
mod migrations;
mod pools;
mod recent;
mod sqlite;

pub(crate) mod sets;

pub mod entities;

pub use connection::Store;
pub use error::{StoreError, is_unique_violation};
pub use inspection::{Inspection, companions, database_file, known_migrations, unknown_migration};
pub use recent::{Recent, State};
