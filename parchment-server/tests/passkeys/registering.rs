use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    app::TestApp,
    device::{Device, decode, with_flags, withhold},
    rows,
};

const ALICE: &str = "alice@mail.example";
const BOB: &str = "bob@mail.example";

#[tokio::test(flavor = "multi_thread")]
async fn options_ask_for_a_verified_user_and_a_passkey_that_is_found_without_a_name() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let options = alice.begin_passkey().await;
    assert_eq!(options["rp"], json!({ "id": "localhost", "name": "localhost" }));
    let id: String = decode(&options["user"]["id"])
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(id, alice.id.replace('-', ""));
    assert_eq!(
        (&options["user"]["name"], &options["user"]["displayName"]),
        (&json!(ALICE), &json!(ALICE))
    );
    assert_eq!(decode(&options["challenge"]).len(), 32);
    let algorithms: Vec<_> = options["pubKeyCredParams"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["alg"])
        .collect();
    assert!(
        algorithms.contains(&&json!(-7)) && algorithms.contains(&&json!(-257)),
        "{algorithms:?}"
    );
    let selection = json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "required" });
    assert_eq!(options["authenticatorSelection"], selection);
    assert_eq!(
        (&options["attestation"], &options["timeout"]),
        (&json!("none"), &json!(300_000))
    );
    assert_eq!(options["excludeCredentials"], json!([]));
    let salt = "MeCGtrfvVLrwofC6pnJ60BGjMbNpBl-cDomzyalFoHY";
    assert_eq!(options["extensions"], json!({ "prf": { "eval": { "first": salt } } }));
    assert_ne!(options["challenge"], alice.begin_passkey().await["challenge"]);

    let profile = json!({ "firstName": "Alice", "lastName": "Liddell" });
    alice
        .call(Method::PATCH, "/users/me/profile", Some(profile))
        .await
        .expect(200);
    let options = alice.begin_passkey().await;
    assert_eq!(options["user"]["displayName"], "Alice Liddell");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_passkey_is_listed_and_opens_sessions_until_it_is_deleted() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let device = Device::default();
    let passkey = alice.register(&device).await;
    let members = [
        "id",
        "name",
        "userId",
        "counter",
        "deviceType",
        "backedUp",
        "transports",
        "createdAt",
    ];
    let found: std::collections::BTreeSet<&str> = passkey.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(found, members.into());
    assert_eq!(passkey["userId"], alice.id);
    assert_eq!(passkey["transports"], json!(["hybrid", "internal"]));
    assert_eq!(
        (&passkey["counter"], &passkey["deviceType"]),
        (&json!(0), &json!("multiDevice"))
    );
    assert_eq!(decode(&passkey["id"]), device.newest().credential_id.to_vec());
    assert_eq!(alice.get("/auth/passkeys").await.expect(200).body, json!([passkey]));

    alice.call(Method::DELETE, "/auth/sessions", None).await.expect(204);
    let signed_in = app.sign_in_with(&device).await.expect(201);
    assert_eq!(signed_in.body["user"]["id"], alice.id);
    let token = signed_in.body["token"].as_str().unwrap().to_owned();
    let alice = crate::support::app::Person { token, ..alice };
    assert_eq!(
        alice.get("/auth/passkeys").await.expect(200).body[0]["id"],
        passkey["id"]
    );

    let path = format!("/auth/passkeys/{}", passkey["id"].as_str().unwrap());
    alice.call(Method::DELETE, &path, None).await.expect(204);
    assert_eq!(alice.get("/auth/passkeys").await.expect(200).body, json!([]));
    app.sign_in_with(&device).await.expect_code(401, "passkey_not_found");
    alice
        .call(Method::DELETE, &path, None)
        .await
        .expect_code(404, "not_found");
    alice.get("/auth/sessions").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_holds_a_passkey_makes_no_second_and_another_device_does() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let (laptop, phone) = (Device::default(), Device::default());
    let first = alice.register(&laptop).await;
    let options = alice.begin_passkey().await;
    assert_eq!(options["excludeCredentials"][0]["id"], first["id"]);
    assert_eq!(options["excludeCredentials"][0]["transports"], first["transports"]);
    laptop
        .create(&app.origin(), &options)
        .await
        .expect_err("the passkey is excluded");
    let second = alice.register(&phone).await;
    let listed = alice.get("/auth/passkeys").await.expect(200).body;
    assert_eq!(listed, json!([second, first]));
    for device in [&laptop, &phone] {
        app.sign_in_with(device).await.expect(201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_registered_once_whoever_asks() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.sign_in(ALICE).await, app.sign_in(BOB).await);
    let device = Device::default();
    let options = alice.begin_passkey().await;
    let mut first = device.create(&app.origin(), &options).await.unwrap();
    withhold(&mut first);
    alice.finish_passkey(&first).await.expect(200);
    // Nothing signs an attestation of kind `none`: the same passkey can be claimed under another challenge.
    for person in [&alice, &bob] {
        let options = person.begin_passkey().await;
        let mut again = first.clone();
        let client_data = json!({
            "type": "webauthn.create",
            "challenge": options["challenge"],
            "origin": app.origin(),
            "crossOrigin": false,
        });
        again["response"]["clientDataJSON"] = crate::support::device::encode(client_data.to_string().as_bytes()).into();
        person
            .finish_passkey(&again)
            .await
            .expect_code(401, "passkey_verification_failed");
    }
    assert_eq!(alice.get("/auth/passkeys").await.body.as_array().unwrap().len(), 1);
    assert_eq!(bob.get("/auth/passkeys").await.body, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_called_what_its_user_says_else_after_its_model() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let bitwarden = 0xd548826e_79b4_db40_a3d8_11116f7e8349_u128.to_be_bytes();
    let cases = [
        (Some("  Blue key "), [0; 16], "Blue key"),
        (Some("My vault"), bitwarden, "My vault"),
        (None, bitwarden, "Bitwarden"),
        (Some(" "), bitwarden, "Bitwarden"),
        (None, [0; 16], "Passkey"),
    ];
    for (given, aaguid, expected) in cases {
        let device = Device {
            aaguid,
            ..Device::default()
        };
        let mut answer = device
            .create(&app.origin(), &alice.begin_passkey().await)
            .await
            .unwrap();
        withhold(&mut answer);
        if let Some(name) = given {
            answer["name"] = name.into();
        }
        assert_eq!(alice.finish_passkey(&answer).await.expect(200).body["name"], expected);
    }
    for name in ["a\nb".to_owned(), "x".repeat(101)] {
        let device = Device::default();
        let mut answer = device
            .create(&app.origin(), &alice.begin_passkey().await)
            .await
            .unwrap();
        withhold(&mut answer);
        answer["name"] = name.into();
        alice.finish_passkey(&answer).await.expect_code(422, "invalid_body");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_browsers_add_or_leave_out_make_no_difference() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    for attachment in [None, Some(Value::Null), Some(json!("platform"))] {
        let device = Device::default();
        let mut made = device
            .create(&app.origin(), &alice.begin_passkey().await)
            .await
            .unwrap();
        withhold(&mut made);
        made["fromTheFuture"] = json!({ "a": [1] });
        made["response"]["fromTheFuture"] = json!("b");
        made["clientExtensionResults"]["credProps"] = json!({ "rk": true });
        let mut got = device.get(&app.origin(), &app.begin().await).await.unwrap();
        withhold(&mut got);
        got["fromTheFuture"] = json!(1);
        got["response"]["fromTheFuture"] = json!([]);
        for answer in [&mut made, &mut got] {
            let members = answer.as_object_mut().unwrap();
            members.remove("authenticatorAttachment");
            members.extend(
                attachment
                    .clone()
                    .map(|value| ("authenticatorAttachment".to_owned(), value)),
            );
        }
        alice.finish_passkey(&made).await.expect(200);
        app.finish(&got).await.expect(201);
        for handle in [None, Some(Value::Null)] {
            let mut got = device.get(&app.origin(), &app.begin().await).await.unwrap();
            withhold(&mut got);
            let response = got["response"].as_object_mut().unwrap();
            response.remove("userHandle");
            response.extend(handle.map(|value| ("userHandle".to_owned(), value)));
            app.finish(&got).await.expect(201);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_authenticator_says_is_checked_and_a_refusal_leaves_the_challenge() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let device = Device::default();
    let options = alice.begin_passkey().await;
    let mut right = device.create(&app.origin(), &options).await.unwrap();
    withhold(&mut right);
    let without_verification = with_flags(&right, "localhost", |flags| flags & !0x04);
    let without_presence = with_flags(&right, "localhost", |flags| flags & !0x01);
    let copied_but_not_copyable = with_flags(&right, "localhost", |flags| flags & !0x08);
    let without_passkey = with_flags(&right, "localhost", |flags| flags & !0x40);
    let mut of_another_id = right.clone();
    for member in ["id", "rawId"] {
        of_another_id[member] = "AAAAAAAAAAAAAAAAAAAAAA".into();
    }
    let mut elsewhere = options.clone();
    elsewhere["rp"]["id"] = "other.example".into();
    let mut elsewhere = Device::default()
        .create("https://other.example", &elsewhere)
        .await
        .unwrap();
    withhold(&mut elsewhere);
    let mut hash_of_elsewhere = elsewhere.clone();
    hash_of_elsewhere["response"]["clientDataJSON"] = right["response"]["clientDataJSON"].clone();
    // The server does not know EdDSA.
    let mut ed25519 = options.clone();
    ed25519["pubKeyCredParams"] = json!([{ "type": "public-key", "alg": -8 }]);
    let mut ed25519 = Device::default().create(&app.origin(), &ed25519).await.unwrap();
    withhold(&mut ed25519);
    for wrong in [
        without_verification,
        without_presence,
        copied_but_not_copyable,
        without_passkey,
        of_another_id,
        elsewhere,
        hash_of_elsewhere,
        ed25519,
    ] {
        alice
            .finish_passkey(&wrong)
            .await
            .expect_code(401, "passkey_verification_failed");
    }
    alice.finish_passkey(&right).await.expect(200);
    alice
        .finish_passkey(&right)
        .await
        .expect_code(401, "challenge_not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_a_passkey_can_be_copied_and_was_is_kept_and_renewed() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let device = Device::default();
    let made = device
        .create(&app.origin(), &alice.begin_passkey().await)
        .await
        .unwrap();
    let mut made = with_flags(&made, "localhost", |flags| flags & !0x10);
    withhold(&mut made);
    let passkey = alice.finish_passkey(&made).await.expect(200).body;
    assert_eq!(
        (&passkey["deviceType"], &passkey["backedUp"]),
        (&json!("multiDevice"), &json!(false))
    );
    for (flags, backed_up) in [(0x1d, true), (0x0d, false)] {
        let mut claim = device.claim(&app, &app.begin().await);
        claim.flags = flags;
        app.finish(&device.assert(&claim)).await.expect(201);
        assert_eq!(alice.get("/auth/passkeys").await.body[0]["backedUp"], backed_up);
    }
    // What it can is settled when it is made.
    let mut claim = device.claim(&app, &app.begin().await);
    claim.flags = 0x05;
    app.finish(&device.assert(&claim))
        .await
        .expect_code(401, "passkey_verification_failed");

    let device = Device::default();
    let made = device
        .create(&app.origin(), &alice.begin_passkey().await)
        .await
        .unwrap();
    let mut made = with_flags(&made, "localhost", |flags| flags & !0x18);
    withhold(&mut made);
    let passkey = alice.finish_passkey(&made).await.expect(200).body;
    assert_eq!(
        (&passkey["deviceType"], &passkey["backedUp"]),
        (&json!("singleDevice"), &json!(false))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_users_passkey_is_as_good_as_none() {
    let app = TestApp::start().await;
    let (alice, bob) = (app.sign_in(ALICE).await, app.sign_in(BOB).await);
    let passkey = alice.register(&Device::default()).await;
    bob.register(&Device::default()).await;
    let hers = passkey["id"].as_str().unwrap();
    for id in [hers, "AAAAAAAAAAAAAAAAAAAAAA", "no base64url", "%00", "~"] {
        let path = format!("/auth/passkeys/{id}");
        bob.call(Method::DELETE, &path, None)
            .await
            .expect_code(404, "not_found");
        let path = format!("/auth/passkeys/{id}/prf-enroll/options");
        bob.call(Method::POST, &path, None).await.expect_code(404, "not_found");
    }
    assert_eq!(alice.get("/auth/passkeys").await.body, json!([passkey]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_whose_session_ends_meanwhile_registers_nothing() {
    let app = TestApp::start().await;
    let alice = app.sign_in(ALICE).await;
    let mut answer = Device::default()
        .create(&app.origin(), &alice.begin_passkey().await)
        .await
        .unwrap();
    withhold(&mut answer);
    let (out, registered) = crate::support::crowd::read_then_write(
        &app,
        alice.call(Method::DELETE, "/auth/sessions", None),
        alice.finish_passkey(&answer),
    )
    .await;
    out.expect(204);
    registered.expect_code(401, "signed_out");
    assert_eq!(
        rows::count::<parchment_server::store::entities::passkeys::Entity>(&app).await,
        0
    );
}
