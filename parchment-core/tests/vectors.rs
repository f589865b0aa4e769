//! What upstream was seen to do, case by case, against what this crate does.
//!
//! # The verdict rule
//!
//! For every case upstream either *accepts* (and then has often computed something) or
//! *refuses*; statuses, codes and wording do not count. This crate must
//!
//! * do **as upstream**: refuse what it refuses, accept what it accepts, and compute the very
//!   same bytes; or
//! * be **stricter**: refuse what upstream accepts, by a numbered rule of protocol section 17.
//!   The rule is the one that the refusal itself names, or follows from the kind of error (see
//!   [`vector_runner::verdict::Reason`]); a refusal without a rule is wrong. So is a rule that does not
//!   apply: another spelling of base64 must be one that upstream reads, a length one that no key has. One rule is no
//!   refusal: of a text that begins with a byte order mark, rule 17.17 keeps the mark that upstream drops.
//!
//! To accept what upstream refuses is wrong, with one exception that section 17 spells out: after
//! a server lied about its name, upstream has pinned the liar's key for its victim and locks the
//! victim out. Rule 17.10 pins nothing for the liar, so the victim gets in.
//!
//! Doing as upstream does would satisfy this rule throughout. Where section 17 demands more, the cases
//! concerned are held to it: by name (`demands`), or by what is worked out from the case itself.
//!
//! # Where the cases come from
//!
//! From the folder that the environment variable `PARCHMENT_VECTORS` names, or else from the copy
//! in this project. A folder may hold other cases of the same kinds, or fewer files. No case is left
//! out: a file or a kind of case that nobody here can judge fails by its name.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "vector_runner/mod.rs"]
mod vector_runner;

use std::path::{Path, PathBuf};

#[test]
fn vectors() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = match std::env::var_os("PARCHMENT_VECTORS").map(PathBuf::from) {
        None => own.join("tests/vectors"),
        // Cargo runs tests in the folder of their crate; a relative path is meant from where cargo was called.
        Some(folder) if folder.is_relative() && !folder.is_dir() => own.join("..").join(folder),
        Some(folder) => folder,
    };
    vector_runner::run(&folder).conclude();
}
