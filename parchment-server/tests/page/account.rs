use serde_json::json;

use super::visitor::Visitor;
use crate::support::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_by_code_becomes_somebody_and_signs_out() {
    let app = TestApp::start().await;
    let Some(alice) = Visitor::open(&app).await else { return };
    alice.sees("#sign-in-title").await;
    alice.picture("sign-in.png").await;
    alice.signs_in("alice@mail.example").await;
    alice.reads("#greeting", "alice@mail.example").await;
    alice.reads("#handle", "Set an alias").await;

    alice.types("#alias", "alice").await;
    alice.click("#alias-form button").await;
    alice.reads("#notice", &format!("alice@{}", app.id)).await;
    alice.reads("#handle", &format!("alice@{}", app.id)).await;
    alice.types("#first-name", "Alice <b>").await;
    alice.click("#profile-form button").await;
    alice.reads("#notice", "saved").await;
    alice.reads("#greeting", "Alice <b>").await;

    alice.click("#sign-out").await;
    alice.sees("#ask").await;
    alice.sees_no("#signed-in").await;
    alice.was_left_in_peace().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_said_and_nothing_is_lost() {
    let app = TestApp::start().await;
    let Some(alice) = Visitor::open(&app).await else { return };
    alice.types("#email", "alice@mail.example").await;
    alice.click("#ask button").await;
    alice.types("#code", "00000000").await;
    let code = app.code_for("alice@mail.example").await;
    if code == "00000000" {
        return;
    }
    alice.click("#redeem button[type=submit]").await;
    alice.reads("#notice.error", "wrong").await;
    alice.types("#code", &code).await;
    alice.click("#redeem button[type=submit]").await;
    alice.sees("#signed-in").await;

    app.person("taken").await;
    alice.types("#alias", "Taken").await;
    alice.click("#alias-form button").await;
    alice.sees("#notice.error").await;
    alice.reads("#handle", "Set an alias").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn she_sees_where_she_is_signed_in_and_ends_what_she_does_not_know() {
    let app = TestApp::start().await;
    let Some(alice) = Visitor::open(&app).await else { return };
    alice.signs_in("alice@mail.example").await;
    let elsewhere = app.sign_in("alice@mail.example").await;
    alice.browser.reload().await;
    alice
        .browser
        .wait_for("document.querySelectorAll('#sessions li').length === 2")
        .await;
    alice.reads("#sessions", "this one").await;
    alice.click("#sessions button").await;
    alice
        .browser
        .wait_for("document.querySelectorAll('#sessions li').length === 1")
        .await;
    elsewhere.get("/users/me/identity").await.expect(401);

    let elsewhere = app.sign_in("alice@mail.example").await;
    alice.browser.reload().await;
    alice.click("#sign-out-everywhere").await;
    alice.browser.accept_dialog().await;
    alice.sees("#ask").await;
    elsewhere.get("/users/me/identity").await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn friends_see_the_same_safety_number() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    alice.invite(bob.handle()).await.expect(200);
    let id = bob.incoming().await.remove(0);
    bob.accept(&id, alice.handle()).await.expect(200);
    let mut numbers = Vec::new();
    for email in ["alice@mail.example", "bob@mail.example"] {
        let Some(visitor) = Visitor::open(&app).await else {
            return;
        };
        visitor.signs_in(email).await;
        visitor.sees("#friends .number").await;
        numbers.push(
            visitor
                .browser
                .run("return document.querySelector('#friends .number').innerText;")
                .await,
        );
        visitor.picture("account.png").await;
    }
    assert_eq!(numbers[0], numbers[1]);
    let number = parchment_core::safety::SafetyNumber::between(&alice.key.verifying_key(), &bob.key.verifying_key());
    assert_eq!(numbers[0], json!(number.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_can_be_used_by_keyboard_and_has_a_name_for_everything() {
    let app = TestApp::start().await;
    let Some(alice) = Visitor::open(&app).await else { return };
    alice.signs_in("alice@mail.example").await;
    let nameless = "const named = (element) => element.innerText.trim() || element.getAttribute('aria-label') \
                    || element.labels?.length > 0; \
                    return Array.from(document.querySelectorAll('button, input, a')).filter((one) => !named(one)) \
                    .map((one) => one.outerHTML);";
    assert_eq!(alice.browser.run(nameless).await, json!([]));
    let skipped = "const levels = Array.from(document.querySelectorAll('h1, h2, h3')).filter((one) => one.checkVisibility()) \
                   .map((one) => Number(one.tagName[1])); \
                   return levels[0] === 1 && levels.every((level, at) => at === 0 || level <= levels[at - 1] + 1);";
    assert_eq!(alice.browser.run(skipped).await, json!(true));
    assert_eq!(
        alice.browser.run("return document.documentElement.lang;").await,
        json!("en")
    );
}
