//! A whole peer of the federation: it has one user, who invites somebody and waits for the answer.
//!
//! ```sh
//! cargo run -p parchment-client --example peer -- 127.0.0.1:7000 alice@localhost:5000
//! ```
//!
//! alice's server must reach this one, which on one machine takes `PARCHMENT_ALLOW_LOOPBACK_PEERS=true` there. Keys, pins and
//! nonces live as long as the process; a peer in earnest keeps them.

use std::{error::Error, net::SocketAddr, sync::Arc};

use parchment_client::peer::Peer;
use parchment_core::{
    canonical::Object,
    derive::MasterSeed,
    envelope::Kind,
    handle::{Handle, ServerId},
    inbox::{Accepted, MemoryInbox, RawRequest},
    manifest::{MANIFEST_PATH, UserDocument},
    request::{INBOX_PATH, ServerIdentity},
};
use poem::{
    EndpointExt as _, IntoResponse as _, Response, Route, get, handler,
    http::{HeaderMap, StatusCode},
    post,
    web::{Data, Json, Path},
};
use tokio::sync::mpsc;

/// The server, and the one who lives on it.
struct Home {
    peer: Peer,
    dora: UserDocument,
}

#[handler]
fn manifest(Data(home): Data<&Arc<Home>>) -> Response {
    Json(home.peer.manifest()).into_response()
}

#[handler]
fn user(Path(alias): Path<String>, Data(home): Data<&Arc<Home>>) -> Response {
    match home.dora.handle.alias().as_str() == alias {
        true => Json(home.peer.user_document(&home.dora)).into_response(),
        false => StatusCode::NOT_FOUND.into(),
    }
}

/// Takes the body as bytes: what is judged is the text that was signed.
#[handler]
async fn inbox(headers: &HeaderMap, body: Vec<u8>, Data(home): Data<&Arc<Home>>) -> Response {
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let (headers, body) = (&*headers.collect::<Vec<_>>(), &*body);
    let (status, answer) = home.peer.answer(RawRequest { headers, body }).await;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Response::builder()
        .status(status)
        .content_type("application/json")
        .body(answer)
}

/// Invites `invited` from a server that listens on `address`; gives the answer.
pub async fn run(address: SocketAddr, invited: &str) -> Result<Kind, Box<dyn Error>> {
    // Who the server is, and who lives there.
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    let identity = ServerIdentity::new(ServerId::parse(&format!("localhost:{}", address.port()))?, &seed);
    getrandom::fill(&mut seed)?;
    let doras_seed = MasterSeed::from_bytes(&seed);
    let dora = Handle::parse(&format!("dora@{}", identity.id()))?;
    let (signing_key, encryption) = (doras_seed.signing_key(), doras_seed.encryption_secret());

    // What is taken in: answers to invitations, each once.
    let (answers, mut answered) = mpsc::unbounded_channel();
    let store = MemoryInbox::new(move |message: &Accepted| {
        let message = message.message();
        println!("{} says {} to {}", message.from(), message.kind(), message.to());
        // Nobody waits any more, and that is no reason to refuse it.
        let _ = answers.send((message.from().clone(), message.kind()));
        Ok(())
    });
    let builder = Peer::builder(identity).takes([Kind::FriendAccept, Kind::FriendReject]);
    let peer = builder.allow_loopback().build(store)?;

    // The socket.
    let home = Arc::new(Home {
        peer: peer.clone(),
        dora: UserDocument::new(
            dora.clone(),
            signing_key.verifying_key(),
            Some(encryption.agreement_key()),
        ),
    });
    let routes = Route::new()
        .at(MANIFEST_PATH, get(manifest))
        .at("/.well-known/user/:alias", get(user))
        .at(INBOX_PATH, post(inbox))
        .data(home);
    let listener = poem::listener::TcpListener::bind(address);
    let server = tokio::spawn(poem::Server::new(listener).run(routes));

    // What is sent out: dora's own words, in requests that her server signs.
    let invited = Handle::parse(invited)?;
    let found = peer.resolve(&invited).await?;
    println!("{} signs with {}", found.handle, found.signing_key.to_base64());
    let invitation = peer.draft(Kind::FriendInvite, &dora, &invited, Object::new())?;
    peer.send(&invitation.sign(&signing_key)).await?;
    println!("{dora} invited {invited}");

    let kind = loop {
        match answered.recv().await {
            Some((from, kind)) if from == invited => break kind,
            Some(_) => {}
            None => return Err("the inbox is gone".into()),
        }
    };
    server.abort();
    Ok(kind)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, invited] = arguments.as_slice() else {
        return Err("usage: peer <address to listen on> <handle to invite>".into());
    };
    run(address.parse()?, invited).await?;
    Ok(())
}
