//! What a batch of messages from other servers does to the rows of those they are for.

use std::collections::HashMap;

use parchment_core::{
    envelope::{Content, Kind},
    handle::Alias,
    inbox::{Accepted, Verified},
    refusal::{Code, Refusal},
};
use sea_orm::{ConnectionTrait, prelude::Uuid};

use super::between::Sides;
use crate::store::{StoreError, sets};

/// Everything that a batch of messages may touch, in memory.
///
/// It is loaded at the beginning of a transaction and saved at its end; messages between that see each other's effects.
#[derive(Debug, Default)]
pub struct Received {
    recipients: HashMap<Alias, Recipient>,
    sides: Sides,
}

/// A row about people here.
#[derive(Debug)]
pub enum PersonRow {
    /// There is a recipient, perhaps in another spelling.
    Recipient(sets::Recipient),
    /// What there is between the recipient and the sender.
    Side(sets::SideRow),
}

#[derive(Debug, Clone, Copy)]
struct Recipient {
    id: Uuid,
    is_disabled: bool,
}

impl Received {
    /// Takes in those of the rows that these messages touch which are about people here, and counts what must be counted.
    ///
    /// # Errors
    ///
    /// As for any query.
    pub async fn load(
        tx: &impl ConnectionTrait,
        batch: &[Verified],
        rows: impl IntoIterator<Item = (usize, PersonRow)>,
    ) -> Result<Self, StoreError> {
        let mut received = Self::default();
        let mut side_rows = Vec::new();
        for (at, row) in rows {
            let Some(message) = batch.get(at).map(Verified::message) else {
                continue;
            };
            match row {
                // A message to another spelling of her alias is to nobody.
                PersonRow::Recipient(row) if row.alias == message.to().alias().as_str() => {
                    received.sides.add_pair(row.id, message.from().as_str());
                    let recipient = Recipient {
                        id: row.id,
                        is_disabled: row.is_disabled,
                    };
                    received.recipients.insert(message.to().alias(), recipient);
                }
                PersonRow::Recipient(_) => {}
                PersonRow::Side(row) => side_rows.push((message, row)),
            }
        }
        for (message, row) in side_rows {
            if let Some(recipient) = received.recipients.get(&message.to().alias()) {
                received.sides.add(recipient.id, message.from().as_str(), row);
            }
        }
        let invited = batch
            .iter()
            .map(Verified::message)
            .filter(|message| message.kind() == Kind::FriendInvite);
        let invited = invited.filter_map(|message| received.recipients.get(&message.to().alias()));
        let invited: Vec<Uuid> = invited.map(|recipient| recipient.id).collect();
        received.sides.count_open(tx, invited).await?;
        Ok(received)
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
