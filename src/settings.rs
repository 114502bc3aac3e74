//! The settings of `av_configure`: what they are, their defaults, what makes sense.

use std::time::Duration;

use reqwest::Url;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::contract::{Code, ErrorEntry, Secret, bad_field, parse_object, read};

/// Everything that can be set. Defaults as in the contract. Written out, it has no secrets.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Settings {
    /// How we introduce ourselves. AverbePorto lets only what begins like a browser through (manual, "user-agent").
    pub user_agent: String,
    /// Seconds for name resolution, connection and TLS.
    pub timeout_conexao_s: u64,
    /// Seconds for a whole request.
    pub timeout_s: u64,
    /// `"sistema"`, `"nenhum"` or the URL of a proxy, which may hold a password.
    #[serde(serialize_with = "without_password")]
    pub proxy: Secret,
    /// A further trusted root certificate: PEM text, or the path of a PEM file.
    #[serde(serialize_with = "without_pem")]
    pub ca_pem: Option<String>,
    /// The log; none unless set.
    pub log: Option<LogSettings>,
    /// AverbePorto.
    pub porto: PortoSettings,
    /// Webmania, which issues MDF-e.
    pub webmania: WebmaniaSettings,
    /// InvoiCy, which issues NFS-e.
    pub invoicy: InvoicySettings,
}

/// When `Averba` asks for the endorsement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsultaMode {
    /// After every upload that took effect (seed, section 3).
    #[default]
    Sempre,
    /// Only where the upload's own answer has no protocol.
    QuandoFaltar,
}

/// The settings of the log.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct LogSettings {
    /// Where: `C:\siem\averbador.log` becomes `C:\siem\averbador-2026-11-21.log` on that day.
    pub arquivo: String,
    /// How much.
    pub nivel: Level,
    /// How many days a file is kept.
    pub dias: u16,
}

/// How much is logged, from little to much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Calls that failed.
    Erro,
    /// Every call.
    Info,
    /// Every call and every request.
    Detalhe,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { arquivo: String::new(), nivel: Level::Info, dias: 30 }
    }
}

/// The settings of AverbePorto.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct PortoSettings {
    /// Address of login, upload and consulta with a session.
    pub url: String,
    /// Address of the public consulta.
    pub consulta_url: String,
    /// `recipient` of every upload (seed, 2.2.1); empty = automatic.
    pub recipient: String,
    /// `v` of every upload; not sent unless set.
    pub v: Option<u32>,
    /// When `Averba` asks for the endorsement.
    pub consulta: ConsultaMode,
    /// At most so many uploads in a second: the service slows down whoever sends more than 10.
    pub uploads_por_segundo: u32,
}

/// The settings of Webmania.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct WebmaniaSettings {
    /// Its address, without a path.
    pub url: String,
    /// The Access Token of its API 2.0, for requests that bring none of their own.
    #[serde(serialize_with = "whether_set")]
    pub token: Secret,
}

/// The settings of InvoiCy.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct InvoicySettings {
    /// Address of its web service `arecepcao.aspx`. None unless set: it differs from customer to customer.
    pub url: String,
    /// The company's access key (chave de acesso), of which the communication key is made.
    #[serde(serialize_with = "whether_set")]
    pub chave_acesso: Secret,
    /// The partner's key (EmpPK).
    #[serde(serialize_with = "whether_set")]
    pub chave_parceiro: Secret,
    /// At most so many documents in one request.
    pub documentos_por_envio: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            user_agent: concat!("Mozilla/5.0 Sistema Averbador/", env!("CARGO_PKG_VERSION")).to_owned(),
            timeout_conexao_s: 10,
            timeout_s: 60,
            proxy: "sistema".to_owned().into(),
            ca_pem: None,
            log: None,
            porto: PortoSettings::default(),
            webmania: WebmaniaSettings::default(),
            invoicy: InvoicySettings::default(),
        }
    }
}

impl Default for PortoSettings {
    fn default() -> Self {
        Self {
            url: "https://apis.averbeporto.com.br/php/conn.php".to_owned(),
            consulta_url: "https://apis.averbeporto.com.br/atwe/php/Protocolo.php".to_owned(),
            recipient: String::new(),
            v: None,
            consulta: ConsultaMode::default(),
            uploads_por_segundo: 10,
        }
    }
}

impl Default for WebmaniaSettings {
    fn default() -> Self {
        Self { url: "https://api.webmaniabr.com".to_owned(), token: Secret::default() }
    }
}

impl Default for InvoicySettings {
    fn default() -> Self {
        Self {
            url: String::new(),
            chave_acesso: Secret::default(),
            chave_parceiro: Secret::default(),
            documentos_por_envio: 50,
        }
    }
}

impl Settings {
    /// Seconds for name resolution, connection and TLS.
    #[must_use]
    pub fn connect_timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_conexao_s)
    }

    /// Seconds for a whole request.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_s)
    }

    /// What is allowed, but perhaps not meant (Portuguese).
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.user_agent.starts_with("Mozilla/") {
            warnings.push(
                "O user_agent não começa com \"Mozilla/\": o AverbePorto costuma bloquear (403/1010).".to_owned(),
            );
        }
        warnings
    }

    fn check(&self) -> Result<(), ErrorEntry> {
        let bad = |field, what| Err(bad_field(Code::BadSetting, field, what));
        if self.user_agent.is_empty() || !self.user_agent.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return bad("user_agent", "deve ter só caracteres ASCII visíveis");
        }
        if !(1..=300).contains(&self.timeout_conexao_s) {
            return bad("timeout_conexao_s", "deve ficar entre 1 e 300 segundos");
        }
        if !(2..=3600).contains(&self.timeout_s) || self.timeout_s <= self.timeout_conexao_s {
            return bad("timeout_s", "deve ficar entre 2 e 3600 segundos e ser maior que timeout_conexao_s");
        }
        if self.log.as_ref().is_some_and(|log| log.arquivo.trim().is_empty()) {
            return bad("log.arquivo", "deve ter o caminho do arquivo de log");
        }
        if self.log.as_ref().is_some_and(|log| !(1..=3650).contains(&log.dias)) {
            return bad("log.dias", "deve ficar entre 1 e 3650 dias");
        }
        check_proxy(self.proxy.expose())?;
        self.porto.check()?;
        self.webmania.check()?;
        self.invoicy.check()
    }
}

impl PortoSettings {
    fn check(&self) -> Result<(), ErrorEntry> {
        let bad = |field, what| Err(bad_field(Code::BadSetting, field, what));
        service_url("porto.url", &self.url)?;
        service_url("porto.consulta_url", &self.consulta_url)?;
        if !is_recipient(&self.recipient) {
            return bad("porto.recipient", "deve ser vazio, E, F, T ou D");
        }
        if self.v == Some(0) {
            return bad("porto.v", "deve ser 1 ou mais");
        }
        if !(1..=100).contains(&self.uploads_por_segundo) {
            return bad("porto.uploads_por_segundo", "deve ficar entre 1 e 100");
        }
        Ok(())
    }
}

impl WebmaniaSettings {
    fn check(&self) -> Result<(), ErrorEntry> {
        service_url("webmania.url", &self.url)?;
        if is_token(self.token.expose()) {
            Ok(())
        } else {
            Err(bad_field(Code::BadSetting, "webmania.token", "tem espaço, quebra de linha ou acento"))
        }
    }
}

impl InvoicySettings {
    fn check(&self) -> Result<(), ErrorEntry> {
        if !self.url.is_empty() {
            service_url("invoicy.url", &self.url)?;
        }
        if !(1..=200).contains(&self.documentos_por_envio) {
            return Err(bad_field(Code::BadSetting, "invoicy.documentos_por_envio", "deve ficar entre 1 e 200"));
        }
        let keys = [("invoicy.chave_acesso", &self.chave_acesso), ("invoicy.chave_parceiro", &self.chave_parceiro)];
        match keys.into_iter().find(|(_, key)| !is_token(key.expose())) {
            Some((name, _)) => Err(bad_field(Code::BadSetting, name, "tem espaço, quebra de linha ou acento")),
            None => Ok(()),
        }
    }
}

/// Whether `text` can be a token, or is empty: what is copied along with one (a blank, the end of a line) makes it none.
#[must_use]
pub fn is_token(text: &str) -> bool {
    text.bytes().all(|byte| (b'!'..=b'~').contains(&byte))
}

/// The values of `recipient` that the seed document knows (2.2.1).
#[must_use]
pub fn is_recipient(text: &str) -> bool {
    matches!(text, "" | "E" | "F" | "T" | "D")
}

/// `patch` merged into `base` (RFC 7386: `null` goes back to the default), checked as a whole.
pub fn merged(base: &Value, patch: &str) -> Result<(Value, Settings), ErrorEntry> {
    let mut merged = base.clone();
    merge(&mut merged, Value::Object(parse_object(patch, Code::BadSetting)?));
    let settings: Settings = read(merged.clone(), Code::BadSetting)?;
    settings.check()?;
    Ok((merged, settings))
}

fn merge(base: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *base = patch;
        return;
    };
    if !base.is_object() {
        *base = Value::Object(Map::new());
    }
    let Value::Object(base) = base else { return };
    for (name, value) in patch {
        if value.is_null() {
            base.remove(&name);
        } else {
            merge(base.entry(name).or_insert(Value::Null), value);
        }
    }
}

/// Whether `ca_pem` is the certificate itself, not the path of a file.
#[must_use]
pub fn is_pem_text(ca_pem: &str) -> bool {
    ca_pem.contains("-----BEGIN")
}

fn without_password<S: Serializer>(proxy: &Secret, to: S) -> Result<S::Ok, S::Error> {
    match Url::parse(proxy.expose()) {
        Ok(mut url) if url.password().is_some() => {
            // Fails only where there cannot have been one.
            let _ = url.set_password(Some("***"));
            to.serialize_str(url.as_str())
        }
        _ => to.serialize_str(proxy.expose()),
    }
}

fn whether_set<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(if secret.expose().is_empty() { "" } else { "***" })
}

/// Whoever pastes a certificate may paste its key along with it.
fn without_pem<S: Serializer>(ca_pem: &Option<String>, to: S) -> Result<S::Ok, S::Error> {
    let shown = ca_pem.as_deref().map(|setting| if is_pem_text(setting) { "PEM" } else { setting });
    shown.serialize(to)
}

/// An address of a service: https, or http on loopback; no user and password in it.
fn service_url(field: &str, text: &str) -> Result<(), ErrorEntry> {
    let bad = |what| Err(bad_field(Code::BadSetting, field, what));
    let Ok(url) = Url::parse(text) else { return bad("não é um endereço (URL) válido") };
    if !url.username().is_empty() || url.password().is_some() {
        return bad("não pode ter usuário nem senha no endereço");
    }
    match (url.scheme(), url.domain()) {
        ("https", Some("www.averbeporto.com.br" | "wws.averbeporto.com.br")) => {
            bad("deve usar apis.averbeporto.com.br, não www nem wws (regra do AverbePorto)")
        }
        ("https", _) => Ok(()),
        ("http", _) if is_loopback(&url) => Ok(()),
        _ => bad("deve começar com https:// (http:// só neste computador)"),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

fn check_proxy(text: &str) -> Result<(), ErrorEntry> {
    let known = matches!(text, "sistema" | "nenhum")
        || Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if known {
        Ok(())
    } else {
        Err(bad_field(
            Code::BadSetting,
            "proxy",
            "deve ser \"sistema\", \"nenhum\" ou um endereço http://servidor:porta",
        ))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::{Settings, merged};

    fn refused(patch: &str) -> (i32, String) {
        let error = merged(&json!({}), patch).unwrap_err();
        (error.code(), error.text().to_owned())
    }

    #[test]
    fn the_defaults_make_sense() {
        let (_, settings) = merged(&json!({}), "{}").unwrap();
        assert_eq!(settings, Settings::default());
        assert!(settings.warnings().is_empty());
    }

    #[test]
    fn settings_are_merged_and_null_goes_back_to_the_default() {
        let (base, _) = merged(&json!({}), r#"{"timeout_s":30,"porto":{"v":2,"recipient":"D"}}"#).unwrap();
        let (_, settings) = merged(&base, r#"{"timeout_s":null,"porto":{"recipient":"T"}}"#).unwrap();
        assert_eq!((settings.timeout_s, settings.porto.v), (60, Some(2)));
        assert_eq!(settings.porto.recipient, "T");
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (patch, name) in [
            (r#"{"timeout_s":0}"#, "timeout_s"),
            (r#"{"timeout_s":5}"#, "timeout_s"),
            (r#"{"timeout_s":"x"}"#, "timeout_s"),
            (r#"{"timeout_s":-1}"#, "timeout_s"),
            (r#"{"timeout_conexao_s":0}"#, "timeout_conexao_s"),
            (r#"{"user_agent":"a\r\nb"}"#, "user_agent"),
            (r#"{"user_agent":""}"#, "user_agent"),
            (r#"{"proxy":"squid"}"#, "proxy"),
            (r#"{"ca_pem":5}"#, "ca_pem"),
            (r#"{"log":{}}"#, "log.arquivo"),
            (r#"{"log":{"arquivo":"x","nivel":"tudo"}}"#, "log.nivel"),
            (r#"{"log":{"arquivo":"x","dias":0}}"#, "log.dias"),
            (r#"{"porto":5}"#, "porto"),
            (r#"{"porto":{"url":"http://example.com/"}}"#, "porto.url"),
            (r#"{"porto":{"url":"https://user:pass@example.com/"}}"#, "porto.url"),
            (r#"{"porto":{"url":"https://www.averbeporto.com.br/php/conn.php"}}"#, "porto.url"),
            (r#"{"porto":{"consulta_url":"x"}}"#, "porto.consulta_url"),
            (r#"{"porto":{"recipient":"X"}}"#, "porto.recipient"),
            (r#"{"porto":{"v":0}}"#, "porto.v"),
            (r#"{"porto":{"consulta":"nunca"}}"#, "porto.consulta"),
            (r#"{"porto":{"uploads_por_segundo":0}}"#, "porto.uploads_por_segundo"),
            (r#"{"timeout":5}"#, "timeout"),
            (r#"{"timeout_s":30,"timeout_s":60}"#, "timeout_s"),
            (r#"{"timeout_s":18446744073709551616}"#, "timeout_s"),
            (r#"{"porto":{"ulr":"x"}}"#, "porto.ulr"),
            (r#"{"webmania":{"url":"http://example.com"}}"#, "webmania.url"),
            (r#"{"webmania":{"token":"abc\n"}}"#, "webmania.token"),
            (r#"{"webmania":{"token":7}}"#, "webmania.token"),
            (r#"{"invoicy":{"url":"http://example.com"}}"#, "invoicy.url"),
            (r#"{"invoicy":{"documentos_por_envio":201}}"#, "invoicy.documentos_por_envio"),
            (r#"{"invoicy":{"chave_acesso":"abc "}}"#, "invoicy.chave_acesso"),
            (r#"{"invoicy":{"chave_parceiro":"\nabc"}}"#, "invoicy.chave_parceiro"),
        ] {
            let (code, msg) = refused(patch);
            assert_eq!(code, 1008, "{patch}");
            assert!(msg.contains(&format!("\"{name}\"")), "{patch}: {msg}");
        }
        assert_eq!(refused("[]").0, 1003);
    }

    #[test]
    fn written_out_they_have_no_secrets() {
        for (setting, shown) in [
            (json!({"proxy":"http://usuario:s3nha@proxy:3128"}), json!({"proxy":"http://usuario:***@proxy:3128/"})),
            (json!({"proxy":"http://proxy:3128"}), json!({"proxy":"http://proxy:3128"})),
            (json!({"proxy":"sistema"}), json!({"proxy":"sistema"})),
            (
                json!({"webmania":{"token":"t0ken"}}),
                json!({"webmania":{"url":"https://api.webmaniabr.com","token":"***"}}),
            ),
            (
                json!({"invoicy":{"chave_acesso":"s3creta"}}),
                json!({"invoicy":{"url":"","chave_acesso":"***","chave_parceiro":"","documentos_por_envio":50}}),
            ),
            (json!({"ca_pem":"-----BEGIN PRIVATE KEY-----"}), json!({"ca_pem":"PEM"})),
            (json!({"ca_pem":"C:\\ca.pem"}), json!({"ca_pem":"C:\\ca.pem"})),
        ] {
            let (_, settings) = merged(&json!({}), &setting.to_string()).unwrap();
            let written = json!(settings);
            assert!(shown.as_object().unwrap().iter().all(|(name, value)| &written[name] == value), "{written}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for url in ["http://127.0.0.1:8080/x", "http://localhost/x", "http://[::1]:1/x", "https://example.com/x"] {
            assert!(merged(&json!({}), &json!({"porto":{"url":url}}).to_string()).is_ok(), "{url}");
        }
        for url in ["http://127.0.0.1.example.com/", "http://localhost.example.com/", "ftp://127.0.0.1/"] {
            assert!(merged(&json!({}), &json!({"porto":{"url":url}}).to_string()).is_err(), "{url}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(patch in ".*", proxy in ".*", url in ".*") {
            let _ = merged(&json!({}), &patch);
            let _ = merged(&json!({}), &json!({"proxy": proxy, "porto": {"url": url}}).to_string());
        }
    }
}
