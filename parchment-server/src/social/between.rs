//! The rules: what there is between a local user and anybody, and what a message makes of it.
//!
//! [`Between`] is one side of a pair in memory, and its methods are the rules. [`Sides`] holds those of many pairs:
//! loaded together, changed one after the other, written together, each in a bounded number of statements.

use std::collections::HashMap;

use parchment_core::{
    handle::Handle,
    manifest::UserDocument,
    refusal::{Code, Refusal},
    time::UnixMillis,
};
use sea_orm::{ConnectionTrait, prelude::Uuid};

use crate::{
    random,
    store::{
        StoreError,
        entities::{
            friendships,
            invitations::{self, Direction, Status},
        },
        sets,
    },
};

/// How many open invitations somebody can have received; strangers make them.
const MAX_INCOMING: i64 = 1000;

/// What there is between a local user and a peer, on the user's side.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Between {
    friendship: Option<friendships::Model>,
    incoming: Option<invitations::Model>,
    outgoing: Option<invitations::Model>,
}

impl Between {
    fn is_friendship(&self) -> bool {
        let row = self.friendship.as_ref();
        row.is_some_and(|row| row.status == friendships::Status::Accepted)
    }

    /// The peer invites the user, who has received so many invitations that are `open`.
    ///
    /// # Errors
    ///
    /// A refusal changes nothing.
    fn invited(&mut self, user_id: Uuid, from: &Handle, open: i64, now: UnixMillis) -> Result<(), Refusal> {
        if self.is_friendship() {
            return Err(Refusal::new(Code::AlreadyFriends, "The two are friends already."));
        }
        if self.incoming.is_some() {
            let detail = "There is an open invitation for this pair already.";
            return Err(Refusal::new(Code::AlreadyInvited, detail));
        }
        if open >= MAX_INCOMING {
            let detail = "The recipient has too many open invitations.";
            return Err(Refusal::new(Code::TooManyInvitations, detail));
        }
        self.incoming = Some(invitations::Model {
            id: random::id(),
            user_id,
            peer_handle: from.as_str().to_owned(),
            direction: Direction::Incoming,
            status: Status::Pending,
            created_at: now.0,
        });
        Ok(())
    }

    /// The peer accepts the user's invitation.
    ///
    /// For a friendship that stands this has no effect and is no error, so that repeating always converges.
    ///
    /// # Errors
    ///
    /// A refusal changes nothing.
    fn accepted(&mut self, user_id: Uuid, friend: &UserDocument, now: UnixMillis) -> Result<(), Refusal> {
        if self.is_friendship() {
            return Ok(());
        }
        if self.outgoing.is_none() {
            let detail = "There is no open invitation for this pair.";
            return Err(Refusal::new(Code::NoInvitation, detail));
        }
        self.befriend(user_id, friend, friendships::Status::Accepted, now);
        Ok(())
    }

    /// Makes or completes a friendship; open invitations of the pair end when it is complete.
    fn befriend(&mut self, user_id: Uuid, friend: &UserDocument, status: friendships::Status, now: UnixMillis) {
        let complete = status == friendships::Status::Accepted;
        let (id, created_at) = match &self.friendship {
            Some(known) => (known.id, known.created_at),
            None => (random::id(), now.0),
        };
        self.friendship = Some(friendships::Model {
            id,
            user_id,
            friend_handle: friend.handle.as_str().to_owned(),
            friend_signing_key: friend.signing_key.as_bytes().to_vec(),
            friend_encryption_key: friend.encryption_key.map(|key| key.as_bytes().to_vec()),
            friend_name: friend.name.clone(),
            friend_picture: friend.picture.clone(),
            status,
            established_at: complete.then_some(now.0),
            created_at,
        });
        if complete {
            self.incoming = None;
            self.outgoing = None;
        }
    }
}

/// The sides of pairs, as they were loaded and as they are now.
#[derive(Debug, Default)]
pub struct Sides {
    pairs: HashMap<(Uuid, String), Side>,
    /// How many invitations each user has received that are open, of those who were asked about.
    open: HashMap<Uuid, i64>,
}

#[derive(Debug, Default)]
struct Side {
    before: Between,
    now: Between,
}

impl Sides {
    /// Loads the sides of these pairs, and how many open invitations those have received who are `invited`.
    ///
    /// # Errors
    ///
    /// As for any query.
    pub async fn load(
        tx: &impl ConnectionTrait,
        pairs: impl IntoIterator<Item = (Uuid, &str)>,
        invited: impl IntoIterator<Item = Uuid>,
    ) -> Result<Self, StoreError> {
        let mut sides = Self::default();
        for (user_id, peer) in pairs {
            sides.pairs.entry((user_id, peer.to_owned())).or_default();
        }
        let mut of_row: Vec<&mut Side> = Vec::with_capacity(sides.pairs.len());
        let mut pairs = Vec::with_capacity(sides.pairs.len());
        for ((user_id, peer), side) in &mut sides.pairs {
            pairs.push((sets::hex(user_id.as_bytes()), peer.as_str()));
            of_row.push(side);
        }
        for (at, row) in sets::friendships(tx, &pairs).await? {
            if let Some(side) = of_row.get_mut(at) {
                side.before.friendship = Some(row);
            }
        }
        for (at, row) in sets::invitations(tx, &pairs).await? {
            if let Some(side) = of_row.get_mut(at) {
                match row.direction {
                    Direction::Incoming => side.before.incoming = Some(row),
                    Direction::Outgoing => side.before.outgoing = Some(row),
                }
            }
        }
        for side in of_row {
            side.now = side.before.clone();
        }

        sides.open.extend(invited.into_iter().map(|user_id| (user_id, 0)));
        let mut of_row = Vec::with_capacity(sides.open.len());
        let mut users = Vec::with_capacity(sides.open.len());
        for (user_id, open) in &mut sides.open {
            users.push((sets::hex(user_id.as_bytes()),));
            of_row.push(open);
        }
        for (at, row) in sets::open_invitations(tx, &users).await? {
            if let Some(open) = of_row.get_mut(at) {
                **open = row.open;
            }
        }
        Ok(sides)
    }

    /// Works on one side, and keeps the count of open invitations right.
    fn on<T>(
        &mut self,
        user_id: Uuid,
        peer: &str,
        act: impl FnOnce(&mut Between, i64) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        // A side that was not loaded would be an error of this program, and is answered as one.
        let missing = || Refusal::new(Code::Unavailable, "What is between the two was not looked up.");
        let side = self.pairs.get_mut(&(user_id, peer.to_owned())).ok_or_else(missing)?;
        let mut uncounted = 0;
        let open = self.open.get_mut(&user_id).unwrap_or(&mut uncounted);
        let before = i64::from(side.now.incoming.is_some());
        let done = act(&mut side.now, *open)?;
        *open += i64::from(side.now.incoming.is_some()) - before;
        Ok(done)
    }

    /// Somebody invites a local user, who was loaded as one that is invited.
    ///
    /// # Errors
    ///
    /// A refusal changes nothing.
    pub fn invited(&mut self, user_id: Uuid, from: &Handle, now: UnixMillis) -> Result<(), Refusal> {
        self.on(user_id, from.as_str(), |side, open| {
            side.invited(user_id, from, open, now)
        })
    }

    /// Somebody accepts a local user's invitation.
    ///
    /// # Errors
    ///
    /// A refusal changes nothing.
    pub fn accepted(&mut self, user_id: Uuid, friend: &UserDocument, now: UnixMillis) -> Result<(), Refusal> {
        self.on(user_id, friend.handle.as_str(), |side, _| {
            side.accepted(user_id, friend, now)
        })
    }

    /// Somebody rejects a local user's invitation.
    ///
    /// # Errors
    ///
    /// A refusal changes nothing.
    pub fn rejected(&mut self, user_id: Uuid, peer: &str) -> Result<(), Refusal> {
        self.on(user_id, peer, |side, _| {
            side.outgoing = None;
            Ok(())
        })
    }

    /// Everything between the two ends.
    ///
    /// # Errors
    ///
    /// A refusal changes nothing.
    pub fn ended(&mut self, user_id: Uuid, peer: &str) -> Result<(), Refusal> {
        self.on(user_id, peer, |side, _| {
            *side = Between::default();
            Ok(())
        })
    }

    /// A local user makes or completes a friendship.
    pub fn befriend(&mut self, user_id: Uuid, friend: &UserDocument, status: friendships::Status, now: UnixMillis) {
        let pair = (user_id, friend.handle.as_str().to_owned());
        self.pairs
            .entry(pair)
            .or_default()
            .now
            .befriend(user_id, friend, status, now);
    }

    /// Writes what has changed.
    ///
    /// # Errors
    ///
    /// As for any statement.
    pub async fn save(self, tx: &impl ConnectionTrait) -> Result<(), StoreError> {
        let mut friendships_gone = Vec::new();
        let mut friendships_put = Vec::new();
        let mut invitations_gone = Vec::new();
        let mut invitations_new = Vec::new();
        for Side { before, now } in self.pairs.values() {
            let (was, is) = (&before.friendship, &now.friendship);
            if was != is {
                let is_same = matches!((was, is), (Some(was), Some(is)) if was.id == is.id);
                friendships_gone.extend(
                    was.iter()
                        .filter(|_| !is_same)
                        .map(|row| (sets::hex(row.id.as_bytes()),)),
                );
                friendships_put.extend(is);
            }
            for (was, is) in [(&before.incoming, &now.incoming), (&before.outgoing, &now.outgoing)] {
                if was != is {
                    invitations_gone.extend(was.iter().map(|row| (sets::hex(row.id.as_bytes()),)));
                    invitations_new.extend(is);
                }
            }
        }
        // What is new may have the unique key of what is gone.
        sets::delete_friendships(tx, &friendships_gone).await?;
        sets::delete_invitations(tx, &invitations_gone).await?;
        sets::put_friendships(tx, &friendships_put).await?;
        sets::insert_invitations(tx, &invitations_new).await
    }
}
