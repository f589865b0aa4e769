//! The framework reads bodies of any length: none of ours does, in any operation.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::document::operations;
use crate::support::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_far_too_long_is_refused_unread_by_every_operation_that_takes_one() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    let mut refused = 0;
    for operation in operations() {
        if operation.body.is_none() {
            continue;
        }
        let path = operation.path_with("01890000-0000-7000-8000-000000000000");
        let head = format!(
            "{} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: 1000000000000\r\n\r\n",
            operation.method, alice.token
        );
        let mut stream = TcpStream::connect(app.settings.listen).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answered = Vec::new();
        // Nothing of the body is ever sent, so an answer comes only from a server that does not wait for it.
        stream.read_to_end(&mut answered).await.unwrap();
        let answered = String::from_utf8(answered).unwrap();
        let name = operation.name();
        assert!(answered.starts_with("HTTP/1.1 413 "), "{name}: {answered}");
        assert!(answered.contains("\"code\":\"body_too_large\""), "{name}: {answered}");
        refused += 1;
    }
    assert!(refused > 10, "{refused}");
}
