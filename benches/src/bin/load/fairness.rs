//! What 199 peers notice when one more sends a hundred times as much as each of them, and forgeries in their names.

use std::time::{Duration, Instant};

use parchment_core::envelope::Kind;

use crate::{
    Error, Options,
    client::{Connection, Report},
    load_average,
    peers::Signed,
    table::Bench,
};

const PEERS: usize = 200;

/// How often each of the honest sends.
const EVERY: Duration = Duration::from_millis(250);

/// How many messages each of them sends.
const MESSAGES: usize = 24;

/// How many times as much the flooding one sends, and again as many forgeries.
const TIMES: usize = 100;

/// How many connections it has.
const CONNECTIONS: usize = 64;

/// Measures the honest alone and beside the flood.
pub async fn print(options: &Options) -> Result<(), Error> {
    let mut bench = Bench::start(options, (PEERS, 1), async |_| Ok(())).await?;
    bench.introduce().await?;
    println!("| | p50 ms | p99 ms | load average |\n|---|---|---|---|");
    let mut p99 = [Vec::new(), Vec::new()];
    for _ in 0..options.runs.max(1) {
        for (is_flooded, all) in [false, true].into_iter().zip(&mut p99) {
            let report = run(&mut bench, is_flooded).await?;
            let what = if is_flooded {
                "199 peers beside the flood"
            } else {
                "199 peers alone"
            };
            let (p50, last) = (report.percentile(50), report.percentile(99));
            println!("| {what} | {p50:.1} | {last:.1} | {} |", load_average());
            all.push(last);
        }
    }
    let [alone, flooded] = p99.map(|mut all| {
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or_default()
    });
    println!(
        "\nThe p99 of the honest is {:.2} times as long beside the flood.",
        flooded / alone
    );
    bench.server.stop().await
}

async fn run(bench: &mut Bench, is_flooded: bool) -> Result<Report, Error> {
    let address = bench.server.address;
    let to = bench.home.handle(0)?;
    let mut lanes = Vec::new();
    for (place, peer) in bench.peers.iter().enumerate().skip(1) {
        let mut requests = Vec::new();
        for _ in 0..MESSAGES {
            requests.push(peer.request(0, Kind::RelationshipRevoke, &to, Signed::Honestly)?);
        }
        lanes.push((place, requests));
    }
    let mut flood = Vec::new();
    if is_flooded {
        let flooding = bench.peers.first().ok_or("no peer")?;
        for index in 0..MESSAGES * TIMES {
            flood.push((
                flooding.request(0, Kind::RelationshipRevoke, &to, Signed::Honestly)?,
                202,
            ));
            let victim = bench.peers.get(index % PEERS).ok_or("no peer")?;
            flood.push((victim.request(0, Kind::RelationshipRevoke, &to, Signed::Forged)?, 401));
        }
    }
    let begun = Instant::now() + Duration::from_millis(100);
    let flooding = spread(flood, CONNECTIONS).into_iter().map(|requests| {
        tokio::spawn(async move {
            let mut connection = Connection::open(address).await?;
            let each = EVERY * u32::try_from(MESSAGES).unwrap_or(1) / u32::try_from(requests.len()).unwrap_or(1).max(1);
            tokio::time::sleep_until(begun.into()).await;
            let mut unexpected = 0;
            for (at, (request, expected)) in requests.into_iter().enumerate() {
                tokio::time::sleep_until((begun + each * u32::try_from(at).unwrap_or_default()).into()).await;
                unexpected += usize::from(connection.send(&request).await? != expected);
            }
            Ok::<_, Error>(unexpected)
        })
    });
    let flooding: Vec<_> = flooding.collect();
    let honest = lanes.into_iter().map(|(place, requests)| {
        tokio::spawn(async move {
            let mut connection = Connection::open(address).await?;
            let offset = EVERY * u32::try_from(place).unwrap_or_default() / u32::try_from(PEERS).unwrap_or(1);
            let mut latencies = Vec::new();
            for (at, request) in requests.into_iter().enumerate() {
                let turn = begun + offset + EVERY * u32::try_from(at).unwrap_or_default();
                tokio::time::sleep_until(turn.into()).await;
                let sent = Instant::now();
                if connection.send(&request).await? != 202 {
                    return Err(connection.last_answer().into());
                }
                latencies.push(sent.elapsed());
            }
            Ok::<_, Error>(latencies)
        })
    });
    let honest: Vec<_> = honest.collect();
    let mut report = Report::default();
    for lane in honest {
        report.latencies.extend(lane.await??);
    }
    let mut unexpected = 0;
    for lane in flooding {
        unexpected += lane.await??;
    }
    if unexpected > 0 {
        println!("{unexpected} of the flood were answered otherwise, such as with 503 when too many waited.");
    }
    report.latencies.sort_unstable();
    report.answered = report.latencies.len();
    Ok(report)
}

fn spread<T>(all: Vec<T>, lanes: usize) -> Vec<Vec<T>> {
    let mut spread: Vec<Vec<T>> = (0..lanes).map(|_| Vec::new()).collect();
    for (at, one) in all.into_iter().enumerate() {
        if let Some(lane) = spread.get_mut(at % lanes) {
            lane.push(one);
        }
    }
    spread.retain(|lane| !lane.is_empty());
    spread
}
