//! Statement 43: no member of a body that is not the operation's own.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    document::{closed_objects, document, open_objects, operations, resolved, sample},
    things::Alice,
};
use crate::support::{
    app::TestApp,
    device::{Device, withhold},
    stranger::StrangeServer,
};

/// Members that somebody would try: an unknown one, and what rows have that clients do not set.
const TRIED: [(&str, &str); 8] = [
    ("isAdmin", "true"),
    ("role", "\"admin\""),
    ("roles", "[\"admin\"]"),
    ("permissions", "[\"users:delete\"]"),
    ("kmVersion", "7"),
    ("userId", "\"01890000-0000-7000-8000-000000000000\""),
    ("createdAt", "\"2020-01-01T00:00:00.000Z\""),
    ("__proto__", "{\"isAdmin\": true}"),
];

const BY_BROWSERS: &str = "browsers write it, and newer ones may add members; what is not known is not read";
const OF_EXTENSIONS: &str =
    "each extension of WebAuthn has members of its own; a PRF output is refused, and nothing else is read";

/// Objects in requests that take any member, and why.
const OPEN: [(&str, &str, &str); 7] = [
    ("POST /auth/passkeys/authenticate/verify", "", BY_BROWSERS),
    (
        "POST /auth/passkeys/authenticate/verify",
        "/clientExtensionResults",
        OF_EXTENSIONS,
    ),
    ("POST /auth/passkeys/authenticate/verify", "/response", BY_BROWSERS),
    ("POST /auth/passkeys/register/verify", "", BY_BROWSERS),
    (
        "POST /auth/passkeys/register/verify",
        "/clientExtensionResults",
        OF_EXTENSIONS,
    ),
    ("POST /auth/passkeys/register/verify", "/response", BY_BROWSERS),
    (
        "POST /federation/inbox",
        "/payload",
        "what it may have depends on the kind of message, and is read from what its author signed",
    ),
];

#[test]
fn s43_every_object_in_a_request_is_closed_or_listed() {
    let document = document();
    let mut open = BTreeSet::new();
    for operation in operations() {
        for place in operation.body.iter().flat_map(|schema| open_objects(schema, &document)) {
            open.insert((operation.name(), place));
        }
    }
    let listed: BTreeSet<_> = OPEN
        .iter()
        .map(|(name, place, _)| ((*name).to_owned(), (*place).to_owned()))
        .collect();
    assert_eq!(open, listed);
}

#[tokio::test(flavor = "multi_thread")]
async fn s43_an_added_member_is_refused_by_every_operation_at_every_depth_and_nothing_changes() {
    let (app, elsewhere) = (TestApp::start().await, StrangeServer::start().await);
    let alice = Alice::with_everything(&app, &elsewhere).await;
    let (document, before) = (document(), alice.seen().await);
    let (mut tried, mut nested) = (0, 0);
    for operation in operations() {
        let Some(schema) = &operation.body else { continue };
        let body = sample(schema, &document);
        let path = alice.path_of(&operation);
        for place in closed_objects(schema, &document) {
            let own = members_at(schema, &place, &document);
            for (member, value) in TRIED {
                // What the operation takes is not an addition.
                if own.contains(member) {
                    continue;
                }
                let mut altered = body.clone();
                let object = altered.pointer_mut(&place).unwrap_or_else(|| panic!("{place}: {body}"));
                object[member] = serde_json::from_str::<Value>(value).unwrap();
                let refused = alice.person.call(operation.method.clone(), &path, Some(altered)).await;
                let what = format!("{} with {member} at {place:?}: {}", operation.name(), refused.text);
                let expected = if (member, operation.path.as_str()) == ("__proto__", "/federation/inbox") {
                    // A reader of canonical JSON has refused it before there are members.
                    (400, "ambiguous_json")
                } else {
                    (422, "invalid_body")
                };
                assert_eq!((refused.status, refused.code()), expected, "{what}");
                assert!(
                    expected.0 == 400 || refused.text.contains(member),
                    "it says which: {what}"
                );
                tried += 1;
                nested += usize::from(!place.is_empty());
            }
        }
    }
    assert!(tried > 80 && nested >= 8, "{tried}, {nested} of them nested");
    assert_eq!(alice.seen().await, before, "and nothing has changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn s43_members_that_are_added_to_what_browsers_write_set_nothing() {
    let app = TestApp::start().await;
    let (_first, bob, device) = (app.person("alice").await, app.person("bob").await, Device::default());
    let with_additions = |mut answer: Value| {
        withhold(&mut answer);
        for place in ["", "/response"] {
            let object = answer.pointer_mut(place).unwrap();
            for (member, value) in TRIED {
                object[member] = serde_json::from_str(value).unwrap();
            }
        }
        answer
    };
    let rights = async || {
        let permissions = bob.get("/auth/sessions/current/permissions").await.expect(200).body;
        (permissions, bob.get("/users/me/km-version").await.expect(200).body)
    };
    let before = rights().await;

    let options = bob.begin_passkey().await;
    let made = with_additions(device.create(&app.origin(), &options).await.unwrap());
    let passkey = bob.finish_passkey(&made).await.expect(200).body;
    assert_eq!(passkey["userId"], bob.id);
    assert!(!passkey["createdAt"].as_str().unwrap().starts_with("2020"), "{passkey}");
    assert_eq!(bob.get("/auth/passkeys").await.expect(200).body, json!([passkey]));

    let got = with_additions(device.get(&app.origin(), &app.begin().await).await.unwrap());
    let signed_in = app.finish(&got).await.expect(201).body;
    assert_eq!(signed_in["user"]["id"], bob.id);
    assert_eq!(rights().await, before);
}

/// The members that the object at a place has by its schema.
fn members_at(schema: &Value, place: &str, document: &Value) -> BTreeSet<String> {
    let mut schema = resolved(schema, document);
    for step in place.split('/').skip(1) {
        let next = if step == "0" {
            schema["items"].clone()
        } else {
            schema["properties"][step].clone()
        };
        schema = resolved(&next, document);
    }
    schema["properties"]
        .as_object()
        .into_iter()
        .flat_map(|all| all.keys().cloned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn s43_the_bodies_without_additions_are_not_refused_for_their_shape() {
    let (app, elsewhere) = (TestApp::start().await, StrangeServer::start().await);
    let alice = Alice::with_everything(&app, &elsewhere).await;
    let document = document();
    for operation in operations() {
        let Some(schema) = &operation.body else { continue };
        let path = operation.path_with("01890000-0000-7000-8000-000000000000");
        let answer = alice
            .person
            .call(operation.method.clone(), &path, Some(sample(schema, &document)))
            .await;
        assert_ne!(answer.code(), "invalid_body", "{}: {}", operation.name(), answer.text);
    }
}
