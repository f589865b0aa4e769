//! Somebody who uses a server through the client, with keys of her own.

use parchment_client::Client;
use parchment_core::{
    api::{
        friends::{EnvelopeRequest, InviteRequest, RevokeRequest},
        identity::KeysRequest,
    },
    canonical::Object,
    derive::MasterSeed,
    envelope::{Kind, UserMessage},
    handle::Handle,
    nonce::Nonce,
    time::{Clock as _, Timestamp},
};
use parchment_server::app::SystemClock;

use super::{app::random, front::Front};

/// Somebody with a session, an alias and registered keys.
pub struct Person {
    pub client: Client,
    pub seed: MasterSeed,
    pub handle: Handle,
}

impl Person {
    /// Signs up on a server.
    pub async fn on(front: &Front, alias: &str) -> Self {
        let client = front.sign_in(&format!("{alias}@mail.example")).await;
        let named = client.identity().set_alias(alias).await.unwrap();
        let person = Self {
            client,
            seed: MasterSeed::from_bytes(&random()),
            handle: Handle::parse(&named.handle).unwrap(),
        };
        person.client.identity().set_keys(&keys(&person.seed)).await.unwrap();
        person
    }

    /// Signature, nonce and timestamp over a message of hers.
    pub fn sign(&self, kind: Kind, to: &Handle) -> EnvelopeRequest {
        envelope(&self.seed, kind, &self.handle, to)
    }

    pub fn invitation(&self, to: &Handle) -> InviteRequest {
        let envelope = self.sign(Kind::FriendInvite, to);
        InviteRequest {
            handle: to.to_string(),
            signature: envelope.signature.unwrap(),
            nonce: envelope.nonce,
            timestamp: envelope.timestamp,
        }
    }

    pub fn revocation(&self, to: &Handle) -> RevokeRequest {
        let envelope = self.sign(Kind::RelationshipRevoke, to);
        RevokeRequest {
            revoke_signature: envelope.signature,
            revoke_nonce: envelope.nonce,
            revoke_timestamp: envelope.timestamp,
        }
    }
}

/// Signature, nonce and timestamp over a message of somebody with this seed, now.
pub fn envelope(seed: &MasterSeed, kind: Kind, from: &Handle, to: &Handle) -> EnvelopeRequest {
    let (nonce, now) = (Nonce::from_bytes(random()), Timestamp::from_instant(SystemClock.now()));
    let message = UserMessage::new(kind, from.clone(), to.clone(), nonce, now.clone(), Object::new()).unwrap();
    EnvelopeRequest {
        signature: Some(message.sign(&seed.signing_key()).signature().to_base64()),
        nonce: Some(nonce.to_base64()),
        timestamp: Some(now.to_string()),
    }
}

/// The public halves of a seed's keys.
pub fn keys(seed: &MasterSeed) -> KeysRequest {
    KeysRequest {
        signing_key: seed.signing_key().verifying_key().to_base64(),
        encryption_key: seed.encryption_secret().agreement_key().to_base64(),
    }
}
