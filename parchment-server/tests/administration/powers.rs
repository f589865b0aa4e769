//! Nobody gives or takes what he does not hold, by whatever operation.

use reqwest::Method;
use serde_json::json;

use super::{NOBODY, delete, make_role, patch, roles_of, set_roles, with};
use crate::support::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn who_only_invites_gives_the_role_of_everybody_and_those_she_has() {
    let app = TestApp::start().await;
    let admin = app.person("alice").await;
    make_role(&admin, "harmless", &[]).await;
    let bob = with(&app, &admin, "bob", &["users:create"]).await;
    let invite = async |n: u8, roles: serde_json::Value| {
        let email = format!("new{n}@mail.example");
        let body = json!({ "firstName": "", "lastName": "", "email": email, "roles": roles });
        bob.post("/users", body).await
    };
    for (n, roles) in [
        (1, json!([])),
        (2, json!(["user"])),
        (3, json!(["bobs-role"])),
        (4, json!(["bobs-role", "user"])),
    ] {
        invite(n, roles).await.expect(200);
    }
    for roles in [
        json!(["admin"]),
        json!(["user", "alpha"]),
        json!(["premium"]),
        json!(["basic"]),
        json!(["harmless"]),
    ] {
        invite(5, roles).await.expect_code(403, "role_not_held");
    }
    let body = json!({ "firstName": "", "lastName": "", "email": "new5@mail.example", "role": "admin" });
    bob.post("/users", body).await.expect_code(403, "role_not_held");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_users_gives_what_permits_no_more_than_she_may() {
    let app = TestApp::start().await;
    let admin = app.person("alice").await;
    make_role(&admin, "reader", &["users:read", "library:read"]).await;
    make_role(&admin, "remover", &["users:read", "users:delete"]).await;
    let bob = with(&app, &admin, "bob", &["users:create", "users:update", "users:read"]).await;
    let carol = app.sign_in("carol@mail.example").await;
    let invite = |email: &'static str, role: &'static str| {
        bob.post(
            "/users",
            json!({ "firstName": "", "lastName": "", "email": email, "role": role }),
        )
    };
    invite("new1@mail.example", "reader").await.expect(200);
    patch(&bob, &carol.id, json!({ "roles": ["reader", "basic"] }))
        .await
        .expect(200);
    for role in ["remover", "admin", "alpha"] {
        invite("new2@mail.example", role)
            .await
            .expect_code(403, "role_not_held");
        for id in [&carol.id, &bob.id] {
            patch(&bob, id, json!({ "roles": ["user", role] }))
                .await
                .expect_code(403, "role_not_held");
        }
    }
    assert_eq!(roles_of(&admin, &carol.id).await, ["basic", "reader"]);
    assert_eq!(roles_of(&admin, &bob.id).await, ["bobs-role", "user"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_changes_or_removes_somebody_who_may_do_more() {
    let app = TestApp::start().await;
    let admin = app.person("alice").await;
    let bob = with(&app, &admin, "bob", &["users:read", "users:update", "users:delete"]).await;
    let carol = with(&app, &admin, "carol", &["system:read"]).await;
    let before = admin.get("/users").await.expect(200).body;
    for person in [&admin, &carol] {
        for body in [
            // Her address would let him sign in as her.
            json!({ "email": "bobs-own@mail.example" }),
            json!({ "roles": ["user"] }),
            json!({ "roles": [] }),
            json!({ "firstName": "Mallory" }),
            json!({}),
        ] {
            patch(&bob, &person.id, body).await.expect_code(403, "outranked");
        }
        delete(&bob, &format!("/users/{}", person.id))
            .await
            .expect_code(403, "outranked");
    }
    assert_eq!(admin.get("/users").await.expect(200).body, before);
    // Once she may do no more than he, he may.
    set_roles(&admin, &carol, &["user"]).await;
    patch(&bob, &carol.id, json!({ "firstName": "Carol" }))
        .await
        .expect(200);
    delete(&bob, &format!("/users/{}", carol.id)).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_see_users_learns_nothing_of_those_she_cannot_change() {
    let app = TestApp::start().await;
    let admin = app.person("alice").await;
    let bob = with(&app, &admin, "bob", &["users:update", "users:delete"]).await;
    let body = json!({ "email": "x@mail.example" });
    let (known, unknown) = (
        patch(&bob, &admin.id, body.clone()).await,
        patch(&bob, NOBODY, body).await,
    );
    assert_eq!((known.status, known.text), (404, unknown.text));
    let path = |id: &str| format!("/users/{id}");
    let (known, unknown) = (delete(&bob, &path(&admin.id)).await, delete(&bob, &path(NOBODY)).await);
    assert_eq!((known.status, known.text), (404, unknown.text));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_made_and_changed_within_what_one_holds() {
    let app = TestApp::start().await;
    let admin = app.person("alice").await;
    make_role(&admin, "strong", &["users:delete"]).await;
    make_role(&admin, "weak", &["users:read"]).await;
    let bob = with(
        &app,
        &admin,
        "bob",
        &["users:read", "roles:create", "roles:write", "roles:delete"],
    )
    .await;
    let role = |permissions: &[&str]| json!({ "name": "Bobs", "permissions": permissions });
    for permissions in [&["users:delete"][..], &["users:read", "search:auto_refresh"]] {
        bob.post("/users/roles", role(permissions))
            .await
            .expect_code(403, "permission_not_held");
    }
    bob.post("/users/roles", role(&["users:read", "library:read"]))
        .await
        .expect(200);

    let permit = async |id: &str, permissions: &[&str]| {
        let body = json!({ "permissions": permissions });
        bob.call(Method::PUT, &format!("/users/roles/{id}/permissions"), Some(body))
            .await
    };
    // More for himself by his own role, more for others, and less for those who hold what he does not.
    permit("bobs-role", &["roles:write", "users:update"])
        .await
        .expect_code(403, "permission_not_held");
    permit("weak", &["users:read", "users:update"])
        .await
        .expect_code(403, "permission_not_held");
    permit("strong", &[]).await.expect_code(403, "permission_not_held");
    permit("strong", &["users:delete"])
        .await
        .expect_code(403, "permission_not_held");
    let name = Some(json!({ "name": "Harmless" }));
    bob.call(Method::PATCH, "/users/roles/strong", name)
        .await
        .expect_code(403, "permission_not_held");
    delete(&bob, "/users/roles/strong")
        .await
        .expect_code(403, "permission_not_held");
    let strong = admin.get("/users/roles/strong").await.expect(200).body;
    assert_eq!(
        (&strong["name"], &strong["permissions"][0]["id"]),
        (&json!("strong"), &json!("users:delete"))
    );

    permit("weak", &["roles:write"]).await.expect(200);
    delete(&bob, "/users/roles/weak").await.expect(204);
}
