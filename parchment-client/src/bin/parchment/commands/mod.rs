//! The commands, a file for each group.

mod blob;
mod doctor;
mod friend;
mod identity;
mod session;
mod transfer;

use clap::CommandFactory as _;

use crate::{
    args::{Arguments, Command},
    failure::Failure,
    home::Home,
    terminal::Terminal,
};

type Done = Result<(), Failure>;

pub async fn run(arguments: Arguments, terminal: &Terminal) -> Done {
    let home = Home::new(&arguments, terminal)?;
    match arguments.command {
        Command::Login { origin, email } => session::login(&home, terminal, &origin, &email).await,
        Command::Logout => session::logout(&home).await,
        Command::Identity(command) => identity::run(&home, terminal, command).await,
        Command::Sessions(command) => session::run(&home, terminal, command).await,
        Command::Blob(command) => blob::run(&home, terminal, command).await,
        Command::Friend(command) => friend::run(&home, terminal, command).await,
        Command::Transfer(command) => transfer::run(&home, terminal, command).await,
        Command::Doctor { handle } => doctor::run(&home, terminal, handle.as_deref()).await,
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Arguments::command(), "parchment", &mut std::io::stdout());
            Ok(())
        }
    }
}
