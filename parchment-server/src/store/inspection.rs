//! Looking at a database without changing it: for copies of it, and for those who ask how it is.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use sea_orm::{DatabaseBackend, DatabaseConnection};

use super::{
    StoreError,
    connection::{Kind, kind},
    migrations, moving, postgres, sqlite,
};

/// A database that is looked at. It is neither made nor upgraded nor written to, whoever else is using it.
pub struct Inspection {
    connection: DatabaseConnection,
}

impl Inspection {
    /// Opens the database at `url`, which another process may be using; none when there is none.
    ///
    /// # Errors
    ///
    /// As [`Store::open`](super::Store::open).
    pub async fn open(url: &str) -> Result<Option<Self>, StoreError> {
        let connection = match kind(url)? {
            Kind::Sqlite if !database_file(url)?.exists() => return Ok(None),
            Kind::Sqlite => sqlite::look_at(url).await?,
            Kind::Postgres => postgres::look_at(url).await?,
        };
        Ok(Some(Self { connection }))
    }

    /// Opens a copy that nobody else uses or changes; no file appears beside it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] for a file that is not a database.
    pub async fn open_copy(file: &Path) -> Result<Self, StoreError> {
        let connection = sqlite::look_at_copy(file).await?;
        Ok(Self { connection })
    }

    /// The connection for queries; statements that write fail.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Writes a consistent copy, as of one moment between two commits, to `file`: a new name, or an empty file.
    ///
    /// The copy is a file of SQLite, whatever the database is. Writers go on writing meanwhile; everything committed before this was called is in the copy.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when there is no room; a part of the copy may be left.
    pub async fn copy_to(&self, file: &Path) -> Result<(), StoreError> {
        match self.backend() {
            DatabaseBackend::Sqlite => sqlite::copy(&self.connection, file).await,
            _ => moving::snapshot(&self.connection, file).await,
        }
    }

    /// What is wrong with the file, a sentence each; nothing when all is well. Reads all of it. PostgreSQL looks after its
    /// own files, and nothing is looked at there.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when it is too damaged to look.
    pub async fn damage(&self) -> Result<Vec<String>, StoreError> {
        self.look(sqlite::Depth::Whole).await
    }

    /// The same without comparing indexes with their tables, which takes most of the time.
    ///
    /// # Errors
    ///
    /// As [`damage`](Self::damage).
    pub async fn obvious_damage(&self) -> Result<Vec<String>, StoreError> {
        self.look(sqlite::Depth::Quick).await
    }

    async fn look(&self, depth: sqlite::Depth) -> Result<Vec<String>, StoreError> {
        match self.backend() {
            DatabaseBackend::Sqlite => sqlite::damage(&self.connection, depth).await,
            _ => Ok(Vec::new()),
        }
    }

    /// The rows that refer to others that are not there, a sentence each.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot be asked.
    pub async fn dangling(&self) -> Result<Vec<String>, StoreError> {
        match self.backend() {
            DatabaseBackend::Sqlite => sqlite::dangling(&self.connection).await,
            // It never lets one come about, whoever writes.
            _ => Ok(Vec::new()),
        }
    }

    /// The steps of the schema's history that this database has taken.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot be asked; a database that is none of this program's has none.
    pub async fn migrations(&self) -> Result<Vec<String>, StoreError> {
        migrations::applied(&self.connection).await
    }

    /// How many rows each table has, by its name.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it cannot be asked.
    pub async fn row_counts(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        match self.backend() {
            DatabaseBackend::Sqlite => sqlite::row_counts(&self.connection).await,
            _ => postgres::row_counts(&self.connection).await,
        }
    }

    fn backend(&self) -> DatabaseBackend {
        self.connection.get_database_backend()
    }

    /// Closes it.
    pub async fn close(self) {
        if let Err(error) = self.connection.close().await {
            let error = StoreError::from(error);
            tracing::warn!(%error, "closing the database failed");
        }
    }
}

impl fmt::Debug for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inspection")
    }
}

/// The steps of the schema's history that this program knows, in order.
#[must_use]
pub fn known_migrations() -> Vec<String> {
    migrations::known()
}

/// The first of these steps that this program does not know: a later version took it.
#[must_use]
pub fn unknown_migration(applied: &[String]) -> Option<&String> {
    let known = migrations::known();
    applied.iter().find(|migration| !known.contains(migration))
}

/// The file that a database's URL names.
///
/// # Errors
///
/// [`StoreError::Url`].
pub fn database_file(url: &str) -> Result<PathBuf, StoreError> {
    match url.split_once(':') {
        Some(("sqlite", _)) => sqlite::file_of(url),
        _ => Err(StoreError::Url {
            reason: "it does not name a file; supported is `sqlite:`".to_owned(),
        }),
    }
}

/// The files that belong to the database in `file`, beside it: without them it may lack what was committed last, and
/// those of another database would damage it.
#[must_use]
pub fn companions(file: &Path) -> Vec<PathBuf> {
    sqlite::companions(file)
}
