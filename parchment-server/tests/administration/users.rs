use std::{fs, time::Duration};

use parchment_server::store::entities::{
    alias_reservations, friendships, invitations, login_codes, preferences, revocations, sessions, user_roles, users,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{NOBODY, delete, ids, make_role, members, patch, set_roles};
use crate::support::{
    app::TestApp,
    rows,
    stranger::{StrangeServer, Stranger},
};

const MEMBERS: [&str; 10] = [
    "alias",
    "createdAt",
    "email",
    "firstName",
    "id",
    "lastName",
    "onboardingCompletedAt",
    "picture",
    "roles",
    "sessionCount",
];

fn invitation(email: &str) -> Value {
    json!({ "firstName": "Carol", "lastName": "Danvers", "email": email })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_has_all_users_in_the_order_in_which_they_came_page_by_page() {
    let app = TestApp::start().await;
    let admin = app.person("alice").await;
    let mut expected = vec![admin.id.clone()];
    for n in 0..6 {
        expected.push(app.sign_in(&format!("user{n}@mail.example")).await.id);
    }
    let whole = admin.get("/users").await.expect(200).body;
    assert_eq!(
        (&whole["total"], &whole["page"], &whole["limit"]),
        (&json!(7), &json!(1), &json!(25))
    );
    assert_eq!(ids(&whole["data"]), expected);
    assert_eq!(members(&whole["data"][0]), MEMBERS);
    assert_eq!(whole["data"][0]["alias"], "alice");
    let mut seen = Vec::new();
    for page in 1..=4 {
        let answer = admin.get(&format!("/users?page={page}&limit=3")).await.expect(200).body;
        assert_eq!((&answer["total"], &answer["page"]), (&json!(7), &json!(page)));
        let found = ids(&answer["data"]);
        assert_eq!(found.len(), [3, 3, 1, 0][page - 1]);
        seen.extend(found);
    }
    assert_eq!(seen, expected);
    for query in [
        "page=0",
        "limit=0",
        "limit=101",
        "page=-1",
        "page=x",
        "limit=4294967296",
    ] {
        admin
            .get(&format!("/users?{query}"))
            .await
            .expect_code(422, "invalid_body");
    }
    let last = admin.get("/users?page=4294967295&limit=100").await.expect(200).body;
    assert_eq!(last["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_and_live_sessions_are_counted_for_each_of_the_list() {
    let app = TestApp::start().await;
    let admin = app.person("alice").await;
    let bob = app.sign_in("bob@mail.example").await;
    app.sign_in("bob@mail.example").await;
    make_role(&admin, "helper", &["users:read"]).await;
    set_roles(&admin, &bob, &["user", "helper"]).await;
    app.sign_in("bob@mail.example").await;
    // One of the three has ended, and is only not swept yet.
    rows::change(
        &app,
        "UPDATE sessions SET expires_at = 1 WHERE created_at = (SELECT MAX(created_at) FROM sessions)",
    )
    .await;
    let users = admin.get("/users").await.expect(200).body["data"].clone();
    assert_eq!(users[0]["roles"], json!([{ "id": "admin", "name": "Admin" }]));
    assert_eq!(users[0]["sessionCount"], 1);
    let both = json!([{ "id": "helper", "name": "helper" }, { "id": "user", "name": "User" }]);
    assert_eq!((&users[1]["roles"], &users[1]["sessionCount"]), (&both, &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_is_shown_with_roles_permissions_and_sessions() {
    let app = TestApp::start().await;
    let admin = app.person("alice").await;
    let shown = admin.get(&format!("/users/{}", admin.id)).await.expect(200).body;
    let own = admin.get("/auth/sessions/current").await.expect(200).body["user"].clone();
    for (member, value) in own.as_object().unwrap() {
        assert_eq!(shown[member], *value, "{member}");
    }
    let mut more = members(&shown);
    more.retain(|member| own.get(member).is_none());
    assert_eq!(more, ["permissions", "roles", "sessionCount"]);
    assert_eq!(shown["permissions"].as_array().unwrap().len(), 31);
    assert_eq!(shown["permissions"][0]["id"], "integrations:read:system");
    for id in [NOBODY, "nonsense", "me"] {
        admin.get(&format!("/users/{id}")).await.expect_code(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_invited_is_told_by_mail_and_signs_in_to_the_account_made_for_her() {
    let app = TestApp::start_with(|settings| {
        settings.registration = parchment_server::config::Registration::Invite;
        settings.client_origin = parchment_core::handle::Origin::parse("https://app.example").ok();
    })
    .await;
    let admin = app.sign_in("alice@mail.example").await;
    let carol = admin
        .post("/users", invitation("Carol@mail.example"))
        .await
        .expect(200)
        .body;
    assert_eq!(
        (
            &carol["email"],
            &carol["firstName"],
            &carol["lastName"],
            &carol["kmVersion"]
        ),
        (
            &json!("Carol@mail.example"),
            &json!("Carol"),
            &json!("Danvers"),
            &json!(1)
        )
    );
    assert_eq!(carol["roles"], json!([{ "id": "user", "name": "User" }]));
    let mail = mail_to(&app, "Carol@mail.example").await;
    let client = app.settings.client_origin().to_string();
    for part in [
        "Content-Type: text/plain",
        "Content-Type: text/html",
        "Subject: Your account at",
        &client,
    ] {
        assert!(mail.contains(part), "{part} is missing:\n{mail}");
    }
    assert!(
        !mail.contains("Danvers"),
        "the mail repeats what whoever invited wrote:\n{mail}"
    );
    let signed_in = app.sign_in("Carol@mail.example").await;
    assert_eq!(json!(signed_in.id), carol["id"]);
}

/// The first mail to an address; waits for it.
async fn mail_to(app: &TestApp, address: &str) -> String {
    for _ in 0..500 {
        let entries = fs::read_dir(app.folder.path().join("mail")).unwrap().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
        paths.sort();
        let mut mails = paths.iter().map(|path| fs::read_to_string(path).unwrap());
        if let Some(mail) = mails.find(|mail| mail.contains(address)) {
            return mail;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no mail came for {address}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_gives_one_role_or_several() {
    let app = TestApp::start().await;
    let admin = app.person("alice").await;
    make_role(&admin, "helper", &["users:read"]).await;
    let invite = async |n: u8, more: Value| {
        let mut body = invitation(&format!("user{n}@mail.example"));
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        admin.post("/users", body).await
    };
    for (n, more, roles) in [
        (1, json!({ "role": "premium" }), json!(["premium"])),
        (
            2,
            json!({ "roles": ["helper", "user", "helper"] }),
            json!(["helper", "user"]),
        ),
        (3, json!({ "roles": [] }), json!(["user"])),
    ] {
        let made = invite(n, more).await.expect(200).body;
        assert_eq!(json!(ids(&made["roles"])), roles);
    }
    invite(4, json!({ "role": "no such" }))
        .await
        .expect_code(400, "unknown_role");
    invite(4, json!({ "roles": ["user", "no such"] }))
        .await
        .expect_code(400, "unknown_role");
    invite(4, json!({ "role": "user", "roles": ["user"] }))
        .await
        .expect_code(422, "invalid_body");
    invite(4, json!({ "firstName": "a\nb" }))
        .await
        .expect_code(422, "invalid_body");
    invite(4, json!({ "email": "user1" }))
        .await
        .expect_code(422, "invalid_body");
    invite(4, json!({ "email": "USER1@mail.example" }))
        .await
        .expect_code(409, "email_taken");
    admin
        .post("/users", json!({ "email": "x@mail.example" }))
        .await
        .expect_code(422, "invalid_body");
    assert_eq!(
        rows::count::<users::Entity>(&app).await,
        4,
        "what is refused leaves nobody"
    );
    assert_eq!(rows::count::<user_roles::Entity>(&app).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_change_a_value_sets_null_clears_and_absence_leaves() {
    let app = TestApp::start().await;
    let (admin, bob) = (app.person("alice").await, app.person("bob").await);
    let changed = patch(&admin, &bob.id, json!({ "firstName": "Bob", "lastName": "Kane" }))
        .await
        .expect(200)
        .body;
    assert_eq!(
        (&changed["firstName"], &changed["lastName"]),
        (&json!("Bob"), &json!("Kane"))
    );
    let changed = patch(&admin, &bob.id, json!({ "lastName": null }))
        .await
        .expect(200)
        .body;
    assert_eq!(
        (&changed["firstName"], &changed["lastName"]),
        (&json!("Bob"), &Value::Null)
    );
    let changed = patch(&admin, &bob.id, json!({ "roles": ["premium", "basic"] }))
        .await
        .expect(200)
        .body;
    assert_eq!(ids(&changed["roles"]), ["basic", "premium"]);
    let changed = patch(&admin, &bob.id, json!({ "roles": [] })).await.expect(200).body;
    assert_eq!(ids(&changed["roles"]), ["user"]);
    patch(&admin, &bob.id, json!({ "roles": ["none"] }))
        .await
        .expect_code(400, "unknown_role");
    patch(&admin, &bob.id, json!({ "firstName": "a\u{7}" }))
        .await
        .expect_code(422, "invalid_body");
    patch(&admin, NOBODY, json!({})).await.expect_code(404, "not_found");
    let bobs = bob.get("/auth/sessions/current").await.expect(200).body;
    assert_eq!(bobs["user"]["firstName"], "Bob", "and he stays signed in");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_changes_to_one_that_nobody_has_and_in_another_spelling_it_is_the_same() {
    let app = TestApp::start().await;
    let (admin, bob) = (app.person("alice").await, app.person("bob").await);
    let taken = json!({ "firstName": "Rob", "email": "ALICE@mail.example" });
    patch(&admin, &bob.id, taken).await.expect_code(409, "email_taken");
    let unchanged = admin.get(&format!("/users/{}", bob.id)).await.expect(200).body;
    assert_eq!(
        (&unchanged["email"], &unchanged["firstName"]),
        (&json!("bob@mail.example"), &Value::Null)
    );
    let spelled = patch(&admin, &bob.id, json!({ "email": "Bob@mail.example" }))
        .await
        .expect(200)
        .body;
    assert_eq!(spelled["email"], "Bob@mail.example");
    bob.get("/auth/sessions").await.expect(200);
    patch(&admin, &bob.id, json!({ "email": "robert@mail.example" }))
        .await
        .expect(200);
    bob.get("/auth/sessions").await.expect_code(401, "signed_out");
    assert_eq!(app.sign_in("robert@mail.example").await.id, bob.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_her_own_address_keeps_the_session_she_does_it_with() {
    let app = TestApp::start().await;
    let admin = app.sign_in("alice@mail.example").await;
    let elsewhere = app.sign_in("alice@mail.example").await;
    patch(&admin, &admin.id, json!({ "email": "new@mail.example" }))
        .await
        .expect(200);
    admin.get("/auth/sessions").await.expect(200);
    elsewhere.get("/auth/sessions").await.expect_code(401, "signed_out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_user_is_gone_with_all_that_was_hers_and_her_handle_is_nobodys() {
    let (app, server) = (TestApp::start().await, StrangeServer::start().await);
    let (admin, bob, carol) = (
        app.person("alice").await,
        app.person("bob").await,
        app.person("carol").await,
    );
    let peer: Stranger = server.user("peer");
    bob.invite(carol.handle()).await.expect(200);
    carol.accept(&carol.incoming().await[0], bob.handle()).await.expect(200);
    bob.invite(admin.handle()).await.expect(200);
    bob.invite(&peer.handle).await.expect(200);
    let preference = Some(json!({ "language": "de-CH" }));
    bob.call(Method::PUT, "/users/me/preferences", preference)
        .await
        .expect(200);
    app.call(
        Method::POST,
        "/auth/verify",
        Some(json!({ "email": "bob@mail.example" })),
    )
    .await
    .expect(201);

    delete(&admin, &format!("/users/{}", bob.id)).await.expect(204);

    bob.get("/auth/sessions").await.expect_code(401, "signed_out");
    assert!(carol.friends().await.is_empty() && admin.incoming().await.is_empty());
    app.call(Method::GET, "/.well-known/user/bob", None).await.expect(404);
    delete(&admin, &format!("/users/{}", bob.id))
        .await
        .expect_code(404, "not_found");
    let left = [
        rows::count::<users::Entity>(&app).await,
        rows::count::<user_roles::Entity>(&app).await,
        rows::count::<sessions::Entity>(&app).await,
        rows::count::<friendships::Entity>(&app).await,
        rows::count::<invitations::Entity>(&app).await,
        rows::count::<revocations::Entity>(&app).await,
        rows::count::<preferences::Entity>(&app).await,
        rows::count::<login_codes::Entity>(&app).await,
    ];
    assert_eq!(left, [2, 2, 2, 0, 0, 0, 0, 0]);
    let alias = Some(json!({ "alias": "Bob" }));
    carol
        .call(Method::PATCH, "/users/me/alias", alias.clone())
        .await
        .expect_code(409, "alias_taken");
    // Who comes back with the address is somebody new, and not her.
    let again = app.sign_in("bob@mail.example").await;
    assert_ne!(again.id, bob.id);
    again
        .call(Method::PATCH, "/users/me/alias", alias)
        .await
        .expect_code(409, "alias_taken");
    let reserved = rows::all::<alias_reservations::Entity>(&app).await;
    assert!(reserved.iter().any(|row| row.alias == "bob" && row.user_id.is_none()));
}
