//! Statement 5: what two readers could understand differently is refused, and about the rest they agree.

use std::{fs, path::Path};

use parchment_core::{
    canonical::{self, MAX_BYTES, Value},
    envelope::Kind,
    refusal::Code,
};
use serde_json::Value as Other;

use super::world::{NOW, World};
use crate::sample::{message, request};

#[test]
fn s05_ambiguous_json_is_refused_before_it_is_hashed() {
    let world = World::new();
    let good = request(&message(Kind::FriendInvite, canonical::Object::new()));
    let body = String::from_utf8(good.body.clone()).unwrap();
    let inner = body.strip_prefix('{').unwrap();
    let with_payload = |payload: &str| body.replace("\"payload\":{}", &format!("\"payload\":{payload}"));
    let deep = |depth: usize| format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));

    let ambiguous = [
        format!("{{\"from\":\"eve@a.example\",{inner}"),
        format!("{{\"fro\\u006d\":\"eve@a.example\",{inner}"),
        with_payload(r#"{"a":1,"a":1}"#),
        with_payload(r#"{"x":{"a":1,"\u0061":2}}"#),
        format!("{{\"__proto__\":{{}},{inner}"),
        with_payload(r#"{"__proto__":null}"#),
        with_payload(r#"{"\u005f_proto__":1}"#),
        with_payload(r#"{"a":"\ud800"}"#),
        with_payload(r#"{"a":"\udc00\ud800"}"#),
        with_payload(r#"{"\ud800":1}"#),
        with_payload(r#"{"a":9007199254740993}"#),
        with_payload(r#"{"a":-9007199254740992}"#),
        with_payload(r#"{"a":123456789012345678901234567890}"#),
        with_payload(r#"{"a":1e400}"#),
        with_payload(r#"{"a":-1e400}"#),
        format!("\u{feff}{body}"),
        with_payload(&deep(64)),
        with_payload(&deep(10_000)),
    ];
    for text in ambiguous {
        let mut request = good.clone();
        request.body = text.clone().into_bytes();
        let refusal = world.verified(&request, NOW).unwrap_err();
        assert_eq!(refusal.code(), Code::AmbiguousJson, "{text}: {refusal}");
    }
    for text in [
        format!("{body}x"),
        format!("{body}{body}"),
        format!("{body}\0"),
        body.replace("{}", "{,}"),
        body.replace("{}", "{\"a\":01}"),
        body.replace("{}", "{\"a\":NaN}"),
        body.replace("{}", "{'a':1}"),
        body.replace("{}", "{/**/}"),
        String::new(),
    ] {
        let mut request = good.clone();
        request.body = text.clone().into_bytes();
        let refusal = world.verified(&request, NOW).unwrap_err();
        assert_eq!(refusal.code(), Code::MalformedJson, "{text}: {refusal}");
    }
    let mut long = good.clone();
    long.body.resize(MAX_BYTES + 1, b' ');
    assert_eq!(world.verified(&long, NOW).unwrap_err().code(), Code::BodyTooLarge);
    // Refused by themselves: nobody was asked, and no signature looked at.
    assert_eq!((world.directory.asked(), world.pins.uses()), (0, (0, 0)));
    let longest = MAX_BYTES - body.len();
    let mut padded = good;
    padded.body.extend(vec![b' '; longest]);
    assert!(world.verified(&padded, NOW).is_ok());
}

/// Whether two readers read the same, numbers up to how serde_json rounds them.
fn agree(ours: &Value, theirs: &Other) -> bool {
    match (ours, theirs) {
        (Value::Null, Other::Null) => true,
        (Value::Bool(a), Other::Bool(b)) => a == b,
        (Value::String(a), Other::String(b)) => a == b,
        (Value::Number(a), Other::Number(b)) => {
            let (a, b) = (a.get(), b.as_f64().unwrap());
            (a - b).abs() <= 2.0 * f64::EPSILON * a.abs()
        }
        (Value::Array(a), Other::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| agree(a, b)),
        (Value::Object(a), Other::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| agree(a, b)))
        }
        _ => false,
    }
}

#[test]
fn s05_two_parsers_agree_on_every_accepted_file_of_the_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let mut accepted = 0;
    for folder in ["inbox_body", "canonical_json"] {
        for entry in fs::read_dir(corpus.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            let Ok(ours) = canonical::parse(&bytes) else { continue };
            let name = path.display();
            let theirs: Other = serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(agree(&ours, &theirs), "{name}: {ours:?} or {theirs:?}");
            // And about the text that is hashed.
            let text = canonical::to_string(&ours);
            let theirs: Other = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(agree(&ours, &theirs), "{name}: {text}");
            accepted += 1;
        }
    }
    assert!(accepted > 50, "only {accepted} files were accepted");
}
