//! What is printed and asked.

use std::{
    io::{self, IsTerminal as _, Read as _, Write as _},
    path::Path,
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::failure::Failure;

pub struct Terminal {
    pub json: bool,
}

impl Terminal {
    /// Prints a result: for people, or as JSON.
    pub fn say(&self, text: &str, value: &Value) -> Result<(), Failure> {
        let line = if self.json {
            value.to_string()
        } else {
            text.trim_end().to_owned()
        };
        if line.is_empty() {
            return Ok(());
        }
        self.write(format!("{line}\n").as_bytes())
    }

    /// Writes bytes to standard output.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)
            .and_then(|()| out.flush())
            .map_err(Failure::file("standard output"))
    }

    /// Says something beside the result.
    pub fn note(&self, text: &str) {
        if !self.json {
            eprintln!("{text}");
        }
    }

    pub fn fail(&self, failure: &Failure) {
        if self.json {
            eprintln!("{}", json!({ "error": failure.code(), "message": failure.to_string() }));
        } else {
            eprintln!("parchment: {failure}");
        }
    }

    /// Something that takes a while, shown where somebody looks.
    pub fn busy(&self, text: &'static str) -> ProgressBar {
        if self.json || !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new_spinner()
            .with_style(ProgressStyle::default_spinner())
            .with_message(text);
        bar.enable_steady_tick(Duration::from_millis(100));
        bar
    }

    /// Asks for a line that may be seen.
    pub fn ask(&self, what: &str) -> Result<String, Failure> {
        eprint!("{what}: ");
        let line = io::stdin()
            .lines()
            .next()
            .transpose()
            .map_err(Failure::file("standard input"))?;
        line.map(|line| line.trim().to_owned())
            .ok_or_else(|| Failure::Other(format!("Nothing was typed for: {what}.")))
    }

    /// Asks for a secret, unseen; where nobody types, the next line of standard input is it.
    pub fn ask_secret(&self, what: &str) -> Result<Zeroizing<String>, Failure> {
        if !io::stdin().is_terminal() {
            return self.ask(what).map(Zeroizing::new);
        }
        let typed = rpassword::prompt_password(format!("{what}: ")).map_err(Failure::file("the terminal"))?;
        Ok(Zeroizing::new(typed))
    }

    /// A secret from a file, from standard input (`-`), or asked for.
    pub fn secret_from(&self, from: Option<&Path>, what: &str) -> Result<Zeroizing<String>, Failure> {
        match from {
            None => self.ask_secret(what),
            Some(path) => {
                let bytes = Zeroizing::new(read(Some(path))?);
                let text =
                    std::str::from_utf8(&bytes).map_err(|_| Failure::Other(format!("{what}: this is no text.")))?;
                Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
            }
        }
    }
}

/// A file; none and `-` are standard input.
pub fn read(path: Option<&Path>) -> Result<Vec<u8>, Failure> {
    match path.filter(|path| *path != Path::new("-")) {
        Some(path) => std::fs::read(path).map_err(Failure::file(path.display())),
        None => {
            let mut bytes = Vec::new();
            io::stdin()
                .read_to_end(&mut bytes)
                .map_err(Failure::file("standard input"))?;
            Ok(bytes)
        }
    }
}
