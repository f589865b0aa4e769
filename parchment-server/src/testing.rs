//! For tests and the demonstration: settings that touch nothing but a folder and loopback.

use std::path::Path;

use clap::{Args, FromArgMatches as _};

use crate::config::{MailSetting, Settings};

/// The defaults, whatever the environment says, with data and mail in `folder` and a free port.
pub fn settings(folder: &Path) -> Settings {
    // Built without reading the environment, so that a developer's own settings do not leak in.
    let command = Settings::augment_args(clap::Command::new("settings")).mut_args(|arg| arg.env(None::<&str>));
    let matches = command.get_matches_from(["settings"]);
    let mut settings = Settings::from_arg_matches(&matches).expect("every setting has a default");
    settings.listen.set_port(0);
    settings.data_dir = folder.to_owned();
    settings.mail = MailSetting::File(folder.join("mail"));
    settings
}
