//! What SIEM and GA say and hear: requests, replies, progress events, the error catalogue. Data only, no I/O.

mod batch;
mod catalogue;
mod diagnostico;
mod error;
mod field;
mod mdfe;
mod nfse;
mod progress;
mod reader;
mod replies;
mod requests;
mod secret;

pub use batch::{AverbaRetBatch, Entrada, Situacao};
pub use catalogue::Code;
pub use diagnostico::{Certificado, DiagnosticoRet, Facts, Passo, Step};
pub use error::{ErrorEntry, Origin};
pub use field::field;
pub use mdfe::{
    Apontamento, Endorsement, Manifesto, MdfeAberto, MdfeArquivo, MdfeArquivoRet, MdfeCancela, MdfeCondutor,
    MdfeConsulta, MdfeEmite, MdfeEncerra, MdfeNotificacao, MdfeRegras, MdfeRegrasRet, MdfeRet, Regra, endorsements,
};
pub use nfse::{
    InvoicyCk, InvoicyCkRet, Nfse, NfseCancela, NfseConsulta, NfseEnvia, NfseEspelho, NfseFiles, NfseOneRet, NfseRet,
    NfseSituacao, Verbatim,
};
pub use progress::{Event, Progress, Span, Stage, State};
pub use reader::read;
pub use replies::{
    AverbaRet, AverbaRetMany, Averbacao, CancelaRet, ConfigRet, Counts, Documento, ErroRet, ListaRet, LoginRet,
    UploadRet, to_json,
};
pub use requests::{
    Averba, Cancela, Consulta, Diagnostico, Lista, Login, OneOrMany, Upload, bad_field, missing, parse_object,
};
pub use secret::Secret;
