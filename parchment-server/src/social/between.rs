//! The rules: what there is between a local user and anybody, and what a message makes of it.
//!
//! [`Between`] is one side of a pair in memory, and its methods are the rules. [`Sides`] holds those of many pairs:
//! loaded together, changed one after the other, written together, each in a bounded number of statements.

use std::collections::{HashMap, HashSet};

use parchment_core::{
    encoding::hex,
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
        sets::{self, SideRow},
    },
};

/// How many open invitations somebody can have received; strangers make them.
const MAX_INCOMING: i64 = 1000;

/// What there is between a local user and a peer, on the user's side.
#[derive(Debug, Clone, Default)]
pub struct Between {
    friendship: Option<Friendship>,
    incoming: Option<Invitation>,
    outgoing: Option<Invitation>,
}

/// A friendship: what the rules ask of it, and the row if it is to be written.
#[derive(Debug, Clone)]
struct Friendship {
    id: Uuid,
    status: friendships::Status,
    created_at: i64,
    row: Option<friendships::Model>,
}

/// An invitation, and the row if it is to be written.
#[derive(Debug, Clone)]
struct Invitation {
    id: Uuid,
    row: Option<invitations::Model>,
}

impl Between {
    /// Takes a row of the database in.
    fn add(&mut self, row: SideRow) {
        match row {
            SideRow::Friendship(id, status, created_at) => {
                self.friendship = Some(Friendship {
                    id,
                    status,
                    created_at,
                    row: None,
                });
            }
            SideRow::Invitation(id, Direction::Incoming) => self.incoming = Some(Invitation { id, row: None }),
            SideRow::Invitation(id, Direction::Outgoing) => self.outgoing = Some(Invitation { id, row: None }),
        }
    }

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
        let id = random::id();
        let row = invitations::Model {
            id,
            user_id,
            peer_handle: from.as_str().to_owned(),
            direction: Direction::Incoming,
            status: Status::Pending,
            created_at: now.0,
        };
        self.incoming = Some(Invitation { id, row: Some(row) });
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
        let row = friendships::Model {
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
        };
        self.friendship = Some(Friendship {
            id,
            status,
            created_at,
            row: Some(row),
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
    /// Loads the side of one pair.
    ///
    /// # Errors
    ///
    /// As for any query.
    pub async fn of_one(tx: &impl ConnectionTrait, user_id: Uuid, peer: &str) -> Result<Self, StoreError> {
        let mut sides = Self::default();
        sides.add_pair(user_id, peer);
        for row in sets::side(tx, user_id, peer).await? {
            sides.add(user_id, peer, row);
        }
        Ok(sides)
    }

    /// Takes a pair in, of which all rows are then to be added.
    pub fn add_pair(&mut self, user_id: Uuid, peer: &str) {
        self.pairs.entry((user_id, peer.to_owned())).or_default();
    }

    /// Takes a row of the database in.
    pub fn add(&mut self, user_id: Uuid, peer: &str, row: SideRow) {
        let side = self.pairs.entry((user_id, peer.to_owned())).or_default();
        side.before.add(row);
        side.now = side.before.clone();
    }

    /// Loads how many open invitations these users have received, as [`Self::invited`] needs it.
    ///
    /// # Errors
    ///
    /// As for any query.
    pub async fn count_open(
        &mut self,
        tx: &impl ConnectionTrait,
        users: impl IntoIterator<Item = Uuid>,
    ) -> Result<(), StoreError> {
        let users: HashSet<Uuid> = users.into_iter().collect();
        let users: Vec<Uuid> = users.into_iter().collect();
        let ids: Vec<_> = users.iter().map(|id| (hex(id.as_bytes()),)).collect();
        for (at, row) in sets::open_invitations(tx, &ids).await? {
            self.open.extend(users.get(at).map(|id| (*id, row.open)));
        }
        Ok(())
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

    /// Somebody invites a local user, whose open invitations were counted.
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
            let stays = |id| is.as_ref().is_some_and(|is| is.id == id);
            friendships_gone.extend(
                was.iter()
                    .filter(|was| !stays(was.id))
                    .map(|was| (hex(was.id.as_bytes()),)),
            );
            friendships_put.extend(is.iter().filter_map(|is| is.row.as_ref()));
            for (was, is) in [(&before.incoming, &now.incoming), (&before.outgoing, &now.outgoing)] {
                let stays = |id| is.as_ref().is_some_and(|is| is.id == id);
                invitations_gone.extend(
                    was.iter()
                        .filter(|was| !stays(was.id))
                        .map(|was| (hex(was.id.as_bytes()),)),
                );
                invitations_new.extend(is.iter().filter_map(|is| is.row.as_ref()));
            }
        }
        // What is new may have the unique key of what is gone.
        sets::delete_friendships(tx, &friendships_gone).await?;
        sets::delete_invitations(tx, &invitations_gone).await?;
        sets::put_friendships(tx, &friendships_put).await?;
        sets::insert_invitations(tx, &invitations_new).await
    }
}
