//! Compressed bodies that unpack to far more than they are: nothing here unpacks them.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use parchment_core::{envelope::Kind, manifest::MANIFEST_PATH};
use reqwest::Method;

use super::crowds::{MOST_KIB, peak_kib};
use crate::support::{
    peer::{Page, Peer},
    program::Program,
};

/// 512 MiB of a JSON text, in half a megabyte.
fn bomb() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(b"{\"email\":\"").unwrap();
    let piece = vec![b'a'; 1024 * 1024];
    for _ in 0..512 {
        encoder.write_all(&piece).unwrap();
    }
    encoder.write_all(b"\"}").unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_unpacks_to_half_a_gigabyte_is_not_unpacked() {
    let mut program = Program::new();
    program.start().await;
    let bomb = bomb();
    let request = program
        .http
        .request(Method::POST, format!("{}/auth/verify", program.origin()))
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .body(bomb.clone());
    let refused = request.send().await.unwrap();
    assert!((400..500).contains(&refused.status().as_u16()), "{}", refused.status());

    // The same, as the answer of a peer whose manifest is asked for.
    let alice = program.sign_up("alice").await;
    let home = Peer::start().await;
    let bob = home.user("bob");
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("content-encoding", "gzip".to_owned()),
    ];
    home.set(MANIFEST_PATH, Page::Raw(200, headers, bomb));
    let request = home.request(&program.id, &bob.say(Kind::FriendInvite, &alice));
    let refused = request.at(&program.http, &program.origin()).send().await.unwrap();
    assert!((400..=503).contains(&refused.status().as_u16()), "{}", refused.status());
    assert!(home.manifest_hits() > 0);
    assert!(peak_kib(&program) < MOST_KIB, "{} KiB", peak_kib(&program));
}
