//! Backups that are no good are refused, whatever is wrong with them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use parchment_core::encoding;
use parchment_server::backup;
use sea_orm::sqlx::{Connection as _, Executor as _, SqliteConnection};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::{
    arg, beside, names, run,
    support::app::{TestApp, random},
};

/// A good backup, taken apart.
struct Parts {
    folder: TempDir,
    file: PathBuf,
    manifest: Value,
    database: Vec<u8>,
    key: Vec<u8>,
}

async fn good() -> (TestApp, Parts) {
    let app = TestApp::start_on_file().await;
    app.person("alice").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("good.tar");
    beside(&app, &["backup", arg(&file)]).await.done();
    let mut entries = Vec::new();
    let mut archive = tar::Archive::new(fs::File::open(&file).unwrap());
    for entry in archive.entries().unwrap() {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry.unwrap(), &mut bytes).unwrap();
        entries.push(bytes);
    }
    let parts = Parts {
        folder,
        file,
        manifest: serde_json::from_slice(&entries[0]).unwrap(),
        database: entries[1].clone(),
        key: entries[2].clone(),
    };
    (app, parts)
}

impl Parts {
    /// What verifying says about a backup of other parts, whose checksums are all right.
    async fn changed(&self, change: impl FnOnce(&mut Value, &mut Vec<u8>, &mut Vec<u8>)) -> Result<(), String> {
        let (mut manifest, mut database, mut key) = (self.manifest.clone(), self.database.clone(), self.key.clone());
        change(&mut manifest, &mut database, &mut key);
        for (part, bytes) in manifest["parts"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .zip([&database, &key])
        {
            if part["bytes"] == json!(0) {
                continue;
            }
            part["bytes"] = json!(bytes.len());
            part["sha256"] = json!(hex(bytes));
        }
        let manifest = serde_json::to_string_pretty(&manifest).unwrap() + "\n";
        let sums = format!(
            "{}  manifest.json\n{}  parchment.db\n{}  server-identity.key\n",
            hex(manifest.as_bytes()),
            hex(&database),
            hex(&key)
        );
        let entries = [
            ("manifest.json", manifest.as_bytes()),
            ("parchment.db", &database),
            ("server-identity.key", &key),
            ("SHA256SUMS", sums.as_bytes()),
        ];
        let file = self.folder.path().join("changed.tar");
        fs::write(&file, tarred(&entries)).unwrap();
        verify(&file).await
    }

    /// The same with other rows or tables in the database.
    async fn with_statement(&self, statement: &str) -> Vec<u8> {
        let path = self.folder.path().join("changed.db");
        fs::write(&path, &self.database).unwrap();
        let mut db = SqliteConnection::connect(&format!("sqlite://{}", path.display()))
            .await
            .unwrap();
        db.execute(sea_orm::sqlx::AssertSqlSafe(statement.to_owned()))
            .await
            .unwrap();
        db.close().await.unwrap();
        fs::read(&path).unwrap()
    }
}

async fn verify(file: &Path) -> Result<(), String> {
    backup::verify(file, |_| ())
        .await
        .map(drop)
        .map_err(|error| error.to_string())
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn tarred(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_path(name).unwrap();
        header.set_mode(0o600);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1_800_000_000);
        header.set_size(bytes.len() as u64);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        archive.append(&header, *bytes).unwrap();
    }
    archive.into_inner().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flipped_bit_is_noticed() {
    let (_app, parts) = good().await;
    let bytes = fs::read(&parts.file).unwrap();
    let file = parts.folder.path().join("flipped.tar");
    let database_at = bytes.windows(16).position(|some| some == b"SQLite format 3\0").unwrap();
    let database_end = database_at + parts.database.len();
    // All of what comes first, some of each page of the database, and much of what follows.
    let places = (0..database_at + 100)
        .chain((database_at + 100..database_end).step_by(997))
        .chain((database_end..bytes.len()).step_by(3));
    let mut flipped = bytes.clone();
    let mut count = 0;
    for (number, place) in places.enumerate() {
        let bit = 1 << (number % 8);
        flipped[place] ^= bit;
        fs::write(&file, &flipped).unwrap();
        assert!(verify(&file).await.is_err(), "bit {bit} of byte {place} can change");
        flipped[place] ^= bit;
        count += 1;
    }
    assert!(count > 2500, "{count}");
    fs::write(&file, &flipped).unwrap();
    verify(&file).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_cut_off_or_goes_on_is_refused() {
    let (_app, parts) = good().await;
    let bytes = fs::read(&parts.file).unwrap();
    let file = parts.folder.path().join("cut.tar");
    let lengths = [
        0,
        1,
        511,
        512,
        513,
        1000,
        1024,
        1600,
        5000,
        bytes.len() / 2,
        bytes.len() - 1024,
        bytes.len() - 1,
    ];
    for length in lengths {
        fs::write(&file, &bytes[..length]).unwrap();
        let said = verify(&file).await.unwrap_err();
        assert!(
            said.contains("cut off") || said.contains("is not a backup"),
            "{length}: {said}"
        );
    }
    for more in [&b"\0"[..], &[0; 512], b"x"] {
        fs::write(&file, [&bytes[..], more].concat()).unwrap();
        assert!(
            verify(&file)
                .await
                .unwrap_err()
                .contains("is not what its manifest describes")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_file_is_refused_as_one() {
    let (app, parts) = good().await;
    let file = parts.folder.path().join("foreign");
    let other_tar = tarred(&[("readme", b"hello"), ("manifest.json", b"{}")]);
    let page = vec![b'a'; 4096];
    for bytes in [
        &b""[..],
        b"hello",
        &[0; 4096],
        &page,
        &parts.database,
        &other_tar,
        &[0x1f, 0x8b, 8, 0],
    ] {
        fs::write(&file, bytes).unwrap();
        let said = beside(&app, &["backup", "verify", arg(&file)]).await;
        said.failed("is not a backup of parchment-server");
    }
    let missing = parts.folder.path().join("missing");
    beside(&app, &["backup", "verify", arg(&missing)])
        .await
        .failed("No such file");
    beside(&app, &["backup", "verify", arg(parts.folder.path())])
        .await
        .failed("directory");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_manifest_says_must_be_so() {
    let (_app, parts) = good().await;
    parts.changed(|_, _, _| ()).await.unwrap();
    let refused = async |word: &str, change: &dyn Fn(&mut Value)| {
        let said = parts.changed(|manifest, _, _| change(manifest)).await.unwrap_err();
        assert!(said.contains(word), "{word:?} is not in {said}");
    };
    refused("is damaged, or not one of", &|manifest| {
        manifest["format"] = json!("other")
    })
    .await;
    refused("format has version 2", &|manifest| {
        manifest["formatVersion"] = json!(2);
        manifest["more"] = json!("of a later version");
    })
    .await;
    refused("is damaged, or not one of", &|manifest| manifest["more"] = json!(1)).await;
    refused("does not name a server", &|manifest| {
        manifest["serverId"] = json!("a/b")
    })
    .await;
    refused("belongs to another server", &|manifest| {
        manifest["serverId"] = json!("other.example")
    })
    .await;
    refused("does not hold a key", &|manifest| manifest["publicKey"] = json!("AAAA")).await;
    refused("has not the schema", &|manifest| {
        manifest["migrations"] = json!(["m0001_initial"])
    })
    .await;
    refused("has not the rows", &|manifest| manifest["rows"]["users"] = json!(2)).await;
    refused("has not the rows", &|manifest| manifest["rows"]["more"] = json!(0)).await;
    refused("does not name the parts", &|manifest| {
        manifest["parts"][0]["name"] = json!("../parchment.db")
    })
    .await;
    refused("does not name the parts", &|manifest| manifest["parts"] = json!([])).await;
    let longer = json!({ "name": "x", "bytes": 0, "sha256": "" });
    refused("does not name the parts", &|manifest| {
        manifest["parts"].as_array_mut().unwrap().push(longer.clone());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn key_and_database_must_belong_together() {
    let (_app, parts) = good().await;
    let other = encoding::encode(&random::<32>());
    let said = parts
        .changed(|_, _, key| *key = other.clone().into_bytes())
        .await
        .unwrap_err();
    assert!(said.contains("not the one that its database belongs to"), "{said}");
    let said = parts
        .changed(|_, _, key| *key = b"nonsense".to_vec())
        .await
        .unwrap_err();
    assert!(said.contains("is none"), "{said}");
    let said = parts.changed(|_, _, key| *key = vec![b'A'; 65]).await.unwrap_err();
    assert!(said.contains("too long"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_sound_is_refused_though_its_checksum_is_right() {
    let (_app, parts) = good().await;
    for (word, bytes) in [
        ("cannot be read", vec![b'a'; 8192]),
        ("cannot be read", parts.database[..parts.database.len() / 2].to_vec()),
        ("has not the rows", parts.with_statement("DELETE FROM sessions").await),
        (
            "refer to missing rows",
            parts
                .with_statement("PRAGMA foreign_keys = OFF; DELETE FROM users")
                .await,
        ),
        (
            "newer version",
            parts
                .with_statement("INSERT INTO seaql_migrations VALUES ('m9999_later', 1)")
                .await,
        ),
        (
            "has not the schema",
            parts.with_statement("DELETE FROM seaql_migrations").await,
        ),
    ] {
        let result = parts.changed(|_, database, _| *database = bytes).await;
        let said = result.unwrap_err();
        assert!(
            said.contains(word) || word == "cannot be read" && said.contains("damaged"),
            "{word:?}: {said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_claims_to_be_huge_costs_no_more_than_it_is() {
    let (app, parts) = good().await;
    let mut manifest = parts.manifest.clone();
    let file = parts.folder.path().join("bomb.tar");
    for bytes in [u64::MAX, u64::MAX - 511, u64::MAX / 2, 1 << 40] {
        manifest["parts"][0]["bytes"] = json!(bytes);
        fs::write(&file, tarred(&[("manifest.json", manifest.to_string().as_bytes())])).unwrap();
        let said = verify(&file).await.unwrap_err();
        assert!(
            said.contains("cut off") || said.contains("is not what its manifest describes"),
            "{said}"
        );
    }
    let long = vec![b' '; 70_000];
    fs::write(&file, tarred(&[("manifest.json", &long)])).unwrap();
    assert!(verify(&file).await.unwrap_err().contains("is not a backup"));
    let deep = "[".repeat(60_000);
    fs::write(&file, tarred(&[("manifest.json", deep.as_bytes())])).unwrap();
    assert!(verify(&file).await.is_err());

    // Nothing of a bad backup is restored.
    let to = parts.folder.path().join("data");
    run(&app.settings, &to, &["restore", arg(&file)])
        .await
        .failed("nothing was restored");
    assert_eq!(names(&to), Vec::<String>::new());
}
