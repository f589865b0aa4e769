//! The table of the README.

use std::{sync::Arc, time::Duration};

use parchment_core::{envelope::Kind, handle::Handle};

use crate::{
    Error, Options, bare,
    client::{Report, Requests, drive},
    home::{Counts, Home, PEOPLE, TOKEN},
    load_average,
    peers::{self, Peer, Signed},
    process::{Process, free_name, get},
};

/// Peers and users of each: 1,000 senders.
const PEERS: usize = 10;
const USERS: usize = 100;
const IN_FLIGHT: usize = 64;
const READERS: usize = 16;

/// How long a read is repeated.
const READING: Duration = Duration::from_secs(3);

/// A server under measurement, and what it has accepted so far.
pub struct Bench {
    pub server: Process,
    pub home: Home,
    pub peers: Vec<Peer>,
    pub accepted: u64,
    pub invited: u64,
    runs: usize,
    _folder: tempfile::TempDir,
}

/// One row: medians of the runs.
pub struct Measured {
    pub per_second: f64,
    pub p50: f64,
    pub p99: f64,
    /// Processor time of the server for one request, in microseconds.
    pub cpu: f64,
}

impl Bench {
    /// Starts a server on a new database, which `prepare` may fill first.
    pub async fn start(
        options: &Options,
        peers: (usize, usize),
        prepare: impl AsyncFnOnce(&Home) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let folder = tempfile::tempdir()?;
        let name = free_name()?;
        let home = Home::make(folder.path(), &name.1).await?;
        let peers = peers::start(peers.0, peers.1).await?;
        prepare(&home).await?;
        let server = Process::start(&options.server, folder.path(), name).await?;
        Ok(Self {
            server,
            home,
            peers,
            accepted: 0,
            invited: 0,
            runs: options.runs.max(1),
            _folder: folder,
        })
    }

    /// First contact is not what is measured: every peer is pinned and every user known before.
    pub async fn introduce(&mut self) -> Result<(), Error> {
        let everybody = self.peers.len() * self.peers.first().map_or(0, |peer| peer.users.len());
        let requests = self.sign(0, everybody, Kind::RelationshipRevoke, Signed::Honestly)?;
        self.send(requests, 16, 202).await?;
        Ok(())
    }

    /// Messages number `from` and on, each for the next person; a pair comes again after all others have come.
    pub fn sign(&self, from: usize, count: usize, kind: Kind, signed: Signed) -> Result<Requests, Error> {
        let everybody = self.peers.len() * self.peers.first().map_or(1, |peer| peer.users.len());
        let handles: Vec<Handle> = (0..PEOPLE)
            .map(|place| self.home.handle(place))
            .collect::<Result<_, _>>()?;
        let to = |index: usize| {
            let index = index + from;
            handles[recipient(index, everybody) % PEOPLE].clone()
        };
        // A round of all senders begins where the last one ended.
        let requests = peers::requests(&self.peers, count, kind, signed, to)?;
        Ok(Requests::Each(Arc::new(requests)))
    }

    /// Sends all of them; the unexpected is an error.
    pub async fn send(&mut self, requests: Requests, in_flight: usize, expected: u16) -> Result<(Report, f64), Error> {
        let before = self.server.cpu_seconds()?;
        let report = drive(self.server.address, requests, in_flight, expected).await?;
        let cpu = (self.server.cpu_seconds()? - before) * 1e6 / report.answered.max(1) as f64;
        if report.unexpected > 0 {
            return Err(format!("{} answers were not {expected}", report.unexpected).into());
        }
        if expected == 202 {
            self.accepted += report.answered as u64;
        }
        Ok((report, cpu))
    }

    /// The medians of some runs.
    pub async fn measure(
        &mut self,
        in_flight: usize,
        expected: u16,
        mut requests: impl FnMut(&Self, usize) -> Result<Requests, Error>,
    ) -> Result<Measured, Error> {
        let mut reports = Vec::new();
        for run in 0..self.runs {
            let requests = requests(self, run)?;
            reports.push(self.send(requests, in_flight, expected).await?);
        }
        Ok(medians(&reports))
    }
}

/// To whom the message with this number goes, so that pairs of one sender differ from round to round.
pub fn recipient(index: usize, everybody: usize) -> usize {
    index + index / everybody
}

fn medians(reports: &[(Report, f64)]) -> Measured {
    let median = |of: &dyn Fn(&(Report, f64)) -> f64| {
        let mut values: Vec<f64> = reports.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    Measured {
        per_second: median(&|(report, _)| report.per_second()),
        p50: median(&|(report, _)| report.percentile(50)),
        p99: median(&|(report, _)| report.percentile(99)),
        cpu: median(&|(_, cpu)| *cpu),
    }
}

fn row(what: &str, measured: &Measured) {
    let Measured {
        per_second,
        p50,
        p99,
        cpu,
    } = measured;
    println!(
        "| {what} | {per_second:.0} | {p50:.1} | {p99:.1} | {cpu:.0} | {} |",
        load_average()
    );
}

/// Measures everything and prints the table.
pub async fn print(options: &Options) -> Result<(), Error> {
    let mut friends = 0;
    let mut bench = Bench::start(options, (PEERS, USERS), async |_| Ok(())).await?;
    friends += bench
        .home
        .befriend(&bench.peers, |index| recipient(index, PEERS * USERS))
        .await?;
    let started_in = bench.server.started_in;
    let idle = bench.server.resident_mib()?;
    let many = options.messages;

    println!("| | a second | p50 ms | p99 ms | server CPU µs | load average |");
    println!("|---|---|---|---|---|---|");
    bench.introduce().await?;
    let warm = bench.sign(0, many / 4, Kind::RelationshipRevoke, Signed::Honestly)?;
    bench.send(warm, IN_FLIGHT, 202).await?;

    let revoke = |bench: &Bench, count| bench.sign(0, count, Kind::RelationshipRevoke, Signed::Honestly);
    let inbox = bench.measure(IN_FLIGHT, 202, |bench, _| revoke(bench, many)).await?;
    row("inbox, RELATIONSHIP_REVOKE, 64 in flight", &inbox);

    let bare = measure_bare(&bench, options).await?;
    row(
        "bare grouped writer of nonces behind two signatures, 64 in flight",
        &bare,
    );
    println!(
        "| the inbox of the bare writer | {:.0} % | | | | |",
        100.0 * inbox.per_second / bare.per_second
    );

    let single = bench.measure(1, 202, |bench, _| revoke(bench, many / 5)).await?;
    row("inbox, RELATIONSHIP_REVOKE, 1 in flight", &single);

    let forged = bench.measure(IN_FLIGHT, 401, |bench, _| {
        bench.sign(0, many, Kind::RelationshipRevoke, Signed::Forged)
    });
    row("inbox, forged and refused, 64 in flight", &forged.await?);

    let invited = bench.accepted;
    let invites = bench.measure(IN_FLIGHT, 202, |bench, run| {
        // Rounds are whole, so that no pair comes twice.
        let many = many / (PEERS * USERS) * (PEERS * USERS);
        bench.sign(run * many, many, Kind::FriendInvite, Signed::Honestly)
    });
    let invites = invites.await?;
    bench.invited = bench.accepted - invited;
    row("inbox, FRIEND_INVITE, each another pair, 64 in flight", &invites);

    let bearer = format!("Bearer {TOKEN}");
    let reads = [
        (
            "GET /users/me/identity, 16 in flight",
            get("/users/me/identity", &[("authorization", &bearer)]),
        ),
        (
            "GET /.well-known/user/{alias}, 16 in flight",
            get("/.well-known/user/person0001", &[]),
        ),
    ];
    for (what, request) in reads {
        let request = Arc::new(request);
        let read = bench.measure(READERS, 200, |_, _| Ok(Requests::Repeated(request.clone(), READING)));
        row(what, &read.await?);
    }

    println!("\n| | |\n|---|---|");
    println!("| resident, idle | {idle:.1} MiB |");
    println!(
        "| resident, after all of the above | {:.1} MiB |",
        bench.server.resident_mib()?
    );
    println!(
        "| start to first answer, new database | {} ms |",
        started_in.as_millis()
    );
    let program = std::fs::metadata(&options.server)?.len();
    println!("| program | {:.1} MB |", program as f64 / 1e6);

    let expected = Counts {
        requests: bench.accepted,
        messages: bench.accepted,
        friendships: 0,
        invitations: bench.invited,
    };
    bench.server.stop().await?;
    println!("\n{friends} friendships stood before.");
    bench.home.count().await?.check(expected)
}

async fn measure_bare(bench: &Bench, options: &Options) -> Result<Measured, Error> {
    let folder = tempfile::tempdir()?;
    let server = bare::start(folder.path()).await?;
    let mut reports = Vec::new();
    for _ in 0..options.runs.max(1) {
        let Requests::Each(requests) = bench.sign(0, options.messages, Kind::RelationshipRevoke, Signed::Honestly)?
        else {
            continue;
        };
        let requests = requests.iter().map(|request| bare::redirect(request)).collect();
        let before = server.cpu_seconds()?;
        let report = drive(server.address, Requests::Each(Arc::new(requests)), IN_FLIGHT, 202).await?;
        let cpu = (server.cpu_seconds()? - before) * 1e6 / report.answered.max(1) as f64;
        reports.push((report, cpu));
    }
    server.stop().await?;
    Ok(medians(&reports))
}
