//! Passkeys: the options that begin a ceremony of WebAuthn, and what a browser brings back from it.
//!
//! Options have the JSON form that `PublicKeyCredential.parseCreationOptionsFromJSON()` and
//! `parseRequestOptionsFromJSON()` take; responses have the form of a credential's `toJSON()`. Bytes are base64url
//! without padding. Members that browsers add to a response are passed over: here alone unknown members are not refused.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Time, text::null_is_default};

/// The input of the PRF extension in every ceremony, base64url: the same for everybody and for ever, or what is wrapped
/// under a PRF output could not be opened again.
///
/// HKDF-SHA-256 of `parchment` with the info `parchment-prf-salt-v2` (protocol, sections 7 and 10).
pub const PRF_SALT: &str = "MeCGtrfvVLrwofC6pnJ60BGjMbNpBl-cDomzyalFoHY";

/// `POST /auth/passkeys/register/options`: how a new passkey is to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct PasskeyCreationOptions {
    /// The server, as browsers know it.
    pub rp: RelyingParty,
    /// Who the passkey is for.
    pub user: PasskeyUser,
    /// 32 random bytes, good for one registration within five minutes.
    pub challenge: String,
    /// The signatures that the server can verify, the preferred one first.
    pub pub_key_cred_params: Vec<PasskeyAlgorithm>,
    /// How long the ceremony may take, in milliseconds.
    pub timeout: u32,
    /// The passkeys that the user has: an authenticator that holds one of them makes no other.
    #[serde(default)]
    pub exclude_credentials: Vec<PasskeyDescriptor>,
    /// What is asked of the authenticator.
    pub authenticator_selection: AuthenticatorSelection,
    /// `none`: the server does not ask what kind of authenticator it is.
    pub attestation: String,
    /// The PRF extension with its input.
    pub extensions: PasskeyExtensions,
}

/// The server, as browsers know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct RelyingParty {
    /// The host of the client's origin; passkeys belong to it.
    pub id: String,
    /// A name for people.
    pub name: String,
}

/// Whom a passkey is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename_all = "camelCase"))]
pub struct PasskeyUser {
    /// The user handle: the 16 bytes of her id, base64url.
    pub id: String,
    /// What authenticators list her as: her mail address.
    pub name: String,
    /// Her name, where she gave one; else her mail address.
    pub display_name: String,
}

/// A kind of signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PasskeyAlgorithm {
    /// `public-key`.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", oai(rename = "type"))]
    pub type_: String,
    /// Its number in the COSE registry: -7 for ES256, -257 for RS256.
    pub alg: i64,
}

/// A passkey, as options name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PasskeyDescriptor {
    /// `public-key`.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", oai(rename = "type"))]
    pub type_: String,
    /// The credential id, base64url.
    pub id: String,
    /// How its authenticator is reached.
    #[serde(default, deserialize_with = "null_is_default")]
    pub transports: Vec<String>,
}

/// What is asked of an authenticator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename_all = "camelCase"))]
pub struct AuthenticatorSelection {
    /// `required`: the passkey is found without a user name.
    pub resident_key: String,
    /// The same in the words of WebAuthn 1.
    #[serde(default)]
    pub require_resident_key: bool,
    /// `required`: the authenticator makes sure that it is its owner.
    pub user_verification: String,
}

/// Extensions that are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(rename_all = "camelCase"))]
pub struct PasskeyExtensions {
    /// The pseudo-random function of the passkey. Its output is a secret of the client's: it must delete
    /// `clientExtensionResults.prf.results` before it sends the response.
    pub prf: PrfExtension,
}

/// The PRF extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PrfExtension {
    /// What the function is evaluated at.
    pub eval: PrfInputs,
}

/// Inputs of the PRF extension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PrfInputs {
    /// The one input there is, the same in every ceremony: 32 bytes, base64url.
    pub first: String,
}

impl PasskeyExtensions {
    /// The PRF extension with [`PRF_SALT`].
    pub fn prf() -> Self {
        let first = PRF_SALT.to_owned();
        Self {
            prf: PrfExtension {
                eval: PrfInputs { first },
            },
        }
    }
}

/// How a passkey is to be used: to sign in, or for its PRF output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase", skip_serializing_if_is_none)
)]
pub struct PasskeyRequestOptions {
    /// 32 random bytes; to sign in, good for once within five minutes.
    pub challenge: String,
    /// How long the ceremony may take, in milliseconds.
    pub timeout: u32,
    /// The host that passkeys belong to.
    pub rp_id: String,
    /// The passkeys that will do; absent where any that the authenticator finds will.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_credentials: Option<Vec<PasskeyDescriptor>>,
    /// `required`: the authenticator makes sure that it is its owner.
    pub user_verification: String,
    /// The PRF extension with its input.
    pub extensions: PasskeyExtensions,
}

/// `POST /auth/passkeys/register/verify`: a new passkey, as the browser hands it over.
///
/// Members that browsers add are passed over.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase", skip_serializing_if_is_none)
)]
pub struct PasskeyRegistration {
    /// What the user calls it; without one, the server names it after the authenticator.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 100)))]
    pub name: Option<String>,
    /// The credential id, base64url.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 1400)))]
    pub id: String,
    /// The same.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 1400)))]
    pub raw_id: String,
    /// `public-key`.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", oai(rename = "type"))]
    pub type_: String,
    /// `platform` or `cross-platform`, where the browser knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authenticator_attachment: Option<String>,
    /// What extensions gave, without `prf.results`: PRF output that is left in is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_extension_results: Option<BTreeMap<String, Value>>,
    /// What the authenticator answered.
    pub response: AttestationResponse,
}

/// What an authenticator answers when it made a passkey.
///
/// Members that browsers add are passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(rename_all = "camelCase", skip_serializing_if_is_none)
)]
pub struct AttestationResponse {
    /// What the browser saw: challenge, origin and ceremony, as JSON in base64url.
    #[serde(rename = "clientDataJSON")]
    #[cfg_attr(feature = "openapi", oai(rename = "clientDataJSON", validator(max_length = 8192)))]
    pub client_data_json: String,
    /// The public key with its flags, as CBOR in base64url.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 65536)))]
    pub attestation_object: String,
    /// A part of the attestation object; not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authenticator_data: Option<String>,
    /// How the authenticator is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transports: Option<Vec<String>>,
    /// A part of the attestation object; not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key_algorithm: Option<i64>,
    /// A part of the attestation object; not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
}

/// `POST /auth/passkeys/authenticate/verify`: a passkey's signature, as the browser hands it over.
///
/// Members that browsers add are passed over.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase", skip_serializing_if_is_none)
)]
pub struct PasskeyAssertion {
    /// The credential id, base64url.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 1400)))]
    pub id: String,
    /// The same.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 1400)))]
    pub raw_id: String,
    /// `public-key`.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", oai(rename = "type"))]
    pub type_: String,
    /// What extensions gave, without `prf.results`: PRF output that is left in is refused.
    pub client_extension_results: BTreeMap<String, Value>,
    /// `platform` or `cross-platform`, where the browser knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authenticator_attachment: Option<String>,
    /// What the authenticator answered.
    pub response: AssertionResponse,
}

/// What an authenticator answers when it used a passkey.
///
/// Members that browsers add are passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(rename_all = "camelCase", skip_serializing_if_is_none)
)]
pub struct AssertionResponse {
    /// Whom the signature is for, its flags and counter, in base64url.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 8192)))]
    pub authenticator_data: String,
    /// What the browser saw: challenge, origin and ceremony, as JSON in base64url.
    #[serde(rename = "clientDataJSON")]
    #[cfg_attr(feature = "openapi", oai(rename = "clientDataJSON", validator(max_length = 8192)))]
    pub client_data_json: String,
    /// The signature over both, base64url.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 8192)))]
    pub signature: String,
    /// The user handle that the authenticator keeps with the passkey, base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 128)))]
    pub user_handle: Option<String>,
}

/// A passkey of the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::Object),
    oai(example, rename_all = "camelCase")
)]
pub struct Passkey {
    /// Its id, which is the credential id: base64url.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Whose it is.
    pub user_id: String,
    /// How often it was used, by its own count; 0 for passkeys that do not count.
    pub counter: u32,
    /// Whether it can leave its device.
    pub device_type: PasskeyDeviceType,
    /// Whether there is a copy of it elsewhere.
    pub backed_up: bool,
    /// How its authenticator is reached, sorted.
    #[serde(default, deserialize_with = "null_is_default")]
    pub transports: Vec<String>,
    /// When it was registered.
    pub created_at: Time,
}

/// Whether a passkey can leave its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "camelCase"))]
pub enum PasskeyDeviceType {
    /// It is bound to one device.
    SingleDevice,
    /// It may be copied to others, as password managers do.
    MultiDevice,
}

// What extensions gave may hold a secret of the client's: it is not printed.

impl fmt::Debug for PasskeyRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasskeyRegistration")
            .field("name", &self.name)
            .field("id", &self.id)
            .field("response", &self.response)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PasskeyAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasskeyAssertion")
            .field("id", &self.id)
            .field("response", &self.response)
            .finish_non_exhaustive()
    }
}
