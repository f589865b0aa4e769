//! What a client does when something goes wrong on the way, and what it never does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use parchment_client::{Client, ClientError, TransportKind};
use parchment_core::api::{
    administration::CreateRoleRequest,
    blobs::BlobRequest,
    friends::{EnvelopeRequest, RevokeRequest},
};
use support::front::{Front, Whim};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

fn blob() -> BlobRequest {
    let mut envelope = vec![7; 40];
    envelope[..2].copy_from_slice(&[2, 1]);
    BlobRequest {
        encrypted_blob: parchment_core::encoding::encode(&envelope),
        nonce: None,
        km_version: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_idempotent_is_repeated_whatever_went_wrong() {
    let home = Front::start().await;
    let alice = home.sign_in("alice@mail.example").await;
    for whim in [
        Whim::Answer(503),
        Whim::Answer(502),
        Whim::Answer(429),
        Whim::LoseAnswer,
    ] {
        home.whims(&[whim, whim]);
        alice.blobs().put("theme", &blob()).await.unwrap();
        assert_eq!(home.hits(), 3, "{whim:?}");
    }
    // The third try is the last.
    home.whims(&[Whim::Answer(503), Whim::Answer(503), Whim::Answer(503)]);
    let refused = alice.blobs().list().await.unwrap_err();
    assert_eq!((refused.code(), home.hits()), (Some("moody"), 3));
    assert!(refused.is_retriable());
    // A refusal that stays is not asked for again.
    home.whims(&[Whim::Answer(409)]);
    assert_eq!(alice.blobs().list().await.unwrap_err().status(), Some(409));
    assert_eq!(home.hits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_something_each_time_is_repeated_only_when_it_was_not_heard() {
    let home = Front::start().await;
    let operator = home.sign_in("operator@mail.example").await;
    let role = |id: &str| CreateRoleRequest {
        id: Some(id.to_owned()),
        name: id.to_owned(),
        description: None,
        permissions: None,
    };
    home.whims(&[Whim::Answer(429)]);
    operator.roles().create(&role("first")).await.unwrap();
    assert_eq!(home.hits(), 2);
    home.whims(&[Whim::LoseAnswer]);
    let lost = operator.roles().create(&role("second")).await.unwrap_err();
    assert!(
        matches!(
            &lost,
            ClientError::Transport {
                kind: TransportKind::Broken,
                ..
            }
        ),
        "{lost:?}"
    );
    assert_eq!(home.hits(), 1);
    home.whims(&[Whim::Answer(503)]);
    assert_eq!(
        operator.roles().create(&role("third")).await.unwrap_err().status(),
        Some(503)
    );
    assert_eq!(home.hits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_is_sent_again_after_an_answer_and_not_after_none() {
    let home = Front::start().await;
    let alice = home.sign_in("alice@mail.example").await;
    let nothing = EnvelopeRequest::default();
    let id = "018f4f5e-7a3b-7c11-9d52-2f6d4c0a9b1e";
    home.whims(&[Whim::Answer(502)]);
    let refused = alice.invitations().accept(id, &nothing).await.unwrap_err();
    assert_eq!(refused.code(), Some("no_identity"));
    assert_eq!(home.hits(), 2);
    home.whims(&[Whim::LoseAnswer]);
    let lost = alice
        .friends()
        .end("bob@other.example", &RevokeRequest::default())
        .await;
    assert!(matches!(lost, Err(ClientError::Transport { .. })), "{lost:?}");
    assert_eq!(home.hits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_when_its_deletion_is_repeated_was_deleted() {
    let home = Front::start().await;
    let alice = home.sign_in("alice@mail.example").await;
    alice.blobs().put("theme", &blob()).await.unwrap();
    home.whims(&[Whim::LoseAnswer]);
    alice.blobs().delete("theme").await.unwrap();
    assert_eq!(home.hits(), 2);
    // What was never there is still not found.
    home.whims(&[]);
    let collection = "018f4f5e-7a3b-7c11-9d52-2f6d4c0a9b1e";
    assert_eq!(
        alice.collections().delete(collection).await.unwrap_err().status(),
        Some(404)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_signs_requests_as_a_token_does() {
    let home = Front::start().await;
    let client = home.client();
    let before = home.codes("alice@mail.example").len();
    client.sign_in().request_code("alice@mail.example").await.unwrap();
    let code = home.code_after("alice@mail.example", before).await;
    let session = client.sign_in().with_code("alice@mail.example", &code).await.unwrap();
    let alice = Client::builder(&home.origin)
        .cookie(&session.token)
        .user_agent("night-shift/1.0")
        .build()
        .unwrap();
    alice.blobs().put("theme", &blob()).await.unwrap();
    assert!(alice.sessions().current().await.unwrap().unwrap().token.is_none());
    assert_eq!(client.with_token(&session.token).blobs().list().await.unwrap().len(), 1);
    assert!(
        client.blobs().list().await.is_err(),
        "a client without a session has none"
    );
}

/// A listener that answers every connection with one text and keeps what it was sent.
async fn fixed(answer: String) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let received: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = received.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (answer, log) = (answer.clone(), log.clone());
            tokio::spawn(async move {
                let mut request = vec![0; 64 * 1024];
                let read = socket.read(&mut request).await.unwrap_or_default();
                log.lock()
                    .unwrap()
                    .push(String::from_utf8_lossy(&request[..read]).into_owned());
                let _ = socket.write_all(answer.as_bytes()).await;
            });
        }
    });
    (origin, received)
}

fn ok(body: &str) -> String {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
    format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_takes_no_token_along() {
    let (elsewhere, received) = fixed(ok("[]")).await;
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let answer = format!("HTTP/1.1 {status}\r\nlocation: {elsewhere}/auth/sessions\r\ncontent-length: 0\r\n\r\n");
        let (origin, _) = fixed(answer).await;
        let client = Client::builder(&origin).token("s3cret").build().unwrap();
        let error = client.sessions().list().await.unwrap_err();
        assert!(matches!(error, ClientError::Unexpected { .. }), "{status}: {error:?}");
    }
    assert!(received.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_is_read_up_to_a_limit_and_no_further() {
    let short = |origin: &str| {
        Client::builder(origin)
            .max_answer_bytes(1000)
            .retries(0)
            .build()
            .unwrap()
    };
    let long = format!("[{}]", " ".repeat(2000));
    let honest = ok(&long);
    let endless = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{long}");
    for answer in [honest, endless] {
        let (origin, _) = fixed(answer).await;
        let error = short(&origin).sessions().list().await.unwrap_err();
        assert!(matches!(error, ClientError::TooLarge { limit: 1000, .. }), "{error:?}");
        // Lists of a whole vault may be longer.
        assert_eq!(short(&origin).collections().list().await.unwrap(), []);
    }
}

#[tokio::test]
async fn an_answer_that_is_none_of_a_parchment_server_is_told_without_its_content() {
    for body in [
        "<html>s3cret</html>",
        "{\"s3cret\":1}",
        "\"s3cret\"",
        "[{\"id\":\"s3cret\"}]",
        "",
    ] {
        let (origin, _) = fixed(ok(body)).await;
        let client = Client::builder(&origin).retries(0).build().unwrap();
        let error = client.sessions().list().await.unwrap_err();
        assert!(
            matches!(error, ClientError::Unexpected { status: 200, .. }),
            "{body}: {error:?}"
        );
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
    // Who stands in between and says 200 to everything did not do it.
    for body in [
        r#"{"success":false}"#,
        r#"{"ok":false}"#,
        "<html>Sign in to this network</html>",
    ] {
        let (origin, _) = fixed(ok(body)).await;
        let error = Client::new(&origin).unwrap().blobs().delete("theme").await.unwrap_err();
        assert!(matches!(error, ClientError::Unexpected { .. }), "{body}: {error:?}");
    }
}

#[tokio::test]
async fn that_something_is_done_may_be_said_in_any_words_and_that_there_is_nothing_too() {
    for body in ["", "Created", "OK", "null", "{}", r#"{"success":true,"more":1}"#] {
        let (origin, _) = fixed(ok(body)).await;
        Client::new(&origin).unwrap().blobs().delete("theme").await.unwrap();
    }
    for body in ["", "null"] {
        let (origin, _) = fixed(ok(body)).await;
        let client = Client::new(&origin).unwrap();
        assert!(client.sessions().current().await.unwrap().is_none());
        assert!(client.blobs().get("theme").await.unwrap().is_none());
    }
}

#[tokio::test]
async fn the_session_goes_only_where_it_is_looked_at() {
    let (origin, received) = fixed(ok("[]")).await;
    let client = Client::builder(&origin).token("s3cret").build().unwrap();
    client.sessions().list().await.unwrap();
    assert!(
        received
            .lock()
            .unwrap()
            .pop()
            .unwrap()
            .contains("authorization: Bearer s3cret\r\n")
    );
    let _ = client.health().live().await;
    let _ = client.well_known().manifest().await;
    let _ = client.sign_in().with_code("alice@mail.example", "12345678").await;
    let _ = client.without_session().sessions().list().await;
    let received = received.lock().unwrap();
    assert_eq!(received.len(), 4);
    assert!(
        received.iter().all(|request| !request.contains("s3cret")),
        "{received:?}"
    );
}

#[tokio::test]
async fn a_proxy_is_used_when_it_is_given() {
    let (proxy, received) = fixed(ok("[]")).await;
    let builder = Client::builder("http://localhost:9").token("t0ken").proxy(&proxy);
    assert!(builder.build().unwrap().sessions().list().await.unwrap().is_empty());
    assert!(received.lock().unwrap()[0].starts_with("GET http://localhost:9/auth/sessions "));
    assert!(matches!(
        Client::builder("https://a.example").proxy(":").build(),
        Err(ClientError::Setup { .. })
    ));
}

#[tokio::test]
async fn who_does_not_listen_and_who_does_not_answer_are_told_apart() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let client = Client::builder(&format!("http://{closed}")).retries(1).build().unwrap();
    let error = client.sign_in().request_code("alice@mail.example").await.unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::Transport {
                kind: TransportKind::Connect,
                ..
            }
        ),
        "{error:?}"
    );

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", silent.local_addr().unwrap());
    let client = Client::builder(&origin)
        .timeout(Duration::from_millis(100))
        .retries(0)
        .build()
        .unwrap();
    let error = client.health().live().await.unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::Transport {
                kind: TransportKind::TimedOut,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn certificates_that_are_none_are_refused_when_the_client_is_built() {
    for builder in [
        Client::builder("https://home.example").root_certificate_pem(b"no certificate"),
        Client::builder("https://home.example").root_certificate_der(b"no certificate"),
    ] {
        assert!(matches!(builder.build(), Err(ClientError::Setup { .. })));
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_no_answer() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    for rest in [
        "transfer-encoding: chunked\r\n\r\n2\r\n[]\r\n",
        "content-length: 10\r\n\r\n[]",
    ] {
        let (origin, received) = fixed(format!("{head}{rest}")).await;
        let client = Client::builder(&origin).build().unwrap();
        let error = client.sessions().list().await.unwrap_err();
        assert!(
            matches!(
                error,
                ClientError::Transport {
                    kind: TransportKind::Broken,
                    ..
                }
            ),
            "{rest}: {error:?}"
        );
        assert_eq!(received.lock().unwrap().len(), 3);
    }
}
