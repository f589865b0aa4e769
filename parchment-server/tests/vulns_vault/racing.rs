//! Statements 23 and 24 under races: commits, blob writes, and deletions of slots and passkeys, all at once.

use poem::{Endpoint as _, Request};

use super::common::*;

const COMMITS: usize = 8;

/// Sends a request straight to the server's HTTP interface, so that thousands need no sockets; status and code.
async fn send<E: poem::Endpoint>(
    endpoint: Arc<E>,
    token: String,
    method: Method,
    path: String,
    body: Value,
) -> (u16, String) {
    let request = Request::builder().method(method).uri(path.parse().unwrap());
    let request = request.header("authorization", format!("Bearer {token}"));
    let request = request.content_type("application/json").body(body.to_string());
    let response = endpoint.get_response(request).await;
    let status = response.status().as_u16();
    let text = response.into_body().into_string().await.unwrap();
    let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn s23_of_racing_commits_one_wins_and_nothing_is_of_two_minds() {
    let app = TestApp::start().await;
    let mut alice = app.person("alice").await;
    let mut kept = fill(&alice, 2, 3).await;
    let endpoint = Arc::new(parchment_server::endpoint(app.app().clone()));
    let mut outcomes = std::collections::BTreeMap::<String, usize>::new();
    let mut version = 1;
    for round in 0..rounds() {
        let (one, other) = (passkey(&app, &alice.id).await, passkey(&app, &alice.id).await);
        for credential in [&one, &other] {
            let slot = slot(&alice.id, credential, &alice.key);
            alice.post("/users/me/wrapped-keys", slot).await.expect(201);
        }
        let seeds: Vec<[u8; 32]> = (0..COMMITS).map(|_| random()).collect();
        let identities: Vec<SigningKey> = seeds.iter().map(SigningKey::from_seed).collect();
        let marks: Vec<[u8; 16]> = (0..COMMITS).map(|_| random()).collect();
        let mut requests = Vec::new();
        for (identity, mark) in identities.iter().zip(&marks) {
            let mut commit = commit_of(&kept, version, identity, *mark);
            commit["slots"] = json!([slot(&alice.id, &one, identity)]);
            // Half of them re-seal a slot whose passkey may go meanwhile.
            if mark[0] % 2 == 0 {
                commit["slots"]
                    .as_array_mut()
                    .unwrap()
                    .push(slot(&alice.id, &other, identity));
            }
            requests.push((Method::POST, COMMIT.to_owned(), commit));
        }
        let blob = |sealed| json!({ "encryptedBlob": sealed, "kmVersion": version });
        requests.push((Method::PUT, "/me/blobs/blob-0".to_owned(), blob(envelope())));
        // In every third round something comes in between that no commit carries.
        if round % 3 == 0 {
            requests.push((Method::PUT, format!("/me/blobs/new-{round}"), blob(envelope())));
        }
        let (collection, point) = &kept.points[0];
        let path = format!("/library/collections/{collection}/encrypted-points/{point}");
        requests.push((Method::PUT, path, json!({ "encryptedData": envelope() })));
        requests.push((Method::DELETE, format!("/users/me/wrapped-keys/{one}"), Value::Null));
        requests.push((Method::DELETE, format!("/auth/passkeys/{other}"), Value::Null));
        // Nobody is always first.
        for at in (1..requests.len()).rev() {
            requests.swap(at, usize::from(random::<1>()[0]) % (at + 1));
        }
        let requests = requests.into_iter().map(|(method, path, body)| {
            let (endpoint, token) = (endpoint.clone(), alice.token.clone());
            async move { (path == COMMIT, send(endpoint, token, method, path, body).await) }
        });
        let answers = at_once(requests.collect::<Vec<_>>().into_iter()).await;

        let mut winners = 0;
        for (is_commit, (status, code)) in answers {
            *outcomes
                .entry(format!(
                    "{} {status} {code}",
                    if is_commit { "commit" } else { "other" }
                ))
                .or_default() += 1;
            if is_commit {
                winners += usize::from(status == 200);
                let known = ["", "rotation_conflict", "rotation_incomplete", "foreign_credential"];
                assert!(
                    [200, 409, 422].contains(&status) && known.contains(&&*code),
                    "{status} {code}"
                );
            } else {
                assert!([200, 204, 404, 409].contains(&status), "{status} {code}");
            }
        }
        assert!(winners <= 1, "round {round}: {winners} commits took effect");

        let user = users::Entity::find_by_id(alice.id.parse::<Uuid>().unwrap());
        let user = user.one(app.app().store.reader()).await.unwrap().unwrap();
        assert_eq!(
            user.km_version,
            version + i64::try_from(winners).unwrap(),
            "round {round}"
        );
        version = user.km_version;
        let won = identities
            .iter()
            .position(|identity| user.signing_key.as_deref() == Some(&identity.verifying_key().as_bytes()[..]));
        assert_eq!(won.is_some(), winners == 1, "round {round}: whose keys are these?");
        let mut stored = Kept {
            collections: kept.collections.clone(),
            ..Kept::default()
        };
        for row in rows::all::<blobs::Entity>(&app).await {
            assert_eq!(row.km_version, version, "round {round}: {}", row.blob_type);
            assert!(
                won.is_none_or(|won| mark_of(&row.sealed) == marks[won]),
                "round {round}: {}",
                row.blob_type
            );
            stored.blobs.push(row.blob_type);
        }
        for row in rows::all::<collections::Entity>(&app).await {
            assert_eq!(
                (row.km_version, row.metadata_key_version),
                (version, version),
                "round {round}"
            );
        }
        for row in rows::all::<points::Entity>(&app).await {
            assert_eq!(row.km_version, version, "round {round}");
            // One point may have been written before the commit authenticated or refused after it, never left old.
            let of_winner = won.is_none_or(|won| mark_of(&row.sealed) == marks[won]);
            let late = kept.points[0].1 == row.id.to_string();
            assert!(of_winner || late, "round {round}");
            stored.points.push((row.collection_id.to_string(), row.id.to_string()));
        }
        stored.points.sort();
        for row in rows::all::<wrapped_keys::Entity>(&app).await {
            assert_eq!(row.km_version, version, "round {round}: a slot wraps a dead key");
        }
        if let Some(won) = won {
            alice.key = SigningKey::from_seed(&seeds[won]);
        }
        kept = stored;
        rows::change(&app, "DELETE FROM passkeys").await;
        assert_eq!(
            rows::count::<wrapped_keys::Entity>(&app).await,
            0,
            "slots go with their passkeys"
        );
    }
    println!("{} rounds ended at version {version}: {outcomes:#?}", rounds());
    assert!(version > 1, "no commit ever took effect");
}
