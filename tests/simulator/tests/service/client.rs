//! A client that writes its requests by hand, so that it can also write them wrongly.

use reqwest::blocking::{RequestBuilder, Response};
use reqwest::redirect::Policy;
use serde_json::Value;
use simulator::{Config, DEFAULT_PASSWORD, DEFAULT_USER, Simulator};

pub const AGENT: &str = "Mozilla/5.0 Sistema Teste/1.0";
pub const FORM: &str = "application/x-www-form-urlencoded";
pub const BOUNDARY: &str = "BOUNDARY";

/// A simulator with the default configuration.
pub fn simulator() -> Simulator {
    Simulator::start(Config::default()).expect("the simulator starts")
}

pub struct Client {
    http: reqwest::blocking::Client,
    base: String,
}

/// An answer, wholly read.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub cookies: Vec<String>,
    pub content_type: String,
    pub text: String,
}

impl Answered {
    pub fn json(&self) -> Value {
        serde_json::from_str(self.text.trim_start_matches('\u{feff}')).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }
}

impl Client {
    /// A client over HTTPS that trusts the simulator's authority and no other.
    pub fn of(simulator: &Simulator) -> Self {
        Self::at(simulator, simulator.https_url())
    }

    /// A client over plain HTTP.
    pub fn plain(simulator: &Simulator) -> Self {
        Self::at(simulator, simulator.http_url())
    }

    pub fn at(simulator: &Simulator, base: String) -> Self {
        let ca = reqwest::Certificate::from_pem(simulator.ca_pem().as_bytes()).expect("PEM");
        let http = builder().tls_certs_only([ca]).build().expect("a client");
        Self { http, base }
    }

    pub fn get(&self, path_and_query: &str) -> RequestBuilder {
        self.http.get(format!("{}{path_and_query}", self.base)).header("User-Agent", AGENT)
    }

    pub fn post(&self, path: &str, content_type: &str, body: impl Into<Vec<u8>>) -> RequestBuilder {
        let request = self.http.post(format!("{}{path}", self.base)).header("User-Agent", AGENT);
        request.header("Content-Type", content_type).body(body.into())
    }

    /// Any other request with a body.
    pub fn request(&self, method: &str, path: &str, content_type: &str, body: impl Into<Vec<u8>>) -> RequestBuilder {
        let request = self.http.request(method.parse().expect("a method"), format!("{}{path}", self.base));
        request.header("Content-Type", content_type).body(body.into())
    }

    /// A form to the one address, with a session if there is one.
    pub fn form(&self, cookie: &str, body: &str) -> Answered {
        answered(with_session(self.post("/php/conn.php", FORM, body), cookie))
    }

    /// A login that must succeed; gives the session.
    pub fn login(&self) -> String {
        let answered = self.form("", &format!("mod=login&comp=5&user={DEFAULT_USER}&pass={DEFAULT_PASSWORD}"));
        assert!(answered.json()["C"].is_object(), "{answered:?}");
        session(&answered).expect("a session")
    }

    /// An upload as it should be.
    pub fn upload(&self, cookie: &str, name: &str, content_type: &str, content: &[u8]) -> Answered {
        self.multipart(cookie, &[&upload_fields(), &file_part(name, content_type, content)])
    }

    pub fn upload_xml(&self, cookie: &str, xml: &str) -> Answered {
        self.upload(cookie, "cte.xml", "application/xml", xml.as_bytes())
    }

    /// Any parts as multipart/form-data.
    pub fn multipart(&self, cookie: &str, parts: &[&[u8]]) -> Answered {
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        let body = [&parts.concat(), format!("--{BOUNDARY}--\r\n").as_bytes()].concat();
        answered(with_session(self.post("/php/conn.php", &content_type, body), cookie))
    }

    pub fn consulta(&self, cookie: &str, rest: &str) -> Answered {
        self.form(cookie, &format!("comp=5&mod=Protocolo&path=atwe/php/&{rest}"))
    }

    pub fn public_consulta(&self, rest: &str) -> Answered {
        answered(self.get(&format!("/atwe/php/Protocolo.php?out=json&download=0&{rest}")))
    }
}

/// What all clients here have in common: no help from the HTTP library.
pub fn builder() -> reqwest::blocking::ClientBuilder {
    // An error says that another test was quicker.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    reqwest::blocking::Client::builder().no_proxy().redirect(Policy::none()).retry(reqwest::retry::never())
}

pub fn with_session(request: RequestBuilder, cookie: &str) -> RequestBuilder {
    if cookie.is_empty() { request } else { request.header("Cookie", format!("outro=1; portal[ses]={cookie}")) }
}

pub fn answered(request: RequestBuilder) -> Answered {
    let response: Response = request.send().expect("an answer");
    let header = |name| {
        let values = response.headers().get_all(name).iter();
        values.map(|value| value.to_str().expect("ASCII").to_owned()).collect::<Vec<_>>()
    };
    Answered {
        status: response.status().as_u16(),
        cookies: header("set-cookie"),
        content_type: header("content-type").concat(),
        text: response.text().expect("UTF-8"),
    }
}

/// The session among the cookies, by its name.
pub fn session(answered: &Answered) -> Option<String> {
    let value = answered.cookies.iter().find_map(|cookie| cookie.strip_prefix("portal[ses]="))?;
    value.split(';').next().map(str::to_owned)
}

/// A part that is not a file.
pub fn field_part(name: &str, value: &str) -> Vec<u8> {
    format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes()
}

/// The part with the file.
pub fn file_part(name: &str, content_type: &str, content: &[u8]) -> Vec<u8> {
    part(&format!("name=\"file\"; filename=\"{name}\""), content_type, content)
}

/// A part with anything in its disposition.
pub fn part(disposition: &str, content_type: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\nContent-Type: {content_type}\r\n\r\n"
    );
    [head.as_bytes(), content, b"\r\n"].concat()
}

/// The parameters of an upload.
pub fn upload_fields() -> Vec<u8> {
    [("comp", "5"), ("mod", "Upload"), ("path", "eguarda/php/")].map(|(name, value)| field_part(name, value)).concat()
}

/// The key of a CT-e of this number.
pub fn key(number: u32) -> String {
    format!("3526071234567800019557001{number:09}1000000010")
}

/// A CT-e of this number, as far as the service looks at it.
pub fn cte(number: u32) -> String {
    cte_with_key(&key(number))
}

pub fn cte_with_key(key: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<cteProc xmlns=\"http://www.portalfiscal.inf.br/cte\" versao=\"4.00\">\
         <CTe><infCte versao=\"4.00\" Id=\"CTe{key}\"><ide><natOp>PRESTAÇÃO &amp; SERVIÇO</natOp></ide></infCte></CTe>\
         <protCTe><infProt><chCTe>{key}</chCTe><cStat>100</cStat></infProt></protCTe></cteProc>"
    )
}

/// The cancellation of the CT-e of this number, or another event.
pub fn event(number: u32, kind: &str) -> String {
    let key = key(number);
    format!(
        "<procEventoCTe versao=\"4.00\"><eventoCTe><infEvento Id=\"ID{kind}{key}001\"><chCTe>{key}</chCTe>\
         <tpEvento>{kind}</tpEvento><nSeqEvento>1</nSeqEvento></infEvento></eventoCTe></procEventoCTe>"
    )
}

/// A ZIP of these files.
pub fn zip<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    use std::io::Write as _;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("a new entry");
        zip.write_all(content).expect("room");
    }
    zip.finish().expect("a whole ZIP").into_inner()
}
