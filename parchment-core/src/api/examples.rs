//! Examples for the published document.
//!
//! They tell one story: alice of `home.example` and bob of `other.example`. Keys, signatures and
//! nonces are real ones, so that every example is accepted wherever its shape is.

use poem_openapi::types::Example;

use super::{
    Email, Patch, Time,
    accounts::{AliasAvailability, OnboardingCompleted, Preferences, PreferencesRequest, ProfileRequest, UnitSystem},
    administration::{
        ChangeRoleRequest, ChangeUserRequest, CreateRoleRequest, CreateUserRequest, Permission, PermissionDetails,
        Role, RoleDetails, RoleHolder, RoleName, RolePermissionsRequest, UserDetails, UserPage, UserSummary,
    },
    auth::{
        CurrentSession, EndOthersRequest, Permissions, Session, SignInMethod, SignInRequest, SignInResponse,
        Subscription, User, VerifyRequest,
    },
    blobs::{Blob, BlobEntry, BlobList, BlobRequest},
    collections::{Collection, CollectionRequest, NewPointRequest, Point, PointRequest, Points},
    device_transfer::{TransferPayload, TransferRequest, TransferStarted, TransferUpload},
    devices::{SecretsRotated, WrapSecret},
    error::ErrorBody,
    federation::InboxMessage,
    friends::{
        Direction, Ended, EnvelopeRequest, Friend, FriendStatus, Friends, Invitation, InvitationStatus, Invitations,
        InviteRequest, InviteResponse, RevokeRequest, SyncResponse, SyncResult,
    },
    health::Health,
    identity::{
        AliasRequest, AliasResponse, FlushItem, FlushRequest, FlushResponse, FlushResult, Identity, KeysRequest,
        PendingRevocation, PendingRevocations, ResetConfirmation, ResetRequest, Success,
    },
    passkeys::{
        AssertionResponse, AttestationResponse, AuthenticatorSelection, Passkey, PasskeyAlgorithm, PasskeyAssertion,
        PasskeyCreationOptions, PasskeyDescriptor, PasskeyDeviceType, PasskeyExtensions, PasskeyRegistration,
        PasskeyRequestOptions, PasskeyUser, RelyingParty,
    },
    rotation::{Dropped, KmVersion, RotatedBlob, RotatedCollection, RotatedPoint, RotationRequest},
    well_known::{ManifestDocument, UserDocumentBody},
    wrapped_keys::{SlotRequest, Slots, StoredSlot},
};

const ALICE: &str = "alice@home.example";
const BOB: &str = "bob@other.example";
const ID: &str = "019db0e4-6c00-7d3a-9c1f-3b0a4f6e2d51";
const NONCE: &str = "AAECAwQFBgcICQoLDA0ODw==";
const TIMESTAMP: &str = "2026-04-20T12:00:00.000Z";
const SIGNING_KEY: &str = "FCxxQOixEIenXtSdHkmpfD9r6yro5iCJQxkFJMLdOBw=";
const ENCRYPTION_KEY: &str = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=";
const SIGNATURE: &str = "bN29zNtGQ1ZMMYsUGnaKSkWXZJl26i2+lLpSc33vX24eh8XmCFCvwEuEA4TQx3LYkw4/q3aIQqvhOJRl5s71Cg==";

/// An envelope of 38 bytes; its content says nothing.
const ENVELOPE: &str = "AgEAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiM=";
const OTHER_ID: &str = "019db0e4-6c00-7d3a-9c1f-3b0a4f6e2d52";
const CREDENTIAL_ID: &str = "Y3JlZGVudGlhbC0x";

const CREDENTIAL: &str = "P9cZ2jVx0kWc6aQ1s3tU5A";
const CHALLENGE: &str = "m0x3b5uVbS1hR7Xv1lq3nVn0o3sJ8l1b2c9d4e5f6g8";
const USER_HANDLE: &str = "AZ2w5GwAfTqcHzsKT24tUQ";
const AUTHENTICATOR_DATA: &str = "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MdAAAAAA";

fn public_key() -> String {
    text("public-key")
}

fn required() -> String {
    text("required")
}

fn descriptor() -> PasskeyDescriptor {
    PasskeyDescriptor {
        type_: public_key(),
        id: text(CREDENTIAL),
        transports: vec![text("hybrid"), text("internal")],
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn time() -> Time {
    Time::from_millis(1_776_686_400_000)
}

fn email() -> Email {
    Email::literal("alice@mail.example")
}

macro_rules! examples {
    ($($type:ty = $example:expr;)*) => {
        $(
            impl Example for $type {
                fn example() -> Self {
                    $example
                }
            }
        )*
    };
}

examples! {
    ProfileRequest = Self {
        first_name: Patch::Set(text("Alice")),
        last_name: Patch::Clear,
        picture: Patch::Keep,
    };
    Preferences = Self { language: text("en-US"), unit_system: UnitSystem::Metric };
    PreferencesRequest = Self { language: Some(text("de-CH")), unit_system: None };
    OnboardingCompleted = Self { onboarding_completed_at: time() };
    AliasAvailability = Self { available: true };
    Health = Self::ok();
    ErrorBody = Self {
        message: text("Sign in first."),
        code: text("signed_out"),
        supported_protocol_versions: None,
        missing: None,
    };
    VerifyRequest = Self { email: email() };
    SignInRequest = Self { method: SignInMethod::Otp, email: email(), token: text("12345678") };
    SignInResponse = Self {
        token: text("6f1d0c5a3e9b48c7a2d4e6f8091b3c5d7e9fa1b3c5d7e9f0123456789abcdef0"),
        user: User::example(),
    };
    User = Self {
        id: text(ID),
        email: text("alice@mail.example"),
        first_name: None,
        last_name: None,
        picture: None,
        alias: Some(text("alice")),
        signing_key: Some(text(SIGNING_KEY)),
        encryption_key: Some(text(ENCRYPTION_KEY)),
        km_version: 1,
        onboarding_completed_at: None,
        created_at: time(),
        updated_at: time(),
    };
    Session = Self {
        id: text(ID),
        user_id: text(ID),
        created_at: time(),
        expires_at: Time::from_millis(1_779_278_400_000),
        ipv4: Some(text("192.0.2.7")),
        user_agent: Some(text("parchment-client/0.1")),
        current: true,
    };
    RoleName = Self { id: text("user"), name: text("User") };
    Permission = Self { id: text("users:read"), name: text("See users") };
    PermissionDetails = Self {
        id: text("users:read"),
        name: text("See users"),
        roles: vec![RoleName { id: text("admin"), name: text("Admin") }],
    };
    UserSummary = Self {
        id: text(ID),
        email: text("alice@mail.example"),
        first_name: Some(text("Alice")),
        last_name: None,
        alias: Some(text("alice")),
        picture: None,
        created_at: time(),
        onboarding_completed_at: None,
        roles: vec![RoleName::example()],
        session_count: 2,
    };
    UserPage = Self { data: vec![UserSummary::example()], total: 1, page: 1, limit: 25 };
    UserDetails = Self {
        id: text(ID),
        email: text("alice@mail.example"),
        first_name: Some(text("Alice")),
        last_name: None,
        picture: None,
        alias: Some(text("alice")),
        signing_key: Some(text(SIGNING_KEY)),
        encryption_key: Some(text(ENCRYPTION_KEY)),
        km_version: 1,
        onboarding_completed_at: None,
        created_at: time(),
        updated_at: time(),
        roles: vec![RoleName::example()],
        permissions: vec![Permission { id: text("layers:read"), name: text("See layers") }],
        session_count: 2,
    };
    CreateUserRequest = Self {
        first_name: text("Alice"),
        last_name: text("Liddell"),
        email: email(),
        picture: None,
        role: Some(text("user")),
        roles: None,
    };
    ChangeUserRequest = Self {
        first_name: Patch::Keep,
        last_name: Patch::Clear,
        email: Some(email()),
        roles: Some(vec![text("user"), text("helper")]),
    };
    Role = Self {
        id: text("helper"),
        name: text("Helper"),
        description: Some(text("Sees who is here.")),
        is_default: false,
    };
    RoleHolder = Self {
        id: text(ID),
        email: text("alice@mail.example"),
        first_name: Some(text("Alice")),
        last_name: None,
    };
    RoleDetails = Self {
        id: text("helper"),
        name: text("Helper"),
        description: Some(text("Sees who is here.")),
        is_default: false,
        permissions: vec![Permission::example()],
        users: vec![RoleHolder::example()],
    };
    CreateRoleRequest = Self {
        id: None,
        name: text("Helper"),
        description: Some(text("Sees who is here.")),
        permissions: Some(vec![text("users:read")]),
    };
    ChangeRoleRequest = Self { name: Some(text("Helper")), description: Patch::Clear };
    RolePermissionsRequest = Self { permissions: vec![text("users:read")] };
    EndOthersRequest = Self { device_id: text("0b7c2f9e4d1a") };
    CurrentSession = Self { user: User::example(), token: None, subscription: Subscription::included() };
    Permissions = Self {
        permissions: vec![text("layers:read"), text("layers:write")],
        roles: vec![text("user")],
        subscription: Subscription::included(),
    };
    Success = Self::YES;
    Identity = Self {
        handle: Some(text(ALICE)),
        signing_key: Some(text(SIGNING_KEY)),
        encryption_key: Some(text(ENCRYPTION_KEY)),
        domain: text("home.example"),
    };
    AliasRequest = Self { alias: text("alice") };
    AliasResponse = Self { alias: text("alice"), handle: text(ALICE) };
    KeysRequest = Self { signing_key: text(SIGNING_KEY), encryption_key: text(ENCRYPTION_KEY) };
    ResetRequest = Self { confirm: ResetConfirmation::EraseAllMyData };
    PendingRevocations = Self {
        revocations: vec![PendingRevocation { id: text(ID), peer_handle: text(BOB), created_at: time() }],
    };
    FlushRequest = Self {
        items: vec![FlushItem {
            peer_handle: text(BOB),
            signature: text(SIGNATURE),
            nonce: text(NONCE),
            timestamp: text(TIMESTAMP),
            message_version: Some(1.0),
        }],
    };
    FlushResponse = Self {
        results: vec![FlushResult { peer_handle: text(BOB), delivered: true, error: None }],
    };
    Friends = Self { friends: vec![Friend::example()] };
    Friend = Self {
        id: text(ID),
        friend_handle: text(BOB),
        friend_signing_key: text(SIGNING_KEY),
        friend_encryption_key: Some(text(ENCRYPTION_KEY)),
        friend_name: Some(text("Bob")),
        friend_picture: None,
        status: FriendStatus::Accepted,
        established_at: Some(time()),
        created_at: time(),
    };
    Invitation = Self {
        id: text(ID),
        from_handle: text(ALICE),
        to_handle: text(BOB),
        direction: Direction::Outgoing,
        status: InvitationStatus::Pending,
        created_at: time(),
    };
    Invitations = Self { invitations: vec![Invitation::example()] };
    InviteRequest = Self {
        handle: text(BOB),
        signature: text(SIGNATURE),
        nonce: Some(text(NONCE)),
        timestamp: Some(text(TIMESTAMP)),
    };
    InviteResponse = Self { invitation: Invitation::example() };
    EnvelopeRequest = Self {
        signature: Some(text(SIGNATURE)),
        nonce: Some(text(NONCE)),
        timestamp: Some(text(TIMESTAMP)),
    };
    RevokeRequest = Self {
        revoke_signature: Some(text(SIGNATURE)),
        revoke_nonce: Some(text(NONCE)),
        revoke_timestamp: Some(text(TIMESTAMP)),
    };
    Ended = Self { success: true, delivered: true };
    SyncResponse = Self {
        results: vec![SyncResult { handle: text(BOB), updated: true, error: None }],
    };
    ManifestDocument = Self {
        server_id: text("home.example"),
        public_key: text(SIGNING_KEY),
        protocol_versions: vec![2],
        minimum_protocol_version: 2,
        capabilities: vec![text("signed-server-messages"), text("replay-protection")],
        key_transparency_anchor: None,
    };
    UserDocumentBody = Self {
        handle: text(ALICE),
        signing_key: text(SIGNING_KEY),
        encryption_key: text(ENCRYPTION_KEY),
        inbox: text("https://home.example/federation/inbox"),
        name: Some(text("Alice")),
        picture: None,
    };
    BlobList = Self {
        blobs: vec![BlobEntry { blob_type: text("search-history"), km_version: 1 }],
    };
    Blob = Self { encrypted_blob: text(ENVELOPE), nonce: text(""), km_version: 1, updated_at: time() };
    BlobRequest = Self { encrypted_blob: text(ENVELOPE), nonce: None, km_version: Some(1) };
    Collection = Self {
        id: text(ID),
        user_id: text(ID),
        metadata_encrypted: Some(text(ENVELOPE)),
        metadata_key_version: 1,
        created_at: time(),
        updated_at: time(),
    };
    CollectionRequest = Self { metadata_encrypted: Some(text(ENVELOPE)) };
    Points = Self { points: vec![Point::example()] };
    Point = Self {
        id: text(OTHER_ID),
        collection_id: text(ID),
        encrypted_data: text(ENVELOPE),
        created_at: time(),
        updated_at: time(),
    };
    NewPointRequest = Self { id: Some(text(OTHER_ID)), encrypted_data: text(ENVELOPE) };
    PointRequest = Self { encrypted_data: text(ENVELOPE) };
    Slots = Self {
        slots: vec![StoredSlot {
            user_id: text(ID),
            credential_id: text(CREDENTIAL_ID),
            wrapped_km: text(ENVELOPE),
            wrap_algo: text(crate::slot::WRAP_ALGORITHM),
            slot_signature: text(SIGNATURE),
            created_at: time(),
            last_used_at: None,
        }],
    };
    SlotRequest = Self {
        credential_id: text(CREDENTIAL_ID),
        wrapped_km: text(ENVELOPE),
        wrap_algo: None,
        slot_signature: text(SIGNATURE),
    };
    KmVersion = Self { km_version: 2 };
    RotationRequest = Self {
        expected_current: 1.0,
        signing_key: text(SIGNING_KEY),
        encryption_key: text(ENCRYPTION_KEY),
        blobs: Some(vec![RotatedBlob { blob_type: text("search-history"), encrypted_blob: text(ENVELOPE) }]),
        collections: Some(vec![RotatedCollection { id: text(ID), metadata_encrypted: text(ENVELOPE) }]),
        points: Some(vec![RotatedPoint {
            collection_id: text(ID),
            id: text(OTHER_ID),
            encrypted_data: text(ENVELOPE),
        }]),
        slots: Some(vec![SlotRequest::example()]),
        drop: Some(Dropped { blobs: Some(vec![text("old-drafts")]), ..Dropped::default() }),
    };
    WrapSecret = Self { secret: text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=") };
    SecretsRotated = Self { ok: true };
    TransferRequest = Self { receiver_ephemeral_pub: text(ENCRYPTION_KEY) };
    TransferStarted = Self { session_id: text(ID), expires_at: Time::from_millis(1_776_686_460_000) };
    TransferUpload = Self {
        sender_ephemeral_pub: text(ENCRYPTION_KEY),
        sealed_seed: text(ENVELOPE),
        sender_signature: text(SIGNATURE),
    };
    TransferPayload = Self {
        sender_ephemeral_pub: text(ENCRYPTION_KEY),
        sealed_seed: text(ENVELOPE),
        sender_signature: text(SIGNATURE),
    };
    PasskeyCreationOptions = Self {
        rp: RelyingParty { id: text("home.example"), name: text("home.example") },
        user: PasskeyUser {
            id: text(USER_HANDLE),
            name: text("alice@mail.example"),
            display_name: text("Alice"),
        },
        challenge: text(CHALLENGE),
        pub_key_cred_params: vec![
            PasskeyAlgorithm { type_: public_key(), alg: -7 },
            PasskeyAlgorithm { type_: public_key(), alg: -257 },
        ],
        timeout: 300_000,
        exclude_credentials: vec![descriptor()],
        authenticator_selection: AuthenticatorSelection {
            resident_key: required(),
            require_resident_key: true,
            user_verification: required(),
        },
        attestation: text("none"),
        extensions: PasskeyExtensions::prf(),
    };
    PasskeyRequestOptions = Self {
        challenge: text(CHALLENGE),
        timeout: 300_000,
        rp_id: text("home.example"),
        allow_credentials: None,
        user_verification: required(),
        extensions: PasskeyExtensions::prf(),
    };
    PasskeyRegistration = Self {
        name: Some(text("Laptop")),
        id: text(CREDENTIAL),
        raw_id: text(CREDENTIAL),
        type_: public_key(),
        authenticator_attachment: Some(text("platform")),
        client_extension_results: Some([(text("prf"), serde_json::json!({ "enabled": true }))].into()),
        response: AttestationResponse {
            client_data_json: text("eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0"),
            attestation_object: text("o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YUA"),
            authenticator_data: None,
            transports: Some(vec![text("hybrid"), text("internal")]),
            public_key_algorithm: Some(-7),
            public_key: None,
        },
    };
    PasskeyAssertion = Self {
        id: text(CREDENTIAL),
        raw_id: text(CREDENTIAL),
        type_: public_key(),
        client_extension_results: std::collections::BTreeMap::new(),
        authenticator_attachment: None,
        response: AssertionResponse {
            authenticator_data: text(AUTHENTICATOR_DATA),
            client_data_json: text("eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0"),
            signature: text("MEUCIQDHb4NqXlbD7o0"),
            user_handle: Some(text(USER_HANDLE)),
        },
    };
    Passkey = Self {
        id: text(CREDENTIAL),
        name: text("Laptop"),
        user_id: text(ID),
        counter: 0,
        device_type: PasskeyDeviceType::MultiDevice,
        backed_up: true,
        transports: vec![text("hybrid"), text("internal")],
        created_at: time(),
    };
    InboxMessage = Self {
        protocol_version: Some(2.0),
        message_type: Some(text("FRIEND_INVITE")),
        message_version: Some(1.0),
        nonce: Some(text(NONCE)),
        type_: None,
        from: text(ALICE),
        to: text(BOB),
        timestamp: text(TIMESTAMP),
        signature: text(SIGNATURE),
        payload: Some(std::collections::BTreeMap::new()),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{AgreementKey, Signature, VerifyingKey};

    #[test]
    fn the_keys_of_the_examples_are_keys() {
        assert!(VerifyingKey::from_base64(SIGNING_KEY).is_ok());
        assert!(AgreementKey::from_base64(ENCRYPTION_KEY).is_ok());
        assert!(Signature::from_base64(SIGNATURE).is_ok());
    }

    #[test]
    fn the_envelope_of_the_examples_is_one() {
        assert!(crate::seal::inspect(ENVELOPE).shape.is_ok());
    }

    #[test]
    fn the_example_message_has_the_shape_of_a_message() {
        let text = serde_json::to_string(&InboxMessage::example()).unwrap();
        let value = crate::canonical::parse(text.as_bytes()).unwrap();
        assert!(crate::envelope::SignedMessage::read(&value).is_ok());
    }
}
