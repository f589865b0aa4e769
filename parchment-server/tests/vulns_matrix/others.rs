//! Statement 41: what is another's is answered like what does not exist.

use std::collections::BTreeMap;

use super::{
    document::{Auth, document, operations, sample},
    things::{Alice, Kept, encoded, kind_of},
};
use crate::support::{
    app::{Answer, TestApp},
    stranger::StrangeServer,
};

/// What an answer says, without the id that was asked for.
fn said(answer: &Answer, id: &str) -> (u16, String, Vec<String>) {
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.retain(|header| !header.starts_with("content-length"));
    headers.sort();
    (answer.status, answer.text.replace(id, "THE ID"), headers)
}

#[tokio::test(flavor = "multi_thread")]
async fn s41_what_is_anothers_is_answered_like_what_does_not_exist_by_every_operation() {
    let (app, elsewhere) = (TestApp::start().await, StrangeServer::start().await);
    let alice = Alice::with_everything(&app, &elsewhere).await;
    let bob = app.person("bob").await;
    let (document, before) = (document(), alice.seen().await);
    let mut compared = 0;
    for operation in operations() {
        if operation.parameters().is_empty() {
            continue;
        }
        let ids = match alice.kept(&operation) {
            Kept::Published(why) => {
                assert!(!why.is_empty() && !operation.changes(), "{}", operation.name());
                continue;
            }
            Kept::Things(ids) => ids,
        };
        assert_eq!(
            operation.auth,
            Auth::Session,
            "{}: nobody else could be told apart",
            operation.name()
        );
        assert_eq!(
            operation.parameters().len(),
            1,
            "{}: this test fills in one id",
            operation.name()
        );
        let body = operation.body.as_ref().map(|schema| sample(schema, &document));
        let ask = async |id: &str| {
            let path = operation.path_with(&encoded(id));
            bob.call(operation.method.clone(), &path, body.clone()).await
        };
        let nobodys = ask(&ids.nobodys).await;
        let what = format!("{}: {}", operation.name(), nobodys.text);
        assert!([403, 404].contains(&nobodys.status), "{what}");
        assert!(!ids.alices.is_empty());
        for id in &ids.alices {
            let alices = ask(id).await;
            assert_eq!(said(&alices, id), said(&nobodys, &ids.nobodys), "{what}");
            compared += 1;
        }
    }
    assert!(compared >= 8, "{compared}");
    assert_eq!(alice.seen().await, before, "and nothing of alice's has changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn s41_the_ids_that_are_asked_for_are_there() {
    let (app, elsewhere) = (TestApp::start().await, StrangeServer::start().await);
    let alice = Alice::with_everything(&app, &elsewhere).await;
    let document = document();
    // What bob may not touch, alice may: some operation finds each of the things. Which one depends on what the ones
    // before it have ended.
    let mut found = BTreeMap::new();
    for operation in operations() {
        if operation.parameters().is_empty() {
            continue;
        }
        let Kept::Things(ids) = alice.kept(&operation) else {
            continue;
        };
        let body = operation.body.as_ref().map(|schema| sample(schema, &document));
        for id in ids.alices {
            let path = operation.path_with(&encoded(&id));
            let answer = alice.person.call(operation.method.clone(), &path, body.clone()).await;
            *found.entry((kind_of(&operation.path), id)).or_insert(false) |= ![401, 403, 404].contains(&answer.status);
        }
    }
    let missing: Vec<_> = found.into_iter().filter(|(_, found)| !found).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
