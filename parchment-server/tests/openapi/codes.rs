//! The codes of errors: those in the document are those in the sources, and the other way round.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use parchment_core::refusal::Code;

use super::{document, operations, responses, text};

/// Codes that no operation answers, and what they are.
const OF_NO_OPERATION: [(&str, &str); 3] = [
    ("last_role", "said to the operator by `admin user revoke`"),
    ("method_not_allowed", "for a method that the path does not have"),
    (
        "signing_key_changed",
        "in a result of POST /friends/sync-keys, where its schema says so",
    ),
];

/// Every code in the document, with the operations and statuses that have it.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let mut codes = BTreeMap::<String, BTreeSet<String>>::new();
    for (name, operation) in operations(&document()) {
        for (status, response) in responses(&operation) {
            let quoted = text(response, "description").split('`').skip(1).step_by(2);
            for code in quoted.filter(|_| status >= 400) {
                codes
                    .entry(code.to_owned())
                    .or_default()
                    .insert(format!("{name}: {status}"));
            }
        }
    }
    codes
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every code that the server's sources make a problem with: the first text behind a constructor of one.
fn in_sources() -> BTreeMap<String, PathBuf> {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let constructors = [
        "Problem::new(",
        "Problem::bad_request(",
        "Problem::conflict(",
        "Problem::unprocessable(",
        "Problem::bad_gateway(",
        "Problem::forbidden(",
        "Self::new(",
        "Self::unprocessable(",
    ];
    let mut codes = BTreeMap::new();
    for file in files {
        // Tests within a file make up codes of their own.
        let source = fs::read_to_string(&file).unwrap();
        let source = source.split("#[cfg(test)]").next().unwrap();
        // `Self` is a problem in one file only.
        let is_problem = file.ends_with("http/problem.rs");
        for constructor in constructors.iter().filter(|one| is_problem || !one.starts_with("Self")) {
            for call in source.split(constructor).skip(1) {
                let arguments = call.split(';').next().unwrap();
                let code = arguments.split('"').nth(1).filter(|code| is_code(code));
                codes.extend(code.map(|code| (code.to_owned(), file.clone())));
            }
        }
    }
    assert!(codes.len() > 20, "only {codes:?}");
    codes
}

fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

#[test]
fn every_code_that_the_server_can_answer_is_documented() {
    let documented = documented();
    let exempt = |code: &str| OF_NO_OPERATION.iter().any(|(exempt, _)| *exempt == code);
    let missing: Vec<_> = in_sources()
        .into_iter()
        .filter(|(code, _)| !documented.contains_key(code) && !exempt(code))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_code_of_the_library_is_documented_for_the_inbox() {
    let documented = documented();
    let at_inbox = |code: &str, status: u16| {
        let place = format!("POST /federation/inbox: {status}");
        documented.get(code).is_some_and(|places| places.contains(&place))
    };
    let missing: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| !at_inbox(code.as_str(), code.class().status()))
        .map(|code| code.as_str())
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_documented_code_is_one_that_the_server_can_answer() {
    let (known, library): (_, BTreeSet<&str>) = (in_sources(), Code::ALL.iter().map(|code| code.as_str()).collect());
    let unknown: Vec<_> = documented()
        .into_iter()
        .filter(|(code, _)| !known.contains_key(code) && !library.contains(code.as_str()))
        .collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}
