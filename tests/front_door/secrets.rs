//! Secrets: whatever the service, the network or the caller does, no password and no session comes back in a reply, an event,
//! the log, a diary or on the program's own streams. (What a panic may say is tested in `abi/guard.rs`, what is left in
//! memory by the checks of the boundary.)

use std::fs;
use std::path::Path;

use reqwest::Url;
use serde_json::{Value, json};
use simulator::{Answer, Config, Effect, Fault, InvoicyConfig, Proxy, ProxyConfig, Target, User};

use crate::driver::{Documents, Said, TempFile, World, fixture, fixture_file, run, target};

/// With whatever is written differently in JSON, in HTML and in a form.
const USER: &str = "marca-do-usuário <1>";
const PASSWORD: &str = "marca\"da\\senha'/é&<2> +";
/// As another platform would make it: not to be told by its looks.
const COOKIE: &str = "marca-da-sessao-3,Xyz";
const PROXY_PASSWORD: &str = "marcaDaSenhaDoProxy4";
/// Webmania's. (No more than a header can hold.)
const TOKEN: &str = "marcaDoToken<5>&\"'/+";
/// What a notification should bring.
const NOTIFICATION_SECRET: &str = "marca-do-segredo-6";
/// The company's at InvoiCy.
const ACCESS_KEY: &str = "marcaDaChave7<&\"'/+";
/// The partner's there.
const PARTNER_KEY: &str = "marcaDoParceiro8>&+/==";
/// `usuario:marcaDaSenhaDoProxy4`, as a proxy wants it.
const PROXY_CREDENTIALS: &str = "dXN1YXJpbzptYXJjYURhU2VuaGFEb1Byb3h5NA";

/// A world in which everything is written down, and all that it says.
struct Scene {
    world: World,
    documents: Documents,
    /// The log and a diary are written beside it.
    place: TempFile,
    said: String,
}

impl Scene {
    fn new() -> Self {
        let users = vec![User::new(USER, PASSWORD)];
        let invoicy = InvoicyConfig {
            access_key: ACCESS_KEY.to_owned(),
            partner_key: PARTNER_KEY.to_owned(),
            ..InvoicyConfig::default()
        };
        Self::of(World::with(Config { users, webmania_token: TOKEN.to_owned(), invoicy, ..Config::default() }))
    }

    fn of(world: World) -> Self {
        let place = TempFile::new("aqui.txt", b"");
        let log = target().path(&place.path().with_file_name("averbador.log"));
        let world = world.set(json!({"log":{"arquivo":log,"nivel":"detalhe"}}));
        Self { world, documents: Documents::new(3), place, said: String::new() }
    }

    /// Every operation there is, with every secret there is.
    fn requests(&self) -> Vec<Value> {
        let diary = target().path(&self.place.path().with_file_name("diario.jsonl"));
        let by_login = |request: Value| with(&json!({"user":USER,"pass":PASSWORD}), request);
        let by_both = |request: Value| with(&json!({"user":USER,"pass":PASSWORD,"cookie":COOKIE}), request);
        let by_keys = |request: Value| with(&json!({"chave_acesso":ACCESS_KEY,"chave_parceiro":PARTNER_KEY}), request);
        let mirror = target().path(&self.place.path().with_file_name("espelho.pdf"));
        let cancellation = fixture("evento-cancelamento.xml");
        let pdf = target().path(&self.place.path().with_file_name("damdfe.pdf"));
        vec![
            by_login(json!({"mod":"login"})),
            json!({"mod":"Upload","cookie":COOKIE,"cte":self.documents.path(0)}),
            json!({"mod":"Upload","cookie":COOKIE,"cte":self.documents.path(0),"dump":1}),
            json!({"mod":"Upload","cookie":COOKIE,"cte":self.documents.path(0),"dump":2}),
            json!({"mod":"Consulta","cookie":COOKIE,"chave":self.documents.keys[0]}),
            by_login(json!({"mod":"Averba","cte":self.documents.path(0)})),
            by_both(json!({"mod":"Averba","cte":self.documents.path(1)})),
            by_both(json!({"mod":"Averba","cte":[self.documents.path(1),self.documents.path(2)],"diario":diary})),
            by_both(json!({"mod":"Cancela","cte":cancellation})),
            by_both(json!({"mod":"Lista"})),
            json!({"mod":"mdfeEmite","token":TOKEN,"mdfe":mdfe(),
                "averbar":{"user":USER,"pass":PASSWORD,"cookie":COOKIE,"cte":[self.documents.path(0)]}}),
            json!({"mod":"mdfeEmite","mdfe":mdfe()}),
            json!({"mod":"mdfeConsulta","token":TOKEN,"uuid":UUID}),
            json!({"mod":"mdfeEncerra","token":TOKEN,"uuid":UUID,"uf":"PR","municipio":"Curitiba"}),
            json!({"mod":"mdfeArquivo","token":TOKEN,"chave":MDFE,"tipo":"pdf","arquivo":pdf}),
            json!({"mod":"mdfeNotificacao","corpo":"{}","segredo":NOTIFICATION_SECRET,"segredo_recebido":TOKEN}),
            json!({"mod":"invoicyCK","chave_acesso":ACCESS_KEY,"arquivo":fixture("rps.xml")}),
            json!({"mod":"nfseEnvia","documentos":fixture("rps.xml")}),
            by_keys(json!({"mod":"nfseEnvia","documentos":["<Envio>",fixture("rps.xml")]})),
            by_keys(json!({"mod":"nfseConsulta","CNPJ":ISSUER,"tpAmb":2,"numero_inicial":4711,"serie":"A1"})),
            by_keys(json!({"mod":"nfseEspelho","CNPJ":ISSUER,"tpAmb":2,"numero":4711,"serie":"A1","arquivo":mirror})),
            by_keys(json!({"mod":"nfseCancela","CNPJ":ISSUER,"tpAmb":2,"NFSeNumero":"20260000000001","RPSNumero":4711,
                "RPSSerie":"A1","EveCodigo":1,"EveMotivo":"Valor errado"})),
        ]
    }

    fn execute_everything(&mut self) {
        self.execute(&self.requests());
    }

    fn execute(&mut self, requests: &[Value]) {
        let settings = self.world.settings_file();
        let mut harness = target().harness();
        harness.args(["--progresso", "--config", &format!("@{}", settings.name()), "executa"]);
        let said = run(harness.args(requests.iter().map(Value::to_string)), "");
        assert_eq!(said.lines.len(), requests.len(), "{}", said.stderr);
        self.take(&said);
    }

    /// Takes in what a program said. A session is told in the reply to who logged in, and the user in that to a login.
    fn take(&mut self, said: &Said) {
        for line in &said.lines {
            let mut reply: Value = serde_json::from_str(line).expect("replies are JSON");
            reply.as_object_mut().expect("an object").remove("cookie");
            if let Some(averbacao) = reply.get_mut("averbacao") {
                averbacao.as_object_mut().expect("an object").remove("cookie");
            }
            if reply["mod"] == "loginRet" {
                reply.as_object_mut().expect("an object").remove("user");
            }
            self.said += &format!("{reply}\n");
        }
        self.said += &said.stderr;
    }

    /// That nothing of all this has a secret in it.
    fn check(mut self, what: &str) {
        self.said += &texts_beside(self.place.path());
        let sessions = self.world.simulator.sessions().into_iter().map(|session| session.cookie);
        let secrets = [
            USER,
            PASSWORD,
            COOKIE,
            PROXY_PASSWORD,
            PROXY_CREDENTIALS,
            TOKEN,
            NOTIFICATION_SECRET,
            ACCESS_KEY,
            PARTNER_KEY,
        ];
        let secrets = secrets.map(str::to_owned);
        for secret in secrets.into_iter().chain(sessions) {
            for spelling in spellings(&secret) {
                assert!(!self.said.contains(&spelling), "{what}: {spelling} is in\n{}", self.said);
            }
        }
    }
}

/// The issuer of `rps.xml`.
const ISSUER: &str = "99990001000198";
const UUID: &str = "90d30c80-d0be-4c8f-a749-a818989222ca";
const MDFE: &str = "41261199990001000198580010000000011283746510";

/// A document that nothing is wrong with.
fn mdfe() -> Value {
    serde_json::from_slice(&fs::read(fixture_file("mdfe.json")).expect("the fixture")).expect("the fixture is JSON")
}

/// `request` with `fields`.
fn with(fields: &Value, mut request: Value) -> Value {
    request.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    request
}

/// What stands in the files of its folder.
fn texts_beside(file: &Path) -> String {
    let files = fs::read_dir(file.parent().expect("a folder")).unwrap().map(|entry| entry.unwrap().path());
    files.map(|file| fs::read_to_string(file).expect("text")).collect()
}

/// As it may be written: as it is, in JSON, in a form, in HTML.
fn spellings(secret: &str) -> Vec<String> {
    let json = Value::from(secret).to_string();
    vec![secret.to_owned(), json.trim_matches('"').to_owned(), php_json(secret), form(secret), html(secret)]
}

fn php_json(text: &str) -> String {
    let json = Value::from(text).to_string().replace('/', "\\/").replace('é', "\\u00e9").replace('á', "\\u00e1");
    json[1..json.len() - 1].to_owned()
}

fn form(text: &str) -> String {
    let url = Url::parse_with_params("http://x/", [("x", text)]).unwrap();
    url.query().unwrap().trim_start_matches("x=").to_owned()
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#039;")
}

/// Answers that echo what came with the request, each in its way.
fn echoes(secrets: &[&str]) -> Vec<Effect> {
    let all = secrets.join(" | ");
    let page = |text: &str| Effect::body("text/html", format!("<html><body><p>Request: {text}</p></body></html>"));
    let json = |value: Value| Effect::body("application/json", value.to_string());
    let forms = secrets.iter().map(|secret| form(secret)).collect::<Vec<_>>().join("&");
    let elsewhere = format!("https://{forms}@example.com/{forms}");
    vec![
        page(&all),
        page(&html(&all)),
        Effect::body("text/plain", forms.clone()),
        Effect::body("application/json", format!("{{\"echo\":\"{}\"}}", php_json(&all))),
        Effect::body("application/json", format!("{{\"success\":1,\"S\":\"{}", php_json(&all))),
        json(json!({"success":0,"error":{"code":"07","msg":format!("recusado: {all}")}})),
        json(json!({"success":1,"S":{"P":0,"D":0,"R":1,"N":0},"error":[{"code":4,"msg":all}]})),
        json(json!({"logout":1,"error":all})),
        json(json!({"success":1,"dump":{"POST":secrets,"COOKIE":all}})),
        Effect::redirect(302, &format!("/elsewhere?{forms}")),
        Effect::redirect(307, &elsewhere),
        with_status(403, &all),
        with_status(407, &html(&all)),
        with_status(500, &forms),
    ]
}

fn with_status(status: u16, text: &str) -> Effect {
    let Effect::Answer(answer) = Effect::body("text/html", text.to_owned()) else { panic!("an answer") };
    Effect::Answer(Answer { status, ..answer })
}

#[test]
fn not_when_all_is_well() {
    let mut scene = Scene::new();
    scene.execute_everything();
    assert!(scene.said.contains("\"averbado\"") && texts_beside(scene.place.path()).contains("\"requisicao\""));
    scene.check("without a fault");
}

#[test]
fn not_when_the_service_echoes_them() {
    let to_issuers = echoes(&[TOKEN]).into_iter().zip(echoes(&[ACCESS_KEY, PARTNER_KEY]));
    let to_others = echoes(&[COOKIE]).into_iter().zip(to_issuers);
    for (to_login, (to_others, (to_webmania, to_invoicy))) in echoes(&[USER, PASSWORD]).into_iter().zip(to_others) {
        let mut scene = Scene::new();
        let what = format!("{to_login:?}");
        scene.world.simulator.fault(Fault::new(to_login).on(Target::Login).forever());
        scene.world.simulator.fault(Fault::new(to_webmania).on(Target::Webmania).forever());
        scene.world.simulator.fault(Fault::new(to_invoicy).on(Target::Invoicy).forever());
        scene.world.simulator.fault(Fault::new(to_others).forever());
        scene.execute_everything();
        scene.check(&what);
    }
}

#[test]
fn not_when_the_service_or_the_network_fails() {
    let effects = [
        Effect::Logout,
        Effect::Captcha,
        Effect::Blocked,
        Effect::Close,
        Effect::Reset,
        Effect::LoseAnswer,
        Effect::CutAnswer,
        Effect::TakeOnly(0),
        Effect::status(429),
    ];
    for effect in effects {
        let mut scene = Scene::new();
        scene.world.simulator.fault(Fault::new(effect.clone()).forever());
        scene.execute_everything();
        scene.check(effect.name());
    }
}

#[test]
fn not_when_there_is_no_way_to_the_service() {
    let url = |url: &str| json!({"porto":{"url":format!("{url}/php/conn.php"),"consulta_url":format!("{url}/x")}});
    let untrusted = World::new();
    let https = untrusted.simulator.https_url();
    Scene::of(untrusted.set(url(&https))).execute_and_check("TLS");
    Scene::of(World::new().set(url("http://127.0.0.1:9"))).execute_and_check("nobody listens");
    for status in [407, 502] {
        let proxy = Proxy::start(ProxyConfig { refuses: Some(status), ..ProxyConfig::default() }).unwrap();
        let url = proxy.url().replace("://", &format!("://usuario:{PROXY_PASSWORD}@"));
        Scene::of(World::over_tls().set(json!({"proxy":url}))).execute_and_check(&format!("proxy {status}"));
    }
    let proxy = format!("http://usuario:{PROXY_PASSWORD}@127.0.0.1:9");
    Scene::of(World::over_tls().set(json!({"proxy":proxy}))).execute_and_check("no proxy");
}

impl Scene {
    fn execute_and_check(mut self, what: &str) {
        self.execute_everything();
        self.check(what);
    }
}

#[test]
fn not_when_the_request_makes_no_sense() {
    let mut scene = Scene::new();
    let whole = json!({"mod":"Averba","user":USER,"pass":PASSWORD,"cookie":COOKIE,"cte":scene.documents.path(0)});
    let secrets = json!([USER, PASSWORD, COOKIE]);
    let mut requests = vec![with(&json!({"senha":PASSWORD}), whole.clone())];
    for field in ["user", "pass", "cookie", "chave", "n_cte", "recipient"] {
        for value in [secrets.clone(), json!({"x":secrets}), json!(7), Value::Null] {
            requests.push(with(&json!({field:value}), whole.clone()));
        }
    }
    scene.execute(&requests);
    for text in
        [format!("{{\"mod\":\"login\",\"pass\":{}", json!(PASSWORD)), json!(PASSWORD).to_string(), PASSWORD.to_owned()]
    {
        let said = run(target().harness().args(["executa", &text]), "");
        scene.take(&said);
    }
    scene.check("requests");
}

#[test]
fn not_when_the_settings_make_no_sense() {
    let mut scene = Scene::new();
    let bad = [
        json!({"proxy":format!("ftp://usuario:{PROXY_PASSWORD}@proxy:8080")}),
        json!({"proxy":format!("http://usuario:{PROXY_PASSWORD}@[proxy")}),
        json!({"proxy":[PROXY_PASSWORD]}),
        json!({"proxy":format!("http://usuario:{PROXY_PASSWORD}@proxy:8080"),"timeout_s":0}),
        json!({"porto":{"url":format!("https://usuario:{PASSWORD}@example.com/")}}),
        json!({"porto":PASSWORD}),
    ];
    for settings in bad {
        let text = settings.to_string();
        scene.take(&run(target().harness().args(["configura", &text]), ""));
        let file = TempFile::new("averbador.json", text.as_bytes());
        let mut harness = target().harness();
        harness.env("AVERBADOR_CONFIG", file.name()).args(["consulta", "-", &scene.documents.keys[0]]);
        scene.take(&run(&mut harness, ""));
    }
    scene.check("settings");
}
