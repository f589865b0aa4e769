//! The patterns in the document and the readers in the library mean the same texts.

use parchment_core::{
    encoding::encode,
    handle::{Alias, Handle},
    keys::Signature,
    nonce::Nonce,
};
use serde_json::{Value, json};

use super::document;

fn member(schema: &str, member: &str) -> Value {
    let found = document()["components"]["schemas"][schema]["properties"][member].clone();
    assert!(found["pattern"].is_string(), "{schema}.{member} has a pattern: {found}");
    found
}

#[track_caller]
fn assert_same(property: &Value, texts: &[&str], reads: impl Fn(&str) -> bool) {
    for text in texts {
        assert_eq!(
            jsonschema::is_valid(property, &json!(text)),
            reads(text),
            "{text:?} against {property}"
        );
    }
}

#[test]
fn an_alias_in_the_document_is_one_in_the_library() {
    let longest = "a".repeat(30);
    let longer = "a".repeat(31);
    let texts = [
        "abc", "ab", "", "A_9", "al-ice", "al ice", "alice\n", "\u{e9}ve", &longest, &longer,
    ];
    assert_same(&member("AliasRequest", "alias"), &texts, |text| {
        Alias::parse(text).is_ok()
    });
}

#[test]
fn a_handle_in_the_document_is_one_in_the_library() {
    let label = "a".repeat(63);
    let longer = format!("bob@{}.example", "a".repeat(64));
    let (long, port) = (format!("bob@{label}.{label}.example"), "bob@home.example:65535");
    let texts = [
        "bob@home.example",
        port,
        &long,
        "bob@localhost",
        "bob@localhost:5000",
        "bob@a.b",
        "bob@xy",
        "bob@127.255.0.1",
        "bob@x",
        "bob@0",
        "bob@1.1",
        "bob@127.0.0.256",
        "bob@192.0.2.1",
        "bob@home.example:65536",
        "bob@home.example:99999",
        "bob@127.0.0.1:80",
        "bob@a-b.example",
        // And what is none.
        &longer,
        "bob",
        "bob@",
        "@home.example",
        "bob@@home.example",
        "bob@home.example/",
        "bob@-a.example",
        "bob@a..b",
        "bob@home.example:",
        "bob@home.example:0",
        "bob@home.example:08",
        "bo@home.example",
        "b b@home.example",
        "bob@home.example\n",
        "bob@h\u{f6}me.example",
        "bob@[::1]",
        "https://home.example",
    ];
    assert_same(&member("InviteRequest", "handle"), &texts, |text| {
        Handle::parse(text).is_ok()
    });
}

#[test]
fn keys_nonces_and_signatures_in_the_document_are_those_of_the_library() {
    let (nonce, signature) = (encode(&[255; 16]), encode(&[255; 64]));
    let stray_nonce = nonce.replace("w==", "x==");
    let stray_signature = signature.replace("w==", "x==");
    let url_nonce = nonce.replace('/', "_");
    let (short, unpadded) = (encode(&[255; 15]), nonce.trim_end_matches('=').to_owned());
    let texts = [&*nonce, &stray_nonce, &url_nonce, &short, &unpadded, "", " ", "\n"];
    assert_same(&member("FlushItem", "nonce"), &texts, |text| {
        Nonce::from_base64(text).is_ok()
    });
    let texts = [&*signature, &stray_signature, &nonce, "", "x"];
    assert_same(&member("FlushItem", "signature"), &texts, |text| {
        Signature::from_base64(text).is_ok()
    });
    let key = member("KeysRequest", "signingKey");
    for bytes in [[0; 32], [255; 32], [7; 32]] {
        assert!(jsonschema::is_valid(&key, &json!(encode(&bytes))));
    }
    for text in [
        encode(&[7; 31]),
        encode(&[7; 33]),
        encode(&[255; 32]).replace("8=", "9="),
    ] {
        assert!(!jsonschema::is_valid(&key, &json!(text)), "{text}");
    }
}
