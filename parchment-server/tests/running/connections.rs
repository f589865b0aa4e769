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
async fn beyond_the_number_of_connections_the_next_waits_until_one_closes() {
    let app = TestApp::start_with(|settings| settings.max_connections = 2).await;
    let (mut first, mut second) = (connect(&app).await, connect(&app).await);
    assert_eq!(ask(&mut first).await.as_deref(), Some("200"));
    assert_eq!(ask(&mut second).await.as_deref(), Some("200"));
    let mut third = connect(&app).await;
    assert_eq!(ask(&mut third).await, None);
    assert_eq!(ask(&mut first).await.as_deref(), Some("200"), "who is in is served");
    drop(first);
    assert_eq!(answered(&mut third).await.as_deref(), Some("200"));
}
