//! Personal blobs, and the whole account.

use parchment_client::account::{Lie, inventory::BLOB_TYPE};
use serde_json::{Value, json};

use crate::{
    caught,
    support::liar::Said,
    world::{World, blob, change_envelope},
};

const SETTINGS: &str = "/me/blobs/settings";

#[tokio::test]
async fn a_blob_of_another_version_is_noticed() {
    let world = World::new().await;
    world.server.distort_one("getBlob", |body| {
        if body["encryptedBlob"].is_string() {
            body["kmVersion"] = 2.into();
        }
    });
    caught!(
        world.account().blob("settings").await,
        Lie::RecordKmVersion {
            shown: 2,
            expected: 1,
            ..
        }
    );
    world
        .server
        .distort_one("listBlobs", |body| body["blobs"][0]["kmVersion"] = 2.into());
    caught!(world.account().blobs().await, Lie::RecordKmVersion { shown: 2, .. });
    world.end().await;
}

#[tokio::test]
async fn an_inventory_that_is_withheld_is_noticed() {
    let world = World::new().await;
    world.server.distort(|heard, said| {
        if heard.operation == "getBlob" && heard.path.ends_with(BLOB_TYPE) {
            *said = Said::new(204, Value::Null);
        }
    });
    caught!(world.account().blob("settings").await, Lie::InventoryWithheld);
    caught!(world.alice.reopen().await, Lie::InventoryWithheld);
    world.end().await;
}

#[tokio::test]
async fn an_account_that_is_rolled_back_as_a_whole_is_noticed() {
    let world = World::new().await;
    world.account().check().await.unwrap();
    let then = world.server.snapshot();
    world.account().put_blob("settings", b"second").await.unwrap();
    world.server.roll_back_to(then);
    caught!(world.account().blobs().await, Lie::AccountRolledBack { shown, seen } if shown < seen);
    caught!(world.alice.reopen().await, Lie::AccountRolledBack { .. });
    world.end().await;
}

#[tokio::test]
async fn an_account_that_is_rolled_back_for_all_but_the_inventory_is_noticed() {
    let world = World::new().await;
    world.account().check().await.unwrap();
    let mut then = world.server.snapshot();
    then.retain(|(path, _)| !path.contains(BLOB_TYPE));
    world.account().delete_collection(world.places).await.unwrap();
    world.server.roll_back_to(then);
    caught!(world.account().collections().await, Lie::RolledBack(_));
    world.end().await;
}

#[tokio::test]
async fn an_old_inventory_alone_hides_nothing() {
    let world = World::new().await;
    let old = world.server.last("getBlob");
    let path = format!("/me/blobs/{BLOB_TYPE}");
    world.account().put_blob("settings", b"second").await.unwrap();
    world.server.distort(move |heard, said| {
        if heard.operation == "getBlob" && heard.path == path {
            *said = old.clone();
        }
    });
    // Nothing else is older: it looks like another device that was cut off, and what this one knows holds.
    assert_eq!(
        world.account().blob("settings").await.unwrap().unwrap().as_bytes(),
        b"second"
    );
    world.end().await;
}

#[tokio::test]
async fn a_blob_that_is_withheld_is_noticed() {
    let world = World::new().await;
    world.server.distort(|heard, said| {
        if heard.operation == "getBlob" && heard.path == SETTINGS {
            *said = Said::new(204, Value::Null);
        }
    });
    caught!(world.account().blob("settings").await, Lie::Withheld(place) if *place == blob("settings"));
    caught!(world.fresh().await.unwrap().blob("settings").await, Lie::Withheld(_));
    world.end().await;
}

#[tokio::test]
async fn a_list_of_blobs_that_is_cut_off_is_noticed() {
    let world = World::new().await;
    world.server.distort_one("listBlobs", |body| {
        body["blobs"]
            .as_array_mut()
            .unwrap()
            .retain(|entry| entry["blobType"] != "history");
    });
    caught!(world.account().blobs().await, Lie::Withheld(place) if *place == blob("history"));
    world.end().await;
}

#[tokio::test]
async fn a_blob_that_is_rolled_back_is_noticed() {
    let world = World::new().await;
    world.account().blob("settings").await.unwrap();
    let first = world.server.last("getBlob");
    world.account().put_blob("settings", b"second").await.unwrap();
    world.server.distort(move |heard, said| {
        if heard.operation == "getBlob" && heard.path == SETTINGS {
            *said = first.clone();
        }
    });
    caught!(world.account().blob("settings").await, Lie::RolledBack(place) if *place == blob("settings"));
    // By a device that never saw the second one, too.
    caught!(world.fresh().await.unwrap().blob("settings").await, Lie::RolledBack(_));
    world.end().await;
}

#[tokio::test]
async fn a_deleted_blob_that_comes_back_is_noticed() {
    let world = World::new().await;
    world.account().blob("settings").await.unwrap();
    let first = world.server.last("getBlob");
    world.account().delete_blob("settings").await.unwrap();
    world.server.distort(move |heard, said| {
        if heard.operation == "getBlob" && heard.path == SETTINGS {
            *said = first.clone();
        }
    });
    caught!(world.account().blob("settings").await, Lie::RolledBack(_));
    world.end().await;
}

#[tokio::test]
async fn a_blob_in_the_place_of_another_is_noticed() {
    let world = World::new().await;
    world.account().blob("history").await.unwrap();
    let history = world.server.last("getBlob");
    world.server.distort(move |heard, said| {
        if heard.operation == "getBlob" && heard.path == SETTINGS {
            *said = history.clone();
        }
    });
    caught!(
        world.account().blob("settings").await,
        Lie::Moved { place, from } if *place == blob("settings") && *from == blob("history")
    );
    world.end().await;
}

#[tokio::test]
async fn a_blob_of_another_user_is_noticed() {
    let world = World::new().await;
    let bob = world.server.sign_up("bob").await;
    bob.account.put_blob("settings", b"bob's").await.unwrap();
    bob.account.blob("settings").await.unwrap();
    let his = world.server.last("getBlob");
    world.server.distort(move |heard, said| {
        if heard.operation == "getBlob" && heard.path == SETTINGS {
            *said = his.clone();
        }
    });
    caught!(world.account().blob("settings").await, Lie::Foreign(place) if *place == blob("settings"));
    world.end().await;
}

#[tokio::test]
async fn a_blob_that_was_changed_is_noticed() {
    let world = World::new().await;
    for place in [14, 20, 29] {
        world.server.distort_one("getBlob", move |body| {
            change_envelope(&mut body["encryptedBlob"], |bytes| bytes[place] ^= 1);
        });
        caught!(world.account().blob("settings").await, Lie::Foreign(_));
    }
    world.end().await;
}

#[tokio::test]
async fn another_algorithm_is_noticed() {
    let world = World::new().await;
    for algorithm in [0, 2, 3] {
        world.server.distort_one("getBlob", move |body| {
            change_envelope(&mut body["encryptedBlob"], |bytes| bytes[1] = algorithm);
        });
        caught!(world.account().blob("settings").await, Lie::Algorithm { found, .. } if *found == algorithm);
    }
    world.end().await;
}

#[tokio::test]
async fn what_is_no_envelope_is_noticed() {
    let world = World::new().await;
    world.server.distort_one("getBlob", |body| {
        change_envelope(&mut body["encryptedBlob"], |bytes| bytes[0] = 1)
    });
    caught!(world.account().blob("settings").await, Lie::NoEnvelope(_));
    world.server.distort_one("getBlob", |body| {
        change_envelope(&mut body["encryptedBlob"], |bytes| bytes.truncate(20))
    });
    caught!(world.account().blob("settings").await, Lie::NoEnvelope(_));
    world
        .server
        .distort_one("getBlob", |body| body["encryptedBlob"] = "{}".into());
    caught!(world.account().blob("settings").await, Lie::NoEnvelope(_));
    world.end().await;
}

#[tokio::test]
async fn a_blob_that_is_listed_twice_is_noticed() {
    let world = World::new().await;
    world.server.distort_one("listBlobs", |body| {
        let entries = body["blobs"].as_array_mut().unwrap();
        entries.push(entries[0].clone());
    });
    caught!(world.account().blobs().await, Lie::Repeated(_));
    world.end().await;
}

#[tokio::test]
async fn a_write_that_is_ignored_is_noticed() {
    let world = World::new().await;
    world.server.intercept(|heard| {
        let swallowed = heard.operation == "putBlob" && heard.path == SETTINGS;
        swallowed.then(|| Said::new(200, json!({ "success": true })))
    });
    caught!(world.account().put_blob("settings", b"second").await, Lie::WriteIgnored(place) if *place == blob("settings"));
    world.end().await;
}

#[tokio::test]
async fn a_first_write_that_is_ignored_is_noticed() {
    let world = World::new().await;
    world.server.intercept(|heard| {
        let swallowed = heard.operation == "putBlob" && heard.path == "/me/blobs/new";
        swallowed.then(|| Said::new(200, json!({ "success": true })))
    });
    caught!(world.account().put_blob("new", b"first").await, Lie::WriteIgnored(place) if *place == blob("new"));
    world.end().await;
}

#[tokio::test]
async fn an_inventory_that_is_not_written_is_noticed() {
    let world = World::new().await;
    world.server.intercept(|heard| {
        let swallowed = heard.operation == "putBlob" && heard.path.ends_with(BLOB_TYPE);
        swallowed.then(|| Said::new(200, json!({ "success": true })))
    });
    caught!(world.account().put_blob("settings", b"second").await, Lie::WriteIgnored(place) if *place == blob(BLOB_TYPE));
    world.end().await;
}

#[tokio::test]
async fn a_deletion_that_is_ignored_is_noticed() {
    let world = World::new().await;
    world
        .server
        .intercept(|heard| (heard.operation == "deleteBlob").then(|| Said::new(200, json!({ "success": true }))));
    caught!(world.account().delete_blob("settings").await, Lie::WriteIgnored(_));
    world.end().await;
}
