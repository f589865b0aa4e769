//! Three processes of the program over one PostgreSQL database, without sticky sessions: whichever is asked, the
//! answer is the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use parchment_core::{encoding, envelope::Kind, keys::SigningKey};
use parchment_server::store::{
    Store,
    entities::{invitations, login_codes, sessions, users},
};
use reqwest::Method;
use sea_orm::{EntityTrait, PaginatorTrait as _};
use serde_json::{Value, json};
use support::{
    app::{Answer, random},
    database,
    device::{Device, withhold},
    farm::{Farm, PROCESSES},
    peer::{Peer, RawInbox},
};

async fn farm() -> Option<Farm> {
    if database::cluster().is_none() {
        eprintln!("skipped: PostgreSQL is not installed");
        return None;
    }
    Some(Farm::start(database::empty_postgres().unwrap()).await)
}

async fn count<E: EntityTrait>(farm: &Farm) -> u64
where
    E::Model: Sync,
{
    let store = Store::open(&farm.url).await.unwrap();
    let count = E::find().count(store.reader()).await.unwrap();
    store.close().await;
    count
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    statuses
}

fn with_status(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

mod vulns {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn s10_a_message_is_applied_once_whichever_processes_it_comes_to() {
        let Some(farm) = farm().await else { return };
        let (_, bob) = farm.person("bob").await;
        let home = Peer::start().await;
        let message = home.user("alice").say(Kind::FriendInvite, &bob);
        let request = home.request(&farm.id, &message);
        farm.deliver(0, &request).await.expect(202);
        for number in 1..PROCESSES {
            farm.deliver(number, &request).await.expect(401);
        }
        // What its server says again, since it did not hear the answer, is a retry everywhere.
        for number in 0..PROCESSES {
            farm.deliver(number, &home.request(&farm.id, &message))
                .await
                .expect(202);
        }
        assert_eq!(count::<invitations::Entity>(&farm).await, 1);

        for round in 0..10 {
            let message = home.user(&format!("user_{round}")).say(Kind::FriendInvite, &bob);
            let request = home.request(&farm.id, &message);
            let all = (0..2 * PROCESSES).map(|number| farm.deliver(number, &request));
            let answers = futures_util::future::join_all(all).await;
            assert_eq!(statuses(&answers), [202, 401, 401, 401, 401, 401], "round {round}");
        }
        assert_eq!(count::<invitations::Entity>(&farm).await, 11);
        assert!(home.manifest_hits() <= PROCESSES);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn s31_a_code_opens_one_session_whichever_processes_it_is_shown_to() {
        let Some(farm) = farm().await else { return };
        for round in 0..5 {
            let email = format!("somebody{round}@mail.example");
            let code = farm.code_for(round, &email).await;
            let body = json!({ "method": "otp", "email": email, "token": code });
            let answers = farm.post_everywhere(10, "/auth/sessions", "", &body).await;
            assert_eq!(
                (with_status(&answers, 201), with_status(&answers, 401)),
                (1, 29),
                "{:?}",
                statuses(&answers)
            );
        }
        assert_eq!(count::<users::Entity>(&farm).await, 5);
        assert_eq!(count::<sessions::Entity>(&farm).await, 5);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn s30_the_tries_of_a_code_are_counted_across_processes() {
        let Some(farm) = farm().await else { return };
        let code = farm.code_for(0, "alice@mail.example").await;
        let wrong = format!("{:08}", (code.parse::<u32>().unwrap() + 1) % 100_000_000);
        let body = |token: &str| json!({ "method": "otp", "email": "alice@mail.example", "token": token });
        let answers = farm.post_everywhere(10, "/auth/sessions", "", &body(&wrong)).await;
        assert_eq!(with_status(&answers, 401), 30, "{:?}", statuses(&answers));
        let store = Store::open(&farm.url).await.unwrap();
        let row = login_codes::Entity::find().one(store.reader()).await.unwrap().unwrap();
        assert_eq!(row.tries, 5);
        store.close().await;
        for number in 0..PROCESSES {
            farm.post(number, "/auth/sessions", "", &body(&code)).await.expect(401);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn s23_of_commits_that_race_across_processes_one_wins() {
        let Some(farm) = farm().await else { return };
        let (token, _) = farm.person("alice").await;
        for version in 1..6 {
            let commits: Vec<Value> = (0..9).map(|_| commit(version)).collect();
            let all = commits
                .iter()
                .enumerate()
                .map(|(number, commit)| farm.post(number, "/users/me/km-version/commit", &token, commit));
            let answers = futures_util::future::join_all(all).await;
            assert_eq!(
                (with_status(&answers, 200), with_status(&answers, 409)),
                (1, 8),
                "{answers:?}"
            );
            let winner = answers.iter().position(|answer| answer.status == 200).unwrap();
            let store = Store::open(&farm.url).await.unwrap();
            let user = users::Entity::find().one(store.reader()).await.unwrap().unwrap();
            store.close().await;
            assert_eq!(user.km_version, version + 1);
            let key = encoding::encode(&user.signing_key.unwrap());
            assert_eq!(commits[winner]["signingKey"], key, "the keys are the winner's");
        }
    }

    /// A commit of an empty vault under new keys.
    fn commit(expected: i64) -> Value {
        let mut encryption = random::<32>();
        encryption[31] &= 0x3f;
        json!({
            "expectedCurrent": expected,
            "signingKey": SigningKey::from_seed(&random()).verifying_key().to_base64(),
            "encryptionKey": encoding::encode(&encryption),
            "blobs": [],
            "collections": [],
            "points": [],
        })
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn s35_a_challenge_is_taken_once_whichever_processes_are_answered() {
        let Some(farm) = farm().await else { return };
        let token = farm.sign_in("alice@mail.example").await;
        let (device, origin) = (Device::default(), farm.origin());
        let options = farm
            .post(0, "/auth/passkeys/register/options", &token, &Value::Null)
            .await
            .expect(200);
        let mut made = device.create(&origin, &options.body).await.unwrap();
        withhold(&mut made);
        let answers = farm
            .post_everywhere(3, "/auth/passkeys/register/verify", &token, &made)
            .await;
        assert_eq!(with_status(&answers, 200), 1, "{answers:?}");

        let options = farm
            .post(1, "/auth/passkeys/authenticate/options", "", &Value::Null)
            .await
            .expect(200);
        let mut answered = device.get(&origin, &options.body).await.unwrap();
        withhold(&mut answered);
        let answers = farm
            .post_everywhere(5, "/auth/passkeys/authenticate/verify", "", &answered)
            .await;
        assert_eq!(
            (with_status(&answers, 201), with_status(&answers, 401)),
            (1, 14),
            "{answers:?}"
        );
        assert_eq!(count::<sessions::Entity>(&farm).await, 2);
    }

    const MESSAGES: usize = 300;

    /// What happens to the processes while messages come in.
    enum Mishap {
        Killed,
        Cut,
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn s48_one_process_is_killed_under_load_and_nothing_acknowledged_is_lost() {
        let Some(farm) = farm().await else { return };
        survive(farm, Mishap::Killed).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn s48_the_database_cuts_all_connections_under_load_and_nothing_acknowledged_is_lost() {
        let Some(farm) = farm().await else { return };
        survive(farm, Mishap::Cut).await;
    }

    async fn survive(mut farm: Farm, mishap: Mishap) {
        let (token, bob) = farm.person("bob").await;
        let home = Peer::start().await;
        let messages: Vec<_> = (0..MESSAGES)
            .map(|number| home.user(&format!("user_{number}")).say(Kind::FriendInvite, &bob))
            .collect();
        let requests: Vec<RawInbox> = messages.iter().map(|message| home.request(&farm.id, message)).collect();
        let answered = Arc::new(AtomicUsize::new(0));
        let (mut process, url) = (farm.take(1), farm.url.clone());
        let counter = answered.clone();
        let mishap = tokio::spawn(async move {
            while counter.load(Ordering::SeqCst) < MESSAGES / 3 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            match mishap {
                Mishap::Killed => {
                    process.kill().unwrap();
                    process.wait().unwrap();
                    None
                }
                Mishap::Cut => {
                    tokio::task::spawn_blocking(move || database::cluster().unwrap().cut(&url))
                        .await
                        .unwrap();
                    Some(process)
                }
            }
        });
        let first = stream::iter(&requests)
            .map(|request| {
                let (farm, answered) = (&farm, answered.clone());
                async move {
                    let status = farm.deliver_to_any(request).await;
                    answered.fetch_add(1, Ordering::SeqCst);
                    status
                }
            })
            .buffered(12)
            .collect::<Vec<_>>()
            .await;
        let process = mishap.await.unwrap();
        // No answer, or one that says to come again.
        assert!(
            first.iter().all(|status| matches!(status, None | Some(202 | 503))),
            "{first:?}"
        );
        let invited = invited(&farm.url).await;
        for (message, status) in messages.iter().zip(&first) {
            let sender = message.message().from();
            assert!(
                *status != Some(202) || invited.contains(sender.as_str()),
                "{sender}: acknowledged and lost"
            );
        }
        // Whoever was not answered comes again, and everything has happened once.
        for (message, status) in messages.iter().zip(&first) {
            if *status != Some(202) {
                let again = home.request(&farm.id, message);
                assert_eq!(farm.deliver_to_any(&again).await, Some(202));
            }
        }
        assert_eq!(count::<invitations::Entity>(&farm).await, MESSAGES as u64);
        match process {
            Some(process) => farm.put_back(1, process),
            None => farm.revive(1).await,
        }
        for number in 0..PROCESSES {
            let path = "/friends/invitations?direction=incoming";
            let request = farm.request(number, Method::GET, path, &token, &Value::Null);
            let listed = support::app::answer(request).await.expect(200);
            assert_eq!(listed.body["invitations"].as_array().unwrap().len(), MESSAGES);
        }
    }

    async fn invited(url: &str) -> HashSet<String> {
        let store = Store::open(url).await.unwrap();
        let rows = invitations::Entity::find().all(store.reader()).await.unwrap();
        store.close().await;
        rows.into_iter().map(|row| row.peer_handle).collect()
    }
}
