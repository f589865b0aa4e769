//! Counts findings and tells them.

use std::{collections::BTreeMap, fmt::Write as _, io::Write as _};

use super::{reader::Case, verdict::Finding};

/// What came out of a folder of vectors.
#[derive(Default)]
pub(crate) struct Report {
    cases: usize,
    as_upstream: usize,
    stricter: BTreeMap<u8, usize>,
    wrong: Vec<String>,
}

impl Report {
    /// A file that nobody here can judge.
    pub(crate) fn unknown_file(&mut self, file: &str) {
        self.wrong.push(format!("{file}: there is no runner for this file"));
    }

    pub(crate) fn add(&mut self, file: &str, case: &Case<'_>, finding: Finding) {
        self.cases += 1;
        match finding {
            Finding::AsUpstream => self.as_upstream += 1,
            Finding::Stricter(rule) => *self.stricter.entry(rule).or_default() += 1,
            Finding::Wrong(why) => self.wrong.push(format!("{file}: {}\n    {why}", case.title())),
            Finding::UnknownKind => self.wrong.push(format!(
                "{file}: {}\n    there is no runner for kind {:?}",
                case.title(),
                case.kind()
            )),
        }
    }

    /// Prints the one line of summary, and fails if any case came out wrong.
    pub(crate) fn conclude(self) {
        // Past the test harness, which would swallow it; on a line of its own, whatever stands before.
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "\n{}", self.summary()).unwrap();
        drop(stdout);
        assert!(self.cases > 0, "the folder holds no cases for this crate");
        assert!(
            self.wrong.is_empty(),
            "{} wrong:\n{}",
            self.wrong.len(),
            self.wrong.join("\n")
        );
    }

    fn summary(&self) -> String {
        let stricter: usize = self.stricter.values().sum();
        let mut text = format!(
            "vectors: {} cases, {} as upstream, {stricter} stricter",
            self.cases, self.as_upstream
        );
        let mut separator = " (";
        for (rule, count) in &self.stricter {
            write!(text, "{separator}17.{rule}: {count}").unwrap();
            separator = ", ";
        }
        if stricter > 0 {
            text.push(')');
        }
        text
    }
}
