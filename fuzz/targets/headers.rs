//! The five headers of a request between servers.
//!
//! The input is a text of lines `name: value`. Besides headers, `:method` and `:path` are taken
//! into the wrapper.

use parchment_core::{
    canonical,
    handle::ServerId,
    nonce::Digest,
    request::{INBOX_METHOD, INBOX_PATH, PROTOCOL_VERSION, RequestHead, header},
};

/// An accepted head is wrapped in canonical text and survives being written as headers.
pub fn check(data: &[u8]) -> bool {
    let pairs: Vec<(&str, &[u8])> = data.split(|&byte| byte == b'\n').filter_map(pair).collect();
    let Ok(head) = RequestHead::read(pairs.iter().copied()) else {
        return false;
    };
    let again = [
        (header::SERVER_ID, head.sender().to_string()),
        (header::PROTOCOL_VERSION, PROTOCOL_VERSION.to_owned()),
        (header::NONCE, head.nonce().to_base64()),
        (header::TIMESTAMP, head.timestamp().to_string()),
        (header::SIGNATURE, head.signature().to_base64()),
    ];
    // Each value has one spelling, so each stands among the headers as it would be written.
    for (name, value) in &again {
        assert!(
            pairs
                .iter()
                .any(|(n, v)| n.eq_ignore_ascii_case(name) && *v == value.as_bytes()),
            "{name}: {value}"
        );
    }
    let printed = again.iter().map(|(name, value)| (*name, value.as_bytes()));
    assert_eq!(RequestHead::read(printed).as_ref(), Ok(&head));

    let pseudo = |wanted, default| {
        let found = pairs.iter().find(|(name, _)| *name == wanted);
        found
            .and_then(|(_, value)| std::str::from_utf8(value).ok())
            .unwrap_or(default)
    };
    let (method, path) = (pseudo(":method", INBOX_METHOD), pseudo(":path", INBOX_PATH));
    let own = ServerId::parse("b.example").unwrap();
    let body_hash = Digest::of(data);
    let text = head.wrapper(method, path, body_hash, &own).signed_text();

    let value = canonical::parse(text.as_bytes()).expect("the wrapper is JSON");
    assert_eq!(canonical::to_string(&value), text);
    let members = value.as_object().unwrap();
    assert_eq!(members.len(), 8);
    assert_eq!(
        members.get("protocol_version").and_then(canonical::Value::as_f64),
        Some(2.0)
    );
    for (name, expected) in [
        ("body_hash", body_hash.to_base64().as_str()),
        ("method", &method.to_uppercase()),
        ("nonce", &again[2].1),
        ("path", path),
        ("peer_server_id", "b.example"),
        ("sender_server_id", &again[0].1),
        ("timestamp", &again[3].1),
    ] {
        assert_eq!(
            members.get(name).and_then(canonical::Value::as_str),
            Some(expected),
            "{name}"
        );
    }
    true
}

/// A name and a value; what stands before the first colon but one at the start, and after it.
fn pair(line: &[u8]) -> Option<(&str, &[u8])> {
    let colon = line.iter().skip(1).position(|&byte| byte == b':')? + 1;
    let (name, value) = line.split_at(colon);
    let value = &value[1..];
    Some((
        std::str::from_utf8(name).ok()?,
        value.strip_prefix(b" ").unwrap_or(value),
    ))
}
