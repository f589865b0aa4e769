//! Telling what happens, for people.

use std::io::Write;

/// Prints chapters and steps.
pub struct Story {
    out: Box<dyn Write + Send>,
    chapter: u32,
}

impl Story {
    /// A story on standard output.
    pub fn to_stdout() -> Self {
        Self::to(std::io::stdout())
    }

    /// A story on anything.
    pub fn to(out: impl Write + Send + 'static) -> Self {
        Self {
            out: Box::new(out),
            chapter: 0,
        }
    }

    pub(super) fn chapter(&mut self, title: &str) {
        self.chapter += 1;
        let before = if self.chapter == 1 { "" } else { "\n" };
        self.print(&format!("{before}{}. {title}\n", self.chapter));
    }

    pub(super) fn line(&mut self, text: &str) {
        self.print(&format!("     {text}\n"));
    }

    /// A step that held.
    pub(super) fn held(&mut self, text: &str) {
        self.print(&format!("  ok {text}\n"));
    }

    /// A step that holds if `held`.
    pub(super) fn check(&mut self, held: bool, text: &str) -> Result<(), String> {
        if !held {
            return Err(text.to_owned());
        }
        self.held(text);
        Ok(())
    }

    fn print(&mut self, text: &str) {
        // A reader who has gone away changes nothing about what holds.
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }
}

impl std::fmt::Debug for Story {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Story")
    }
}
