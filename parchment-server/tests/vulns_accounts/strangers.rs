//! Statements 41 and 42: what others and the signed-out get to see.

use super::common::*;

#[tokio::test(flavor = "multi_thread")]
async fn s41_another_users_session_is_answered_like_one_that_does_not_exist() {
    let app = TestApp::start().await;
    let (alice, bob) = (
        app.sign_in("alice@mail.example").await,
        app.sign_in("bob@mail.example").await,
    );
    let list = alice.get("/auth/sessions").await.expect(200);
    let id = list.body[0]["id"].as_str().unwrap().to_owned();
    let theirs = bob
        .call(Method::DELETE, &format!("/auth/sessions/{id}"), None)
        .await
        .expect(404);
    let nobodys = "/auth/sessions/01890000-0000-7000-8000-000000000000";
    let nobodys = bob.call(Method::DELETE, nobodys, None).await.expect(404);
    let nonsense = bob
        .call(Method::DELETE, "/auth/sessions/nonsense", None)
        .await
        .expect(404);
    assert_eq!(theirs.body, nobodys.body);
    assert_eq!(theirs.body, nonsense.body);
    alice.get("/auth/sessions").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn s41_another_users_invitations_and_revocations_are_answered_like_none() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    let (first, second) = (server.user("first"), server.user("second"));
    server
        .send(&app, &first, Kind::FriendInvite, alice.handle())
        .await
        .expect(202);
    alice.invite(&second.handle).await.expect(200);
    let listed = alice.get("/friends/invitations").await.expect(200).body;
    for invitation in listed["invitations"].as_array().unwrap() {
        let id = invitation["id"].as_str().unwrap();
        for (method, path) in [
            (Method::POST, format!("/friends/invitations/{id}/accept")),
            (Method::POST, format!("/friends/invitations/{id}/reject")),
            (Method::DELETE, format!("/friends/invitations/{id}")),
        ] {
            bob.call(method, &path, Some(json!({})))
                .await
                .expect_code(404, "not_found");
        }
    }
    assert_eq!(alice.get("/friends/invitations").await.expect(200).body, listed);
    alice
        .post("/users/me/identity/reset", json!({ "confirm": "erase-all-my-data" }))
        .await
        .expect(200);
    let path = format!("/users/me/revocations/pending/{}", first.handle);
    bob.call(Method::DELETE, &path, None)
        .await
        .expect_code(404, "not_found");
    assert_eq!(rows::count::<revocations::Entity>(&app).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn s42_every_operation_that_declares_a_session_is_401_without_one() {
    let app = TestApp::start().await;
    let document: Value = serde_json::from_str(&parchment_server::openapi::document()).unwrap();
    let mut guarded = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let schemes: Vec<&String> = operation["security"]
                .as_array()
                .into_iter()
                .flatten()
                .flat_map(|requirement| requirement.as_object().unwrap().keys())
                .collect();
            let open = operation["security"]
                .as_array()
                .is_none_or(|all| all.contains(&json!({})));
            if open || !schemes.iter().any(|scheme| *scheme == "bearer") {
                continue;
            }
            let path = path.replace(['{', '}'], "");
            let method: Method = method.to_uppercase().parse().unwrap();
            let answered = app
                .call(method.clone(), &path, Some(json!({ "no such": "member" })))
                .await;
            assert_eq!(
                (answered.status, answered.code()),
                (401, "signed_out"),
                "{method} {path}"
            );
            guarded += 1;
        }
    }
    assert!(guarded >= 18, "{guarded}");
}
