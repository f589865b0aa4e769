//! The page on these statements (`parchment_core::vulns`) says what is so.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const PAGE: &str = include_str!("../../src/vulns.rs");

/// The statements that the page is about.
fn statements() -> Vec<u32> {
    // What is left out is the client's to prove.
    (1..=54).filter(|number| ![26, 53].contains(number)).collect()
}

/// Statement and cells of each row of the table.
fn rows() -> BTreeMap<u32, Vec<&'static str>> {
    let lines = PAGE.lines().filter_map(|line| line.strip_prefix("//! | "));
    let cells = lines.map(|line| {
        line.trim_end_matches('|')
            .split(" | ")
            .map(str::trim)
            .collect::<Vec<_>>()
    });
    cells
        .filter_map(|cells| cells[0].parse().ok().map(|number| (number, cells)))
        .collect()
}

/// What stands in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The names of all test functions: what follows a test attribute, or stands in a `proptest!`.
fn tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in [
        "parchment-core/tests",
        "parchment-core/src",
        "parchment-server/tests",
        "parchment-server/src",
    ] {
        sources(&root.join(folder), &mut files);
    }
    let mut names = BTreeSet::new();
    for file in files {
        let mut is_test = false;
        for line in fs::read_to_string(&file).unwrap().lines() {
            let line = line.trim_start();
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            let function = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn "));
            if let Some(name) = function.filter(|_| is_test).and_then(|rest| rest.split('(').next()) {
                names.insert(name.to_owned());
                is_test = false;
            }
        }
    }
    names
}

#[test]
fn every_statement_has_a_row_with_class_design_and_tests() {
    assert_eq!(rows().into_keys().collect::<Vec<_>>(), statements());
    for (number, cells) in rows() {
        assert_eq!(cells.len(), 4, "{number}");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{number}");
        let own = format!("s{number:02}_");
        assert!(
            quoted(cells[3]).any(|name| name.starts_with(&own)),
            "{number} has no test of its own name"
        );
    }
}

#[test]
fn every_test_that_the_page_names_is_there() {
    let tests = tests();
    assert!(tests.len() > 200, "only {} tests were found", tests.len());
    for (number, cells) in rows() {
        for name in quoted(cells[3]) {
            assert!(
                tests.contains(name),
                "statement {number} names `{name}`, which is no test"
            );
        }
    }
}
