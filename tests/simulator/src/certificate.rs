//! Certificate authorities of our own, made afresh at every start.

use std::error::Error as StdError;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::Error;
use crate::config::Tls;

/// The names and addresses under which this machine is reached.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// Others.
const OTHER_NAMES: [&str; 1] = ["outro.invalid"];

/// HTTP/1.1 and HTTP/2, as TLS calls them.
pub(crate) const HTTP_1: &[u8] = b"http/1.1";
pub(crate) const HTTP_2: &[u8] = b"h2";

/// What a server says first that knows no later TLS than 1.1: a ServerHello of that version (RFC 4346, 7.4.1.3), choosing
/// TLS_RSA_WITH_AES_128_CBC_SHA, with a random of zeros.
pub(crate) const OLD_TLS: &[u8] = b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02\
    \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x00\x00\x2f\x00";

/// A certificate authority.
pub(crate) struct Authority {
    /// The certificate to trust.
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new one with this name.
    pub(crate) fn new(name: &str) -> Result<Self, Error> {
        let make = || {
            let key = KeyPair::generate()?;
            let params = authority_params(name)?;
            Ok(Self { pem: params.self_signed(&key)?.pem(), issuer: Issuer::new(params, key) })
        };
        make().map_err(|error: rcgen::Error| Error::Certificate(error.into()))
    }

    /// A server that shows a certificate for [`NAMES`], or one with the flaw that is wanted, and offers these `protocols`.
    pub(crate) fn server(&self, tls: Tls, protocols: &[&[u8]]) -> Result<Arc<ServerConfig>, Error> {
        self.try_server(tls, protocols).map_err(Error::Certificate)
    }

    fn try_server(&self, tls: Tls, protocols: &[&[u8]]) -> Result<Arc<ServerConfig>, Box<dyn StdError + Send + Sync>> {
        let key = KeyPair::generate()?;
        let leaf = leaf_params(tls)?.signed_by(&key, &self.issuer)?;
        let private_key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let mut server = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], private_key)?;
        server.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(Arc::new(server))
    }
}

/// The cryptography of TLS.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn authority_params(name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn leaf_params(tls: Tls) -> Result<CertificateParams, rcgen::Error> {
    let names = if tls == Tls::OtherHost { &OTHER_NAMES[..] } else { &NAMES[..] };
    let mut params = CertificateParams::new(names.iter().copied().map(str::to_owned).collect::<Vec<_>>())?;
    params.distinguished_name.push(DnType::CommonName, "averbador simulator");
    params.use_authority_key_identifier_extension = true;
    match tls {
        Tls::Expired => params.not_after = date_time_ymd(2020, 1, 1),
        Tls::NotYetValid => params.not_before = date_time_ymd(2900, 1, 1),
        Tls::Good | Tls::OtherHost | Tls::Old => {}
    }
    Ok(params)
}
