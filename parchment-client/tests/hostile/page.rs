//! The page of attacks names every test here, and every kind of lie.

use std::{fs, path::Path};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn the_page_names_every_attack_and_every_lie() {
    let page = read("src/attacks.rs");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile");
    let mut tests = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let marked = text.split("#[tokio::test]\nasync fn ").skip(1);
        tests.extend(marked.map(|rest| rest.split('(').next().unwrap().to_owned()));
    }
    let rows = page
        .lines()
        .filter(|line| line.starts_with("//! | ") && line.contains("| `"))
        .count();
    assert!(rows >= 70 && tests.len() >= rows, "{rows} rows, {} tests", tests.len());
    for test in &tests {
        assert!(page.contains(&format!("`{test}`")), "the page leaves out {test}");
    }
    let named = page
        .split('`')
        .filter(|name| name.ends_with("noticed") || name.ends_with("signed"));
    for name in named {
        assert!(tests.iter().any(|test| test == name), "there is no test {name}");
    }
    let lies = read("src/account/lie.rs");
    let lies = lies
        .split("pub enum Lie {")
        .nth(1)
        .unwrap()
        .split("\n}\n")
        .next()
        .unwrap();
    let variant = |line: &&str| line.starts_with("    ") && line.as_bytes()[4].is_ascii_uppercase();
    let mut count = 0;
    for line in lies.lines().filter(|line| line.len() > 5).filter(variant) {
        let name: String = line.trim().chars().take_while(char::is_ascii_alphanumeric).collect();
        assert!(page.contains(&format!("`Lie::{name}`")), "the page has no Lie::{name}");
        count += 1;
    }
    assert!(count > 25, "{count} lies");
}
