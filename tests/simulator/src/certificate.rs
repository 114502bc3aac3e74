//! The simulator's own certificate authority, made afresh at every start.

use std::error::Error;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// The names and addresses under which the simulator is reached.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// What an authority leaves behind: the certificate to trust, and a server that shows one of its leaves.
pub(crate) struct Tls {
    pub(crate) ca_pem: String,
    pub(crate) server: Arc<ServerConfig>,
}

/// Makes the authority and a server certificate for [`NAMES`]. The authority's key is forgotten at once.
pub(crate) fn make() -> Result<Tls, Box<dyn Error + Send + Sync>> {
    let ca_key = KeyPair::generate()?;
    let ca_params = authority_params()?;
    let ca_pem = ca_params.self_signed(&ca_key)?.pem();
    let issuer = Issuer::new(ca_params, ca_key);

    let leaf_key = KeyPair::generate()?;
    let leaf = leaf_params()?.signed_by(&leaf_key, &issuer)?;
    let private_key = PrivateKeyDer::Pkcs8(leaf_key.serialize_der().into());

    let mut server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private_key)?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Tls { ca_pem, server: Arc::new(server) })
}

fn authority_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "averbador simulator CA (tests only)");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn leaf_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
    params.distinguished_name.push(DnType::CommonName, "averbador simulator");
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}
