//! The generated client against a running server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fs, time::Duration};

use parchment_generated_client::{Client, Error, types};
use parchment_server::Server;
use tempfile::TempDir;

const ALICE: &str = "alice@mail.example";

/// A server, and what a client of it needs.
struct World {
    folder: TempDir,
    server: Server,
}

impl World {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(parchment_server::testing::settings(folder.path()))
            .await
            .unwrap();
        Self { folder, server }
    }

    /// A client for loopback, with a session or without.
    fn client(&self, token: Option<&str>) -> Client {
        let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let mut headers = reqwest::header::HeaderMap::new();
        if let Some(token) = token {
            headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .default_headers(headers);
        Client::new_with_client(&format!("http://{}", self.server.address()), http.build().unwrap())
    }

    /// The code in the mail; waits for it.
    async fn mailed_code(&self) -> String {
        for _ in 0..250 {
            let mails = fs::read_dir(self.folder.path().join("mail"))
                .into_iter()
                .flatten()
                .flatten();
            let texts = mails.filter_map(|mail| fs::read_to_string(mail.path()).ok());
            let is_code = |word: &&str| word.len() == 8 && word.bytes().all(|b| b.is_ascii_digit());
            let code = texts
                .filter(|text| text.contains(ALICE))
                .find_map(|text| text.split_whitespace().find(is_code).map(str::to_owned));
            if let Some(code) = code {
                return code;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no code was mailed");
    }

    async fn sign_in(&self) -> types::SignInResponse {
        let stranger = self.client(None);
        let asked = stranger
            .request_code(&types::VerifyRequest {
                email: ALICE.to_owned(),
            })
            .await
            .unwrap();
        assert_eq!(asked.status(), 201);
        let body = types::SignInRequest {
            method: types::SignInMethod::Otp,
            email: ALICE.to_owned(),
            token: self.mailed_code().await.parse().unwrap(),
        };
        stranger.sign_in(&body).await.unwrap().into_inner()
    }
}

/// Status and body of a refusal that the document knows.
#[track_caller]
fn refusal<T: std::fmt::Debug>(result: Result<T, Error<types::ErrorBody>>) -> (u16, types::ErrorBody) {
    match result {
        Err(Error::ErrorResponse(refused)) => (refused.status().as_u16(), refused.into_inner()),
        other => panic!("no documented refusal: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_with_nothing_but_the_document_signs_in_and_changes_a_profile() {
    let world = World::start().await;
    let signed_in = world.sign_in().await;
    assert_eq!(
        (signed_in.user.email.as_str(), signed_in.user.first_name),
        (ALICE, None)
    );

    let alice = world.client(Some(&signed_in.token));
    let profile = types::ProfileRequest {
        first_name: Some("Alice".parse().unwrap()),
        last_name: None,
        picture: None,
    };
    assert!(alice.change_profile(&profile).await.unwrap().success);
    let current = alice.current_session().await.unwrap();
    assert_eq!(current.user.first_name.as_deref(), Some("Alice"));
    assert!(current.user.updated_at >= current.user.created_at);

    let sessions = alice.list_sessions().await.unwrap().into_inner();
    assert_eq!(sessions.len(), 1);
    assert!(sessions[0].current && sessions[0].user_id == signed_in.user.id);

    let preferences = types::PreferencesRequest {
        language: Some("de-CH".parse().unwrap()),
        unit_system: Some(types::UnitSystem::Imperial),
    };
    let preferences = alice.change_preferences(&preferences).await.unwrap().into_inner();
    assert_eq!(
        (preferences.language.as_str(), preferences.unit_system),
        ("de-CH", types::UnitSystem::Imperial)
    );
    world.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_comes_as_the_documented_type_with_its_code() {
    let world = World::start().await;
    let stranger = world.client(None);
    let (status, body) = refusal(stranger.list_sessions().await);
    assert_eq!((status, body.code.as_str()), (401, "signed_out"));

    let signed_in = world.sign_in().await;
    let alice = world.client(Some(&signed_in.token));
    let (status, body) = refusal(alice.end_session("01890000-0000-7000-8000-000000000000").await);
    assert_eq!((status, body.code.as_str()), (404, "not_found"));
    assert!(!body.message.is_empty());

    let wrong = types::SignInRequest {
        method: types::SignInMethod::Otp,
        email: ALICE.to_owned(),
        token: "00000000".parse().unwrap(),
    };
    let (status, body) = refusal(stranger.sign_in(&wrong).await);
    assert_eq!((status, body.code.as_str()), (401, "otp_invalid"));
    world.server.stop().await.unwrap();
}

#[test]
fn what_the_document_forbids_is_refused_before_it_is_sent() {
    assert!("alice".parse::<types::AliasRequestAlias>().is_ok());
    assert!("al".parse::<types::AliasRequestAlias>().is_err());
    assert!("bob@home.example".parse::<types::InviteRequestHandle>().is_ok());
    assert!("bob".parse::<types::InviteRequestHandle>().is_err());
    assert!("ells".parse::<types::UnitSystem>().is_err());
}
