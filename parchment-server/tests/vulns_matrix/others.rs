//! Statement 41: what is another's is answered like what does not exist.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    document::{Auth, Operation, document, operations, sample},
    things::{Alice, Ids, Kept, kind_of, own_around},
};
use crate::support::{
    app::{Answer, Person, TestApp},
    stranger::StrangeServer,
};

/// What an answer says, without the ids that were asked for.
fn said(answer: &Answer, ids: &[String]) -> (u16, String, Vec<String>) {
    let mut text = answer.text.clone();
    for id in ids {
        text = text.replace(id, "THE ID");
    }
    (answer.status, text, headers(answer))
}

/// The headers of an answer, without those that every answer has its own of.
fn headers(answer: &Answer) -> Vec<String> {
    let own = ["content-length", "date", "x-request-id"];
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| !own.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    headers
}

/// A value with every text and number in it left out.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name, shape(value))).collect(),
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::String(_) => json!("text"),
        Value::Number(_) => json!(0),
        other => other.clone(),
    }
}

/// What somebody asks of one operation.
struct Asking<'a> {
    person: &'a Person<'a>,
    operation: &'a Operation,
    body: Option<Value>,
    /// What no answer may contain.
    private: &'a [String],
}

impl Asking<'_> {
    async fn ask(&self, ids: &[String]) -> Answer {
        let path = self.operation.path_of(ids);
        let answer = self
            .person
            .call(self.operation.method.clone(), &path, self.body.clone())
            .await;
        let shown = self.private.iter().any(|text| answer.text.contains(text));
        assert!(!shown, "{} shows what is hers: {}", self.operation.name(), answer.text);
        answer
    }

    /// What is alice's is answered like what is not there; gives how often that was compared.
    async fn like_none(&self, ids: &Ids) -> usize {
        let mut pairs: Vec<_> = ids.alices.iter().map(|id| (id.clone(), ids.nobodys.clone())).collect();
        for alices in &ids.alices {
            if let [_, inner] = alices.as_slice() {
                // Her point is not in a collection of his, whoever asks there.
                let own = own_around(self.person, self.operation).await;
                pairs.push((vec![own.clone(), inner.clone()], vec![own, ids.nobodys[1].clone()]));
            }
        }
        for (alices, nobodys) in &pairs {
            let none = self.ask(nobodys).await;
            let what = format!("{}: {}", self.operation.name(), none.text);
            assert!([403, 404].contains(&none.status), "{what}");
            assert_eq!(said(&self.ask(alices).await, alices), said(&none, nobodys), "{what}");
        }
        pairs.len()
    }

    /// A name that alice uses too is answered like one that nobody uses.
    async fn like_unused(&self, ids: &Ids) -> usize {
        let unused = self.ask(&ids.nobodys).await;
        let what = format!("{}: {}", self.operation.name(), unused.text);
        assert!(unused.status < 300, "{what}");
        for id in &ids.alices {
            let used = self.ask(id).await;
            assert_eq!(
                (used.status, headers(&used), shape(&used.body)),
                (unused.status, headers(&unused), shape(&unused.body)),
                "{what}"
            );
        }
        ids.alices.len()
    }

    /// What is alice's is refused with one code, whichever it is and whatever is in it.
    async fn refused(&self, ids: &Ids, code: &str) -> usize {
        self.ask(&ids.nobodys).await.expect_code(404, "not_found");
        let mut first = None;
        for id in &ids.alices {
            let refused = self.ask(id).await.expect_code(403, code);
            let said = said(&refused, id);
            assert_eq!(
                first.get_or_insert_with(|| said.clone()),
                &said,
                "{}",
                self.operation.name()
            );
        }
        ids.alices.len()
    }
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
        let kept = alice.kept(&operation);
        if let Kept::Published(why) = kept {
            assert!(!why.is_empty() && !operation.changes(), "{}", operation.name());
            continue;
        }
        assert_eq!(
            operation.auth,
            Auth::Session,
            "{}: nobody else could be told apart",
            operation.name()
        );
        let bobs = Asking {
            person: &bob,
            operation: &operation,
            body: operation.body.as_ref().map(|schema| sample(schema, &document)),
            private: &alice.private,
        };
        compared += match kept {
            Kept::Things(ids) => bobs.like_none(&ids).await,
            Kept::Named(ids) => bobs.like_unused(&ids).await,
            Kept::NotYours(ids, code, why) => {
                assert!(!why.is_empty());
                bobs.refused(&ids, code).await
            }
            Kept::Published(_) => 0,
        };
    }
    assert!(compared >= 30, "{compared}");
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
        let Some(ids) = alice.kept(&operation).own() else {
            continue;
        };
        let body = operation.body.as_ref().map(|schema| sample(schema, &document));
        for id in ids.alices {
            let path = operation.path_of(&id);
            let answer = alice.person.call(operation.method.clone(), &path, body.clone()).await;
            *found.entry((kind_of(&operation.path), id)).or_insert(false) |= ![401, 403, 404].contains(&answer.status);
        }
    }
    let missing: Vec<_> = found.into_iter().filter(|(_, found)| !found).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
