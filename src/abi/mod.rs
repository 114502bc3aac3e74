//! The front door, ABI 1: what C, Delphi and every other language calls.
//!
//! The only room with `unsafe`. Each function here reads its C strings, hands a message to [`crate::dispatch`] and gives
//! the reply back as a C string; nothing here knows what a CT-e is.

mod calls;
mod float;
mod guard;
mod memory;
mod module;
mod progress;
mod sigpipe;
#[cfg(test)]
mod tests;
mod text;

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_void};

use crate::contract::{ConfigRet, ErroRet, ErrorEntry, Progress, field, to_json};
use crate::dispatch::{Message, Operation};
use guard::reply;

pub use progress::av_progress_fn;

/// Logs in to AverbePorto.
///
/// Takes: `user`, the user of the API credential (up to 60 characters) or the CNPJ of a web account; `pass`, its
/// password (up to 64 characters). Both UTF-8, NUL-terminated, not NULL, not empty.
///
/// Returns: loginRet, JSON in UTF-8, never NULL; free it with `av_free`. `status` is "1" (text) and `cookie` the session,
/// 32 characters, to be stored and given to the other calls; or `status` is "0" and `error` says why.
///
/// Errors: 1001, 1002, 1005, 1008, 3001 to 3006, 4001 to 4006, 5001 (user or password wrong), 5003 (captcha), 5007, 9001.
/// After 5001 do not try the same password again: repeated failures make the service ask for a captcha (5003).
///
/// Blocks: until the service answers, at most `timeout_s` (setting, 60 seconds).
///
/// Source: seed document PROC001, section 1.2.
///
/// # Safety
/// Each argument is NULL or points to a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_login(user: *const c_char, pass: *const c_char) -> *mut c_char {
    reply(refuse(Operation::Login), || {
        // SAFETY: the caller's promise, passed on.
        let (user, pass) = unsafe { (text::given(user, "user")?, text::given(pass, "pass")?) };
        calls::execute(Message::new(Operation::Login, &[("user", user), ("pass", pass)]), &mut Progress::silent())
    })
}

/// Sends a file to be endorsed: the authorised XML of a CT-e, or a ZIP of up to 400 of them.
///
/// Takes: `cookie`, the session from loginRet (the bare value or `portal[ses]=value`); `path`, the file, absolute or
/// relative to the process's current folder, at most 50 MB. Both UTF-8, NUL-terminated, not NULL, not empty.
///
/// Returns: uploadRet, JSON in UTF-8, never NULL; free it with `av_free`. `status` (and `satus`, as documented) is 1
/// when the insurer has every document now: stored (`S.P`) or known before (`S.D`); else 0 and `error` says why.
///
/// Errors: 1001, 1002, 1005, 1006, 1008, 2001 to 2009, 3001 to 3006, 4001 to 4006, 5002 (log in again), 5004 (rejected),
/// 5005 (denied), 5007, 9001. An XML is read before it is sent: malformed (2006) or nothing to endorse (2007). An entry with
/// `"incerto":true` says that the document may have arrived: look it up with `av_consulta` before sending it again.
///
/// Blocks: until the service answers, at most `timeout_s` (setting, 60 seconds), and before that for its turn when more
/// than `porto.uploads_por_segundo` (setting, 10) uploads were made within a second.
///
/// Source: seed document PROC001, sections 2.1 to 2.4.
///
/// # Safety
/// Each argument is NULL or points to a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_upload_file(cookie: *const c_char, path: *const c_char) -> *mut c_char {
    reply(refuse(Operation::Upload), || {
        // SAFETY: the caller's promise, passed on.
        let (cookie, path) = unsafe { (text::given(cookie, "cookie")?, text::given(path, "path")?) };
        calls::execute(Message::new(Operation::Upload, &[("cookie", cookie), ("cte", path)]), &mut Progress::silent())
    })
}

/// Looks up the endorsement number (protocolo) of one document.
///
/// Takes: `cookie`, the session from loginRet, or NULL or "" for the public consulta without a session; `chave`, the
/// access key, 44 characters (blanks between them are dropped), not NULL, not empty. Both UTF-8, NUL-terminated.
///
/// Returns: averbaRet, JSON in UTF-8, never NULL; free it with `av_free`. `status` 1: endorsed, `protocolo` (and
/// `protoclo`, as documented) is the number. `status` 0: `error` says why; 5006 is "not endorsed".
///
/// Errors: 1001, 1002, 1005, 1006, 1007, 1008, 3001 to 3006, 4001 to 4006, 5002 (log in again), 5006, 5007, 9001.
///
/// Blocks: until the service answers, at most `timeout_s` (setting, 60 seconds); twice that when the connection breaks
/// and the question is asked once more.
///
/// Source: seed document PROC001, sections 3.1 and 3.2.
///
/// # Safety
/// Each argument is NULL or points to a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_consulta(cookie: *const c_char, chave: *const c_char) -> *mut c_char {
    reply(refuse(Operation::Consulta), || {
        // SAFETY: the caller's promise, passed on.
        let (cookie, chave) = unsafe { (text::optional(cookie, "cookie")?, text::given(chave, "chave")?) };
        calls::execute(
            Message::new(Operation::Consulta, &[("cookie", cookie), ("chave", chave)]),
            &mut Progress::silent(),
        )
    })
}

/// Does what a JSON message asks, by its `mod`: `login`, `Upload`, `Consulta`, `Averba`, `Cancela`, `Lista`, `Diagnostico`;
/// for MDF-e (Webmania) `mdfeEmite`, `mdfeConsulta`, `mdfeEncerra`, `mdfeCancela`, `mdfeCondutor`, `mdfeArquivo`,
/// `mdfeNotificacao`, `mdfeRegras`; for NFS-e (InvoiCy) `nfseEnvia`, `nfseConsulta`, `nfseCancela`, `nfseEspelho`, `invoicyCK`.
///
/// `Averba` is the whole flow for a CT-e, login (unless `cookie` still holds), upload and consulta:
/// `{"mod":"Averba","user","pass","cookie"?,"cte"}`. It logs in again once when the session has ended; an upload whose
/// answer was lost it looks up, and sends once more only what has not arrived. Its reply, averbaRet, has `cookie` when a
/// login was made (store it) and `etapa` where it failed.
///
/// Of many documents, `cte` is a list of paths, or leads to a folder or a ZIP: then averbaRet has `S`, an entry for each in
/// the order given, with `arquivo` and `situacao` ("averbado", "ja_averbado", "falha", "nao_tentado"); `resumo`, how many came to
/// what; `ignorados`, the files that are no XML; and `error` if the call ended before its time. What is endorsed already is
/// found first and not sent, unless `"reenviar":true`; the rest travels in ZIPs of up to 400 documents. With `"diario"`, a path,
/// the outcome of each is written there as soon as it is known: after a power cut the same call goes on where it stopped.
///
/// `Cancela`, with the fields of an `Averba` of one document, hands over the event that cancels a CT-e: cancelaRet. `Lista`
/// tells what the insurer has, by `modelo`, `numero`, `protocolo`, `CNPJ`, `inicio` and `fim` (YYYY-MM-DD, of `data`:
/// "emissao", "envio" or "atualizacao"), at most `limite` (1000): listaRet.
///
/// `Diagnostico`, with a `cookie` or without, is what support asks a customer to run. It examines the way to the service and
/// answers diagnosticoRet: `versao`, `abi`, `sistema`, `configuracao` (the settings in force, without secrets), `avisos` as
/// in configRet, and `passos`, always the same eight in the same order, each with what it found: `proxy` (`proxy`), `dns`
/// (`servidor`, `enderecos`), `tcp` (`endereco`, `falhas`), `tunel` through the proxy (`http`), `tls` (`versao`, `cifra`, and
/// of the certificate, trusted or not, `emissor`, `titular`, `inicio`, `validade`), `resposta` to a question without a session
/// (`http`), `relogio` (`hora_local`, `hora_servico`, `diferenca_s`; 5 minutes are tolerated), `sessao` of the `cookie`
/// (`recebida`, `dump`). Each has `status` (0: it is wrong, or one before it was), `feito` (false: there was nothing to do, or
/// one before it was wrong), `ms`, `msg` and, if it is wrong, `error`; the first of these is the reply's. With `nfse`, the fields
/// of an nfseConsulta (`CNPJ`, `tpAmb`; of the last 30 days unless it says more), `certificado` tells when the company's
/// certificate at InvoiCy expires, where documents tell it: `status` (0: expired, or not to be asked), `vencimento`, `dias`, `msg`.
///
/// MDF-e: `token` is the Access Token of Webmania's API 2.0, unless it is set (`webmania.token`); which MDF-e is `uuid` or
/// `chave`. The replies have what the service says of it, `uuid`, `chave`, `serie`, `numero`, `motivo`, `xml`, `damdfe`, `log`,
/// and in `situacao` the word that it calls status: aprovado, reprovado, cancelado, encerrado, processando, contingencia.
///
/// `mdfeEmite`: `mdfe` is the document as in the seed; numbers are taken for texts, and CNPJ, CPF, CEP and plates with their
/// masks. It is checked first. What Sefaz would reject is in `pendencias`, and nothing is sent (6002); what is to be thought of
/// in `avisos`: each {`campo`, a JSON pointer into the request, `rejeicao`, `msg`, `acao`}. With `"somente_validar":true` that
/// is all. `"averbar":{...}`, the fields of an Averba, has the CT-e endorsed first (`averbacao` is its averbaRet), or
/// `"averbacoes":[averbaRet, ...]` brings the numbers of earlier calls: they are filled into `seguro`, and a CT-e without one is
/// pending, unless `"contingencia_averbacao":true` lets "99999" go in its place. 6004: received, not decided yet; with
/// `aguardar_s` (0 to 600) the call asks again until it is. 6007: another one, in `mdfe_aberto`, must be closed first. With
/// `"incerto":true` it may have been issued: it is never sent twice by this library, and must not be by you before you looked.
///
/// `mdfeConsulta` (`aguardar_s`), `mdfeEncerra` (`uf`, `municipio`, `codigo_municipio`), `mdfeCancela` (`justificativa`, 15 to
/// 255 characters), `mdfeCondutor` (`nome`, `cpf`). `mdfeArquivo` writes the file of a `chave` and `tipo` ("pdf", "xml"), or of
/// a `url` out of a reply, to `arquivo`, whole or not at all. `mdfeNotificacao` reads `corpo`, what your own web server received
/// from Webmania; `segredo` and `segredo_recebido` must be the same. `mdfeRegras`: the rules of the check.
///
/// NFS-e go through InvoiCy, under the keys of the settings or `chave_acesso` and `chave_parceiro` of the request. `nfseEnvia`
/// sends `documentos`, one or a list, each XML text, the path of an XML or an object with the names of the elements in their
/// order; an RPS without IDUnico gets one made of environment, issuer, type, series and number, by which a second send is
/// recognised. nfseEnviaRet has `S`, an entry for each in the order given: `numero`, `serie`, `IDUnico`, `chave`, `protocolo`,
/// `NFSeNumero`, `CodVerificacao`, `situacao` (`nivel`, `codigo`, `texto`: a code means something at its level only), `links`,
/// `arquivos`, `status` (1: there is a valid NFS-e), `error`, `avisos`. `pasta` is where PDF and XML of each are written;
/// `aguardar_s` (0 to 600) waits for what is not decided at once, with events. A lost answer is looked up by IDUnico and never
/// sent again; what stays unknown is `"incerto":true`. `nfseConsulta` asks by `id_unico`, `chave`, `numero_inicial`,
/// `numero_final` and `serie`, or `inicio` and `fim` (YYYY-MM-DD), always with `CNPJ` and `tpAmb` (1 or 2): nfseConsultaRet,
/// with `S`. `nfseEspelho` asks likewise (`numero` and `serie`) for one PDF, into `arquivo`. `nfseCancela` takes `CNPJ`, `tpAmb`,
/// `NFSeNumero`, `RPSNumero`, `RPSSerie`, `EveCodigo` (1 mistake, 2 not rendered, 4 duplicate) and `EveMotivo` (up to 100
/// characters): `status` 1 is cancelled. `invoicyCK` computes the communication key of `xml` or `arquivo` without sending
/// anything: `CK`, `linearizado` (the text to be sent with it), `bytes`, `avisos`. The same request is made at most three times
/// an hour (then 7006), since InvoiCy blocks the company at the fourth.
///
/// Takes: `request_json`, a JSON object in UTF-8, NUL-terminated, not NULL, with `mod` and the fields of the contract;
/// `on_progress`, called with an event before and after each stage, or NULL; `context`, given to `on_progress` as it is.
///
/// Returns: the reply to that `mod` (loginRet, uploadRet, averbaRet, ...), JSON in UTF-8, never NULL; free it with `av_free`.
/// A request that names no known `mod` is answered with erroRet. Every reply has `status`: 1 done, 0 not done.
///
/// Errors: 1003 (not a JSON object), 1004 (unknown `mod`), 1005 (missing field), 1006 (unknown or wrong field), 9002
/// (stopped by `on_progress`), 3007 (the clock of this computer is wrong: Diagnostico alone), those of `av_login`,
/// `av_upload_file` and `av_consulta`, of MDF-e 6001 to 6011, of NFS-e 7001 to 7012. `msg` names the field.
///
/// Blocks: as those functions do, for each request that it takes (a Consulta: 400 keys a request with a session, 100
/// without; an Averba of many documents: for each 400 of them a consulta, an upload and a consulta). Diagnostico: at most
/// `timeout_conexao_s` for each step up to `tls`, then as one request, with a `cookie` as three. mdfeEmite: at most five times
/// `timeout_s`, then `aguardar_s`; mdfeConsulta: a quarter of `timeout_s`, then `aguardar_s`. NFS-e: for each request (nfseEnvia:
/// one for each `invoicy.documentos_por_envio` documents, and one for each that must be looked up), and `aguardar_s`.
///
/// Source: seed document PROC001, sections 1 to 3; Averba: Part II; MDF-e: seed document "Webmania, emissao de MDF-e"; NFS-e:
/// InvoiCy's "Gerar um XML de Envio passo-a-passo".
///
/// # Safety
/// `request_json` is NULL or points to a NUL-terminated string; `on_progress` is NULL or a function that can be called
/// with `context` on this thread until this call returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_execute(
    request_json: *const c_char,
    on_progress: Option<av_progress_fn>,
    context: *mut c_void,
) -> *mut c_char {
    let operation = Cell::new(None);
    let refuse = |error| match operation.get() {
        Some(operation) => Operation::refused(operation, error),
        None => to_json(&ErroRet::from(error)),
    };
    reply(refuse, || {
        // SAFETY: the caller's promise, passed on.
        let message = Message::parse(unsafe { text::given(request_json, "request_json")? })?;
        operation.set(Some(message.operation));
        match on_progress {
            None => calls::execute(message, &mut Progress::silent()),
            // SAFETY: the caller's promise, passed on.
            Some(callback) => calls::execute(
                message,
                &mut Progress::new(&mut |event| unsafe { progress::tell(callback, context, event) }),
            ),
        }
    })
}

/// Sets what is not as it should be by default. Without a call of it everything works with the defaults.
///
/// Takes: `settings_json`, a JSON object in UTF-8, NUL-terminated, not NULL; what it names is merged into what is set
/// (`null` goes back to the default), calls under way end under the settings they began with. Its keys, all optional:
/// `user_agent`; `timeout_conexao_s` (1 to 300; 10); `timeout_s` (2 to 3600; 60); `proxy` ("sistema", "nenhum" or
/// `http://user:password@host:port`); `ca_pem` (a root certificate to trust besides: PEM text or the path of a PEM file);
/// `log`: `arquivo` (a path; each day has its own file, `averbador.log` becomes `averbador-2026-11-21.log`), `nivel`
/// ("erro": failed calls; "info": all calls, the default; "detalhe": requests too), `dias` (1 to 3650; 30); `porto`: `url`,
/// `consulta_url` (https, or http on this computer), `recipient` ("", E, F, T, D), `v`, `uploads_por_segundo` (1 to 100;
/// 10), `consulta` ("sempre", or "quando_faltar": Averba asks only where the upload's answer has no protocol);
/// `webmania`: `url` (without a path), `token`; `invoicy`: `url` (of `arecepcao.aspx`; none unless set), `chave_acesso`,
/// `chave_parceiro`, `documentos_por_envio` (1 to 200; 50). The same can stand in a file that the environment variable
/// AVERBADOR_CONFIG names; it is read once, when the first call needs it.
///
/// Returns: configRet, JSON in UTF-8, never NULL; free it with `av_free`. `status` 1: in force, with `avisos` where
/// something is perhaps not meant; 0: nothing was changed, `error` says why.
///
/// Errors: 1001, 1002, 1003, 1008 (naming the setting), 9001.
///
/// Blocks: for reading `ca_pem` only, and until connections no longer needed are closed.
///
/// # Safety
/// `settings_json` is NULL or points to a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_configure(settings_json: *const c_char) -> *mut c_char {
    reply(
        |error| to_json(&ConfigRet::refused(error)),
        || {
            // SAFETY: the caller's promise, passed on.
            calls::configure(unsafe { text::given(settings_json, "settings_json")? })
        },
    )
}

/// The text of one value in a JSON text, for callers without a JSON library: `av_field(reply, "/error/0/msg")`.
///
/// Takes: `json`, any JSON text; `pointer`, a JSON pointer (RFC 6901): "" is the whole, "/key/0/other" a way into it, with
/// `~1` for `/` and `~0` for `~` inside a key. Both UTF-8, NUL-terminated.
///
/// Returns: the value as UTF-8 text; free it with `av_free`. A string comes without quotes and escapes (U+0000 in it as
/// U+FFFD), a number or true/false as it stands, an object or a list as JSON. NULL if there is no such value, it is null,
/// or an argument is NULL, not UTF-8, no JSON, no pointer.
///
/// Blocks: never.
///
/// # Safety
/// Each argument is NULL or points to a NUL-terminated string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_field(json: *const c_char, pointer: *const c_char) -> *mut c_char {
    let found = guard::shielded(|| {
        // SAFETY: the caller's promise, passed on.
        let (json, pointer) = unsafe { (text::given(json, "json")?, text::given(pointer, "pointer")?) };
        Ok(field(json, pointer))
    });
    found.ok().flatten().map_or(std::ptr::null_mut(), text::into_c)
}

/// Frees a text that this library returned. Each one once; NULL is fine.
///
/// Not for the text of `av_version`, nor for memory from anywhere else. Never blocks.
///
/// # Safety
/// `text` is NULL or was returned by this library and not freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn av_free(text: *mut c_char) {
    // SAFETY: the caller's promise, passed on.
    unsafe { text::free(text) }
}

/// The version of this library, as "1.0.0": UTF-8, static, valid until the library is unloaded, never to be freed.
///
/// Never blocks. ABI 1 is every version that begins with "1.".
#[unsafe(no_mangle)]
pub extern "C" fn av_version() -> *const c_char {
    const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => panic!("the version has a NUL in it"),
    };
    VERSION.as_ptr()
}

/// Ends everything that the library keeps running: waits for the calls under way, closes the connections, ends every
/// thread, forgets the settings. The next call starts afresh.
///
/// To be called before the library is unloaded (FreeLibrary, dlclose) and at the end of the program; harmless if nothing
/// was started, and as often as you like. Without it the threads and connections of a library that was unloaded live on.
/// Never from a DllMain.
///
/// Blocks: until the calls under way on other threads have ended, at most as long as those may take. From inside a
/// progress callback it does not wait: that call is under way itself, and everything ends with it.
#[unsafe(no_mangle)]
pub extern "C" fn av_shutdown() {
    // What could be reported to nobody is not: there is no reply here.
    let _ = guard::shielded(|| {
        calls::shutdown();
        Ok(())
    });
}

/// How `operation` is refused.
fn refuse(operation: Operation) -> impl Fn(ErrorEntry) -> String {
    move |error| operation.refused(error)
}
