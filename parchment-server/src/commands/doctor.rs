//! `parchment-server doctor`: looks the server over.

use clap::Args;
use serde::Serialize;

use super::Failure;
use crate::{
    config::Settings,
    doctor::{self, Finding, Verdict},
};

#[derive(Args)]
pub(super) struct DoctorArgs {
    /// Send a mail to this address as well.
    #[arg(long, value_name = "ADDRESS")]
    mail_to: Option<String>,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Report {
    failed: usize,
    warnings: usize,
    findings: Vec<Finding>,
}

pub(super) async fn run(settings: Settings, args: DoctorArgs) -> Result<(), Failure> {
    let tell = |finding: &Finding| {
        if !args.json {
            print(finding);
        }
    };
    let findings = doctor::examine(&settings, args.mail_to.as_deref(), tell).await;
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (failed, warnings) = (count(Verdict::Fail), count(Verdict::Warn));
    if args.json {
        let report = Report {
            failed,
            warnings,
            findings,
        };
        println!("{}", serde_json::to_string_pretty(&report).map_err(Failure::of)?);
    } else if failed == 0 {
        println!("\nNothing failed; {warnings} to look at.");
    }
    match failed {
        0 => Ok(()),
        1 => Err(Failure("1 check failed".to_owned())),
        _ => Err(Failure(format!("{failed} checks failed"))),
    }
}

fn print(finding: &Finding) {
    let verdict = match finding.verdict {
        Verdict::Ok => "  ok",
        Verdict::Warn => "warn",
        Verdict::Fail => "FAIL",
    };
    println!("{verdict} {}: {}", finding.check, finding.found);
    if let Some(advice) = &finding.advice {
        println!("     {advice}");
    }
}
