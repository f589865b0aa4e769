//! What a batch of messages from other servers does to the rows of those they are for.

use std::collections::{HashMap, HashSet};

use parchment_core::{
    envelope::{Content, Kind},
    handle::Alias,
    inbox::{Accepted, Verified},
    refusal::{Code, Refusal},
};
use sea_orm::{ConnectionTrait, prelude::Uuid};

use super::between::Sides;
use crate::{
    identity::alias,
    store::{StoreError, sets},
};

/// Everything that a batch of messages may touch, in memory.
///
/// It is loaded at the beginning of a transaction and saved at its end; messages between that see each other's effects.
#[derive(Debug)]
pub struct Received {
    recipients: HashMap<Alias, Recipient>,
    sides: Sides,
}

#[derive(Debug, Clone, Copy)]
struct Recipient {
    id: Uuid,
    is_disabled: bool,
}

impl Received {
    /// Loads what these messages may touch.
    ///
    /// # Errors
    ///
    /// As for any query.
    pub async fn load(tx: &impl ConnectionTrait, batch: &[Verified]) -> Result<Self, StoreError> {
        let recipients = recipients(tx, batch).await?;
        let touched = batch.iter().filter_map(|message| {
            let message = message.message();
            let recipient = recipients.get(&message.to().alias())?;
            Some((recipient.id, message))
        });
        let pairs = touched.clone().map(|(id, message)| (id, message.from().as_str()));
        let invited = touched.filter(|(_, message)| message.kind() == Kind::FriendInvite);
        let sides = Sides::load(tx, pairs, invited.map(|(id, _)| id)).await?;
        Ok(Self { recipients, sides })
    }

    /// Gives a message its effect on the recipient's rows.
    ///
    /// # Errors
    ///
    /// A refusal changes nothing.
    pub fn receive(&mut self, message: &Accepted) -> Result<(), Refusal> {
        let (from, to, now) = (message.message().from(), message.message().to(), message.received());
        let recipient = self.recipients.get(&to.alias()).copied();
        match message.message().content() {
            Content::RelationshipRevoke => match recipient {
                Some(recipient) => self.sides.ended(recipient.id, from.as_str()),
                // Nothing to remove is success: whoever revokes need not know what is left here.
                None => Ok(()),
            },
            Content::FriendInvite => self.sides.invited(require(recipient)?, from, now),
            Content::FriendAccept => self.sides.accepted(require(recipient)?, message.sender(), now),
            Content::FriendReject => {
                // Even while her account is switched off: otherwise the two sides would disagree once it is on again.
                let recipient = recipient.ok_or_else(unknown_recipient)?;
                self.sides.rejected(recipient.id, from.as_str())
            }
            other => {
                let detail = format!("{} is not supported by this server.", other.kind());
                Err(Refusal::new(Code::UnsupportedMessageType, detail).by_rule(19))
            }
        }
    }

    /// Writes what has changed.
    ///
    /// # Errors
    ///
    /// As for any statement.
    pub async fn save(self, tx: &impl ConnectionTrait) -> Result<(), StoreError> {
        self.sides.save(tx).await
    }
}

/// Those of the recipients who live here, each by the exact spelling of her alias.
async fn recipients(tx: &impl ConnectionTrait, batch: &[Verified]) -> Result<HashMap<Alias, Recipient>, StoreError> {
    let keys: HashSet<String> = batch
        .iter()
        .map(|message| alias::key(&message.message().to().alias()))
        .collect();
    let keys: Vec<(String,)> = keys.into_iter().map(|key| (key,)).collect();
    let found = sets::users(tx, &keys).await?.into_iter().filter_map(|(_, row)| {
        let alias = Alias::parse(row.alias.as_deref()?).ok()?;
        let recipient = Recipient {
            id: row.id,
            is_disabled: row.disabled_at.is_some(),
        };
        Some((alias, recipient))
    });
    Ok(found.collect())
}

/// Somebody whose account is switched off is nobody to those who want something of her.
fn require(recipient: Option<Recipient>) -> Result<Uuid, Refusal> {
    recipient
        .filter(|recipient| !recipient.is_disabled)
        .map(|recipient| recipient.id)
        .ok_or_else(unknown_recipient)
}

fn unknown_recipient() -> Refusal {
    Refusal::new(Code::UnknownRecipient, "There is no such recipient here.")
}
