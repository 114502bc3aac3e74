//! The error catalogue: every code that a reply can carry, its text and whether trying again can help.

/// The error codes of ABI 1: `error[].code` of every reply. A code keeps its number and its meaning for ever.
///
/// 1000s: the call; 2000s: the file; 3000s: the network; 4000s: the server's HTTP; 5000s: AverbePorto; 6000s:
/// Webmania and Sefaz (MDF-e); 7000s: InvoiCy (NFS-e); 9000s: this library. 0 stands for "no error" where the documented
/// contract asks for an entry all the same (uploadRet).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Code {
    /// An argument that must be given is NULL.
    NullArgument = 1001,
    /// An argument is not valid UTF-8.
    NotUtf8 = 1002,
    /// The request is not a JSON object.
    NotJson = 1003,
    /// `mod` names nothing that this version does.
    UnknownMod = 1004,
    /// A field that must be filled is missing or empty.
    MissingField = 1005,
    /// A field that does not exist, or with a value of the wrong type or outside its limits.
    BadField = 1006,
    /// An access key (chave de acesso) of the wrong length or with characters that no key has.
    BadAccessKey = 1007,
    /// A setting of `av_configure` or of the file named by AVERBADOR_CONFIG makes no sense.
    BadSetting = 1008,
    /// There is no such file.
    FileNotFound = 2001,
    /// The file cannot be read: no permission, or another program holds it.
    FileNoPermission = 2002,
    /// The file has no content.
    FileEmpty = 2003,
    /// The file is larger than 50 MB.
    FileTooLarge = 2004,
    /// Neither XML nor ZIP (a folder, a PDF, ...).
    FileType = 2005,
    /// XML that is not well-formed, or not in the encoding that it declares.
    XmlMalformed = 2006,
    /// XML that is not a document that can be endorsed.
    NotEndorsable = 2007,
    /// The document is not the one given: its access key, CNPJ or number differs.
    KeyMismatch = 2008,
    /// A ZIP that is damaged, empty, holds another ZIP, or more than 400 documents.
    BadZip = 2009,
    /// The server's name could not be resolved. Nothing was sent.
    Dns = 3001,
    /// No connection could be made. Nothing was sent.
    Connect = 3002,
    /// No secure connection: the certificate or the TLS handshake failed. Nothing was sent.
    Tls = 3003,
    /// No answer in time. With `incerto` the request may have arrived.
    Timeout = 3004,
    /// The connection broke off. With `incerto` the request may have arrived.
    BrokenOff = 3005,
    /// The proxy refused or failed. Nothing was sent to the service.
    Proxy = 3006,
    /// The clock of this computer is wrong: certificates seem expired or not yet valid.
    Clock = 3007,
    /// An HTTP status that is no success.
    HttpStatus = 4001,
    /// Blocked by the service's firewall (HTTP 403, "error code: 1010").
    Blocked = 4002,
    /// The answer is not what the service is known to say.
    NotUnderstood = 4003,
    /// The answer is larger than 16 MB.
    AnswerTooLarge = 4004,
    /// A redirect that is not followed, since it leads elsewhere.
    Redirect = 4005,
    /// Too many requests in too short a time (HTTP 429).
    TooMany = 4006,
    /// AverbePorto: user or password wrong.
    BadCredentials = 5001,
    /// AverbePorto: the session (cookie) is missing or has expired.
    SessionExpired = 5002,
    /// AverbePorto wants a captcha solved by a person.
    Captcha = 5003,
    /// AverbePorto rejected the document (R).
    Rejected = 5004,
    /// AverbePorto denied the document (N).
    Denied = 5005,
    /// The document is not endorsed.
    NotEndorsed = 5006,
    /// AverbePorto reports an error of its own.
    ServiceError = 5007,
    /// Webmania: the token is wrong, or not allowed to do this.
    TokenRefused = 6001,
    /// The MDF-e would be rejected, so it was not sent: `pendencias` says why.
    MdfePending = 6002,
    /// Sefaz rejected the MDF-e or its event.
    MdfeRejected = 6003,
    /// The MDF-e was received and is not decided yet.
    MdfeProcessing = 6004,
    /// Webmania reports an error of its own.
    WebmaniaError = 6005,
    /// Sefaz does not answer at present.
    SefazUnavailable = 6006,
    /// Another MDF-e must be closed first: `mdfe_aberto` says which.
    MdfeOpen = 6007,
    /// This MDF-e exists already.
    MdfeDuplicate = 6008,
    /// There is no such MDF-e.
    MdfeNotFound = 6009,
    /// What came is not the file that was asked for.
    MdfeFile = 6010,
    /// A notification that is none, or does not bring the secret that was agreed on.
    MdfeNotification = 6011,
    /// InvoiCy: the communication key (CK) is wrong: the company's access key, or the text that was hashed.
    InvoicyKey = 7001,
    /// InvoiCy or the city hall rejected the RPS or the cancellation.
    NfseRejected = 7002,
    /// The RPS or the cancellation was received and is not decided yet.
    NfseProcessing = 7003,
    /// InvoiCy reports an error of its own.
    InvoicyError = 7004,
    /// InvoiCy knows no such document.
    NfseNotFound = 7005,
    /// The same request too often: InvoiCy would block the company, or has (179).
    InvoicyRepeated = 7006,
    /// This RPS was sent before, and what became of it is not known here.
    NfseDuplicate = 7007,
    /// The company's digital certificate at InvoiCy is missing, expired or not usable.
    InvoicyCertificate = 7008,
    /// InvoiCy: the company is disabled or has no licence.
    InvoicyCompany = 7009,
    /// What came is not the PDF or XML that was asked for.
    NfseFile = 7010,
    /// InvoiCy does not take the document as it is written: structure, type, environment.
    InvoicyStructure = 7011,
    /// The NFS-e is cancelled.
    NfseCancelled = 7012,
    /// A bug in this library: report it with `detalhe`.
    Bug = 9001,
    /// The progress callback asked to stop.
    Cancelled = 9002,
}

impl Code {
    /// All of them, in the order of their numbers.
    #[must_use]
    pub const fn all() -> [Self; 62] {
        [
            Self::NullArgument,
            Self::NotUtf8,
            Self::NotJson,
            Self::UnknownMod,
            Self::MissingField,
            Self::BadField,
            Self::BadAccessKey,
            Self::BadSetting,
            Self::FileNotFound,
            Self::FileNoPermission,
            Self::FileEmpty,
            Self::FileTooLarge,
            Self::FileType,
            Self::XmlMalformed,
            Self::NotEndorsable,
            Self::KeyMismatch,
            Self::BadZip,
            Self::Dns,
            Self::Connect,
            Self::Tls,
            Self::Timeout,
            Self::BrokenOff,
            Self::Proxy,
            Self::Clock,
            Self::HttpStatus,
            Self::Blocked,
            Self::NotUnderstood,
            Self::AnswerTooLarge,
            Self::Redirect,
            Self::TooMany,
            Self::BadCredentials,
            Self::SessionExpired,
            Self::Captcha,
            Self::Rejected,
            Self::Denied,
            Self::NotEndorsed,
            Self::ServiceError,
            Self::TokenRefused,
            Self::MdfePending,
            Self::MdfeRejected,
            Self::MdfeProcessing,
            Self::WebmaniaError,
            Self::SefazUnavailable,
            Self::MdfeOpen,
            Self::MdfeDuplicate,
            Self::MdfeNotFound,
            Self::MdfeFile,
            Self::MdfeNotification,
            Self::InvoicyKey,
            Self::NfseRejected,
            Self::NfseProcessing,
            Self::InvoicyError,
            Self::NfseNotFound,
            Self::InvoicyRepeated,
            Self::NfseDuplicate,
            Self::InvoicyCertificate,
            Self::InvoicyCompany,
            Self::NfseFile,
            Self::InvoicyStructure,
            Self::NfseCancelled,
            Self::Bug,
            Self::Cancelled,
        ]
    }

    /// The number that replies carry.
    #[must_use]
    pub const fn number(self) -> i32 {
        self as i32
    }

    /// The text for the person at the screen (Portuguese): what happened and what to do next.
    #[must_use]
    pub fn msg(self) -> String {
        let (happened, to_do) = self.texts();
        format!("{happened} {to_do}")
    }

    /// The text with another advice (Portuguese) on what to do next.
    #[must_use]
    pub fn msg_advising(self, to_do: &str) -> String {
        let (happened, _) = self.texts();
        format!("{happened} {to_do}")
    }

    /// The text where it is not known whether the service did what was asked: then "try again" would be wrong advice.
    #[must_use]
    pub fn uncertain_msg(self) -> String {
        self.msg_advising("O documento pode ter sido recebido: consulte a averbação antes de enviar de novo.")
    }

    /// What happened, and what to do next.
    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::NullArgument => ("Faltou um argumento na chamada (nulo).", "Avise o suporte do seu sistema."),
            Self::NotUtf8 => (
                "Um texto da chamada não está em UTF-8.",
                "Avise o suporte do seu sistema: todo texto deve ir em UTF-8.",
            ),
            Self::NotJson => {
                ("O pedido não é um objeto JSON válido.", "Avise o suporte do seu sistema: confira o texto enviado.")
            }
            Self::UnknownMod => {
                ("A operação pedida em \"mod\" não existe nesta versão.", "Confira o nome ou atualize a biblioteca.")
            }
            Self::MissingField => ("Falta preencher um campo obrigatório.", "Preencha-o e repita."),
            Self::BadField => ("Há um campo desconhecido ou com valor inválido.", "Corrija o campo e repita."),
            Self::BadAccessKey => (
                "A chave de acesso é inválida: ela tem 44 caracteres, dígitos e letras maiúsculas.",
                "Confira a chave impressa no documento e repita.",
            ),
            Self::BadSetting => ("Há uma configuração inválida.", "Corrija a configuração e repita."),
            Self::FileNotFound => ("O arquivo não foi encontrado.", "Confira o caminho e o nome do arquivo."),
            Self::FileNoPermission => {
                ("O arquivo não pôde ser lido.", "Confira a permissão e se outro programa o mantém aberto, e repita.")
            }
            Self::FileEmpty => ("O arquivo está vazio.", "Gere o arquivo novamente e repita."),
            Self::FileTooLarge => ("O arquivo passa de 50 MB.", "Envie os documentos em arquivos menores."),
            Self::FileType => {
                ("O arquivo não é XML nem ZIP.", "Escolha o XML autorizado do CT-e, ou um ZIP com os XML.")
            }
            Self::XmlMalformed => ("O XML está malformado.", "Baixe ou gere o XML novamente e repita."),
            Self::NotEndorsable => {
                ("O XML não é de um documento que se possa averbar.", "Escolha o XML autorizado do CT-e.")
            }
            Self::KeyMismatch => ("A chave informada não é a do XML.", "Confira se o arquivo é o do documento certo."),
            Self::BadZip => {
                ("O ZIP está danificado, contém outro ZIP ou mais de 400 documentos.", "Gere o ZIP novamente.")
            }
            Self::Dns => {
                ("O endereço do serviço não foi encontrado.", "Confira a conexão com a internet (DNS) e repita.")
            }
            Self::Connect => ("Não foi possível conectar ao serviço.", "Confira a internet e o firewall, e repita."),
            Self::Tls => (
                "Não foi possível estabelecer conexão segura com o serviço.",
                "Confira a data e a hora do computador; se a empresa usa proxy ou antivírus que inspeciona conexões, \
                 peça ao suporte o certificado dele (configuração ca_pem).",
            ),
            Self::Timeout => ("O serviço não respondeu a tempo.", "Confira a internet e repita."),
            Self::BrokenOff => ("A conexão com o serviço caiu no meio da comunicação.", "Confira a internet e repita."),
            Self::Proxy => (
                "O proxy da rede recusou a conexão.",
                "Confira o endereço, o usuário e a senha do proxy com o suporte.",
            ),
            Self::Clock => ("O relógio deste computador está errado.", "Corrija a data e a hora e repita."),
            Self::HttpStatus => ("O serviço respondeu com erro.", "Aguarde alguns minutos e repita."),
            Self::Blocked => {
                ("O acesso foi bloqueado pela proteção do serviço.", "Avise o suporte (configuração user_agent).")
            }
            Self::NotUnderstood => (
                "A resposta do serviço não foi entendida.",
                "Aguarde alguns minutos e repita; se persistir, avise o suporte.",
            ),
            Self::AnswerTooLarge => ("A resposta do serviço é grande demais.", "Se persistir, avise o suporte."),
            Self::Redirect => (
                "A conexão foi desviada para outro endereço e não foi seguida, por segurança.",
                "Confira se a rede exige autenticação (Wi-Fi, proxy) e repita.",
            ),
            Self::TooMany => ("O serviço recebeu pedidos demais em pouco tempo.", "Aguarde um minuto e repita."),
            Self::BadCredentials => (
                "Usuário ou senha inválidos.",
                "Confira os dados de acesso ao AverbePorto antes de tentar de novo: várias senhas erradas bloqueiam o acesso.",
            ),
            Self::SessionExpired => {
                ("A sessão no AverbePorto expirou ou não existe.", "Faça o login novamente e repita.")
            }
            Self::Captcha => (
                "O AverbePorto exige um captcha, após várias senhas erradas.",
                "Entre no site do AverbePorto pelo navegador, resolva o captcha e só então repita.",
            ),
            Self::Rejected => {
                ("O AverbePorto rejeitou o documento.", "Confira se o arquivo é o XML autorizado do CT-e.")
            }
            Self::Denied => {
                ("O AverbePorto negou o arquivo: não o reconheceu como XML nem ZIP.", "Confira o arquivo e repita.")
            }
            Self::NotEndorsed => {
                ("O documento não está averbado.", "Envie o XML para averbação antes de iniciar a viagem.")
            }
            Self::ServiceError => {
                ("O AverbePorto informou um erro.", "Aguarde alguns minutos e repita; se persistir, avise o suporte.")
            }
            Self::TokenRefused => (
                "O Webmania recusou o acesso.",
                "Confira o token (Access Token da API 2.0) no painel do Webmania e na configuração.",
            ),
            Self::MdfePending => {
                ("O MDF-e tem pendências e não foi enviado.", "Corrija o que está em \"pendencias\" e repita.")
            }
            Self::MdfeRejected => ("A Sefaz rejeitou o MDF-e.", "Corrija o que o motivo aponta e repita."),
            Self::MdfeProcessing => (
                "O MDF-e foi recebido e ainda está em processamento.",
                "Consulte-o em alguns instantes; não emita outro nem inicie a viagem antes da autorização.",
            ),
            Self::WebmaniaError => {
                ("O Webmania informou um erro.", "Corrija o que ele aponta e repita; se persistir, avise o suporte.")
            }
            Self::SefazUnavailable => {
                ("O serviço da Sefaz está indisponível no momento.", "Aguarde alguns minutos e repita.")
            }
            Self::MdfeOpen => (
                "Existe outro MDF-e que ainda não foi encerrado.",
                "Encerre o MDF-e informado em \"mdfe_aberto\" e repita a emissão.",
            ),
            Self::MdfeDuplicate => ("Este MDF-e já foi emitido.", "Consulte o MDF-e existente em vez de emitir outro."),
            Self::MdfeNotFound => ("O MDF-e não foi encontrado.", "Confira a chave ou o uuid e repita."),
            Self::MdfeFile => {
                ("O arquivo recebido não é o que se pediu.", "Confira a situação do MDF-e e repita em alguns minutos.")
            }
            Self::MdfeNotification => (
                "A notificação não é válida.",
                "Não atualize nada por ela: consulte o MDF-e, e avise o suporte se voltar a acontecer.",
            ),
            Self::InvoicyKey => (
                "O InvoiCy recusou a chave de comunicação (CK).",
                "Confira se a chave de acesso é a da empresa (não a do parceiro) e a do ambiente certo; \"detalhe\" traz o \
                 diagnóstico.",
            ),
            Self::NfseRejected => {
                ("O InvoiCy ou a prefeitura rejeitou o pedido.", "Corrija o que o motivo aponta e envie novamente.")
            }
            Self::NfseProcessing => (
                "O InvoiCy recebeu o pedido e ele ainda está em processamento.",
                "Consulte em alguns minutos; não envie de novo.",
            ),
            Self::InvoicyError => {
                ("O InvoiCy informou um erro.", "Aguarde alguns minutos e repita; se persistir, avise o suporte.")
            }
            Self::NfseNotFound => (
                "O InvoiCy não encontrou nenhum documento.",
                "Confira o que foi pedido, a empresa e o ambiente (tpAmb).",
            ),
            Self::InvoicyRepeated => (
                "O mesmo pedido foi feito vezes demais em pouco tempo, e o InvoiCy bloqueia quem insiste.",
                "Aguarde antes de repetir este pedido.",
            ),
            Self::NfseDuplicate => {
                ("Este RPS já foi enviado.", "Consulte a NFS-e pelo IDUnico ou pelo número em vez de enviar outra.")
            }
            Self::InvoicyCertificate => (
                "O certificado digital da empresa no InvoiCy falta, venceu ou não pôde ser usado.",
                "Envie um certificado válido no painel do InvoiCy e repita.",
            ),
            Self::InvoicyCompany => (
                "A empresa está desabilitada ou sem licença no InvoiCy.",
                "Confira o cadastro e a licença da empresa com o InvoiCy.",
            ),
            Self::NfseFile => {
                ("O arquivo recebido não é o que se pediu.", "Confira a situação da NFS-e e repita em alguns minutos.")
            }
            Self::InvoicyStructure => (
                "O InvoiCy não aceita o documento como está: estrutura, tipo ou ambiente.",
                "Confira o XML, o modelo e o ambiente (tpAmb), e se o endereço é o desse ambiente.",
            ),
            Self::NfseCancelled => ("A NFS-e está cancelada.", "Emita outra com um novo RPS, se for o caso."),
            Self::Bug => ("Erro interno da biblioteca.", "Avise o suporte e informe o detalhe."),
            Self::Cancelled => ("Operação cancelada pelo usuário.", "Repita quando quiser continuar."),
        }
    }

    /// Whether doing the same again, later, can help.
    #[must_use]
    pub const fn can_repeat(self) -> bool {
        matches!(
            self,
            Self::FileNoPermission
                | Self::Dns
                | Self::Connect
                | Self::Timeout
                | Self::BrokenOff
                | Self::TooMany
                | Self::MdfeProcessing
                | Self::SefazUnavailable
        )
    }
}
