//! The simulator as a program: for testers, and for whoever builds the ERP, without the insurer.

mod control;

use std::io::{self, Write};
use std::path::{self, Path, PathBuf};
use std::process::{self, ExitCode};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{env, fs};

use clap::Parser;
use simulator::{
    Config, DEFAULT_PASSWORD, DEFAULT_TOKEN, DEFAULT_USER, Error, Fault, InvoicyConfig, MdfeShape, Proxy, ProxyConfig,
    Shape, Simulator, Tls, User,
};
use tokio::sync::oneshot;
use tokio::time::sleep;

const FAULTS: &str = r#"Faults (--fault SPEC, repeatable; of several that are meant for a request the first is applied):
  SPEC is REQUESTS[@MOMENT][*TIMES][+SPARED]:EFFECT
    REQUESTS  any; of AverbePorto: login, upload, consulta (by POST), public-consulta (by GET), retrieve;
              of Webmania: webmania (all of them), emissao, mdfe-consulta, encerrar, cancelar, condutor,
              mdfe-arquivo (XML and DAMDFE); of InvoiCy: invoicy (all), nfse-envia, nfse-consulta, nfse-cancela
    MOMENT    end if not given: the request was read to its end; half: half of its body was; head: nothing of it was;
              any@connect: its connection was just accepted. Before the end a request is told by its head, in which a
              listing looks like a consulta
    TIMES     how often, 1 if not given; forever
    SPARED    how many of these requests are served first

  Not served, possible at any moment:
    silence                       no answer, the connection stays open
    close                         the connection is closed instead of an answer
    reset                         the connection is reset instead of an answer
    raw=HTTP/1.0 200\r\n\r\n{       these bytes are sent (\r, \n, \\, \xFF), then the connection is closed
  Not served, possible once the head was read:
    status=503                    an HTTP status; with a header: status=429 Retry-After: 2
    body=text/html <h1>Oh</h1>    HTTP 200 with a content type and any body
    redirect=302 URL              a redirect
    blocked                       HTTP 403: Cloudflare's page "error code: 1010", or that of Webmania's firewall
    logout                        AverbePorto: session ended, or wrong credentials
    captcha                       AverbePorto: the captcha is demanded
  Served, possible at the end:
    lose-answer                   then the connection is closed instead of an answer
    cut-answer                    then the connection is reset after half of the answer
    delay=2s                      the answer comes after this time (300ms, 2s)
    drip=1 500ms                  the answer comes so many bytes at a time, with this pause
    oversize=20000000             the answer is blown up to so many bytes (17 MB if not given)
    gzip                          the answer is compressed, whether or not the client can read that
    hang-up                       the answer comes in good order, then the connection is closed without notice
    shape=WORDS                   AverbePorto: the answer is written in another shape, see --shape
    take-only=3                   AverbePorto: of an upload only the first so many documents are taken, in silence
    mdfe-shape=WORDS              Webmania: the answer is written in another shape, see --mdfe-shape
    rejeicao=686                  Webmania: SEFAZ rejects the MDF-e, or the event; with any text: rejeicao=999 TEXT
    contingencia                  Webmania: SEFAZ is down, and decides on the MDF-e when it is queried
    invoicy-envelope=173          InvoiCy: this code for the request, and nothing is done
    invoicy-documento=112         InvoiCy: this code for each of its documents, and nothing is done
    soap-fault                    InvoiCy: a SOAP Fault, and nothing is done

  In the text of a rejection {mdfe} stands for the newest MDF-e that is open, by key and protocol, as --mdfe-shape has it.

Examples:
  simulator --log --until-stdin-closes
  simulator --user 12345678000195:segredo --ca ca.pem --settings averbador.json
  simulator --fault upload:lose-answer --fault 'login*3:status=503 Retry-After: 2'
  simulator --fault 'any*forever:delay=2s' --session-requests 5
  simulator --tls expired --fault any@connect*2:reset --fault upload@half:silence
  simulator --mdfe-processing 3 --fault emissao:lose-answer --fault emissao+1:rejeicao=611
  simulator --nfse-processing 2 --fault nfse-envia:lose-answer --fault nfse-envia:invoicy-documento=112"#;

/// AverbePorto, Webmania and InvoiCy on this machine: the insurer's service for endorsing freight documents and those that
/// issue MDF-e and NFS-e, as strict as the real ones, without endorsing or issuing anything. They can be reached from this machine
/// only, over HTTP and HTTPS.
#[derive(Parser)]
#[command(name = "simulator", version, after_help = FAULTS)]
struct Options {
    /// Who may log in; repeatable. Without this option it is USUARIO with the password SENHA
    #[arg(long = "user", value_name = "USER:PASS")]
    users: Vec<User>,

    /// Port for HTTP; 0: the system chooses
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    http_port: u16,

    /// Port for HTTPS; 0: the system chooses
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    https_port: u16,

    /// What the HTTPS port shows of itself: good, or a certificate that is expired, not-yet-valid or for an other-host;
    /// or old, that is TLS 1.1 and no later
    #[arg(long, value_name = "WORD", default_value = "good")]
    tls: Tls,

    /// Offer HTTP/2 on the HTTPS port, besides HTTP/1.1. In it a fault that would need the connection for itself (close,
    /// reset, raw, lose-answer, cut-answer, drip, hang-up, any answer before the request's end) just ends the connection
    #[arg(long)]
    http2: bool,

    /// Where to write the certificate of the authority that clients have to trust. It is made afresh at
    /// every start. Without this option it goes to a temporary file that is removed at the end
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Where to write settings for the DLL (for AVERBADOR_CONFIG or av_configure)
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,

    /// Start also a proxy, and have the settings lead through it
    #[arg(long)]
    proxy: bool,

    /// Whom the proxy lets through; everybody if not given. To name them in the settings is left to the client
    #[arg(long, value_name = "USER:PASS", requires = "proxy")]
    proxy_user: Option<User>,

    /// The proxy answers everything with this HTTP status
    #[arg(long, value_name = "STATUS", requires = "proxy")]
    proxy_refuses: Option<u16>,

    /// The proxy looks into TLS, with an authority of its own: its certificate is then the one that --ca writes
    #[arg(long, requires = "proxy")]
    proxy_inspects: bool,

    /// A fault for requests to come; repeatable; see below
    #[arg(long = "fault", value_name = "SPEC")]
    faults: Vec<Fault>,

    /// How AverbePorto's answers are written, comma-separated: spaced or bom, prot-array or prot-absent,
    /// error-array or error-text, code-number or code-absent, prot-for-duplicates
    #[arg(long, value_name = "WORDS")]
    shape: Option<Shape>,

    /// A session ends after so many requests
    #[arg(long, value_name = "N")]
    session_requests: Option<u32>,

    /// A session ends after so many seconds
    #[arg(long, value_name = "N")]
    session_seconds: Option<u64>,

    /// A captcha is demanded after so many failed logins in a row of one user
    #[arg(long, value_name = "N", default_value_t = Config::default().captcha_after)]
    captcha_after: u32,

    /// How much of the delay (up to 3 s) for more than 10 uploads in a second and for documents sent again is
    /// imposed, in percent; 0: none
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(..=1000))]
    throttle: u32,

    /// The token that Webmania wants to see
    #[arg(long, value_name = "TOKEN", default_value = DEFAULT_TOKEN)]
    webmania_token: String,

    /// So many queries about an MDF-e are answered "processando" before SEFAZ has decided; 0: it decides at once
    #[arg(long, value_name = "N", default_value_t = 0)]
    mdfe_processing: u32,

    /// How Webmania's answers are written, comma-separated: spaced or bom, log-object or log-text, motivo-array, http or
    /// https (how the addresses of the files begin), reference-spaced, -svrs, -joint, -bare, -protocol or -none (how
    /// SEFAZ names an MDF-e within a rejection), error-200 or error-msg
    #[arg(long, value_name = "WORDS")]
    mdfe_shape: Option<MdfeShape>,

    /// Webmania answers 503 to more queries than so many in a second
    #[arg(long, value_name = "N")]
    mdfe_query_limit: Option<u32>,

    /// So many queries about an RPS are answered that it is being processed, before it becomes an NFS-e; 0: it does at once.
    /// (Several sent in one request are always decided later.)
    #[arg(long, value_name = "N", default_value_t = 0)]
    nfse_processing: u32,

    /// Print each request in a line, without password, session, token and keys
    #[arg(long)]
    log: bool,

    /// End after so many seconds
    #[arg(long, value_name = "N")]
    for_seconds: Option<u64>,

    /// End when the standard input is closed
    #[arg(long)]
    until_stdin_closes: bool,

    /// Take commands, a line each, on the standard input, and end when it is closed: counts (how many requests,
    /// connections and TLS handshakes were served, as a line of JSON), forget (all documents and requests)
    #[arg(long)]
    control: bool,
}

impl Options {
    fn config(&self) -> Config {
        let defaults = Config::default();
        Config {
            http_port: self.http_port,
            https_port: self.https_port,
            tls: self.tls,
            http2: self.http2,
            users: if self.users.is_empty() { defaults.users } else { self.users.clone() },
            captcha_after: self.captcha_after,
            session_requests: self.session_requests,
            session_lifetime: self.session_seconds.map(Duration::from_secs),
            shape: self.shape.clone().unwrap_or_default(),
            throttle_percent: self.throttle,
            body_limit: defaults.body_limit,
            webmania_token: self.webmania_token.clone(),
            mdfe_processing: self.mdfe_processing,
            mdfe_shape: self.mdfe_shape.clone().unwrap_or_default(),
            mdfe_query_limit: self.mdfe_query_limit,
            invoicy: InvoicyConfig {
                asynchronous: self.nfse_processing > 0,
                pending_queries: self.nfse_processing.max(defaults.invoicy.pending_queries),
                ..defaults.invoicy
            },
        }
    }
}

/// The proxy that is wanted, if one is.
fn proxy(options: &Options, simulator: &Simulator) -> Result<Option<Proxy>, Error> {
    let config = ProxyConfig {
        port: 0,
        user: options.proxy_user.clone(),
        refuses: options.proxy_refuses,
        inspects: options.proxy_inspects.then(|| simulator.ca_pem().to_owned()),
    };
    options.proxy.then(|| Proxy::start(config)).transpose()
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Error> {
    let simulator = Simulator::start(options.config())?;
    let proxy = proxy(options, &simulator)?;
    let inspector = proxy.as_ref().filter(|_| options.proxy_inspects);
    let ca = CaFile::write(inspector.map_or(simulator.ca_pem(), Proxy::ca_pem), options.ca.as_deref())?;
    let mut settings = simulator.settings(Some(&ca.path));
    if let Some(proxy) = &proxy {
        settings["proxy"] = proxy.url().into();
    }
    let settings = format!("{settings:#}\n");
    if let Some(path) = &options.settings {
        write_at_once(path, &settings)?;
    }
    for fault in &options.faults {
        simulator.fault(fault.clone());
    }
    let logger = options.log.then(|| log(&simulator));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::System)?;
    let asked_to_end = {
        let _runtime = runtime.enter();
        asked_to_end().map_err(Error::System)?
    };
    introduce(options, &simulator, &ca.path, &settings);
    runtime.block_on(end(options, &simulator, asked_to_end));
    simulator.stop();
    if let Some(logger) = logger {
        // A panic of that thread was reported when it happened.
        let _ = logger.join();
    }
    Ok(())
}

/// The file with the authority's certificate; a temporary one is removed in the end.
struct CaFile {
    path: PathBuf,
    temporary: bool,
}

impl CaFile {
    fn write(pem: &str, asked_for: Option<&Path>) -> Result<Self, Error> {
        let temporary = || env::temp_dir().join(format!("averbador-simulator-{}.pem", process::id()));
        let path = asked_for.map_or_else(temporary, Path::to_owned);
        // The settings are used from other folders.
        let path = path::absolute(&path).map_err(|source| Error::Write { path, source })?;
        write_at_once(&path, pem)?;
        Ok(Self { path, temporary: asked_for.is_none() })
    }
}

impl Drop for CaFile {
    fn drop(&mut self) {
        if self.temporary {
            // What cannot be removed is a public certificate of a few hundred bytes.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Writes a file so that whoever waits for it never sees half of it. What it writes to is always a new file,
/// so nobody can lead it elsewhere by a link.
fn write_at_once(path: &Path, text: &str) -> Result<(), Error> {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let write = || {
        // The rest of an earlier run, if there is one.
        let _ = fs::remove_file(&part);
        fs::File::create_new(&part)?.write_all(text.as_bytes())?;
        fs::rename(&part, path)
    };
    write().map_err(|source| Error::Write { path: path.to_owned(), source })
}

fn introduce(options: &Options, simulator: &Simulator, ca: &Path, settings: &str) {
    let users = match options.users.as_slice() {
        [] => format!("{DEFAULT_USER}, password {DEFAULT_PASSWORD}"),
        users => users.iter().map(|user| user.name.as_str()).collect::<Vec<_>>().join(", "),
    };
    let (http, https, ca) = (simulator.http_url(), simulator.https_url(), ca.display());
    // One that was chosen is not shown.
    let token = if options.webmania_token == DEFAULT_TOKEN { DEFAULT_TOKEN } else { "as given" };
    say(&format!(
        "AverbePorto, Webmania and InvoiCy, simulated on this machine. Nothing is endorsed. Nothing is issued.\n\
         HTTP     {http}/php/conn.php\n\
         HTTPS    {https}/php/conn.php\n\
         MDF-e    {https} (or {http})\n\
         NFS-e    {http}/arecepcao.aspx\n\
         NFS-e    {https}/arecepcao.aspx\n\
         CA       {ca}\n\
         Users    {users}\n\
         Token    {token}\n\
         Settings for the DLL (AVERBADOR_CONFIG or av_configure):\n\
         {settings}\
         Ready. Ctrl-C ends it.\n"
    ));
}

/// Prints each request from now on.
fn log(simulator: &Simulator) -> JoinHandle<()> {
    let requests = simulator.watch();
    thread::spawn(move || {
        for request in requests {
            say(&format!("{request}\n"));
        }
    })
}

/// Prints; that nobody reads it any more is no reason to end.
fn say(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

/// Waits for the first of the ends that were asked for.
async fn end(options: &Options, simulator: &Simulator, asked_to_end: impl Future<Output = ()>) {
    let seconds = Duration::from_secs(options.for_seconds.unwrap_or_default());
    tokio::select! {
        () = asked_to_end => {}
        () = sleep(seconds), if options.for_seconds.is_some() => {}
        () = stdin_closed(), if options.until_stdin_closes && !options.control => {}
        () = control::obey(simulator), if options.control => {}
    }
}

/// Reads on a thread of its own, which a read that never returns cannot keep from ending with the process.
async fn stdin_closed() {
    let (open, closed) = oneshot::channel::<()>();
    thread::spawn(move || {
        let _open = open;
        // An error ends the input as well.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
    });
    // The sender is dropped without a word.
    let _ = closed.await;
}

/// Listens to the system from now on; the future is there when it asks the program to end.
#[cfg(unix)]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Listens to the system from now on; the future is there when it asks the program to end.
#[cfg(windows)]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::windows::{ctrl_c, ctrl_close};
    let (mut interrupt, mut close) = (ctrl_c()?, ctrl_close()?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = close.recv() => {}
        }
    })
}
