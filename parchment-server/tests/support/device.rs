//! A browser with a software authenticator (passkey-rs), and what somebody could claim who has its keys.

use std::sync::{Arc, Mutex};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use passkey::{
    authenticator::{
        Authenticator, CredentialStore, DiscoverabilitySupport, StoreInfo, UiHint, UserCheck, UserValidationMethod,
        extensions::HmacSecretConfig,
    },
    client::{Client, DefaultClientData, WebauthnError},
    crypto::{CryptoBackend, SecretKeyT as _, rust_crypto::RustCryptoBackend},
    types::{
        Passkey,
        ctap2::{
            Aaguid, Ctap2Error, StatusCode,
            make_credential::{Options, PublicKeyCredentialRpEntity, PublicKeyCredentialUserEntity},
        },
        webauthn::{CredentialCreationOptions, CredentialRequestOptions, PublicKeyCredentialDescriptor},
    },
};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::app::{Answer, Person, TestApp};

pub fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

pub fn decode(value: &Value) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(value.as_str().unwrap()).unwrap()
}

/// User present and verified, passkey copyable and copied: what this authenticator says of all of its own.
pub const VERIFIED: u8 = 0x1d;

/// What a device holds; clones hold the same.
#[derive(Clone, Default)]
pub struct Keys(Arc<Mutex<Vec<Passkey>>>);

#[async_trait::async_trait]
impl CredentialStore for Keys {
    type PasskeyItem = Passkey;

    async fn find_credentials(
        &self,
        ids: Option<&[PublicKeyCredentialDescriptor]>,
        rp_id: &str,
        _: Option<&[u8]>,
    ) -> Result<Vec<Passkey>, StatusCode> {
        let named = |key: &Passkey| ids.is_none_or(|ids| ids.iter().any(|one| one.id == key.credential_id));
        let keys = self.0.lock().unwrap();
        let found: Vec<_> = keys
            .iter()
            .rev()
            .filter(|key| key.rp_id == rp_id && named(key))
            .cloned()
            .collect();
        if found.is_empty() {
            return Err(Ctap2Error::NoCredentials.into());
        }
        Ok(found)
    }

    async fn save_credential(
        &mut self,
        key: Passkey,
        _: PublicKeyCredentialUserEntity,
        _: PublicKeyCredentialRpEntity,
        _: Options,
    ) -> Result<(), StatusCode> {
        self.0.lock().unwrap().push(key);
        Ok(())
    }

    async fn update_credential(&mut self, key: &Passkey) -> Result<(), StatusCode> {
        let mut keys = self.0.lock().unwrap();
        let held = keys
            .iter_mut()
            .find(|held| held.credential_id == key.credential_id)
            .unwrap();
        *held = key.clone();
        Ok(())
    }

    async fn get_info(&self) -> StoreInfo {
        StoreInfo {
            discoverability: DiscoverabilitySupport::Full,
        }
    }
}

/// Whoever sits before the device: always there, and proves it when asked.
struct Owner;

#[async_trait::async_trait]
impl UserValidationMethod for Owner {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        hint: UiHint<'a, Passkey>,
        presence: bool,
        verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        if let UiHint::InformExcludedCredentialFound(_) = hint {
            return Err(Ctap2Error::CredentialExcluded);
        }
        Ok(UserCheck { presence, verification })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

/// A device with passkeys.
#[derive(Clone, Default)]
pub struct Device {
    pub keys: Keys,
    pub aaguid: [u8; 16],
    /// Whether new passkeys count their signatures.
    pub counts: bool,
}

/// What somebody with a passkey's private key says.
#[derive(Clone)]
pub struct Claim {
    pub rp_id: String,
    pub flags: u8,
    pub counter: u32,
    pub client_data: Value,
    pub user_handle: Option<Vec<u8>>,
}

impl Device {
    pub fn counting() -> Self {
        Self {
            counts: true,
            ..Self::default()
        }
    }

    fn authenticator(&self) -> Authenticator<Keys, Owner, RustCryptoBackend> {
        let mut authenticator =
            Authenticator::new(Aaguid::from(self.aaguid), self.keys.clone(), Owner, RustCryptoBackend)
                .hmac_secret(HmacSecretConfig::new_with_uv_only().enable_on_make_credential());
        authenticator.set_make_credentials_with_signature_counter(self.counts);
        authenticator
    }

    /// `navigator.credentials.create()` on a page of this origin, then `toJSON()`.
    pub async fn create(&self, origin: &str, options: &Value) -> Result<Value, WebauthnError> {
        let public_key = serde_json::from_value(options.clone()).unwrap();
        let request = CredentialCreationOptions { public_key };
        let mut browser = Client::new(self.authenticator()).allows_insecure_localhost(true);
        let made = browser
            .register(Url::parse(origin).unwrap(), request, DefaultClientData)
            .await?;
        Ok(serde_json::to_value(made).unwrap())
    }

    /// `navigator.credentials.get()` on a page of this origin, then `toJSON()`.
    pub async fn get(&self, origin: &str, options: &Value) -> Result<Value, WebauthnError> {
        let public_key = serde_json::from_value(options.clone()).unwrap();
        let request = CredentialRequestOptions { public_key };
        let mut browser = Client::new(self.authenticator()).allows_insecure_localhost(true);
        let got = browser
            .authenticate(Url::parse(origin).unwrap(), request, DefaultClientData)
            .await?;
        Ok(serde_json::to_value(got).unwrap())
    }

    /// The passkey that was made last.
    pub fn newest(&self) -> Passkey {
        self.keys.0.lock().unwrap().last().unwrap().clone()
    }

    /// A copy of the device as it is now, which goes its own way.
    pub fn cloned(&self) -> Self {
        let keys = self.keys.0.lock().unwrap().clone();
        Self {
            keys: Keys(Arc::new(Mutex::new(keys))),
            ..self.clone()
        }
    }

    /// What a right answer of the newest passkey to these options says.
    pub fn claim(&self, app: &TestApp, options: &Value) -> Claim {
        Claim {
            rp_id: options["rpId"].as_str().unwrap().to_owned(),
            flags: VERIFIED,
            counter: 0,
            client_data: json!({
                "type": "webauthn.get",
                "challenge": options["challenge"],
                "origin": app.settings.public_origin.to_string(),
                "crossOrigin": false,
            }),
            user_handle: self.newest().user_handle.map(|handle| handle.to_vec()),
        }
    }

    /// An assertion that says what is claimed, signed by the newest passkey.
    pub fn assert(&self, claim: &Claim) -> Value {
        let passkey = self.newest();
        let mut data = Sha256::digest(claim.rp_id.as_bytes()).to_vec();
        data.push(claim.flags);
        data.extend(claim.counter.to_be_bytes());
        let client_data = claim.client_data.to_string();
        let mut signed = data.clone();
        signed.extend(Sha256::digest(client_data.as_bytes()));
        let mut key = <RustCryptoBackend as CryptoBackend>::SecretKey::from_cose_key(&passkey.key).unwrap();
        let id = encode(&passkey.credential_id);
        json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "authenticatorData": encode(&data),
                "clientDataJSON": encode(client_data.as_bytes()),
                "signature": encode(&key.sign(&signed)),
                "userHandle": claim.user_handle.as_deref().map(encode),
            },
        })
    }
}

/// Takes the PRF output out of an answer, as every client must.
pub fn withhold(answer: &mut Value) -> Option<Vec<u8>> {
    let prf = answer["clientExtensionResults"]["prf"].as_object_mut()?;
    let results = prf.remove("results")?;
    Some(decode(&results["first"]))
}

/// Changes the flags in an attestation object, which nothing signs.
pub fn with_flags(answer: &Value, rp_id: &str, change: impl FnOnce(u8) -> u8) -> Value {
    let mut object = decode(&answer["response"]["attestationObject"]);
    let hash = Sha256::digest(rp_id.as_bytes());
    let place = object.windows(32).position(|window| window == hash.as_slice()).unwrap() + 32;
    object[place] = change(object[place]);
    let mut answer = answer.clone();
    answer["response"]["attestationObject"] = encode(&object).into();
    answer
}

impl TestApp {
    /// The origin of the server's own pages.
    pub fn origin(&self) -> String {
        self.settings.public_origin.to_string()
    }

    /// Begins a sign-in with a passkey.
    pub async fn begin(&self) -> Value {
        let begun = self
            .call(Method::POST, "/auth/passkeys/authenticate/options", None)
            .await;
        begun.expect(200).body
    }

    /// Ends it.
    pub async fn finish(&self, answer: &Value) -> Answer {
        let path = "/auth/passkeys/authenticate/verify";
        self.call(Method::POST, path, Some(answer.clone())).await
    }

    /// Signs in with a device's newest passkey, as a browser does.
    pub async fn sign_in_with(&self, device: &Device) -> Answer {
        let options = self.begin().await;
        let mut answer = device.get(&self.origin(), &options).await.unwrap();
        withhold(&mut answer);
        self.finish(&answer).await
    }
}

impl Person<'_> {
    /// Begins to register a passkey.
    pub async fn begin_passkey(&self) -> Value {
        let begun = self.call(Method::POST, "/auth/passkeys/register/options", None).await;
        begun.expect(200).body
    }

    /// Ends it.
    pub async fn finish_passkey(&self, answer: &Value) -> Answer {
        self.post("/auth/passkeys/register/verify", answer.clone()).await
    }

    /// Registers a passkey on a device, as a browser does; gives it as the server lists it.
    pub async fn register(&self, device: &Device) -> Value {
        let options = self.begin_passkey().await;
        let mut answer = device.create(&self.app.origin(), &options).await.unwrap();
        withhold(&mut answer);
        self.finish_passkey(&answer).await.expect(200).body
    }
}
