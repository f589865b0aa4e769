//! How many instructions the library's work takes, held against a recorded baseline.
//!
//! Time depends on the machine and on what else it does; instructions of one build hardly do. Valgrind counts them, for
//! a processor that it imitates. Each piece of work is run a few times and many times, and the difference is what one
//! costs.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

use clap::{Parser, Subcommand};
use parchment_benches::{Sample, empty};

type Error = Box<dyn std::error::Error + Send + Sync>;

const WORK: [&str; 4] = ["verify_bare", "verify", "digest", "receive"];
const FEW: u64 = 10;
const MANY: u64 = 110;

/// By how much of the baseline a count may differ.
const TOLERANCE: f64 = 0.03;

/// Counts instructions and compares them with the baseline.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Option<Task>,
    /// The recorded counts.
    #[arg(long, default_value = "benches/instructions.txt")]
    baseline: PathBuf,
    /// Records what is counted as the new baseline.
    #[arg(long)]
    record: bool,
}

#[derive(Subcommand)]
enum Task {
    /// Does one piece of work so many times, for valgrind to count.
    #[command(hide = true)]
    Work { name: String, times: u64 },
}

fn main() -> Result<(), Error> {
    let cli = Cli::parse();
    if let Some(Task::Work { name, times }) = cli.command {
        return work(&name, times);
    }
    let mut counted = BTreeMap::new();
    for name in WORK {
        let each = (count(name, MANY)? - count(name, FEW)?) / (MANY - FEW);
        counted.insert(name.to_owned(), each);
    }
    if cli.record {
        let lines: String = counted.iter().map(|(name, each)| format!("{name} {each}\n")).collect();
        fs::write(&cli.baseline, lines)?;
    }
    let baseline = fs::read_to_string(&cli.baseline)?;
    let mut is_kept = true;
    for (name, each) in &counted {
        let known = baseline
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse::<f64>().ok());
        let known = known.ok_or_else(|| format!("{name} has no baseline; record one with --record"))?;
        let change = *each as f64 / known - 1.0;
        let verdict = if change.abs() <= TOLERANCE { "ok" } else { "NOT KEPT" };
        is_kept &= change.abs() <= TOLERANCE;
        println!("{name:<12} {each:>8} instructions, {:+.2} % {verdict}", 100.0 * change);
    }
    if is_kept {
        Ok(())
    } else {
        Err("more than 3 % from the baseline".into())
    }
}

fn work(name: &str, times: u64) -> Result<(), Error> {
    let sample = Sample::new()?;
    // Made in equal number whatever is counted, so that making them cancels out.
    let requests = (0..MANY)
        .map(|number| sample.request(number + 1))
        .collect::<Result<Vec<_>, _>>()?;
    let store = empty();
    let mut is_sound = true;
    for request in requests.iter().take(usize::try_from(times)?) {
        is_sound &= match name {
            "verify_bare" => sample.verify_bare(),
            "verify" => sample.verify(),
            "digest" => sample.digest() != [0; 32],
            "receive" => sample.receive(request, &store),
            _ => false,
        };
    }
    if is_sound {
        Ok(())
    } else {
        Err("the work failed".into())
    }
}

fn count(name: &str, times: u64) -> Result<u64, Error> {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(["work", name, &times.to_string()]);
    let output = command
        .output()
        .map_err(|error| format!("valgrind cannot be run: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{name}: {said}").into());
    }
    let collected = said
        .lines()
        .find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    Ok(collected.ok_or("valgrind counted nothing")?)
}
