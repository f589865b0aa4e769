//! Replays the seeds of the fuzz targets through the functions that fuzzing calls.
//!
//! This needs neither libFuzzer nor cargo-fuzz: an input that fuzzing found once is a file in
//! `fuzz/corpus` and from then on part of every test run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

use std::{fs, path::Path};

#[path = "../../fuzz/targets/mod.rs"]
mod targets;

/// Every target accepts some of its seeds and refuses some; otherwise one of its sides is not tried.
fn replay(target: &str, check: fn(&[u8]) -> bool) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let mut verdicts = [0, 0];
    for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        let seed = fs::read(&path).unwrap();
        // Names the seed when the check panics.
        eprintln!("{target}/{}", path.file_name().unwrap().display());
        verdicts[usize::from(check(&seed))] += 1;
    }
    let [refused, accepted] = verdicts;
    assert!(
        refused > 0 && accepted > 0,
        "{target}: {refused} refused, {accepted} accepted"
    );
}

#[test]
fn accepted_json_has_the_text_that_a_second_writer_gives_it() {
    replay("canonical_json", targets::canonical_json::check);
}

#[test]
fn a_readable_body_is_written_back_and_delivered() {
    replay("inbox_body", targets::inbox_body::check);
}

#[test]
fn accepted_headers_survive_being_written() {
    replay("headers", targets::headers::check);
}

#[test]
fn names_fall_apart_and_come_together_again() {
    replay("handle", targets::handle::check);
}

#[test]
fn a_manifest_is_about_the_server_that_was_asked() {
    replay("manifest", targets::manifest::check);
}

#[test]
fn a_user_document_is_about_the_user_who_was_asked_for() {
    replay("user_document", targets::user_document::check);
}

#[test]
fn an_envelope_opens_where_it_was_sealed_and_nowhere_else() {
    replay("sealed_record", targets::sealed_record::check);
}

#[test]
fn a_friend_share_opens_for_its_recipient_and_unchanged() {
    replay("friend_share", targets::friend_share::check);
}

#[test]
fn a_static_share_opens_under_one_context() {
    replay("static_share", targets::static_share::check);
}

#[test]
fn a_slot_gives_the_seed_of_the_user_who_signed_it() {
    replay("recovery_slot", targets::recovery_slot::check);
}

#[test]
fn a_transfer_gives_the_seed_of_the_user_who_signed_it() {
    replay("device_transfer", targets::device_transfer::check);
}

#[test]
fn a_stored_seed_opens_on_its_device() {
    replay("stored_seed", targets::stored_seed::check);
}

#[test]
fn what_is_typed_is_taken_as_it_would_be_written() {
    replay("typed_text", targets::typed_text::check);
}

#[test]
fn every_folder_of_seeds_is_replayed() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let mut folders: Vec<_> = fs::read_dir(corpus)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    assert_eq!(
        folders,
        [
            "canonical_json",
            "device_transfer",
            "friend_share",
            "handle",
            "headers",
            "inbox_body",
            "manifest",
            "recovery_slot",
            "sealed_record",
            "static_share",
            "stored_seed",
            "typed_text",
            "user_document"
        ]
    );
}

#[test]
fn texts_at_the_limit_are_checked_too() {
    // Too long for seeds: numbers whose canonical text is longer than what was read, and the limit itself.
    let numbers = |number: &str| format!("[{}]", vec![number; 13_000].join(","));
    let padded = |length: usize| "1".to_owned() + &" ".repeat(length - 1);
    assert!(targets::canonical_json::check(numbers("1e-6").as_bytes()));
    assert!(targets::canonical_json::check(numbers("1e20").as_bytes()));
    assert!(targets::canonical_json::check(padded(65_536).as_bytes()));
    assert!(!targets::canonical_json::check(padded(65_537).as_bytes()));
}
