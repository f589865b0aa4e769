use parchment_server::{
    config::{Registration, Switch},
    store::entities::{user_roles, users},
};
use serde_json::{Value, json};

use super::{new_code, new_code_in, redeem, verify};
use crate::support::{app::TestApp, rows};

async fn by_invitation() -> TestApp {
    TestApp::start_with(|settings| {
        settings.registration = Registration::Invite;
        settings.rate_limits = Switch::Off;
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_very_first_user_is_the_admin_and_the_others_are_users() {
    let app = TestApp::start().await;
    let mut expected = Vec::new();
    for (email, role) in [
        ("first@mail.example", "admin"),
        ("second@mail.example", "user"),
        ("third@mail.example", "user"),
    ] {
        // Coming back changes nothing.
        for _ in 0..2 {
            let code = new_code(&app, email).await;
            let user = redeem(&app, email, &code).await.expect(201).body["user"].clone();
            expected.push((user["id"].as_str().unwrap().to_owned(), role.to_owned()));
        }
    }
    let mut roles: Vec<(String, String)> = rows::all::<user_roles::Entity>(&app)
        .await
        .into_iter()
        .map(|row| (row.user_id.to_string(), row.role))
        .collect();
    roles.sort();
    expected.sort();
    expected.dedup();
    assert_eq!(roles, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_user_has_all_members_and_most_of_them_null() {
    let app = TestApp::start().await;
    let code = new_code(&app, "alice@mail.example").await;
    let user = redeem(&app, "alice@mail.example", &code).await.expect(201).body["user"].clone();
    let expected = json!({
        "id": user["id"].as_str().unwrap(),
        "email": "alice@mail.example",
        "firstName": null,
        "lastName": null,
        "picture": null,
        "alias": null,
        "signingKey": null,
        "encryptionKey": null,
        "kmVersion": 1,
        "onboardingCompletedAt": null,
        "createdAt": user["createdAt"].as_str().unwrap(),
        "updatedAt": user["updatedAt"].as_str().unwrap(),
    });
    assert_eq!(user, expected);
    let time = user["createdAt"].as_str().unwrap();
    assert!(
        time.len() == "2026-01-01T00:00:00.000Z".len() && time.ends_with('Z'),
        "{time}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn by_invitation_the_very_first_may_come_and_then_only_who_is_known() {
    let app = by_invitation().await;
    let code = new_code(&app, "first@mail.example").await;
    redeem(&app, "first@mail.example", &code).await.expect(201);
    verify(&app, "second@mail.example").await.expect(201);
    let code = new_code_in(&app, "first@mail.example", "First@mail.example").await;
    redeem(&app, "first@mail.example", &code).await.expect(201);
    assert!(app.mailed_codes("second@mail.example").is_empty());
    assert_eq!(rows::count::<users::Entity>(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_invitation_of_two_who_got_a_code_before_there_was_anybody_one_comes_in() {
    let app = by_invitation().await;
    let (first, second) = (
        new_code(&app, "first@mail.example").await,
        new_code(&app, "second@mail.example").await,
    );
    let (one, other) = tokio::join!(
        redeem(&app, "first@mail.example", &first),
        redeem(&app, "second@mail.example", &second)
    );
    let mut seen = [(one.status, one.code()), (other.status, other.code())];
    seen.sort_unstable();
    assert_eq!(seen, [(201, ""), (401, "otp_invalid")]);
    let roles: Vec<Value> = rows::all::<user_roles::Entity>(&app)
        .await
        .into_iter()
        .map(|row| json!(row.role))
        .collect();
    assert_eq!(roles, [json!("admin")]);
    assert_eq!(rows::count::<users::Entity>(&app).await, 1);
}
