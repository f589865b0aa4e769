//! Statement 3: whatever is signed cannot change by a bit.

use parchment_core::{
    canonical::{self, Object, Value},
    envelope::{Kind, SignedMessage, UserMessage},
    keys::SigningKey,
    nonce::{Digest, Nonce},
    request::{INBOX_METHOD, INBOX_PATH, RequestHead, Wrapper},
    time::Timestamp,
};

use super::world::{NOW, World, handle};
use crate::sample::{Receiver, Request, alice_key, home, message, now, own, request, vouched};

fn legacy() -> Request {
    let mut members = Object::new();
    members.insert("from", "alice@a.example");
    members.insert("to", "bob@b.example");
    members.insert("timestamp", now().as_str());
    let text = parchment_core::envelope::legacy::signed_text("FRIEND_INVITE", &Value::Object(members.clone()));
    members.insert("type", "FRIEND_INVITE");
    members.insert("signature", alice_key().sign(&text).to_base64().as_str());
    request(&SignedMessage::read(&Value::Object(members)).unwrap())
}

#[test]
fn s03_every_bit_of_body_and_headers_is_signed() {
    let receiver = Receiver::new();
    for good in [request(&message(Kind::FriendInvite, Object::new())), legacy()] {
        assert!(receiver.receive(&good).is_ok());
        let lengths: Vec<_> = good.headers.iter().map(|(_, value)| value.len()).collect();
        for (part, length) in lengths.into_iter().chain([good.body.len()]).enumerate() {
            for bit in 0..length * 8 {
                let mut changed = good.clone();
                let bytes = match changed.headers.get_mut(part) {
                    Some((_, value)) => value,
                    None => &mut changed.body,
                };
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert!(receiver.receive(&changed).is_err(), "part {part}, bit {bit}");
            }
        }
    }
}

#[test]
fn s03_every_bit_of_the_users_message_is_signed_by_the_user() {
    // Her own server vouches for each altered body: what refuses it is her signature alone.
    let receiver = Receiver::new();
    for good in [request(&message(Kind::FriendInvite, Object::new())), legacy()] {
        for bit in 0..good.body.len() * 8 {
            let mut body = good.body.clone();
            body[bit / 8] ^= 1 << (bit % 8);
            let (Ok(value), Ok(text)) = (canonical::parse(&body), String::from_utf8(body)) else {
                continue;
            };
            let believed = receiver.receive(&vouched(&text, canonical::digest(&value)));
            assert!(believed.is_err(), "bit {bit}: {text}");
        }
    }
}

#[test]
fn s03_method_path_query_nonce_time_and_both_servers_are_signed() {
    let (home, own, now) = (home(), own(), now());
    let body_hash = Digest::of(b"{}");
    let nonce = Nonce::from_bytes([4; 16]);
    let wrapper = Wrapper {
        method: INBOX_METHOD,
        path: INBOX_PATH,
        body_hash,
        nonce,
        timestamp: &now,
        peer: &own,
        sender: home.id(),
    };
    let (key, signature) = (home.public_key(), home.sign(&wrapper));
    assert!(wrapper.verify(&key, &signature).is_ok());

    let (later, elsewhere) = (
        Timestamp::from_instant(NOW.plus(1)),
        parchment_core::handle::ServerId::parse("c.example").unwrap(),
    );
    let same_instant = Timestamp::parse(&now.as_str().replace(".000Z", "Z")).unwrap();
    let mut others = vec![
        Wrapper {
            timestamp: &later,
            ..wrapper
        },
        Wrapper {
            timestamp: &same_instant,
            ..wrapper
        },
        Wrapper {
            peer: &elsewhere,
            ..wrapper
        },
        Wrapper {
            peer: home.id(),
            ..wrapper
        },
        Wrapper {
            sender: &elsewhere,
            ..wrapper
        },
        Wrapper {
            sender: &own,
            peer: home.id(),
            ..wrapper
        },
        Wrapper {
            method: "PUT",
            ..wrapper
        },
        Wrapper {
            method: "POST ",
            ..wrapper
        },
        Wrapper { method: "", ..wrapper },
    ];
    for path in [
        "",
        "/",
        "/federation/inbox/",
        "/federation/inbox?",
        "/federation/inbox?x=1",
        "/federation/inbox#x",
    ] {
        others.push(Wrapper { path, ..wrapper });
    }
    for bit in 0..128 {
        let mut bytes = [4; 16];
        bytes[bit / 8] ^= 1 << (bit % 8);
        others.push(Wrapper {
            nonce: Nonce::from_bytes(bytes),
            ..wrapper
        });
    }
    for bit in 0..256 {
        let mut bytes = *body_hash.as_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        others.push(Wrapper {
            body_hash: Digest::from_bytes(bytes),
            ..wrapper
        });
    }
    for other in others {
        assert!(other.verify(&key, &signature).is_err(), "{other:?}");
    }
    for bit in 0..512 {
        let mut bytes = *signature.as_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let changed = parchment_core::keys::Signature::from_bytes(bytes);
        assert!(wrapper.verify(&key, &changed).is_err(), "bit {bit}");
    }
}

#[test]
fn s03_a_request_for_one_server_is_worth_nothing_at_another() {
    // The message is to bob wherever he lives; what binds the request to a server is the wrapper.
    let good = request(&message(Kind::FriendInvite, Object::new()));
    assert!(World::new().verified(&good, NOW).is_ok());
    let headers = good.headers.iter().map(|(name, value)| (*name, value.as_slice()));
    let head = RequestHead::read(headers).unwrap();
    let body_hash = canonical::digest(&canonical::parse(&good.body).unwrap());
    for name in ["c.example", "B.example", "b.example:443", "bb.example"] {
        let other = super::world::server(name);
        let wrapper = head.wrapper(INBOX_METHOD, INBOX_PATH, body_hash, &other);
        assert!(
            wrapper.verify(&home().public_key(), head.signature()).is_err(),
            "{name}"
        );
        assert!(World::at(other).verified(&good, NOW).is_err(), "{name}");
    }
}

#[test]
fn s03_the_version_is_signed_as_every_member_of_a_message_is() {
    let good = message(Kind::FriendInvite, Object::new());
    let key = alice_key().verifying_key();
    let (from, to) = (handle("alice@a.example"), handle("bob@b.example"));
    let mut payload = Object::new();
    payload.insert("x", "");
    let nonce = Nonce::from_bytes([3; 16]);
    let build = |kind, from, to, nonce, at, payload| UserMessage::new(kind, from, to, nonce, at, payload).unwrap();
    let empty = Object::new;
    let others = [
        build(Kind::FriendReject, from.clone(), to.clone(), nonce, now(), empty()),
        build(
            Kind::FriendInvite,
            handle("Alice@a.example"),
            to.clone(),
            nonce,
            now(),
            empty(),
        ),
        build(
            Kind::FriendInvite,
            from.clone(),
            handle("bob@B.example"),
            nonce,
            now(),
            empty(),
        ),
        build(
            Kind::FriendInvite,
            from.clone(),
            to.clone(),
            Nonce::from_bytes([2; 16]),
            now(),
            empty(),
        ),
        build(
            Kind::FriendInvite,
            from.clone(),
            to.clone(),
            nonce,
            Timestamp::from_instant(NOW.plus(1)),
            empty(),
        ),
        build(Kind::FriendInvite, from, to, nonce, now(), payload),
    ];
    assert!(good.verify(&key).is_ok());
    for other in others {
        assert!(SignedMessage::new(other, *good.signature()).verify(&key).is_err());
    }
    for (member, value) in [
        ("\"protocol_version\":2", "\"protocol_version\":3"),
        ("\"message_version\":1", "\"message_version\":2"),
    ] {
        let text = good.message().signed_text();
        assert!(text.contains(member));
        let other = text.replace(member, value);
        assert!(key.verify(other.as_bytes(), good.signature()).is_err());
        assert!(SigningKey::from_seed(&[2; 32]).sign(&other) != *good.signature());
    }
}
