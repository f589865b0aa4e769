//! What lies on the disk.

use std::{fs, path::Path, sync::Arc};

use parchment_core::request::ServerIdentity;
use sea_orm::EntityTrait as _;

use super::Finding;
use crate::{
    config::Settings,
    federation::{fingerprint::Fingerprint, identity},
    store::{
        Inspection, Store, StoreError, database_file, entities::alias_reservations, known_migrations, unknown_migration,
    },
};

/// Below this much free space the server is about to stand still, or soon.
const TOO_LITTLE: u64 = 64 << 20;
const LITTLE: u64 = 1 << 30;

/// The data folder: there, writable, private.
pub(super) fn folder(settings: &Settings) -> Finding {
    const CHECK: &str = "data_folder";
    let (path, shown) = (&settings.data_dir, settings.data_dir.display());
    if !path.exists() {
        let advice = "It is made when the server starts. If the server has run before, this is not its folder: give the \
                      same settings as to the server.";
        return Finding::warn(CHECK, format!("{shown} is not there"), advice);
    }
    if let Err(error) = tempfile::tempfile_in(path) {
        return Finding::fail(
            CHECK,
            format!("nothing can be written in {shown}: {error}"),
            "Give the folder to the user that the server runs as, and run this as that user.",
        );
    }
    if is_shared(path) {
        return Finding::warn(
            CHECK,
            format!("others on this machine may look into {shown}"),
            format!("chmod 700 {shown}"),
        );
    }
    Finding::ok(CHECK, format!("{shown} is there, writable and private"))
}

/// Whether there is room left; nothing where that cannot be asked.
pub(super) fn space(settings: &Settings) -> Option<Finding> {
    const CHECK: &str = "disk_space";
    let free = free_space(&settings.data_dir)?;
    let found = format!("{} MiB are free", free >> 20);
    let advice =
        "On a full disk nothing is received or changed any more. Make room: deleting database files is no way.";
    Some(match free {
        0..TOO_LITTLE => Finding::fail(CHECK, found, advice),
        TOO_LITTLE..LITTLE => Finding::warn(CHECK, found, advice),
        _ => Finding::ok(CHECK, found),
    })
}

#[cfg(unix)]
fn free_space(folder: &Path) -> Option<u64> {
    let statistics = rustix::fs::statvfs(folder).ok()?;
    Some(statistics.f_bavail.saturating_mul(statistics.f_frsize))
}

#[cfg(not(unix))]
fn free_space(_: &Path) -> Option<u64> {
    None
}

/// The database: sound, of this version, private. Gives it when it can be asked further.
pub(super) async fn database(settings: &Settings) -> (Finding, Option<Inspection>) {
    const CHECK: &str = "database";
    let url = settings.database_url();
    if let Err(error) = Store::check_url(&url) {
        return (
            Finding::fail(CHECK, error.to_string(), "Mend DATABASE_URL, or unset it."),
            None,
        );
    }
    // None for PostgreSQL, which looks after its own files.
    let file = database_file(&url).ok();
    let shown = file.as_ref().map_or_else(
        || "the PostgreSQL database".to_owned(),
        |file| file.display().to_string(),
    );
    let damaged = |error: String| {
        let advice = "Stop the server, keep a copy of the files as they are, and restore a backup.";
        (Finding::fail(CHECK, error, advice), None)
    };
    let database = match Inspection::open(&url).await {
        Ok(Some(database)) => database,
        Ok(None) => {
            let advice = "It is made when the server starts. If the server has run before, give the same settings as to \
                          the server.";
            return (Finding::warn(CHECK, format!("{shown} is not there"), advice), None);
        }
        Err(StoreError::Corrupt { reason }) => return damaged(format!("{shown} is damaged: {reason}")),
        Err(error) => {
            let advice = match file {
                Some(_) => "Run this as the server's user.",
                None => "Mend DATABASE_URL, or the database server it leads to.",
            };
            return (Finding::fail(CHECK, error.to_string(), advice), None);
        }
    };
    let (applied, damage) = match (database.migrations().await, database.obvious_damage().await) {
        (Ok(applied), Ok(damage)) => (applied, damage),
        (Err(error), _) | (_, Err(error)) => return damaged(error.to_string()),
    };
    if !damage.is_empty() {
        return damaged(format!("{shown} is damaged: {}", damage.join("; ")));
    }
    if let Some(migration) = unknown_migration(&applied) {
        let newer = StoreError::NewerSchema {
            migration: migration.clone(),
        };
        let advice = "This program is older than the one that the server was last run with: use that one.";
        return (Finding::fail(CHECK, newer.to_string(), advice), None);
    }
    if applied.is_empty() && file.is_none() {
        let advice = "Its tables are made when the server starts. If the server has run before, give the same settings as \
                      to the server.";
        return (
            Finding::warn(CHECK, format!("{shown} can be reached, and is empty"), advice),
            None,
        );
    }
    let missing = known_migrations().len() - applied.len();
    if missing > 0 {
        let found = format!("{shown} is sound, and {missing} migrations behind this program");
        let advice = "Starting the server of this version upgrades it. Back up first.";
        return (Finding::warn(CHECK, found, advice), None);
    }
    let finding = match file {
        None => Finding::ok(CHECK, format!("{shown} can be reached and is of this version")),
        Some(file) if is_shared(&file) => {
            let found = format!("{shown} is sound, and others on this machine may read it");
            Finding::warn(CHECK, found, format!("chmod 600 {shown}"))
        }
        Some(_) => Finding::ok(CHECK, format!("{shown} is sound (quick_check) and of this version")),
    };
    (finding, Some(database))
}

/// The server's key: there, the database's, and private. Gives name and key.
pub(super) async fn key(settings: &Settings, database: Option<&Inspection>) -> (Finding, Option<Arc<ServerIdentity>>) {
    const CHECK: &str = "server_key";
    let recorded = match database {
        Some(database) => identity::recorded(database.reader()).await.ok().flatten(),
        None => None,
    };
    let file = identity::file(settings);
    let seed = match identity::existing(settings) {
        Ok(Some(seed)) => seed,
        Ok(None) if recorded.is_some() => {
            let lost = identity::IdentityError::Lost(file.display().to_string());
            let advice = "Without it other servers refuse this one, and it does not start.";
            return (Finding::fail(CHECK, lost.to_string(), advice), None);
        }
        Ok(None) => {
            let advice = "It is made when the server first starts. Back it up then.";
            return (Finding::warn(CHECK, "there is no key yet", advice), None);
        }
        Err(error) => {
            let advice = "Put the key back as it was, from a backup.";
            return (Finding::fail(CHECK, error.to_string(), advice), None);
        }
    };
    let server = Arc::new(ServerIdentity::new(settings.server_id().clone(), &seed));
    let fingerprint = Fingerprint::of(&server.public_key());
    let known = recorded.is_some();
    if let Some(row) = recorded {
        if row.public_key != server.public_key().as_bytes() {
            let found = identity::IdentityError::OtherKey.to_string();
            return (
                Finding::fail(CHECK, found, "The server does not start with this one."),
                Some(server),
            );
        }
        if row.server_id != server.id().as_str() {
            return (other_name(database, row.server_id).await, Some(server));
        }
    }
    let finding = if !identity::is_set(settings) && is_shared(&file) {
        let found = format!("{fingerprint}, and others on this machine may read it");
        Finding::warn(CHECK, found, format!("chmod 600 {}", file.display()))
    } else {
        let belongs = if known {
            ", the one that the database belongs to"
        } else {
            ""
        };
        Finding::ok(CHECK, format!("{fingerprint}{belongs}"))
    };
    (finding, Some(server))
}

/// The server was called otherwise before, which is good as long as nobody is known by that.
async fn other_name(database: Option<&Inspection>, recorded: String) -> Finding {
    const CHECK: &str = "server_key";
    let named = match database {
        Some(database) => alias_reservations::Entity::find()
            .one(database.reader())
            .await
            .ok()
            .flatten(),
        None => None,
    };
    let found = identity::IdentityError::OtherName {
        recorded: recorded.clone(),
    };
    if named.is_some() {
        return Finding::fail(
            CHECK,
            found.to_string(),
            "The server does not start under another name.",
        );
    }
    Finding::warn(
        CHECK,
        format!("the server was {recorded} when it last ran, and is about to change its name"),
        "Nobody has a handle yet, so this works. Give the same settings as to the server if it was not meant.",
    )
}

/// Whether others than the owner may read it.
#[cfg(unix)]
fn is_shared(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_shared(path: &Path) -> bool {
    let _ = fs::metadata(path);
    false
}
