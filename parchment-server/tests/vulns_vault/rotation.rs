//! Statement 24: a rotation is complete, or there is none.

use super::common::*;

#[tokio::test(flavor = "multi_thread")]
async fn s24_after_a_commit_everything_carries_the_new_version_or_was_dropped_by_name() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let mut kept = fill(&alice, 3, 4).await;
    let (first, second) = (passkey(&app, &alice.id).await, passkey(&app, &alice.id).await);
    for credential in [&first, &second] {
        alice
            .post("/users/me/wrapped-keys", slot(&alice.id, credential, &alice.key))
            .await
            .expect(201);
    }
    let (dropped_blob, dropped_point) = (kept.blobs.pop().unwrap(), kept.points.pop().unwrap());
    let (identity, mark) = (fresh_key(), random());
    let mut commit = commit_of(&kept, 1, &identity, mark);
    commit["drop"] = json!({ "blobs": [dropped_blob, "never-there"], "points": [dropped_point.1] });
    commit["slots"] = json!([slot(&alice.id, &first, &identity)]);
    let done = alice.post(COMMIT, commit).await.expect(200);
    assert_eq!(done.body, json!({ "kmVersion": 2 }));
    assert_eq!(
        alice.get("/users/me/km-version").await.expect(200).body,
        json!({ "kmVersion": 2 })
    );

    let blobs = rows::all::<blobs::Entity>(&app).await;
    let collections = rows::all::<collections::Entity>(&app).await;
    let points = rows::all::<points::Entity>(&app).await;
    let slots = rows::all::<wrapped_keys::Entity>(&app).await;
    assert_eq!(
        (blobs.len(), collections.len(), points.len(), slots.len()),
        (2, 1, 3, 1)
    );
    assert!(
        blobs
            .iter()
            .all(|row| row.km_version == 2 && mark_of(&row.sealed) == mark)
    );
    assert!(
        points
            .iter()
            .all(|row| row.km_version == 2 && mark_of(&row.sealed) == mark)
    );
    assert!(
        collections
            .iter()
            .all(|row| (row.km_version, row.metadata_key_version) == (2, 2))
    );
    assert_eq!(mark_of(collections[0].sealed.as_deref().unwrap()), mark);
    assert_eq!((slots[0].km_version, url_safe(&slots[0].credential_id)), (2, first));
    let identity_now = alice.get("/users/me/identity").await.expect(200).body;
    assert_eq!(identity_now["signingKey"], identity.verifying_key().to_base64());
}

#[tokio::test(flavor = "multi_thread")]
async fn s24_what_a_commit_would_leave_behind_is_listed_and_nothing_is_written() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let kept = fill(&alice, 2, 2).await;
    let before = everything(&app).await;
    let mut commit = commit_of(&kept, 1, &fresh_key(), random());
    commit["blobs"].as_array_mut().unwrap().pop();
    commit["points"].as_array_mut().unwrap().pop();
    commit["collections"] = json!([]);
    let refused = alice.post(COMMIT, commit).await.expect_code(422, "rotation_incomplete");
    assert_eq!(
        refused.body["missing"],
        json!({ "blobs": [kept.blobs[1]], "collections": kept.collections, "points": [kept.points[1].1] })
    );
    let empty = json!({
        "expectedCurrent": 1,
        "signingKey": fresh_key().verifying_key().to_base64(),
        "encryptionKey": encryption_key(),
    });
    alice
        .post(COMMIT, empty.clone())
        .await
        .expect_code(422, "rotation_incomplete");
    assert_eq!(everything(&app).await, before);

    let mut all_dropped = empty;
    all_dropped["drop"] = json!({ "blobs": kept.blobs, "collections": kept.collections });
    alice.post(COMMIT, all_dropped).await.expect(200);
    assert_eq!(rows::count::<blobs::Entity>(&app).await, 0);
    assert_eq!(
        rows::count::<points::Entity>(&app).await,
        0,
        "points go with their collection"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn s24_a_commit_that_does_not_fit_writes_nothing() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    let kept = fill(&alice, 1, 1).await;
    let theirs = fill(&bob, 1, 1).await;
    let foreign = passkey(&app, &bob.id).await;
    let own = passkey(&app, &alice.id).await;
    let identity = fresh_key();
    let good = commit_of(&kept, 1, &identity, random());
    let changed = |place: &str, value: Value| {
        let mut commit = good.clone();
        *commit.pointer_mut(place).unwrap() = value;
        commit
    };
    let with = |member: &str, value: Value| {
        let mut commit = good.clone();
        commit[member] = value;
        commit
    };
    let point =
        |collection: &str, id: &str| json!({ "collectionId": collection, "id": id, "encryptedData": envelope() });
    let mut twice = good.clone();
    let again = twice["blobs"][0].clone();
    twice["blobs"].as_array_mut().unwrap().push(again);
    let before = everything(&app).await;
    for (commit, status, code) in [
        (changed("/expectedCurrent", json!(2)), 409, "rotation_conflict"),
        (changed("/expectedCurrent", json!(1.5)), 422, "invalid_body"),
        (changed("/expectedCurrent", json!(-1)), 422, "invalid_body"),
        (
            changed("/signingKey", json!(encoding::encode(&[0; 32]))),
            422,
            "invalid_key",
        ),
        (changed("/encryptionKey", json!("AAAA")), 422, "invalid_key"),
        (
            changed("/blobs/0/encryptedBlob", json!("AgE=")),
            422,
            "invalid_envelope",
        ),
        (changed("/blobs/0/blobType", json!("no/type")), 400, "invalid_blob_type"),
        (changed("/points/0/encryptedData", json!("?")), 422, "invalid_envelope"),
        (
            changed("/points/0/encryptedData", json!(marked(random(), 65_537))),
            413,
            "record_too_large",
        ),
        (
            changed("/collections/0/metadataEncrypted", json!("")),
            422,
            "invalid_envelope",
        ),
        (
            changed("/collections/0/id", json!(theirs.collections[0])),
            422,
            "unknown_collection",
        ),
        (
            changed("/collections/0/id", json!("nonsense")),
            422,
            "unknown_collection",
        ),
        (
            changed("/points/0", point(&theirs.collections[0], &theirs.points[0].1)),
            422,
            "unknown_collection",
        ),
        (
            changed("/points/0", point(&kept.collections[0], &theirs.points[0].1)),
            422,
            "unknown_point",
        ),
        (
            with("slots", json!([slot(&alice.id, &foreign, &identity)])),
            422,
            "foreign_credential",
        ),
        (
            with("slots", json!([slot(&alice.id, "AAAA", &identity)])),
            422,
            "foreign_credential",
        ),
        (
            with("slots", json!([slot(&alice.id, &own, &alice.key)])),
            422,
            "invalid_slot",
        ),
        (with("drop", json!({ "blobs": kept.blobs })), 422, "invalid_body"),
        (
            with("drop", json!({ "collections": kept.collections })),
            422,
            "invalid_body",
        ),
        (with("drop", json!({ "points": ["nonsense"] })), 422, "invalid_body"),
        (with("drop", json!([])), 422, "invalid_body"),
        (with("kmVersion", json!(9)), 422, "invalid_body"),
        (twice, 422, "invalid_body"),
    ] {
        alice.post(COMMIT, commit).await.expect_code(status, code);
        assert_eq!(everything(&app).await, before, "{code}");
    }
    alice.post(COMMIT, good).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn s24_what_was_sealed_under_the_old_key_is_not_written_after_the_commit() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let kept = fill(&alice, 1, 1).await;
    let (collection, point) = &kept.points[0];
    let path = format!("/library/collections/{collection}/encrypted-points");
    let late = [
        (
            Method::PUT,
            "/me/blobs/blob-0".to_owned(),
            json!({ "encryptedBlob": envelope() }),
        ),
        (Method::POST, path.clone(), json!({ "encryptedData": envelope() })),
        (
            Method::PUT,
            format!("{path}/{point}"),
            json!({ "encryptedData": envelope() }),
        ),
        (
            Method::PUT,
            format!("/library/collections/{collection}"),
            json!({ "metadataEncrypted": envelope() }),
        ),
    ];
    for (version, (method, path, body)) in (1..).zip(late) {
        let commit = commit_of(&kept, version, &fresh_key(), random());
        let (committed, late) =
            read_then_write(&app, alice.post(COMMIT, commit), alice.call(method, &path, Some(body))).await;
        committed.expect(200);
        late.expect_code(409, "stale_km_version");
    }
    let stale = json!({ "encryptedBlob": envelope(), "kmVersion": 1 });
    let refused = alice.call(Method::PUT, "/me/blobs/blob-0", Some(stale)).await;
    refused.expect_code(409, "stale_km_version");
    let current = json!({ "encryptedBlob": envelope(), "kmVersion": 5, "nonce": "" });
    alice
        .call(Method::PUT, "/me/blobs/blob-0", Some(current))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn s24_a_vault_of_200_blobs_and_5000_points_rotates_within_the_default_limits() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let mut kept = fill(&alice, 0, 0).await;
    let (user_id, collection): (Uuid, Uuid) = (alice.id.parse().unwrap(), kept.collections[0].parse().unwrap());
    let sealed = encoding::decode(&marked(random(), 300)).unwrap();
    let store = &app.app().store;
    let ids: Vec<Uuid> = (0..5000).map(|_| Uuid::from_bytes(random())).collect();
    let all = ids.iter().map(|id| points::ActiveModel {
        user_id: Set(user_id),
        id: Set(*id),
        collection_id: Set(collection),
        bytes: Set(i32::try_from(sealed.len()).unwrap()),
        sealed: Set(sealed.clone()),
        km_version: Set(1),
        created_at: Set(1),
        updated_at: Set(1),
    });
    let all: Vec<_> = all.collect();
    store
        .write(async |tx| {
            for some in all.chunks(500) {
                points::Entity::insert_many(some.iter().cloned())
                    .exec_without_returning(tx)
                    .await?;
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    kept.points = ids
        .iter()
        .map(|id| (kept.collections[0].clone(), id.to_string()))
        .collect();
    let mut commit = commit_of(&kept, 1, &fresh_key(), random());
    let blobs = (0..200).map(|n| json!({ "blobType": format!("blob-{n}"), "encryptedBlob": marked(random(), 65_536) }));
    commit["blobs"] = blobs.collect();
    let body = commit.to_string();
    let started = std::time::Instant::now();
    let request = app.http.post(app.url(COMMIT)).bearer_auth(&alice.token);
    let request = request.header("content-type", "application/json").body(body.clone());
    answer(request).await.expect(200);
    println!("{} bytes took {:?}", body.len(), started.elapsed());
    assert!(
        rows::all::<points::Entity>(&app)
            .await
            .iter()
            .all(|row| row.km_version == 2)
    );
    assert_eq!(rows::count::<blobs::Entity>(&app).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn s24_a_commit_on_condition_loses_nothing_that_was_written_after_its_client_had_read() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let kept = fill(&alice, 20, 200).await;
    let empty = alice.post("/library/collections", json!({})).await.expect(201);
    let sealed = |value: &Value| encoding::decode(value.as_str().unwrap()).unwrap();
    let read = async || {
        let mut snapshot = Snapshot::default();
        for blob in &kept.blobs {
            let read = alice.get(&format!("/me/blobs/{blob}")).await.expect(200).body;
            snapshot.blob(blob, &sealed(&read["encryptedBlob"]));
        }
        let id = &kept.collections[0];
        let collection = alice.get(&format!("/library/collections/{id}")).await.expect(200).body;
        snapshot.collection(id, Some(&sealed(&collection["metadataEncrypted"])));
        snapshot.collection(empty.body["id"].as_str().unwrap(), None);
        let path = format!("/library/collections/{id}/encrypted-points");
        for point in alice.get(&path).await.expect(200).body["points"].as_array().unwrap() {
            snapshot.point(id, point["id"].as_str().unwrap(), &sealed(&point["encryptedData"]));
        }
        snapshot.tag().to_string()
    };
    let commit = async |tag: &str| {
        let commit = commit_of(&kept, 1, &fresh_key(), random()).to_string();
        let request = app.http.post(app.url(COMMIT)).bearer_auth(&alice.token);
        let request = request
            .header("content-type", "application/json")
            .header("if-match", tag);
        answer(request.body(commit)).await
    };
    let before = read().await;
    let written = json!({ "encryptedBlob": envelope() });
    let path = format!("/me/blobs/{}", kept.blobs[7]);
    alice.call(Method::PUT, &path, Some(written.clone())).await.expect(200);
    commit(&before).await.expect_code(412, "precondition_failed");
    let there = alice.get(&path).await.expect(200).body;
    assert_eq!(there["encryptedBlob"], written["encryptedBlob"]);
    commit(&read().await).await.expect(200);
}
