//! A clock that jumps by an hour: nothing old is taken for new, and nobody is shut out for long.

use std::{fs, path::Path, process::Command};

use parchment_core::envelope::Kind;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    peer::{Peer, RawInbox},
    program::Program,
};

/// What Debian's package `faketime` puts between programs and the clock.
const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// Has the program read its wall clock through a file; the clock that only measures stays true.
fn with_a_clock_of_its_own(command: &mut Command) {
    let folder = command.get_envs().find(|(name, _)| *name == "PARCHMENT_DATA_DIR");
    let file = Path::new(folder.unwrap().1.unwrap()).join("clock");
    command
        .env("LD_PRELOAD", LIBRARY)
        .env("FAKETIME_TIMESTAMP_FILE", file)
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
}

fn step(program: &Program, offset: &str) {
    fs::write(program.folder.path().join("clock"), offset).unwrap();
}

async fn status(program: &Program, request: &RawInbox) -> (u16, String) {
    let answer = request.at(&program.http, &program.origin()).send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_of_an_hour_let_no_replay_in_and_shut_nobody_out_for_longer_than_they_last() {
    if !Path::new(LIBRARY).exists() {
        assert!(
            std::env::var_os("PARCHMENT_REQUIRE_SERVICES").is_none(),
            "the package faketime is missing"
        );
        eprintln!("passed over: the package faketime is not installed");
        return;
    }
    let mut program = Program::new();
    program.configure = with_a_clock_of_its_own;
    step(&program, "+0");
    program.start().await;
    let alice = program.sign_up("alice").await;
    let (token, _) = program.sign_in("watcher@mail.example").await;
    let me = async || {
        program
            .call(Method::GET, "/users/me/identity", &token, Value::Null)
            .await
    };
    let home = Peer::start().await;
    let say = |name: &str| home.request(&program.id, &home.user(name).say(Kind::FriendInvite, &alice));

    let (first, second, third) = (say("first"), say("second"), say("third"));
    assert_eq!(status(&program, &first).await.0, 202);

    step(&program, "+3600");
    me().await.expect(200);
    assert_eq!(status(&program, &first).await.0, 401, "a replay");
    assert_eq!(status(&program, &second).await.0, 401, "an hour old, by this clock");
    let asked = json!({ "email": "late@mail.example" });
    program
        .call(Method::POST, "/auth/verify", "", asked.clone())
        .await
        .expect(201);

    step(&program, "+0");
    me().await.expect(200);
    assert_eq!(status(&program, &first).await, (401, "replay".to_owned()));
    assert_eq!(
        status(&program, &second).await.0,
        202,
        "nothing of it was kept when it was refused"
    );
    let body = json!({ "email": "late@mail.example", "method": "otp", "token": "00000000" });
    program
        .call(Method::POST, "/auth/sessions", "", body)
        .await
        .expect_code(401, "otp_invalid");

    step(&program, "-3600");
    me().await.expect(200);
    assert_eq!(status(&program, &third).await.0, 401, "an hour ahead, by this clock");
    program.sign_in("early@mail.example").await;

    step(&program, "+0");
    me().await.expect(200);
    for replayed in [&first, &second] {
        assert_eq!(status(&program, replayed).await, (401, "replay".to_owned()));
    }
    assert_eq!(status(&program, &third).await.0, 202);
}
