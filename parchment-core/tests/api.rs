//! The types of the HTTP interface are one thing to serde and to poem-openapi.
//!
//! Clients read and write them with serde, this project's server with poem-openapi's traits. Here every type is
//! written by both, read by both, and read by each as the other wrote it.
#![cfg(feature = "openapi")]
#![allow(clippy::unwrap_used)]

use std::fmt::Debug;

use parchment_core::api::{
    Email, Patch, Time, accounts::*, administration::*, auth::*, blobs::*, collections::*, device_transfer::*,
    devices::*, error::*, federation::*, friends::*, health::*, identity::*, passkeys::*, rotation::*, well_known::*,
    wrapped_keys::*,
};
use poem_openapi::types::{ParseFromJSON, ToJSON};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::select,
    test_runner::{TestCaseError, TestRunner},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// What the macro below needs of a type.
trait Both: Debug + PartialEq + Serialize + DeserializeOwned + ToJSON + ParseFromJSON {}
impl<T: Debug + PartialEq + Serialize + DeserializeOwned + ToJSON + ParseFromJSON> Both for T {}

fn by_serde<T: Both>(json: &Value) -> Option<T> {
    serde_json::from_value(json.clone()).ok()
}

fn by_poem<T: Both>(json: &Value) -> Option<T> {
    T::parse_from_json(Some(json.clone())).ok()
}

/// Whether unknown members are refused, or passed over so that servers can say more than clients know.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Request,
    Answer,
    /// What browsers make of a passkey: they add members as they like, and those are passed over.
    Browser,
    /// A text, not an object.
    Text,
    /// An answer of which clients read more than this server gives: others leave members out, or have other words.
    LenientAnswer,
    /// The same of a text.
    LenientText,
}

impl Side {
    fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::LenientText)
    }

    /// Whether serde may read what poem-openapi refuses. What both read is the same for all.
    fn is_lenient(self) -> bool {
        matches!(self, Self::LenientAnswer | Self::LenientText)
    }
}

type Checked<T = ()> = Result<T, TestCaseError>;

/// Checks that both write a value alike and read alike what was written, and what is not quite that.
fn agree<T: Both>(value: &T, side: Side) -> Checked {
    let (poem, serde) = (value.to_json(), serde_json::to_value(value).unwrap());
    prop_assert_eq!(
        poem.as_ref(),
        Some(&serde),
        "poem-openapi (left) and serde (right) write differently"
    );
    // Through the text, as it travels: numbers come back as whatever the text looks like.
    let read: Value = serde_json::from_str(&serde.to_string()).unwrap();
    let back = same::<T>(&read, side)?;
    prop_assert_eq!(back.as_ref(), Some(value), "{} is read as another value", read);
    match read {
        Value::Object(members) => agree_on_members::<T>(&members, side)?,
        _ => prop_assert!(side.is_text(), "{} is not an object", read),
    }
    for nonsense in [Value::Null, true.into(), 7.into(), "\u{0}".into()] {
        same::<T>(&nonsense, side)?;
    }
    Ok(())
}

/// Checks that both agree when a member is missing, of another type, or unknown.
fn agree_on_members<T: Both>(members: &Map<String, Value>, side: Side) -> Checked {
    let with = |name: &str, value: Value| {
        let mut members = members.clone();
        members.insert(name.to_owned(), value);
        Value::Object(members)
    };
    let taken = same::<T>(&with("unknown_member", Value::Null), side)?.is_some();
    prop_assert_eq!(taken, side != Side::Request, "an unknown member in {:?}", members);
    for (name, value) in members {
        let mut without = members.clone();
        without.remove(name);
        same::<T>(&Value::Object(without), side)?;
        for other in [
            Value::Null,
            "\u{0}".into(),
            Value::Array(vec![]),
            Value::Object(Map::new()),
        ] {
            same::<T>(&with(name, other), side)?;
        }
        // See `where_the_two_differ` for why not in place of texts.
        if !value.is_string() && !value.is_null() {
            for other in [true.into(), (-1).into(), 0.5.into(), u64::MAX.into()] {
                same::<T>(&with(name, other), side)?;
            }
        }
    }
    Ok(())
}

/// Checks that both refuse or both read the same value; gives it.
fn same<T: Both>(json: &Value, side: Side) -> Checked<Option<T>> {
    let (serde, poem) = (by_serde::<T>(json), by_poem::<T>(json));
    if poem.is_none() && side.is_lenient() {
        return Ok(serde);
    }
    prop_assert_eq!(&serde, &poem, "serde (left) and poem-openapi (right) read {}", json);
    Ok(serde)
}

/// Two leniencies that the derived readers bring along; nothing here is written that way, and nothing is signed.
#[test]
fn where_the_two_differ() {
    let alias = |alias: &str| {
        Some(AliasRequest {
            alias: alias.to_owned(),
        })
    };
    for (number_for_text, text) in [
        (serde_json::json!({ "alias": true }), "true"),
        (serde_json::json!({ "alias": 7 }), "7"),
    ] {
        assert_eq!(by_serde::<AliasRequest>(&number_for_text), None);
        assert_eq!(by_poem::<AliasRequest>(&number_for_text), alias(text));
    }
    let array_for_object = serde_json::json!(["alice"]);
    assert_eq!(by_serde::<AliasRequest>(&array_for_object), alias("alice"));
    assert_eq!(by_poem::<AliasRequest>(&array_for_object), None);
}

// Any value of each type.

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), any::<String>(), "[a-z]{3,9}@home\\.example"]
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    option::of(text())
}

/// Any instant that RFC 3339 can write: years 0000 to 9999.
fn time() -> impl Strategy<Value = Time> {
    (-62_167_219_200_000_i64..253_402_300_800_000).prop_map(Time::from_millis)
}

fn email() -> impl Strategy<Value = Email> {
    "[A-Za-z0-9+_'-]{1,20}@[a-z0-9]{1,9}\\.example".prop_map(|text| Email::read(&text).unwrap())
}

fn number() -> impl Strategy<Value = Option<f64>> {
    option::of(prop_oneof![Just(1.0), Just(2.0), proptest::num::f64::NORMAL])
}

prop_compose! {
    fn user()(
        texts in (text(), text()), names in (maybe(), maybe(), maybe(), maybe()), keys in (maybe(), maybe()),
        km_version in any::<i64>(), onboarded in option::of(time()), times in (time(), time()),
    ) -> User {
        User {
            id: texts.0,
            email: texts.1,
            first_name: names.0,
            last_name: names.1,
            picture: names.2,
            alias: names.3,
            signing_key: keys.0,
            encryption_key: keys.1,
            km_version,
            onboarding_completed_at: onboarded,
            created_at: times.0,
            updated_at: times.1,
        }
    }
}

fn role_name() -> impl Strategy<Value = RoleName> {
    (text(), text()).prop_map(|(id, name)| RoleName { id, name })
}

fn permission() -> impl Strategy<Value = Permission> {
    (text(), text()).prop_map(|(id, name)| Permission { id, name })
}

fn role_holder() -> impl Strategy<Value = RoleHolder> {
    (text(), text(), maybe(), maybe()).prop_map(|(id, email, first_name, last_name)| RoleHolder {
        id,
        email,
        first_name,
        last_name,
    })
}

/// A text that the validators of names and the like take.
fn name() -> impl Strategy<Value = String> {
    "[a-z ]{1,20}"
}

fn names() -> impl Strategy<Value = Vec<String>> {
    vec(text(), 0..3)
}

prop_compose! {
    fn user_summary()(
        user in user(), roles in vec(role_name(), 0..3), session_count in any::<u64>(),
    ) -> UserSummary {
        UserSummary {
            id: user.id,
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
            alias: user.alias,
            picture: user.picture,
            created_at: user.created_at,
            onboarding_completed_at: user.onboarding_completed_at,
            roles,
            session_count,
        }
    }
}

prop_compose! {
    fn user_details()(
        user in user(), roles in vec(role_name(), 0..3), permissions in vec(permission(), 0..3), session_count in any::<u64>(),
    ) -> UserDetails {
        UserDetails {
            id: user.id,
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
            picture: user.picture,
            alias: user.alias,
            signing_key: user.signing_key,
            encryption_key: user.encryption_key,
            km_version: user.km_version,
            onboarding_completed_at: user.onboarding_completed_at,
            created_at: user.created_at,
            updated_at: user.updated_at,
            roles,
            permissions,
            session_count,
        }
    }
}

prop_compose! {
    fn create_user_request()(
        names in (name(), name()), email in email(), picture in option::of(name()), role in option::of(name()),
        roles in option::of(names()),
    ) -> CreateUserRequest {
        CreateUserRequest { first_name: names.0, last_name: names.1, email, picture, role, roles }
    }
}

prop_compose! {
    fn role()(texts in (text(), text()), description in maybe(), is_default in any::<bool>()) -> Role {
        Role { id: texts.0, name: texts.1, description, is_default }
    }
}

prop_compose! {
    fn role_details()(
        role in role(), permissions in vec(permission(), 0..3), users in vec(role_holder(), 0..3),
    ) -> RoleDetails {
        RoleDetails {
            id: role.id,
            name: role.name,
            description: role.description,
            is_default: role.is_default,
            permissions,
            users,
        }
    }
}

prop_compose! {
    fn session()(
        texts in (text(), text()), times in (time(), time()), client in (maybe(), maybe()), current in any::<bool>(),
    ) -> Session {
        Session {
            id: texts.0,
            user_id: texts.1,
            created_at: times.0,
            expires_at: times.1,
            ipv4: client.0,
            user_agent: client.1,
            current,
        }
    }
}

prop_compose! {
    fn subscription()(flags in any::<[bool; 3]>(), tier in text()) -> Subscription {
        let [is_premium, is_basic, has_subscription] = flags;
        Subscription { is_premium, is_basic, has_subscription, tier }
    }
}

prop_compose! {
    fn friend()(
        texts in (text(), text(), text()), maybe in (maybe(), maybe(), maybe()),
        status in friend_status(), established_at in option::of(time()), created_at in time(),
    ) -> Friend {
        Friend {
            id: texts.0,
            friend_handle: texts.1,
            friend_signing_key: texts.2,
            friend_encryption_key: maybe.0,
            friend_name: maybe.1,
            friend_picture: maybe.2,
            status,
            established_at,
            created_at,
        }
    }
}

prop_compose! {
    fn invitation()(
        texts in (text(), text(), text()), direction in direction(), status in invitation_status(), created_at in time(),
    ) -> Invitation {
        Invitation { id: texts.0, from_handle: texts.1, to_handle: texts.2, direction, status, created_at }
    }
}

prop_compose! {
    fn pending_revocation()(id in text(), peer_handle in text(), created_at in time()) -> PendingRevocation {
        PendingRevocation { id, peer_handle, created_at }
    }
}

prop_compose! {
    fn flush_item()(texts in (text(), text(), text(), text()), message_version in number()) -> FlushItem {
        FlushItem { peer_handle: texts.0, signature: texts.1, nonce: texts.2, timestamp: texts.3, message_version }
    }
}

prop_compose! {
    fn flush_result()(peer_handle in text(), delivered in any::<bool>(), error in maybe()) -> FlushResult {
        FlushResult { peer_handle, delivered, error }
    }
}

prop_compose! {
    fn sync_result()(handle in text(), updated in any::<bool>(), error in maybe()) -> SyncResult {
        SyncResult { handle, updated, error }
    }
}

prop_compose! {
    fn inbox_message()(
        versions in (number(), number()), maybe in (maybe(), maybe(), maybe()), texts in (text(), text(), text(), text()),
        payload in option::of(proptest::collection::btree_map(text(), json(), 0..3)),
    ) -> InboxMessage {
        InboxMessage {
            protocol_version: versions.0,
            message_type: maybe.0,
            message_version: versions.1,
            nonce: maybe.1,
            type_: maybe.2,
            from: texts.0,
            to: texts.1,
            timestamp: texts.2,
            signature: texts.3,
            payload,
        }
    }
}

fn json() -> impl Strategy<Value = Value> {
    select(vec![
        Value::Null,
        1.into(),
        0.5.into(),
        "text".into(),
        serde_json::json!({ "a": [{}] }),
    ])
}

prop_compose! {
    fn manifest_document()(
        texts in (text(), text()), protocol_versions in vec(any::<u32>(), 0..3), minimum_protocol_version in any::<u32>(),
        capabilities in vec(text(), 0..3), key_transparency_anchor in maybe(),
    ) -> ManifestDocument {
        ManifestDocument {
            server_id: texts.0,
            public_key: texts.1,
            protocol_versions,
            minimum_protocol_version,
            capabilities,
            key_transparency_anchor,
        }
    }
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    vec(text(), 0..3)
}

fn blob_entry() -> impl Strategy<Value = BlobEntry> {
    (text(), any::<i64>()).prop_map(|(blob_type, km_version)| BlobEntry { blob_type, km_version })
}

prop_compose! {
    fn collection()(
        texts in (text(), text()), metadata_encrypted in maybe(), metadata_key_version in any::<i64>(),
        times in (time(), time()),
    ) -> Collection {
        Collection {
            id: texts.0,
            user_id: texts.1,
            metadata_encrypted,
            metadata_key_version,
            created_at: times.0,
            updated_at: times.1,
        }
    }
}

prop_compose! {
    fn point()(texts in (text(), text(), text()), times in (time(), time())) -> Point {
        Point {
            id: texts.0,
            collection_id: texts.1,
            encrypted_data: texts.2,
            created_at: times.0,
            updated_at: times.1,
        }
    }
}

prop_compose! {
    fn stored_slot()(
        texts in (text(), text(), text(), text(), text()), created_at in time(), last_used_at in option::of(time()),
    ) -> StoredSlot {
        StoredSlot {
            user_id: texts.0,
            credential_id: texts.1,
            wrapped_km: texts.2,
            wrap_algo: texts.3,
            slot_signature: texts.4,
            created_at,
            last_used_at,
        }
    }
}

prop_compose! {
    fn slot_request()(texts in (text(), text(), text()), wrap_algo in maybe()) -> SlotRequest {
        SlotRequest { credential_id: texts.0, wrapped_km: texts.1, wrap_algo, slot_signature: texts.2 }
    }
}

fn rotated_blob() -> impl Strategy<Value = RotatedBlob> {
    (text(), text()).prop_map(|(blob_type, encrypted_blob)| RotatedBlob {
        blob_type,
        encrypted_blob,
    })
}

fn rotated_collection() -> impl Strategy<Value = RotatedCollection> {
    (text(), text()).prop_map(|(id, metadata_encrypted)| RotatedCollection { id, metadata_encrypted })
}

fn rotated_point() -> impl Strategy<Value = RotatedPoint> {
    (text(), text(), text()).prop_map(|(collection_id, id, encrypted_data)| RotatedPoint {
        collection_id,
        id,
        encrypted_data,
    })
}

fn dropped() -> impl Strategy<Value = Dropped> {
    (option::of(texts()), option::of(texts()), option::of(texts())).prop_map(|(blobs, collections, points)| Dropped {
        blobs,
        collections,
        points,
    })
}

fn left_behind() -> impl Strategy<Value = LeftBehind> {
    (texts(), texts(), texts()).prop_map(|(blobs, collections, points)| LeftBehind {
        blobs,
        collections,
        points,
    })
}

prop_compose! {
    fn rotation_request()(
        expected_current in proptest::num::f64::NORMAL, keys in (text(), text()),
        blobs in option::of(vec(rotated_blob(), 0..3)), collections in option::of(vec(rotated_collection(), 0..3)),
        points in option::of(vec(rotated_point(), 0..3)), slots in option::of(vec(slot_request(), 0..3)),
        drop in option::of(dropped()),
    ) -> RotationRequest {
        RotationRequest {
            expected_current,
            signing_key: keys.0,
            encryption_key: keys.1,
            blobs,
            collections,
            points,
            slots,
            drop,
        }
    }
}

fn descriptor() -> impl Strategy<Value = PasskeyDescriptor> {
    (text(), text(), vec(text(), 0..3)).prop_map(|(type_, id, transports)| PasskeyDescriptor { type_, id, transports })
}

fn relying_party() -> impl Strategy<Value = RelyingParty> {
    (text(), text()).prop_map(|(id, name)| RelyingParty { id, name })
}

fn passkey_user() -> impl Strategy<Value = PasskeyUser> {
    (text(), text(), text()).prop_map(|(id, name, display_name)| PasskeyUser { id, name, display_name })
}

fn passkey_algorithm() -> impl Strategy<Value = PasskeyAlgorithm> {
    (text(), any::<i64>()).prop_map(|(type_, alg)| PasskeyAlgorithm { type_, alg })
}

fn authenticator_selection() -> impl Strategy<Value = AuthenticatorSelection> {
    (text(), any::<bool>(), text()).prop_map(|(resident_key, require_resident_key, user_verification)| {
        AuthenticatorSelection {
            resident_key,
            require_resident_key,
            user_verification,
        }
    })
}

fn prf_inputs() -> impl Strategy<Value = PrfInputs> {
    text().prop_map(|first| PrfInputs { first })
}

fn passkey_extensions() -> impl Strategy<Value = PasskeyExtensions> {
    prf_inputs().prop_map(|eval| PasskeyExtensions {
        prf: PrfExtension { eval },
    })
}

prop_compose! {
    fn passkey_creation_options()(
        rp in relying_party(), user in passkey_user(), texts in (text(), text()), timeout in any::<u32>(),
        pub_key_cred_params in vec(passkey_algorithm(), 0..3), exclude_credentials in vec(descriptor(), 0..3),
        authenticator_selection in authenticator_selection(), extensions in passkey_extensions(),
    ) -> PasskeyCreationOptions {
        PasskeyCreationOptions {
            rp,
            user,
            challenge: texts.0,
            pub_key_cred_params,
            timeout,
            exclude_credentials,
            authenticator_selection,
            attestation: texts.1,
            extensions,
        }
    }
}

prop_compose! {
    fn passkey_request_options()(
        texts in (text(), text(), text()), timeout in any::<u32>(),
        allow_credentials in option::of(vec(descriptor(), 0..3)), extensions in passkey_extensions(),
    ) -> PasskeyRequestOptions {
        PasskeyRequestOptions {
            challenge: texts.0,
            timeout,
            rp_id: texts.1,
            allow_credentials,
            user_verification: texts.2,
            extensions,
        }
    }
}

fn extension_results() -> impl Strategy<Value = std::collections::BTreeMap<String, Value>> {
    proptest::collection::btree_map(text(), json(), 0..3)
}

prop_compose! {
    fn attestation_response()(
        texts in (text(), text()), maybe in (maybe(), maybe()), transports in option::of(vec(text(), 0..3)),
        public_key_algorithm in option::of(any::<i64>()),
    ) -> AttestationResponse {
        AttestationResponse {
            client_data_json: texts.0,
            attestation_object: texts.1,
            authenticator_data: maybe.0,
            transports,
            public_key_algorithm,
            public_key: maybe.1,
        }
    }
}

prop_compose! {
    fn passkey_registration()(
        texts in (text(), text(), text()), maybe in (maybe(), maybe()), response in attestation_response(),
        client_extension_results in option::of(extension_results()),
    ) -> PasskeyRegistration {
        PasskeyRegistration {
            name: maybe.0,
            id: texts.0,
            raw_id: texts.1,
            type_: texts.2,
            authenticator_attachment: maybe.1,
            client_extension_results,
            response,
        }
    }
}

fn assertion_response() -> impl Strategy<Value = AssertionResponse> {
    (text(), text(), text(), maybe()).prop_map(|(authenticator_data, client_data_json, signature, user_handle)| {
        AssertionResponse {
            authenticator_data,
            client_data_json,
            signature,
            user_handle,
        }
    })
}

prop_compose! {
    fn passkey_assertion()(
        texts in (text(), text(), text()), authenticator_attachment in maybe(), response in assertion_response(),
        client_extension_results in extension_results(),
    ) -> PasskeyAssertion {
        PasskeyAssertion {
            id: texts.0,
            raw_id: texts.1,
            type_: texts.2,
            client_extension_results,
            authenticator_attachment,
            response,
        }
    }
}

fn device_type() -> impl Strategy<Value = PasskeyDeviceType> {
    select(vec![PasskeyDeviceType::SingleDevice, PasskeyDeviceType::MultiDevice])
}

prop_compose! {
    fn passkey()(
        texts in (text(), text(), text()), counter in any::<u32>(), device_type in device_type(),
        backed_up in any::<bool>(), transports in vec(text(), 0..3), created_at in time(),
    ) -> Passkey {
        Passkey {
            id: texts.0,
            name: texts.1,
            user_id: texts.2,
            counter,
            device_type,
            backed_up,
            transports,
            created_at,
        }
    }
}

fn sign_in_method() -> impl Strategy<Value = SignInMethod> {
    select(vec![SignInMethod::Passkey, SignInMethod::Otp])
}

fn friend_status() -> impl Strategy<Value = FriendStatus> {
    select(vec![FriendStatus::Accepted, FriendStatus::Accepting])
}

fn direction() -> impl Strategy<Value = Direction> {
    select(vec![Direction::Incoming, Direction::Outgoing])
}

fn invitation_status() -> impl Strategy<Value = InvitationStatus> {
    select(vec![InvitationStatus::Pending, InvitationStatus::Sending])
}

fn patch() -> impl Strategy<Value = Patch<String>> {
    prop_oneof![
        Just(Patch::Keep),
        Just(Patch::Clear),
        "[a-z ]{0,20}".prop_map(Patch::Set)
    ]
}

fn unit_system() -> impl Strategy<Value = UnitSystem> {
    select(vec![UnitSystem::Metric, UnitSystem::Imperial])
}

/// One test of a hundred values for each type; together they are all types there are.
macro_rules! types {
    ($($test:ident: $type:ident, $side:ident, $strategy:expr;)*) => {
        $(
            #[test]
            fn $test() {
                let config = ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() };
                TestRunner::new(config).run(&$strategy, |value: $type| agree(&value, Side::$side)).unwrap();
            }
        )*

        const TYPES: &[&str] = &[$(stringify!($type),)*];
    };
}

types! {
    time_is_one_thing: Time, Text, time();
    email_is_one_thing: Email, Text, email();

    verify_request: VerifyRequest, Request, email().prop_map(|email| VerifyRequest { email });
    sign_in_methods: SignInMethod, Text, sign_in_method();
    sign_in_request: SignInRequest, Request, (sign_in_method(), email(), text())
        .prop_map(|(method, email, token)| SignInRequest { method, email, token });
    sign_in_response: SignInResponse, Answer, (text(), user()).prop_map(|(token, user)| SignInResponse { token, user });
    users: User, Answer, user();
    sessions: Session, Answer, session();
    current_session: CurrentSession, Answer, (user(), maybe(), subscription())
        .prop_map(|(user, token, subscription)| CurrentSession { user, token, subscription });
    subscriptions: Subscription, Answer, subscription();
    permissions: Permissions, Answer, (vec(text(), 0..3), vec(text(), 0..3), subscription())
        .prop_map(|(permissions, roles, subscription)| Permissions { permissions, roles, subscription });

    end_others_request: EndOthersRequest, Request, name().prop_map(|device_id| EndOthersRequest { device_id });

    role_names: RoleName, Answer, role_name();
    permission_entries: Permission, Answer, permission();
    permission_details: PermissionDetails, LenientAnswer, (text(), text(), vec(role_name(), 0..3))
        .prop_map(|(id, name, roles)| PermissionDetails { id, name, roles });
    user_summaries: UserSummary, LenientAnswer, user_summary();
    user_pages: UserPage, Answer, (vec(user_summary(), 0..3), any::<u64>(), any::<u32>(), any::<u32>())
        .prop_map(|(data, total, page, limit)| UserPage { data, total, page, limit });
    user_details_of_one: UserDetails, LenientAnswer, user_details();
    create_user_requests: CreateUserRequest, Request, create_user_request();
    change_user_requests: ChangeUserRequest, Request, (patch(), patch(), option::of(email()), option::of(names()))
        .prop_map(|(first_name, last_name, email, roles)| ChangeUserRequest { first_name, last_name, email, roles });
    roles: Role, Answer, role();
    role_holders: RoleHolder, Answer, role_holder();
    role_details_of_one: RoleDetails, LenientAnswer, role_details();
    create_role_requests: CreateRoleRequest, Request,
        (option::of(name()), name(), option::of(name()), option::of(names())).prop_map(
            |(id, name, description, permissions)| CreateRoleRequest { id, name, description, permissions });
    change_role_requests: ChangeRoleRequest, Request, (option::of(name()), patch())
        .prop_map(|(name, description)| ChangeRoleRequest { name, description });
    role_permissions_requests: RolePermissionsRequest, Request, names()
        .prop_map(|permissions| RolePermissionsRequest { permissions });

    profile_request: ProfileRequest, Request, (patch(), patch(), patch())
        .prop_map(|(first_name, last_name, picture)| ProfileRequest { first_name, last_name, picture });
    unit_systems: UnitSystem, Text, unit_system();
    preferences: Preferences, Answer, (text(), unit_system())
        .prop_map(|(language, unit_system)| Preferences { language, unit_system });
    preferences_request: PreferencesRequest, Request, (option::of("[a-z-]{0,20}"), option::of(unit_system()))
        .prop_map(|(language, unit_system)| PreferencesRequest { language, unit_system });
    onboarding_completed: OnboardingCompleted, Answer, time()
        .prop_map(|onboarding_completed_at| OnboardingCompleted { onboarding_completed_at });
    health: Health, Answer, any::<String>().prop_map(|status| Health { status });
    alias_availability: AliasAvailability, Answer, any::<bool>().prop_map(|available| AliasAvailability { available });

    success: Success, Answer, any::<bool>().prop_map(|success| Success { success });
    identity: Identity, Answer, (maybe(), maybe(), maybe(), text()).prop_map(
        |(handle, signing_key, encryption_key, domain)| Identity { handle, signing_key, encryption_key, domain });
    alias_request: AliasRequest, Request, text().prop_map(|alias| AliasRequest { alias });
    alias_response: AliasResponse, Answer, (text(), text()).prop_map(|(alias, handle)| AliasResponse { alias, handle });
    keys_request: KeysRequest, Request, (text(), text())
        .prop_map(|(signing_key, encryption_key)| KeysRequest { signing_key, encryption_key });
    reset_confirmation: ResetConfirmation, Text, Just(ResetConfirmation::EraseAllMyData);
    reset_request: ResetRequest, Request, Just(ResetRequest { confirm: ResetConfirmation::EraseAllMyData });
    pending_revocations: PendingRevocations, Answer, vec(pending_revocation(), 0..3)
        .prop_map(|revocations| PendingRevocations { revocations });
    pending_revocation_entries: PendingRevocation, Answer, pending_revocation();
    flush_request: FlushRequest, Request, vec(flush_item(), 0..3).prop_map(|items| FlushRequest { items });
    flush_items: FlushItem, Request, flush_item();
    flush_response: FlushResponse, Answer, vec(flush_result(), 0..3).prop_map(|results| FlushResponse { results });
    flush_results: FlushResult, Answer, flush_result();

    error_body: ErrorBody, Answer, (text(), text(), option::of(vec(any::<u32>(), 0..3)), option::of(left_behind()))
        .prop_map(|(message, code, supported_protocol_versions, missing)| ErrorBody {
            message, code, supported_protocol_versions, missing,
        });

    friend_statuses: FriendStatus, LenientText, friend_status();
    friend_entries: Friend, LenientAnswer, friend();
    friends: Friends, Answer, vec(friend(), 0..3).prop_map(|friends| Friends { friends });
    directions: Direction, Text, direction();
    invitation_statuses: InvitationStatus, LenientText, invitation_status();
    invitation_entries: Invitation, LenientAnswer, invitation();
    invitations: Invitations, Answer, vec(invitation(), 0..3).prop_map(|invitations| Invitations { invitations });
    invite_request: InviteRequest, Request, (text(), text(), maybe(), maybe()).prop_map(
        |(handle, signature, nonce, timestamp)| InviteRequest { handle, signature, nonce, timestamp });
    invite_response: InviteResponse, Answer, invitation().prop_map(|invitation| InviteResponse { invitation });
    envelope_request: EnvelopeRequest, Request, (maybe(), maybe(), maybe())
        .prop_map(|(signature, nonce, timestamp)| EnvelopeRequest { signature, nonce, timestamp });
    revoke_request: RevokeRequest, Request, (maybe(), maybe(), maybe()).prop_map(
        |(revoke_signature, revoke_nonce, revoke_timestamp)| RevokeRequest {
            revoke_signature, revoke_nonce, revoke_timestamp,
        });
    ended: Ended, LenientAnswer, any::<[bool; 2]>().prop_map(|[success, delivered]| Ended { success, delivered });
    sync_response: SyncResponse, Answer, vec(sync_result(), 0..3).prop_map(|results| SyncResponse { results });
    sync_results: SyncResult, Answer, sync_result();

    blob_lists: BlobList, Answer, vec(blob_entry(), 0..3).prop_map(|blobs| BlobList { blobs });
    blob_entries: BlobEntry, Answer, blob_entry();
    blobs: Blob, LenientAnswer, (text(), text(), any::<i64>(), time()).prop_map(
        |(encrypted_blob, nonce, km_version, updated_at)| Blob { encrypted_blob, nonce, km_version, updated_at });
    blob_request: BlobRequest, Request, (text(), option::of("[a-zA-Z0-9+/=]{0,24}"), option::of(any::<i64>())).prop_map(
        |(encrypted_blob, nonce, km_version)| BlobRequest { encrypted_blob, nonce, km_version });
    collection_entries: Collection, Answer, collection();
    collection_request: CollectionRequest, Request, maybe()
        .prop_map(|metadata_encrypted| CollectionRequest { metadata_encrypted });
    point_lists: Points, Answer, vec(point(), 0..3).prop_map(|points| Points { points });
    point_entries: Point, Answer, point();
    new_point_request: NewPointRequest, Request, (maybe(), text())
        .prop_map(|(id, encrypted_data)| NewPointRequest { id, encrypted_data });
    point_request: PointRequest, Request, text().prop_map(|encrypted_data| PointRequest { encrypted_data });
    slot_lists: Slots, Answer, vec(stored_slot(), 0..3).prop_map(|slots| Slots { slots });
    stored_slots: StoredSlot, Answer, stored_slot();
    slot_requests: SlotRequest, Request, slot_request();
    km_version: KmVersion, Answer, any::<i64>().prop_map(|km_version| KmVersion { km_version });
    rotation_requests: RotationRequest, Request, rotation_request();
    rotated_blobs: RotatedBlob, Request, rotated_blob();
    rotated_collections: RotatedCollection, Request, rotated_collection();
    rotated_points: RotatedPoint, Request, rotated_point();
    dropped_records: Dropped, Request, dropped();
    records_left_behind: LeftBehind, Answer, left_behind();
    wrap_secret: WrapSecret, Answer, text().prop_map(|secret| WrapSecret { secret });
    secrets_rotated: SecretsRotated, Answer, any::<bool>().prop_map(|ok| SecretsRotated { ok });
    transfer_request: TransferRequest, Request, text()
        .prop_map(|receiver_ephemeral_pub| TransferRequest { receiver_ephemeral_pub });
    transfer_started: TransferStarted, Answer, (text(), time())
        .prop_map(|(session_id, expires_at)| TransferStarted { session_id, expires_at });
    transfer_upload: TransferUpload, Request, (text(), text(), text()).prop_map(
        |(sender_ephemeral_pub, sealed_seed, sender_signature)| TransferUpload {
            sender_ephemeral_pub, sealed_seed, sender_signature,
        });
    transfer_payload: TransferPayload, Answer, (text(), text(), text()).prop_map(
        |(sender_ephemeral_pub, sealed_seed, sender_signature)| TransferPayload {
            sender_ephemeral_pub, sealed_seed, sender_signature,
        });

    passkey_creation_options_body: PasskeyCreationOptions, LenientAnswer, passkey_creation_options();
    relying_parties: RelyingParty, Answer, relying_party();
    passkey_users: PasskeyUser, Answer, passkey_user();
    passkey_algorithms: PasskeyAlgorithm, Answer, passkey_algorithm();
    passkey_descriptors: PasskeyDescriptor, LenientAnswer, descriptor();
    authenticator_selections: AuthenticatorSelection, LenientAnswer, authenticator_selection();
    passkey_extensions_body: PasskeyExtensions, Answer, passkey_extensions();
    prf_extension: PrfExtension, Answer, prf_inputs().prop_map(|eval| PrfExtension { eval });
    prf_inputs_body: PrfInputs, Answer, prf_inputs();
    passkey_request_options_body: PasskeyRequestOptions, Answer, passkey_request_options();
    passkey_registrations: PasskeyRegistration, Browser, passkey_registration();
    attestation_responses: AttestationResponse, Browser, attestation_response();
    passkey_assertions: PasskeyAssertion, Browser, passkey_assertion();
    assertion_responses: AssertionResponse, Browser, assertion_response();
    passkeys: Passkey, LenientAnswer, passkey();
    passkey_device_types: PasskeyDeviceType, Text, device_type();

    inbox_messages: InboxMessage, Request, inbox_message();

    manifest_documents: ManifestDocument, LenientAnswer, manifest_document();
    user_document_body: UserDocumentBody, LenientAnswer, (text(), text(), text(), text(), maybe(), maybe()).prop_map(
        |(handle, signing_key, encryption_key, inbox, name, picture)| UserDocumentBody {
            handle, signing_key, encryption_key, inbox, name, picture,
        });
}

#[test]
fn every_type_of_the_interface_is_tested_here() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
    for file in std::fs::read_dir(folder).unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for line in source.lines() {
            let name = line
                .strip_prefix("pub struct ")
                .or_else(|| line.strip_prefix("pub enum "));
            if let Some(name) = name.and_then(|rest| rest.split(|c: char| !c.is_alphanumeric()).next()) {
                // `Patch` is no value of its own but a way for members to be absent: `ProfileRequest` tests it.
                let is_listed = TYPES.contains(&name) || name == "Patch";
                assert!(is_listed, "{name} is not in the list of this file");
            }
        }
    }
}
