//! Passkeys as they are stored, listed and deleted.

use std::collections::BTreeSet;

use parchment_core::{
    api::{
        Time,
        passkeys::{Passkey, PasskeyDescriptor, PasskeyDeviceType},
    },
    limits,
};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    prelude::Uuid,
};
use serde::Deserialize as _;
use webauthn_rs::prelude::{
    AttestationFormat, AttestationMetadata, COSEKey, Credential, ParsedAttestation, ParsedAttestationData,
};

use super::{relying_party, responses::encode};
use crate::{
    auth::{caller::Caller, sessions},
    http::problem::Problem,
    store::{
        Store, StoreError,
        entities::passkeys::{Column, Entity, Model},
    },
    vault::slots,
};

/// All passkeys of a user, newest first.
pub(super) async fn list(db: &impl ConnectionTrait, user_id: Uuid) -> Result<Vec<Model>, StoreError> {
    let rows = Entity::find()
        .filter(Column::UserId.eq(user_id))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::CredentialId)
        .all(db)
        .await?;
    Ok(rows)
}

/// The passkeys of a user that a recovery slot is wrapped for.
///
/// # Errors
///
/// 404 when there is none: options without any would be for whichever passkey the authenticator finds.
pub(super) async fn unlocking(db: &impl ConnectionTrait, user_id: Uuid) -> Result<Vec<Model>, Problem> {
    let slots = slots::list(db, user_id).await?;
    let mut rows = list(db, user_id).await?;
    rows.retain(|row| slots.iter().any(|slot| slot.credential_id == row.credential_id));
    if rows.is_empty() {
        return Err(Problem::not_found("You have no passkey with a recovery slot."));
    }
    Ok(rows)
}

/// A user's passkey by its id; what is no id is no passkey.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    user_id: Uuid,
    credential_id: Option<Vec<u8>>,
) -> Result<Model, Problem> {
    let found = match credential_id {
        Some(id) => Entity::find_by_id(id).one(db).await?,
        None => None,
    };
    found.filter(|row| row.user_id == user_id).ok_or_else(not_found)
}

/// Deletes a passkey of the caller's, and with it what is wrapped for it.
///
/// # Errors
///
/// 404 when she has no such passkey; 401 when the session has ended by now.
pub(super) async fn delete(store: &Store, caller: &Caller, credential_id: Option<Vec<u8>>) -> Result<(), Problem> {
    store
        .write(async |tx| {
            sessions::check_alive(tx, caller.session.id).await?;
            let row = find(tx, caller.user.id, credential_id).await?;
            Entity::delete_by_id(row.credential_id).exec(tx).await?;
            Ok(())
        })
        .await
}

fn not_found() -> Problem {
    Problem::not_found("You have no such passkey.")
}

/// Makes sure that a user may have one more passkey.
///
/// # Errors
///
/// 409 `too_many_passkeys`.
pub(super) async fn check_room(db: &impl ConnectionTrait, user_id: Uuid) -> Result<(), Problem> {
    let count = Entity::find().filter(Column::UserId.eq(user_id)).count(db).await?;
    if count >= u64::from(limits::PASSKEYS_PER_USER) {
        let message = "You have as many passkeys as an account may have; delete one first.";
        return Err(Problem::conflict("too_many_passkeys", message));
    }
    Ok(())
}

/// A passkey as its user sees it.
pub(super) fn to_passkey(row: Model) -> Passkey {
    Passkey {
        id: encode(&row.credential_id),
        transports: transports(&row),
        name: row.name,
        user_id: row.user_id.to_string(),
        counter: u32::try_from(row.counter).unwrap_or(u32::MAX),
        device_type: if row.backup_eligible {
            PasskeyDeviceType::MultiDevice
        } else {
            PasskeyDeviceType::SingleDevice
        },
        backed_up: row.backed_up,
        created_at: Time::from_millis(row.created_at),
    }
}

/// A passkey as options name it.
pub(super) fn to_descriptor(row: &Model) -> PasskeyDescriptor {
    relying_party::descriptor(&row.credential_id, transports(row))
}

fn transports(row: &Model) -> Vec<String> {
    let words = row.transports.split(',').filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// Transports as they are stored. Future ones are kept too, as WebAuthn asks, if they look like one.
pub(super) fn join_transports(words: &[String]) -> String {
    let plausible =
        |word: &&String| (1..=32).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let words: BTreeSet<&str> = words.iter().filter(plausible).map(String::as_str).collect();
    words.into_iter().take(16).collect::<Vec<_>>().join(",")
}

/// A passkey as the verification takes it.
pub(super) fn to_credential(row: &Model) -> Result<Credential, Problem> {
    let key: serde_cbor_2::Value = serde_cbor_2::from_slice(&row.public_key).map_err(Problem::internal)?;
    Ok(Credential {
        cred_id: row.credential_id.clone(),
        cred: COSEKey::try_from(&key).map_err(Problem::internal)?,
        counter: u32::try_from(row.counter).map_err(Problem::internal)?,
        transports: None,
        user_verified: true,
        backup_eligible: row.backup_eligible,
        backup_state: row.backed_up,
        // User verification is required, whatever was asked for when it was registered.
        registration_policy: Default::default(),
        extensions: Default::default(),
        attestation: ParsedAttestation {
            data: ParsedAttestationData::None,
            metadata: AttestationMetadata::None,
        },
        attestation_format: AttestationFormat::None,
    })
}

/// The longest public key that is stored, in bytes; one of RSA with 2048 bits has 272.
const MAX_PUBLIC_KEY: usize = 1024;

/// What the library does not give out of an attestation object: the authenticator's model, and the public key as written.
#[derive(Debug)]
pub(super) struct Attested {
    /// The authenticator's model.
    pub aaguid: [u8; 16],
    /// A `COSE_Key`.
    pub public_key: Vec<u8>,
}

impl Attested {
    /// Reads an attestation object that has been verified.
    pub fn read(attestation_object: &[u8]) -> Option<Self> {
        #[derive(serde::Deserialize)]
        struct Object<'a> {
            #[serde(rename = "authData")]
            authenticator_data: &'a [u8],
        }
        let object: Object<'_> = serde_cbor_2::from_slice(attestation_object).ok()?;
        // Hash of the relying party's id, flags, counter; then the credential: AAGUID, length of its id, id, key.
        let credential = object.authenticator_data.get(32 + 1 + 4..)?;
        let (aaguid, rest) = credential.split_first_chunk::<16>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let rest = rest.get(u16::from_be_bytes(*length).into()..)?;
        let mut reader = serde_cbor_2::Deserializer::from_slice(rest);
        serde_cbor_2::Value::deserialize(&mut reader).ok()?;
        // Members that no key has could make it as long as the answer.
        let public_key = rest
            .get(..reader.byte_offset())
            .filter(|key| key.len() <= MAX_PUBLIC_KEY)?;
        Some(Self {
            aaguid: *aaguid,
            public_key: public_key.to_vec(),
        })
    }
}
