use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::app::TestApp;

const REQUEST: &[u8] = b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n";

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.settings.listen).await.unwrap()
}

/// Asks over a connection that stays open; the status, or none when no answer comes for a while.
async fn ask(stream: &mut TcpStream) -> Option<String> {
    stream.write_all(REQUEST).await.unwrap();
    answered(stream).await
}

async fn answered(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = [0; 4096];
    let read = tokio::time::timeout(Duration::from_millis(500), stream.read(&mut bytes)).await;
    let count = read.ok()?.unwrap();
    let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
    Some(text.split(' ').nth(1)?.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_number_of_connections_the_one_that_was_silent_for_longest_is_closed() {
    let app = TestApp::start_with(|settings| settings.max_connections = 2).await;
    let (mut first, mut second) = (connect(&app).await, connect(&app).await);
    assert_eq!(ask(&mut first).await.as_deref(), Some("200"));
    assert_eq!(ask(&mut second).await.as_deref(), Some("200"));
    assert_eq!(ask(&mut first).await.as_deref(), Some("200"));
    let mut third = connect(&app).await;
    assert_eq!(ask(&mut third).await.as_deref(), Some("200"));
    assert_eq!(second.read(&mut [0; 1]).await.unwrap_or(0), 0, "closed");
    assert_eq!(ask(&mut first).await.as_deref(), Some("200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_works_on_a_request_is_not_closed_for_another() {
    let app = TestApp::start_with(|settings| settings.max_connections = 1).await;
    let mut first = connect(&app).await;
    let head = "POST /auth/verify HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 2\r\nexpect: 100-continue\r\n\r\n";
    first.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(
        answered(&mut first).await.as_deref(),
        Some("100"),
        "it is being worked on"
    );
    let mut second = connect(&app).await;
    assert_eq!(ask(&mut second).await, None);
    first.write_all(b"{}").await.unwrap();
    assert_eq!(answered(&mut first).await.as_deref(), Some("422"));
    assert_eq!(
        answered(&mut second).await.as_deref(),
        Some("200"),
        "the first is silent now"
    );
}
