//! What people keep: blobs, collections and points, and how much of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use parchment_core::{encoding, etag::EntityTag, limits};
use reqwest::Method;
use serde_json::{Value, json};
use support::{
    app::{Answer, Person, TestApp, answer, random},
    rows,
};

/// The base64 of an envelope of so many bytes.
fn envelope(bytes: usize) -> String {
    let mut envelope = vec![7; bytes];
    envelope[..2].copy_from_slice(&[2, 1]);
    envelope[14..30].copy_from_slice(&random::<16>());
    encoding::encode(&envelope)
}

async fn put(person: &Person<'_>, blob_type: &str, bytes: usize) -> Answer {
    let body = json!({ "encryptedBlob": envelope(bytes) });
    person
        .call(Method::PUT, &format!("/me/blobs/{blob_type}"), Some(body))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_is_given_back_as_it_was_written_last() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    alice.get("/me/blobs/a.b_c:d-9").await.expect(204);
    put(&alice, "a.b_c:d-9", 40).await.expect(200);
    let body = json!({ "encryptedBlob": envelope(50), "nonce": "", "kmVersion": 1 });
    let done = alice
        .call(Method::PUT, "/me/blobs/a.b_c:d-9", Some(body.clone()))
        .await
        .expect(200);
    assert_eq!(done.body, json!({ "success": true }));
    let kept = alice.get("/me/blobs/a.b_c:d-9").await.expect(200).body;
    assert_eq!(
        (&kept["encryptedBlob"], &kept["nonce"], &kept["kmVersion"]),
        (&body["encryptedBlob"], &json!(""), &json!(1))
    );
    assert!(kept["updatedAt"].is_string());
    let list = alice.get("/me/blobs").await.expect(200).body;
    assert_eq!(list, json!({ "blobs": [{ "blobType": "a.b_c:d-9", "kmVersion": 1 }] }));
    alice
        .call(Method::DELETE, "/me/blobs/a.b_c:d-9", None)
        .await
        .expect(200);
    alice.get("/me/blobs/a.b_c:d-9").await.expect(204);
    for wrong in ["a%20b", "%C3%A9", &"a".repeat(65), "a%2Fb"] {
        put(&alice, wrong, 40).await.expect_code(400, "invalid_blob_type");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_envelope_is_refused_with_the_reason() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    let bytes = |first: &[u8]| encoding::encode(&[first, &[0; 40]].concat());
    for (wrong, reason) in [
        ("not base64".to_owned(), "bad_base64"),
        (String::new(), "too_short"),
        ("AgEAAA==".to_owned(), "too_short"),
        (bytes(&[1, 1]), "bad_version"),
        (bytes(&[2, 2]), "bad_algo"),
    ] {
        let body = json!({ "encryptedBlob": wrong });
        let refused = alice.call(Method::PUT, "/me/blobs/notes", Some(body)).await;
        let refused = refused.expect_code(422, "invalid_envelope");
        assert!(
            refused.body["message"].as_str().unwrap().contains(reason),
            "{}",
            refused.text
        );
        let body = json!({ "metadataEncrypted": wrong });
        alice
            .post("/library/collections", body)
            .await
            .expect_code(422, "invalid_envelope");
    }
    assert_eq!(alice.get("/me/blobs").await.expect(200).body, json!({ "blobs": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn collections_and_points_are_made_changed_listed_and_deleted() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    let made = alice.post("/library/collections", json!({})).await.expect(201).body;
    assert_eq!(
        (&made["userId"], &made["metadataEncrypted"], &made["metadataKeyVersion"]),
        (&json!(alice.id), &Value::Null, &json!(1))
    );
    let id = made["id"].as_str().unwrap();
    let path = format!("/library/collections/{id}");
    let metadata = json!({ "metadataEncrypted": envelope(64) });
    let changed = alice
        .call(Method::PUT, &path, Some(metadata.clone()))
        .await
        .expect(200)
        .body;
    assert_eq!(changed["metadataEncrypted"], metadata["metadataEncrypted"]);
    let unchanged = alice.call(Method::PUT, &path, Some(json!({}))).await.expect(200).body;
    assert_eq!(unchanged, changed);
    assert_eq!(alice.get(&path).await.expect(200).body, changed);
    assert_eq!(
        alice.get("/library/collections").await.expect(200).body,
        json!([changed])
    );

    let points = format!("{path}/encrypted-points");
    let chosen = "0b9f2c1e-5a77-4c57-9d5b-3d8f7f1c2a10";
    let body = json!({ "id": chosen, "encryptedData": envelope(64) });
    let first = alice.post(&points, body.clone()).await.expect(201).body;
    assert_eq!((&first["id"], &first["collectionId"]), (&json!(chosen), &json!(id)));
    alice.post(&points, body).await.expect_code(409, "point_exists");
    for wrong in ["", "nonsense", &chosen.to_uppercase(), &chosen.replace('-', "")] {
        let body = json!({ "id": wrong, "encryptedData": envelope(64) });
        alice.post(&points, body).await.expect_code(422, "invalid_body");
    }
    let second = alice
        .post(&points, json!({ "encryptedData": envelope(64) }))
        .await
        .expect(201)
        .body;
    let body = json!({ "encryptedData": envelope(80) });
    let point = format!("{points}/{chosen}");
    let first = alice
        .call(Method::PUT, &point, Some(body.clone()))
        .await
        .expect(200)
        .body;
    assert_eq!(first["encryptedData"], body["encryptedData"]);
    assert_eq!(
        alice.get(&points).await.expect(200).body,
        json!({ "points": [first, second] })
    );
    alice.call(Method::DELETE, &point, None).await.expect(204);
    alice
        .call(Method::DELETE, &point, None)
        .await
        .expect_code(404, "not_found");
    alice.call(Method::DELETE, &path, None).await.expect(204);
    alice.get(&points).await.expect_code(404, "not_found");
    assert_eq!(alice.get("/library/collections").await.expect(200).body, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_have_their_longest_lengths_and_not_a_byte_more() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    put(&alice, "largest", limits::BLOB_BYTES).await.expect(200);
    put(&alice, "larger", limits::BLOB_BYTES + 1)
        .await
        .expect_code(413, "record_too_large");
    let padded = format!("{{\"encryptedBlob\":\"{}\"}}", " ".repeat(1024 * 1024 * 3 / 2));
    let request = app.http.put(app.url("/me/blobs/long")).bearer_auth(&alice.token);
    let request = request.header("content-type", "application/json").body(padded);
    answer(request).await.expect_code(413, "body_too_large");

    let collection = alice
        .post(
            "/library/collections",
            json!({ "metadataEncrypted": envelope(limits::POINT_BYTES) }),
        )
        .await
        .expect(201)
        .body;
    let points = format!(
        "/library/collections/{}/encrypted-points",
        collection["id"].as_str().unwrap()
    );
    let point = |bytes| json!({ "encryptedData": envelope(bytes) });
    alice.post(&points, point(limits::POINT_BYTES)).await.expect(201);
    alice
        .post(&points, point(limits::POINT_BYTES + 1))
        .await
        .expect_code(413, "record_too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_keeps_more_than_the_quota_however_many_write_at_once() {
    let app = TestApp::start_with(|settings| {
        settings.rate_limits = parchment_server::config::Switch::Off;
        settings.vault_quota = 10_000;
    })
    .await;
    let alice = app.sign_in("alice@mail.example").await;
    let bob = app.sign_in("bob@mail.example").await;
    put(&alice, "first", 4000).await.expect(200);
    let writes: Vec<_> = (0..20)
        .map(|n| {
            let request = app.http.put(app.url(&format!("/me/blobs/blob-{n}")));
            let request = request
                .bearer_auth(&alice.token)
                .header("content-type", "application/json");
            let request = request.body(json!({ "encryptedBlob": envelope(1000) }).to_string());
            async move {
                let answered = answer(request).await;
                (answered.status, answered.code().to_owned())
            }
        })
        .collect();
    let answers = support::crowd::at_once(writes.into_iter()).await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 200).count(), 6);
    assert!(
        answers
            .iter()
            .all(|(status, code)| *status == 200 || (*status == 413 && code == "vault_full"))
    );
    // What is there may shrink and be written anew.
    put(&alice, "first", 4001).await.expect_code(413, "vault_full");
    put(&alice, "first", 4000).await.expect(200);
    let collection = json!({ "metadataEncrypted": envelope(30) });
    alice
        .post("/library/collections", collection)
        .await
        .expect_code(413, "vault_full");
    put(&bob, "his-own", 9000).await.expect(200);
    put(&alice, "first", 3000).await.expect(200);
    put(&alice, "seventh", 1000).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_keeps_more_than_so_many_points() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    let collection = alice.post("/library/collections", json!({})).await.expect(201).body;
    let path = format!(
        "/library/collections/{}/encrypted-points",
        collection["id"].as_str().unwrap()
    );
    let fill = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) \
         INSERT INTO points SELECT user_id, {}, id, {}, 2, 1, 1, 1 FROM collections, n",
        limits::POINTS_PER_USER - 1,
        rows::new_id(),
        rows::bytes("0201")
    );
    rows::change(&app, &fill).await;
    let point = || json!({ "encryptedData": envelope(40) });
    alice.post(&path, point()).await.expect(201);
    alice.post(&path, point()).await.expect_code(413, "vault_full");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_can_be_replaced_on_condition_that_nobody_else_did() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    let put = async |field: &str, tag: &str| {
        let body = json!({ "encryptedBlob": envelope(40) }).to_string();
        let request = app.http.put(app.url("/me/blobs/notes")).bearer_auth(&alice.token);
        let request = request.header("content-type", "application/json").header(field, tag);
        answer(request.body(body)).await
    };
    put("if-match", "*").await.expect_code(412, "precondition_failed");
    put("if-none-match", "*").await.expect(200);
    put("if-none-match", "*").await.expect_code(412, "precondition_failed");
    let read = alice.get("/me/blobs/notes").await.expect(200);
    let tag = read.headers["etag"].to_str().unwrap().to_owned();
    let bytes = encoding::decode(read.body["encryptedBlob"].as_str().unwrap()).unwrap();
    assert_eq!(tag, EntityTag::of(&bytes).to_string());
    put("if-match", &tag).await.expect(200);
    put("if-match", &tag).await.expect_code(412, "precondition_failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_racing_writers_who_read_the_same_blob_one_replaces_it() {
    let app = TestApp::start().await;
    let alice = app.sign_in("alice@mail.example").await;
    put(&alice, "notes", 40).await.expect(200);
    let tag = alice.get("/me/blobs/notes").await.expect(200).headers["etag"].clone();
    let writers = (0..8).map(|_| {
        let body = json!({ "encryptedBlob": envelope(40) }).to_string();
        let request = app.http.put(app.url("/me/blobs/notes")).bearer_auth(&alice.token);
        let request = request.header("content-type", "application/json");
        answer(request.header("if-match", tag.clone()).body(body))
    });
    let mut statuses: Vec<u16> = futures_util::future::join_all(writers)
        .await
        .iter()
        .map(|done| done.status)
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
}
