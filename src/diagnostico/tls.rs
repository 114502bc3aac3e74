//! TLS, and the certificate that is shown, trusted or not.

use std::io;
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, ProtocolVersion, SignatureScheme};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate::Certificate;
use super::report::Done;
use super::route::Wire;
use crate::contract::{Code, ErrorEntry, Facts};
use crate::http::{Http, find};

/// Shakes hands with `host` as the client does. 3003 if its certificate is not trusted: then nothing is sent.
pub async fn handshake(
    http: &Http,
    host: &str,
    wire: Box<dyn Wire>,
    facts: &mut Facts,
) -> Done<TlsStream<Box<dyn Wire>>> {
    let (mut config, verifier) = http.tls().map_err(|what| ErrorEntry::new(Code::Bug).detail(what))?;
    let watcher = Arc::new(Watcher { verifier, shown: OnceLock::new() });
    // What is trusted stays as it is: the watcher leaves it to the client's own verifier.
    config.dangerous().set_certificate_verifier(watcher.clone());
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| ErrorEntry::new(Code::Tls).detail(format!("{host}: {error}")))?;
    let shaken = TlsConnector::from(Arc::new(config)).connect(name, wire).await;
    let certificate = watcher.shown.get().and_then(|shown| Certificate::read(shown));
    let issuer = certificate.as_ref().map(|certificate| certificate.issuer.clone()).unwrap_or_default();
    if let Some(Certificate { issuer, subject, not_before, not_after }) = certificate {
        (facts.emissor, facts.titular) = (Some(issuer), Some(subject));
        (facts.inicio, facts.validade) = (Some(not_before), Some(not_after));
    }
    let stream = shaken.map_err(|error| refusal(&error, &issuer))?;
    let (_, connection) = stream.get_ref();
    let version = connection.protocol_version().map_or("TLS", version);
    facts.versao = Some(version.to_owned());
    facts.cifra = connection.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
    Ok((stream, format!("Conexão segura ({version}); certificado emitido por {issuer}.")))
}

fn version(version: ProtocolVersion) -> &'static str {
    match version {
        ProtocolVersion::TLSv1_3 => "TLS 1.3",
        _ => "TLS 1.2",
    }
}

/// 3003, telling what to do where the reason is known.
fn refusal(error: &io::Error, issuer: &str) -> ErrorEntry {
    let entry = ErrorEntry::new(Code::Tls);
    let Some(error) = find::<Error>(error) else { return entry.detail(error.to_string()) };
    let entry = entry.detail(error.to_string());
    let Error::InvalidCertificate(reason) = error else { return entry };
    match reason {
        CertificateError::UnknownIssuer => entry.msg(format!(
            "O certificado recebido foi emitido por \"{issuer}\", que não é de confiança neste computador. Se for o proxy ou \
             o antivírus da empresa, peça ao suporte o certificado dele (configuração ca_pem)."
        )),
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => entry.msg(
            "O certificado recebido não vale na data deste computador. Confira a data e a hora do computador e repita.",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => entry.msg(
            "O certificado recebido é de outro endereço. Confira se a rede exige autenticação (Wi-Fi, proxy) e repita.",
        ),
        _ => entry,
    }
}

/// Sees the certificate that comes, and has the client's own verifier decide about it.
#[derive(Debug)]
struct Watcher {
    verifier: Arc<WebPkiServerVerifier>,
    shown: OnceLock<CertificateDer<'static>>,
}

impl ServerCertVerifier for Watcher {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.shown.get_or_init(|| end_entity.clone().into_owned());
        self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}
