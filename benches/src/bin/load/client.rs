//! A client that costs as little as it can, since it shares the cores with the server that it measures: requests are
//! bytes made beforehand, connections stay open, and of an answer only status and length are read.

use std::{
    net::SocketAddr,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::LocalSet,
};

use crate::Error;

/// A connection that is kept.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self, Error> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; 16 * 1024],
        })
    }

    /// Sends a request and gives the status of its answer.
    pub async fn send(&mut self, request: &[u8]) -> Result<u16, Error> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let (status, end) = loop {
            filled += self.read(filled).await?;
            if let Some(head) = read_head(&self.buffer[..filled])? {
                break head;
            }
        };
        while filled < end {
            if end > self.buffer.len() {
                self.buffer.resize(end, 0);
            }
            filled += self.read(filled).await?;
        }
        Ok(status)
    }

    /// The body of the last answer begins after its head.
    pub fn last_answer(&self) -> String {
        String::from_utf8_lossy(&self.buffer).trim_end_matches('\0').to_owned()
    }

    async fn read(&mut self, at: usize) -> Result<usize, Error> {
        match self.stream.read(&mut self.buffer[at..]).await? {
            0 => Err("the server closed the connection".into()),
            read => Ok(read),
        }
    }
}

/// Status and whole length of an answer, once its head is there.
fn read_head(bytes: &[u8]) -> Result<Option<(u16, usize)>, Error> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..end])?;
    let status = head.get(9..12).ok_or("no status")?.parse()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim())
    });
    let length: usize = length.ok_or("an answer without a length")?.parse()?;
    Ok(Some((status, end + 4 + length)))
}

/// What came of a run.
#[derive(Debug, Default, Clone)]
pub struct Report {
    pub answered: usize,
    pub unexpected: usize,
    pub elapsed: Duration,
    pub latencies: Vec<Duration>,
}

impl Report {
    pub fn per_second(&self) -> f64 {
        self.answered as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// A percentile of the latencies, in milliseconds.
    pub fn percentile(&self, percent: usize) -> f64 {
        let at = (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies
            .get(at)
            .map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    }
}

/// Requests that are sent once each, or one over and over for a while.
#[derive(Clone)]
pub enum Requests {
    Each(Arc<Vec<Vec<u8>>>),
    Repeated(Arc<Vec<u8>>, Duration),
}

/// Sends requests over so many connections, each with one request under way, and expects this status of all.
pub async fn drive(address: SocketAddr, requests: Requests, in_flight: usize, expected: u16) -> Result<Report, Error> {
    // One thread of its own: what the tool does besides must not come between.
    let driven = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, drive_here(address, requests, in_flight, expected))
    });
    driven.await?
}

async fn drive_here(address: SocketAddr, requests: Requests, in_flight: usize, expected: u16) -> Result<Report, Error> {
    let mut connections = Vec::new();
    for _ in 0..in_flight {
        connections.push(Connection::open(address).await?);
    }
    let next = Rc::new(std::cell::Cell::new(0));
    let begun = Instant::now();
    let workers: Vec<_> = connections
        .into_iter()
        .map(|mut connection| {
            let (requests, next) = (requests.clone(), next.clone());
            tokio::task::spawn_local(async move {
                let mut report = Report::default();
                loop {
                    let at = next.replace(next.get() + 1);
                    let request = match &requests {
                        Requests::Each(all) => match all.get(at) {
                            Some(request) => request,
                            None => break,
                        },
                        Requests::Repeated(one, until) if begun.elapsed() < *until => &**one,
                        Requests::Repeated(..) => break,
                    };
                    let sent = Instant::now();
                    let status = connection.send(request).await?;
                    if status == expected {
                        report.latencies.push(sent.elapsed());
                    } else {
                        if report.unexpected == 0 {
                            eprintln!("{}", connection.last_answer());
                        }
                        report.unexpected += 1;
                    }
                }
                Ok::<_, Error>(report)
            })
        })
        .collect();
    let mut all = Report::default();
    for worker in workers {
        let report = worker.await??;
        all.unexpected += report.unexpected;
        all.latencies.extend(report.latencies);
    }
    all.elapsed = begun.elapsed();
    all.answered = all.latencies.len();
    all.latencies.sort_unstable();
    Ok(all)
}
