//! Runs the vector files; one module for each.

mod base64;
mod canonical_json;
mod ciphertext_envelope;
mod crypto_envelope_inspect;
mod demands;
mod device_transfer;
mod ecies_friend_share;
mod ed25519;
mod envelope;
mod envelope_v1_legacy;
mod envelope_v2_sign;
mod handles;
mod inbox_http;
mod key_hierarchy;
mod prf;
mod reader;
mod report;
mod safety_number;
mod sealed;
mod seed_wrap;
mod server_wrapper;
mod timestamps;
pub(crate) mod verdict;
mod well_known;
mod world;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use reader::{Case, VectorFile};
use report::Report;
use verdict::Finding;

/// Judges the cases of one file, in their order: some continue from the one before.
type Judge<'a> = Box<dyn FnMut(&Case<'_>) -> Finding + 'a>;

/// Makes the judge of a file; the file is given for what stands beside its cases.
type Runner = for<'a> fn(&'a VectorFile) -> Judge<'a>;

const RUNNERS: [(&str, Runner); 16] = [
    ("base64", |_| Box::new(base64::judge)),
    ("canonical-json", |_| Box::new(canonical_json::judge)),
    ("ciphertext-envelope", |_| Box::new(ciphertext_envelope::judge)),
    ("crypto-envelope-inspect", |_| Box::new(crypto_envelope_inspect::judge)),
    ("device-transfer", |_| Box::new(device_transfer::judge)),
    ("ecies-friend-share", |_| Box::new(ecies_friend_share::judge)),
    ("envelope-v1-legacy", |file| {
        Box::new(|case| envelope_v1_legacy::judge(file, case))
    }),
    ("envelope-v2-sign", |file| {
        Box::new(|case| envelope_v2_sign::judge(file, case))
    }),
    ("handles", |_| Box::new(handles::judge)),
    ("inbox-http", |file| Box::new(|case| inbox_http::judge(file, case))),
    ("key-hierarchy", |_| Box::new(key_hierarchy::judge)),
    ("prf", |_| Box::new(prf::judge)),
    ("safety-number", |_| Box::new(safety_number::judge)),
    ("seed-wrap", |_| Box::new(seed_wrap::judge)),
    ("server-wrapper", server_wrapper::judge),
    ("timestamps", |_| Box::new(timestamps::judge)),
];

/// Runs all files of a folder.
pub(crate) fn run(folder: &Path) -> Report {
    let mut report = Report::default();
    for path in reader::files_of(folder) {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        match RUNNERS.iter().find(|(name, _)| *name == stem) {
            None => report.unknown_file(&stem),
            Some((_, runner)) => run_file(&VectorFile::read(&path), *runner, &mut report),
        }
    }
    report
}

fn run_file(file: &VectorFile, runner: Runner, report: &mut Report) {
    let mut judge = runner(file);
    for case in file.cases() {
        // A panic is a wrong answer to one case, not the end of the others.
        let finding = catch_unwind(AssertUnwindSafe(|| judge(&case)))
            .unwrap_or_else(|panic| Finding::Wrong(format!("panicked: {}", message_of(&*panic))));
        report.add(&file.name, &case, demands::hold(&file.name, case.name(), finding));
    }
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a message")
        .to_owned()
}
