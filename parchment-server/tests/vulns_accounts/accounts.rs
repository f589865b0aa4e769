//! Statements 39 and 49: when an address becomes an account, and an alias somebody's.

use super::common::*;
use crate::support::database;

#[tokio::test(flavor = "multi_thread")]
async fn s39_asking_for_a_code_makes_no_account() {
    let app = TestApp::start().await;
    ask_for_code(&app, "alice@mail.example").await;
    assert_eq!(rows::count::<users::Entity>(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_first_people_at_once_make_one_admin() {
    let app = TestApp::start().await;
    let mut bodies = Vec::new();
    for n in 0..50 {
        let email = format!("somebody{n}@mail.example");
        let code = ask_for_code(&app, &email).await;
        bodies.push(sign_in(&email, &code));
    }
    let statuses = post_at_once(&app, "/auth/sessions", bodies.into_iter()).await;
    assert_eq!(statuses, [(201, 50)].into());
    let roles = rows::all::<user_roles::Entity>(&app).await;
    let count = |role: &str| roles.iter().filter(|row| row.role == role).count();
    assert_eq!((count("admin"), count("user"), roles.len()), (1, 49, 50));
    if database::on_postgres() {
        // They come at the same time there: the first is the one whose transaction was, and only it knows.
        return;
    }
    let first = rows::all::<users::Entity>(&app)
        .await
        .into_iter()
        .min_by_key(|user| (user.created_at, user.id));
    let admin = roles.iter().find(|row| row.role == "admin").unwrap().user_id;
    assert_eq!(first.unwrap().id, admin);
}

#[tokio::test(flavor = "multi_thread")]
async fn s39_a_new_address_that_signs_in_from_many_places_at_once_is_one_user() {
    let app = TestApp::start().await;
    for _ in 0..5 {
        // Mail goes to the address of the account, in the spelling that made it.
        let known = rows::all::<users::Entity>(&app).await.pop();
        let mailbox = known.map_or_else(|| "alice@mail.example".to_owned(), |user| user.email);
        let code = ask_for_code(&app, &mailbox).await;
        let spellings = ["alice@mail.example", "Alice@mail.example", "ALICE@MAIL.EXAMPLE"];
        let bodies = (0..30).map(|n| sign_in(spellings[n % 3], &code));
        post_at_once(&app, "/auth/sessions", bodies).await;
        rows::change(&app, "DELETE FROM login_codes").await;
        fs::remove_dir_all(app.folder.path().join("mail")).unwrap();
        fs::create_dir(app.folder.path().join("mail")).unwrap();
    }
    assert_eq!(rows::count::<users::Entity>(&app).await, 1);
    assert_eq!(rows::count::<sessions::Entity>(&app).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn s49_of_people_who_take_an_alias_in_all_its_spellings_at_once_one_gets_it() {
    let app = TestApp::start().await;
    let spellings = ["carol", "Carol", "CAROL", "cArOl", "caroL", "CaRoL", "cAROl", "carOl"];
    let mut people = Vec::new();
    for n in 0..spellings.len() {
        people.push(app.sign_in(&format!("somebody{n}@mail.example")).await);
    }
    let taking = people.iter().zip(spellings).map(|(person, spelling)| {
        let body = json!({ "alias": spelling });
        person.call(Method::PATCH, "/users/me/alias", Some(body))
    });
    let answers = futures_util::future::join_all(taking).await;
    let taken: Vec<_> = answers.iter().map(|answer| (answer.status, answer.code())).collect();
    let count = |what: (u16, &str)| taken.iter().filter(|answer| **answer == what).count();
    assert_eq!((count((200, "")), count((409, "alias_taken"))), (1, 7), "{taken:?}");
    let winner = taken.iter().position(|answer| answer.0 == 200).unwrap();
    people[winner].register_keys().await;
    for (number, spelling) in spellings.into_iter().enumerate() {
        let published = app
            .call(Method::GET, &format!("/.well-known/user/{spelling}"), None)
            .await;
        let expected = if number == winner { 200 } else { 404 };
        assert_eq!(published.status, expected, "{spelling}");
    }
    let rows = rows::all::<users::Entity>(&app).await;
    assert_eq!(
        rows.iter()
            .filter(|user| user.alias_key.as_deref() == Some("carol"))
            .count(),
        1
    );
}
