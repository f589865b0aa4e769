//! What a server offers to everybody, and to other servers.

use parchment_core::{
    api::{
        health,
        well_known::{ManifestDocument, UserDocumentBody},
    },
    request::OutboundRequest,
};

use super::super::{Client, ClientError, operations};

/// What the server publishes: see [`Client::well_known`].
///
/// It is read as it stands. Whoever is to believe it checks it first, as `Peer` does.
#[derive(Debug, Clone, Copy)]
pub struct WellKnown<'a> {
    pub(super) client: &'a Client,
}

impl WellKnown<'_> {
    /// What the server says of itself.
    pub async fn manifest(&self) -> Result<ManifestDocument, ClientError> {
        self.client.call(operations::GET_MANIFEST, &[]).document().await
    }

    /// What the server says of a user.
    pub async fn user(&self, alias: &str) -> Result<UserDocumentBody, ClientError> {
        self.client
            .call(operations::GET_USER_DOCUMENT, &[alias])
            .document()
            .await
    }

    /// The manifest as it was written, for readers that are strict about it.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) async fn manifest_text(&self) -> Result<Vec<u8>, ClientError> {
        let call = self.client.call(operations::GET_MANIFEST, &[]);
        call.send().await?.json_text()
    }

    /// The same of what it says of a user.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) async fn user_text(&self, alias: &str) -> Result<Vec<u8>, ClientError> {
        let call = self.client.call(operations::GET_USER_DOCUMENT, &[alias]);
        call.send().await?.json_text()
    }
}

/// The door for other servers: see [`Client::federation`].
#[derive(Debug, Clone, Copy)]
pub struct Federation<'a> {
    pub(super) client: &'a Client,
}

impl Federation<'_> {
    /// Delivers a message of a user of the calling server. The request is signed, once and for this server alone: to
    /// deliver the same message again, sign another request around it.
    pub async fn deliver(&self, request: &OutboundRequest) -> Result<(), ClientError> {
        let call = self.client.call(operations::RECEIVE_MESSAGE, &[]);
        call.raw(&request.headers(), request.body()).done().await
    }
}

/// Whether the server lives and can work: see [`Client::health`].
#[derive(Debug, Clone, Copy)]
pub struct Health<'a> {
    pub(super) client: &'a Client,
}

impl Health<'_> {
    /// It answers.
    pub async fn live(&self) -> Result<health::Health, ClientError> {
        self.client.call(operations::GET_LIVENESS, &[]).document().await
    }

    /// It can work; a refusal with status 503 says that it cannot.
    pub async fn ready(&self) -> Result<health::Health, ClientError> {
        self.client.call(operations::GET_READINESS, &[]).document().await
    }
}
