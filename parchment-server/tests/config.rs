//! Settings as people give them: in a file, in the environment, by flags.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The program with nothing in its environment but what is given here.
fn program(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parchment-server"));
    command.args(arguments).env_clear().envs(environment.iter().copied());
    command.output().unwrap()
}

fn file(folder: &Path, text: &str) -> String {
    let path = folder.join("parchment.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What `config --check` says of settings that can be used.
fn accepted(output: Output) -> String {
    let (said, complaints) = texts(&output);
    assert!(output.status.success(), "{said}{complaints}");
    assert!(said.ends_with("The settings can be used.\n"), "{said}");
    said
}

/// What it says of settings that cannot, one complaint a line.
fn refused(output: Output) -> Vec<String> {
    let (said, complaints) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{said}{complaints}");
    complaints.lines().map(str::to_owned).collect()
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

fn check(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut all = vec!["config", "--check"];
    all.extend(arguments);
    program(&all, environment)
}

#[test]
fn the_annotated_file_is_the_one_in_the_documentation() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/parchment.toml");
    let committed = fs::read_to_string(path).unwrap_or_default();
    let (current, _) = texts(&program(&["config"], &[]));
    let renew = "renew it with: cargo run -p parchment-server -- config > docs/parchment.toml";
    assert!(committed == current, "docs/parchment.toml is outdated; {renew}");
}

#[test]
fn the_annotated_file_can_be_used_as_it_is_and_with_every_setting_switched_on() {
    let folder = tempfile::tempdir().unwrap();
    let (text, _) = texts(&program(&["config"], &[]));
    let path = file(folder.path(), &text);
    assert!(accepted(check(&["--config", &path], &[])).contains("listen = 127.0.0.1:5000 (default)"));

    let is_setting = |line: &&str| line.starts_with('#') && line.contains(" = ") && !line.starts_with("# ");
    assert!(text.lines().filter(is_setting).count() >= 18, "{text}");
    let on: String = text
        .lines()
        .filter(is_setting)
        .map(|line| format!("{}\n", &line[1..]))
        .collect();
    let path = file(folder.path(), &on);
    let said = accepted(check(&["--config", &path], &[]));
    assert!(!said.contains("(default)") && !said.contains("is not set"), "{said}");
}

#[test]
fn a_flag_wins_over_the_environment_and_the_environment_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(
        folder.path(),
        "listen = '127.0.0.1:1'\nregistration = 'invite'\ndata_dir = '/from/file'\n",
    );
    let environment = [
        ("PARCHMENT_CONFIG", path.as_str()),
        ("PARCHMENT_LISTEN", "127.0.0.1:2"),
        ("PARCHMENT_REGISTRATION", "open"),
    ];
    let said = accepted(check(&["--listen", "127.0.0.1:3"], &environment));
    assert!(said.contains("listen = 127.0.0.1:3 (from --listen)"), "{said}");
    assert!(
        said.contains("registration = open (from PARCHMENT_REGISTRATION)"),
        "{said}"
    );
    assert!(
        said.contains(&format!("data_dir = /from/file (from {path}:3)")),
        "{said}"
    );
    assert!(said.contains("mail = console (default)"), "{said}");
}

#[test]
fn a_variable_that_is_empty_is_not_set() {
    let empty = [
        "PARCHMENT_LISTEN",
        "PARCHMENT_CONFIG",
        "DATABASE_URL",
        "PARCHMENT_MAIL_FROM",
    ]
    .map(|name| (name, ""));
    assert!(accepted(check(&[], &empty)).contains("listen = 127.0.0.1:5000 (default)"));
}

#[test]
fn every_mistake_is_named_with_its_place_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        "# a comment\nlisten = 'nowhere'\n\nregistraton = 'invite'\nmail = { to = 1 }\nrate_limits = 'sometimes'\n";
    let path = file(folder.path(), text);
    let environment = [
        ("PARCHMENT_PUBLIK_ORIGIN", "https://home.example"),
        ("PARCHMENT_LOG", "[[["),
        ("PARCHMENT_TRUSTED_PROXIES", "10.0.0.0/99"),
    ];
    let complaints = refused(check(&["--config", &path], &environment));
    let expected = [
        "environment: there is no setting `PARCHMENT_PUBLIK_ORIGIN`; did you mean `PARCHMENT_PUBLIC_ORIGIN`?"
            .to_owned(),
        format!("{path}:2: listen: "),
        format!("{path}:4: there is no setting `registraton`; did you mean `registration`?"),
        format!("{path}:5: mail: a text, a number, true or false, or a list of texts is expected"),
        format!("{path}:6: rate_limits: one of on, off is expected"),
        "PARCHMENT_LOG: log: ".to_owned(),
        "PARCHMENT_TRUSTED_PROXIES: trusted_proxies: ".to_owned(),
    ];
    for start in &expected {
        assert!(
            complaints.iter().any(|line| line.contains(start)),
            "{start}: {complaints:#?}"
        );
    }
    assert_eq!(complaints.len(), expected.len(), "{complaints:#?}");
}

#[test]
fn a_file_that_is_missing_or_no_toml_is_said_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let complaints = refused(check(&["--config", "/no/such/file.toml"], &[]));
    assert!(
        complaints[0].contains("/no/such/file.toml: the file cannot be read"),
        "{complaints:?}"
    );
    let path = file(folder.path(), "listen = '127.0.0.1:1'\nmail = \"\n");
    let complaints = refused(check(&["--config", &path], &[]));
    assert!(complaints[0].contains(&format!("{path}:2: ")), "{complaints:?}");
    let path = file(folder.path(), "mail = 'console'\nmail = 'console'\n");
    let complaints = refused(check(&["--config", &path], &[]));
    assert!(complaints[0].contains(&format!("{path}:2: ")), "{complaints:?}");
}

#[test]
fn settings_that_do_not_go_together_are_said_with_the_place_of_the_one_at_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "\npublic_origin = 'http://home.example'\n");
    let complaints = refused(check(&["--config", &path], &[]));
    assert!(
        complaints[0].contains(&format!("{path}:2: public_origin: http://home.example is http")),
        "{complaints:?}"
    );
    let complaints = refused(check(&["--database-url", "mysql://u:hunter2@h/d"], &[]));
    assert!(
        complaints[0].contains("--database-url: database_url: "),
        "{complaints:?}"
    );
    assert!(!complaints[0].contains("hunter2"), "{complaints:?}");
    let complaints = refused(check(&["--metrics-listen", "127.0.0.1:5000"], &[]));
    assert!(complaints[0].contains("--metrics-listen"), "{complaints:?}");
    let said = accepted(check(&["--public-origin=https://home.example"], &[]));
    assert!(said.contains("warning: trusted_proxies: "), "{said}");
    assert!(said.contains("warning: mail: "), "{said}");
}

#[test]
fn secrets_are_never_said_again() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefg=";
    for good in [true, false] {
        let (seed, mail) = if good {
            (secret.to_owned(), format!("smtp://u:{}@mail.example", &secret[..20]))
        } else {
            (
                format!("{secret}{secret}"),
                format!("smtp://u:{}@mail.example/x", &secret[..20]),
            )
        };
        let path = file(
            folder.path(),
            &format!("server_identity_private_key = '{seed}'\nmail = '{mail}'\n"),
        );
        let environment = [
            ("SERVER_IDENTITY_PRIVATE_KEY", seed.as_str()),
            ("PARCHMENT_MAIL", mail.as_str()),
        ];
        for output in [check(&["--config", &path], &[]), check(&[], &environment)] {
            let (said, complaints) = texts(&output);
            assert_eq!(output.status.success(), good, "{said}{complaints}");
            assert!(
                !format!("{said}{complaints}").contains(&secret[..10]),
                "{said}{complaints}"
            );
            assert!(!good || said.contains("mail = … (from "), "{said}");
        }
    }
}

#[test]
fn a_flag_with_a_secret_that_does_not_fit_is_refused_without_repeating_it() {
    for flag in [
        "--server-identity-private-key=hunter2hunter2",
        "--mail=smtp://u:hunter2hunter2@mail.example/x",
    ] {
        let complaints = refused(check(&[flag], &[]));
        assert!(
            complaints[0].contains(flag.split('=').next().unwrap()),
            "{complaints:?}"
        );
        assert!(!complaints.join(" ").contains("hunter2"), "{complaints:?}");
    }
}

#[test]
fn what_orchestrators_set_for_a_service_of_this_name_is_no_mistake() {
    let set = [
        ("PARCHMENT_PORT", "tcp://10.0.0.1:5000"),
        ("PARCHMENT_PORT_5000_TCP_ADDR", "10.0.0.1"),
        ("PARCHMENT_SERVICE_HOST", "10.0.0.1"),
    ];
    accepted(check(&[], &set));
}

#[test]
fn the_server_itself_refuses_what_the_check_refuses() {
    let complaints = refused(program(&[], &[("PARCHMENT_LISTN", "127.0.0.1:0")]));
    assert!(
        complaints[0].contains("did you mean `PARCHMENT_LISTEN`?"),
        "{complaints:?}"
    );
    let output = program(&["serve", "--no-such-flag"], &[]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn help_names_every_setting_by_flag_and_variable() {
    let (help, _) = texts(&program(&["--help"], &[]));
    let (annotated, _) = texts(&program(&["config"], &[]));
    let names = annotated.lines().filter_map(|line| {
        let (variable, flag) = line.strip_prefix("# Environment: ")?.split_once(", flag: ")?;
        Some((variable, flag))
    });
    let mut count = 0;
    for (variable, flag) in names {
        assert!(help.contains(variable) && help.contains(flag), "{variable} {flag}");
        count += 1;
    }
    assert!(count >= 18, "{count}");
}
