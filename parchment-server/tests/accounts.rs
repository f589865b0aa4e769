//! A person's account: profile, preferences, first steps, and whether an alias is free.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::app::{Person, TestApp};

async fn user(person: &Person<'_>) -> Value {
    person.get("/auth/sessions/current").await.expect(200).body["user"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_profile_a_value_sets_null_clears_and_absence_leaves() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    let change = async |body: Value| {
        let answer = alice
            .call(Method::PATCH, "/users/me/profile", Some(body))
            .await
            .expect(200);
        assert_eq!(answer.body, json!({ "success": true }));
        let user = user(&alice).await;
        [
            user["firstName"].clone(),
            user["lastName"].clone(),
            user["picture"].clone(),
        ]
    };
    let picture = "https://home.example/alice.png";
    let all = json!({ "firstName": "Alice", "lastName": "Liddell", "picture": picture });
    assert_eq!(change(all).await, [json!("Alice"), json!("Liddell"), json!(picture)]);
    assert_eq!(
        change(json!({})).await,
        [json!("Alice"), json!("Liddell"), json!(picture)]
    );
    assert_eq!(
        change(json!({ "lastName": null })).await,
        [json!("Alice"), Value::Null, json!(picture)]
    );

    let published = app.call(Method::GET, "/.well-known/user/alice", None).await.expect(200);
    assert_eq!(
        (&published.body["name"], &published.body["picture"]),
        (&json!("Alice"), &json!(picture))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_takes_texts_of_a_reasonable_kind_only() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    for body in [
        json!({ "firstName": 7 }),
        json!({ "firstName": "a\nb" }),
        json!({ "lastName": "x".repeat(101) }),
        json!({ "picture": "x".repeat(2049) }),
        json!({ "role": "admin" }),
        json!({ "kmVersion": 2 }),
        json!([]),
    ] {
        alice
            .call(Method::PATCH, "/users/me/profile", Some(body))
            .await
            .expect_code(422, "invalid_body");
    }
    assert_eq!(user(&alice).await["firstName"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn preferences_have_defaults_and_keep_what_is_not_named() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    let path = "/users/me/preferences";
    let defaults = json!({ "language": "en-US", "unitSystem": "metric" });
    assert_eq!(alice.get(path).await.expect(200).body, defaults);
    let put = async |body: Value| alice.call(Method::PUT, path, Some(body)).await;
    let swiss = json!({ "language": "de-CH", "unitSystem": "metric" });
    assert_eq!(put(json!({ "language": "de-CH" })).await.expect(200).body, swiss);
    let both = json!({ "language": "de-CH", "unitSystem": "imperial" });
    assert_eq!(put(json!({ "unitSystem": "imperial" })).await.expect(200).body, both);
    assert_eq!(alice.get(path).await.expect(200).body, both);
    assert_eq!(bob.get(path).await.expect(200).body, defaults, "they are hers alone");
    for body in [
        json!({ "language": "not a tag" }),
        json!({ "language": "" }),
        json!({ "language": 1 }),
        json!({ "unitSystem": "parsec" }),
        json!({ "theme": "dark" }),
    ] {
        put(body).await.expect_code(422, "invalid_body");
    }
    assert_eq!(alice.get(path).await.expect(200).body, both);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_steps_are_finished_once() {
    let app = TestApp::start().await;
    let alice = app.person("alice").await;
    assert_eq!(user(&alice).await["onboardingCompletedAt"], Value::Null);
    let path = "/users/me/onboarding/complete";
    let first = alice.call(Method::POST, path, None).await.expect(200).body;
    assert!(first["onboardingCompletedAt"].is_string());
    assert_eq!(alice.call(Method::POST, path, None).await.expect(200).body, first);
    assert_eq!(
        user(&alice).await["onboardingCompletedAt"],
        first["onboardingCompletedAt"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_is_free_unless_somebody_else_has_or_had_it_in_any_spelling() {
    let app = TestApp::start().await;
    let (_alice, bob) = (app.person("Alice").await, app.person("bob").await);
    for (alias, available) in [
        ("carol", true),
        ("alice", false),
        ("ALICE", false),
        ("Bob", true),
        ("ab", false),
        ("a-b-c", false),
        ("", false),
    ] {
        let answer = bob.get(&format!("/users/alias/check?alias={alias}")).await.expect(200);
        assert_eq!(answer.body, json!({ "available": available }), "{alias:?}");
    }
    bob.get("/users/alias/check").await.expect_code(422, "invalid_body");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_person_may_administer_and_others_may_what_accounts_are_for() {
    let app = TestApp::start().await;
    let (first, second) = (app.person("alice").await, app.person("bob").await);
    let path = "/auth/sessions/current/permissions";
    let (first, second) = (
        first.get(path).await.expect(200).body,
        second.get(path).await.expect(200).body,
    );
    assert_eq!(
        (&first["roles"], &second["roles"]),
        (&json!(["admin"]), &json!(["user"]))
    );
    let holds = |body: &Value, id: &str| body["permissions"].as_array().unwrap().contains(&json!(id));
    assert!(holds(&first, "users:delete") && holds(&first, "library:write"));
    assert!(!holds(&second, "users:read") && holds(&second, "library:write"));
    assert_eq!(first["subscription"]["tier"], "premium");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_it_needs_a_session() {
    let app = TestApp::start().await;
    for (method, path) in [
        (Method::PATCH, "/users/me/profile"),
        (Method::GET, "/users/me/preferences"),
        (Method::PUT, "/users/me/preferences"),
        (Method::POST, "/users/me/onboarding/complete"),
        (Method::GET, "/users/alias/check?alias=carol"),
        (Method::GET, "/auth/sessions/current/permissions"),
    ] {
        app.call(method, path, Some(json!({})))
            .await
            .expect_code(401, "signed_out");
    }
}
