//! `parchment-server config`: prints the annotated file, or checks what is set.

use clap::Args;

use super::Failure;
use crate::config::{Loaded, Place, annotated};

#[derive(Args)]
pub(super) struct Arguments {
    /// Say what is set and where, and what is wrong with it, instead of printing the file.
    #[arg(long)]
    check: bool,
}

pub(super) fn run(arguments: &Arguments, given: impl FnOnce() -> Result<Loaded, Failure>) -> Result<(), Failure> {
    if !arguments.check {
        print!("{}", annotated());
        return Ok(());
    }
    let loaded = given()?;
    for given in &loaded.given {
        let place = match &given.place {
            Place::Default => "default".to_owned(),
            place => format!("from {place}"),
        };
        match &given.value {
            Some(value) => println!("{} = {value} ({place})", given.setting),
            None => println!("{} is not set (see `parchment-server config`)", given.setting),
        }
    }
    loaded
        .settings
        .check()
        .map_err(|error| Failure(loaded.locate(&error)))?;
    for warning in loaded.settings.warnings() {
        println!("warning: {}", loaded.locate(&warning));
    }
    println!("The settings can be used.");
    Ok(())
}
