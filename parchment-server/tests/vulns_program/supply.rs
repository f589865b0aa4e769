//! Statement 54: what is built, and of what.
//!
//! `.ci/run` checks licences, bans and sources with cargo-deny where that is installed, and lints with
//! `unsafe_code` forbidden. Advisories need a database from the network, so they are no part of a test.

use std::{collections::BTreeSet, fs, path::PathBuf, process::Command};

use serde_json::Value;
use toml::de::{DeTable, DeValue};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file as JSON, which is easier to look things up in.
fn read(path: &str) -> Value {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let table = DeTable::parse(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    of_table(table.get_ref())
}

fn of_table(table: &DeTable<'_>) -> Value {
    let members = table
        .iter()
        .map(|(name, value)| (name.get_ref().to_string(), of_value(value.get_ref())));
    Value::Object(members.collect())
}

fn of_value(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Array(items) => items.iter().map(|item| of_value(item.get_ref())).collect(),
        DeValue::Table(table) => of_table(table),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => Value::Null,
    }
}

fn texts(list: &Value) -> BTreeSet<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item.as_str().unwrap())
        .collect()
}

fn members(workspace: &Value) -> BTreeSet<&str> {
    texts(&workspace["workspace"]["members"])
}

#[test]
fn s54_no_crate_here_may_hold_unsafe_code() {
    let workspace = read("Cargo.toml");
    assert_eq!(
        workspace["workspace"]["lints"]["rust"]["unsafe_code"].as_str(),
        Some("forbid")
    );
    assert!(members(&workspace).len() >= 4);
    for member in members(&workspace) {
        let lints = read(&format!("{member}/Cargo.toml"))["lints"].clone();
        // A crate with a list of its own has none of the workspace's.
        let is_forbidden = lints["workspace"] == true || lints["rust"]["unsafe_code"] == "forbid";
        assert!(is_forbidden, "{member}: {lints}");
    }
}

#[test]
fn s54_the_minimum_rust_version_is_stated_once_and_holds_for_all() {
    let workspace = read("Cargo.toml");
    let version = workspace["workspace"]["package"]["rust-version"].as_str().unwrap();
    assert!(version.split('.').all(|part| part.parse::<u32>().is_ok()), "{version}");
    for member in members(&workspace) {
        let manifest = read(&format!("{member}/Cargo.toml"));
        assert_eq!(
            manifest["package"]["rust-version"]["workspace"].as_bool(),
            Some(true),
            "{member}"
        );
    }
    // Where the run is not on it, it is checked with it.
    let run = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(run.contains("the minimum Rust version") && run.contains("rust-version"));
}

#[test]
fn s54_what_may_come_in_is_said_for_licences_bans_and_sources() {
    let deny = read("deny.toml");
    assert!(!texts(&deny["licenses"]["allow"]).is_empty());
    let banned: BTreeSet<&str> = deny["bans"]["deny"]
        .as_array()
        .unwrap()
        .iter()
        .map(|ban| ban["crate"].as_str().unwrap())
        .collect();
    assert!(banned.is_superset(&["openssl", "native-tls"].into()), "{banned:?}");
    let features = deny["bans"]["features"].as_array().unwrap();
    let of_json = features
        .iter()
        .find(|ban| ban["crate"].as_str() == Some("serde_json"))
        .unwrap();
    assert!(texts(&of_json["deny"]).contains("arbitrary_precision"));
    for from in ["unknown-registry", "unknown-git"] {
        assert_eq!(deny["sources"][from].as_str(), Some("deny"), "{from}");
    }
    let run = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(run.contains("cargo deny --offline check licenses bans sources"));
}

#[test]
fn s54_every_dependency_is_locked_with_its_checksum_and_comes_from_the_registry() {
    let lock = read("Cargo.lock");
    let (workspace, mut locked) = (read("Cargo.toml"), 0);
    let own: BTreeSet<String> = members(&workspace)
        .into_iter()
        .map(|member| {
            read(&format!("{member}/Cargo.toml"))["package"]["name"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    for package in lock["package"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        if own.contains(name) {
            assert!(package.get("source").is_none(), "{name}");
            continue;
        }
        let source = package["source"].as_str().unwrap();
        assert!(
            source.starts_with("registry+") && package.get("checksum").is_some(),
            "{name} from {source}"
        );
        locked += 1;
    }
    assert!(locked > 100, "{locked}");
}

#[test]
fn s54_nothing_in_the_normal_graph_changes_how_json_is_read_or_ordered() {
    for package in ["parchment-core", "parchment-server"] {
        let tree = Command::new(env!("CARGO"))
            .args([
                "tree",
                "--package",
                package,
                "--edges",
                "normal,features",
                "--locked",
                "--offline",
            ])
            .current_dir(root())
            .output()
            .unwrap();
        let (graph, error) = (
            String::from_utf8(tree.stdout).unwrap(),
            String::from_utf8_lossy(&tree.stderr).into_owned(),
        );
        assert!(tree.status.success(), "{error}");
        assert!(
            graph.contains("serde_json feature \"std\"") || graph.contains("serde_json feature \"default\""),
            "{graph}"
        );
        for feature in ["preserve_order", "arbitrary_precision"] {
            assert!(
                !graph.contains(&format!("serde_json feature \"{feature}\"")),
                "{package}: {feature}"
            );
        }
    }
}
