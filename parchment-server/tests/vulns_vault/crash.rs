//! Statements 23 and 24 under `kill -9`: a commit happened wholly or not at all.

use std::{collections::BTreeSet, time::Duration};

use super::common::*;
use crate::support::program::Program;

const BLOBS: usize = 20;
const POINTS: usize = 1000;
const SESSION_PATH: &str = "/users/me/devices/device-1/wrap-secret";

/// What the tables say about the one user there is.
struct Tables {
    version: i64,
    signing_key: Option<Vec<u8>>,
    /// Every version that a record carries.
    versions: BTreeSet<i64>,
    /// Every mark that a record carries.
    marks: BTreeSet<[u8; 16]>,
    records: usize,
    secrets: usize,
    kept: Kept,
}

impl Tables {
    async fn read(url: &str) -> Self {
        let store = Store::open(url).await.unwrap();
        let reader = store.reader();
        let user = users::Entity::find().one(reader).await.unwrap().unwrap();
        let blobs = blobs::Entity::find().all(reader).await.unwrap();
        let collections = collections::Entity::find().all(reader).await.unwrap();
        let points = points::Entity::find().all(reader).await.unwrap();
        let secrets = device_secrets::Entity::find().all(reader).await.unwrap().len();
        store.close().await;
        let sealed = blobs.iter().map(|row| (row.km_version, mark_of(&row.sealed)));
        let sealed = sealed.chain(points.iter().map(|row| (row.km_version, mark_of(&row.sealed))));
        let sealed = sealed.chain(collections.iter().map(|row| {
            assert_eq!(row.km_version, row.metadata_key_version);
            (row.km_version, mark_of(row.sealed.as_deref().unwrap()))
        }));
        let (versions, marks) = sealed.unzip();
        Self {
            version: user.km_version,
            signing_key: user.signing_key,
            versions,
            marks,
            records: blobs.len() + collections.len() + points.len(),
            secrets,
            kept: Kept {
                blobs: blobs.into_iter().map(|row| row.blob_type).collect(),
                collections: collections.into_iter().map(|row| row.id.to_string()).collect(),
                points: points
                    .into_iter()
                    .map(|row| (row.collection_id.to_string(), row.id.to_string()))
                    .collect(),
            },
        }
    }
}

/// Fills the vault of the user who is signed in, all under one mark, and gives that.
async fn fill(program: &Program, token: &str) -> [u8; 16] {
    let mark = random();
    let metadata = json!({ "metadataEncrypted": marked(mark, 40) });
    let made = program
        .call(Method::POST, "/library/collections", token, metadata)
        .await
        .expect(201);
    let path = format!(
        "/library/collections/{}/encrypted-points",
        made.body["id"].as_str().unwrap()
    );
    for _ in 0..POINTS {
        let point = json!({ "encryptedData": marked(mark, 200) });
        program.call(Method::POST, &path, token, point).await.expect(201);
    }
    for n in 0..BLOBS {
        let blob = json!({ "encryptedBlob": marked(mark, 40) });
        program
            .call(Method::PUT, &format!("/me/blobs/blob-{n}"), token, blob)
            .await
            .expect(200);
    }
    mark
}

#[tokio::test(flavor = "multi_thread")]
async fn s24_killed_in_the_middle_of_a_commit_the_server_has_all_of_it_or_nothing() {
    let mut program = Program::new();
    program.start().await;
    let (token, _) = program.sign_in("alice@mail.example").await;
    let mut mark = fill(&program, &token).await;
    program.kill();
    let mut before = Tables::read(&program.database_url()).await;
    // How long a commit takes here: the first is left alone, and kills fall all over those that follow.
    let mut usual = None;
    let (mut unanswered, mut unanswered_and_committed) = (0, 0);
    for round in 0..rounds() {
        program.start().await;
        program
            .call(Method::GET, SESSION_PATH, &token, Value::Null)
            .await
            .expect(200);
        let (identity, new_mark) = (fresh_key(), random());
        let commit = commit_of(&before.kept, before.version, &identity, new_mark);
        let request = program.http.post(format!("{}{COMMIT}", program.origin()));
        let request = request.bearer_auth(&token).header("content-type", "application/json");
        let request = request.body(commit.to_string());
        let started = std::time::Instant::now();
        let mut process = program.process.take().unwrap();
        let part = f64::from(u16::from_le_bytes(random())) / f64::from(u16::MAX);
        let delay = usual.map_or(Duration::from_secs(5), |usual: Duration| {
            usual.mul_f64(0.3 + 0.9 * part)
        });
        let killing = async {
            tokio::time::sleep(delay).await;
            process.kill().unwrap();
            process.wait().unwrap();
        };
        let sending = async {
            let response = request.send().await.ok()?;
            let status = response.status().as_u16();
            response.bytes().await.ok()?;
            Some((status, started.elapsed()))
        };
        let (answered, ()) = tokio::join!(sending, killing);

        let tables = Tables::read(&program.database_url()).await;
        let committed = tables.version != before.version;
        if let Some((status, took)) = answered {
            assert_eq!(status, 200, "round {round}");
            assert!(committed, "round {round}: acknowledged and lost");
            usual = Some(took);
        } else {
            unanswered += 1;
            unanswered_and_committed += usize::from(committed);
        }
        if committed {
            assert_eq!(tables.version, before.version + 1, "round {round}");
            assert_eq!(
                tables.signing_key.as_deref(),
                Some(&identity.verifying_key().as_bytes()[..])
            );
            mark = new_mark;
        } else {
            assert_eq!(tables.signing_key, before.signing_key, "round {round}");
        }
        assert_eq!(tables.versions, [tables.version].into(), "round {round}: half");
        assert_eq!(tables.marks, [mark].into(), "round {round}: half");
        assert_eq!(tables.records, BLOBS + POINTS + 1, "round {round}");
        assert_eq!(
            tables.secrets,
            usize::from(!committed),
            "round {round}: secrets change with the rest"
        );
        before = tables;
    }
    println!(
        "{} kills: {unanswered} without an answer, {unanswered_and_committed} of them committed; version {}",
        rounds(),
        before.version
    );
    // Otherwise no kill came in the middle of anything, and this test showed nothing.
    assert!(unanswered > 0);
}
