use serde_json::{Value, json};

use super::{authenticator, visitor::Visitor};
use crate::support::{app::TestApp, rows};

/// A page whose browser has an authenticator, with alice signed in by code.
async fn alice(app: &TestApp) -> Option<(Visitor<'_>, String)> {
    let alice = Visitor::open(app).await?;
    authenticator::enable(&alice.browser).await;
    let device = authenticator::plug_in(&alice.browser, "internal").await;
    alice.browser.reload().await;
    alice.signs_in("alice@mail.example").await;
    Some((alice, device))
}

async fn adds_a_passkey(alice: &Visitor<'_>, name: &str) {
    alice.types("#passkey-name", name).await;
    alice.click("#passkey-form button").await;
    alice.reads("#notice", "The passkey is added").await;
    alice.reads("#passkeys", name).await;
}

async fn signs_in_by_passkey(alice: &Visitor<'_>) {
    alice.click("#sign-out").await;
    alice.click("#sign-in-passkey").await;
    alice.sees("#signed-in").await;
    alice.reads("#greeting", "alice@mail.example").await;
}

/// The last body that the page sent to a path.
async fn sent(alice: &Visitor<'_>, path: &str) -> Value {
    let script = format!(
        "return window.sent.filter((one) => one.path === {}).at(-1).body;",
        json!(path)
    );
    alice.browser.run(&script).await
}

const REGISTER: &str = "/auth/passkeys/register/verify";
const SIGN_IN: &str = "/auth/passkeys/authenticate/verify";

#[tokio::test(flavor = "multi_thread")]
async fn a_person_adds_a_passkey_signs_out_and_signs_in_by_touch() {
    let app = TestApp::start().await;
    let Some((alice, _)) = alice(&app).await else { return };
    adds_a_passkey(&alice, "My laptop").await;
    signs_in_by_passkey(&alice).await;
    alice.reads("#passkeys", "My laptop").await;
    alice
        .browser
        .run("document.querySelector('#passkeys-title').scrollIntoView();")
        .await;
    alice.picture("passkeys.png").await;

    let ceremonies = alice.browser.run("return window.ceremonies;").await;
    let ceremonies = ceremonies.as_array().unwrap();
    assert_eq!(
        ceremonies.iter().map(|one| &one["kind"]).collect::<Vec<_>>(),
        ["create", "get"]
    );
    let output = |index: usize| ceremonies[index]["prf"].as_str().unwrap_or_default();
    assert_eq!(output(0).split(',').count(), 32, "{ceremonies:?}");
    assert_eq!(output(0), output(1), "one output in both ceremonies");
    // It stays in the browser.
    for path in [REGISTER, SIGN_IN] {
        let body = sent(&alice, path).await;
        assert_eq!(body.pointer("/clientExtensionResults/prf/results"), None, "{body}");
    }
    alice.was_left_in_peace().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_passkey_is_for_another_device_and_either_can_be_removed() {
    let app = TestApp::start().await;
    let Some((alice, first)) = alice(&app).await else {
        return;
    };
    adds_a_passkey(&alice, "My laptop").await;
    alice.types("#passkey-name", "Again").await;
    alice.click("#passkey-form button").await;
    alice.reads("#notice.error", "has a passkey of yours already").await;

    authenticator::unplug(&alice.browser, &first).await;
    authenticator::plug_in(&alice.browser, "usb").await;
    adds_a_passkey(&alice, "My key").await;
    alice
        .browser
        .wait_for("document.querySelectorAll('#passkeys li').length === 2")
        .await;
    signs_in_by_passkey(&alice).await;

    alice
        .click("#passkeys button[aria-label='Remove the passkey My key']")
        .await;
    alice.browser.accept_dialog().await;
    alice.reads("#notice", "removed").await;
    alice
        .browser
        .wait_for("document.querySelectorAll('#passkeys li').length === 1")
        .await;
    alice.click("#sign-out").await;
    alice.click("#sign-in-passkey").await;
    alice.sees("#notice.error").await;
    alice.sees_no("#signed-in").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_another_host_no_passkey_is_offered_and_none_is_taken() {
    let app = TestApp::start().await;
    let Some((alice, _)) = alice(&app).await else { return };
    adds_a_passkey(&alice, "My laptop").await;
    signs_in_by_passkey(&alice).await;
    let assertion = sent(&alice, SIGN_IN).await;

    // The same server by another name: not the host that passkeys are bound to.
    alice.browser.open(&format!("{}/", app.url(""))).await;
    alice.sees("#ask").await;
    alice.sees_no("#sign-in-passkey").await;
    let tried = "return navigator.credentials.get({ publicKey: { challenge: new Uint8Array(32), rpId: 'localhost' } }) \
                 .then(() => 'taken', (error) => error.name);";
    assert_eq!(alice.browser.run(tried).await, json!("SecurityError"));
    let (status, _) = alice.posts(SIGN_IN, &assertion).await;
    assert_eq!(status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_once_is_worth_nothing_again() {
    let app = TestApp::start().await;
    let Some((alice, _)) = alice(&app).await else { return };
    adds_a_passkey(&alice, "My laptop").await;
    let registration = sent(&alice, REGISTER).await;
    signs_in_by_passkey(&alice).await;
    let assertion = sent(&alice, SIGN_IN).await;
    let (status, body) = alice.posts(SIGN_IN, &assertion).await;
    assert_eq!((status, &body["code"]), (401, &json!("challenge_not_found")));
    let (status, _) = alice.posts(REGISTER, &registration).await;
    assert_eq!(status, 401);
    // Nor is the old answer worth anything for a new challenge.
    let (status, _) = alice.posts("/auth/passkeys/authenticate/options", &json!({})).await;
    assert!([200, 400, 415, 422].contains(&status), "{status}");
    let (status, _) = alice.posts(SIGN_IN, &assertion).await;
    assert_eq!(status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_passkey_is_noticed_by_its_counter() {
    let app = TestApp::start().await;
    let Some((alice, device)) = alice(&app).await else {
        return;
    };
    adds_a_passkey(&alice, "My laptop").await;
    let copied = authenticator::credentials(&alice.browser, &device).await.remove(0);
    for _ in 0..3 {
        signs_in_by_passkey(&alice).await;
    }
    alice.click("#sign-out").await;
    alice.sees("#ask").await;
    let sessions = rows::count::<parchment_server::store::entities::sessions::Entity>(&app).await;
    authenticator::unplug(&alice.browser, &device).await;
    let copy = authenticator::plug_in(&alice.browser, "internal").await;
    authenticator::copy(&alice.browser, &copy, &copied).await;
    alice.click("#sign-in-passkey").await;
    alice.sees("#notice.error").await;
    alice.sees_no("#signed-in").await;
    assert_eq!(
        rows::count::<parchment_server::store::entities::sessions::Entity>(&app).await,
        sessions
    );
}
