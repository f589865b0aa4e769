//! The database that a test gets: a file of SQLite, or a fresh database on a PostgreSQL server of the tests' own.
//!
//! `cargo test` runs on SQLite, and on PostgreSQL what is named `…_on_postgres`: the same files by another name.
//! `PARCHMENT_TEST_DATABASE=postgres` runs everything on PostgreSQL. Where that is not installed, SQLite takes its place,
//! unless `PARCHMENT_REQUIRE_SERVICES` is set.

use std::{
    env,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use parchment_server::store::Store;

/// Whether the tests of this binary run on PostgreSQL.
pub fn on_postgres() -> bool {
    is_wanted() && cluster().is_some()
}

fn is_wanted() -> bool {
    env!("CARGO_CRATE_NAME").ends_with("_on_postgres")
        || env::var("PARCHMENT_TEST_DATABASE").is_ok_and(|name| name == "postgres")
}

/// The URL of a fresh database with its schema, where tests run on PostgreSQL; none where they run on SQLite.
pub fn fresh() -> Option<String> {
    on_postgres().then(|| cluster().unwrap().database())
}

/// The URL of a database for tests that are about PostgreSQL, whatever the others run on; none where it is missing.
pub fn postgres() -> Option<String> {
    let cluster = cluster();
    if cluster.is_none() {
        eprintln!("skipped: PostgreSQL is not installed");
    }
    Some(cluster?.database())
}

/// The same without tables.
pub fn empty_postgres() -> Option<String> {
    Some(cluster()?.create("template0"))
}

/// The server of this test binary; ends with it.
pub fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    CLUSTER
        .get_or_init(|| {
            let found = binaries();
            if found.is_none() {
                assert!(
                    env::var_os("PARCHMENT_REQUIRE_SERVICES").is_none(),
                    "PostgreSQL is not installed: apt-get install postgresql"
                );
                eprintln!("PostgreSQL is not installed: tests meant for it are skipped or run on SQLite");
            }
            found.map(|binaries| Cluster::start(&binaries))
        })
        .as_ref()
}

/// Where `initdb`, `postgres` and `psql` are.
fn binaries() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    folders.sort();
    folders.reverse();
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    folders.into_iter().find(|folder| {
        ["initdb", "postgres", "psql"]
            .iter()
            .all(|name| folder.join(name).exists())
    })
}

/// A PostgreSQL server on a socket in a folder of its own.
pub struct Cluster {
    folder: PathBuf,
    binaries: PathBuf,
    numbers: AtomicU32,
    /// Ends the server and removes the folder when this process is gone, however it ends: its input closes then.
    watchdog: Child,
}

/// The user in the database; the operating system's user plays no part (`trust`), and nobody else gets into the folder.
const USER: &str = "parchment";

/// The first number of a table that is none of PostgreSQL's own.
const FIRST_OWN: u32 = 16_384;

/// Has one process start the server, wait for the end of its input, and tidy up.
const WATCHDOG: &str = r#"
trap '' INT TERM HUP
folder=$1; shift
"$@" </dev/null >"$folder/log" 2>&1 &
server=$!
read -r _
kill -QUIT $server
wait $server
rm -rf "$folder"
"#;

impl Cluster {
    fn start(binaries: &Path) -> Self {
        let made = as_server("mktemp")
            .args(["-d", "/tmp/parchment-postgres-XXXXXX"])
            .output()
            .unwrap();
        let folder = PathBuf::from(String::from_utf8(made.stdout).unwrap().trim());
        assert!(folder.is_dir(), "{}", String::from_utf8_lossy(&made.stderr));
        let data = folder.join("data");
        // People's databases sort as their language does; this program must not depend on it.
        let made = as_server(binaries.join("initdb"))
            .arg("-D")
            .arg(&data)
            .args(["-U", USER, "-A", "trust", "-E", "UTF8", "--no-instructions"])
            .args(["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let server = as_server(binaries.join("postgres"));
        let mut watchdog = Command::new("sh");
        watchdog
            .args(["-c", WATCHDOG, "watchdog"])
            .arg(&folder)
            .arg(server.get_program())
            .args(server.get_args())
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&folder)
            .args([
                "-c",
                "listen_addresses=",
                "-c",
                "max_connections=400",
                "-c",
                "shared_buffers=64MB",
            ])
            .args(["-c", "max_pred_locks_per_transaction=256"])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        std::os::unix::process::CommandExt::process_group(&mut watchdog, 0);
        let cluster = Self {
            folder,
            binaries: binaries.to_owned(),
            numbers: AtomicU32::new(0),
            watchdog: watchdog.spawn().unwrap(),
        };
        cluster.wait();
        cluster.make_template();
        cluster
    }

    fn wait(&self) {
        for _ in 0..300 {
            if self.try_sql("postgres", "SELECT 1").status.success() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!(
            "PostgreSQL does not start: {}",
            std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
        );
    }

    /// The schema is made once and copied from then on.
    fn make_template(&self) {
        self.sql("postgres", "CREATE DATABASE template_parchment TEMPLATE template0");
        let url = self.url("template_parchment");
        let made = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async { Store::open(&url).await.unwrap().close().await });
        });
        made.join().unwrap();
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@localhost/{database}?host={}", self.folder.display())
    }

    fn database(&self) -> String {
        self.create("template_parchment")
    }

    fn create(&self, template: &str) -> String {
        let name = format!("test_{}", self.numbers.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}"));
        self.url(&name)
    }

    /// Runs a statement as the database's superuser; gives what it printed.
    pub fn sql(&self, database: &str, statement: &str) -> String {
        let done = self.try_sql(database, statement);
        assert!(
            done.status.success(),
            "{statement}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    fn try_sql(&self, database: &str, statement: &str) -> std::process::Output {
        Command::new(self.binaries.join("psql"))
            .env_clear()
            .args([
                "-XqAt",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                USER,
                "-d",
                database,
                "-c",
                statement,
            ])
            .arg("-h")
            .arg(&self.folder)
            .output()
            .unwrap()
    }

    /// The files of a database's own tables; the log of the server, of many mebibytes, has the same rows.
    pub fn on_disk(&self, url: &str) -> Vec<u8> {
        let name = name_of(url);
        self.sql("postgres", "CHECKPOINT");
        let number = self.sql(
            "postgres",
            &format!("SELECT oid FROM pg_database WHERE datname = '{name}'"),
        );
        let data = self.folder.join("data");
        let own = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy();
            let number = name
                .split(['.', '_'])
                .next()
                .and_then(|number| number.parse::<u32>().ok());
            number.is_some_and(|number| number >= FIRST_OWN)
        };
        std::fs::read_dir(data.join("base").join(number))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(own)
            .flat_map(|path| std::fs::read(path).unwrap())
            .collect()
    }

    /// Ends every connection of a database, as a server that restarts does.
    pub fn cut(&self, url: &str) {
        let name = name_of(url);
        self.sql(
            "postgres",
            &format!("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"),
        );
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(mut input) = self.watchdog.stdin.take() {
            let _ = input.write_all(b"\n");
        }
        let _ = self.watchdog.wait();
    }
}

/// The name of the database in a URL of [`Cluster`].
pub fn name_of(url: &str) -> &str {
    url.rsplit_once('/')
        .and_then(|_| url.split('/').nth(3))
        .and_then(|rest| rest.split('?').next())
        .unwrap()
}

/// A command as the user that PostgreSQL may run as: it refuses to be root.
fn as_server(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    if !root {
        return Command::new(program);
    }
    let has = |name: &str| Command::new("id").arg(name).output().unwrap().status.success();
    let user = if has("postgres") { "postgres" } else { "nobody" };
    let group = Command::new("id").args(["-gn", user]).output().unwrap().stdout;
    let group = String::from_utf8(group).unwrap();
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", user, "--regid", group.trim(), "--clear-groups"])
        .arg(program)
        .current_dir("/");
    command
}
