//! Statements over many rows at once: the one place that writes SQL by hand.
//!
//! SeaORM's builders write a statement that grows with its rows, or one for each row. Here all rows of a statement come
//! as one JSON parameter: its text is always the same, so it is prepared once, and a batch costs a bounded number of
//! statements whatever its size. Bytes and ids are in hexadecimal in the JSON. What differs between databases is how
//! such a parameter is taken apart, which is all that [`Dialect`] knows.

use parchment_core::encoding::hex;
use sea_orm::{
    ActiveEnum as _, ConnectionTrait, DatabaseBackend, FromQueryResult, QueryResult, Statement, prelude::Uuid,
};
use serde::Serialize;

use super::{
    StoreError,
    entities::{friendships, invitations},
};

/// How a database takes the rows of a JSON parameter apart.
#[derive(Debug, Clone, Copy)]
struct Dialect(DatabaseBackend);

impl Dialect {
    /// The rows of the parameter as `j`: each with its number `j.key`, from 0, and its `j.value`.
    fn rows(self) -> &'static str {
        match self.0 {
            DatabaseBackend::Postgres => {
                "(SELECT n - 1 AS key, v AS value FROM json_array_elements($1::json) WITH ORDINALITY AS e (v, n)) AS j"
            }
            _ => "json_each(?1) AS j",
        }
    }

    /// An empty column, by the type that PostgreSQL wants to know.
    fn nothing(self, type_name: &str, column: &str) -> String {
        match self.0 {
            DatabaseBackend::Postgres => format!("CAST(NULL AS {type_name}) AS {column}"),
            _ => format!("NULL AS {column}"),
        }
    }

    fn text(self, at: usize) -> String {
        format!("(j.value ->> {at})")
    }

    fn integer(self, at: usize) -> String {
        match self.0 {
            DatabaseBackend::Postgres => format!("(j.value ->> {at})::bigint"),
            _ => format!("(j.value ->> {at})"),
        }
    }

    fn bytes(self, at: usize) -> String {
        match self.0 {
            DatabaseBackend::Postgres => format!("decode(j.value ->> {at}, 'hex')"),
            _ => format!("unhex(j.value ->> {at})"),
        }
    }

    fn text_of_bytes(self, at: usize) -> String {
        let bytes = self.bytes(at);
        match self.0 {
            DatabaseBackend::Postgres => format!("convert_from({bytes}, 'UTF8')"),
            _ => format!("CAST({bytes} AS TEXT)"),
        }
    }

    fn uuid(self, at: usize) -> String {
        match self.0 {
            DatabaseBackend::Postgres => format!("(j.value ->> {at})::uuid"),
            _ => self.bytes(at),
        }
    }

    /// A join that looks up each row of the parameter, and never reads the table from its beginning.
    fn looking_up(self) -> &'static str {
        match self.0 {
            // SQLite keeps the order of a CROSS JOIN, others choose by themselves.
            DatabaseBackend::Sqlite => "CROSS JOIN",
            _ => "JOIN",
        }
    }
}

fn parameter(rows: &[impl Serialize]) -> Result<String, StoreError> {
    serde_json::to_string(rows).map_err(|_| StoreError::internal("rows could not be written as JSON"))
}

/// What a query found for the rows of its parameter, each with the number of its row.
async fn found<T: FromQueryResult>(
    tx: &impl ConnectionTrait,
    rows: &[impl Serialize],
    sql: impl FnOnce(Dialect) -> String,
) -> Result<Vec<(usize, T)>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let backend = tx.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql(Dialect(backend)), [parameter(rows)?.into()]);
    let read = |row: QueryResult| {
        let at: i64 = row.try_get("", "at")?;
        let at = usize::try_from(at).map_err(|_| StoreError::internal("a row has no number"))?;
        Ok((at, T::from_query_result(&row, "")?))
    };
    tx.query_all_raw(statement).await?.into_iter().map(read).collect()
}

async fn change(
    tx: &impl ConnectionTrait,
    rows: &[impl Serialize],
    sql: impl FnOnce(Dialect) -> String,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let backend = tx.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql(Dialect(backend)), [parameter(rows)?.into()]);
    tx.execute_raw(statement).await?;
    Ok(())
}

/// What is looked up for a message: server, transport nonce, sender, envelope nonce, and the lower-cased alias of the
/// recipient; nonces in hexadecimal.
pub(crate) type Touched<'a> = (&'a str, String, &'a str, String, String);

/// A row that a message touches.
#[derive(Debug, FromQueryResult)]
pub(crate) struct Known {
    what: i32,
    id: Option<Uuid>,
    text: Option<String>,
    bytes: Option<Vec<u8>>,
    number: Option<i64>,
}

/// A row that a message touches, by what it is.
#[derive(Debug)]
pub(crate) enum Row {
    /// The transport nonce is recorded.
    Request,
    /// The envelope nonce is recorded, with this digest.
    Message(Vec<u8>),
    /// There is a recipient, perhaps in another spelling.
    Recipient(Recipient),
    /// What there is between the recipient and the sender.
    Side(SideRow),
}

/// A recipient.
#[derive(Debug)]
pub(crate) struct Recipient {
    /// Her id.
    pub id: Uuid,
    /// Her alias in the spelling that counts.
    pub alias: String,
    /// Whether her account is switched off.
    pub is_disabled: bool,
}

/// A row on a local user's side of a pair.
#[derive(Debug)]
pub(crate) enum SideRow {
    /// A friendship: its id, how far it has come, when it was made.
    Friendship(Uuid, friendships::Status, i64),
    /// An invitation: its id and direction.
    Invitation(Uuid, invitations::Direction),
}

impl Known {
    fn read(self) -> Result<Row, StoreError> {
        let missing = || StoreError::corrupt("a column is empty");
        let id = || self.id.ok_or_else(missing);
        let text = || self.text.clone().ok_or_else(missing);
        Ok(match self.what {
            0 => Row::Request,
            1 => Row::Message(self.bytes.ok_or_else(missing)?),
            2 => Row::Recipient(Recipient {
                id: id()?,
                alias: text()?,
                is_disabled: self.number.is_some(),
            }),
            3 => {
                let status = friendships::Status::try_from_value(&text()?)?;
                Row::Side(SideRow::Friendship(id()?, status, self.number.ok_or_else(missing)?))
            }
            _ => {
                let direction = invitations::Direction::try_from_value(&text()?)?;
                Row::Side(SideRow::Invitation(id()?, direction))
            }
        })
    }
}

/// The rows that these messages touch, each with the number of its message.
pub(crate) async fn touched(
    tx: &impl ConnectionTrait,
    messages: &[Touched<'_>],
) -> Result<Vec<(usize, Row)>, StoreError> {
    let rows = found::<Known>(tx, messages, |d| {
        let (rows, join, recipient) = (d.rows(), d.looking_up(), d.text(4));
        let requests = format!(
            "SELECT 0 AS what, j.key AS at, {}, {}, {}, {} FROM {rows} {join} transport_nonces AS t \
             ON t.server_id = {} AND t.nonce = {}",
            d.nothing("uuid", "id"),
            d.nothing("text", "text"),
            d.nothing("bytea", "bytes"),
            d.nothing("bigint", "number"),
            d.text(0),
            d.bytes(1)
        );
        let messages = format!(
            "SELECT 1, j.key, NULL, NULL, e.digest, NULL FROM {rows} {join} envelope_nonces AS e \
             ON e.sender = {} AND e.nonce = {}",
            d.text(2),
            d.bytes(3)
        );
        let users = format!("{rows} {join} users AS u ON u.alias_key = {recipient}");
        let recipients = format!("SELECT 2, j.key, u.id, u.alias, NULL, u.disabled_at FROM {users}");
        let friendships = format!(
            "SELECT 3, j.key, f.id, f.status, NULL, f.created_at FROM {users} {join} friendships AS f \
             ON f.user_id = u.id AND f.friend_handle = {}",
            d.text(2)
        );
        let invitations = format!(
            "SELECT 4, j.key, i.id, i.direction, NULL, NULL FROM {users} {join} invitations AS i \
             ON i.user_id = u.id AND i.direction IN ('incoming', 'outgoing') AND i.peer_handle = {}",
            d.text(2)
        );
        [requests, messages, recipients, friendships, invitations].join(" UNION ALL ")
    });
    read(rows.await?)
}

/// What there is between a local user and a peer, on the user's side.
pub(crate) async fn side(tx: &impl ConnectionTrait, user_id: Uuid, peer: &str) -> Result<Vec<SideRow>, StoreError> {
    let pair = [(hex(user_id.as_bytes()), peer)];
    let rows = found::<Known>(tx, &pair, |d| {
        let (rows, join) = (d.rows(), d.looking_up());
        let friendships = format!(
            "SELECT 3 AS what, j.key AS at, f.id AS id, f.status AS text, {}, f.created_at AS number \
             FROM {rows} {join} friendships AS f ON f.user_id = {} AND f.friend_handle = {}",
            d.nothing("bytea", "bytes"),
            d.uuid(0),
            d.text(1)
        );
        let invitations = format!(
            "SELECT 4, j.key, i.id, i.direction, NULL, NULL FROM {rows} {join} invitations AS i \
             ON i.user_id = {} AND i.direction IN ('incoming', 'outgoing') AND i.peer_handle = {}",
            d.uuid(0),
            d.text(1)
        );
        [friendships, invitations].join(" UNION ALL ")
    });
    let rows = read(rows.await?)?.into_iter();
    Ok(rows
        .filter_map(|(_, row)| match row {
            Row::Side(row) => Some(row),
            _ => None,
        })
        .collect())
}

fn read(rows: Vec<(usize, Known)>) -> Result<Vec<(usize, Row)>, StoreError> {
    rows.into_iter().map(|(at, row)| Ok((at, row.read()?))).collect()
}

/// Records transport nonces: server, nonce, when it was received.
pub(crate) async fn record_requests(
    tx: &impl ConnectionTrait,
    rows: &[(String, String, i64)],
) -> Result<(), StoreError> {
    change(tx, rows, |d| {
        format!(
            "INSERT INTO transport_nonces (server_id, nonce, received_at) SELECT {}, {}, {} FROM {}",
            d.text(0),
            d.bytes(1),
            d.integer(2),
            d.rows()
        )
    })
    .await
}

/// Records envelope nonces: sender, nonce, digest, when it was received.
pub(crate) async fn record_messages(
    tx: &impl ConnectionTrait,
    rows: &[(String, String, String, i64)],
) -> Result<(), StoreError> {
    change(tx, rows, |d| {
        format!(
            "INSERT INTO envelope_nonces (sender, nonce, digest, received_at) SELECT {}, {}, {}, {} FROM {}",
            d.text(0),
            d.bytes(1),
            d.bytes(2),
            d.integer(3),
            d.rows()
        )
    })
    .await
}

/// How many invitations somebody has received and not answered.
#[derive(Debug, FromQueryResult)]
pub(crate) struct Open {
    /// How many.
    pub open: i64,
}

/// How many invitations these users have received and not answered.
pub(crate) async fn open_invitations(
    tx: &impl ConnectionTrait,
    users: &[(String,)],
) -> Result<Vec<(usize, Open)>, StoreError> {
    found(tx, users, |d| {
        format!(
            "SELECT j.key AS at, (SELECT count(*) FROM invitations AS i WHERE i.user_id = {} \
             AND i.direction = 'incoming') AS open FROM {}",
            d.uuid(0),
            d.rows()
        )
    })
    .await
}

/// Deletes friendships by their ids.
pub(crate) async fn delete_friendships(tx: &impl ConnectionTrait, ids: &[(String,)]) -> Result<(), StoreError> {
    change(tx, ids, |d| {
        format!(
            "DELETE FROM friendships WHERE id IN (SELECT {} FROM {})",
            d.uuid(0),
            d.rows()
        )
    })
    .await
}

/// Deletes invitations by their ids.
pub(crate) async fn delete_invitations(tx: &impl ConnectionTrait, ids: &[(String,)]) -> Result<(), StoreError> {
    change(tx, ids, |d| {
        format!(
            "DELETE FROM invitations WHERE id IN (SELECT {} FROM {})",
            d.uuid(0),
            d.rows()
        )
    })
    .await
}

/// Writes friendships; one whose id is there already is changed.
pub(crate) async fn put_friendships(tx: &impl ConnectionTrait, rows: &[&friendships::Model]) -> Result<(), StoreError> {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                hex(row.id.as_bytes()),
                hex(row.user_id.as_bytes()),
                &row.friend_handle,
                hex(&row.friend_signing_key),
                row.friend_encryption_key.as_deref().map(hex),
                // Strangers choose these: as bytes, since JSON has characters that databases take for more than text.
                row.friend_name.as_deref().map(|name| hex(name.as_bytes())),
                row.friend_picture.as_deref().map(|picture| hex(picture.as_bytes())),
                row.status.to_value(),
                row.established_at,
                row.created_at,
            )
        })
        .collect();
    change(tx, &rows, |d| {
        format!(
            "INSERT INTO friendships (id, user_id, friend_handle, friend_signing_key, friend_encryption_key, \
             friend_name, friend_picture, status, established_at, created_at) \
             SELECT {}, {}, {}, {}, {}, {}, {}, {}, {}, {} FROM {} WHERE true \
             ON CONFLICT (id) DO UPDATE SET friend_signing_key = excluded.friend_signing_key, \
             friend_encryption_key = excluded.friend_encryption_key, friend_name = excluded.friend_name, \
             friend_picture = excluded.friend_picture, status = excluded.status, \
             established_at = excluded.established_at",
            d.uuid(0),
            d.uuid(1),
            d.text(2),
            d.bytes(3),
            d.bytes(4),
            d.text_of_bytes(5),
            d.text_of_bytes(6),
            d.text(7),
            d.integer(8),
            d.integer(9),
            d.rows()
        )
    })
    .await
}

/// Inserts invitations.
pub(crate) async fn insert_invitations(
    tx: &impl ConnectionTrait,
    rows: &[&invitations::Model],
) -> Result<(), StoreError> {
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                hex(row.id.as_bytes()),
                hex(row.user_id.as_bytes()),
                &row.peer_handle,
                row.direction.to_value(),
                row.status.to_value(),
                row.created_at,
            )
        })
        .collect();
    change(tx, &rows, |d| {
        format!(
            "INSERT INTO invitations (id, user_id, peer_handle, direction, status, created_at) \
             SELECT {}, {}, {}, {}, {}, {} FROM {}",
            d.uuid(0),
            d.uuid(1),
            d.text(2),
            d.text(3),
            d.text(4),
            d.integer(5),
            d.rows()
        )
    })
    .await
}
