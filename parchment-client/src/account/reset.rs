//! Starting over when every key is lost, and telling those who knew the former identity.

use std::{collections::BTreeSet, sync::Arc};

use parchment_core::{
    api::{
        friends::Direction,
        identity::{FlushItem, FlushRequest, ResetConfirmation},
    },
    canonical::Object,
    envelope::{Kind, UserMessage},
    handle::Handle,
    time::Timestamp,
};

use super::{
    Account, clock,
    device::Device,
    error::{AccountError, Result},
    identity::{Created, user_id},
    lie::Lie,
    random,
};
use crate::{Client, keystore::KeyStore};

/// How many are told at once.
const AT_ONCE: usize = 500;
/// How often those who could not be told are tried again without success before it is left for later.
const ROUNDS: u32 = 3;

/// What came of telling others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Flushed {
    /// Who was told.
    pub told: Vec<String>,
    /// Who could not be told so far; try again later.
    pub left: Vec<Left>,
}

/// Somebody who could not be told so far.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Left {
    /// Who.
    pub handle: String,
    /// Why, as a stable word of the server.
    pub reason: String,
}

impl Account {
    /// Erases everything sealed, ends all friendships, and makes a new identity: for somebody who has lost every key.
    ///
    /// Those who were friends or invited are remembered on this device, for
    /// [`flush_revocations`](Self::flush_revocations). The alias stays.
    ///
    /// # Errors
    ///
    /// Until the server has reset, this device keeps what it had. A device that is cut off after that resets once more.
    pub async fn reset(client: &Client, store: Arc<dyn KeyStore>, confirm: ResetConfirmation) -> Result<Created> {
        let user_id = user_id(client).await?;
        let before = store.load().await?.map(|bytes| Device::read(&bytes)).transpose()?;
        if before.as_ref().is_some_and(|device| device.user_id != user_id) {
            return Err(Lie::OtherUser.into());
        }
        let mut to_tell = before
            .as_ref()
            .and_then(|device| device.to_tell.clone())
            .unwrap_or_default();
        to_tell.extend(peers_elsewhere(client).await?);
        if let Some(mut device) = before {
            device.to_tell = Some(to_tell.clone());
            store.save(&device.to_bytes()?).await?;
        }
        client.identity().reset(confirm).await?;
        let mut device = Device::new(user_id, random::seed()?, 1);
        device.to_tell = Some(to_tell);
        device.handle = client.identity().get().await?.handle;
        let account = Self::new(client, store, device);
        let mut device = account.device().await;
        account.save(&device).await?;
        account.register(&mut device).await?;
        drop(device);
        Ok(Created {
            recovery_key: account.recovery_key().await,
            account,
        })
    }

    /// Tells everybody who waits to be told that the former identity is gone, each by a message that the new one signs,
    /// until none is left or nobody more can be reached.
    ///
    /// Only those are told who were known as peers on this device when it was reset, and those of whom `is_peer` says
    /// that they were: the server could name anybody, and the signature would end a friendship.
    ///
    /// # Errors
    ///
    /// After the others were told: [`Lie::ForeignRevocation`] when the server named somebody else,
    /// [`Lie::RevocationWithheld`] when it left somebody out.
    pub async fn flush_revocations(&self, is_peer: impl Fn(&str) -> bool + crate::keystore::Shared) -> Result<Flushed> {
        let mut device = self.device().await;
        let from = device.handle.clone().ok_or(AccountError::NoIdentity)?;
        let from = Handle::parse(&from).map_err(|error| AccountError::Unexpected(error.to_string()))?;
        let (mut flushed, mut foreign, mut idle) = (Flushed::default(), None, 0);
        let mut was_offered = BTreeSet::new();
        loop {
            let pending = self.client().revocations().pending().await?;
            let mut handles: Vec<String> = pending.into_iter().map(|entry| entry.peer_handle).collect();
            was_offered.extend(handles.iter().cloned());
            handles.retain(|handle| {
                let known = device.to_tell.as_ref().is_some_and(|peers| peers.contains(handle)) || is_peer(handle);
                if !known {
                    foreign.get_or_insert_with(|| handle.clone());
                }
                known && !flushed.told.contains(handle)
            });
            if handles.is_empty() || idle == ROUNDS {
                break;
            }
            let before = flushed.told.len();
            flushed.left.clear();
            for some in handles.chunks(AT_ONCE) {
                self.flush_some(&mut device, &from, some, &mut flushed).await?;
            }
            idle = if flushed.told.len() == before { idle + 1 } else { 0 };
        }
        if let Some(handle) = foreign {
            return Err(Lie::ForeignRevocation { handle }.into());
        }
        let waiting = device
            .to_tell
            .iter()
            .flatten()
            .find(|handle| !was_offered.contains(*handle));
        match waiting {
            Some(handle) => Err(Lie::RevocationWithheld { handle: handle.clone() }.into()),
            None => Ok(flushed),
        }
    }

    /// Says that somebody need not be told, such as after telling them by another way.
    pub async fn forget_revocation(&self, handle: &str) -> Result<()> {
        let mut device = self.device().await;
        if let Some(to_tell) = &mut device.to_tell {
            to_tell.remove(handle);
        }
        self.save(&device).await
    }

    async fn flush_some(
        &self,
        device: &mut Device,
        from: &Handle,
        handles: &[String],
        flushed: &mut Flushed,
    ) -> Result<()> {
        let items = handles
            .iter()
            .map(|handle| revocation(device, from, handle))
            .collect::<Result<Vec<_>>>()?;
        let results = self.client().revocations().flush(&FlushRequest { items }).await?;
        if results.len() != handles.len()
            || results
                .iter()
                .zip(handles)
                .any(|(result, handle)| result.peer_handle != *handle)
        {
            return Err(AccountError::Unexpected(
                "the results are not those of what was sent".to_owned(),
            ));
        }
        for result in results {
            if result.delivered {
                if let Some(to_tell) = &mut device.to_tell {
                    to_tell.remove(&result.peer_handle);
                }
                flushed.told.push(result.peer_handle);
            } else {
                let reason = result.error.unwrap_or_default();
                flushed.left.push(Left {
                    handle: result.peer_handle,
                    reason,
                });
            }
        }
        self.save(device).await
    }
}

/// A signed message that ends everything between two users.
fn revocation(device: &Device, from: &Handle, to: &str) -> Result<FlushItem> {
    let unusable = |error: &dyn std::fmt::Display| AccountError::Unexpected(error.to_string());
    let peer = Handle::parse(to).map_err(|error| unusable(&error))?;
    let (nonce, timestamp) = (random::nonce()?, Timestamp::from_instant(clock::now()));
    let message = UserMessage::new(
        Kind::RelationshipRevoke,
        from.clone(),
        peer,
        nonce,
        timestamp.clone(),
        Object::new(),
    );
    let signed = message
        .map_err(|error| unusable(&error))?
        .sign(&device.seed.signing_key());
    Ok(FlushItem {
        peer_handle: to.to_owned(),
        signature: signed.signature().to_base64(),
        nonce: nonce.to_base64(),
        timestamp: timestamp.as_str().to_owned(),
        message_version: Some(1.0),
    })
}

/// Everybody on other servers whom the present identity is connected with.
async fn peers_elsewhere(client: &Client) -> Result<BTreeSet<String>> {
    let domain = client.identity().get().await?.domain;
    let mut peers: BTreeSet<String> = client
        .friends()
        .list()
        .await?
        .into_iter()
        .map(|friend| friend.friend_handle)
        .collect();
    for invitation in client.invitations().list(None).await? {
        peers.insert(match invitation.direction {
            Direction::Incoming => invitation.from_handle,
            Direction::Outgoing => invitation.to_handle,
        });
    }
    peers.retain(|peer| !Handle::parse(peer).is_ok_and(|handle| handle.server().as_str() == domain));
    Ok(peers)
}
