//! The examples do what they say, against real servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

#[allow(dead_code)]
#[path = "../examples/embed.rs"]
mod embed;
#[allow(dead_code)]
#[path = "../examples/peer.rs"]
mod peer;
#[allow(dead_code)]
#[path = "../examples/rotate.rs"]
mod rotate;
#[allow(dead_code)]
#[path = "../examples/sign_in.rs"]
mod sign_in;
#[allow(dead_code)]
#[path = "../examples/two_servers.rs"]
mod two_servers;

use parchment_client::Client;
use parchment_core::{
    api::friends::{Direction, FriendStatus},
    envelope::Kind,
    handle::{Handle, Origin},
};
use support::{
    app::{free_port, http_client},
    front::Front,
    person::Person,
};

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_asks_for_a_code_and_gives_a_session() {
    let home = Front::start().await;
    let code = async || Ok(home.code_after("alice@mail.example", 0).await);
    let client = sign_in::run(&home.origin, "alice@mail.example", code).await.unwrap();
    let sessions = client.sessions().list().await.unwrap();
    assert_eq!(sessions[0].user_agent.as_deref(), Some("sign_in example"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rotate_makes_an_account_and_changes_its_key_each_time() {
    let home = Front::start().await;
    let client = home.sign_in("alice@mail.example").await;
    let store = std::sync::Arc::new(parchment_client::keystore::MemoryStore::new());
    for version in [2, 3] {
        let rotated = rotate::run(&client, store.clone()).await.unwrap();
        assert_eq!(rotated.km_version, version);
    }
    let account = parchment_client::account::Account::open(&client, store).await.unwrap();
    assert_eq!(
        account.blob("notes").await.unwrap().unwrap().as_bytes(),
        b"what must not be lost"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_makes_friends_of_two_people() {
    let (home, other) = (Front::start().await, Front::start().await);
    let alice = home.sign_in("alice@mail.example").await;
    let bob = other.sign_in("bob@mail.example").await;
    two_servers::run(alice.clone(), bob.clone()).await.unwrap();
    for person in [alice, bob] {
        assert_eq!(person.friends().list().await.unwrap()[0].status, FriendStatus::Accepted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_of_one_file_makes_friends_with_somebody_on_a_real_server() {
    let home = Front::start().await;
    let alice = Person::on(&home, "alice").await;
    let address = ([127, 0, 0, 1], free_port()).into();
    let handle = alice.handle.to_string();
    let inviting = peer::run(address, &handle);
    let answering = async {
        let (invitations, dora) = loop {
            let waiting = alice
                .client
                .invitations()
                .list(Some(Direction::Incoming))
                .await
                .unwrap();
            if let Some(invitation) = waiting.into_iter().next() {
                break (invitation.id, Handle::parse(&invitation.from_handle).unwrap());
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        let answer = alice.sign(Kind::FriendAccept, &dora);
        alice.client.invitations().accept(&invitations, &answer).await.unwrap();
    };
    let (kind, ()) = tokio::join!(inviting, answering);
    assert_eq!(kind.unwrap(), Kind::FriendAccept);
    let friends = alice.client.friends().list().await.unwrap();
    assert_eq!(friends[0].friend_handle, format!("dora@localhost:{}", address.port()));
}

#[tokio::test(flavor = "multi_thread")]
async fn embed_serves_its_own_pages_and_the_whole_interface() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = parchment_server::testing::settings(folder.path());
    let port = free_port();
    settings.listen.set_port(port);
    settings.public_origin = Origin::parse(&format!("http://localhost:{port}")).unwrap();
    let (listens, listening) = tokio::sync::oneshot::channel();
    let running = async move {
        let said = |origin: &str| listens.send(origin.to_owned()).unwrap();
        embed::run(settings, said).await.map_err(|error| error.to_string())
    };
    let using = async {
        let origin = listening.await.unwrap();
        let hello = http_client().get(format!("{origin}/hello")).send().await.unwrap();
        assert_eq!(hello.text().await.unwrap(), format!("This is localhost:{port}.\n"));
        let client = Client::new(&origin).unwrap();
        assert_eq!(client.health().ready().await.unwrap().status, "ok");
        assert!(client.sessions().current().await.unwrap().is_none());
    };
    tokio::select! {
        ended = running => panic!("{ended:?}"),
        () = using => {}
    }
}
