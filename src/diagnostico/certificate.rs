//! What a certificate says of itself (RFC 5280, section 4.1), as far as support wants to know it.
//!
//! Nothing is verified here: it is read for a person to see, trusted or not.

use der::asn1::{AnyRef, GeneralizedTime, UtcTime};
use der::{Decode, Reader, SliceReader, Tag, Tagged};

/// A certificate.
#[derive(Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Who issued it, as "CN=…, O=…".
    pub issuer: String,
    /// Whose it is, in the same form; empty if only its extensions say so.
    pub subject: String,
    /// From when on it is valid (RFC 3339).
    pub not_before: String,
    /// Until when it is valid (RFC 3339).
    pub not_after: String,
}

impl Certificate {
    /// Reads `certificate`, in DER. `None` if it is none.
    pub fn read(certificate: &[u8]) -> Option<Self> {
        let signed = parts(AnyRef::from_der(certificate).ok()?)?;
        let fields = parts(*signed.first()?)?.into_iter();
        // A version, if there is one, serial number and algorithm come first.
        let mut fields = fields.skip_while(|field| field.tag().is_context_specific()).skip(2);
        let (issuer, validity, subject) = (name(fields.next()?)?, parts(fields.next()?)?, name(fields.next()?)?);
        let [not_before, not_after] = validity[..] else { return None };
        Some(Self { issuer, subject, not_before: moment(not_before)?, not_after: moment(not_after)? })
    }
}

/// What is in a sequence or a set.
fn parts(of: AnyRef<'_>) -> Option<Vec<AnyRef<'_>>> {
    let mut reader = SliceReader::new(of.value()).ok()?;
    let mut parts = Vec::new();
    while !reader.is_finished() {
        parts.push(AnyRef::decode(&mut reader).ok()?);
    }
    Some(parts)
}

fn moment(time: AnyRef) -> Option<String> {
    let moment = match time.tag() {
        Tag::UtcTime => time.decode_as::<UtcTime>().ok()?.to_date_time(),
        _ => time.decode_as::<GeneralizedTime>().ok()?.to_date_time(),
    };
    Some(moment.to_string())
}

/// A distinguished name: of its attributes those that people know by sight.
fn name(name: AnyRef) -> Option<String> {
    let mut known = Vec::new();
    for set in parts(name)? {
        for attribute in parts(set)? {
            let [kind, value] = parts(attribute)?[..] else { return None };
            if let Some(label) = label(kind.value()) {
                known.push(format!("{label}={}", text(value)));
            }
        }
    }
    // The most telling comes last in a certificate.
    known.reverse();
    Some(known.join(", "))
}

/// By the object identifier 2.5.4.x (X.520).
fn label(kind: &[u8]) -> Option<&'static str> {
    match kind {
        [0x55, 0x04, 3] => Some("CN"),
        [0x55, 0x04, 6] => Some("C"),
        [0x55, 0x04, 10] => Some("O"),
        [0x55, 0x04, 11] => Some("OU"),
        _ => None,
    }
}

/// A string of any of the kinds in use: UTF-16, UTF-8 or a part of it, or Latin-1 under whatever name.
fn text(value: AnyRef) -> String {
    let bytes = value.value();
    let text = match value.tag() {
        Tag::BmpString => {
            let units: Vec<u16> = bytes.as_chunks().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            String::from_utf16_lossy(&units)
        }
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
        },
    };
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    use super::Certificate;

    /// Of version 1, with an issuer in UTF-16, a subject in UTF-8 and one time of each kind.
    const PEM: &[u8] = b"\
-----BEGIN CERTIFICATE-----
MIIBlDCCATsCAQcwCgYIKoZIzj0EAwIwVzELMAkGA1UEBhMCQlIxLTArBgNVBAoe
JABTAGUAZwB1AHIAYQBuAOcAYQAgAFMA4wBvACAASgBvAHMA6TEZMBcGA1UEAx4Q
AEkAbgBzAHAAZQDnAOMAbzAgFw0yNjExMjIwMzQ0NTJaGA8yMDgxMDgyNTAzNDQ1
MlowVDEaMBgGA1UECgwRVHJhbnNwb3J0ZXMgw4FnaWwxIDAeBgNVBAMMF2FwaXMu
YXZlcmJlcG9ydG8uY29tLmJyMRQwEgYJKoZIhvcNAQkBFgVhQGIuYzBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABMcz8Px6DvcS2t0VIcVSa0Y5qmXj66bTp8/7skS8
+4Pi4SEsUCoCmX+DehokncRmwhBUi+tQjovQR56Gp557FWQwCgYIKoZIzj0EAwID
RwAwRAIgOCQCkUKO/pMnxUphPLy07uJ8IrmmkKgcdY9kKUIFMlQCIGNkWZ7BB/zu
jdFPmN0w9hlRvwigrbUaOlr4E8ZyhvYh
-----END CERTIFICATE-----";

    fn der() -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(PEM).unwrap()
    }

    #[test]
    fn a_certificate_tells_who_when_and_whose() {
        let expected = Certificate {
            issuer: "CN=Inspeção, O=Segurança São José, C=BR".to_owned(),
            subject: "CN=apis.averbeporto.com.br, O=Transportes Ágil".to_owned(),
            not_before: "2026-11-22T03:44:52Z".to_owned(),
            not_after: "2081-08-25T03:44:52Z".to_owned(),
        };
        assert_eq!(Certificate::read(&der()), Some(expected));
    }

    #[test]
    fn half_a_certificate_is_none() {
        let der = der();
        assert!((0..der.len()).all(|length| Certificate::read(&der[..length]).is_none()));
    }

    proptest! {
        #[test]
        fn never_panics(place in 0..408_usize, byte: u8, noise: Vec<u8>) {
            let mut damaged = der().to_vec();
            damaged[place] = byte;
            let _ = Certificate::read(&damaged);
            let _ = Certificate::read(&noise);
        }
    }
}
