//! What a message costs in a full database, beside what it costs in an empty one.

use std::time::Instant;

use parchment_core::envelope::Kind;

use crate::{
    Error, Options, load_average,
    peers::Signed,
    table::{Bench, Measured},
};

/// Measures both and prints them.
pub async fn print(options: &Options, nonces: u64, users: u64, peers: u64) -> Result<(), Error> {
    println!("| database | a second | p99 ms | server CPU µs a message | load average |");
    println!("|---|---|---|---|---|");
    let empty = measure(options, "empty", async |_| Ok(())).await?;
    let begun = Instant::now();
    let what = format!("{nonces} nonces, {users} users, {peers} peers");
    let full = measure(options, &what, async |home| home.fill(nonces, users, peers).await).await?;
    println!(
        "\nA message costs {:+.0} % processor time in the full one ({} s in all).",
        100.0 * (full.cpu / empty.cpu - 1.0),
        begun.elapsed().as_secs()
    );
    Ok(())
}

async fn measure(
    options: &Options,
    what: &str,
    prepare: impl AsyncFnOnce(&crate::home::Home) -> Result<(), Error>,
) -> Result<Measured, Error> {
    let mut bench = Bench::start(options, (10, 100), prepare).await?;
    bench.introduce().await?;
    let many = options.messages;
    let revoke = |bench: &Bench, count| bench.sign(0, count, Kind::RelationshipRevoke, Signed::Honestly);
    let warm = revoke(&bench, many / 4)?;
    bench.send(warm, 64, 202).await?;
    let measured = bench.measure(64, 202, |bench, _| revoke(bench, many)).await?;
    println!(
        "| {what} | {:.0} | {:.1} | {:.0} | {} |",
        measured.per_second,
        measured.p99,
        measured.cpu,
        load_average()
    );
    bench.server.stop().await?;
    Ok(measured)
}
