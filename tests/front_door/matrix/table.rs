//! The table. A row: the fault in the page's words, how it is brought about, and what login, Upload, Consulta and Averba
//! make of it. An outcome: what is told, by its code, and how many requests the service saw.
//!
//! A fault of the simulator is written as for its `--fault`: `any:reset` meets the first request, so with Averba the
//! upload; `any*forever:reset` meets them all.

use averbador::contract::Code::{
    self, AnswerTooLarge, BadCredentials, Blocked, BrokenOff, Captcha, Connect, Denied, Dns, HttpStatus, NotEndorsed,
    NotUnderstood, Proxy, Redirect, Rejected, ServiceError, SessionExpired, Timeout, Tls, TooMany,
};

use super::cause::Cause::{
    self, Address, Fault, Full, Kept, ProxyAt, ProxyInspects, ProxyRefuses, ProxySilent, Untrusted, Wait,
};
use super::cause::SILENT;
use super::{Outcome, Row, Section};

/// It is done.
const fn ok(seen: usize) -> Outcome {
    Outcome { code: None, repeat: false, uncertain: false, seen }
}

/// It is not done; somebody has to change something.
const fn fails(code: Code, seen: usize) -> Outcome {
    Outcome { code: Some(code), ..ok(seen) }
}

/// It is not done; the same again, later, can help.
const fn again(code: Code, seen: usize) -> Outcome {
    Outcome { repeat: true, ..fails(code, seen) }
}

/// It is not known whether it is done.
const fn unsure(code: Code, seen: usize) -> Outcome {
    Outcome { uncertain: true, ..fails(code, seen) }
}

const fn row(fault: &'static str, cause: Cause, [login, upload, consulta, averba]: [Outcome; 4]) -> Row {
    Row { fault, cause, outcomes: [Some(login), Some(upload), Some(consulta), Some(averba)] }
}

/// What the service can answer to a login.
const fn login(fault: &'static str, spec: &'static str, login: Outcome) -> Row {
    Row { fault, cause: Fault(spec), outcomes: [Some(login), None, None, None] }
}

/// What the service can answer to an upload, on its own and within Averba.
const fn upload(fault: &'static str, spec: &'static str, upload: Outcome, averba: Outcome) -> Row {
    Row { fault, cause: Fault(spec), outcomes: [None, Some(upload), None, Some(averba)] }
}

/// What the service can answer to a consulta.
const fn consulta(fault: &'static str, spec: &'static str, consulta: Outcome) -> Row {
    Row { fault, cause: Fault(spec), outcomes: [None, None, Some(consulta), None] }
}

/// What can happen to the consulta at the end of Averba.
const fn averba(fault: &'static str, spec: &'static str, averba: Outcome) -> Row {
    Row { fault, cause: Fault(spec), outcomes: [None, None, None, Some(averba)] }
}

/// In the order of the page.
pub const SECTIONS: [&Section; 11] = [
    &BEFORE_THE_SERVICE,
    &TLS,
    &PROXY,
    &REQUEST,
    &ANSWER,
    &KEPT_CONNECTION,
    &STATUS,
    &REDIRECT,
    &LOGIN_ANSWERS,
    &UPLOAD_ANSWERS,
    &CONSULTA_ANSWERS,
];

pub const BEFORE_THE_SERVICE: Section = Section {
    title: "Antes de chegar ao serviço",
    rows: &[
        row("O nome do serviço não é encontrado (DNS)", Address("https://servico.invalid"), [again(Dns, 0); 4]),
        row("A conexão é recusada", Address("https://127.0.0.1:1"), [again(Connect, 0); 4]),
        row("Não há rota até o serviço", Address("https://255.255.255.255"), [again(Connect, 0); 4]),
        row("A conexão não se completa: o firewall a engole", Full, [again(Timeout, 0); 4]),
        row("A conexão se completa, e nada mais acontece", Wait(SILENT), [again(Timeout, 0); 4]),
        row("A conexão é fechada antes do TLS", Fault("any@connect*forever:close"), [again(Connect, 0); 4]),
        row("A conexão é cortada (RST) antes do TLS", Fault("any@connect*forever:reset"), [again(Connect, 0); 4]),
    ],
};

pub const TLS: Section = Section {
    title: "Conexão segura (TLS)",
    rows: &[
        row("Certificado de autoridade desconhecida", Untrusted, [fails(Tls, 0); 4]),
        row("Certificado vencido", Cause::Tls("expired"), [fails(Tls, 0); 4]),
        row("Certificado que ainda não vale: relógio atrasado?", Cause::Tls("not-yet-valid"), [fails(Tls, 0); 4]),
        row("Certificado de outro endereço", Cause::Tls("other-host"), [fails(Tls, 0); 4]),
        row("O servidor só conhece TLS 1.1 ou anterior", Cause::Tls("old"), [fails(Tls, 0); 4]),
        row(
            "O que responde não é TLS",
            Fault(r"any@connect*forever:raw=HTTP/1.1 400 Bad Request\r\n\r\n"),
            [fails(Tls, 0); 4],
        ),
    ],
};

pub const PROXY: Section = Section {
    title: "Proxy",
    rows: &[
        row("O proxy exige usuário e senha, ou recusa os que tem (407)", ProxyRefuses(407), [fails(Proxy, 0); 4]),
        row("O proxy proíbe o serviço (403)", ProxyRefuses(403), [fails(Proxy, 0); 4]),
        row("O proxy não chega ao serviço (502)", ProxyRefuses(502), [fails(Proxy, 0); 4]),
        row("O proxy não está lá", ProxyAt("http://127.0.0.1:1"), [fails(Proxy, 0); 4]),
        row("O nome do proxy não é encontrado", ProxyAt("http://proxy.invalid:3128"), [fails(Proxy, 0); 4]),
        row("O proxy aceita a conexão e não responde", ProxySilent, [again(Timeout, 0); 4]),
        row("O proxy inspeciona o TLS com certificado próprio", ProxyInspects, [fails(Tls, 0); 4]),
    ],
};

pub const REQUEST: Section = Section {
    title: "No meio do pedido",
    rows: &[
        row("Conexão fechada antes do corpo, sempre", Fault("any@head*forever:close"), BROKEN_EVERY_TIME),
        row("Conexão cortada (RST) antes do corpo, sempre", Fault("any@head*forever:reset"), BROKEN_EVERY_TIME),
        row("Silêncio antes do corpo, sempre", Wait("any@head*forever:silence"), SILENT_EVERY_TIME),
        row("Conexão fechada no meio do corpo, sempre", Fault("any@half*forever:close"), BROKEN_EVERY_TIME),
        row("Conexão cortada (RST) no meio do corpo, sempre", Fault("any@half*forever:reset"), BROKEN_EVERY_TIME),
        row("Silêncio no meio do corpo, sempre", Wait("any@half*forever:silence"), SILENT_EVERY_TIME),
        row("Conexão fechada depois do corpo, sempre", Fault("any*forever:close"), BROKEN_EVERY_TIME),
        row("Conexão cortada (RST) depois do corpo, sempre", Fault("any*forever:reset"), BROKEN_EVERY_TIME),
        row("Silêncio depois do corpo, sempre", Wait("any*forever:silence"), SILENT_EVERY_TIME),
        row("Conexão cortada (RST) antes do corpo, uma vez", Fault("any@head:reset"), BROKEN_ONCE),
        row("Conexão cortada (RST) no meio do corpo, uma vez", Fault("any@half:reset"), BROKEN_ONCE),
        row("Conexão cortada (RST) depois do corpo, uma vez", Fault("any:reset"), BROKEN_ONCE),
        row("Silêncio depois do corpo, uma vez", Wait("any:silence"), SILENT_ONCE),
    ],
};

/// Averba asks after its upload, and asks once more as a Consulta does.
const BROKEN_EVERY_TIME: [Outcome; 4] =
    [again(BrokenOff, 1), unsure(BrokenOff, 1), again(BrokenOff, 2), unsure(BrokenOff, 3)];

const SILENT_EVERY_TIME: [Outcome; 4] = [again(Timeout, 1), unsure(Timeout, 1), again(Timeout, 1), unsure(Timeout, 2)];

/// The document has not arrived: Averba asks, sends once more and asks for the number.
const BROKEN_ONCE: [Outcome; 4] = [again(BrokenOff, 1), unsure(BrokenOff, 1), ok(2), ok(4)];

const SILENT_ONCE: [Outcome; 4] = [again(Timeout, 1), unsure(Timeout, 1), again(Timeout, 1), ok(4)];

/// The document has arrived: Averba finds it and does not send it again.
const BROKEN_ONCE_IN_THE_ANSWER: [Outcome; 4] = [again(BrokenOff, 1), unsure(BrokenOff, 1), ok(2), ok(2)];

const SILENT_ONCE_IN_THE_ANSWER: [Outcome; 4] = [again(Timeout, 1), unsure(Timeout, 1), again(Timeout, 1), ok(2)];

const ODD_ONCE: [Outcome; 4] = [again(NotUnderstood, 1), unsure(NotUnderstood, 1), again(NotUnderstood, 1), ok(4)];

pub const ANSWER: Section = Section {
    title: "No meio da resposta",
    rows: &[
        row("O serviço recebe, e fecha a conexão sem responder", Fault("any:lose-answer"), BROKEN_ONCE_IN_THE_ANSWER),
        row(
            "O serviço recebe, e a conexão cai no meio da resposta",
            Fault("any:cut-answer"),
            BROKEN_ONCE_IN_THE_ANSWER,
        ),
        row("O serviço recebe, e demora demais a responder", Wait("any:delay=600s"), SILENT_ONCE_IN_THE_ANSWER),
        row("O serviço recebe, e a resposta para no meio", Wait("any:drip=20 600s"), SILENT_ONCE_IN_THE_ANSWER),
        row("O serviço recebe, e responde um byte por segundo", Wait("any:drip=1 1s"), SILENT_ONCE_IN_THE_ANSWER),
        row(
            "O serviço recebe, e a resposta passa de 16 MB",
            Fault("any:oversize"),
            [fails(AnswerTooLarge, 1), unsure(AnswerTooLarge, 1), fails(AnswerTooLarge, 1), ok(2)],
        ),
        row("Resposta compactada (gzip) sem ter sido pedida", Fault("any:gzip"), [ok(1), ok(1), ok(1), ok(2)]),
        row("Resposta que se diz gzip e não é", Fault("any:status=200 Content-Encoding: gzip"), ODD_ONCE),
        row("Resposta em compactação desconhecida (br)", Fault("any:status=200 Content-Encoding: br"), ODD_ONCE),
        row(
            "Resposta menor que o anunciado (Content-Length)",
            Fault(r#"any:raw=HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"success":1"#),
            BROKEN_ONCE,
        ),
        row(
            "Resposta em pedaços (chunked) sem o último",
            Fault(r#"any:raw=HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"suc\r\n"#),
            BROKEN_ONCE,
        ),
        row(
            "Resposta em pedaços (chunked) de tamanho sem sentido",
            Fault(r"any:raw=HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nXX\r\n{}\r\n0\r\n\r\n"),
            BROKEN_ONCE,
        ),
        row("Resposta pela metade, sem tamanho", Fault(r#"any:raw=HTTP/1.1 200 OK\r\n\r\n{"success":1"#), ODD_ONCE),
        row("Resposta vazia", Fault(r"any:raw=HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), ODD_ONCE),
        row("Resposta que não é HTTP", Fault(r"any:raw=220 mail.invalid ESMTP\r\n"), ODD_ONCE),
        row("Cabeçalho de resposta inválido", Fault(r"any:raw=HTTP/1.1 200 OK\r\nSem dois pontos\r\n\r\n{}"), ODD_ONCE),
        row("Página HTML em vez da resposta", Fault("any:body=text/html <h1>Em manutenção</h1>"), ODD_ONCE),
        row(
            "Página HTML em vez da resposta, sempre",
            Fault("any*forever:body=text/html <h1>Em manutenção</h1>"),
            [again(NotUnderstood, 1), unsure(NotUnderstood, 1), again(NotUnderstood, 1), unsure(NotUnderstood, 2)],
        ),
    ],
};

pub const KEPT_CONNECTION: Section = Section {
    title: "Conexão reaproveitada",
    rows: &[
        Row {
            fault: "O servidor fecha a conexão entre dois pedidos",
            cause: Kept("any:hang-up"),
            // A login does not wait for the connection's end to be noticed.
            outcomes: [None, Some(ok(1)), Some(ok(1)), Some(ok(2))],
        },
        row("O servidor fecha a conexão ao chegar o pedido seguinte", Kept("any@head+1:close"), BROKEN_ONCE),
        row("O servidor corta a conexão (RST) ao chegar o pedido seguinte", Kept("any@head+1:reset"), BROKEN_ONCE),
    ],
};

const SERVER_ERROR: [Outcome; 4] = [again(HttpStatus, 1), unsure(HttpStatus, 1), again(HttpStatus, 1), ok(4)];

pub const STATUS: Section = Section {
    title: "Erros de HTTP",
    rows: &[
        row("400, pedido malformado", Fault("any:status=400"), [fails(HttpStatus, 1); 4]),
        row("401, sem autorização", Fault("any:status=401"), [fails(HttpStatus, 1); 4]),
        row("403, proibido", Fault("any:status=403"), [fails(Blocked, 1); 4]),
        row("403 da proteção, \"error code: 1010\"", Fault("any:blocked"), [fails(Blocked, 1); 4]),
        row(
            "403 com a página pela metade",
            Fault(r"any:raw=HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\n<h1>"),
            [fails(Blocked, 1); 4],
        ),
        row("404, endereço inexistente", Fault("any:status=404"), [fails(HttpStatus, 1); 4]),
        row("407, de um proxy no caminho", Fault("any:status=407"), [fails(Proxy, 1); 4]),
        row("408, demora em receber o pedido", Fault("any:status=408"), SERVER_ERROR),
        row("413, arquivo grande demais", Fault("any:status=413"), [fails(HttpStatus, 1); 4]),
        row("413, antes de receber o corpo", Fault("any@head:status=413"), [fails(HttpStatus, 1); 4]),
        row("429, pedidos demais", Fault("any:status=429"), [again(TooMany, 1); 4]),
        row("429 com Retry-After", Fault("any:status=429 Retry-After: 30"), [again(TooMany, 1); 4]),
        row("500, erro interno", Fault("any:status=500"), SERVER_ERROR),
        row("502, erro no caminho", Fault("any:status=502"), SERVER_ERROR),
        row("503, fora do ar", Fault("any:status=503"), SERVER_ERROR),
        row("503 com Retry-After", Fault("any:status=503 Retry-After: 120"), SERVER_ERROR),
        row("504, demora no caminho", Fault("any:status=504"), SERVER_ERROR),
        row("524, demora no serviço (Cloudflare)", Fault("any:status=524"), SERVER_ERROR),
        row(
            "503, sempre",
            Fault("any*forever:status=503"),
            [again(HttpStatus, 1), unsure(HttpStatus, 1), again(HttpStatus, 1), unsure(HttpStatus, 2)],
        ),
    ],
};

pub const REDIRECT: Section = Section {
    title: "Desvios (redirecionamentos)",
    rows: &[
        row("301 no mesmo endereço", Fault("any:redirect=301 /php/conn.php"), [fails(Redirect, 1); 4]),
        row("302 no mesmo endereço", Fault("any:redirect=302 /php/conn.php"), [fails(Redirect, 1); 4]),
        row("307 no mesmo endereço", Fault("any:redirect=307 /php/conn.php"), [ok(2), ok(2), ok(2), ok(3)]),
        row("307 no mesmo endereço, sem fim", Fault("any*forever:redirect=307 /php/conn.php"), [fails(Redirect, 6); 4]),
        row("301 a outro endereço", Fault("any:redirect=301 https://outro.invalid/"), [fails(Redirect, 1); 4]),
        row("302 a outro endereço", Fault("any:redirect=302 https://outro.invalid/"), [fails(Redirect, 1); 4]),
        row("307 a outro endereço", Fault("any:redirect=307 https://outro.invalid/"), [fails(Redirect, 1); 4]),
        row("302 sem endereço", Fault("any:status=302"), [fails(Redirect, 1); 4]),
    ],
};

pub const LOGIN_ANSWERS: Section = Section {
    title: "O que o serviço responde ao login",
    rows: &[
        login("Aceito", "any:shape=spaced", ok(1)),
        login("Aceito, com marca de ordem de bytes (BOM)", "any:shape=bom", ok(1)),
        login("Usuário ou senha errados", "any:logout", fails(BadCredentials, 1)),
        login(
            "O mesmo, com texto por número",
            r#"any:body=text/html {"success":"1","logout":"1"}"#,
            fails(BadCredentials, 1),
        ),
        login("O mesmo, com true", r#"any:body=text/html {"success":true,"logout":true}"#, fails(BadCredentials, 1)),
        login(
            "Sem login",
            r#"any:body=text/html {"success":1,"error":{"code":"01","msg":"No login."}}"#,
            fails(BadCredentials, 1),
        ),
        login("O mesmo, só texto", r#"any:body=text/html {"success":1,"error":"No login."}"#, fails(BadCredentials, 1)),
        login("Captcha", "any:captcha", fails(Captcha, 1)),
        login(
            "Captcha, erro em texto",
            r#"any:body=text/html {"success":0,"error":"Captcha required","captcha_url":"https://captcha.invalid/"}"#,
            fails(Captcha, 1),
        ),
        login(
            "Captcha, só pelo código",
            r#"any:body=text/html {"success":0,"error":[{"code":2,"msg":"Captcha required"}]}"#,
            fails(Captcha, 1),
        ),
        login(
            "Pedido malformado",
            r#"any:body=text/html {"success":0,"error":{"msg":"Ghs.loc.error"}}"#,
            fails(ServiceError, 1),
        ),
        login("Recusado sem motivo", r#"any:body=text/html {"success":0}"#, fails(ServiceError, 1)),
        login(
            "Aceito, mas sem cookie",
            r#"any:body=text/html {"success":1,"C":{"id":"00"},"S":[]}"#,
            again(NotUnderstood, 1),
        ),
        login("Nem aceito nem recusado", r#"any:body=text/html {"success":1}"#, again(NotUnderstood, 1)),
        login("JSON de outra coisa", r#"any:body=application/json {"ok":true}"#, again(NotUnderstood, 1)),
        login("JSON que não é objeto", "any:body=application/json [1,2]", again(NotUnderstood, 1)),
        login("JSON pela metade", r#"any:body=application/json {"success":1,"C":{"#, again(NotUnderstood, 1)),
    ],
};

pub const UPLOAD_ANSWERS: Section = Section {
    title: "O que o serviço responde ao envio",
    rows: &[
        upload("Recebido", "any:shape=spaced", ok(1), ok(2)),
        upload("Recebido, protocolo em lista", "any:shape=bom,prot-array", ok(1), ok(2)),
        upload("Recebido, sem protocolo", "any:shape=prot-absent", ok(1), ok(2)),
        upload(
            "Recebido, números como texto",
            r#"any:body=text/html {"success":"1","S":{"P":"1","D":"0","R":"0","N":"0"},"prot":"123"}"#,
            ok(1),
            ok(2),
        ),
        upload(
            "Recebido, contagem em lista, protocolo numérico",
            r#"any:body=text/html {"success":1,"S":[{"P":1},{"D":0},{"R":0},{"N":0}],"prot":123}"#,
            ok(1),
            ok(2),
        ),
        upload(
            "Recebido, tipo de conteúdo errado",
            r#"any:body=image/png {"success":1,"S":{"P":1,"D":0,"R":0,"N":0},"prot":"123","error":[]}"#,
            ok(1),
            ok(2),
        ),
        upload(
            "Recebido, mas a consulta ainda não tem o número",
            r#"any:body=text/html {"success":1,"S":{"P":1,"D":0,"R":0,"N":0}}"#,
            ok(1),
            again(NotEndorsed, 2),
        ),
        upload(
            "Já estava lá (D), mas a consulta ainda não tem o número",
            r#"any:body=text/html {"success":1,"S":{"P":0,"D":1,"R":0,"N":0}}"#,
            ok(1),
            again(NotEndorsed, 2),
        ),
        upload(
            "Rejeitado (R)",
            r#"any:body=text/html {"success":1,"S":{"P":0,"D":0,"R":1,"N":0},"error":{"code":"05","msg":"Rejeitado"}}"#,
            fails(Rejected, 1),
            fails(Rejected, 1),
        ),
        upload(
            "Rejeitado (R), erro em lista, código numérico",
            r#"any:body=text/html {"success":1,"S":{"P":0,"D":0,"R":1,"N":0},"error":[{"code":5,"msg":"Rejeitado"}]}"#,
            fails(Rejected, 1),
            fails(Rejected, 1),
        ),
        upload(
            "Negado (N), erro em texto",
            r#"any:body=text/html {"success":1,"S":{"P":0,"D":0,"R":0,"N":1},"error":"Negado"}"#,
            fails(Denied, 1),
            fails(Denied, 1),
        ),
        upload(
            "Nada recebido, nem rejeitado, nem negado",
            r#"any:body=text/html {"success":1,"S":{"P":0,"D":0,"R":0,"N":0}}"#,
            fails(ServiceError, 1),
            fails(ServiceError, 1),
        ),
        upload("Sessão expirada, uma vez", "upload:logout", fails(SessionExpired, 1), ok(4)),
        upload("Sessão expirada, sempre", "upload*forever:logout", fails(SessionExpired, 1), fails(SessionExpired, 3)),
        upload(
            "Sem login, uma vez",
            r#"upload:body=text/html {"success":1,"error":{"code":1,"msg":"No login."}}"#,
            fails(SessionExpired, 1),
            ok(4),
        ),
        upload("Captcha", "any:captcha", fails(Captcha, 1), fails(Captcha, 1)),
        upload(
            "Pedido malformado",
            r#"any:body=text/html {"success":0,"error":{"msg":"Ghs.loc.error"}}"#,
            fails(ServiceError, 1),
            fails(ServiceError, 1),
        ),
        upload(
            "Erro desconhecido, sem contagem",
            r#"any:body=text/html {"success":1,"error":{"code":"99","msg":"Outro erro"}}"#,
            fails(ServiceError, 1),
            fails(ServiceError, 1),
        ),
        upload("Sem contagem", r#"any:body=text/html {"success":1}"#, unsure(NotUnderstood, 1), ok(4)),
        upload("Contagem vazia", r#"any:body=text/html {"success":1,"S":[]}"#, unsure(NotUnderstood, 1), ok(4)),
        upload("Contagem nula", r#"any:body=text/html {"success":1,"S":null}"#, unsure(NotUnderstood, 1), ok(4)),
        upload(
            "Contagem de outro tipo",
            r#"any:body=text/html {"success":1,"S":"P"}"#,
            unsure(NotUnderstood, 1),
            ok(4),
        ),
        upload("JSON de outra coisa", r#"any:body=application/json {"ok":true}"#, unsure(NotUnderstood, 1), ok(4)),
        upload("JSON que não é objeto", "any:body=application/json null", unsure(NotUnderstood, 1), ok(4)),
        upload(
            "JSON pela metade",
            r#"any:body=application/json {"success":1,"S":{"P":"#,
            unsure(NotUnderstood, 1),
            ok(4),
        ),
    ],
};

pub const CONSULTA_ANSWERS: Section = Section {
    title: "O que o serviço responde à consulta",
    rows: &[
        consulta("Averbado", "any:shape=spaced", ok(1)),
        consulta("Averbado, com marca de ordem de bytes (BOM)", "any:shape=bom", ok(1)),
        consulta(
            "Averbado, um objeto em vez de lista",
            r#"any:body=text/html {"success":1,"S":{"chave":"35220528779662000120579990000004681178902280","protocolo":"123"}}"#,
            ok(1),
        ),
        consulta(
            "Averbado, protocolo numérico, tipo de conteúdo errado",
            r#"any:body=image/png {"success":1,"S":[{"chave":"35220528779662000120579990000004681178902280","protocolo":123}]}"#,
            ok(1),
        ),
        consulta("Lista vazia", r#"any:body=text/html {"success":1,"S":[]}"#, fails(NotEndorsed, 1)),
        consulta("Lista nula", r#"any:body=text/html {"success":1,"S":null}"#, fails(NotEndorsed, 1)),
        consulta(
            "Só outra chave",
            r#"any:body=text/html {"success":1,"S":[{"chave":"31180758818022000224570010467456121401366424","protocolo":"1"}]}"#,
            fails(NotEndorsed, 1),
        ),
        consulta(
            "A chave, sem protocolo",
            r#"any:body=text/html {"success":1,"S":[{"chave":"35220528779662000120579990000004681178902280","protocolo":""}]}"#,
            fails(NotEndorsed, 1),
        ),
        consulta("Sem lista", r#"any:body=text/html {"success":1}"#, again(NotUnderstood, 1)),
        consulta("Lista de outro tipo", r#"any:body=text/html {"success":1,"S":"nada"}"#, again(NotUnderstood, 1)),
        consulta("Sessão expirada", "any:logout", fails(SessionExpired, 1)),
        consulta(
            "Sem login",
            r#"any:body=text/html {"success":1,"error":{"code":"01","msg":"No login."}}"#,
            fails(SessionExpired, 1),
        ),
        consulta("Captcha", "any:captcha", fails(Captcha, 1)),
        consulta(
            "Pedido malformado",
            r#"any:body=text/html {"success":0,"error":{"msg":"Ghs.loc.error"}}"#,
            fails(ServiceError, 1),
        ),
        consulta("JSON de outra coisa", r#"any:body=application/json {"ok":true}"#, again(NotUnderstood, 1)),
        consulta("JSON pela metade", r#"any:body=application/json {"success":1,"S":["#, again(NotUnderstood, 1)),
        averba("Averba: a consulta depois do envio falha", "consulta*forever:status=503", ok(2)),
        averba("Averba: a consulta depois do envio cai", "consulta*forever:reset", ok(3)),
        averba("Averba: a sessão expira antes da consulta", "consulta:logout", ok(4)),
    ],
};
