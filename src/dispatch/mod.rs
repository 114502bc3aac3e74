//! One request -> the service that answers it, one service -> its reply in the words of the contract.

mod message;

use std::sync::Arc;
use std::time::Instant;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::averba::{self, Manifests, Service, Sessions};
use crate::contract::{
    AverbaRet, AverbaRetMany, Cancela, Code, ConfigRet, Consulta, Diagnostico, ErrorEntry, Login, LoginRet,
    MdfeArquivo, MdfeArquivoRet, MdfeNotificacao, MdfeRegras, MdfeRegrasRet, MdfeRet, Progress, Stage, Upload,
    UploadRet, bad_field, field, to_json,
};
use crate::diagnostico::{Subject, diagnostico};
use crate::http::Http;
use crate::invoicy::Invoicy;
use crate::logging::{Entry, Log};
use crate::porto::{Found, Porto};
use crate::settings::{self, Level, Settings};
use crate::webmania::{self, Webmania};
use message::{Fields, typed};

pub use message::{Message, Operation};

/// The environment variable that names a file with settings.
const CONFIG_VARIABLE: &str = "AVERBADOR_CONFIG";

/// Everything behind the front door, under one set of settings. It can be used from many threads at once; what it
/// started (connections, threads that look up names) ends when it is dropped.
pub struct Engine {
    /// The settings as they were given, for the next to be merged into.
    given: Value,
    settings: Settings,
    log: Arc<Log>,
    http: Http,
    porto: Porto,
    sessions: Sessions,
    webmania: Webmania,
    invoicy: Invoicy,
}

impl Engine {
    /// The engine under the settings in the file that `AVERBADOR_CONFIG` names, or the defaults. 1008 if that file is
    /// not to be used: working on with other settings than the customer's would be worse.
    pub fn start() -> Result<Self, ErrorEntry> {
        let Some(path) = std::env::var_os(CONFIG_VARIABLE).filter(|path| !path.is_empty()) else {
            return Self::with(&Value::Null, "{}");
        };
        let path = std::path::PathBuf::from(path);
        let place = |detail: String| format!("{CONFIG_VARIABLE}={}: {detail}", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| {
            bad_field(Code::BadSetting, CONFIG_VARIABLE, "indica um arquivo que não pôde ser lido")
                .detail(place(error.to_string()))
        })?;
        Self::with(&Value::Null, &text)
            .map_err(|error| ErrorEntry::new(Code::BadSetting).msg(error.text()).detail(place("not usable".to_owned())))
    }

    /// A new engine with `patch`, a JSON object, merged into this one's settings; `None` if that changes nothing: a
    /// program may set the same before every call, and its connections must not suffer.
    pub fn configured(&self, patch: &str) -> Result<Option<Self>, ErrorEntry> {
        let mut engine = Self::with(&self.given, patch)?;
        engine.invoicy.remember(&self.invoicy);
        Ok((engine.settings != self.settings).then_some(engine))
    }

    fn with(base: &Value, patch: &str) -> Result<Self, ErrorEntry> {
        let (given, settings) = settings::merged(base, patch)?;
        let log = Arc::new(Log::new(settings.log.clone()));
        Ok(Self {
            given,
            porto: Porto::new(&settings)?,
            webmania: Webmania::new(&settings)?,
            invoicy: Invoicy::new(&settings),
            http: Http::new(settings.clone(), log.clone())?,
            settings,
            log,
            sessions: Sessions::default(),
        })
    }

    /// The reply to settings that are in force.
    #[must_use]
    pub fn accepted(&self) -> String {
        to_json(&ConfigRet::accepted(self.warnings()))
    }

    /// What is in force, but perhaps not as it was meant (Portuguese).
    fn warnings(&self) -> Vec<String> {
        self.settings.warnings().into_iter().chain(self.log.problem()).collect()
    }

    /// The reply to `message`.
    #[must_use]
    pub fn execute(&self, message: Message, progress: &mut Progress) -> String {
        let start = Instant::now();
        let operation = message.operation;
        let reply = match operation {
            Operation::Login => self.login(message.fields, progress),
            Operation::Upload => self.upload(message.fields, progress),
            Operation::Consulta => self.consulta(message.fields, progress),
            Operation::Averba => self.averba(message.fields, progress),
            Operation::Cancela => self.cancela(message.fields, progress),
            Operation::Lista => self.lista(message.fields, progress),
            Operation::Diagnostico => self.diagnostico(message.fields, progress),
            Operation::MdfeEmite => self.mdfe(operation, message.fields, |it, request| it.emit(request, progress)),
            Operation::MdfeConsulta => self.mdfe(operation, message.fields, |it, request| it.query(&request, progress)),
            Operation::MdfeEncerra => self.mdfe(operation, message.fields, |it, request| it.close(&request, progress)),
            Operation::MdfeCancela => self.mdfe(operation, message.fields, |it, request| it.cancel(&request, progress)),
            Operation::MdfeCondutor => {
                self.mdfe(operation, message.fields, |it, request| it.add_driver(&request, progress))
            }
            Operation::MdfeArquivo => self.mdfe_file(message.fields, progress),
            Operation::MdfeNotificacao => mdfe_notification(message.fields),
            Operation::MdfeRegras => mdfe_rules(message.fields),
            Operation::InvoicyCk
            | Operation::NfseEnvia
            | Operation::NfseConsulta
            | Operation::NfseCancela
            | Operation::NfseEspelho => self.nfse(operation, message.fields, progress),
        };
        self.log_call(operation, &reply, start);
        reply
    }

    fn log_call(&self, operation: Operation, reply: &str, start: Instant) {
        if self.log.wants(Level::Erro) {
            self.log.write(&Entry::Chamada {
                r#mod: operation.name(),
                status: &field(reply, "/status").unwrap_or_default(),
                codigo: field(reply, "/error/0/code").and_then(|code| code.parse().ok()),
                ms: start.elapsed().as_millis(),
            });
        }
    }

    fn login(&self, fields: Fields, progress: &mut Progress) -> String {
        let user = fields.get("user").and_then(Value::as_str).unwrap_or_default().to_owned();
        let session = typed(fields).and_then(|login: Login| self.porto.login(&self.http, &login, progress));
        to_json(&match session {
            Ok(session) => LoginRet::accepted(user, session.expose().to_owned()),
            Err(error) => LoginRet::refused(user, error),
        })
    }

    fn upload(&self, fields: Fields, progress: &mut Progress) -> String {
        let receipt = typed(fields).and_then(|upload: Upload| self.porto.upload(&self.http, &upload, progress));
        to_json(&match receipt {
            Ok(receipt) => UploadRet::answered(receipt.counts, receipt.protocols, receipt.errors, receipt.dump),
            Err(error) => UploadRet::failed(error),
        })
    }

    fn consulta(&self, fields: Fields, progress: &mut Progress) -> String {
        let found = typed(fields).and_then(|asked: Consulta| self.porto.consulta(&self.http, &asked, progress));
        match found {
            Ok(Found::One(averbacao)) => to_json(&AverbaRet::from(averbacao)),
            Ok(Found::Many(entries)) => to_json(&AverbaRetMany::from(entries)),
            Err(error) => Operation::Consulta.refused(error),
        }
    }

    fn averba(&self, fields: Fields, progress: &mut Progress) -> String {
        match typed(fields) {
            Ok(request) => to_json(&averba::averba(self.service(), self.settings.porto.consulta, request, progress)),
            Err(error) => Operation::Averba.refused(error),
        }
    }

    fn cancela(&self, fields: Fields, progress: &mut Progress) -> String {
        match typed(fields).map(Cancela::parts) {
            Ok((login, upload)) => to_json(&averba::cancela(self.service(), &login, &upload, progress)),
            Err(error) => Operation::Cancela.refused(error),
        }
    }

    fn lista(&self, fields: Fields, progress: &mut Progress) -> String {
        match typed(fields) {
            Ok(request) => to_json(&averba::lista(self.service(), request, progress)),
            Err(error) => Operation::Lista.refused(error),
        }
    }

    fn diagnostico(&self, fields: Fields, progress: &mut Progress) -> String {
        let Self { settings, http, porto, .. } = self;
        let subject = Subject { settings, warnings: self.warnings(), http, porto };
        let request: Diagnostico = match typed(fields) {
            Ok(request) => request,
            Err(error) => return Operation::Diagnostico.refused(error),
        };
        let reply = diagnostico(subject, &request, progress);
        to_json(&match &request.nfse {
            Some(nfse) => reply.with_certificate(self.invoicy.certificate(http, nfse, progress)),
            None => reply,
        })
    }

    fn mdfe<T: DeserializeOwned>(
        &self,
        operation: Operation,
        fields: Fields,
        work: impl FnOnce(Manifests, T) -> MdfeRet,
    ) -> String {
        let manifests =
            Manifests { service: self.service(), consulta: self.settings.porto.consulta, webmania: &self.webmania };
        match typed(fields) {
            Ok(request) => to_json(&work(manifests, request)),
            Err(error) => operation.refused(error),
        }
    }

    fn mdfe_file(&self, fields: Fields, progress: &mut Progress) -> String {
        let written = typed(fields).and_then(|request: MdfeArquivo| {
            let token = self.webmania.token(&request.token)?;
            progress.begin(Stage::Arquivo, 0, 1)?;
            let bytes = webmania::fetch(&self.webmania, &self.http, &token, &request);
            progress.end(Stage::Arquivo, 1, 1, bytes.as_ref().err());
            Ok((request.arquivo, bytes?))
        });
        progress.end(Stage::Fim, 1, 1, written.as_ref().err());
        match written {
            Ok((file, bytes)) => to_json(&MdfeArquivoRet::written(file, bytes)),
            Err(error) => Operation::MdfeArquivo.refused(error),
        }
    }

    fn nfse(&self, operation: Operation, fields: Fields, progress: &mut Progress) -> String {
        let Self { invoicy, http, .. } = self;
        let reply = match operation {
            Operation::NfseEnvia => typed(fields).map(|request| to_json(&invoicy.envia(http, &request, progress))),
            Operation::NfseConsulta => {
                typed(fields).map(|request| to_json(&invoicy.consulta(http, &request, progress)))
            }
            Operation::NfseCancela => typed(fields).map(|request| to_json(&invoicy.cancela(http, &request, progress))),
            Operation::NfseEspelho => typed(fields).map(|request| to_json(&invoicy.espelho(http, &request, progress))),
            _ => typed(fields).map(|request| to_json(&invoicy.ck(&request))),
        };
        reply.unwrap_or_else(|error| operation.refused(error))
    }

    fn service(&self) -> Service<'_> {
        Service { porto: &self.porto, http: &self.http, sessions: &self.sessions }
    }
}

fn mdfe_notification(fields: Fields) -> String {
    match typed(fields).and_then(|request: MdfeNotificacao| webmania::notification(&request)) {
        Ok(manifesto) => to_json(&MdfeRet::new(Operation::MdfeNotificacao.name(), manifesto)),
        Err(error) => Operation::MdfeNotificacao.refused(error),
    }
}

fn mdfe_rules(fields: Fields) -> String {
    match typed(fields) {
        Ok(MdfeRegras {}) => to_json(&MdfeRegrasRet::new(webmania::rules())),
        Err(error) => Operation::MdfeRegras.refused(error),
    }
}
