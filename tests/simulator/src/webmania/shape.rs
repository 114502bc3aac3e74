//! How Webmania's answers are written.

use std::str::FromStr;

use crate::config::{JsonShape, NotUnderstood};

/// How Webmania's answers are written. The page and its clients show more than one way, so a client must take them all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MdfeShape {
    /// White space and byte order mark.
    pub json: JsonShape,
    /// The log of SEFAZ.
    pub log: LogShape,
    /// The reason of the status.
    pub reason: ReasonShape,
    /// The addresses of XML and DAMDFE.
    pub url: UrlShape,
    /// How SEFAZ names an MDF-e within the text of a rejection.
    pub reference: ReferenceShape,
    /// How a failure is told.
    pub error: MdfeErrorShape,
}

/// How `log` is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogShape {
    /// An array of what SEFAZ answered, the last at the end (the page's tables).
    #[default]
    Array,
    /// An object, the last of them (the page's sample of a notification).
    Object,
    /// The same object as a string with JSON in it (the page's samples of answers).
    Text,
}

/// How `motivo` is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReasonShape {
    /// A string.
    #[default]
    Text,
    /// An array with this string (clients).
    Array,
}

/// How the addresses of XML and DAMDFE begin. Host and port are those of the simulator's own addresses, of HTTPS or of
/// HTTP as the request came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UrlShape {
    /// As the request came, so that they can be called as they are.
    #[default]
    AsCalled,
    /// `http://`, even where the port is that of HTTPS (the page's samples of answers).
    Http,
    /// `https://` (the page's sample of a notification).
    Https,
}

/// How SEFAZ names an MDF-e within the text of a rejection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReferenceShape {
    /// `[chMDFe:KEY][nProt:PROTOCOL]`
    #[default]
    Plain,
    /// `[chMDFe: KEY][nProt:PROTOCOL]` (manual).
    Spaced,
    /// `[chMDFe Não Encerrada:KEY][NroProtocolo:PROTOCOL]` (SVRS).
    Svrs,
    /// `[chMDFe: KEY nProt: PROTOCOL]`. Assumed.
    Joint,
    /// `[chMDFeKEY][nProtPROTOCOL]`. Assumed.
    Bare,
    /// `[nProt:PROTOCOL]`, as the manual has it for duplicates.
    ProtocolOnly,
    /// Left out, which is what SEFAZ does to those who ask too often (SVRS).
    Absent,
}

/// How a failure is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MdfeErrorShape {
    /// An HTTP status of 400 and more, the text in `error` (page).
    #[default]
    Documented,
    /// HTTP 200, the text in `error` (clients).
    Ok,
    /// An HTTP status of 400 and more, the text in `msg` (the page's sample).
    Msg,
}

/// Comma-separated words: `spaced` or `bom`, `log-object` or `log-text`, `motivo-array`, `http` or `https`, one of
/// `reference-spaced`, `reference-svrs`, `reference-joint`, `reference-bare`, `reference-protocol` and `reference-none`,
/// `error-200` or `error-msg`.
impl FromStr for MdfeShape {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut shape = Self::default();
        for word in text.split(',') {
            match word {
                "spaced" => shape.json = JsonShape::Spaced,
                "bom" => shape.json = JsonShape::Bom,
                "log-object" => shape.log = LogShape::Object,
                "log-text" => shape.log = LogShape::Text,
                "motivo-array" => shape.reason = ReasonShape::Array,
                "http" => shape.url = UrlShape::Http,
                "https" => shape.url = UrlShape::Https,
                "reference-spaced" => shape.reference = ReferenceShape::Spaced,
                "reference-svrs" => shape.reference = ReferenceShape::Svrs,
                "reference-joint" => shape.reference = ReferenceShape::Joint,
                "reference-bare" => shape.reference = ReferenceShape::Bare,
                "reference-protocol" => shape.reference = ReferenceShape::ProtocolOnly,
                "reference-none" => shape.reference = ReferenceShape::Absent,
                "error-200" => shape.error = MdfeErrorShape::Ok,
                "error-msg" => shape.error = MdfeErrorShape::Msg,
                _ => {
                    return Err(NotUnderstood(format!(
                        "there is no shape '{word}' for MDF-e; there are spaced, bom, log-object, log-text, motivo-array, \
                         http, https, reference-spaced, reference-svrs, reference-joint, reference-bare, \
                         reference-protocol, reference-none, error-200 and error-msg"
                    )));
                }
            }
        }
        Ok(shape)
    }
}
