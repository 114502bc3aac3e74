//! The stand-alone program.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::{Value, json};
use simulator::{DEFAULT_PASSWORD, DEFAULT_TOKEN, DEFAULT_USER};

use crate::client::{AGENT, builder};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulator"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().expect("it runs")
}

/// A program that ends when its input is closed, with what it has printed up to "Ready".
struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
    introduction: String,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child =
            program().args(arguments).arg("--until-stdin-closes").stdin(Stdio::piped()).spawn().expect("it starts");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut introduction = String::new();
        while !introduction.contains("Ready.") {
            assert_ne!(output.read_line(&mut introduction).expect("text"), 0, "it ended: {introduction}");
        }
        Self { child, output, introduction }
    }

    /// Closes the input; gives the rest of the output.
    fn end(mut self) -> String {
        drop(self.child.stdin.take());
        let rest = std::io::read_to_string(&mut self.output).expect("text");
        assert!(self.child.wait().expect("it ends").success());
        rest
    }
}

fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("simulator-program-{}-{name}", std::process::id()))
}

#[test]
fn its_files_let_a_client_in_and_its_log_keeps_secrets() {
    let (ca, settings) = (temporary("ca.pem"), temporary("settings.json"));
    let files = ["--ca", &ca.to_string_lossy(), "--settings", &settings.to_string_lossy()].map(str::to_owned);
    let arguments: Vec<_> = files.iter().map(String::as_str).chain(["--log", "--user", "eu:minha:senha"]).collect();
    let program = Running::start(&arguments);
    let read = fs::read_to_string(&settings).expect("written");
    assert!(program.introduction.contains(&read), "{}", program.introduction);
    assert!(program.introduction.contains("Users    eu\n"), "{}", program.introduction);

    let settings_json: Value = serde_json::from_str(&read).expect("JSON");
    assert_eq!(settings_json["ca_pem"], *ca.to_string_lossy());
    let url = settings_json["porto"]["url"].as_str().expect("an address");
    let pem = reqwest::Certificate::from_pem(&fs::read(&ca).expect("written")).expect("PEM");
    let client = builder().tls_certs_only([pem]).build().expect("a client");
    let request = client.post(url).header("User-Agent", AGENT).header("Content-Type", crate::client::FORM);
    let answer = request.body("mod=login&comp=5&user=eu&pass=minha:senha").send().expect("an answer");
    assert!(answer.text().expect("text").contains("\"C\":{"));

    let log = program.end();
    assert!(log.contains("POST /php/conn.php mod=login comp=5 user=eu pass=*** -> 200"), "{log}");
    assert!(!log.contains("minha"), "{log}");
    for path in [ca, settings] {
        fs::remove_file(path).expect("left there");
    }
}

#[test]
fn webmania_is_introduced_and_its_token_kept_secret() {
    let arguments = ["--log", "--webmania-token", "segredo", "--mdfe-processing", "1", "--mdfe-shape", "motivo-array"];
    let program = Running::start(&[&arguments[..], &["--mdfe-query-limit", "1"]].concat());
    assert!(program.introduction.contains("Token    as given\n"), "{}", program.introduction);
    let line = program.introduction.lines().find_map(|line| line.strip_prefix("MDF-e    ")).expect("a line");
    let base = line.split_once("(or ").and_then(|(_, plain)| plain.strip_suffix(')')).expect("an address");
    let client = builder().build().expect("a client");
    let answer = client.post(format!("{base}/2/mdfe/emissao")).bearer_auth("segredo");
    let answer = answer.header("Content-Type", "application/json").body(crate::webmania_client::document().to_string());
    let answer: Value =
        serde_json::from_str(&answer.send().and_then(|answer| answer.text()).expect("text")).expect("JSON");
    assert_eq!(answer["motivo"], serde_json::json!(["Arquivo em processamento"]));
    let query = || client.get(format!("{base}/2/mdfe/consulta/1")).bearer_auth("segredo").send().expect("an answer");
    assert_eq!([query(), query()].map(|answer| answer.status().as_u16()), [404, 503]);
    let log = program.end();
    assert!(log.contains("POST /2/mdfe/emissao authorization=*** {\"ambiente\":2"), "{log}");
    assert!(!log.contains("segredo"), "{log}");
}

#[test]
fn it_takes_commands() {
    let mut program = Running::start(&["--control"]);
    let commands = program.child.stdin.as_mut().expect("piped");
    commands.write_all(b"counts\nforget\ncont\n").expect("it listens");
    let none = json!({"requests": 0, "connections": 0, "full_handshakes": 0, "resumed_handshakes": 0});
    let answers = program.end();
    let answers: Vec<Value> = answers.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(answers[..2], [none, json!({})]);
    assert_eq!(answers[2]["error"], "there is no command 'cont'; there are counts and forget");
}

#[test]
fn a_temporary_authority_is_removed_in_the_end() {
    let program = Running::start(&[]);
    let line = program.introduction.lines().find_map(|line| line.strip_prefix("CA       ")).expect("a line");
    let path = PathBuf::from(line);
    assert!(path.exists());
    program.end();
    assert!(!path.exists());
}

#[test]
fn it_ends_after_the_time_given() {
    let output = run(&["--for-seconds", "0"]);
    assert!(output.status.success());
    let introduction = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(introduction.contains("Nothing is endorsed. Nothing is issued."));
    assert!(introduction.contains(&format!("Token    {DEFAULT_TOKEN}\n")));
}

#[cfg(unix)]
#[test]
fn it_ends_in_good_order_when_the_system_asks() {
    for signal in ["-TERM", "-INT"] {
        let mut program = Running::start(&[]);
        let kill = Command::new("kill").args([signal, &program.child.id().to_string()]).status();
        assert!(kill.expect("kill runs").success());
        assert!(program.child.wait().expect("it ends").success(), "{signal}");
    }
}

#[test]
fn faults_are_taken_from_the_command_line() {
    let program = Running::start(&["--fault", "any:status=503", "--throttle", "0"]);
    let line = program.introduction.lines().find_map(|line| line.strip_prefix("HTTP     ")).expect("a line");
    let client = builder().build().expect("a client");
    let status = || client.get(line).header("User-Agent", AGENT).send().expect("an answer").status().as_u16();
    assert_eq!([status(), status()], [503, 200]);
    program.end();
}

#[test]
fn the_help_tells_the_default_user_and_every_fault() {
    let help = String::from_utf8(run(&["--help"]).stdout).expect("UTF-8");
    assert!(help.contains(&format!("{DEFAULT_USER} with the password {DEFAULT_PASSWORD}")));
    assert!(help.contains(&format!("[default: {DEFAULT_TOKEN}]")));
    let listed = help.lines().skip_while(|line| !line.contains("Not served")).take_while(|line| !line.is_empty());
    let faults: Vec<_> = listed.filter_map(|line| line.strip_prefix("    ")?.split("   ").next()).collect();
    assert_eq!(faults.len(), 25);
    for fault in faults {
        let concrete = fault.replace("WORDS", "bom").replace("URL", "https://a.invalid/");
        assert!(format!("any:{concrete}").parse::<simulator::Fault>().is_ok(), "{concrete}");
    }
}

#[test]
fn a_proxy_leads_to_it() {
    let program = Running::start(&["--proxy", "--proxy-user", "eu:minha", "--proxy-inspects"]);
    let settings = program.introduction.split_once("av_configure):\n").and_then(|(_, rest)| rest.rsplit_once('}'));
    let settings: Value = serde_json::from_str(&format!("{}}}", settings.expect("settings").0)).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let pem = reqwest::Certificate::from_pem(&fs::read(text(&settings["ca_pem"])).expect("written")).expect("PEM");
    let login = |password: &str| {
        let proxy = reqwest::Proxy::all(text(&settings["proxy"])).expect("an address").basic_auth("eu", password);
        let client = reqwest::blocking::Client::builder().proxy(proxy).tls_certs_only([pem.clone()]).build();
        let request = client.expect("a client").post(text(&settings["porto"]["url"])).header("User-Agent", AGENT);
        let request = request.header("Content-Type", crate::client::FORM);
        request.body("mod=login&comp=5&user=USUARIO&pass=SENHA").send().and_then(|answer| answer.text())
    };
    assert!(login("minha").expect("an answer").contains("\"C\":{"));
    assert!(login("outra").is_err());
    program.end();
}

#[test]
fn wrong_arguments_are_explained() {
    for (arguments, explanation) in [
        (["--user", "eu"], "USER:PASS"),
        (["--fault", "upload:nix"], "there is no fault 'nix'"),
        (["--shape", "round"], "there is no shape 'round'"),
        (["--tls", "new"], "there is no TLS 'new'"),
        (["--mdfe-shape", "round"], "there is no shape 'round' for MDF-e"),
        (["--ca", "/nowhere/ca.pem"], "ca.pem: "),
        (["--settings", "/nowhere/settings.json"], "settings.json: "),
    ] {
        let output = run(&arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success());
        assert!(error.contains(explanation), "{error}");
    }
}
