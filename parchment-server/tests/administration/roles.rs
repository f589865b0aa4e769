use reqwest::Method;
use serde_json::{Value, json};

use super::{delete, ids, make_role, patch, roles_of, set_roles, with};
use crate::support::app::{Answer, Person, TestApp};

async fn change_role(actor: &Person<'_>, id: &str, body: Value) -> Answer {
    actor
        .call(Method::PATCH, &format!("/users/roles/{id}"), Some(body))
        .await
}

async fn permit(actor: &Person<'_>, id: &str, permissions: &[&str]) -> Answer {
    let body = json!({ "permissions": permissions });
    let path = format!("/users/roles/{id}/permissions");
    actor.call(Method::PUT, &path, Some(body)).await
}

async fn holds(person: &Person<'_>, permission: &str) -> bool {
    let held = person.get("/auth/sessions/current/permissions").await.expect(200).body;
    held["permissions"].as_array().unwrap().contains(&json!(permission))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_has_five_roles_that_nobody_can_change() {
    let app = TestApp::start().await;
    let admin = app.person("alice").await;
    let roles = admin.get("/users/roles").await.expect(200).body;
    let defaults = ["admin", "alpha", "basic", "premium", "user"];
    assert_eq!(ids(&roles), defaults);
    for role in roles.as_array().unwrap() {
        assert_eq!(super::members(role), ["description", "id", "isDefault", "name"]);
        assert_eq!(role["isDefault"], true);
    }
    for id in defaults {
        change_role(&admin, id, json!({ "name": "x" }))
            .await
            .expect_code(409, "default_role");
        permit(&admin, id, &[]).await.expect_code(409, "default_role");
        delete(&admin, &format!("/users/roles/{id}"))
            .await
            .expect_code(409, "default_role");
        let body = json!({ "id": id, "name": "x" });
        admin.post("/users/roles", body).await.expect_code(409, "role_taken");
    }
    assert_eq!(admin.get("/users/roles").await.expect(200).body, roles);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_cannot_change_what_a_default_role_permits() {
    let app = TestApp::start().await;
    let (_admin, bob) = (app.person("alice").await, app.person("bob").await);
    crate::support::rows::change(
        &app,
        "INSERT INTO roles VALUES ('user', 'Everybody', NULL, 1, 1);
         INSERT INTO role_permissions VALUES ('user', 'users:read')",
    )
    .await;
    assert!(!holds(&bob, "users:read").await);
    bob.get("/users").await.expect_code(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_of_ones_own_is_made_changed_given_and_deleted() {
    let app = TestApp::start().await;
    let (admin, bob) = (app.person("alice").await, app.person("bob").await);
    let body = json!({ "name": "Night shift", "permissions": ["users:read", "users:read"] });
    let made = admin.post("/users/roles", body).await.expect(200).body;
    let expected = json!({
        "id": "night-shift", "name": "Night shift", "description": null, "isDefault": false,
        "permissions": [{ "id": "users:read", "name": "See users" }], "users": [],
    });
    assert_eq!(made, expected);
    let ids_now = ids(&admin.get("/users/roles").await.expect(200).body);
    assert_eq!(ids_now, ["admin", "alpha", "basic", "night-shift", "premium", "user"]);

    bob.get("/users").await.expect_code(403, "forbidden");
    set_roles(&admin, &bob, &["night-shift"]).await;
    assert!(holds(&bob, "users:read").await);
    bob.get("/users").await.expect(200);
    let held = bob.get("/auth/sessions/current/permissions").await.expect(200).body;
    assert_eq!(held["roles"], json!(["night-shift"]));

    permit(&admin, "night-shift", &["roles:read"]).await.expect(200);
    bob.get("/users").await.expect_code(403, "forbidden");
    bob.get("/users/roles").await.expect(200);

    let changed = change_role(&admin, "night-shift", json!({ "description": "Who is up late." }))
        .await
        .expect(200);
    assert_eq!(
        (&changed.body["name"], &changed.body["description"]),
        (&json!("Night shift"), &json!("Who is up late."))
    );
    assert_eq!(ids(&changed.body["users"]), [bob.id.as_str()]);
    let changed = change_role(&admin, "night-shift", json!({ "name": "Late", "description": null }))
        .await
        .expect(200);
    assert_eq!(
        (&changed.body["name"], &changed.body["description"]),
        (&json!("Late"), &Value::Null)
    );
    assert_eq!(ids(&changed.body["permissions"]), ["roles:read"]);

    delete(&admin, "/users/roles/night-shift").await.expect(204);
    bob.get("/users/roles").await.expect_code(403, "forbidden");
    assert_eq!(
        roles_of(&admin, &bob.id).await,
        ["user"],
        "who had no other role has that of everybody"
    );
    for answer in [
        admin.get("/users/roles/night-shift").await,
        change_role(&admin, "night-shift", json!({})).await,
        permit(&admin, "night-shift", &[]).await,
        delete(&admin, "/users/roles/night-shift").await,
    ] {
        answer.expect_code(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_role_is_taken_from_those_who_have_others_and_they_keep_them() {
    let app = TestApp::start().await;
    let (admin, bob) = (app.person("alice").await, app.person("bob").await);
    make_role(&admin, "helper", &["users:read"]).await;
    set_roles(&admin, &bob, &["premium", "helper"]).await;
    delete(&admin, "/users/roles/helper").await.expect(204);
    assert_eq!(roles_of(&admin, &bob.id).await, ["premium"]);
    // A new role of that name is nobody's.
    make_role(&admin, "helper", &["users:read"]).await;
    bob.get("/users").await.expect_code(403, "forbidden");
    patch(&admin, &bob.id, json!({ "roles": ["helper"] })).await.expect(200);
    bob.get("/users").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_role_cannot_be_is_refused_and_leaves_none() {
    let app = TestApp::start().await;
    let admin = app.person("alice").await;
    for (body, status, code) in [
        (json!({ "name": "" }), 422, "invalid_body"),
        (json!({ "name": "  " }), 422, "invalid_body"),
        (json!({ "name": "a\nb" }), 422, "invalid_body"),
        (json!({ "name": "x".repeat(101) }), 422, "invalid_body"),
        (json!({ "name": "日本" }), 422, "invalid_body"),
        (json!({ "id": "No Id", "name": "x" }), 422, "invalid_body"),
        (json!({ "id": "", "name": "x" }), 422, "invalid_body"),
        (json!({ "id": "x".repeat(65), "name": "x" }), 422, "invalid_body"),
        (json!({ "name": "x", "description": "a\u{0}" }), 422, "invalid_body"),
        (
            json!({ "name": "x", "description": "x".repeat(501) }),
            422,
            "invalid_body",
        ),
        (
            json!({ "name": "x", "permissions": ["users:read", "users:rule"] }),
            400,
            "unknown_permission",
        ),
        (json!({ "name": "x", "permissions": "users:read" }), 422, "invalid_body"),
        (json!({ "name": "User" }), 409, "role_taken"),
    ] {
        admin.post("/users/roles", body.clone()).await.expect_code(status, code);
    }
    assert_eq!(ids(&admin.get("/users/roles").await.expect(200).body).len(), 5);
    let japanese = json!({ "id": "nippon", "name": "日本" });
    admin.post("/users/roles", japanese).await.expect(200);
    permit(&admin, "nippon", &["users:rule"])
        .await
        .expect_code(400, "unknown_permission");
    change_role(&admin, "nippon", json!({ "name": "" }))
        .await
        .expect_code(422, "invalid_body");
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_are_listed_and_each_says_which_roles_include_it() {
    let app = TestApp::start().await;
    let admin = app.person("alice").await;
    let all = admin.get("/users/permissions").await.expect(200).body;
    assert_eq!(ids(&all).len(), 31);
    assert!(ids(&all).is_sorted());
    assert_eq!(
        all[0],
        json!({ "id": "integrations:read:system", "name": "See the server's integrations" })
    );
    make_role(&admin, "helper", &["users:read"]).await;
    let one = admin.get("/users/permissions/users:read").await.expect(200).body;
    assert_eq!((&one["id"], &one["name"]), (&json!("users:read"), &json!("See users")));
    assert_eq!(ids(&one["roles"]), ["admin", "alpha", "helper"]);
    admin
        .get("/users/permissions/users:rule")
        .await
        .expect_code(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_role_is_shown_to_those_who_may_see_users() {
    let app = TestApp::start().await;
    let admin = app.person("alice").await;
    let (bob, carol) = (
        with(&app, &admin, "bob", &["roles:read"]).await,
        with(&app, &admin, "carol", &["roles:read", "users:read"]).await,
    );
    let (seen, unseen) = (carol.get("/users/roles/user").await, bob.get("/users/roles/user").await);
    let seen = seen.expect(200).body;
    assert_eq!(ids(&seen["users"]), [bob.id.as_str(), carol.id.as_str()]);
    assert_eq!(seen["users"][0]["email"], "bob@mail.example");
    let unseen = unseen.expect(200).body;
    assert_eq!(
        (&unseen["users"], &unseen["permissions"]),
        (&json!([]), &seen["permissions"])
    );
}
