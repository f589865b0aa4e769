use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::assert_problem;
use crate::support::app::{TestApp, answer};

const MIB: usize = 1024 * 1024;

/// A body of exactly so many bytes that asks for a code.
fn padded(bytes: usize) -> String {
    let body = json!({ "email": "alice@mail.example" }).to_string();
    let spaces = " ".repeat(bytes - body.len());
    body + &spaces
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_one_mebibyte_is_read_and_a_byte_more_is_not() {
    let app = TestApp::start().await;
    for (bytes, status) in [(MIB, 201), (MIB + 1, 413)] {
        let request = app
            .http
            .post(app.url("/auth/verify"))
            .header("content-type", "application/json");
        let answered = answer(request.body(padded(bytes))).await.expect(status);
        if status == 413 {
            assert_problem(&answered, 413, "body_too_large", "one byte more");
        }
    }
}

/// Sends this much of a request and reads what is answered while the rest never comes.
async fn answer_to_half(app: &TestApp, head: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.settings.listen).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server may hang up on a body that it will not read.
    let _ = stream.write_all(body).await;
    let mut answered = Vec::new();
    let mut part = [0; 4096];
    loop {
        match stream.read(&mut part).await {
            Ok(count) if count > 0 => answered.extend_from_slice(&part[..count]),
            _ => break,
        }
        let text = String::from_utf8_lossy(&answered);
        if text.contains("\r\n\r\n") && text.trim_end_matches(['\r', '\n', '0']).ends_with('}') {
            break;
        }
    }
    String::from_utf8(answered).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_announces_too_much_is_refused_before_it_comes() {
    let app = TestApp::start().await;
    for length in ["1048577", "10000000000", "9223372036854775807"] {
        let head = format!(
            "POST /auth/verify HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        let answered = answer_to_half(&app, &head, b"").await;
        assert!(answered.starts_with("HTTP/1.1 413 "), "{length}: {answered}");
        assert!(answered.contains("\"code\":\"body_too_large\""), "{length}: {answered}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_chunks_is_refused_once_it_is_too_long_and_not_at_its_end() {
    let app = TestApp::start().await;
    let head = "POST /auth/verify HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                transfer-encoding: chunked\r\n\r\n";
    let mut chunk = b"10000\r\n".to_vec();
    chunk.extend_from_slice(&[b' '; 0x10000]);
    chunk.extend_from_slice(b"\r\n");
    let answered = answer_to_half(&app, head, &chunk.repeat(17)).await;
    assert!(answered.starts_with("HTTP/1.1 413 "), "{answered}");
    assert!(answered.contains("\"code\":\"body_too_large\""), "{answered}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_out_is_told_so_before_any_body_is_read() {
    let app = TestApp::start().await;
    let head = "PATCH /users/me/alias HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 1000\r\n\r\n";
    let answered = answer_to_half(&app, head, b"{").await;
    assert!(answered.starts_with("HTTP/1.1 401 "), "{answered}");
}
