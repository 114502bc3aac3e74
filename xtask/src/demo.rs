//! `cargo xtask demo`: one CT-e on its way to its endorsement, three on their way to an MDF-e, or an RPS on its way to an NFS-e,
//! each request and each reply shown.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use simulator::{Config, DEFAULT_PASSWORD, DEFAULT_USER, InvoicyConfig, Simulator};

use crate::callers::{self, Callers};
use crate::{root, setup};

/// Options of the demo.
#[derive(clap::Args)]
pub struct Options {
    /// Endorse at the real AverbePorto instead of the simulator. THIS ENDORSES FOR REAL, unless the credentials are for
    /// tests: production or test is decided by them.
    #[arg(long)]
    porto: bool,
    /// From three CT-e to an approved MDF-e, its DAMDFE and its XML saved. With the simulator only: at Webmania itself this
    /// would issue a document.
    #[arg(long, conflicts_with_all = ["porto", "file"])]
    mdfe: bool,
    /// From an RPS to an NFS-e, its PDF and its XML saved. With the simulator only: at InvoiCy itself this would issue a
    /// document.
    #[arg(long, conflicts_with_all = ["porto", "file", "mdfe"])]
    nfse: bool,
    /// User for --porto; else AVERBADOR_USER, else asked.
    #[arg(long, requires = "porto")]
    user: Option<String>,
    /// The authorised XML of a CT-e. The password for --porto comes from AVERBADOR_PASS, else it is asked.
    #[arg(long)]
    file: Option<PathBuf>,
}

/// Where the document goes, and as whom.
struct Place {
    simulator: Option<Simulator>,
    settings: String,
    user: String,
    password: String,
}

/// The CT-e of the trip, which the document in `mdfe.json` is about.
const TRIP: [&str; 3] = ["cte-utf8.xml", "cte-iso-8859-1.xml", "cte-indentado-crlf.xml"];

/// The issuer of `rps.xml`.
const ISSUER: &str = "99990001000198";

/// So many queries are answered that Sefaz has not decided yet.
const PROCESSING: u32 = 2;

/// Runs the demo.
pub fn run(options: &Options) -> Result<()> {
    match options {
        Options { mdfe: true, .. } => issue(),
        Options { nfse: true, .. } => invoice(),
        _ => endorse(options),
    }
}

/// One CT-e on its way to its endorsement.
fn endorse(options: &Options) -> Result<()> {
    let file = match (&options.file, options.porto) {
        (Some(file), _) => file.clone(),
        (None, true) => bail!("name the XML to be endorsed with --file"),
        (None, false) => root().join("tests/fixtures/cte-utf8.xml"),
    };
    let key = key_of(&file)?;
    let callers = callers()?;
    let place = if options.porto { real(options)? } else { simulated(Config::default())? };
    println!("\nCT-e {key}\nfrom {}\n", file.display());

    let login = place.step(&callers, "1. login", &["login", &place.user, "-"])?;
    let cookie = text(&login, "/cookie")?;
    place.step(&callers, "2. upload", &["upload", &cookie, &file.to_string_lossy()])?;
    let found = place.step(&callers, "3. consulta", &["consulta", &cookie, &key])?;
    println!("Endorsement number (protocolo): {}\n", text(&found, "/protocolo")?);
    Ok(())
}

/// Three CT-e on their way to an MDF-e.
fn issue() -> Result<()> {
    let callers = callers()?;
    let place = simulated(Config { mdfe_processing: PROCESSING, ..Config::default() })?;
    let fixtures = root().join("tests/fixtures");
    let folder = root().join("target/demo");
    fs::create_dir_all(&folder)?;
    let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let ctes = TRIP.map(|name| fixtures.join(name).to_string_lossy().into_owned());
    let (document, endorsed) = (file("mdfe.json"), file("averbaRet.json"));
    fs::write(&document, unendorsed(&fixtures.join("mdfe.json"))?)?;
    println!("\nThree CT-e, and the MDF-e of their trip in {document}: what it lacks are their endorsements.\n");

    let reply = place.step(
        &callers,
        "1. the CT-e are endorsed",
        &["averba", &place.user, "-", &ctes[0], &ctes[1], &ctes[2]],
    )?;
    fs::write(&endorsed, reply.to_string())?;
    let joined = ["--averbacoes", &format!("@{endorsed}")];
    place.step(&callers, "2. the document is checked", &[&["mdfe", "valida", &document], &joined[..]].concat())?;
    let emit = ["mdfe", "emite", &document, "--aguardar", "60"];
    let issued = place.step(&callers, "3. it is issued, and Sefaz takes its time", &[&emit[..], &joined].concat())?;
    let (key, situation) = (text(&issued, "/chave")?, text(&issued, "/situacao")?);
    let (pdf, xml) = (file(&format!("damdfe-{key}.pdf")), file(&format!("mdfe-{key}.xml")));
    place.step(&callers, "4. its DAMDFE", &["mdfe", "arquivo", &key, "pdf", &pdf])?;
    place.step(&callers, "5. its XML", &["mdfe", "arquivo", &key, "xml", &xml])?;
    println!("MDF-e {key}: {situation}\nDAMDFE: {pdf}\nXML:    {xml}\n");
    Ok(())
}

/// An RPS on its way to an NFS-e.
fn invoice() -> Result<()> {
    let callers = callers()?;
    // One question in vain: a fourth of the same kind would be misuse, and the RPS is asked about once more below.
    let invoicy = InvoicyConfig { asynchronous: true, pending_queries: 1, ..InvoicyConfig::default() };
    let place = simulated(Config { invoicy, ..Config::default() })?;
    let rps = root().join("tests/fixtures/rps.xml").to_string_lossy().into_owned();
    let folder = root().join("target/demo");
    fs::create_dir_all(&folder)?;
    let folder = folder.to_string_lossy();
    println!("\nThe RPS in {rps}: an XML as an ERP writes it, with no key and no envelope.\n");

    place.step(&callers, "1. its communication key, which nobody has to compute", &["ck", &format!("@{rps}")])?;
    let send = ["nfse", "envia", &rps, "--aguardar", "6", "--pasta", &folder];
    let sent = place.step(&callers, "2. it is sent, and the city takes its time", &send)?;
    let (id, number) = (text(&sent, "/S/0/IDUnico")?, text(&sent, "/S/0/NFSeNumero")?);
    let again = place.step(&callers, "3. sent once more by mistake: the same NFS-e", &["nfse", "envia", &rps])?;
    ensure!(text(&again, "/S/0/NFSeNumero")? == number, "another NFS-e was issued");
    let mirror = format!("{folder}/espelho-{number}.pdf");
    place.step(&callers, "4. its espelho", &["nfse", "espelho", ISSUER, "2", &mirror, "id", &id])?;
    println!("NFS-e {number}, verification code {}", text(&sent, "/S/0/CodVerificacao")?);
    println!("PDF:     {}", text(&sent, "/S/0/arquivos/pdf")?);
    println!("XML:     {}\nEspelho: {mirror}\n", text(&sent, "/S/0/arquivos/xml")?);
    Ok(())
}

/// The document of the trip before its CT-e are endorsed.
fn unendorsed(document: &Path) -> Result<String> {
    let mut document: Value = serde_json::from_slice(&fs::read(document)?)?;
    let insurance = document.pointer_mut("/seguro/0").and_then(Value::as_object_mut);
    insurance.context("the document has no insurance")?.remove("numero_averbacao");
    Ok(serde_json::to_string_pretty(&document)?)
}

fn callers() -> Result<Callers> {
    setup::report(&setup::ensure(&root(), &[setup::Part::C])?)?;
    Callers::build(callers::host())
}

fn simulated(config: Config) -> Result<Place> {
    let simulator = Simulator::start(config)?;
    println!("\nThe simulator stands in for the services at {} (its own TLS authority).", simulator.https_url());
    let ca = env::temp_dir().join(format!("averbador-demo-{}.pem", std::process::id()));
    simulator.write_ca(&ca)?;
    let mut settings = simulator.settings(Some(&ca));
    settings["ca_pem"] = fs::read_to_string(&ca)?.into();
    fs::remove_file(&ca)?;
    Ok(Place {
        simulator: Some(simulator),
        settings: settings.to_string(),
        user: DEFAULT_USER.to_owned(),
        password: DEFAULT_PASSWORD.to_owned(),
    })
}

fn real(options: &Options) -> Result<Place> {
    let user = match options.user.clone().or_else(|| env::var("AVERBADOR_USER").ok()) {
        Some(user) => user,
        None => asked("AverbePorto user: ")?,
    };
    let password = match env::var("AVERBADOR_PASS") {
        Ok(password) => password,
        Err(_) => rpassword::prompt_password("AverbePorto password: ").context("cannot ask for the password")?,
    };
    Ok(Place { simulator: None, settings: "{}".to_owned(), user, password })
}

fn asked(question: &str) -> Result<String> {
    print!("{question}");
    io::stdout().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    let answer = answer.trim();
    ensure!(!answer.is_empty(), "no user: give it with --user or in AVERBADOR_USER");
    Ok(answer.to_owned())
}

impl Place {
    /// Runs one command of the harness; shows it, the requests that it made and the reply.
    fn step(&self, callers: &Callers, title: &str, arguments: &[&str]) -> Result<Value> {
        println!("{title}\n  $ harness {}", arguments.join(" "));
        let requests = self.simulator.as_ref().map(Simulator::watch);
        let output = Command::new(&callers.harness)
            .arg("--lib")
            .arg(&callers.library)
            .args(["--config", &self.settings])
            .args(arguments)
            .env("AVERBADOR_PASS", &self.password)
            .env_remove("AVERBADOR_CONFIG")
            .stderr(Stdio::inherit())
            .output()
            .context("the harness does not start")?;
        for request in requests.iter().flat_map(std::sync::mpsc::Receiver::try_iter) {
            println!("  > {request}");
        }
        let reply = String::from_utf8(output.stdout)?;
        println!("  < {}", reply.trim_end());
        ensure!(output.status.success(), "{title} failed; the reply above says why");
        println!();
        Ok(serde_json::from_str(&reply)?)
    }
}

fn text(reply: &Value, pointer: &str) -> Result<String> {
    let text = reply.pointer(pointer).and_then(Value::as_str);
    Ok(text.with_context(|| format!("the reply has no {pointer}"))?.to_owned())
}

/// The access key in the `Id` of the document.
fn key_of(file: &Path) -> Result<String> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let after = text.split("Id=\"CTe").nth(1).and_then(|after| after.get(..44));
    Ok(after.with_context(|| format!("{} is not the XML of a CT-e: it has no Id=\"CTe…\"", file.display()))?.to_owned())
}
