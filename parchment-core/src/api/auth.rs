//! Signing in: codes by mail and sessions.

use serde::{Deserialize, Serialize};

use super::{Email, Time};

/// `POST /auth/verify`: asks for a sign-in code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example, deny_unknown_fields))]
pub struct VerifyRequest {
    /// Where the code is sent.
    pub email: Email,
}

/// How somebody signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum SignInMethod {
    /// With a one-time ticket of a passkey ceremony; none is issued today.
    Passkey,
    /// With the code from her mail.
    Otp,
}

/// `POST /auth/sessions`: exchanges a code for a session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example, deny_unknown_fields))]
pub struct SignInRequest {
    /// How she signs in.
    pub method: SignInMethod,
    /// The address that the code was sent to.
    pub email: Email,
    /// The code: 8 digits.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 256)))]
    pub token: String,
}

impl std::fmt::Debug for SignInRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInRequest")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// A new session: the token is shown this once and never again.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct SignInResponse {
    /// The session token, for `Authorization: Bearer`.
    pub token: String,
    /// Who is signed in.
    pub user: User,
}

impl std::fmt::Debug for SignInResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInResponse")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// A user as she sees herself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct User {
    /// Her id on this server.
    pub id: String,
    /// Her mail address.
    pub email: String,
    /// Her first name.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub first_name: Option<String>,
    /// Her last name.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub last_name: Option<String>,
    /// Her picture, a URL.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub picture: Option<String>,
    /// Her alias; null until she chose one.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub alias: Option<String>,
    /// Her Ed25519 key in base64; null until she registered one.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub signing_key: Option<String>,
    /// Her X25519 key in base64; null until she registered one.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub encryption_key: Option<String>,
    /// The version of her master key, from 1.
    pub km_version: i64,
    /// When she finished the first steps; null before.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub onboarding_completed_at: Option<Time>,
    /// When the account was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// One session of the caller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct Session {
    /// The session's id; it is not its token.
    pub id: String,
    /// Whose session it is.
    pub user_id: String,
    /// When she signed in.
    pub created_at: Time,
    /// When it ends unless it is used before.
    pub expires_at: Time,
    /// The address she signed in from.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub ipv4: Option<String>,
    /// The program she signed in with.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub user_agent: Option<String>,
    /// Whether this request was made with it.
    pub current: bool,
}

/// `DELETE /auth/sessions/others`: ends every session but the caller's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase", deny_unknown_fields)
)]
pub struct EndOthersRequest {
    /// The device that the caller keeps, by the id it gave itself; 1 to 128 characters.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 128)))]
    pub device_id: String,
}

/// `GET /auth/sessions/current`: who is asking.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct CurrentSession {
    /// Who is signed in.
    pub user: User,
    /// The token as the caller presented it in the header; null when a cookie was used.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub token: Option<String>,
    /// What the account includes.
    pub subscription: Subscription,
}

impl std::fmt::Debug for CurrentSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CurrentSession")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// What an account includes; everything, on a server without billing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename_all = "camelCase"))]
pub struct Subscription {
    /// Whether premium features are included.
    pub is_premium: bool,
    /// Whether the account is a basic one.
    pub is_basic: bool,
    /// Whether something is paid for it.
    pub has_subscription: bool,
    /// The name of the tier.
    pub tier: String,
}

impl Subscription {
    /// What every account includes on a server without billing.
    pub fn included() -> Self {
        Self {
            is_premium: true,
            is_basic: false,
            has_subscription: false,
            tier: "premium".to_owned(),
        }
    }
}

/// `GET /auth/sessions/current/permissions`: what the caller may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct Permissions {
    /// Ids of permissions, sorted.
    pub permissions: Vec<String>,
    /// Ids of roles, sorted.
    pub roles: Vec<String>,
    /// What the account includes.
    pub subscription: Subscription,
}
