//! Who a user is to other servers.

use parchment_core::api::{accounts::AliasAvailability, identity as api};

use super::super::{Client, ClientError, operations};

/// Who the caller is to other servers: see [`Client::identity`].
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    pub(super) client: &'a Client,
}

impl Identity<'_> {
    /// Handle and keys, as others see them.
    pub async fn get(&self) -> Result<api::Identity, ClientError> {
        self.client.call(operations::GET_IDENTITY, &[]).document().await
    }

    /// Whether the caller could have an alias.
    pub async fn check_alias(&self, alias: &str) -> Result<AliasAvailability, ClientError> {
        let call = self.client.call(operations::CHECK_ALIAS, &[]);
        call.query("alias", Some(alias)).document().await
    }

    /// Takes an alias, which with the server's name makes the handle.
    pub async fn set_alias(&self, alias: &str) -> Result<api::AliasResponse, ClientError> {
        let request = api::AliasRequest {
            alias: alias.to_owned(),
        };
        self.client
            .call(operations::SET_ALIAS, &[])
            .json(&request)
            .document()
            .await
    }

    /// Registers the public halves of the caller's keys.
    pub async fn set_keys(&self, keys: &api::KeysRequest) -> Result<(), ClientError> {
        self.client.call(operations::SET_KEYS, &[]).json(keys).done().await
    }

    /// Erases what the caller kept sealed, her keys and friendships, and queues her friends elsewhere to be told: for
    /// somebody who lost every key. It cannot be undone.
    pub async fn reset(&self, confirm: api::ResetConfirmation) -> Result<(), ClientError> {
        let request = api::ResetRequest { confirm };
        self.client
            .call(operations::RESET_IDENTITY, &[])
            .json(&request)
            .done()
            .await
    }
}

/// Whom the caller has still to tell that an identity of hers is gone: see [`Client::revocations`].
#[derive(Debug, Clone, Copy)]
pub struct Revocations<'a> {
    pub(super) client: &'a Client,
}

impl Revocations<'_> {
    /// Who is left.
    pub async fn pending(&self) -> Result<Vec<api::PendingRevocation>, ClientError> {
        let call = self.client.call(operations::PENDING_REVOCATIONS, &[]);
        let pending: api::PendingRevocations = call.document().await?;
        Ok(pending.revocations)
    }

    /// Sends the caller's own signed revocations, 500 at most; says of each, in their order, what became of it.
    pub async fn flush(&self, request: &api::FlushRequest) -> Result<Vec<api::FlushResult>, ClientError> {
        let call = self.client.call(operations::FLUSH_REVOCATIONS, &[]);
        let flushed: api::FlushResponse = call.json(request).document().await?;
        Ok(flushed.results)
    }

    /// Gives up telling somebody.
    pub async fn drop(&self, peer_handle: &str) -> Result<(), ClientError> {
        self.client
            .call(operations::DROP_REVOCATION, &[peer_handle])
            .done()
            .await
    }
}
