//! What a friend share is bound to.

use std::borrow::Cow;

use crate::{
    derive::info,
    handle::{Handle, relationship_id},
    seal::Aad,
    time::Timestamp,
};

/// Who shares with whom, and when: the associated data of a [`FriendShare`](super::FriendShare).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding<'a> {
    sender: &'a str,
    recipient: &'a str,
    relationship: Cow<'a, str>,
    timestamp: &'a str,
}

impl<'a> Binding<'a> {
    /// From one friend to another; the timestamp counts as the text it is, not as the instant.
    pub fn new(sender: &'a Handle, recipient: &'a Handle, timestamp: &'a Timestamp) -> Self {
        Self {
            sender: sender.as_str(),
            recipient: recipient.as_str(),
            relationship: relationship_id(sender.as_str(), recipient.as_str()).into(),
            timestamp: timestamp.as_str(),
        }
    }

    /// The same in texts that somebody else bound, whatever they are.
    ///
    /// Sender, recipient and timestamp run together in the key context, so texts with `|` in them can be taken for one
    /// another. Handles and timestamps have none; prefer [`Binding::new`].
    pub fn verbatim(sender: &'a str, recipient: &'a str, relationship: &'a str, timestamp: &'a str) -> Self {
        Self {
            sender,
            recipient,
            relationship: relationship.into(),
            timestamp,
        }
    }

    /// The four texts that are authenticated.
    pub fn aad(&self) -> Aad<'_> {
        let Self {
            sender,
            recipient,
            timestamp,
            ..
        } = self;
        Aad {
            user_id: (*recipient).into(),
            record_type: "friend-share-v2".into(),
            record_id: (*self.relationship).into(),
            key_context: format!("{}|from={sender}|to={recipient}|ts={timestamp}", info::ECIES).into(),
        }
    }
}
