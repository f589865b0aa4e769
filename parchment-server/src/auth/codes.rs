//! Sign-in codes: sending, limiting and redeeming them.

use hmac::{Hmac, KeyInit as _, Mac as _};
use parchment_core::{api::Email, limits, time::UnixMillis};
use sea_orm::{
    ActiveModelTrait as _,
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    sea_query::{ExprTrait as _, OnConflict},
};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::sessions::{self, NewSession};
use crate::{
    config::Registration,
    http::problem::Problem,
    random,
    store::{
        Store, StoreError,
        entities::{login_code_sends, login_codes, user_roles, users},
    },
};

/// How long a code is good for, in milliseconds: 15 minutes.
pub const CODE_LIFETIME_MS: i64 = 15 * 60 * 1000;

/// How far in the future a send may lie and still count, in milliseconds: one minute.
///
/// Requests read the clock before they take their turn to write, so one may find rows that are a little younger than
/// itself. What a clock that was hours ahead noted would count for as long as it was ahead, and so does not.
const CLOCK_TOLERANCE_MS: i64 = 60 * 1000;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const HOUR_MS: i64 = 60 * 60 * 1000;

/// Hashes codes with a key that is not in the database.
///
/// A code has so few digits that a plain hash would hide nothing from whoever reads the table.
#[derive(Clone)]
pub struct CodeHasher(Hmac<Sha256>);

impl CodeHasher {
    /// The hasher of the server with this seed.
    pub fn new(seed: &[u8; 32]) -> Self {
        let mut derive = Self::keyed(seed);
        derive.update(b"parchment-server login codes");
        Self(Self::keyed(&derive.finalize().into_bytes()))
    }

    fn keyed(key: &[u8]) -> Hmac<Sha256> {
        Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
    }

    /// What is stored of a code.
    fn hash(&self, email_key: &str, code: &str) -> Vec<u8> {
        self.mac(email_key, code).finalize().into_bytes().to_vec()
    }

    /// Whether a code is the one of which this was stored, in constant time.
    ///
    /// The only comparison of codes there is: two hashes are never at hand together.
    fn is_hash_of(&self, stored: &[u8], email_key: &str, code: &str) -> bool {
        self.mac(email_key, code).verify_slice(stored).is_ok()
    }

    fn mac(&self, email_key: &str, code: &str) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        // The address is bound in, so that a row cannot be moved to another address.
        mac.update(&email_key.len().to_be_bytes());
        mac.update(email_key.as_bytes());
        mac.update(code.as_bytes());
        mac
    }
}

impl std::fmt::Debug for CodeHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeHasher")
    }
}

/// Whom a code is for, or nobody: the caller learns nothing of it.
pub enum Recipient {
    /// Mail this code.
    Mail {
        /// To the address of the account, which may be spelled differently from what was typed now.
        to: String,
        /// The code.
        code: Zeroizing<String>,
    },
    /// The address is unknown and registration is by invitation, or its account is switched off: send nothing.
    Nobody,
}

impl std::fmt::Debug for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Mail { .. } => "Mail(secret)",
            Self::Nobody => "Nobody",
        })
    }
}

/// Makes a code for an address; a newer code replaces the older.
///
/// The same rows are read and written whether or not the address is known.
///
/// # Errors
///
/// 429 when the address or the client asks too often; switched off with the traffic limits.
pub async fn issue(
    store: &Store,
    hasher: &CodeHasher,
    registration: Registration,
    email: &Email,
    client: &str,
    limited: bool,
    now: UnixMillis,
) -> Result<Recipient, Problem> {
    let email_key = email.key();
    let code = draw_code();
    let code_hash = hasher.hash(&email_key, &code);
    store
        .write(async |tx| {
            if limited {
                check_sends(tx, &email_key, client, now).await?;
            }
            let send = login_code_sends::ActiveModel {
                id: Set(random::id()),
                email_key: Set(email_key.clone()),
                client: Set(client.to_owned()),
                sent_at: Set(now.0),
            };
            send.insert(tx).await?;
            let row = login_codes::ActiveModel {
                email_key: Set(email_key.clone()),
                code_hash: Set(code_hash),
                tries: Set(0),
                created_at: Set(now.0),
                expires_at: Set(now.0 + CODE_LIFETIME_MS),
            };
            let replace = OnConflict::column(login_codes::Column::EmailKey)
                .update_columns([
                    login_codes::Column::CodeHash,
                    login_codes::Column::Tries,
                    login_codes::Column::CreatedAt,
                    login_codes::Column::ExpiresAt,
                ])
                .to_owned();
            login_codes::Entity::insert(row)
                .on_conflict(replace)
                .exec_without_returning(tx)
                .await?;
            // Both are asked in any case, so that an answer takes as long for one address as for another.
            let (user, is_first) = (find_user(tx, &email_key).await?, is_empty(tx).await?);
            Ok(match user {
                Some(user) if user.disabled_at.is_some() => Recipient::Nobody,
                Some(user) => Recipient::Mail { to: user.email, code },
                None if registration == Registration::Open || is_first => Recipient::Mail {
                    to: email.as_str().to_owned(),
                    code,
                },
                None => Recipient::Nobody,
            })
        })
        .await
}

async fn check_sends(db: &impl ConnectionTrait, email_key: &str, client: &str, now: UnixMillis) -> Result<(), Problem> {
    let column = login_code_sends::Column::SentAt;
    let of_address = login_code_sends::Entity::find()
        .filter(login_code_sends::Column::EmailKey.eq(email_key))
        .filter(column.gt(now.0 - DAY_MS))
        .filter(column.lte(now.0 + CLOCK_TOLERANCE_MS))
        .order_by_asc(column)
        .all(db)
        .await?;
    let wait = |from: i64, window: i64| u64::try_from((from + window - now.0) / 1000 + 1).unwrap_or(1);
    let too_many = |seconds| {
        Problem::too_many(
            "A code was sent a short while ago; look for it, or try again later.",
            seconds,
        )
    };
    let interval = i64::from(limits::CODE_INTERVAL_SECONDS) * 1000;
    if let Some(last) = of_address.last().filter(|last| last.sent_at > now.0 - interval) {
        return Err(too_many(wait(last.sent_at, interval)));
    }
    if of_address.len() >= limits::CODES_PER_ADDRESS_PER_DAY as usize {
        let oldest = of_address.first().map_or(now.0, |send| send.sent_at);
        return Err(too_many(wait(oldest, DAY_MS)));
    }
    let of_client = login_code_sends::Entity::find()
        .filter(login_code_sends::Column::Client.eq(client))
        .filter(column.gt(now.0 - HOUR_MS))
        .filter(column.lte(now.0 + CLOCK_TOLERANCE_MS));
    let count = of_client.clone().count(db).await?;
    if count >= u64::from(limits::CODES_PER_CLIENT_PER_HOUR) {
        let oldest = of_client.order_by_asc(column).one(db).await?;
        return Err(too_many(wait(oldest.map_or(now.0, |send| send.sent_at), HOUR_MS)));
    }
    Ok(())
}

/// Eight digits, all equally likely.
fn draw_code() -> Zeroizing<String> {
    const CODES: u32 = 100_000_000;
    loop {
        // Values from the incomplete last stretch would make small codes likelier.
        let drawn = u32::from_be_bytes(random::bytes());
        if drawn < u32::MAX - u32::MAX % CODES {
            return Zeroizing::new(format!("{:08}", drawn % CODES));
        }
    }
}

/// Exchanges a code for a session; makes the account when there is none yet.
///
/// Everything happens in one transaction: of any number of racing calls with the right code one
/// wins, and no more than [`limits::TRIES_PER_CODE`] wrong tries are ever looked at.
///
/// # Errors
///
/// 401 `otp_invalid`, or `otp_expired` when the right code came too late.
pub async fn redeem(
    store: &Store,
    hasher: &CodeHasher,
    registration: Registration,
    email: &Email,
    code: &str,
    session: NewSession,
    now: UnixMillis,
) -> Result<users::Model, Problem> {
    let email_key = email.key();
    store
        .write(async |tx| {
            let Some(row) = login_codes::Entity::find_by_id(&email_key).one(tx).await? else {
                return Ok(Err(invalid()));
            };
            if row.tries >= i32::try_from(limits::TRIES_PER_CODE).unwrap_or(i32::MAX) {
                return Ok(Err(invalid()));
            }
            if !hasher.is_hash_of(&row.code_hash, &email_key, code) {
                let tries = row.tries + 1;
                let mut row = login_codes::ActiveModel::from(row);
                row.tries = Set(tries);
                row.update(tx).await?;
                // Not an `Err`: that would undo the count.
                return Ok(Err(invalid()));
            }
            let expired = row.expires_at <= now.0;
            login_codes::Entity::delete_by_id(&email_key).exec(tx).await?;
            if expired {
                let message = "The code is right, but it came too late; ask for a new one.";
                return Ok(Err(Problem::new(
                    poem::http::StatusCode::UNAUTHORIZED,
                    "otp_expired",
                    message,
                )));
            }
            let user = match find_user(tx, &email_key).await? {
                Some(user) if user.disabled_at.is_some() => return Ok(Err(invalid())),
                Some(user) => user,
                None => {
                    let first = is_empty(tx).await?;
                    if registration == Registration::Invite && !first {
                        return Ok(Err(invalid()));
                    }
                    create_user(tx, email, first, now).await?
                }
            };
            sessions::insert(tx, user.id, session, now).await?;
            Ok::<_, StoreError>(Ok(user))
        })
        .await?
}

fn invalid() -> Problem {
    let message = "The code is wrong, used up or not the latest one; ask for a new one.";
    Problem::new(poem::http::StatusCode::UNAUTHORIZED, "otp_invalid", message)
}

/// The user with an address, by its key.
pub async fn find_user(db: &impl ConnectionTrait, email_key: &str) -> Result<Option<users::Model>, StoreError> {
    Ok(users::Entity::find()
        .filter(users::Column::EmailKey.eq(email_key))
        .one(db)
        .await?)
}

async fn is_empty(db: &impl ConnectionTrait) -> Result<bool, StoreError> {
    Ok(users::Entity::find().one(db).await?.is_none())
}

/// The very first user runs the server.
async fn create_user(
    tx: &impl ConnectionTrait,
    email: &Email,
    first: bool,
    now: UnixMillis,
) -> Result<users::Model, StoreError> {
    let user = users::ActiveModel {
        id: Set(random::id()),
        email: Set(email.as_str().to_owned()),
        email_key: Set(email.key()),
        km_version: Set(1),
        created_at: Set(now.0),
        updated_at: Set(now.0),
        ..Default::default()
    };
    let user = user.insert(tx).await?;
    let role = if first { "admin" } else { "user" };
    let role = user_roles::ActiveModel {
        user_id: Set(user.id),
        role: Set(role.to_owned()),
    };
    role.insert(tx).await?;
    Ok(user)
}

/// Forgets codes that expired a day ago and sends that no limit counts any more.
pub async fn sweep(store: &Store, now: UnixMillis) -> Result<(), StoreError> {
    store
        .write(async |tx| {
            // An expired code is kept for a while, so that somebody who comes too late is told so.
            login_codes::Entity::delete_many()
                .filter(login_codes::Column::ExpiresAt.lt(now.0 - DAY_MS))
                .exec(tx)
                .await?;
            login_code_sends::Entity::delete_many()
                .filter(
                    login_code_sends::Column::SentAt
                        .lt(now.0 - DAY_MS)
                        .or(login_code_sends::Column::SentAt.gt(now.0 + DAY_MS)),
                )
                .exec(tx)
                .await?;
            Ok(())
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_eight_digits() {
        for _ in 0..1000 {
            let code = draw_code();
            assert!(code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit()), "{}", *code);
        }
    }

    #[test]
    fn a_hash_is_bound_to_address_and_server() {
        let hash = |seed: u8, email: &str, code: &str| CodeHasher::new(&[seed; 32]).hash(email, code);
        assert_eq!(hash(1, "a@b", "12345678"), hash(1, "a@b", "12345678"));
        assert_ne!(hash(1, "a@b", "12345678"), hash(2, "a@b", "12345678"));
        assert_ne!(hash(1, "a@b", "12345678"), hash(1, "a@c", "12345678"));
        assert_ne!(hash(1, "a@b1", "2345678"), hash(1, "a@b", "12345678"));
    }

    mod vulns {
        use super::*;

        #[test]
        fn s51_a_code_is_compared_by_the_mac_which_takes_the_whole_hash_and_nothing_less() {
            let hasher = CodeHasher::new(&[1; 32]);
            let stored = hasher.hash("a@b", "12345678");
            assert!(hasher.is_hash_of(&stored, "a@b", "12345678"));
            for (email_key, code) in [("a@b", "12345679"), ("a@b", ""), ("a@c", "12345678")] {
                assert!(!hasher.is_hash_of(&stored, email_key, code), "{email_key} {code}");
            }
            // Neither a beginning nor a continuation of the hash will do, nor a hash with any bit changed.
            let long = [stored.as_slice(), &[0]].concat();
            for wrong in [&stored[..31], &stored[..0], &long] {
                assert!(!hasher.is_hash_of(wrong, "a@b", "12345678"), "{}", wrong.len());
            }
            for bit in 0..256 {
                let mut changed = stored.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert!(!hasher.is_hash_of(&changed, "a@b", "12345678"), "{bit}");
            }
        }
    }
}
