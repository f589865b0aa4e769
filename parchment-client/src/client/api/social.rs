//! Friends and invitations.

use parchment_core::api::{friends as api, well_known::UserDocumentBody};

use super::super::{Client, ClientError, operations};

/// The caller's friends: see [`Client::friends`].
#[derive(Debug, Clone, Copy)]
pub struct Friends<'a> {
    pub(super) client: &'a Client,
}

impl Friends<'_> {
    /// All her friends, oldest first.
    pub async fn list(&self) -> Result<Vec<api::Friend>, ClientError> {
        let listed: api::Friends = self.client.call(operations::LIST_FRIENDS, &[]).document().await?;
        Ok(listed.friends)
    }

    /// What a handle's server says of it, asked through the caller's own.
    pub async fn resolve(&self, handle: &str) -> Result<UserDocumentBody, ClientError> {
        self.client.call(operations::RESOLVE_HANDLE, &[handle]).document().await
    }

    /// Asks each friend's server for current keys and profile. A new signing key is reported and not taken over.
    pub async fn sync_keys(&self) -> Result<Vec<api::SyncResult>, ClientError> {
        let synced: api::SyncResponse = self.client.call(operations::SYNC_KEYS, &[]).document().await?;
        Ok(synced.results)
    }

    /// Ends a friendship, whatever the friend's server says. It is told if the caller signed a `RELATIONSHIP_REVOKE`.
    pub async fn end(&self, handle: &str, revocation: &api::RevokeRequest) -> Result<api::Ended, ClientError> {
        let call = self.client.call(operations::END_FRIENDSHIP, &[handle]);
        call.json(revocation).document().await
    }
}

/// The caller's open invitations: see [`Client::invitations`].
///
/// What concerns somebody on another server carries the caller's own signed message, which her server sends on unchanged.
#[derive(Debug, Clone, Copy)]
pub struct Invitations<'a> {
    pub(super) client: &'a Client,
}

impl Invitations<'_> {
    /// All of them, oldest first, or those of one direction.
    pub async fn list(&self, direction: Option<api::Direction>) -> Result<Vec<api::Invitation>, ClientError> {
        let direction = direction.map(|direction| match direction {
            api::Direction::Incoming => "incoming",
            api::Direction::Outgoing => "outgoing",
        });
        let call = self
            .client
            .call(operations::LIST_INVITATIONS, &[])
            .query("direction", direction);
        let listed: api::Invitations = call.document().await?;
        Ok(listed.invitations)
    }

    /// Invites somebody, with a signed `FRIEND_INVITE`.
    pub async fn send(&self, invitation: &api::InviteRequest) -> Result<api::Invitation, ClientError> {
        let call = self.client.call(operations::INVITE, &[]);
        let made: api::InviteResponse = call.json(invitation).document().await?;
        Ok(made.invitation)
    }

    /// Accepts an invitation, with a signed `FRIEND_ACCEPT`.
    ///
    /// After `delivery_unknown` (status 502) it stands here and may stand there: accept again.
    pub async fn accept(&self, id: &str, envelope: &api::EnvelopeRequest) -> Result<(), ClientError> {
        self.client
            .call(operations::ACCEPT_INVITATION, &[id])
            .json(envelope)
            .done()
            .await
    }

    /// Rejects an invitation; the other side is told if the caller signed a `FRIEND_REJECT`.
    pub async fn reject(&self, id: &str, envelope: &api::EnvelopeRequest) -> Result<api::Ended, ClientError> {
        let call = self.client.call(operations::REJECT_INVITATION, &[id]);
        call.json(envelope).document().await
    }

    /// Takes an invitation back; the other side is told if the caller signed a `RELATIONSHIP_REVOKE`.
    pub async fn cancel(&self, id: &str, revocation: &api::RevokeRequest) -> Result<api::Ended, ClientError> {
        let call = self.client.call(operations::CANCEL_INVITATION, &[id]);
        call.json(revocation).document().await
    }
}
