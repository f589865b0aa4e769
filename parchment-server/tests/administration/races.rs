//! Two at once.

use reqwest::Method;
use serde_json::{Value, json};

use super::{delete, patch, roles_of, set_roles, with};
use crate::support::{
    app::{Answer, Person, TestApp, answer},
    crowd::{at_once, read_then_write},
};

/// A request of a person that can run beside others of hers.
fn request(
    person: &Person<'_>,
    method: Method,
    path: String,
    body: Value,
) -> impl Future<Output = Answer> + Send + use<> {
    let request = person.app.http.request(method, person.app.url(&path));
    let request = request
        .bearer_auth(&person.token)
        .header("content-type", "application/json");
    answer(request.body(body.to_string()))
}

async fn two_admins(app: &TestApp) -> (Person<'_>, Person<'_>) {
    let (alice, bob) = (
        app.sign_in("alice@mail.example").await,
        app.sign_in("bob@mail.example").await,
    );
    set_roles(&alice, &bob, &["admin"]).await;
    (alice, bob)
}

/// Who of two is an admin still.
async fn admins_left<'a>(alice: &'a Person<'a>, bob: &'a Person<'a>) -> Vec<&'a str> {
    let mut left = Vec::new();
    for person in [alice, bob] {
        let held = person.get("/auth/sessions/current/permissions").await;
        if held.status == 200 && held.body["roles"] == json!(["admin"]) {
            left.push(person.id.as_str());
        }
    }
    left
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_demotions_of_two_admins_by_each_other_one_admin_is_left() {
    let app = TestApp::start().await;
    let (alice, bob) = two_admins(&app).await;
    let demotions: Vec<_> = (0..100)
        .map(|n| {
            let (by, of) = if n % 2 == 0 { (&alice, &bob) } else { (&bob, &alice) };
            request(
                by,
                Method::PATCH,
                format!("/users/{}", of.id),
                json!({ "roles": ["user"] }),
            )
        })
        .collect();
    let answers = at_once(demotions.into_iter()).await;
    assert!(answers.iter().any(|answer| answer.status == 200));
    assert!(
        answers.iter().all(|answer| [200, 403].contains(&answer.status)),
        "{answers:?}"
    );
    assert_eq!(admins_left(&alice, &bob).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_resignations_of_two_admins_the_last_is_refused() {
    let app = TestApp::start().await;
    let (alice, bob) = two_admins(&app).await;
    let resignations: Vec<_> = (0..100)
        .map(|n| {
            let of = if n % 2 == 0 { &alice } else { &bob };
            request(
                of,
                Method::PATCH,
                format!("/users/{}", of.id),
                json!({ "roles": ["user"] }),
            )
        })
        .collect();
    let answers = at_once(resignations.into_iter()).await;
    let seen: Vec<(u16, &str)> = answers.iter().map(|answer| (answer.status, answer.code())).collect();
    assert_eq!(seen.iter().filter(|seen| **seen == (200, "")).count(), 1);
    assert!(seen.contains(&(409, "last_admin")), "{seen:?}");
    assert_eq!(admins_left(&alice, &bob).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_admins_who_remove_each_other_one_is_left() {
    let app = TestApp::start().await;
    let (alice, bob) = two_admins(&app).await;
    let removals: Vec<_> = (0..100)
        .map(|n| {
            let (by, of) = if n % 2 == 0 { (&alice, &bob) } else { (&bob, &alice) };
            request(by, Method::DELETE, format!("/users/{}", of.id), Value::Null)
        })
        .collect();
    let answers = at_once(removals.into_iter()).await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 204).count(),
        1,
        "{answers:?}"
    );
    assert_eq!(admins_left(&alice, &bob).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_admin_can_neither_resign_nor_remove_herself() {
    let app = TestApp::start().await;
    let (alice, bob) = two_admins(&app).await;
    set_roles(&alice, &bob, &["alpha"]).await;
    patch(&alice, &alice.id, json!({ "roles": ["user"] }))
        .await
        .expect_code(409, "last_admin");
    patch(&alice, &alice.id, json!({ "roles": [] }))
        .await
        .expect_code(409, "last_admin");
    delete(&alice, &format!("/users/{}", alice.id))
        .await
        .expect_code(409, "last_admin");
    assert_eq!(roles_of(&alice, &alice.id).await, ["admin"]);
    // With another one she can.
    set_roles(&alice, &bob, &["admin"]).await;
    delete(&alice, &format!("/users/{}", alice.id)).await.expect(204);
    alice.get("/users").await.expect_code(401, "signed_out");
    patch(&bob, &bob.id, json!({ "roles": ["user"] }))
        .await
        .expect_code(409, "last_admin");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_invitations_of_one_address_make_one_user() {
    let app = TestApp::start().await;
    let admin = app.sign_in("alice@mail.example").await;
    let spellings = ["carol@mail.example", "Carol@mail.example", "CAROL@MAIL.EXAMPLE"];
    let invitations: Vec<_> = (0..100)
        .map(|n| {
            let body = json!({ "firstName": "", "lastName": "", "email": spellings[n % 3] });
            request(&admin, Method::POST, "/users".to_owned(), body)
        })
        .collect();
    let answers = at_once(invitations.into_iter()).await;
    let count = |seen: (u16, &str)| {
        answers
            .iter()
            .filter(|answer| (answer.status, answer.code()) == seen)
            .count()
    };
    assert_eq!((count((200, "")), count((409, "email_taken"))), (1, 99));
    assert_eq!(admin.get("/users").await.expect(200).body["total"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_changes_to_one_address_succeed_for_one_user() {
    let app = TestApp::start().await;
    let admin = app.sign_in("alice@mail.example").await;
    let mut people = Vec::new();
    for n in 0..10 {
        let body = json!({ "firstName": "", "lastName": "", "email": format!("user{n}@mail.example") });
        let made = admin.post("/users", body).await.expect(200).body;
        people.push(made["id"].as_str().unwrap().to_owned());
    }
    let changes: Vec<_> = (0..100)
        .map(|n| {
            let body = json!({ "email": "one@mail.example" });
            request(&admin, Method::PATCH, format!("/users/{}", people[n % 10]), body)
        })
        .collect();
    let answers = at_once(changes.into_iter()).await;
    let (done, taken): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    // The one who got it gets it again, with nothing to change.
    assert_eq!((done.len(), taken.len()), (10, 90));
    assert!(taken.iter().all(|answer| answer.code() == "email_taken"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_demoted_while_her_request_waits_does_not_act_any_more() {
    let app = TestApp::start().await;
    let admin = app.sign_in("alice@mail.example").await;
    let all = [
        "users:read",
        "users:create",
        "users:update",
        "users:delete",
        "roles:create",
        "roles:write",
        "roles:delete",
    ];
    let carol = app.sign_in("carol@mail.example").await;
    let bob = with(&app, &admin, "bob", &all).await;
    super::make_role(&admin, "weak", &["users:read"]).await;
    let invite = json!({ "firstName": "", "lastName": "", "email": "new@mail.example" });
    for (method, path, body) in [
        (Method::POST, "/users".to_owned(), invite),
        (
            Method::PATCH,
            format!("/users/{}", carol.id),
            json!({ "firstName": "Mallory" }),
        ),
        (Method::DELETE, format!("/users/{}", carol.id), json!({})),
        (Method::POST, "/users/roles".to_owned(), json!({ "name": "New" })),
        (Method::PATCH, "/users/roles/weak".to_owned(), json!({ "name": "New" })),
        (
            Method::PUT,
            "/users/roles/weak/permissions".to_owned(),
            json!({ "permissions": [] }),
        ),
        (Method::DELETE, "/users/roles/weak".to_owned(), json!({})),
    ] {
        let demote = patch(&admin, &bob.id, json!({ "roles": ["user"] }));
        let act = bob.call(method.clone(), &path, Some(body));
        let (demoted, acted) = read_then_write(&app, demote, act).await;
        demoted.expect(200);
        acted.expect_code(403, "forbidden");
        set_roles(&admin, &bob, &["user", "bobs-role"]).await;
    }
    let users = admin.get("/users").await.expect(200).body;
    assert_eq!(
        (&users["total"], &users["data"][1]["firstName"]),
        (&json!(3), &Value::Null)
    );
    let weak = admin.get("/users/roles/weak").await.expect(200).body;
    assert_eq!(
        (&weak["name"], weak["permissions"].as_array().unwrap().len()),
        (&json!("weak"), 1)
    );
}
