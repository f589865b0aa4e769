//! The store against real databases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use parchment_server::store::{
    Store, StoreError, Task, Transaction,
    entities::{
        alias_reservations, envelope_nonces, invitations, login_codes, server_identity, sessions, transport_nonces,
        users,
    },
    is_unique_violation,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
    QueryOrder, Set, Statement,
    prelude::{Expr, Uuid},
    sea_query::OnConflict,
};
use support::database;
use tempfile::TempDir;

struct Database {
    folder: TempDir,
    /// Where the tests run on PostgreSQL.
    url: Option<String>,
}

impl Database {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            url: database::fresh(),
        }
    }

    /// A database without tables, or no database yet.
    fn untouched() -> Self {
        let mut database = Self::new();
        if database.url.is_some() {
            database.url = database::empty_postgres();
        }
        database
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("data/store.db")
    }

    fn url(&self) -> String {
        let file = || format!("sqlite://{}", self.path().display());
        self.url.clone().unwrap_or_else(file)
    }

    async fn open(&self) -> Store {
        Store::open(&self.url()).await.unwrap()
    }
}

fn user(email: &str) -> users::ActiveModel {
    users::ActiveModel {
        id: Set(Uuid::now_v7()),
        email: Set(email.to_owned()),
        email_key: Set(email.to_lowercase()),
        created_at: Set(1),
        updated_at: Set(1),
        ..Default::default()
    }
}

async fn add_user(tx: &Transaction, email: &str) -> Result<users::Model, StoreError> {
    Ok(user(email).insert(tx).await?)
}

/// A user added in a transaction of her own.
async fn written(store: &Store, email: &str) -> users::Model {
    store.write(async |tx| add_user(tx, email).await).await.unwrap()
}

async fn emails(store: &Store) -> Vec<String> {
    let mut found: Vec<String> = users::Entity::find()
        .all(store.reader())
        .await
        .unwrap()
        .into_iter()
        .map(|user| user.email)
        .collect();
    found.sort();
    found
}

async fn pragma(connection: &impl ConnectionTrait, name: &str) -> String {
    let statement = Statement::from_string(connection.get_database_backend(), format!("PRAGMA {name}"));
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index::<i64>(0)
        .map(|number| number.to_string())
        .or_else(|_| row.try_get_by_index::<String>(0))
        .unwrap()
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().unwrap().permissions().mode() & 0o777
}

// Opening

#[tokio::test]
async fn a_database_can_be_opened_again_and_again() {
    let database = Database::new();
    for _ in 0..3 {
        let store = database.open().await;
        assert!(store.is_ready().await);
        store.close().await;
        assert!(!store.is_ready().await);
    }
}

#[tokio::test]
async fn a_committed_row_survives_reopening() {
    let database = Database::new();
    let store = database.open().await;
    let written = written(&store, "Ada@example.org").await;
    store.close().await;

    let store = database.open().await;
    let read = users::Entity::find_by_id(written.id).one(store.reader()).await.unwrap();
    assert_eq!(read, Some(written.clone()));
    assert_eq!(written.km_version, 1, "the default is filled in");
}

#[tokio::test]
async fn a_committed_row_survives_a_store_that_was_never_closed() {
    let database = Database::new();
    let first = database.open().await;
    written(&first, "ada@example.org").await;
    let second = database.open().await;
    assert_eq!(emails(&second).await, ["ada@example.org"]);
}

#[tokio::test]
async fn durability_and_integrity_settings_are_in_force() {
    if database::on_postgres() {
        return;
    }
    let database = Database::new();
    let store = database.open().await;
    store
        .write(async |tx| {
            assert_eq!(pragma(tx, "journal_mode").await, "wal");
            assert_eq!(pragma(tx, "synchronous").await, "2", "FULL");
            assert_eq!(pragma(tx, "foreign_keys").await, "1");
            assert_eq!(pragma(tx, "busy_timeout").await, "5000");
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    assert_eq!(pragma(store.reader(), "journal_mode").await, "wal");
    assert_eq!(pragma(store.reader(), "query_only").await, "1");
    assert_eq!(pragma(store.reader(), "integrity_check").await, "ok");
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_a_new_database() {
    if database::on_postgres() {
        return;
    }
    let database = Database::new();
    let store = database.open().await;
    written(&store, "ada@example.org").await;
    let path = database.path();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&path.with_extension("db-wal")), 0o600);
    assert_eq!(mode(&path.with_extension("db-shm")), 0o600);
}

#[tokio::test]
async fn a_missing_file_is_not_created_when_the_url_forbids_it() {
    if database::on_postgres() {
        return;
    }
    let database = Database::new();
    let error = Store::open(&format!("{}?mode=rw", database.url())).await.unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    assert!(!database.path().exists());
}

#[tokio::test]
async fn a_url_that_names_no_supported_file_is_refused_without_repeating_it() {
    for url in [
        "postgres://user:hunter2@localhost",
        "postgres://user:hunter2@localhost/",
        "postgres://user:hunter2@localhost:port/db",
        "postgres://user:hunter2@localhost/db?sslmode=hunter2",
        "postgres://user:hunter2@localhost/db?options=-c%20fsync%3Doff",
        "mysql://user:hunter2@localhost/db",
        "/var/lib/hunter2.db",
        "",
        "sqlite:",
        "sqlite://",
        "sqlite::memory:",
        "sqlite://:memory:",
        "sqlite:///tmp/hunter2.db?mode=memory",
        "sqlite:///tmp/hunter2.db?immutable=1",
        "sqlite:///tmp/hunter2%ff.db",
    ] {
        let error = Store::open(url).await.unwrap_err();
        assert!(matches!(error, StoreError::Url { .. }), "{url}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
    let error = Store::open("mysql://localhost/db").await.unwrap_err();
    assert!(error.to_string().contains("supported are `sqlite:` and `postgres:`"));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    if database::on_postgres() {
        return;
    }
    let database = Database::new();
    std::fs::create_dir_all(database.path().parent().unwrap()).unwrap();
    let letter = "Dear diary, ".repeat(1000);
    std::fs::write(database.path(), &letter).unwrap();
    let error = Store::open(&database.url()).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    assert_eq!(std::fs::read_to_string(database.path()).unwrap(), letter);
}

#[tokio::test]
async fn a_database_that_a_newer_server_upgraded_is_refused_and_left_alone() {
    let database = Database::new();
    let store = database.open().await;
    store
        .write(async |tx| {
            tx.execute_unprepared("INSERT INTO seaql_migrations VALUES ('m9999_future', 1)")
                .await?;
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    store.close().await;
    let before = std::fs::read(database.path()).ok();

    let error = Store::open(&database.url()).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::NewerSchema { migration } if migration == "m9999_future"),
        "{error:?}"
    );
    assert!(error.to_string().contains("newer version"), "{error}");
    assert_eq!(std::fs::read(database.path()).ok(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn stores_opened_at_once_on_one_new_file_all_work() {
    for _ in 0..5 {
        let database = Database::untouched();
        let url: Arc<str> = database.url().into();
        let opening: Vec<_> = (0..4)
            .map(|number| {
                let url = Arc::clone(&url);
                tokio::spawn(async move {
                    let store = Store::open(&url).await?;
                    for round in 0..5 {
                        let email = format!("{number}-{round}@example.org");
                        store.write(async |tx| add_user(tx, &email).await).await?;
                    }
                    Ok::<_, StoreError>(store)
                })
            })
            .collect();
        let mut stores = Vec::new();
        for task in opening {
            stores.push(task.await.unwrap().unwrap());
        }
        for store in &stores {
            assert_eq!(emails(store).await.len(), 20);
        }
    }
}

// Writing

#[tokio::test]
async fn a_failing_write_leaves_nothing() {
    let database = Database::new();
    let store = database.open().await;
    let error = store
        .write(async |tx| {
            add_user(tx, "ada@example.org").await?;
            assert_eq!(users::Entity::find().count(tx).await?, 1);
            Err::<(), _>(StoreError::Missing)
        })
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Missing));
    assert!(emails(&store).await.is_empty());
}

#[tokio::test]
async fn a_write_sees_its_own_rows_and_readers_do_not_until_it_commits() {
    let database = Database::new();
    let store = database.open().await;
    store
        .write(async |tx| {
            add_user(tx, "ada@example.org").await?;
            assert_eq!(users::Entity::find().count(tx).await?, 1);
            assert!(emails(&store).await.is_empty());
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    assert_eq!(emails(&store).await, ["ada@example.org"]);
}

#[tokio::test]
async fn a_write_dropped_half_way_leaves_nothing_and_blocks_nobody() {
    let database = Database::new();
    let store = database.open().await;
    for _ in 0..20 {
        let write = store.write(async |tx| {
            add_user(tx, "ada@example.org").await?;
            std::future::pending::<()>().await;
            Ok::<_, StoreError>(())
        });
        tokio::time::timeout(Duration::from_millis(20), write)
            .await
            .unwrap_err();
    }
    written(&store, "bob@example.org").await;
    assert_eq!(emails(&store).await, ["bob@example.org"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_dropped_at_any_moment_is_whole_or_absent() {
    let database = Database::new();
    let store = database.open().await;
    for number in 0..200_u64 {
        let first = format!("{number}-a@example.org");
        let second = format!("{number}-b@example.org");
        let write = store.write(async |tx| {
            add_user(tx, &first).await?;
            add_user(tx, &second).await
        });
        // From before the transaction begins to after it has committed.
        let moment = Duration::from_micros(number * 15);
        let _ = tokio::time::timeout(moment, write).await;
    }
    written(&store, "last@example.org").await;
    let found = emails(&store).await;
    let firsts = found.iter().filter(|email| email.contains("-a@")).count();
    let seconds = found.iter().filter(|email| email.contains("-b@")).count();
    assert_eq!(firsts, seconds);
    assert_eq!(found.len(), firsts + seconds + 1);
}

#[tokio::test]
async fn a_panicking_write_leaves_nothing_and_blocks_nobody() {
    let database = Database::new();
    let store = database.open().await;
    let panicking = store.clone();
    tokio::spawn(async move {
        panicking
            .write(async |tx| {
                add_user(tx, "ada@example.org").await?;
                if true {
                    panic!("on purpose");
                }
                Ok::<_, StoreError>(())
            })
            .await
    })
    .await
    .unwrap_err();
    written(&store, "bob@example.org").await;
    assert_eq!(emails(&store).await, ["bob@example.org"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_concurrent_writers_all_succeed() {
    let database = Database::new();
    let store = database.open().await;
    let id = written(&store, "ada@example.org").await.id;
    let writers: Vec<_> = (0..200)
        .map(|_| {
            let store = store.clone();
            // Reads, decides, writes: loses counts unless writers take turns.
            tokio::spawn(async move {
                store
                    .write(async |tx| {
                        let user = users::Entity::find_by_id(id)
                            .one(tx)
                            .await?
                            .ok_or(StoreError::Missing)?;
                        let km_version = user.km_version + 1;
                        let mut user = users::ActiveModel::from(user);
                        user.km_version = Set(km_version);
                        user.update(tx).await?;
                        Ok::<_, StoreError>(())
                    })
                    .await
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    let user = users::Entity::find_by_id(id)
        .one(store.reader())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(user.km_version, 201);
}

#[tokio::test]
async fn writers_are_served_in_the_order_in_which_they_came() {
    if database::on_postgres() {
        return;
    }
    let database = Database::new();
    let store = database.open().await;
    let order = std::sync::Mutex::new(Vec::new());
    let writers = (0..50).map(|number| {
        let (store, order) = (&store, &order);
        store.write(async move |tx| {
            add_user(tx, &format!("{number}@example.org")).await?;
            order.lock().unwrap().push(number);
            Ok::<_, StoreError>(())
        })
    });
    futures_util::future::try_join_all(writers).await.unwrap();
    assert_eq!(order.into_inner().unwrap(), (0..50).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let database = Database::new();
    let store = database.open().await;
    // More often than there are readers.
    for _ in 0..8 {
        assert!(user("ada@example.org").insert(store.reader()).await.is_err());
    }
    assert!(emails(&store).await.is_empty());
}

#[tokio::test]
async fn a_write_after_closing_says_that_the_store_is_unavailable() {
    let database = Database::new();
    let store = database.open().await;
    store.close().await;
    let error = store
        .write(async |tx| add_user(tx, "ada@example.org").await)
        .await
        .unwrap_err();
    assert!(error.is_unavailable(), "{error}");
}

#[tokio::test]
async fn a_full_disk_fails_the_write_and_the_next_one_works() {
    if database::on_postgres() {
        return;
    }
    let database = Database::new();
    let store = database.open().await;
    let pages: i64 = pragma(store.reader(), "page_count").await.parse().unwrap();
    let error = store
        .write(async |tx| {
            // The limit is the connection's, not the transaction's.
            pragma(tx, &format!("max_page_count={pages}")).await;
            for number in 0..2000 {
                add_user(tx, &format!("{number}@example.org")).await?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    assert!(emails(&store).await.is_empty());

    store
        .write(async |tx| {
            pragma(tx, "max_page_count=1000000").await;
            add_user(tx, "ada@example.org").await
        })
        .await
        .unwrap();
    assert_eq!(emails(&store).await, ["ada@example.org"]);
}

#[tokio::test]
async fn a_writer_whose_transaction_sqlite_has_ended_is_replaced() {
    if database::on_postgres() {
        return;
    }
    let database = Database::new();
    let store = database.open().await;
    for _ in 0..3 {
        let error = store
            .write(async |tx| {
                add_user(tx, "ada@example.org").await?;
                // As SQLite does by itself when it runs out of disk or memory.
                tx.execute_unprepared("ROLLBACK").await?;
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap_err();
        assert!(matches!(error, StoreError::Internal { .. }), "{error:?}");
    }
    // A second store sees the write lock taken from the first statement on.
    let other = database.open().await;
    store
        .write(async |_| {
            let blocked = other.write(async |tx| add_user(tx, "eve@example.org").await);
            tokio::time::timeout(Duration::from_millis(200), blocked)
                .await
                .unwrap_err();
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    assert!(emails(&store).await.is_empty());
}

#[tokio::test]
async fn a_task_is_claimed_by_one_at_a_time() {
    if !database::on_postgres() {
        return;
    }
    let database = Database::new();
    let (one, other) = (database.open().await, database.open().await);
    let claim = one.claim(Task::Sweep).await.unwrap();
    assert!(claim.is_some());
    assert!(other.claim(Task::Sweep).await.unwrap().is_none());
    drop(claim);
    // The lock goes with the connection's next word, a moment later.
    for _ in 0..100 {
        if other.claim(Task::Sweep).await.unwrap().is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nobody can claim what was given back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_decisions_that_each_look_at_what_the_other_writes_are_made_one_after_the_other() {
    // At most one user may be called so: no unique key says it, only the rule that looks first.
    let database = Database::new();
    let stores = [database.open().await, database.open().await];
    for round in 0..20 {
        let add = |number: usize| {
            let store = stores[number % 2].clone();
            async move {
                store
                    .write(async |tx| {
                        let name = format!("only {round}");
                        let same = users::Column::FirstName.eq(name.as_str());
                        if users::Entity::find().filter(same).count(tx).await? > 0 {
                            return Ok(false);
                        }
                        let mut user = user(&format!("{round}-{number}@example.org"));
                        user.first_name = Set(Some(name));
                        user.insert(tx).await?;
                        Ok::<_, StoreError>(true)
                    })
                    .await
                    .unwrap()
            }
        };
        let added = futures_util::future::join_all((0..8).map(|number| tokio::spawn(add(number)))).await;
        let added = added.into_iter().filter(|added| *added.as_ref().unwrap()).count();
        assert_eq!(added, 1, "round {round}");
    }
}

#[tokio::test]
async fn a_failure_that_is_swallowed_is_no_commit() {
    let database = Database::new();
    let store = database.open().await;
    written(&store, "ada@example.org").await;
    let swallowed = store
        .write(async |tx| {
            add_user(tx, "bob@example.org").await?;
            let _ = user("ada@example.org").insert(tx).await;
            Ok::<_, StoreError>(())
        })
        .await;
    // SQLite goes on after such an error, and PostgreSQL does not; neither says that it did what it did not.
    let found = emails(&store).await;
    assert_eq!(swallowed.is_ok(), found.contains(&"bob@example.org".to_owned()));
    assert_eq!(swallowed.is_ok(), !database::on_postgres());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_survives_connections_that_are_cut() {
    let database = Database::new();
    let Some(url) = &database.url else { return };
    let store = database.open().await;
    for round in 0..5 {
        let writers = (0..8).map(|number| {
            let store = store.clone();
            tokio::spawn(async move { written(&store, &format!("{round}-{number}@example.org")).await })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        database::cluster().unwrap().cut(url);
    }
    // Readers ask their connection first when it was idle for a while.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(emails(&store).await.len(), 40);
}

#[tokio::test]
async fn text_is_sorted_by_its_bytes() {
    let database = Database::new();
    let store = database.open().await;
    for email in ["b@example.org", "B@example.org", "ä@example.org", "a@example.org"] {
        let mut user = user(email);
        user.email_key = Set(email.to_owned());
        store
            .write(async |tx| Ok::<_, StoreError>(user.insert(tx).await?))
            .await
            .unwrap();
    }
    let sorted = users::Entity::find()
        .order_by_asc(users::Column::EmailKey)
        .all(store.reader())
        .await
        .unwrap();
    let sorted: Vec<_> = sorted.into_iter().map(|user| user.email).collect();
    assert_eq!(
        sorted,
        ["B@example.org", "a@example.org", "b@example.org", "ä@example.org"]
    );
}

// Errors

#[tokio::test]
async fn a_unique_violation_is_recognised_and_quotes_no_value() {
    let database = Database::new();
    let store = database.open().await;
    let error = store
        .write(async |tx| {
            add_user(tx, "Ada@example.org").await?;
            let raw = user("ada@example.org").insert(tx).await.unwrap_err();
            assert!(is_unique_violation(&raw));
            assert!(!is_unique_violation(&DbErr::RecordNotUpdated));
            Err::<(), _>(StoreError::from(raw))
        })
        .await
        .unwrap_err();
    assert!(error.is_conflict());
    let key = if database::on_postgres() {
        "users_email_key_key"
    } else {
        "users.email_key"
    };
    assert_eq!(error.to_string(), format!("a row with this key exists already ({key})"));
}

#[tokio::test]
async fn a_taken_primary_key_is_a_unique_violation_in_every_kind_of_table() {
    let database = Database::new();
    let store = database.open().await;
    let inserts = [
        "INSERT INTO server_identity (id, public_key, server_id, created_at) VALUES (1, BYTES, 'home.example', 1)",
        "INSERT INTO peers VALUES ('home.example', BYTES, 1, NULL, NULL)",
        "INSERT INTO transport_nonces VALUES ('home.example', BYTES, 1)",
    ];
    for insert in inserts {
        let insert = &insert.replace("BYTES", &support::rows::bytes("00"));
        let run = async |tx: &Transaction| {
            tx.execute_unprepared(insert).await?;
            Ok::<_, StoreError>(())
        };
        store.write(run).await.unwrap();
        assert!(store.write(run).await.unwrap_err().is_conflict());
    }
}

#[tokio::test]
async fn a_server_cannot_have_two_identities() {
    let database = Database::new();
    let store = database.open().await;
    let add = async |id: i32| {
        store
            .write(async |tx| {
                let identity = server_identity::ActiveModel {
                    id: Set(id),
                    server_id: Set("home.example".to_owned()),
                    public_key: Set(vec![1; 32]),
                    created_at: Set(1),
                };
                Ok::<_, StoreError>(identity.insert(tx).await?)
            })
            .await
    };
    add(1).await.unwrap();
    add(2).await.unwrap_err();
    assert!(add(1).await.unwrap_err().is_conflict());
}

#[tokio::test]
async fn a_row_of_a_user_who_does_not_exist_is_refused() {
    let database = Database::new();
    let store = database.open().await;
    let error = store
        .write(async |tx| {
            let reservation = alias_reservations::ActiveModel {
                alias_key: Set("ada".to_owned()),
                alias: Set("Ada".to_owned()),
                user_id: Set(Some(Uuid::now_v7())),
                created_at: Set(1),
            };
            reservation.insert(tx).await?;
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Dangling), "{error:?}");
}

#[tokio::test]
async fn a_stored_value_that_does_not_decode_is_corruption_and_is_not_quoted() {
    let database = Database::new();
    let store = database.open().await;
    store
        .write(async |tx| {
            let user = add_user(tx, "ada@example.org").await?;
            let insert = Statement::from_sql_and_values(
                tx.get_database_backend(),
                "INSERT INTO invitations VALUES ($1, $2, 'bob@b.example', 'sideways', 'pending', 1)",
                [Uuid::now_v7().into(), user.id.into()],
            );
            tx.execute_raw(insert).await?;
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    let error = invitations::Entity::find().all(store.reader()).await.unwrap_err();
    let error = StoreError::from(error);
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("sideways"));
}

#[tokio::test]
async fn hashes_of_secrets_are_not_printed() {
    let code = login_codes::Model {
        email_key: "ada@example.org".to_owned(),
        code_hash: vec![222; 32],
        tries: 0,
        created_at: 1,
        expires_at: 2,
    };
    assert_eq!(format!("{code:?}"), "LoginCode { tries: 0, expires_at: 2, .. }");
    let database = Database::new();
    let backend = if database::on_postgres() { "Postgres" } else { "Sqlite" };
    assert_eq!(
        format!("{:?}", database.open().await),
        format!("Store {{ backend: {backend}, .. }}")
    );
}

// What rules build on

#[tokio::test]
async fn a_user_who_goes_takes_everything_along() {
    let database = Database::new();
    let store = database.open().await;
    store
        .write(async |tx| {
            let user = add_user(tx, "ada@example.org").await?;
            let session = sessions::ActiveModel {
                id: Set(Uuid::now_v7()),
                user_id: Set(user.id),
                token_hash: Set(vec![7; 32]),
                created_at: Set(1),
                expires_at: Set(2),
                extended_at: Set(1),
                ..Default::default()
            };
            session.insert(tx).await?;
            let both = sessions::Entity::find()
                .find_also_related(users::Entity)
                .filter(sessions::Column::TokenHash.eq(vec![7_u8; 32]))
                .one(tx)
                .await?;
            assert_eq!(both.unwrap().1.unwrap().id, user.id);
            users::Entity::delete_by_id(user.id).exec(tx).await?;
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    let left = sessions::Entity::find().count(store.reader()).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn an_ignored_insert_tells_that_it_did_not_insert() {
    let database = Database::new();
    let store = database.open().await;
    let remember = async |nonce: u8| {
        store
            .write(async |tx| {
                let row = envelope_nonces::ActiveModel {
                    sender: Set("ada@a.example".to_owned()),
                    nonce: Set(vec![nonce; 16]),
                    digest: Set(vec![9; 32]),
                    received_at: Set(1),
                };
                let inserted = envelope_nonces::Entity::insert(row)
                    .on_conflict(OnConflict::new().do_nothing().to_owned())
                    .exec_without_returning(tx)
                    .await?;
                Ok::<_, StoreError>(inserted)
            })
            .await
            .unwrap()
    };
    assert_eq!(remember(1).await, 1);
    assert_eq!(remember(1).await, 0);
    assert_eq!(remember(2).await, 1);
}

#[tokio::test]
async fn a_conditional_update_has_one_winner() {
    let database = Database::new();
    let store = database.open().await;
    let id = written(&store, "ada@example.org").await.id;
    let rotate = async || {
        store
            .write(async |tx| {
                let outcome = users::Entity::update_many()
                    .col_expr(users::Column::KmVersion, Expr::value(2_i64))
                    .filter(users::Column::Id.eq(id))
                    .filter(users::Column::KmVersion.eq(1))
                    .exec(tx)
                    .await?;
                Ok::<_, StoreError>(outcome.rows_affected)
            })
            .await
            .unwrap()
    };
    let outcomes = futures_util::future::join_all((0..10).map(|_| rotate())).await;
    assert_eq!(outcomes.iter().sum::<u64>(), 1);
}

#[tokio::test]
async fn a_raw_statement_works_on_whole_sets() {
    #[derive(FromQueryResult)]
    struct Heard {
        server_id: String,
        nonces: i64,
    }
    let database = Database::new();
    let store = database.open().await;
    store
        .write(async |tx| {
            for nonce in 0..10 {
                let row = transport_nonces::ActiveModel {
                    server_id: Set("b.example".to_owned()),
                    nonce: Set(vec![nonce]),
                    received_at: Set(i64::from(nonce)),
                };
                transport_nonces::Entity::insert(row).exec_without_returning(tx).await?;
            }
            let swept = tx
                .execute_raw(Statement::from_sql_and_values(
                    tx.get_database_backend(),
                    "DELETE FROM transport_nonces WHERE received_at < $1",
                    [4_i64.into()],
                ))
                .await?
                .rows_affected();
            assert_eq!(swept, 4);
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    let heard = Heard::find_by_statement(Statement::from_string(
        store.reader().get_database_backend(),
        "SELECT server_id, COUNT(*) AS nonces FROM transport_nonces GROUP BY server_id",
    ))
    .all(store.reader())
    .await
    .unwrap();
    assert_eq!(heard.len(), 1);
    assert_eq!((heard[0].server_id.as_str(), heard[0].nonces), ("b.example", 6));
}

/// Callers hold writes across threads, behind traits and with borrowed
/// arguments; this compiles or it does not.
#[tokio::test]
async fn a_write_is_a_future_that_can_move_between_threads() {
    #[derive(Debug)]
    struct RuleError;
    impl From<StoreError> for RuleError {
        fn from(_: StoreError) -> Self {
            Self
        }
    }

    #[async_trait::async_trait]
    trait Directory: Send + Sync {
        async fn register(&self, email: &str, also: &[String]) -> Result<Uuid, RuleError>;
    }

    #[async_trait::async_trait]
    impl Directory for Store {
        async fn register(&self, email: &str, also: &[String]) -> Result<Uuid, RuleError> {
            self.write(async |tx| {
                for other in also {
                    add_user(tx, other).await?;
                }
                Ok(add_user(tx, email).await?.id)
            })
            .await
        }
    }

    let database = Database::new();
    let directory: Arc<dyn Directory> = Arc::new(database.open().await);
    tokio::spawn(async move {
        let also = vec!["bob@example.org".to_owned()];
        directory.register("ada@example.org", &also).await
    })
    .await
    .unwrap()
    .unwrap();
    assert_eq!(emails(&database.open().await).await.len(), 2);
}
