//! Statements 39, 41 and 43 where people are administered.

use super::common::*;

async fn patch(actor: &Person<'_>, path: &str, body: Value) -> (u16, String) {
    let answer = actor.call(Method::PATCH, path, Some(body)).await;
    (answer.status, answer.text)
}

/// Somebody who has a role of her own that permits just this.
async fn helper<'a>(app: &'a TestApp, admin: &Person<'_>, permissions: &[&str]) -> Person<'a> {
    let person = app.sign_in("helper@mail.example").await;
    let role = json!({ "name": "Helper", "permissions": permissions });
    admin.post("/users/roles", role).await.expect(200);
    let given = patch(admin, &format!("/users/{}", person.id), json!({ "roles": ["helper"] })).await;
    assert_eq!(given.0, 200, "{}", given.1);
    person
}

/// All tables that an operation of administration could write to.
async fn snapshot(app: &TestApp) -> String {
    format!(
        "{:?}{:?}{:?}{:?}{:?}",
        rows::all::<users::Entity>(app).await,
        rows::all::<user_roles::Entity>(app).await,
        rows::all::<roles::Entity>(app).await,
        rows::all::<role_permissions::Entity>(app).await,
        rows::all::<sessions::Entity>(app).await,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn s39_admin_an_invited_account_is_entered_only_with_a_code_mailed_to_its_address() {
    let app = TestApp::start().await;
    let admin = app.sign_in("alice@mail.example").await;
    // Mallory asked for a code before there was an account, and asks in another spelling after.
    let mallory = app.sign_in("mallory@mail.example").await;
    ask_for_code(&app, "carol@mail.example").await;
    let early = app.code_for("carol@mail.example").await;
    let body = json!({ "firstName": "Carol", "lastName": "", "email": "carol@mail.example" });
    let carol = admin.post("/users", body.clone()).await.expect(200).body;
    assert_eq!(carol["sessionCount"], 0, "inviting signs nobody in");
    // Who has an account already cannot be taken over by inviting her again.
    admin.post("/users", body).await.expect_code(409, "email_taken");
    for (n, wrong) in wrong_codes(&early, 5).enumerate() {
        let email = ["carol@mail.example", "CAROL@mail.example"][n % 2];
        app.call(Method::POST, "/auth/sessions", Some(sign_in(email, &wrong)))
            .await
            .expect_code(401, "otp_invalid");
    }
    let own = mallory.get("/auth/sessions/current").await.expect(200).body;
    assert_eq!(own["user"]["email"], "mallory@mail.example");
    // The code that went to the address is hers, whenever she asked for it: the tries are used up, so a new one.
    let code = ask_again(&app, "carol@mail.example").await;
    let signed_in = app
        .call(
            Method::POST,
            "/auth/sessions",
            Some(sign_in("Carol@mail.example", &code)),
        )
        .await
        .expect(201);
    assert_eq!(signed_in.body["user"]["id"], carol["id"]);
}

/// Asks for one more code and waits for it.
async fn ask_again(app: &TestApp, email: &str) -> String {
    let before = app.mailed_codes(email);
    app.call(Method::POST, "/auth/verify", Some(json!({ "email": email })))
        .await
        .expect(201);
    loop {
        let mut codes = app.mailed_codes(email);
        if codes.len() > before.len() {
            return codes.pop().unwrap();
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s39_admin_with_another_address_the_codes_for_both_are_void_and_the_old_mailbox_is_out() {
    let app = TestApp::start().await;
    let admin = app.sign_in("alice@mail.example").await;
    let bob = app.sign_in("bob@mail.example").await;
    // Somebody else waits for the address that he is going to have, with a code that proves it is hers today.
    let (old, new) = (
        ask_again(&app, "bob@mail.example").await,
        ask_for_code(&app, "robert@mail.example").await,
    );
    let changed = patch(
        &admin,
        &format!("/users/{}", bob.id),
        json!({ "email": "robert@mail.example" }),
    )
    .await;
    assert_eq!(changed.0, 200, "{}", changed.1);
    bob.get("/auth/sessions").await.expect_code(401, "signed_out");
    for (email, code) in [("bob@mail.example", &old), ("robert@mail.example", &new)] {
        app.call(Method::POST, "/auth/sessions", Some(sign_in(email, code)))
            .await
            .expect_code(401, "otp_invalid");
    }
    // Whoever reads the old mailbox is somebody new; whoever reads the new one is he.
    assert_ne!(app.sign_in("bob@mail.example").await.id, bob.id);
    let code = ask_again(&app, "robert@mail.example").await;
    let body = sign_in("robert@mail.example", &code);
    let signed_in = app.call(Method::POST, "/auth/sessions", Some(body)).await.expect(201);
    assert_eq!(signed_in.body["user"]["id"], json!(bob.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn s41_admin_another_users_id_is_answered_like_an_unknown_one_where_she_may_not_be_seen() {
    let app = TestApp::start().await;
    let admin = app.sign_in("alice@mail.example").await;
    let bob = app.sign_in("bob@mail.example").await;
    // May change and remove users, but neither see them nor match the admin.
    let helper = helper(&app, &admin, &["users:update", "users:delete"]).await;
    let nobody = "01890000-0000-7000-8000-000000000000";
    let before = snapshot(&app).await;
    for (caller, target) in [
        (&bob, &admin.id),
        (&bob, &helper.id),
        (&bob, &bob.id),
        (&helper, &admin.id),
    ] {
        for (method, body) in [
            (Method::GET, Value::Null),
            (Method::PATCH, json!({ "email": "mallory@mail.example" })),
            (Method::PATCH, json!({ "roles": ["user"] })),
            (Method::DELETE, Value::Null),
        ] {
            let ask = async |id: &str| {
                let body = Some(body.clone()).filter(|body| !body.is_null());
                let answer = caller.call(method.clone(), &format!("/users/{id}"), body).await;
                (answer.status, answer.text)
            };
            let (known, unknown, nonsense) = (ask(target).await, ask(nobody).await, ask("nonsense").await);
            assert!([403, 404].contains(&known.0), "{method}: {known:?}");
            assert_eq!(known, unknown, "{method}");
            assert_eq!(known, nonsense, "{method}");
        }
    }
    assert_eq!(snapshot(&app).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn s43_admin_no_body_sets_a_member_that_it_is_not_for() {
    let app = TestApp::start().await;
    let admin = app.person("alice").await;
    let bob = app.person("bob").await;
    admin
        .post("/users/roles", json!({ "name": "Helper" }))
        .await
        .expect(200);
    let before = snapshot(&app).await;
    let of_user = [
        ("id", json!(admin.id)),
        ("role", json!("admin")),
        ("roles", json!(["admin"])),
        ("permissions", json!(["users:delete"])),
        ("email", json!("mallory@mail.example")),
        ("emailKey", json!("mallory@mail.example")),
        ("kmVersion", json!(7)),
        ("signingKey", json!(null)),
        ("alias", json!("mallory")),
        ("disabledAt", json!(null)),
        ("createdAt", json!("2026-04-20T12:00:00.000Z")),
        ("onboardingCompletedAt", json!("2026-04-20T12:00:00.000Z")),
        ("sessionCount", json!(0)),
        ("userId", json!(admin.id)),
        ("isDefault", json!(true)),
        ("users", json!([bob.id])),
    ];
    let (a_user, a_role) = (format!("/users/{}", bob.id), "/users/roles/helper");
    let invitation = json!({ "firstName": "C", "lastName": "D", "email": "carol@mail.example" });
    let confirm = json!({ "confirm": "erase-all-my-data" });
    // Each body as it would be taken, and those of the members above that it is for.
    let bodies: [(Method, &str, Value, &[&str]); 12] = [
        (Method::POST, "/users", invitation, &["role", "roles", "email"]),
        (Method::PATCH, &a_user, json!({ "firstName": "B" }), &["roles", "email"]),
        (
            Method::POST,
            "/users/roles",
            json!({ "name": "New" }),
            &["id", "permissions"],
        ),
        (Method::PATCH, a_role, json!({ "name": "New" }), &[]),
        (
            Method::PUT,
            "/users/roles/helper/permissions",
            json!({ "permissions": [] }),
            &["permissions"],
        ),
        (Method::PATCH, "/users/me/profile", json!({ "firstName": "A" }), &[]),
        (
            Method::PATCH,
            "/users/me/alias",
            json!({ "alias": "alice" }),
            &["alias"],
        ),
        (
            Method::PUT,
            "/users/me/preferences",
            json!({ "language": "de-CH" }),
            &[],
        ),
        (Method::POST, "/users/me/identity/reset", confirm, &[]),
        (Method::DELETE, "/auth/sessions/others", json!({ "deviceId": "x" }), &[]),
        (
            Method::POST,
            "/auth/verify",
            json!({ "email": "bob@mail.example" }),
            &["email"],
        ),
        (
            Method::POST,
            "/auth/sessions",
            sign_in("bob@mail.example", "00000000"),
            &["email"],
        ),
    ];
    for (method, path, body, meant) in bodies {
        for (member, value) in &of_user {
            if meant.contains(member) {
                continue;
            }
            let mut body = body.clone();
            body[member] = value.clone();
            let answer = admin.call(method.clone(), path, Some(body)).await;
            assert_eq!(
                (answer.status, answer.code()),
                (422, "invalid_body"),
                "{method} {path} took {member}"
            );
        }
    }
    assert_eq!(snapshot(&app).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn s43_admin_nobody_makes_herself_more_than_she_is_by_any_member_that_a_body_is_for() {
    let app = TestApp::start().await;
    let admin = app.sign_in("alice@mail.example").await;
    let everything_but = [
        "users:read",
        "users:create",
        "users:update",
        "roles:read",
        "roles:create",
        "roles:write",
        "roles:delete",
        "permissions:read",
    ];
    let helper = helper(&app, &admin, &everything_but).await;
    let own = format!("/users/{}", helper.id);
    let new = |role: &str| json!({ "firstName": "", "lastName": "", "email": "me2@mail.example", "role": role });
    let more: Vec<&str> = everything_but.into_iter().chain(["users:delete"]).collect();
    let before = snapshot(&app).await;
    for (method, path, body) in [
        (Method::PATCH, own.as_str(), json!({ "roles": ["admin"] })),
        (Method::PATCH, own.as_str(), json!({ "roles": ["helper", "alpha"] })),
        (
            Method::PATCH,
            &format!("/users/{}", admin.id),
            json!({ "email": "helper2@mail.example" }),
        ),
        (
            Method::PATCH,
            &format!("/users/{}", admin.id),
            json!({ "roles": ["user"] }),
        ),
        (Method::POST, "/users", new("admin")),
        (Method::POST, "/users", new("alpha")),
        (
            Method::POST,
            "/users/roles",
            json!({ "name": "More", "permissions": ["users:delete"] }),
        ),
        (
            Method::PUT,
            "/users/roles/helper/permissions",
            json!({ "permissions": more }),
        ),
    ] {
        let answer = helper.call(method.clone(), path, Some(body.clone())).await;
        assert_eq!(answer.status, 403, "{method} {path} {body}: {}", answer.text);
    }
    assert_eq!(snapshot(&app).await, before);
}
