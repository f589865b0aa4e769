//! File descriptors: each connection needs one, and systems hand out few unless asked.

/// What else the server has open: the database, its readers, connections to other servers.
const BESIDE: u64 = 256;

/// Asks the system for as many descriptors as so many connections need, and says in the log when it refuses.
#[cfg(unix)]
pub fn ask_for(connections: u32) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let needed = u64::from(connections) + BESIDE;
    let limits = getrlimit(Resource::Nofile);
    let is_enough = |current: Option<u64>| current.is_none_or(|current| current >= needed);
    if is_enough(limits.current) {
        return;
    }
    let raised = Rlimit {
        current: limits.maximum.map(|maximum| maximum.min(needed)).or(Some(needed)),
        ..limits
    };
    let granted = setrlimit(Resource::Nofile, raised).map_or(limits.current, |()| raised.current);
    if !is_enough(granted) {
        tracing::warn!(
            needed,
            granted,
            "this process may not open as many files as max_connections needs: raise its limit (LimitNOFILE in a unit)"
        );
    }
}

/// Asks for nothing where there is no such limit.
#[cfg(not(unix))]
pub fn ask_for(_connections: u32) {}
