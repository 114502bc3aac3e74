//! What the tests share: the library under test behind the harness, and a simulator for it to talk to.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use serde_json::{Value, json};
use simulator::{Config, Simulator, numbered_key};

/// A program that runs for so long hangs.
const PATIENCE: Duration = Duration::from_secs(300);

/// The library under test and the programs that call it, as `cargo xtask test` has built them.
pub struct Target {
    folder: PathBuf,
    wine: Option<OsString>,
}

/// The target of this run.
pub fn target() -> &'static Target {
    static TARGET: OnceLock<Target> = OnceLock::new();
    TARGET.get_or_init(|| {
        let given = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let folder = given("AVERBADOR_TEST_CALLERS").expect("run these tests with `cargo xtask test [--native]`");
        Target { folder: folder.into(), wine: given("AVERBADOR_TEST_WINE") }
    })
}

impl Target {
    /// Whether the library is a Windows DLL.
    pub fn is_windows(&self) -> bool {
        self.library().extension().is_some_and(|extension| extension == "dll")
    }

    /// The library.
    pub fn library(&self) -> PathBuf {
        let dll = self.folder.join("averbador.dll");
        if dll.exists() { dll } else { self.folder.join("libaverbador.so") }
    }

    /// `path` as the program under test must name it.
    pub fn path(&self, path: &Path) -> String {
        let path = path.to_str().expect("test paths are UTF-8");
        if self.wine.is_some() { format!("Z:{}", path.replace('/', "\\")) } else { path.to_owned() }
    }

    /// The file of one of the programs: `harness`, `harness-linked`, `boundary`, `averbar`, `pascal-tests`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(if self.is_windows() { format!("{name}.exe") } else { name.to_owned() })
    }

    /// One of the programs, ready for its arguments.
    pub fn program(&self, name: &str) -> Command {
        self.start(&self.file(name))
    }

    /// A program for this target, ready for its arguments.
    pub fn start(&self, program: &Path) -> Command {
        let mut command = match &self.wine {
            Some(wine) => {
                let mut command = Command::new(wine);
                command.arg(program);
                command
            }
            None => Command::new(program),
        };
        command.env_remove("AVERBADOR_CONFIG").env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
        if self.wine.is_some() {
            // A program that reads the system's certificates in Wine waits for whoever else does, for ever if that one is killed.
            command.env("SSL_CERT_FILE", "none");
        }
        command
    }

    /// The harness, ready for its arguments.
    pub fn harness(&self) -> Command {
        let mut command = self.program("harness");
        command.args(["--lib", &self.path(&self.library())]);
        command
    }
}

/// What the harness said.
pub struct Said {
    /// Its exit code.
    pub code: i32,
    /// The replies, one a line.
    pub lines: Vec<String>,
    /// Whatever went to the other stream.
    pub stderr: String,
}

impl Said {
    /// The only reply, as text.
    pub fn text(&self) -> &str {
        assert_eq!(self.lines.len(), 1, "one reply expected; exit code {}, stderr: {}", self.code, self.stderr);
        &self.lines[0]
    }

    /// The only reply.
    pub fn json(&self) -> Value {
        serde_json::from_str(self.text()).expect("replies are JSON")
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the harness speaks UTF-8");
        Self {
            code: output.status.code().unwrap_or_else(|| panic!("the harness was ended by {}", output.status)),
            lines: text(output.stdout).lines().map(str::to_owned).collect(),
            stderr: text(output.stderr),
        }
    }
}

/// Runs the harness with these arguments, giving it `input`.
pub fn harness<'a>(arguments: impl IntoIterator<Item = &'a str>, input: &str) -> Said {
    run(target().harness().args(arguments), input)
}

/// Runs `command`, giving it `input`.
pub fn run(command: &mut Command, input: &str) -> Said {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (mut stdin, input) = (child.stdin.take().expect("piped"), input.to_owned());
    // Whoever does not read its input may close it.
    thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let stdout = Stream::read(child.stdout.take().expect("piped"));
    let stderr = Stream::read(child.stderr.take().expect("piped"));
    let end = Instant::now() + PATIENCE;
    if stdout.has_ended(end) && stderr.has_ended(end) {
        let status = child.wait().expect("our own process");
        return Output { status, stdout: stdout.said(), stderr: stderr.said() }.into();
    }
    let processes = processes();
    // It may have ended, and only left its streams to another.
    let _ = child.kill();
    let ended = child.wait().expect("our own process");
    let [stdout, stderr] = [stdout, stderr].map(|stream| String::from_utf8_lossy(&stream.said()).into_owned());
    panic!("no end after {PATIENCE:?}, {ended}: {command:?}\nstdout: {stdout}\nstderr: {stderr}\n{processes}");
}

/// What a program writes to one of its streams, as it comes.
struct Stream {
    said: Arc<Mutex<Vec<u8>>>,
    /// Closed with the stream.
    open: Receiver<()>,
}

impl Stream {
    fn read(mut stream: impl Read + Send + 'static) -> Self {
        let said = Arc::new(Mutex::new(Vec::new()));
        let (closed, open) = channel::<()>();
        let hearing = said.clone();
        thread::spawn(move || {
            let mut part = [0; 16 * 1024];
            while let Ok(length @ 1..) = stream.read(&mut part) {
                hearing.lock().expect("nobody panics with it").extend_from_slice(&part[..length]);
            }
            drop(closed);
        });
        Self { said, open }
    }

    fn has_ended(&self, until: Instant) -> bool {
        let left = until.saturating_duration_since(Instant::now());
        self.open.recv_timeout(left) == Err(RecvTimeoutError::Disconnected)
    }

    fn said(&self) -> Vec<u8> {
        self.said.lock().expect("nobody panics with it").clone()
    }
}

/// Every thread of this machine and what it waits for in the kernel, where that can be told: of a program that hangs.
fn processes() -> String {
    let columns = "pid,ppid,lwp,stat,wchan:24,etimes,args:80";
    let listed = Command::new("ps").args(["-eLo", columns]).output();
    listed.map_or_else(|error| error.to_string(), |output| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A simulator, and the library set up to talk to it.
pub struct World {
    /// The service.
    pub simulator: Simulator,
    settings: Value,
}

impl World {
    /// Over plain HTTP on loopback.
    pub fn new() -> Self {
        Self::with(Config::default())
    }

    /// With a simulator of this kind.
    pub fn with(config: Config) -> Self {
        let simulator = Simulator::start(config).expect("the simulator starts");
        let settings = simulator.settings(None);
        Self { simulator, settings }
    }

    /// With `patch` on top of the settings.
    pub fn set(mut self, patch: Value) -> Self {
        merge(&mut self.settings, patch);
        self
    }

    /// Over TLS, trusting the simulator's authority by its PEM text.
    pub fn over_tls() -> Self {
        Self::new().secure()
    }

    /// The same over TLS, trusting the simulator's authority by its PEM text.
    pub fn secure(self) -> Self {
        let (url, ca) = (self.simulator.https_url(), self.simulator.ca_pem().to_owned());
        self.at(&url).set(json!({"ca_pem":ca}))
    }

    /// The same, with the service at this address.
    pub fn at(self, url: &str) -> Self {
        let (conn, public) = (format!("{url}/php/conn.php"), format!("{url}/atwe/php/Protocolo.php"));
        let reception = format!("{url}/arecepcao.aspx");
        self.set(json!({"porto":{"url":conn,"consulta_url":public},"webmania":{"url":url},"invoicy":{"url":reception}}))
    }

    /// Runs a command of the harness under the settings.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.run_with(arguments, "")
    }

    /// The settings, in a file.
    pub fn settings_file(&self) -> TempFile {
        TempFile::new("settings.json", self.settings.to_string().as_bytes())
    }

    /// Runs a command of the harness under the settings, giving it `input`.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Said {
        let settings = self.settings_file();
        let config = format!("@{}", settings.name());
        harness(["--config", &config].into_iter().chain(arguments.iter().copied()), input)
    }

    /// Executes one request; the reply as the harness printed it.
    pub fn say(&self, request: &Value) -> Said {
        self.run_with(&["executa", "-"], &request.to_string())
    }

    /// Executes one request; the reply.
    pub fn execute(&self, request: &Value) -> Value {
        self.say(request).json()
    }

    /// Executes requests one after the other in one process; the replies as the harness printed them.
    pub fn say_all(&self, requests: &[Value]) -> Said {
        let requests: Vec<String> = requests.iter().map(Value::to_string).collect();
        let arguments: Vec<&str> = ["executa"].into_iter().chain(requests.iter().map(String::as_str)).collect();
        self.run(&arguments)
    }

    /// The same; the replies.
    pub fn execute_all(&self, requests: &[Value]) -> Vec<Value> {
        let said = self.say_all(requests);
        said.lines.iter().map(|line| serde_json::from_str(line).expect("replies are JSON")).collect()
    }

    /// A live session.
    pub fn log_in(&self) -> String {
        let reply =
            self.execute(&json!({"mod":"login","user":simulator::DEFAULT_USER,"pass":simulator::DEFAULT_PASSWORD}));
        let cookie = reply["cookie"].as_str().unwrap_or_else(|| panic!("no session: {reply}")).to_owned();
        self.simulator.clear_requests();
        cookie
    }
}

fn merge(base: &mut Value, patch: Value) {
    match (base, patch) {
        (Value::Object(base), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, patch) => *base = patch,
    }
}

/// The code of the first error of a reply.
pub fn code(reply: &Value) -> i64 {
    reply["error"][0]["code"].as_i64().unwrap_or_else(|| panic!("no error code: {reply}"))
}

/// The text of the first error of a reply.
pub fn msg(reply: &Value) -> &str {
    reply["error"][0]["msg"].as_str().unwrap_or_else(|| panic!("no error text: {reply}"))
}

/// A fixture's path, as the program under test must name it.
pub fn fixture(name: &str) -> String {
    target().path(&fixture_file(name))
}

/// A fixture's path.
pub fn fixture_file(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    assert!(path.exists(), "no fixture {}", path.display());
    path
}

/// A file in a folder of its own, gone when dropped.
pub struct TempFile(PathBuf);

impl TempFile {
    /// With this name and content.
    pub fn new(name: &str, content: &[u8]) -> Self {
        static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{count}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for temporary files");
        let path = folder.join(name);
        fs::write(&path, content).expect("a temporary file");
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where it is, as the program under test must name it.
    pub fn name(&self) -> String {
        target().path(&self.0)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.parent().expect("it has a folder"));
    }
}

/// A folder with CT-e of one's own making, gone when dropped.
pub struct Documents {
    folder: TempFile,
    /// Their access keys.
    pub keys: Vec<String>,
}

impl Documents {
    /// So many, each with its own key, in files that sort like `keys`.
    pub fn new(count: usize) -> Self {
        let documents = Self {
            folder: TempFile::new("leia-me.txt", b"x"),
            keys: (1..=count).map(|number| numbered_key(MODEL_KEY, number)).collect(),
        };
        fs::remove_file(documents.folder.path()).expect("it was just written");
        let model = fs::read_to_string(fixture_file("cte-utf8.xml")).expect("the fixture can be read");
        for key in &documents.keys {
            fs::write(documents.file(key), model.replace(MODEL_KEY, key)).expect("a document");
        }
        documents
    }

    /// The folder, as the program under test must name it.
    pub fn name(&self) -> String {
        target().path(self.folder())
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path().parent().expect("it has a folder")
    }

    /// The file of the document with this key.
    pub fn file(&self, key: &str) -> PathBuf {
        self.folder().join(format!("{key}.xml"))
    }

    /// The file of the document at this place, as the program under test must name it.
    pub fn path(&self, place: usize) -> String {
        target().path(&self.file(&self.keys[place]))
    }
}

/// The key in `cte-utf8.xml`.
const MODEL_KEY: &str = "41260599990001000198570010000047111283746517";
