//! Messages that share a commit: what comes of a batch is what would have come of its messages one by one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, HashMap, HashSet};

use parchment_core::{
    canonical::Object,
    directory::StaticDirectory,
    envelope::{Kind, UserMessage},
    handle::{Handle, ServerId},
    inbox::{Inbox, InboxStore as _, Outcome, Policy, RawRequest, Receipt, Verified},
    keys::SigningKey,
    manifest::{Manifest, UserDocument},
    nonce::Nonce,
    pins::MemoryPins,
    refusal::Code,
    request::ServerIdentity,
    time::{FixedClock, Timestamp, UnixMillis},
};
use parchment_server::{
    app::KINDS,
    federation::inbox::StoredInbox,
    store::{
        Store, StoreError,
        entities::{
            envelope_nonces,
            friendships::{self, Status},
            invitations::{self, Direction},
            transport_nonces, users,
        },
    },
};
use proptest::prelude::*;
use sea_orm::{ActiveModelTrait as _, EntityTrait as _, Set, prelude::Uuid};

const NOW: UnixMillis = UnixMillis(1_776_686_400_000);
const HOME: &str = "home.example";
const AUTHORS: [&str; 3] = ["alice@one.example", "Alice@one.example", "bob@two.example"];
/// The last one is written in another case and the one before is not here: both are nobody. The third is switched off.
const RECIPIENTS: [&str; 5] = ["carol", "dan", "eve", "nobody", "CAROL"];

/// A message as it is generated; small numbers, so that the same ones meet.
#[derive(Debug, Clone, Copy)]
struct Sent {
    author: usize,
    recipient: usize,
    kind: usize,
    envelope: u8,
    transport: u8,
    /// Signed so many milliseconds later: another message under the same nonce.
    later: i64,
}

fn sent() -> impl Strategy<Value = Sent> {
    // Few nonces make replays, retries and reuse; the rest of the range makes most messages new.
    let nonce = || prop_oneof![1 => 0..4_u8, 3 => 4..=255_u8];
    let recipient = prop_oneof![5 => Just(0_usize), 3 => Just(1), 1 => Just(2), 1 => Just(3), 1 => Just(4)];
    (0..AUTHORS.len(), recipient, 0..KINDS.len(), nonce(), nonce(), 0..2_i64).prop_map(
        |(author, recipient, kind, envelope, transport, later)| Sent {
            author,
            recipient,
            kind,
            envelope,
            transport,
            later,
        },
    )
}

/// What there is between a local user and somebody, without ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Side {
    friendship: Option<Status>,
    incoming: bool,
    outgoing: bool,
}

fn side() -> impl Strategy<Value = Side> {
    let friendship =
        prop_oneof![3 => Just(None), 1 => Just(Some(Status::Accepted)), 1 => Just(Some(Status::Accepting))];
    (friendship, any::<bool>(), any::<bool>()).prop_map(|(friendship, incoming, outgoing)| Side {
        friendship,
        incoming,
        outgoing,
    })
}

type Sides = BTreeMap<(usize, usize), Side>;

/// The rules once more, in the plainest form there is.
#[derive(Debug, Default)]
struct Model {
    sides: Sides,
    requests: HashSet<(ServerId, u8)>,
    messages: HashMap<(usize, u8), (usize, usize, i64)>,
}

impl Model {
    fn record(&mut self, sent: Sent) -> Result<Receipt, Code> {
        let server = Handle::parse(AUTHORS[sent.author]).unwrap().server();
        if self.requests.contains(&(server.clone(), sent.transport)) {
            return Err(Code::Replay);
        }
        let said = (sent.recipient, sent.kind, sent.later);
        let receipt = match self.messages.get(&(sent.author, sent.envelope)) {
            Some(known) if *known == said => Receipt::Retried,
            Some(_) => return Err(Code::NonceReused),
            None => {
                self.receive(sent)?;
                self.messages.insert((sent.author, sent.envelope), said);
                Receipt::Applied
            }
        };
        self.requests.insert((server, sent.transport));
        Ok(receipt)
    }

    fn receive(&mut self, sent: Sent) -> Result<(), Code> {
        let (is_here, is_disabled) = (sent.recipient < 3, sent.recipient == 2);
        let kind = KINDS[sent.kind];
        if kind != Kind::RelationshipRevoke && (!is_here || is_disabled && kind != Kind::FriendReject) {
            return Err(Code::UnknownRecipient);
        }
        if !is_here {
            return Ok(());
        }
        let side = self.sides.entry((sent.recipient, sent.author)).or_default();
        match kind {
            Kind::RelationshipRevoke => *side = Side::default(),
            Kind::FriendReject => side.outgoing = false,
            Kind::FriendInvite if side.friendship == Some(Status::Accepted) => return Err(Code::AlreadyFriends),
            Kind::FriendInvite if side.incoming => return Err(Code::AlreadyInvited),
            Kind::FriendInvite => side.incoming = true,
            Kind::FriendAccept if side.friendship == Some(Status::Accepted) => {}
            Kind::FriendAccept if !side.outgoing => return Err(Code::NoInvitation),
            Kind::FriendAccept => {
                *side = Side {
                    friendship: Some(Status::Accepted),
                    incoming: false,
                    outgoing: false,
                };
            }
            other => panic!("{other} is not generated"),
        }
        Ok(())
    }

    fn sides(&self) -> Sides {
        let nothing = Side::default();
        self.sides
            .iter()
            .filter(|(_, side)| **side != nothing)
            .map(|(pair, side)| (*pair, *side))
            .collect()
    }
}

/// Signs, sends and verifies the honest way.
struct Post {
    inbox: Inbox<StaticDirectory, MemoryPins>,
    servers: Vec<ServerIdentity>,
}

fn key_of(author: usize) -> SigningKey {
    SigningKey::from_seed(&[u8::try_from(author).unwrap() + 1; 32])
}

fn document_of(author: usize) -> UserDocument {
    UserDocument::new(
        Handle::parse(AUTHORS[author]).unwrap(),
        key_of(author).verifying_key(),
        None,
    )
}

impl Post {
    fn new() -> Self {
        let mut directory = StaticDirectory::new();
        let mut servers = Vec::new();
        for (id, seed) in [("one.example", 0x51), ("two.example", 0x52)] {
            let server = ServerIdentity::new(ServerId::parse(id).unwrap(), &[seed; 32]);
            directory = directory.with_server(Manifest::new(server.id().clone(), server.public_key(), Vec::new()));
            servers.push(server);
        }
        for author in 0..AUTHORS.len() {
            directory = directory.with_user(document_of(author));
        }
        let inbox = Inbox::new(
            ServerId::parse(HOME).unwrap(),
            Policy::new(KINDS),
            directory,
            MemoryPins::new(),
        );
        Self { inbox, servers }
    }

    async fn bring(&self, sent: Sent) -> Verified {
        let to = Handle::parse(&format!("{}@{HOME}", RECIPIENTS[sent.recipient])).unwrap();
        self.bring_to(sent, &to).await
    }

    async fn bring_to(&self, sent: Sent, to: &Handle) -> Verified {
        let from = Handle::parse(AUTHORS[sent.author]).unwrap();
        let signed = Timestamp::from_instant(NOW.plus(sent.later));
        let nonce = Nonce::from_bytes([sent.envelope; 16]);
        let message = UserMessage::new(KINDS[sent.kind], from.clone(), to.clone(), nonce, signed, Object::new());
        let message = message.unwrap().sign(&key_of(sent.author));
        let server = self.servers.iter().find(|server| from.is_on(server.id())).unwrap();
        let nonce = Nonce::from_bytes([sent.transport; 16]);
        let request = server.inbox_request(&to.server(), &message, nonce, Timestamp::from_instant(NOW));
        let headers = request.headers();
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_bytes()));
        let raw = RawRequest {
            headers: &headers,
            body: request.body().as_bytes(),
        };
        let parsed = self.inbox.parse(raw, &FixedClock(NOW)).unwrap();
        let authenticated = self.inbox.authenticate(parsed).await.unwrap();
        self.inbox.verify(authenticated).await.unwrap()
    }
}

/// A database with those who live here.
struct Home {
    store: Store,
    inbox: StoredInbox,
    users: Vec<Uuid>,
    _folder: tempfile::TempDir,
}

impl Home {
    async fn with(sides: &Sides) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("parchment.db").display());
        let store = Store::open(&url).await.unwrap();
        let users: Vec<Uuid> = (0..3).map(|_| Uuid::now_v7()).collect();
        store
            .write(async |tx| {
                for (place, id) in users.iter().enumerate() {
                    let alias = RECIPIENTS[place].to_owned();
                    let row = users::ActiveModel {
                        id: Set(*id),
                        email: Set(format!("{alias}@mail.example")),
                        email_key: Set(format!("{alias}@mail.example")),
                        alias: Set(Some(alias.clone())),
                        alias_key: Set(Some(alias)),
                        created_at: Set(NOW.0),
                        updated_at: Set(NOW.0),
                        disabled_at: Set((place == 2).then_some(NOW.0)),
                        ..Default::default()
                    };
                    row.insert(tx).await?;
                }
                for ((recipient, author), side) in sides {
                    let (user_id, peer) = (users[*recipient], AUTHORS[*author]);
                    if let Some(status) = side.friendship {
                        let row = friendships::ActiveModel {
                            id: Set(Uuid::now_v7()),
                            user_id: Set(user_id),
                            friend_handle: Set(peer.to_owned()),
                            friend_signing_key: Set(vec![9; 32]),
                            status: Set(status),
                            created_at: Set(7),
                            ..Default::default()
                        };
                        row.insert(tx).await?;
                    }
                    let directions = [
                        (Direction::Incoming, side.incoming),
                        (Direction::Outgoing, side.outgoing),
                    ];
                    for (direction, _) in directions.into_iter().filter(|(_, is_open)| *is_open) {
                        invite(tx, user_id, peer, direction).await?;
                    }
                }
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap();
        Self {
            inbox: StoredInbox::new(store.clone()),
            store,
            users,
            _folder: folder,
        }
    }

    /// All that is left, read without the code under test.
    async fn sides(&self) -> Sides {
        let mut sides = Sides::new();
        let pair = |user_id: Uuid, peer: &str| {
            let recipient = self.users.iter().position(|id| *id == user_id).unwrap();
            (recipient, AUTHORS.iter().position(|author| *author == peer).unwrap())
        };
        for row in friendships::Entity::find().all(self.store.reader()).await.unwrap() {
            let author = pair(row.user_id, &row.friend_handle).1;
            // What an acceptance completes keeps its beginning and takes over the friend's document.
            if row.established_at.is_some() {
                assert_eq!(row.friend_signing_key, document_of(author).signing_key.as_bytes());
                assert!(row.created_at == 7 || row.created_at == NOW.0);
            } else {
                assert_eq!((row.friend_signing_key, row.created_at), (vec![9; 32], 7));
            }
            sides
                .entry(pair(row.user_id, &row.friend_handle))
                .or_default()
                .friendship = Some(row.status);
        }
        for row in invitations::Entity::find().all(self.store.reader()).await.unwrap() {
            let side = sides.entry(pair(row.user_id, &row.peer_handle)).or_default();
            match row.direction {
                Direction::Incoming => side.incoming = true,
                Direction::Outgoing => side.outgoing = true,
            }
        }
        sides
    }

    async fn nonces(&self) -> (usize, usize) {
        let transport = transport_nonces::Entity::find().all(self.store.reader()).await.unwrap();
        let envelopes = envelope_nonces::Entity::find().all(self.store.reader()).await.unwrap();
        (transport.len(), envelopes.len())
    }

    async fn record(&self, batch: Vec<Verified>) -> Vec<Result<Receipt, Code>> {
        codes(self.inbox.record(batch).await.unwrap())
    }
}

async fn invite(
    tx: &parchment_server::store::Transaction,
    user_id: Uuid,
    peer: &str,
    direction: Direction,
) -> Result<(), StoreError> {
    let row = invitations::ActiveModel {
        id: Set(Uuid::now_v7()),
        user_id: Set(user_id),
        peer_handle: Set(peer.to_owned()),
        direction: Set(direction),
        status: Set(invitations::Status::Pending),
        created_at: Set(7),
    };
    row.insert(tx).await?;
    Ok(())
}

fn codes(outcomes: Vec<Outcome>) -> Vec<Result<Receipt, Code>> {
    let code = |outcome: Outcome| outcome.map_err(|refusal| refusal.code());
    outcomes.into_iter().map(code).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_batch_does_what_its_messages_would_do_one_by_one(
        before in proptest::collection::btree_map((0..3_usize, 0..AUTHORS.len()), side(), 0..7),
        all in proptest::collection::vec(sent(), 1..60),
        size in 1..40_usize,
    ) {
        let before: Sides = before.into_iter().filter(|(_, side)| *side != Side::default()).collect();
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let post = Post::new();
            let mut messages = Vec::new();
            for one in &all {
                messages.push(post.bring(*one).await);
            }
            let (batched, single) = (Home::with(&before).await, Home::with(&before).await);
            let mut model = Model { sides: before.clone(), ..Model::default() };
            let expected: Vec<_> = all.iter().map(|one| model.record(*one)).collect();

            let (mut in_batches, mut one_by_one) = (Vec::new(), Vec::new());
            for batch in messages.chunks(size) {
                in_batches.extend(batched.record(batch.to_vec()).await);
            }
            for message in messages {
                one_by_one.extend(single.record(vec![message]).await);
            }
            assert_eq!(in_batches, expected);
            assert_eq!(one_by_one, expected);
            assert_eq!(batched.sides().await, model.sides());
            assert_eq!(single.sides().await, model.sides());
            let nonces = (model.requests.len(), model.messages.len());
            assert_eq!(batched.nonces().await, nonces);
            assert_eq!(single.nonces().await, nonces);
        });
    }
}

#[tokio::test]
async fn a_batch_counts_the_invitations_that_it_makes_and_ends_itself() {
    let home = Home::with(&Sides::new()).await;
    let carol = home.users[0];
    home.store
        .write(async |tx| {
            for number in 0..999 {
                invite(tx, carol, &format!("peer{number}@three.example"), Direction::Incoming).await?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    let post = Post::new();
    let place = |kind: Kind| KINDS.iter().position(|one| *one == kind).unwrap();
    let (invite, revoke) = (place(Kind::FriendInvite), place(Kind::RelationshipRevoke));
    let mut batch = Vec::new();
    for (number, (author, kind)) in [
        (0, invite),
        (1, invite),
        (0, invite),
        (0, revoke),
        (1, invite),
        (2, invite),
    ]
    .into_iter()
    .enumerate()
    {
        let nonce = u8::try_from(number).unwrap();
        let sent = Sent {
            author,
            recipient: 0,
            kind,
            envelope: nonce,
            transport: nonce,
            later: 0,
        };
        batch.push(post.bring(sent).await);
    }
    let applied = Ok(Receipt::Applied);
    let (many, known) = (Err(Code::TooManyInvitations), Err(Code::AlreadyInvited));
    assert_eq!(home.record(batch).await, [applied, many, known, applied, applied, many]);
}
