//! `averbador`: endorsement (averbação) of Brazilian freight documents (CT-e) at Porto Seguro, from inside an ERP.
//!
//! This page is the map. A C string comes in through [`abi`], becomes a [`dispatch::Message`], goes to the service that
//! answers it and leaves as JSON:
//!
//! ```text
//! abi -> dispatch -> averba, diagnostico -> porto, webmania, invoicy -> http, document, contract, settings, redact
//! ```
//!
//! | room | what is in it |
//! |---|---|
//! | [`abi`] | the exported functions; C strings, panics, the life of the library; the only `unsafe` |
//! | [`contract`] | what callers say and hear: requests, replies, progress events, the error catalogue |
//! | [`dispatch`] | one request -> the service that answers it |
//! | [`settings`] | `av_configure`: names, defaults, limits |
//! | [`http`] | the one HTTP client: TLS, proxy, timeouts, limits |
//! | [`document`] | access keys, XML, ZIPs and folders of them, as far as they must be read |
//! | [`averba`] | the whole flow in one call: login, upload, consulta; one document or thousands, with a diary; then the MDF-e |
//! | [`diagnostico`] | the way to the service, examined step by step |
//! | [`porto`] | AverbePorto: login, upload, consulta, listing |
//! | [`webmania`] | MDF-e: the document and its check, emission, query, events, files |
//! | [`invoicy`] | InvoiCy: RPS sent, looked up, cancelled; the communication key |
//! | [`logging`] | the log |
//! | [`redact`] | excerpts of foreign text without secrets |
//! | [`windows_1252`] | the encoding of old systems |
//!
//! The header `include/averbador.h` is the manual for callers; it is made from [`abi`] and [`contract::Code`].

#[allow(unsafe_code)]
pub mod abi;
pub mod averba;
pub mod contract;
pub mod diagnostico;
pub mod dispatch;
pub mod document;
pub mod http;
pub mod invoicy;
pub mod logging;
pub mod porto;
pub mod redact;
pub mod settings;
pub mod webmania;
pub mod windows_1252;
