//! A peer that is a library, and a real server: what each believes of the other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use parchment_client::peer::{Peer, SendError, SystemClock};
use parchment_core::{
    canonical::Object,
    envelope::{Kind, SignedMessage, UserMessage},
    handle::{Handle, ServerId},
    inbox::{Accepted, MemoryInbox, RawRequest},
    keys::SigningKey,
    manifest::{MANIFEST_PATH, UserDocument},
    nonce::Nonce,
    pins::{MemoryPins, PinStore as _},
    refusal::Code,
    request::{INBOX_PATH, ServerIdentity},
    time::{Clock as _, Timestamp},
};
use poem::{Response, endpoint::make, http::StatusCode};
use serde_json::Value;
use support::{
    app::{free_port, random},
    front::{Front, Whim},
    person::Person,
};

/// A peer on loopback with one user, dora.
struct Bridge {
    peer: Peer,
    dora: Handle,
    key: SigningKey,
    pins: Arc<MemoryPins>,
    /// How many messages took effect.
    taken: Arc<AtomicUsize>,
}

impl Bridge {
    async fn start() -> Self {
        let port = free_port();
        let identity = ServerIdentity::new(ServerId::parse(&format!("localhost:{port}")).unwrap(), &random());
        let (pins, taken, key) = (
            Arc::new(MemoryPins::new()),
            Arc::<AtomicUsize>::default(),
            SigningKey::from_seed(&random()),
        );
        let count = taken.clone();
        let store = MemoryInbox::new(move |_: &Accepted| {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(())
        });
        let builder = Peer::builder(identity).takes([Kind::FriendAccept, Kind::RelationshipRevoke]);
        let peer = builder.pins(pins.clone()).allow_loopback().build(store).unwrap();
        let dora = Handle::parse(&format!("dora@{}", peer.id())).unwrap();
        let document = peer.user_document(&UserDocument::new(dora.clone(), key.verifying_key(), None));
        let (manifest, document) = (
            serde_json::to_string(&peer.manifest()),
            serde_json::to_string(&document),
        );
        let (manifest, document, receiving) = (manifest.unwrap(), document.unwrap(), peer.clone());
        let routes = make(move |request| {
            let (manifest, document, receiving) = (manifest.clone(), document.clone(), receiving.clone());
            async move {
                let (status, body) = match request.uri().path() {
                    MANIFEST_PATH => (200, manifest),
                    "/.well-known/user/dora" => (200, document),
                    INBOX_PATH => {
                        let headers = request.headers().clone();
                        let headers: Vec<_> = headers
                            .iter()
                            .map(|(name, value)| (name.as_str(), value.as_bytes()))
                            .collect();
                        let body = request.into_body().into_vec().await.unwrap();
                        receiving
                            .answer(RawRequest {
                                headers: &headers,
                                body: &body,
                            })
                            .await
                    }
                    _ => (404, String::new()),
                };
                let status = StatusCode::from_u16(status).unwrap();
                Ok::<_, poem::Error>(
                    Response::builder()
                        .status(status)
                        .content_type("application/json")
                        .body(body),
                )
            }
        });
        let listener = poem::listener::TcpListener::bind(("127.0.0.1", port));
        tokio::spawn(poem::Server::new(listener).run(routes));
        Self {
            peer,
            dora,
            key,
            pins,
            taken,
        }
    }

    fn says(&self, kind: Kind, to: &Handle) -> SignedMessage {
        self.peer
            .draft(kind, &self.dora, to, Object::new())
            .unwrap()
            .sign(&self.key)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_answer_is_lost_is_sent_again_and_takes_effect_once() {
    let (home, bridge) = (Front::start().await, Bridge::start().await);
    let alice = Person::on(&home, "alice").await;
    bridge.peer.resolve(&alice.handle).await.unwrap();
    home.whims(&[Whim::LoseAnswer, Whim::Answer(503)]);
    bridge
        .peer
        .send(&bridge.says(Kind::FriendInvite, &alice.handle))
        .await
        .unwrap();
    assert_eq!(home.hits(), 3);
    assert_eq!(alice.client.invitations().list(None).await.unwrap().len(), 1);

    // Nobody knows whether it arrived when all answers are lost.
    let again = bridge.says(Kind::RelationshipRevoke, &alice.handle);
    home.whims(&[Whim::LoseAnswer, Whim::LoseAnswer, Whim::LoseAnswer]);
    let lost = bridge.peer.send(&again).await.unwrap_err();
    assert!(matches!(lost, SendError::Unknown(_)), "{lost:?}");
    assert!(alice.client.invitations().list(None).await.unwrap().is_empty());
    bridge.peer.send(&again).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_takes_effect_here_once_and_only_from_who_signed_it() {
    let (home, bridge) = (Front::start().await, Bridge::start().await);
    let alice = Person::on(&home, "alice").await;
    bridge
        .peer
        .send(&bridge.says(Kind::FriendInvite, &alice.handle))
        .await
        .unwrap();
    let invitations = alice.client.invitations();
    let id = &invitations.list(None).await.unwrap()[0].id;
    invitations
        .accept(id, &alice.sign(Kind::FriendAccept, &bridge.dora))
        .await
        .unwrap();
    assert_eq!(bridge.taken.load(Ordering::SeqCst), 1);
    // A kind that this peer does not take is refused by name, and alice's server passes that on.
    let ended = alice
        .client
        .friends()
        .end(bridge.dora.as_str(), &alice.revocation(&bridge.dora))
        .await
        .unwrap();
    assert!(ended.delivered);
    assert_eq!(bridge.taken.load(Ordering::SeqCst), 2);
    let invited = invitations.send(&alice.invitation(&bridge.dora)).await.unwrap_err();
    assert_eq!(invited.code(), Some("peer_refused"));

    let (status, answer) = bridge
        .peer
        .answer(RawRequest {
            headers: &[],
            body: b"{",
        })
        .await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((status, answer["code"].as_str()), (400, Some("malformed_json")));
    let body = bridge.says(Kind::FriendAccept, &alice.handle).to_canonical();
    let unsigned = RawRequest {
        headers: &[],
        body: body.as_bytes(),
    };
    let (status, answer) = bridge.peer.answer(unsigned).await;
    assert_eq!(status, 401);
    assert!(answer.contains(r#""supported_protocol_versions":[2]"#), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_key_is_not_the_pinned_one_is_neither_believed_nor_told_anything() {
    let (home, bridge) = (Front::start().await, Bridge::start().await);
    let alice = Person::on(&home, "alice").await;
    let other = SigningKey::from_seed(&random()).verifying_key();
    let server = alice.handle.server();
    bridge.pins.pin_first(&server, &other, SystemClock.now()).await.unwrap();
    assert_eq!(
        bridge.peer.resolve(&alice.handle).await.unwrap_err().code(),
        Code::PinMismatch
    );
    home.whims(&[]);
    let sent = bridge
        .peer
        .send(&bridge.says(Kind::FriendInvite, &alice.handle))
        .await
        .unwrap_err();
    assert!(
        matches!(&sent, SendError::NotSent(refusal) if refusal.code() == Code::PinMismatch),
        "{sent:?}"
    );
    assert_eq!(home.hits(), 0);
    assert!(bridge.pins.mismatch(&server).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_arrive_is_said_with_the_reason() {
    let (home, bridge) = (Front::start().await, Bridge::start().await);
    let alice = Person::on(&home, "alice").await;
    let sent = |message: SignedMessage| {
        let peer = bridge.peer.clone();
        async move { peer.send(&message).await.unwrap_err() }
    };
    let not_sent = |error: SendError, code: Code| {
        assert!(
            matches!(&error, SendError::NotSent(refusal) if refusal.code() == code),
            "{error:?}"
        )
    };

    let refused = sent(bridge.says(Kind::FriendAccept, &alice.handle)).await;
    assert!(
        matches!(&refused, SendError::Refused { status: 400, code } if code == "no_invitation"),
        "{refused:?}"
    );
    let nobody = Handle::parse(&format!("nobody@{}", alice.handle.server())).unwrap();
    assert_eq!(
        bridge.peer.resolve(&nobody).await.unwrap_err().code(),
        Code::UnknownSender
    );
    let nowhere = Handle::parse(&format!("alice@localhost:{}", free_port())).unwrap();
    not_sent(
        sent(bridge.says(Kind::FriendInvite, &nowhere)).await,
        Code::PeerUnreachable,
    );

    let message = |from: &Handle, offset: i64| {
        let now = Timestamp::from_instant(SystemClock.now().plus(offset));
        let nonce = Nonce::from_bytes(random());
        let message = UserMessage::new(
            Kind::FriendInvite,
            from.clone(),
            alice.handle.clone(),
            nonce,
            now,
            Object::new(),
        );
        message.unwrap().sign(&bridge.key)
    };
    not_sent(sent(message(&nobody, 0)).await, Code::OriginMismatch);
    not_sent(sent(message(&bridge.dora, -295_000)).await, Code::StaleMessage);
}

#[tokio::test(flavor = "multi_thread")]
async fn this_machine_is_no_peer_unless_that_is_allowed() {
    let home = Front::start().await;
    let alice = Person::on(&home, "alice").await;
    let identity = ServerIdentity::new(ServerId::parse("bridge.example").unwrap(), &random());
    let peer = Peer::builder(identity)
        .build(MemoryInbox::new(|_: &Accepted| Ok(())))
        .unwrap();
    home.whims(&[]);
    assert_eq!(
        peer.resolve(&alice.handle).await.unwrap_err().code(),
        Code::PeerUnreachable
    );
    assert_eq!(home.hits(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_publishes_is_asked_for_once_however_many_want_it() {
    let (home, bridge) = (Front::start().await, Bridge::start().await);
    let alice = Person::on(&home, "alice").await;
    home.whims(&[]);
    let all = (0..20).map(|_| bridge.peer.resolve(&alice.handle));
    for resolved in futures_util::future::join_all(all).await {
        resolved.unwrap();
    }
    assert_eq!(home.hits(), 2, "one manifest and one document");
}
