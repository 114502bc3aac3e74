//! Authenticode: what Windows shows as the publisher. A step for whoever has a certificate.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use super::archive;
use crate::process::{find, quiet};

/// How the Windows files are signed.
#[derive(clap::Args, Clone, Default)]
pub struct Signing {
    /// Sign what is for Windows with this certificate, a PKCS #12 file (.pfx, .p12).
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// The file that holds the password of the certificate, and nothing else.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    password_file: Option<PathBuf>,
    /// Have the time of signing confirmed by this RFC 3161 server, so that the signature outlives the certificate.
    #[arg(long, value_name = "URL", requires = "certificate")]
    timestamp: Option<String>,
}

impl Signing {
    /// Signs `file` in its place, if there is a certificate.
    pub fn sign(&self, file: &Path) -> Result<()> {
        let Some(certificate) = &self.certificate else { return Ok(()) };
        ensure!(find("osslsigncode").is_some(), "missing: osslsigncode; install it by: apt-get install osslsigncode");
        let signed = file.with_extension("signed");
        let mut command = Command::new("osslsigncode");
        command.args(["sign", "-h", "sha256", "-n", "averbador", "-pkcs12"]).arg(certificate);
        if let Some(password) = &self.password_file {
            command.arg("-readpass").arg(password);
        }
        if let Some(server) = &self.timestamp {
            command.args(["-ts", server]);
        }
        quiet(command.arg("-in").arg(file).arg("-out").arg(&signed))?;
        Ok(fs::rename(signed, file)?)
    }
}

/// Signs copies of `library` with a certificate that is made for this and thrown away, and has the signature verified. Returns
/// the signed copy.
pub fn try_out(library: &Path) -> Result<PathBuf> {
    let work = library.with_file_name("signing");
    archive::empty(&work)?;
    let file = |name: &str| work.join(name);
    fs::write(file("password"), "throw-away")?;
    let openssl = || {
        let mut command = Command::new("openssl");
        command.current_dir(&work);
        command
    };
    quiet(
        openssl()
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=averbador tests"])
            .args(["-addext", "extendedKeyUsage=codeSigning", "-keyout", "key.pem", "-out", "certificate.pem"]),
    )?;
    quiet(openssl().args(["pkcs12", "-export", "-in", "certificate.pem", "-inkey", "key.pem"]).args([
        "-passout",
        "file:password",
        "-out",
        "certificate.pfx",
    ]))?;
    let signed = file("averbador.dll");
    fs::copy(library, &signed)?;
    let signing =
        Signing { certificate: Some(file("certificate.pfx")), password_file: Some(file("password")), timestamp: None };
    signing.sign(&signed)?;
    quiet(
        Command::new("osslsigncode").args(["verify", "-CAfile"]).arg(file("certificate.pem")).arg("-in").arg(&signed),
    )?;
    Ok(signed)
}
