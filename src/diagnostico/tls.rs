//! TLS, and the certificate that is shown, trusted or not.

use std::io;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, ProtocolVersion, RootCertStore, SignatureScheme};
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
    let (mut config, roots) = http.tls().map_err(|what| ErrorEntry::new(Code::Bug).detail(what))?;
    let algorithms = config.crypto_provider().signature_verification_algorithms;
    let watcher = Arc::new(Watcher { roots, algorithms, shown: OnceLock::new() });
    config.dangerous().set_certificate_verifier(watcher.clone());
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| ErrorEntry::new(Code::Tls).detail(format!("{host}: {error}")))?;
    let shaken = TlsConnector::from(Arc::new(config)).connect(name, wire).await;
    if let Some(certificate) = watcher.shown.get().and_then(|shown| Certificate::read(shown)) {
        (facts.emissor, facts.titular) = (Some(certificate.issuer), Some(certificate.subject));
        (facts.inicio, facts.validade) = (Some(certificate.not_before), Some(certificate.not_after));
    }
    let issuer = facts.emissor.clone().unwrap_or_default();
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

/// Notes the certificate that comes, and verifies it as rustls does by itself. (Its `WebPkiServerVerifier` can only be had
/// with the code for revocation lists: 20 KB for nothing.)
#[derive(Debug)]
struct Watcher {
    roots: Arc<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
    shown: OnceLock<CertificateDer<'static>>,
}

impl ServerCertVerifier for Watcher {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.shown.get_or_init(|| end_entity.clone().into_owned());
        let certificate = ParsedCertificate::try_from(end_entity)?;
        verify_server_cert_signed_by_trust_anchor(&certificate, &self.roots, intermediates, now, self.algorithms.all)?;
        verify_server_name(&certificate, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
