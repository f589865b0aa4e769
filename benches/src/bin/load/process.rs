//! A server process: started, watched from outside, stopped.

use std::{
    net::SocketAddr,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use parchment_core::{handle::ServerId, manifest::MANIFEST_PATH};
use tokio::process::{Child, Command};

use crate::{Error, client::Connection};

/// A server that runs.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    /// From its start to its first answer.
    pub started_in: Duration,
}

/// A name that a server can have on this machine.
pub fn free_name() -> Result<(SocketAddr, ServerId), Error> {
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    Ok((address, ServerId::parse(&format!("localhost:{}", address.port()))?))
}

impl Process {
    /// Starts a server of this name on the data in a folder.
    pub async fn start(program: &Path, folder: &Path, name: (SocketAddr, ServerId)) -> Result<Self, Error> {
        let (address, id) = name;
        let mut command = Command::new(program);
        command
            .env("PARCHMENT_LISTEN", address.to_string())
            .env("PARCHMENT_PUBLIC_ORIGIN", format!("http://{id}"))
            .env("PARCHMENT_DATA_DIR", folder)
            .env("PARCHMENT_ALLOW_LOOPBACK_PEERS", "true")
            .env("PARCHMENT_RATE_LIMITS", "off")
            .env("PARCHMENT_LOG", "warn");
        Self::run(command, address, &get(MANIFEST_PATH, &[])).await
    }

    /// Runs a command that will listen on an address, until it answers a request.
    pub async fn run(mut command: Command, address: SocketAddr, probe: &[u8]) -> Result<Self, Error> {
        let begun = Instant::now();
        let child = command.stdin(Stdio::null()).kill_on_drop(true).spawn()?;
        while begun.elapsed() < Duration::from_secs(60) {
            if let Ok(mut connection) = Connection::open(address).await
                && connection.send(probe).await.is_ok()
            {
                return Ok(Self {
                    child,
                    address,
                    started_in: begun.elapsed(),
                });
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Err("the server did not start".into())
    }

    fn proc(&self, file: &str) -> Result<String, Error> {
        let id = self.child.id().ok_or("the server ended")?;
        Ok(std::fs::read_to_string(format!("/proc/{id}/{file}"))?)
    }

    /// User and system time so far, in seconds (Linux).
    pub fn cpu_seconds(&self) -> Result<f64, Error> {
        let stat = self.proc("stat")?;
        let after_name = stat.rsplit_once(')').ok_or("unreadable stat")?.1;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let ticks = |at: usize| {
            fields
                .get(at)
                .and_then(|field| field.parse::<f64>().ok())
                .unwrap_or_default()
        };
        // Fields 14 and 15 of proc(5), counted from the state; Linux counts 100 ticks a second.
        Ok((ticks(11) + ticks(12)) / 100.0)
    }

    /// Resident memory in MiB (Linux).
    pub fn resident_mib(&self) -> Result<f64, Error> {
        let status = self.proc("status")?;
        let kib = status.lines().find_map(|line| {
            let value = line.strip_prefix("VmRSS:")?.trim();
            value.strip_suffix("kB")?.trim().parse().ok()
        });
        Ok(kib.unwrap_or(0.0_f64) / 1024.0)
    }

    pub async fn stop(mut self) -> Result<(), Error> {
        Ok(self.child.kill().await?)
    }
}

/// A request without a body.
pub fn get(path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    request.into_bytes()
}
