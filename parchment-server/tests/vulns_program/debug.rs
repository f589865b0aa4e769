//! Statement 50: what `Debug` prints of the types that hold secrets, all the way up to the whole application.

use parchment_core::{
    api::auth::{CurrentSession, SignInRequest, SignInResponse},
    encoding,
    handle::ServerId,
    keys::SigningKey,
    request::ServerIdentity,
};
use parchment_server::{
    auth::{
        codes::{CodeHasher, Recipient},
        sessions::{NewSession, Token},
    },
    config::{MailSetting, Seed, Switch},
};
use reqwest::Method;
use serde_json::json;
use zeroize::Zeroizing;

use crate::support::app::TestApp;

const SEED: [u8; 32] = *b"a seed of exactly 32 bytes, mine";
const PASSWORD: &str = "p4ssw0rd:with@signs";
const CODE: &str = "48151623";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The ways in which bytes may show.
fn spellings(bytes: &[u8]) -> Vec<String> {
    let list = format!("{bytes:?}");
    vec![
        hex(bytes),
        hex(bytes).to_uppercase(),
        encoding::encode(bytes),
        list.trim_matches(['[', ']']).to_owned(),
        String::from_utf8_lossy(bytes).into_owned(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn s50_debug_of_whatever_holds_a_secret_does_not_show_it() {
    let token = Token::draw();
    let smtp = "smtp://alice:p4ssw0rd%3Awith%40signs@127.0.0.1:2525";
    let app = TestApp::start_with(|settings| {
        settings.server_identity_private_key = Some(Seed::new(Zeroizing::new(SEED)));
        settings.mail = smtp.parse().unwrap();
        settings.rate_limits = Switch::Off;
        settings.database_url = Some(settings.database_url());
    })
    .await;
    // Something is under way, and a session was looked up.
    app.call(
        Method::POST,
        "/auth/verify",
        Some(json!({ "email": "alice@mail.example" })),
    )
    .await
    .expect(201);

    let code = Recipient::Mail {
        to: "alice@mail.example".to_owned(),
        code: Zeroizing::new(CODE.to_owned()),
    };
    let user = json!({
        "id": "1", "email": "alice@mail.example", "kmVersion": 1,
        "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z",
    });
    let request: SignInRequest =
        serde_json::from_value(json!({ "method": "otp", "email": "alice@mail.example", "token": CODE })).unwrap();
    let response: SignInResponse = serde_json::from_value(json!({ "token": token.as_str(), "user": user })).unwrap();
    let current = CurrentSession {
        token: Some(token.as_str().to_owned()),
        user: response.user.clone(),
        subscription: parchment_core::api::auth::Subscription::included(),
    };
    let session = NewSession {
        token: token.clone(),
        address: "127.0.0.1".to_owned(),
        user_agent: None,
    };
    let identity = ServerIdentity::new(ServerId::parse("home.example").unwrap(), &SEED);
    let mail: MailSetting = smtp.parse().unwrap();
    let texts = [
        format!("{:?} {:#?}", app.app(), app.app()),
        format!("{:?} {:#?}", app.settings, app.settings),
        format!("{:?}", app.settings.server_identity_private_key),
        format!("{mail:?} {mail:#?}"),
        format!("{token:?} {session:?} {session:#?}"),
        format!("{code:?} {code:#?}"),
        format!("{:?}", CodeHasher::new(&SEED)),
        format!("{identity:?} {:?}", SigningKey::from_seed(&SEED)),
        format!("{request:?} {response:?} {response:#?} {current:?} {current:#?}"),
    ];
    let raw: Vec<u8> = (0..32)
        .map(|n| u8::from_str_radix(&token.as_str()[2 * n..2 * n + 2], 16).unwrap())
        .collect();
    let mut secrets = spellings(&SEED);
    secrets.extend(spellings(&raw));
    secrets.extend(spellings(token.as_str().as_bytes()));
    secrets.extend([CODE, PASSWORD, "p4ssw0rd"].map(str::to_owned));
    secrets.push(encoding::encode(PASSWORD.as_bytes()));
    for text in &texts {
        assert!(!text.is_empty());
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret} in {text}");
        }
    }
    // The application prints at all, so this looked at something.
    assert!(
        texts[0].contains("Mailer") && texts[0].contains("Settings"),
        "{}",
        texts[0]
    );
}
