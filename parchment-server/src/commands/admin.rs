//! `parchment-server admin`: what the operator of the machine can do without a session.
//!
//! The commands open the database of the settings and nothing else, so they work beside a running server and while
//! there is none. Whoever can run them can read and write the database anyway: they ask for no permission, and refuse
//! only what would leave the server without an admin.

use std::{
    collections::BTreeSet,
    io::{self, Write as _},
};

use clap::Subcommand;
use parchment_core::{
    api::{Email, Time},
    request::ServerIdentity,
    time::{Clock as _, UnixMillis},
};
use serde_json::json;

use super::{Failure, database};
use crate::{
    administration::{
        grants, roles,
        users::{self, Member},
    },
    app::SystemClock,
    auth::{
        codes::{self, CodeHasher, Recipient},
        permissions::DefaultRole,
    },
    config::Settings,
    federation::identity,
    http::problem::Problem,
    store::{Store, Transaction, entities::users as user_rows},
};

/// What stands in the rows of these sign-in codes where others have the address of a client.
const CLIENT: &str = "command line";

/// How many users are read at a time.
const PAGE: u32 = 100;

/// Who may do what on this server, and a way in when mail does not work.
#[derive(Subcommand)]
pub(super) enum Admin {
    /// Print a fresh sign-in code for an address; it is not mailed, works once, and replaces an earlier one.
    LoginCode {
        /// The mail address.
        #[arg(value_parser = parse_email)]
        email: Email,
    },
    /// List and change users.
    #[command(subcommand)]
    User(UserCommand),
}

#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// List all users with their roles.
    List {
        /// Print an array of JSON objects in place of a table.
        #[arg(long)]
        json: bool,
    },
    /// Give somebody a role.
    Grant {
        /// Her mail address.
        #[arg(value_parser = parse_email)]
        email: Email,
        /// The id of the role, such as `admin`.
        role: String,
    },
    /// Take a role from somebody; who has no other keeps or gets `user`.
    Revoke {
        /// Her mail address.
        #[arg(value_parser = parse_email)]
        email: Email,
        /// The id of the role.
        role: String,
    },
    /// Switch an account off: its sessions end, nobody can sign in to it, and to other servers its user is unknown.
    Disable {
        /// Her mail address.
        #[arg(value_parser = parse_email)]
        email: Email,
    },
    /// Switch an account on again.
    Enable {
        /// Her mail address.
        #[arg(value_parser = parse_email)]
        email: Email,
    },
}

fn parse_email(text: &str) -> Result<Email, String> {
    Email::read(text)
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem.message().to_owned())
    }
}

pub(super) async fn run(settings: Settings, command: Admin) -> Result<(), Failure> {
    let store = open(&settings).await?;
    let done = match command {
        Admin::LoginCode { email } => login_code(&settings, &store, &email).await,
        Admin::User(command) => user(&store, command).await,
    };
    store.close().await;
    done
}

/// Opens the database where there is one: a new and empty one would only hide that the settings lead elsewhere.
async fn open(settings: &Settings) -> Result<Store, Failure> {
    database::look_at(settings).await?;
    let mut url = settings.database_url();
    if url.starts_with("sqlite:") && !url.contains('?') {
        url.push_str("?mode=rw");
    }
    Store::open(&url).await.map_err(|error| {
        Failure(format!(
            "{error}. Set PARCHMENT_DATA_DIR or DATABASE_URL to what the server runs with, and let it start once."
        ))
    })
}

async fn login_code(settings: &Settings, store: &Store, email: &Email) -> Result<(), Failure> {
    let known = codes::find_user(store.reader(), &email.key())
        .await
        .map_err(Failure::of)?;
    if known.as_ref().is_some_and(|user| user.disabled_at.is_some()) {
        return Err(Failure(format!(
            "The account of {} is switched off; `admin user enable` switches it on.",
            email.as_str()
        )));
    }
    let seed = identity::seed(settings, store).await.map_err(Failure::of)?;
    // Under another key the code would be one that the server does not recognise.
    let server = ServerIdentity::new(settings.server_id().clone(), &seed);
    identity::check(store, &server).await.map_err(Failure::of)?;
    let hasher = CodeHasher::new(&seed);
    let now = SystemClock.now();
    // Traffic limits are for those who ask over the network.
    let recipient = codes::issue(store, &hasher, settings.registration, email, CLIENT, false, now).await?;
    let Recipient::Mail { to, code } = recipient else {
        return Err(Failure(format!(
            "{} has no account, and registration is by invitation: invite the address first, or set \
             PARCHMENT_REGISTRATION to open.",
            email.as_str()
        )));
    };
    print(&format!("{}\n", *code))?;
    let account = match known {
        Some(_) => "",
        None => " There is no account yet: signing in makes it.",
    };
    eprintln!(
        "This is the sign-in code for {to} at {}, good for 15 minutes and one use.{account}",
        settings.public_origin
    );
    Ok(())
}

async fn user(store: &Store, command: UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::List { json } => list(store, json).await,
        UserCommand::Grant { email, role } => {
            let changed = change_roles(store, &email, &role, |roles| roles.insert(role.clone())).await?;
            let (now, already) = (
                format!("has the role {role} now"),
                format!("had the role {role} already"),
            );
            say(&email, if changed { &now } else { &already })
        }
        UserCommand::Revoke { email, role } => {
            let changed = change_roles(store, &email, &role, |roles| roles.remove(&role)).await?;
            let (now, already) = (
                format!("has the role {role} no more"),
                format!("does not have the role {role}"),
            );
            say(&email, if changed { &now } else { &already })
        }
        UserCommand::Disable { email } => {
            let now = SystemClock.now();
            let changed = change(store, &email, async |tx, user| users::disable(tx, &user, now).await).await?;
            say(
                &email,
                if changed {
                    "is switched off now"
                } else {
                    "was switched off already"
                },
            )
        }
        UserCommand::Enable { email } => {
            let changed = change(store, &email, async |tx, user| users::enable(tx, &user).await).await?;
            say(
                &email,
                if changed {
                    "is switched on again"
                } else {
                    "was not switched off"
                },
            )
        }
    }
}

/// Changes the one user with an address, in one transaction.
async fn change(
    store: &Store,
    email: &Email,
    work: impl AsyncFnOnce(&Transaction, user_rows::Model) -> Result<bool, Problem> + Clone,
) -> Result<bool, Failure> {
    let changed = store.write(async |tx| {
        let unknown = || Problem::not_found(format!("Nobody here has the address {}.", email.as_str()));
        let user = codes::find_user(tx, &email.key()).await?.ok_or_else(unknown)?;
        work(tx, user).await
    });
    Ok(changed.await?)
}

async fn change_roles(
    store: &Store,
    email: &Email,
    role: &str,
    change_set: impl FnOnce(&mut BTreeSet<String>) -> bool + Clone,
) -> Result<bool, Failure> {
    change(store, email, async |tx, user| {
        let all = roles::list(tx).await?;
        if all.iter().all(|known| known.id != role) {
            let ids: Vec<&str> = all.iter().map(|known| known.id.as_str()).collect();
            let message = format!("There is no role {role}; there are {}.", ids.join(", "));
            return Err(Problem::not_found(message));
        }
        let of_all = grants::of_users(tx, &[user.id]).await?;
        let before: BTreeSet<String> = of_all.into_values().flatten().collect();
        let mut after = before.clone();
        if !change_set(&mut after) {
            return Ok(false);
        }
        if after.is_empty() && role == DefaultRole::User.id() {
            let message = format!("{} has no other role, and everybody has one.", email.as_str());
            return Err(Problem::conflict("last_role", message));
        }
        grants::replace(tx, &user, &after).await?;
        Ok(true)
    })
    .await
}

async fn list(store: &Store, as_json: bool) -> Result<(), Failure> {
    let now = SystemClock.now();
    let mut members = Vec::new();
    for number in 1.. {
        let (page, _) = users::page(store, number, PAGE, now).await.map_err(Failure::of)?;
        if page.is_empty() {
            break;
        }
        members.extend(page);
    }
    if as_json {
        let all: Vec<_> = members.iter().map(to_json).collect();
        let text = serde_json::to_string_pretty(&all).map_err(Failure::of)?;
        return print(&format!("{text}\n"));
    }
    print(&table(&members))
}

fn role_ids(member: &Member) -> Vec<&str> {
    member.roles.iter().map(|(id, _)| id.as_str()).collect()
}

fn to_json(member: &Member) -> serde_json::Value {
    let time = |millis: i64| Time::from_millis(millis);
    json!({
        "id": member.user.id.to_string(),
        "email": member.user.email,
        "firstName": member.user.first_name,
        "lastName": member.user.last_name,
        "alias": member.user.alias,
        "roles": role_ids(member),
        "sessionCount": member.sessions,
        "createdAt": time(member.user.created_at),
        "disabledAt": member.user.disabled_at.map(time),
    })
}

/// One line for each user under a line of headings, in columns as wide as they must be.
fn table(members: &[Member]) -> String {
    let headings = ["ADDRESS", "ALIAS", "ROLES", "SESSIONS", "SINCE", "STATE"].map(str::to_owned);
    let lines = members.iter().map(|member| {
        [
            member.user.email.clone(),
            member.user.alias.clone().unwrap_or_else(|| "-".to_owned()),
            role_ids(member).join(","),
            member.sessions.to_string(),
            UnixMillis(member.user.created_at)
                .to_string()
                .chars()
                .take(10)
                .collect(),
            member.user.disabled_at.map_or("on", |_| "off").to_owned(),
        ]
    });
    let lines: Vec<[String; 6]> = std::iter::once(headings).chain(lines).collect();
    let widths: [usize; 6] =
        std::array::from_fn(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for line in &lines {
        let cells: Vec<String> = line
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn say(email: &Email, what: &str) -> Result<(), Failure> {
    print(&format!("{} {what}.\n", email.as_str()))
}

/// Writes to standard output; a reader who has gone away is a failure and no panic.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(Failure::of)
}
