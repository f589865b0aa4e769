//! Collections and points.

use parchment_client::account::{Lie, inventory::Place};
use serde_json::Value;

use crate::{
    caught,
    support::liar::Said,
    world::{World, change_envelope},
};

/// Where an entry of an array with this id is.
fn at(list: &Value, id: impl ToString) -> usize {
    let entries = list.as_array().unwrap();
    entries
        .iter()
        .position(|entry| entry["id"] == id.to_string().as_str())
        .unwrap()
}

#[tokio::test]
async fn a_collection_that_is_withheld_is_noticed() {
    let world = World::new().await;
    let (places, trips) = (world.places.to_string(), world.trips);
    world.server.distort_one("listCollections", move |body| {
        body.as_array_mut()
            .unwrap()
            .retain(|entry| entry["id"] != places.as_str());
    });
    caught!(world.account().collections().await, Lie::Withheld(Place::Collection(id)) if *id == world.places);
    world.server.distort(|heard, said| {
        if heard.operation == "listPoints" {
            *said = Said::new(404, serde_json::json!({ "message": "none", "code": "not_found" }));
        }
    });
    caught!(world.account().points(trips).await, Lie::Withheld(Place::Collection(_)));
    world.end().await;
}

#[tokio::test]
async fn metadata_that_are_withheld_are_noticed() {
    let world = World::new().await;
    world
        .server
        .distort_one("listCollections", |body| body[0]["metadataEncrypted"] = Value::Null);
    caught!(world.account().collections().await, Lie::Withheld(Place::Collection(_)));
    world.end().await;
}

#[tokio::test]
async fn metadata_that_are_rolled_back_are_noticed() {
    let world = World::new().await;
    world.account().collections().await.unwrap();
    let then = world.server.last("listCollections");
    world
        .account()
        .change_collection(world.trips, b"Journeys")
        .await
        .unwrap();
    world
        .server
        .distort_one("listCollections", move |body| *body = then.body.clone());
    caught!(world.account().collections().await, Lie::RolledBack(Place::Collection(id)) if *id == world.trips);
    world.end().await;
}

#[tokio::test]
async fn another_version_of_a_collections_key_is_noticed() {
    let world = World::new().await;
    world
        .server
        .distort_one("listCollections", |body| body[0]["metadataKeyVersion"] = 2.into());
    caught!(
        world.account().collections().await,
        Lie::CollectionKeyVersion {
            shown: 2,
            expected: 1,
            ..
        }
    );
    world.end().await;
}

#[tokio::test]
async fn metadata_of_another_collection_are_noticed() {
    let world = World::new().await;
    let (trips, places) = (world.trips, world.places);
    world.server.distort_one("listCollections", move |body| {
        let (one, other) = (at(body, trips), at(body, places));
        body[one]["metadataEncrypted"] = body[other]["metadataEncrypted"].clone();
    });
    caught!(
        world.account().collections().await,
        Lie::Moved { place: Place::Collection(id), from: Place::Collection(_) } if *id == trips
    );
    world.end().await;
}

#[tokio::test]
async fn a_collection_that_is_listed_twice_is_noticed() {
    let world = World::new().await;
    world.server.distort_one("listCollections", |body| {
        let entry = body[0].clone();
        body.as_array_mut().unwrap().push(entry);
    });
    caught!(world.account().collections().await, Lie::Repeated(Place::Collection(_)));
    world.end().await;
}

#[tokio::test]
async fn a_collection_of_another_user_is_noticed() {
    let world = World::new().await;
    let bob = world.server.sign_up("bob").await;
    bob.account.create_collection(b"bob's").await.unwrap();
    bob.account.collections().await.unwrap();
    let his = world.server.last("listCollections").body[0].clone();
    world.server.distort_one("listCollections", move |body| {
        body.as_array_mut().unwrap().push(his.clone())
    });
    caught!(world.account().collections().await, Lie::OthersThing { .. });
    world.end().await;
}

#[tokio::test]
async fn a_collection_of_another_user_under_her_name_is_noticed() {
    let world = World::new().await;
    let (bob, user) = (world.server.sign_up("bob").await, world.user_id().await);
    bob.account.create_collection(b"bob's").await.unwrap();
    bob.account.collections().await.unwrap();
    let mut his = world.server.last("listCollections").body[0].clone();
    his["userId"] = user.into();
    world.server.distort_one("listCollections", move |body| {
        body.as_array_mut().unwrap().push(his.clone())
    });
    caught!(world.account().collections().await, Lie::Foreign(Place::Collection(_)));
    world.end().await;
}

#[tokio::test]
async fn a_new_collection_under_the_id_of_another_is_noticed() {
    let world = World::new().await;
    let trips = world.trips.to_string();
    world
        .server
        .distort_one("createCollection", move |body| body["id"] = trips.clone().into());
    caught!(world.account().create_collection(b"New").await, Lie::IdReused);
    world.end().await;
}

#[tokio::test]
async fn a_point_that_is_withheld_is_noticed() {
    let world = World::new().await;
    let missing = world.points[1];
    world.server.distort_one("listPoints", move |body| {
        let place = at(&body["points"], missing);
        body["points"].as_array_mut().unwrap().remove(place);
    });
    caught!(world.account().points(world.trips).await, Lie::Withheld(Place::Point { id, .. }) if *id == missing);
    caught!(world.fresh().await.unwrap().points(world.trips).await, Lie::Withheld(_));
    world.end().await;
}

#[tokio::test]
async fn a_point_that_is_listed_twice_is_noticed() {
    let world = World::new().await;
    world.server.distort_one("listPoints", |body| {
        let point = body["points"][0].clone();
        body["points"].as_array_mut().unwrap().push(point);
    });
    caught!(
        world.account().points(world.trips).await,
        Lie::Repeated(Place::Point { .. })
    );
    world.end().await;
}

#[tokio::test]
async fn a_point_in_another_collection_is_noticed() {
    let world = World::new().await;
    world.account().points(world.trips).await.unwrap();
    let (point, places) = (
        world.server.last("listPoints").body["points"][0].clone(),
        world.places.to_string(),
    );
    for named in [point["collectionId"].as_str().unwrap().to_owned(), places] {
        let mut moved = point.clone();
        moved["collectionId"] = named.into();
        world.server.distort_one("listPoints", move |body| {
            body["points"].as_array_mut().unwrap().push(moved.clone())
        });
        caught!(world.account().points(world.places).await, Lie::PointMoved { .. });
    }
    world.end().await;
}

#[tokio::test]
async fn points_that_are_exchanged_are_noticed() {
    let world = World::new().await;
    world.server.distort_one("listPoints", |body| {
        let (one, other) = (
            body["points"][0]["encryptedData"].clone(),
            body["points"][1]["encryptedData"].clone(),
        );
        (body["points"][0]["encryptedData"], body["points"][1]["encryptedData"]) = (other, one);
    });
    caught!(
        world.account().points(world.trips).await,
        Lie::Moved {
            from: Place::Point { .. },
            ..
        }
    );
    world.end().await;
}

#[tokio::test]
async fn a_point_that_is_rolled_back_is_noticed() {
    let world = World::new().await;
    world.account().points(world.trips).await.unwrap();
    let then = world.server.last("listPoints");
    world
        .account()
        .change_point(world.trips, world.points[0], b"Paris")
        .await
        .unwrap();
    world
        .server
        .distort_one("listPoints", move |body| *body = then.body.clone());
    caught!(world.account().points(world.trips).await, Lie::RolledBack(Place::Point { id, .. }) if *id == world.points[0]);
    world.end().await;
}

#[tokio::test]
async fn a_deleted_point_that_comes_back_is_noticed() {
    let world = World::new().await;
    world.account().points(world.trips).await.unwrap();
    let then = world.server.last("listPoints");
    world
        .account()
        .delete_point(world.trips, world.points[2])
        .await
        .unwrap();
    world
        .server
        .distort_one("listPoints", move |body| *body = then.body.clone());
    caught!(world.account().points(world.trips).await, Lie::RolledBack(Place::Point { id, .. }) if *id == world.points[2]);
    world.end().await;
}

#[tokio::test]
async fn a_point_that_was_changed_is_noticed() {
    let world = World::new().await;
    world.server.distort_one("listPoints", |body| {
        change_envelope(&mut body["points"][0]["encryptedData"], |bytes| bytes[16] ^= 0x80);
    });
    caught!(
        world.account().points(world.trips).await,
        Lie::Foreign(Place::Point { .. })
    );
    world.end().await;
}

#[tokio::test]
async fn a_point_of_another_algorithm_is_noticed() {
    let world = World::new().await;
    world.server.distort_one("listPoints", |body| {
        change_envelope(&mut body["points"][0]["encryptedData"], |bytes| bytes[1] = 2);
    });
    caught!(
        world.account().points(world.trips).await,
        Lie::Algorithm { found: 2, .. }
    );
    world.end().await;
}

#[tokio::test]
async fn a_point_that_is_not_written_as_it_was_sent_is_noticed() {
    let world = World::new().await;
    world.account().points(world.trips).await.unwrap();
    let then = world.server.last("listPoints").body["points"][0]["encryptedData"].clone();
    world
        .server
        .distort_one("changePoint", move |body| body["encryptedData"] = then.clone());
    caught!(
        world
            .account()
            .change_point(world.trips, world.points[0], b"Paris")
            .await,
        Lie::WriteIgnored(Place::Point { .. })
    );
    world.end().await;
}
