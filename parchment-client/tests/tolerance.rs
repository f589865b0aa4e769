//! Answers of servers that know more, or say less, than this one: unknown members are passed over, members that may be
//! absent are not missed. Held against the examples of the OpenAPI document, member by member.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use parchment_core::api::{
    accounts::{AliasAvailability, OnboardingCompleted, Preferences},
    administration::{Permission, PermissionDetails, Role, RoleDetails, UserDetails, UserPage},
    auth::{CurrentSession, Permissions, Session, SignInResponse},
    blobs::{Blob, BlobList},
    collections::{Collection, Point, Points},
    device_transfer::{TransferPayload, TransferStarted},
    devices::{SecretsRotated, WrapSecret},
    error::ErrorBody,
    friends::{Ended, Friends, InvitationStatus, Invitations, InviteResponse, SyncResponse},
    health::Health,
    identity::{AliasResponse, FlushResponse, Identity, PendingRevocations, Success},
    passkeys::{Passkey, PasskeyCreationOptions, PasskeyRequestOptions},
    rotation::KmVersion,
    well_known::{ManifestDocument, UserDocumentBody},
    wrapped_keys::Slots,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The schema of a name, and the one that a member's schema stands for.
fn schema<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let named = |reference: &str| &document["components"]["schemas"][reference.rsplit('/').next().unwrap()];
    let whole = schema.get("allOf").map_or(schema, |all| &all[0]);
    whole["$ref"].as_str().map_or(whole, named)
}

/// The value with an unknown member in every object.
fn with_more(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: serde_json::Map<_, _> = members
                .iter()
                .map(|(name, value)| (name.clone(), with_more(value)))
                .collect();
            members.insert("fromTheFuture".to_owned(), json!({ "a": [1, null] }));
            Value::Object(members)
        }
        Value::Array(items) => items.iter().map(with_more).collect(),
        other => other.clone(),
    }
}

/// The value without the members that may be null or absent, everywhere; counts them.
fn with_less(document: &Value, of: &Value, value: &Value, count: &mut usize) -> Value {
    let of = schema(document, of);
    match value {
        Value::Object(members) => {
            let required: Vec<_> = of["required"].as_array().into_iter().flatten().collect();
            let kept = members.iter().filter_map(|(name, value)| {
                let member = &of["properties"][name];
                let optional = member["nullable"] == json!(true)
                    || schema(document, member)["nullable"] == json!(true)
                    || !required.iter().any(|one| *one == name);
                *count += usize::from(optional);
                (!optional).then(|| (name.clone(), with_less(document, member, value, count)))
            });
            Value::Object(kept.collect())
        }
        Value::Array(items) => items
            .iter()
            .map(|item| with_less(document, &of["items"], item, count))
            .collect(),
        other => other.clone(),
    }
}

#[test]
fn answers_with_more_or_less_than_this_server_gives_are_read() {
    let document: Value = serde_json::from_str(include_str!("../../openapi/parchment.json")).unwrap();
    let mut dropped = 0;
    macro_rules! answers {
        ($($type:ident)*) => {
            $(read::<$type>(&document, stringify!($type), &mut dropped);)*
        };
    }
    answers! {
        AliasAvailability AliasResponse Blob BlobList Collection CurrentSession Ended ErrorBody FlushResponse Friends Health
        Identity Invitations InviteResponse KmVersion ManifestDocument OnboardingCompleted Passkey PasskeyCreationOptions
        PasskeyRequestOptions PendingRevocations Permission PermissionDetails Permissions Point Points Preferences Role
        RoleDetails SecretsRotated Session SignInResponse Slots Success SyncResponse TransferPayload TransferStarted
        UserDetails UserDocumentBody UserPage WrapSecret
    }
    assert!(dropped > 30, "only {dropped} members may be absent");
}

fn read<T: DeserializeOwned>(document: &Value, name: &str, dropped: &mut usize) {
    let of = &document["components"]["schemas"][name];
    let example = &of["example"];
    assert!(example.is_object(), "{name} has no example");
    let more = with_more(example);
    if let Err(error) = serde_json::from_value::<T>(more.clone()) {
        panic!("{name}: {error} in {more}");
    }
    let less = with_less(document, of, example, dropped);
    if let Err(error) = serde_json::from_value::<T>(less.clone()) {
        panic!("{name}: {error} in {less}");
    }
}

#[test]
fn one_unknown_word_does_not_make_a_list_unreadable() {
    let invitation = json!({
        "id": "i", "fromHandle": "a@b.example", "toHandle": "c@d.example", "direction": "incoming", "status": "snoozed",
        "createdAt": "2026-04-20T12:00:00.000Z",
    });
    let list: Invitations = serde_json::from_value(json!({ "invitations": [invitation] })).unwrap();
    assert_eq!(list.invitations[0].status, InvitationStatus::Other);
}

/// Some servers answer less than this one, and that is as much as the interface promises.
#[test]
fn members_that_only_this_server_gives_are_not_missed() {
    let ended: Ended = serde_json::from_value(json!({ "success": true })).unwrap();
    assert!(!ended.delivered);
    let user = json!({
        "id": "u", "email": "a@b", "firstName": null, "lastName": null, "picture": null, "alias": null, "signingKey": null,
        "encryptionKey": null, "kmVersion": 1, "onboardingCompletedAt": null, "createdAt": "2026-04-20T12:00:00.000Z",
        "updatedAt": "2026-04-20T12:00:00.000Z", "roles": [],
    });
    let user: UserDetails = serde_json::from_value(user).unwrap();
    assert!(user.permissions.is_empty());
    let role = json!({ "id": "r", "name": "R", "description": null, "isDefault": false });
    assert!(serde_json::from_value::<RoleDetails>(role).unwrap().users.is_empty());
    let blob = json!({ "encryptedBlob": "AgE", "nonce": null, "kmVersion": 1, "updatedAt": "2026-04-20T12:00:00Z" });
    assert_eq!(serde_json::from_value::<Blob>(blob).unwrap().nonce, "");
    let document =
        json!({ "handle": "a@b.example", "signingKey": "AA==", "encryptionKey": null, "inbox": "https://b.example" });
    assert_eq!(
        serde_json::from_value::<UserDocumentBody>(document)
            .unwrap()
            .encryption_key,
        ""
    );
}

#[test]
fn how_an_authenticator_is_reached_may_be_left_unsaid() {
    let passkey = json!({
        "id": "AQ", "name": "phone", "userId": "u", "counter": 0, "deviceType": "multiDevice", "backedUp": true,
        "transports": null, "createdAt": "2026-04-20T12:00:00.000Z",
    });
    let passkey: Passkey = serde_json::from_value(passkey).unwrap();
    assert!(passkey.transports.is_empty());
    let options = json!({
        "challenge": "AA", "timeout": 60000, "rpId": "home.example", "userVerification": "required", "hints": [],
        "allowCredentials": [{ "type": "public-key", "id": "AQ" }], "extensions": { "prf": { "eval": { "first": "AA" } } },
    });
    let options: PasskeyRequestOptions = serde_json::from_value(options).unwrap();
    assert!(options.allow_credentials.unwrap()[0].transports.is_empty());
}
