//! Login, upload and consulta.

use anyhow::{Context, Result, ensure};

use crate::http::{Answer, Connection};

const CONN: &str = "/php/conn.php";
const FORM: &str = "application/x-www-form-urlencoded";
const BOUNDARY: &str = "0123456789abcdef0123456789abcdef";

/// The service, and the session there.
pub struct Porto {
    connection: Connection,
    cookie: String,
}

impl Porto {
    /// The service at the other end of `connection`; nobody is logged in.
    pub fn new(connection: Connection) -> Self {
        Self { connection, cookie: String::new() }
    }

    /// Opens a session. (User and password must need no escaping.)
    pub fn log_in(&mut self, user: &str, pass: &str) -> Result<()> {
        let answer = self.post(&format!("comp=5&mod=login&user={user}&pass={pass}"), "\"C\":{")?;
        let session = answer.cookie("portal[ses]").context("no cookie")?;
        self.cookie = format!("portal[ses]={session}");
        Ok(())
    }

    /// Sends an XML or a ZIP of XML.
    pub fn upload(&mut self, document: &[u8], zip: bool) -> Result<()> {
        let mut body = String::new();
        for (name, value) in [("comp", "5"), ("mod", "Upload"), ("path", "eguarda/php/"), ("recipient", "")] {
            body += &format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        let kind = if zip { "zip" } else { "xml" };
        body += &format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cte.{kind}\"\r\n\
             Content-Type: application/{kind}\r\n\r\n"
        );
        let body = [body.as_bytes(), document, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat();
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        let answer = self.connection.post(CONN, &content_type, &self.cookie, &body)?;
        ensure!(answer.body.contains("\"D\":0,\"R\":0,\"N\":0"), "upload: {}", answer.body);
        Ok(())
    }

    /// Asks for the numbers of these keys, which must be there.
    pub fn consulta(&mut self, keys: &[&str]) -> Result<()> {
        let mut form = "comp=5&mod=Protocolo&path=atwe/php/".to_owned();
        keys.iter().for_each(|key| form += &format!("&chave[]={key}"));
        let answer = self.post(&form, "\"protocolo\":")?;
        let found = answer.body.matches("\"protocolo\":").count();
        ensure!(found == keys.len(), "{found} of {} keys are known", keys.len());
        Ok(())
    }

    fn post(&mut self, form: &str, expected: &str) -> Result<Answer> {
        let answer = self.connection.post(CONN, FORM, &self.cookie, form.as_bytes())?;
        ensure!(answer.body.contains(expected), "{}", answer.body);
        Ok(answer)
    }
}
