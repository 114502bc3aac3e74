//! The real library, driven by C and Pascal programs against the simulator, over real sockets.
//!
//! `cargo xtask test` builds the library and the programs that call it for each platform and runs these tests on each:
//! natively and, with both Windows DLLs, under Wine. It says where they are in `AVERBADOR_TEST_CALLERS` (a folder) and
//! `AVERBADOR_TEST_WINE` (what runs a Windows program).

mod abi;
mod averba;
mod bad_input;
mod callers;
mod cancela_lista;
mod consulta;
mod contract;
mod diagnostico;
mod diary;
mod driver;
mod examples;
mod guide;
mod logging;
mod login;
mod many;
mod matrix;
mod mdfe;
mod mdfe_callers;
mod mdfe_pascal;
mod network;
mod nfse;
mod nfse_callers;
mod nfse_pascal;
mod pascal;
mod proxy;
mod secrets;
mod settings;
mod soak;
mod support;
mod symbols;
mod upload;
