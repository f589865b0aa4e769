//! Every operation of the HTTP interface: its name, its place, and when it is repeated.
//!
//! One table for the methods of [`Client`](crate::Client) and for the tests that hold it against the server's OpenAPI
//! document. It also says what happens when something goes wrong on the way, since that is decided for each operation
//! and not by chance:
//!
//! | [`Retry`] | not connected, or 429 | 502, 503, 504 | the answer was lost | why |
//! |---|---|---|---|---|
//! | [`Idempotent`](Retry::Idempotent) | again | again | again | twice is as good as once |
//! | [`Signed`](Retry::Signed) | again | again | no | the message carries its own nonce, so the other side takes it once; but a repetition could be told that it is done already, which the caller has to know about |
//! | [`Never`](Retry::Never) | again | no | no | each time does something: a mail, a session, a point, a hand-over |
//!
//! What was never connected was never heard, and 429 is said before anything is done: those are repeated for all. A
//! DELETE whose answer was lost and whose repetition finds nothing (404) has done its work. Between tries the client
//! waits a random time below a bound that doubles from 200 ms to 5 s (full jitter), or as long as `Retry-After` says; beyond
//! 10 s it does not wait but answers with the refusal.
//!
//! ```
//! use parchment_client::operations::{self, Retry};
//!
//! let commit = operations::find("commitRotation").unwrap();
//! assert_eq!((commit.method.as_str(), commit.path), ("POST", "/users/me/km-version/commit"));
//! // Its answer may be lost when it has landed: whoever rotates looks at the version then.
//! assert_eq!(commit.retry, Retry::Never);
//! ```

/// An operation of the HTTP interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// Its `operationId` in the OpenAPI document.
    pub id: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path, with `{names}` for its parameters.
    pub path: &'static str,
    /// Whether the session is sent along, if the client has one.
    pub session: bool,
    /// When it is repeated.
    pub retry: Retry,
    /// Whether the body of request or answer may be as long as a whole vault, with more time and room for it.
    pub bulk: bool,
}

/// A method of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// When an operation is repeated: see the [table](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Twice is as good as once.
    Idempotent,
    /// It carries a signed message with a nonce of its own.
    Signed,
    /// Each time does something.
    Never,
}

/// The operation of an `operationId`.
pub fn find(id: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().copied().find(|operation| operation.id == id)
}

macro_rules! operations {
    ($($name:ident = $id:literal $method:ident $path:literal $session:ident $retry:ident $($bulk:ident)?;)*) => {
        $(pub(super) const $name: &Operation = &Operation {
            id: $id,
            method: Method::$method,
            path: $path,
            session: session!($session),
            retry: Retry::$retry,
            bulk: bulk!($($bulk)?),
        };)*

        /// All of them, as the OpenAPI document sorts them.
        pub const OPERATIONS: &[&Operation] = &[$($name,)*];
    };
}

macro_rules! session {
    (open) => {
        false
    };
    (session) => {
        true
    };
}

macro_rules! bulk {
    () => {
        false
    };
    (bulk) => {
        true
    };
}

operations! {
    GET_MANIFEST = "getManifest" Get "/.well-known/parchment-server" open Idempotent;
    GET_USER_DOCUMENT = "getUserDocument" Get "/.well-known/user/{alias}" open Idempotent;
    LIST_PASSKEYS = "listPasskeys" Get "/auth/passkeys" session Idempotent;
    // Options are challenges that run out by themselves: one that nobody took costs nothing.
    BEGIN_PASSKEY_SIGN_IN = "beginPasskeySignIn" Post "/auth/passkeys/authenticate/options" open Idempotent;
    SIGN_IN_WITH_PASSKEY = "signInWithPasskey" Post "/auth/passkeys/authenticate/verify" open Never;
    PRF_ASSERT_OPTIONS = "prfAssertOptions" Post "/auth/passkeys/prf-assert/options" session Idempotent;
    BEGIN_PASSKEY_REGISTRATION = "beginPasskeyRegistration" Post "/auth/passkeys/register/options" session Idempotent;
    REGISTER_PASSKEY = "registerPasskey" Post "/auth/passkeys/register/verify" session Never;
    PRF_ENROLL_OPTIONS = "prfEnrollOptions" Post "/auth/passkeys/{credentialId}/prf-enroll/options" session Idempotent;
    DELETE_PASSKEY = "deletePasskey" Delete "/auth/passkeys/{passkeyId}" session Idempotent;
    SIGN_OUT = "signOut" Delete "/auth/sessions" session Idempotent;
    LIST_SESSIONS = "listSessions" Get "/auth/sessions" session Idempotent;
    SIGN_IN = "signIn" Post "/auth/sessions" open Never;
    // Ends the session that a repetition would need.
    END_ALL_SESSIONS = "endAllSessions" Delete "/auth/sessions/all" session Never;
    CURRENT_SESSION = "currentSession" Get "/auth/sessions/current" session Idempotent;
    CURRENT_PERMISSIONS = "currentPermissions" Get "/auth/sessions/current/permissions" session Idempotent;
    END_OTHER_SESSIONS = "endOtherSessions" Delete "/auth/sessions/others" session Idempotent;
    END_SESSION = "endSession" Delete "/auth/sessions/{sessionId}" session Idempotent;
    REQUEST_CODE = "requestCode" Post "/auth/verify" open Never;
    BEGIN_TRANSFER = "beginTransfer" Post "/device-transfer" session Never;
    CANCEL_TRANSFER = "cancelTransfer" Delete "/device-transfer/{id}" session Idempotent;
    // What was uploaded is given out once.
    FETCH_TRANSFER = "fetchTransfer" Get "/device-transfer/{id}" session Never;
    UPLOAD_TRANSFER = "uploadTransfer" Post "/device-transfer/{id}/upload" session Never;
    // Its wrapper's nonce is used up by the first try: whoever repeats it signs a wrapper anew.
    RECEIVE_MESSAGE = "receiveMessage" Post "/federation/inbox" open Never;
    LIST_FRIENDS = "listFriends" Get "/friends" session Idempotent;
    LIST_INVITATIONS = "listInvitations" Get "/friends/invitations" session Idempotent;
    CANCEL_INVITATION = "cancelInvitation" Delete "/friends/invitations/{id}" session Signed;
    ACCEPT_INVITATION = "acceptInvitation" Post "/friends/invitations/{id}/accept" session Signed;
    REJECT_INVITATION = "rejectInvitation" Post "/friends/invitations/{id}/reject" session Signed;
    INVITE = "invite" Post "/friends/invite" session Signed;
    RESOLVE_HANDLE = "resolveHandle" Get "/friends/resolve/{handle}" session Idempotent;
    SYNC_KEYS = "syncKeys" Post "/friends/sync-keys" session Idempotent;
    END_FRIENDSHIP = "endFriendship" Delete "/friends/{handle}" session Signed;
    GET_LIVENESS = "getLiveness" Get "/health/live" open Idempotent;
    // 503 is its answer, not an accident.
    GET_READINESS = "getReadiness" Get "/health/ready" open Never;
    LIST_COLLECTIONS = "listCollections" Get "/library/collections" session Idempotent bulk;
    CREATE_COLLECTION = "createCollection" Post "/library/collections" session Never;
    DELETE_COLLECTION = "deleteCollection" Delete "/library/collections/{id}" session Idempotent;
    GET_COLLECTION = "getCollection" Get "/library/collections/{id}" session Idempotent;
    CHANGE_COLLECTION = "changeCollection" Put "/library/collections/{id}" session Idempotent;
    LIST_POINTS = "listPoints" Get "/library/collections/{id}/encrypted-points" session Idempotent bulk;
    CREATE_POINT = "createPoint" Post "/library/collections/{id}/encrypted-points" session Never;
    DELETE_POINT = "deletePoint" Delete "/library/collections/{id}/encrypted-points/{pointId}" session Idempotent;
    CHANGE_POINT = "changePoint" Put "/library/collections/{id}/encrypted-points/{pointId}" session Idempotent;
    LIST_BLOBS = "listBlobs" Get "/me/blobs" session Idempotent;
    DELETE_BLOB = "deleteBlob" Delete "/me/blobs/{type}" session Idempotent;
    GET_BLOB = "getBlob" Get "/me/blobs/{type}" session Idempotent;
    PUT_BLOB = "putBlob" Put "/me/blobs/{type}" session Idempotent;
    LIST_USERS = "listUsers" Get "/users" session Idempotent;
    CREATE_USER = "createUser" Post "/users" session Never;
    CHECK_ALIAS = "checkAlias" Get "/users/alias/check" session Idempotent;
    SET_ALIAS = "setAlias" Patch "/users/me/alias" session Idempotent;
    ROTATE_WRAP_SECRETS = "rotateWrapSecrets" Post "/users/me/device-wrap-secrets/rotate" session Never;
    GET_WRAP_SECRET = "getWrapSecret" Get "/users/me/devices/{deviceId}/wrap-secret" session Idempotent;
    GET_IDENTITY = "getIdentity" Get "/users/me/identity" session Idempotent;
    RESET_IDENTITY = "resetIdentity" Post "/users/me/identity/reset" session Never;
    SET_KEYS = "setKeys" Put "/users/me/keys" session Idempotent;
    GET_KM_VERSION = "getKmVersion" Get "/users/me/km-version" session Idempotent;
    // One that landed answers its own repetition with a conflict.
    COMMIT_ROTATION = "commitRotation" Post "/users/me/km-version/commit" session Never bulk;
    COMPLETE_ONBOARDING = "completeOnboarding" Post "/users/me/onboarding/complete" session Idempotent;
    GET_PREFERENCES = "getPreferences" Get "/users/me/preferences" session Idempotent;
    CHANGE_PREFERENCES = "changePreferences" Put "/users/me/preferences" session Idempotent;
    CHANGE_PROFILE = "changeProfile" Patch "/users/me/profile" session Idempotent;
    FLUSH_REVOCATIONS = "flushRevocations" Post "/users/me/revocations/flush" session Signed;
    PENDING_REVOCATIONS = "pendingRevocations" Get "/users/me/revocations/pending" session Idempotent;
    DROP_REVOCATION = "dropRevocation" Delete "/users/me/revocations/pending/{peerHandle}" session Idempotent;
    LIST_SLOTS = "listSlots" Get "/users/me/wrapped-keys" session Idempotent;
    // In the place of an earlier slot for the same passkey.
    PUT_SLOT = "putSlot" Post "/users/me/wrapped-keys" session Idempotent;
    DELETE_SLOT = "deleteSlot" Delete "/users/me/wrapped-keys/{credentialId}" session Idempotent;
    NOTE_SLOT_USE = "noteSlotUse" Post "/users/me/wrapped-keys/{credentialId}/used" session Idempotent;
    LIST_PERMISSIONS = "listPermissions" Get "/users/permissions" session Idempotent;
    GET_PERMISSION = "getPermission" Get "/users/permissions/{id}" session Idempotent;
    LIST_ROLES = "listRoles" Get "/users/roles" session Idempotent;
    CREATE_ROLE = "createRole" Post "/users/roles" session Never;
    REMOVE_ROLE = "removeRole" Delete "/users/roles/{id}" session Idempotent;
    GET_ROLE = "getRole" Get "/users/roles/{id}" session Idempotent;
    CHANGE_ROLE = "changeRole" Patch "/users/roles/{id}" session Idempotent;
    SET_ROLE_PERMISSIONS = "setRolePermissions" Put "/users/roles/{id}/permissions" session Idempotent;
    REMOVE_USER = "removeUser" Delete "/users/{id}" session Idempotent;
    GET_USER = "getUser" Get "/users/{id}" session Idempotent;
    CHANGE_USER = "changeUser" Patch "/users/{id}" session Idempotent;
}
