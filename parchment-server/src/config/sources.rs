//! Where settings come from: flags win over the environment, the environment over the file, the file over defaults.

use std::{
    collections::BTreeMap,
    error::Error as _,
    ffi::{OsStr, OsString},
    fmt, fs,
    path::{Path, PathBuf},
};

use clap::{
    Arg, ArgMatches, Args as _, Command, FromArgMatches as _,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};
use toml::de::{DeTable, DeValue};

use super::{Settings, SettingsError};

/// What environment variables of this program begin with.
const PREFIX: &str = "PARCHMENT_";

/// The variable that names the file.
pub(crate) const FILE_VARIABLE: &str = "PARCHMENT_CONFIG";

/// Where a value was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Nowhere: the default holds.
    Default,
    /// In the file, on this line.
    File(PathBuf, usize),
    /// In this environment variable.
    Environment(OsString),
    /// By this flag.
    Flag(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "{}", name.display()),
            Self::Flag(name) => write!(f, "--{name}"),
        }
    }
}

/// A setting as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Its name.
    pub setting: String,
    /// Its value; none when nothing was given and the default is said in words, `…` when it may hold a secret.
    pub value: Option<String>,
    /// Where.
    pub place: Place,
}

/// Settings and where each comes from.
#[derive(Debug)]
pub struct Loaded {
    /// What was set.
    pub settings: Settings,
    /// Every setting, in the order in which they are documented.
    pub given: Vec<Given>,
}

impl Loaded {
    /// A complaint about a setting, with the place where it was given.
    pub fn locate(&self, error: &SettingsError) -> String {
        let given = self.given.iter().find(|given| given.setting == error.setting);
        match given.map(|given| &given.place) {
            None | Some(Place::Default) => error.to_string(),
            Some(place) => format!("{place}: {error}"),
        }
    }
}

/// All that is wrong with what was given, a line for each.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct LoadError(pub Vec<String>);

/// A command line that does not look at the environment, which [`load`] does.
pub fn without_environment(command: Command) -> Command {
    command.mut_args(|arg| arg.env(None::<&str>))
}

/// Puts the settings together from parsed flags, the environment and the file.
///
/// # Errors
///
/// Every value that does not fit and every name that is no setting, each with its place.
pub fn load(
    flags: &ArgMatches,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    file: Option<&Path>,
) -> Result<Loaded, LoadError> {
    let known = known();
    let mut problems = Vec::new();
    // A variable that is empty is one that is not set.
    let environment = environment.into_iter().filter(|(_, value)| !value.is_empty());
    let environment: BTreeMap<OsString, OsString> = environment.collect();
    refuse_unknown_variables(&known, &environment, &mut problems);

    let file = file.or_else(|| environment.get(OsStr::new(FILE_VARIABLE)).map(Path::new));
    let mut in_file = match file {
        Some(path) => read_file(path, &known, &mut problems),
        None => BTreeMap::new(),
    };
    let mut given = Vec::new();
    let mut effective = Vec::new();
    for arg in &known {
        let (id, long) = (arg.get_id().as_str(), arg.get_long().unwrap_or_default());
        let from_file = in_file.remove(id);
        let from_environment = arg.get_env().and_then(|name| Some((name, environment.get(name)?)));
        let from_environment =
            from_environment.map(|(name, value)| (value.clone(), Place::Environment(name.to_owned())));
        for (value, place) in from_file.iter().chain(&from_environment) {
            if let Some(problem) = check(arg, value) {
                problems.push(format!("{place}: {id}: {problem}"));
            }
        }
        let is_flag = flags.value_source(id) == Some(ValueSource::CommandLine);
        let flag = flags
            .get_raw(id)
            .filter(|_| is_flag)
            .and_then(|mut values| values.next());
        let flag = flag.map(|value| (value.to_owned(), Place::Flag(long.to_owned())));
        let found = flag.or(from_environment).or(from_file);
        let value = match &found {
            Some(_) if arg.is_hide_env_values_set() => Some("…".to_owned()),
            Some((value, _)) => Some(value.display().to_string()),
            None => arg
                .get_default_values()
                .first()
                .map(|value| value.display().to_string()),
        };
        let mut place = Place::Default;
        if let Some((value, found_in)) = found {
            effective.push(as_flag(arg, &value));
            place = found_in;
        }
        given.push(Given {
            setting: id.to_owned(),
            value,
            place,
        });
    }
    if !problems.is_empty() {
        return Err(LoadError(problems));
    }
    let parsed = parser(known).try_get_matches_from(effective);
    let settings = parsed.and_then(|matches| Settings::from_arg_matches(&matches));
    let settings = settings.map_err(|error| LoadError(vec![error.to_string()]))?;
    Ok(Loaded { settings, given })
}

/// The settings, as the parser of flags knows them.
pub(super) fn known() -> Vec<Arg> {
    let command = Settings::augment_args(Command::new("settings"));
    command.get_arguments().cloned().collect()
}

/// A parser for these settings alone.
fn parser(settings: Vec<Arg>) -> Command {
    without_environment(Command::new("settings").no_binary_name(true).args(settings))
}

fn as_flag(arg: &Arg, value: &OsStr) -> OsString {
    let mut flag = OsString::from(format!("--{}=", arg.get_long().unwrap_or_default()));
    flag.push(value);
    flag
}

/// What is wrong with a value; never repeats it, for it may be a secret.
pub(super) fn check(arg: &Arg, value: &OsStr) -> Option<String> {
    let error = parser(vec![arg.clone()])
        .try_get_matches_from([as_flag(arg, value)])
        .err()?;
    if let Some(cause) = error.source() {
        return Some(cause.to_string());
    }
    if let Some(ContextValue::Strings(values)) = error.get(ContextKind::ValidValue) {
        return Some(format!("one of {} is expected", values.join(", ")));
    }
    Some(match error.kind() {
        ErrorKind::InvalidUtf8 => "UTF-8 is expected".to_owned(),
        _ => "this is not a value of it".to_owned(),
    })
}

/// What to say of a flag that holds a secret in place of the parser's words, which repeat it.
pub fn about_secret(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(named)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let named = named.split(' ').next()?.trim_start_matches("--");
    let known = known();
    let arg = known.iter().find(|arg| arg.get_long() == Some(named))?;
    let cause = error
        .source()
        .map_or_else(|| "this is not a value of it".to_owned(), ToString::to_string);
    arg.is_hide_env_values_set().then(|| format!("--{named}: {cause}"))
}

fn refuse_unknown_variables(known: &[Arg], environment: &BTreeMap<OsString, OsString>, problems: &mut Vec<String>) {
    let names: Vec<&str> = known.iter().filter_map(|arg| arg.get_env()?.to_str()).collect();
    for name in environment.keys() {
        let name = name.to_string_lossy();
        // What Kubernetes and container links set for a service that is called parchment.
        if name == "PARCHMENT_PORT" || name.starts_with("PARCHMENT_PORT_") || name.starts_with("PARCHMENT_SERVICE_") {
            continue;
        }
        if name.starts_with(PREFIX) && name != FILE_VARIABLE && !names.contains(&&*name) {
            problems.push(unknown("environment", &name, &names));
        }
    }
}

fn unknown(place: impl fmt::Display, name: &str, known: &[&str]) -> String {
    let likely = known.iter().max_by(|a, b| {
        let likeness = |other: &str| strsim::jaro_winkler(name, other);
        likeness(a).total_cmp(&likeness(b))
    });
    let likely = likely.filter(|other| strsim::jaro_winkler(name, other) > 0.85);
    let hint = likely.map(|other| format!("; did you mean `{other}`?"));
    format!("{place}: there is no setting `{name}`{}", hint.unwrap_or_default())
}

type InFile = BTreeMap<String, (OsString, Place)>;

fn read_file(path: &Path, known: &[Arg], problems: &mut Vec<String>) -> InFile {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            problems.push(format!("{}: the file cannot be read: {error}", path.display()));
            return InFile::new();
        }
    };
    let line_of = |at: usize| text.get(..at).unwrap_or_default().matches('\n').count() + 1;
    let table = match DeTable::parse(&text) {
        Ok(table) => table,
        Err(error) => {
            let line = error.span().map_or(1, |span| line_of(span.start));
            problems.push(format!("{}: {}", Place::File(path.to_owned(), line), error.message()));
            return InFile::new();
        }
    };
    let names: Vec<&str> = known.iter().map(|arg| arg.get_id().as_str()).collect();
    let mut found = InFile::new();
    for (key, value) in table.get_ref() {
        let place = Place::File(path.to_owned(), line_of(key.span().start));
        let name: &str = key.get_ref();
        if !names.contains(&name) {
            problems.push(unknown(place, name, &names));
        } else if let Some(text) = as_text(value.get_ref()) {
            found.insert(name.to_owned(), (text.into(), place));
        } else {
            problems.push(format!(
                "{place}: {name}: a text, a number, true or false, or a list of texts is expected"
            ));
        }
    }
    found
}

/// A value of the file as it would be written for a flag; the texts of a list with commas between them.
fn as_text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Boolean(value) => Some(value.to_string()),
        DeValue::Array(items) => {
            let texts = items.iter().map(|item| item.get_ref().as_str());
            texts.collect::<Option<Vec<_>>>().map(|texts| texts.join(","))
        }
        _ => None,
    }
}
