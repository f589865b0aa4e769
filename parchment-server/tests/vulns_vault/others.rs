//! Statement 41 for what people keep: what is another's is answered like what is not there.

use super::common::*;

#[tokio::test(flavor = "multi_thread")]
async fn s41_another_users_collections_points_blobs_and_slots_are_answered_like_none() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    let kept = fill(&alice, 1, 1).await;
    let own = fill(&bob, 0, 0).await;
    let credential = passkey(&app, &alice.id).await;
    let slot = slot(&alice.id, &credential, &alice.key);
    alice.post("/users/me/wrapped-keys", slot).await.expect(201);
    let before = everything(&app).await;

    let (collection, point) = (&kept.points[0].0, &kept.points[0].1);
    let nobodys = "01890000-0000-7000-8000-000000000000";
    let data = json!({ "encryptedData": envelope() });
    let paths = |collection: &str, point: &str, credential: &str| {
        let collection = format!("/library/collections/{collection}");
        let points = format!("{collection}/encrypted-points");
        [
            (Method::GET, collection.clone(), None),
            (
                Method::PUT,
                collection.clone(),
                Some(json!({ "metadataEncrypted": envelope() })),
            ),
            (Method::DELETE, collection, None),
            (Method::GET, points.clone(), None),
            (Method::POST, points.clone(), Some(data.clone())),
            (Method::PUT, format!("{points}/{point}"), Some(data.clone())),
            (Method::DELETE, format!("{points}/{point}"), None),
            (
                Method::PUT,
                format!("/library/collections/{}/encrypted-points/{point}", own.collections[0]),
                Some(data.clone()),
            ),
            (Method::DELETE, format!("/users/me/wrapped-keys/{credential}"), None),
            (Method::POST, format!("/users/me/wrapped-keys/{credential}/used"), None),
        ]
    };
    let theirs = paths(collection, point, &credential).into_iter();
    for ((method, path, body), (_, nowhere, same_body)) in theirs.zip(paths(nobodys, nobodys, "AAAA")) {
        let theirs = bob
            .call(method.clone(), &path, body)
            .await
            .expect_code(404, "not_found");
        let none = bob
            .call(method.clone(), &nowhere, same_body)
            .await
            .expect_code(404, "not_found");
        assert_eq!(theirs.body, none.body, "{method} {path}");
    }
    bob.get("/me/blobs/blob-0").await.expect(204);
    bob.call(Method::DELETE, "/me/blobs/blob-0", None).await.expect(200);
    assert_eq!(
        bob.get("/users/me/wrapped-keys").await.expect(200).body,
        json!({ "slots": [] })
    );
    assert_eq!(everything(&app).await, before);

    // An id that she uses says nothing to him either.
    let path = format!("/library/collections/{}/encrypted-points", own.collections[0]);
    let same_id = json!({ "id": point, "encryptedData": envelope() });
    bob.post(&path, same_id.clone()).await.expect(201);
    bob.post(&path, same_id).await.expect_code(409, "point_exists");
}
