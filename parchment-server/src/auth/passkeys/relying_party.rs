//! The server as authenticators know it, and what it verifies.

use parchment_core::{
    api::passkeys::{
        AuthenticatorSelection, PasskeyAlgorithm, PasskeyCreationOptions, PasskeyDescriptor, PasskeyExtensions,
        PasskeyRequestOptions, PasskeyUser, RelyingParty as RelyingPartyName,
    },
    handle::Origin,
};
use url::Url;
use webauthn_rs::prelude::{
    AuthenticationResult, Credential, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Webauthn, WebauthnBuilder, WebauthnError,
};

use super::{challenges::LIFETIME_MS, responses::encode, stored, verification_failed};
use crate::{
    http::problem::Problem,
    store::entities::{passkeys, users},
};

const PUBLIC_KEY: &str = "public-key";
const REQUIRED: &str = "required";

/// The server as authenticators know it: by the host of its client, from whose pages alone passkeys are used.
#[derive(Debug)]
pub struct RelyingParty {
    id: String,
    webauthn: Webauthn,
}

/// A ceremony that begins: what the browser gets, and what stays here until it ends.
#[derive(Debug)]
pub(super) struct Beginning<T> {
    /// For the browser.
    pub options: T,
    /// The challenge in it.
    pub challenge: Vec<u8>,
    /// What the verification needs to know, as JSON.
    pub state: String,
}

impl RelyingParty {
    /// The relying party of a client and a server; none where the client is reached by an address, which no browser
    /// takes passkeys for.
    ///
    /// Answers are taken from pages of the client, and from the server's own where its host is the client's or below it.
    pub fn new(client: &Origin, own: &Origin) -> Option<Self> {
        let host = |origin: &Origin| origin.server_id().host().to_ascii_lowercase();
        let url = |origin: &Origin| Url::parse(&origin.to_string()).ok();
        let id = host(client);
        let client_url = url(client)?;
        let mut builder = WebauthnBuilder::new(&id, &client_url)
            .ok()?
            .rp_name(&id)
            .timeout(std::time::Duration::from_millis(LIFETIME_MS.into()));
        let own_host = host(own);
        if own_host == id || own_host.ends_with(&format!(".{id}")) {
            builder = builder.append_allowed_origin(&url(own)?);
        }
        let webauthn = builder.build().ok()?;
        Some(Self { id, webauthn })
    }

    /// Begins a registration.
    pub(super) fn begin_registration(
        &self,
        user: &users::Model,
        existing: Vec<(Vec<u8>, PasskeyDescriptor)>,
    ) -> Result<Beginning<PasskeyCreationOptions>, Problem> {
        let (ids, exclude_credentials): (Vec<_>, _) = existing.into_iter().unzip();
        let names = [&user.first_name, &user.last_name].into_iter().flatten();
        let names: Vec<&str> = names.map(String::as_str).filter(|name| !name.is_empty()).collect();
        let display_name = if names.is_empty() {
            user.email.clone()
        } else {
            names.join(" ")
        };
        let (made, state) = self
            .webauthn
            .start_passkey_registration(user.id, &user.email, &display_name, Some(ids))
            .map_err(Problem::internal)?;
        let made = made.public_key;
        let options = PasskeyCreationOptions {
            rp: RelyingPartyName {
                id: self.id.clone(),
                name: made.rp.name,
            },
            user: PasskeyUser {
                id: encode(user.id.as_bytes()),
                name: user.email.clone(),
                display_name,
            },
            challenge: encode(&made.challenge),
            pub_key_cred_params: made
                .pub_key_cred_params
                .into_iter()
                .map(|params| PasskeyAlgorithm {
                    type_: params.type_,
                    alg: params.alg,
                })
                .collect(),
            timeout: LIFETIME_MS,
            exclude_credentials,
            authenticator_selection: AuthenticatorSelection {
                resident_key: REQUIRED.to_owned(),
                require_resident_key: true,
                user_verification: REQUIRED.to_owned(),
            },
            attestation: "none".to_owned(),
            extensions: PasskeyExtensions::prf(),
        };
        Ok(Beginning {
            options,
            challenge: made.challenge,
            state: serde_json::to_string(&state).map_err(Problem::internal)?,
        })
    }

    /// Verifies a new passkey.
    ///
    /// # Errors
    ///
    /// 401 `passkey_verification_failed`.
    pub(super) fn verify_registration(
        &self,
        response: &RegisterPublicKeyCredential,
        state: &str,
    ) -> Result<Credential, Problem> {
        let state: PasskeyRegistration = serde_json::from_str(state).map_err(Problem::internal)?;
        let passkey: Passkey = self
            .webauthn
            .finish_passkey_registration(response, &state)
            .map_err(|error| explain(&error))?;
        // The library reads the id that the authenticator wrote; nobody may claim another.
        if passkey.cred_id().as_slice() != response.raw_id.as_slice() {
            return Err(verification_failed("The passkey has another id than it says."));
        }
        Ok(passkey.into())
    }

    /// Begins a sign-in with whichever passkey the authenticator finds.
    pub(super) fn begin_sign_in(&self) -> Result<Beginning<PasskeyRequestOptions>, Problem> {
        let (made, state) = self
            .webauthn
            .start_discoverable_authentication()
            .map_err(Problem::internal)?;
        let challenge = made.public_key.challenge;
        Ok(Beginning {
            options: self.request(&challenge, None),
            challenge,
            state: serde_json::to_string(&state).map_err(Problem::internal)?,
        })
    }

    /// Options to use one of these passkeys, with this challenge.
    pub(super) fn request(
        &self,
        challenge: &[u8],
        allow_credentials: Option<Vec<PasskeyDescriptor>>,
    ) -> PasskeyRequestOptions {
        PasskeyRequestOptions {
            challenge: encode(challenge),
            timeout: LIFETIME_MS,
            rp_id: self.id.clone(),
            allow_credentials,
            user_verification: REQUIRED.to_owned(),
            extensions: PasskeyExtensions::prf(),
        }
    }

    /// Verifies the signature of a passkey.
    ///
    /// # Errors
    ///
    /// 401 `passkey_verification_failed`.
    pub(super) fn verify_sign_in(
        &self,
        response: &PublicKeyCredential,
        state: &str,
        passkey: &passkeys::Model,
    ) -> Result<AuthenticationResult, Problem> {
        // Authenticators may leave the user handle out; where there is one, it is of the passkey's user.
        let handle = response.get_user_unique_id();
        if handle.is_some_and(|handle| handle != passkey.user_id.as_bytes()) {
            return Err(verification_failed("The passkey is another user's."));
        }
        let state: DiscoverableAuthentication = serde_json::from_str(state).map_err(Problem::internal)?;
        let credential = stored::to_credential(passkey)?;
        let verified = self
            .webauthn
            .finish_discoverable_authentication_v2(response, state, credential);
        verified.map_err(|error| match error {
            WebauthnError::CredentialPossibleCompromise => counter_went_back(passkey),
            error => explain(&error),
        })
    }
}

/// How options name a passkey.
pub(super) fn descriptor(id: &[u8], transports: Vec<String>) -> PasskeyDescriptor {
    PasskeyDescriptor {
        type_: PUBLIC_KEY.to_owned(),
        id: encode(id),
        transports,
    }
}

/// A passkey signed with a counter that it had before.
pub(super) fn counter_went_back(passkey: &passkeys::Model) -> Problem {
    let id = encode(&passkey.credential_id);
    tracing::warn!(user = %passkey.user_id, passkey = id, "a passkey's counter went back; there may be a copy of it");
    verification_failed(
        "The passkey's counter went back: there may be a copy of it. Sign in another way and delete it.",
    )
}

/// Says what did not verify, as far as that helps people and authors of clients.
fn explain(error: &WebauthnError) -> Problem {
    tracing::debug!(%error, "a passkey's answer was refused");
    verification_failed(match error {
        WebauthnError::InvalidRPOrigin => "The answer was made on a page of another origin.",
        WebauthnError::InvalidRPIDHash => "The passkey belongs to another host.",
        WebauthnError::UserNotVerified => "The authenticator did not make sure that it is its owner.",
        WebauthnError::UserNotPresent => "Nobody was at the authenticator.",
        WebauthnError::CredentialCrossOrigin => "The answer was made in a frame of another page.",
        WebauthnError::COSEKeyInvalidAlgorithm
        | WebauthnError::COSEKeyInvalidType
        | WebauthnError::CredentialAlteredAlgFromRequest => {
            "The passkey is of a kind that was not asked for, or is registered already."
        }
        _ => "The passkey's answer does not verify.",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(client: &str, own: &str) -> Option<Vec<String>> {
        let relying_party = RelyingParty::new(&Origin::parse(client).unwrap(), &Origin::parse(own).unwrap())?;
        let allowed = relying_party.webauthn.get_allowed_origins().iter();
        Some(allowed.map(|url| url.origin().ascii_serialization()).collect())
    }

    #[test]
    fn answers_come_from_the_client_and_from_the_server_where_its_host_is_the_clients_or_below() {
        let client = "https://home.example";
        assert_eq!(
            origins(client, "https://api.home.example"),
            Some(vec![client.to_owned(), "https://api.home.example".to_owned()])
        );
        for elsewhere in [
            "https://evil-home.example",
            "https://example",
            "https://home.example.net",
        ] {
            if let Ok(own) = Origin::parse(elsewhere) {
                assert_eq!(
                    origins(client, &own.to_string()),
                    Some(vec![client.to_owned()]),
                    "{elsewhere}"
                );
            }
        }
        assert_eq!(
            origins("http://localhost:5173", "http://localhost:5000"),
            Some(vec![
                "http://localhost:5173".to_owned(),
                "http://localhost:5000".to_owned()
            ])
        );
    }

    #[test]
    fn there_are_no_passkeys_for_an_address() {
        assert_eq!(origins("http://127.0.0.1:5000", "http://127.0.0.1:5000"), None);
    }
}
