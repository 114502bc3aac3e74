//! The way to the service examined step by step: what support asks a customer to run.
//!
//! Each step is done by hand as the client does it, so that the first to fail can be named; the last ones go through the
//! client itself.

mod certificate;
mod clock;
mod report;
mod route;
mod system;
mod tls;

use crate::contract::{Diagnostico, DiagnosticoRet, Facts, Progress, Step};
use crate::http::{Head, Http};
use crate::porto::{Porto, Session};
use crate::settings::Settings;
use report::{Done, Report};
use route::{Place, Proxy, Route, Wire};

/// What is examined.
pub struct Subject<'a> {
    /// The settings in force.
    pub settings: &'a Settings,
    /// What is perhaps not meant in them (Portuguese).
    pub warnings: Vec<String>,
    /// The client.
    pub http: &'a Http,
    /// The service.
    pub porto: &'a Porto,
}

/// Examines the way to the service, and the session in `request` if there is one: diagnosticoRet.
#[must_use]
pub fn diagnostico(subject: Subject, request: &Diagnostico, progress: &mut Progress) -> DiagnosticoRet {
    let session = match Session::parse(&request.cookie) {
        Ok(session) => session,
        Err(error) => return DiagnosticoRet::refused(error),
    };
    let mut report = Report::new(progress);
    // Where it ends too early, the report knows what is missing.
    let _ = subject.examine(&session, &mut report);
    DiagnosticoRet::new(system::system(), subject.settings, subject.warnings, report.finish())
}

impl Subject<'_> {
    /// All steps in their order. `None` where one failed that the next one needs.
    fn examine(&self, session: &Session, report: &mut Report) -> Option<()> {
        self.connect(report)?;
        let mut head = None;
        let answered = report.step(Step::Resposta, |facts| self.ask(&mut head, facts));
        if let Some(head) = &head {
            compare_clocks(head, report);
        }
        answered?;
        if session.is_empty() {
            report.needless(Step::Sessao, "Nenhuma sessão (cookie) foi informada.");
            return Some(());
        }
        report.step(Step::Sessao, |facts| self.check(session, facts))
    }

    /// Steps `proxy` to `tls`.
    fn connect(&self, report: &mut Report) -> Option<()> {
        let Self { settings, http, .. } = self;
        let route = report.step(Step::Proxy, |facts| Route::find(settings, facts))?;
        let addresses = report.step(Step::Dns, |facts| http.connecting(route.resolve(facts)))?;
        let limit = settings.connect_timeout();
        let stream = report.step(Step::Tcp, |facts| http.connecting(route.connect(&addresses, limit, facts)))?;
        if !route.is_secure {
            report.needless(Step::Tunel, "O endereço configurado é http: não há túnel a abrir.");
            report.needless(Step::Tls, "O endereço configurado é http: a conexão não é segura.");
            return Some(());
        }
        let mut wire: Box<dyn Wire> = Box::new(stream);
        match &route.proxy {
            Some(proxy) => {
                let service = &route.service;
                wire = report.step(Step::Tunel, |facts| http.connecting(self.tunnel(wire, proxy, service, facts)))?;
            }
            None => report.needless(Step::Tunel, "Sem proxy, não há túnel a abrir."),
        }
        let host = &route.service.host;
        report.step(Step::Tls, |facts| http.connecting(tls::handshake(http, host, wire, facts))).map(drop)
    }

    /// Has `proxy`, at the other end of `wire`, lead it on to the service.
    async fn tunnel(
        &self,
        mut wire: Box<dyn Wire>,
        proxy: &Proxy,
        service: &Place,
        facts: &mut Facts,
    ) -> Done<Box<dyn Wire>> {
        if proxy.is_secure() {
            wire = Box::new(tls::handshake(self.http, &proxy.place.host, wire, facts).await?.0);
        }
        let ((), msg) = proxy.open(&mut *wire, service, &self.settings.user_agent, facts).await?;
        Ok((wire, msg))
    }

    /// One question and its answer, through the client.
    fn ask(&self, head: &mut Option<Head>, facts: &mut Facts) -> Done<()> {
        let answered = self.porto.knock(self.http, head);
        facts.http = head.as_ref().map(|head| head.status);
        answered.map(|()| ((), "O serviço respondeu.".to_owned()))
    }

    /// Whether `session` reaches the service, and whether it is alive.
    fn check(&self, session: &Session, facts: &mut Facts) -> Done<()> {
        if let Some(echo) = self.porto.echo(self.http, session)? {
            (facts.recebida, facts.dump) = (Some(echo.has_session), Some(echo.dump));
        }
        self.porto.check_session(self.http, session)?;
        Ok(((), "A sessão é válida.".to_owned()))
    }
}

fn compare_clocks(head: &Head, report: &mut Report) {
    match head.date.as_deref().map(httpdate::parse_http_date) {
        Some(Ok(there)) => drop(report.step(Step::Relogio, |facts| clock::compare(head.heard, there, facts))),
        _ => report.needless(Step::Relogio, "A resposta do serviço não diz a hora."),
    }
}
