//! A disk without room: nothing is lost, what only reads goes on, and so does all else once there is room.

use parchment_core::envelope::Kind;
use reqwest::Method;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};

use crate::support::{peer::Peer, program::Program};

/// From now on no file of the program's may grow beyond so many bytes: what it writes there fails.
fn limit_files(program: &Program, bytes: Option<u64>) {
    let pid = Pid::from_child(program.process.as_ref().unwrap());
    let limit = Rlimit {
        current: bytes,
        maximum: None,
    };
    prlimit(Some(pid), Resource::Fsize, limit).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_on_the_disk_writes_are_refused_and_nothing_is_lost() {
    let mut program = Program::new();
    // Without this the system ends a program that writes beyond the limit, instead of refusing.
    program.prelude = "trap '' XFSZ;";
    program.start().await;
    let (token, _) = program.sign_in("alice@mail.example").await;
    let named = json!({ "alias": "alice" });
    program
        .call(Method::PATCH, "/users/me/alias", &token, named)
        .await
        .expect(200);
    let home = Peer::start().await;
    let alice = parchment_core::handle::Handle::parse(&format!("alice@{}", program.id)).unwrap();
    let send = async |name: &str| {
        let message = home.user(name).say(Kind::FriendInvite, &alice);
        let request = home.request(&program.id, &message);
        let answer = request.at(&program.http, &program.origin()).send().await.unwrap();
        (request, answer.status().as_u16())
    };
    let (_, status) = send("before").await;
    assert_eq!(status, 202);

    limit_files(&program, Some(4096));
    let blob = json!({ "encryptedBlob": "AgEAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiM=" });
    let refused = program
        .call(Method::PUT, "/me/blobs/notes", &token, blob.clone())
        .await
        .expect_code(503, "unavailable");
    assert!(refused.headers.contains_key("retry-after"));
    let (unheard, status) = send("during").await;
    assert_eq!(status, 503, "nobody is told that a message was taken which was not");
    let listed = program.call(Method::GET, "/me/blobs", &token, Value::Null).await;
    assert_eq!(listed.expect(200).body["blobs"], json!([]));

    limit_files(&program, None);
    program
        .call(Method::PUT, "/me/blobs/notes", &token, blob.clone())
        .await
        .expect(200);
    let again = unheard.at(&program.http, &program.origin()).send().await.unwrap();
    assert_eq!(again.status(), 202, "it was not recorded as taken");

    program.kill();
    program.start().await;
    let blob_kept = program.call(Method::GET, "/me/blobs/notes", &token, Value::Null).await;
    assert_eq!(blob_kept.expect(200).body["encryptedBlob"], blob["encryptedBlob"]);
    let path = "/friends/invitations?direction=incoming";
    let invitations = program.call(Method::GET, path, &token, Value::Null).await;
    let invitations = invitations.expect(200).body["invitations"].clone();
    assert_eq!(invitations.as_array().unwrap().len(), 2, "{invitations}");
}
