//! The settings as an annotated file, made from their own documentation.

use std::fmt::Write as _;

use clap::Arg;

use super::sources::{self, FILE_VARIABLE};

/// What settings without a default could be.
const EXAMPLES: [(&str, &str); 5] = [
    ("client_origin", "https://app.example"),
    ("database_url", "sqlite:///var/lib/parchment/parchment.db"),
    (
        "server_identity_private_key",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ),
    ("mail_from", "Parchment <no-reply@home.example>"),
    ("metrics_listen", "127.0.0.1:5001"),
];

const WIDTH: usize = 100;

/// A file for `--config`: every setting with its documentation, commented out.
pub fn annotated() -> String {
    let mut text = format!(
        "# Settings of parchment-server. What is commented out holds by itself, or is an example.\n\
         #\n\
         # Name this file by --config or {FILE_VARIABLE}, and check it: parchment-server config --check --config FILE\n\
         # Each setting can be given here, in the environment, or as a flag; a flag wins over the environment, the\n\
         # environment over this file. Relative paths start from the folder that the server is started in.\n"
    );
    let mut heading = "";
    let settings = sources::known();
    for arg in &settings {
        let of_arg = arg.get_help_heading().unwrap_or_default();
        if of_arg != heading {
            heading = of_arg;
            // Writing to a text does not fail.
            let _ = write!(text, "\n\n## {heading}\n");
        }
        text.push('\n');
        describe(arg, &mut text);
    }
    text
}

fn describe(arg: &Arg, text: &mut String) {
    let id = arg.get_id().as_str();
    let help = arg.get_long_help().or_else(|| arg.get_help());
    let mut help = help.map(ToString::to_string).unwrap_or_default();
    // The parser of flags takes the last full stop of a single paragraph away.
    if !help.ends_with(['.', ']']) {
        help.push('.');
    }
    for line in wrapped(&help) {
        let _ = writeln!(text, "# {line}");
    }
    let variable = arg.get_env().unwrap_or_default().display();
    let flag = arg.get_long().unwrap_or_default();
    let _ = writeln!(text, "# Environment: {variable}, flag: --{flag}");
    let default = arg.get_default_values().first().and_then(|value| value.to_str());
    let example = || {
        EXAMPLES
            .iter()
            .find(|(name, _)| *name == id)
            .map(|(_, example)| *example)
    };
    let value = default.or_else(example).unwrap_or_default();
    let is_plain = value.parse::<i64>().is_ok() || matches!(value, "true" | "false");
    let quote = if is_plain { "" } else { "\"" };
    let _ = writeln!(text, "#{id} = {quote}{value}{quote}");
}

/// The words in lines.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let full = lines
            .last()
            .is_none_or(|line| !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH);
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn every_setting_has_a_default_or_an_example_that_is_a_value_of_it() {
        for arg in sources::known() {
            let mut text = String::new();
            describe(&arg, &mut text);
            let last = text
                .lines()
                .last()
                .unwrap()
                .split_once(" = ")
                .unwrap()
                .1
                .trim_matches('"');
            assert!(!last.is_empty(), "{text}");
            assert_eq!(sources::check(&arg, OsStr::new(last)), None, "{text}");
        }
    }

    #[test]
    fn every_example_is_needed() {
        for (name, _) in EXAMPLES {
            let settings = sources::known();
            let arg = settings.iter().find(|arg| arg.get_id() == name).unwrap();
            assert!(arg.get_default_values().is_empty(), "{name} has a default");
        }
    }
}
