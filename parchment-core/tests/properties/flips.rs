//! One bit flipped anywhere in a signed request, and it is not believed.

use std::borrow::Cow;

use parchment_core::{
    canonical::{self, Object},
    envelope::Kind,
    request::{INBOX_METHOD, INBOX_PATH, RequestHead},
};
use proptest::prelude::*;

use crate::{
    cases,
    json::object,
    sample::{Receiver, Request, home, message, own, request},
};

/// A request with a payload that has a bit of everything.
fn sample() -> Request {
    let payload =
        br#"{"encryptedLocation":"QUJD","nonce":"2026-04-20T11:59:59.500Z","n":[1.5,-7,null,true,{"e":"\u00eb"}]}"#;
    let payload = canonical::parse(payload).unwrap().as_object().unwrap().clone();
    request(&message(Kind::LocationUpdate, payload))
}

fn flip(bytes: &mut [u8], bit: usize) {
    bytes[bit / 8] ^= 1 << (bit % 8);
}

#[test]
fn the_sample_itself_is_believed() {
    assert!(Receiver::new().receive(&sample()).is_ok());
}

#[test]
fn no_flipped_bit_of_the_body_is_believed() {
    let (receiver, sample) = (Receiver::new(), sample());
    for bit in 0..sample.body.len() * 8 {
        let mut request = sample.clone();
        flip(&mut request.body, bit);
        let outcome = receiver.receive(&request);
        assert!(
            outcome.is_err(),
            "bit {bit}: {}",
            String::from_utf8_lossy(&request.body)
        );
    }
}

#[test]
fn no_flipped_bit_of_a_header_is_believed() {
    let (receiver, sample) = (Receiver::new(), sample());
    for header in 0..sample.headers.len() {
        for bit in 0..sample.headers[header].1.len() * 8 {
            let mut request = sample.clone();
            flip(&mut request.headers[header].1, bit);
            let (name, value) = &request.headers[header];
            assert!(
                receiver.receive(&request).is_err(),
                "{name}, bit {bit}: {}",
                String::from_utf8_lossy(value)
            );
        }
    }
}

#[test]
fn no_header_can_be_missing_empty_twice_or_swapped() {
    let (receiver, sample) = (Receiver::new(), sample());
    for header in 0..sample.headers.len() {
        let mut requests = vec![sample.clone(); 3];
        requests[0].headers.remove(header);
        requests[1].headers[header].1.clear();
        requests[2].headers.push(sample.headers[header].clone());
        for other in 0..header {
            let mut swapped = sample.clone();
            swapped.headers[header].1 = sample.headers[other].1.clone();
            swapped.headers[other].1 = sample.headers[header].1.clone();
            requests.push(swapped);
        }
        assert!(
            requests.iter().all(|request| receiver.receive(request).is_err()),
            "{}",
            sample.headers[header].0
        );
    }
}

#[test]
fn no_flipped_bit_of_method_or_path_verifies() {
    let sample = sample();
    let headers = sample.headers.iter().map(|(name, value)| (*name, value.as_slice()));
    let head = RequestHead::read(headers).unwrap();
    let (body_hash, own) = (canonical::digest(&canonical::parse(&sample.body).unwrap()), own());
    let verifies = |method: &str, path: &str| {
        head.wrapper(method, path, body_hash, &own)
            .verify(&home().public_key(), head.signature())
            .is_ok()
    };
    assert!(verifies(INBOX_METHOD, INBOX_PATH));
    for method in flipped(INBOX_METHOD) {
        // The method is signed in upper case, so the case of its letters is nobody's business.
        assert_eq!(
            verifies(&method, INBOX_PATH),
            method.eq_ignore_ascii_case(INBOX_METHOD),
            "{method:?}"
        );
    }
    for path in flipped(INBOX_PATH) {
        assert!(!verifies(INBOX_METHOD, &path), "{path:?}");
    }
}

/// Every text that is one bit away.
fn flipped(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    (0..text.len() * 8).filter_map(|bit| {
        let mut bytes = text.as_bytes().to_vec();
        flip(&mut bytes, bit);
        String::from_utf8(bytes).ok().map(Cow::Owned)
    })
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn no_flipped_bit_of_any_body_changes_what_is_believed(payload in object(), bit in any::<prop::sample::Index>()) {
        let (receiver, original) = (Receiver::new(), request(&message(Kind::RelationshipRevoke, payload)));
        prop_assert!(receiver.receive(&original).is_ok());
        let mut request = original.clone();
        flip(&mut request.body, bit.index(original.body.len() * 8));
        // Some bits say nothing: the case of hexadecimal digits, and of the e in a number.
        let says_the_same = canonical::parse(&request.body) == canonical::parse(&original.body);
        prop_assert_eq!(receiver.receive(&request).is_ok(), says_the_same);
    }

    #[test]
    fn any_other_bytes_in_the_place_of_some_are_not_believed(
        part in 0..6_usize,
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 1..4),
    ) {
        let sample = sample();
        let mut request = sample.clone();
        let target = match part {
            5 => &mut request.body,
            header => &mut request.headers[header].1,
        };
        let at = at.index(target.len());
        let end = target.len().min(at + bytes.len());
        target.splice(at..end, bytes);
        let is_changed = request.headers != sample.headers
            || canonical::parse(&request.body) != canonical::parse(&sample.body);
        prop_assert_eq!(Receiver::new().receive(&request).is_err(), is_changed);
    }
}

#[test]
fn a_signed_request_is_worth_nothing_with_another_body() {
    let receiver = Receiver::new();
    let other = request(&message(Kind::RelationshipRevoke, Object::new()));
    let mut mixed = sample();
    mixed.body = other.body;
    assert!(receiver.receive(&mixed).is_err());
}
