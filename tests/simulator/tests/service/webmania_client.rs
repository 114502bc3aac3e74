//! A client of Webmania's API that writes its requests by hand.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use reqwest::blocking::RequestBuilder;
use serde_json::{Value, json};
use simulator::{Config, DEFAULT_TOKEN, Simulator};

use crate::client::{Answered, Client, answered};

pub const JSON: &str = "application/json";

pub struct Webmania(pub Client);

/// A simulator with this configuration, and a client over HTTPS.
pub fn started(config: Config) -> (Simulator, Webmania) {
    let simulator = Simulator::start(config).expect("started");
    let client = Webmania(Client::of(&simulator));
    (simulator, client)
}

impl Webmania {
    pub fn get(&self, path: &str) -> Answered {
        answered(with_token(self.0.get(path)))
    }

    pub fn consulta(&self, name: &str) -> Answered {
        self.get(&format!("/2/mdfe/consulta/{name}"))
    }

    pub fn emissao(&self, document: &Value) -> Answered {
        self.send("POST", "/2/mdfe/emissao", document)
    }

    /// An emission that must be approved.
    pub fn emitted(&self) -> Value {
        let answer = self.emissao(&document()).json();
        assert_eq!(answer["status"], "aprovado", "{answer}");
        answer
    }

    pub fn put(&self, call: &str, body: &Value) -> Answered {
        self.send("PUT", &format!("/2/mdfe/{call}"), body)
    }

    pub fn encerrar(&self, mdfe: &Value) -> Answered {
        self.put("encerrar", &json!({"uuid": mdfe["uuid"], "uf": "PR", "municipio": "Curitiba"}))
    }

    pub fn cancelar(&self, mdfe: &Value) -> Answered {
        self.put(
            "cancelar",
            &json!({"chave": mdfe["chave"], "justificativa": "Cancelado por motivos administrativos."}),
        )
    }

    pub fn condutor(&self, mdfe: &Value) -> Answered {
        self.put("condutor", &json!({"chave": mdfe["chave"], "cpf": "000.000.000-00", "nome": "Novo Condutor"}))
    }

    pub fn send(&self, method: &str, path: &str, body: &Value) -> Answered {
        answered(with_token(self.0.request(method, path, JSON, body.to_string())))
    }
}

pub fn with_token(request: RequestBuilder) -> RequestBuilder {
    request.header("Authorization", format!("Bearer {DEFAULT_TOKEN}"))
}

/// The key of a CT-e of this number.
pub fn cte(number: u32) -> String {
    crate::client::key(number)
}

/// What a carrier for hire sends: the page's sample with insurance.
pub fn document() -> Value {
    json!({
        "ambiente": 2,
        "emitente": 1,
        "transportador": 1,
        "modalidade": 1,
        "uf_carregamento": "GO",
        "uf_descarregamento": "PR",
        "valor_carga": "500.00",
        "unidade": "01",
        "peso_bruto": "50.0000",
        "carregamento": [
            {"codigo_municipio": "5208707", "nome_municipio": "Goiânia"},
            {"codigo_municipio": "5201405", "nome_municipio": "Aparecida de Goiânia"}
        ],
        "descarregamento": [{
            "codigo_municipio": "4106902",
            "nome_municipio": "Curitiba",
            "documentos_fiscais": [{"chave": cte(1)}, {"chave": cte(2)}]
        }],
        "percurso": ["MG", "SP"],
        "rodoviario": {
            "rntrc": "12345678",
            "veiculo_tracao": {
                "placa": "AB12E4R",
                "tara": "20",
                "uf_licenciamento": "GO",
                "tipo_rodado": "01",
                "tipo_carroceria": "00",
                "proprietario": {
                    "cnpj": "00.000.000/0000-00",
                    "razao_social": "Proprietário 1",
                    "ie": "00000",
                    "uf": "GO",
                    "tipo_proprietario": "2"
                }
            },
            "condutor": [{"cpf": "000.000.000-00", "nome": "Condutor 1"}],
            "ciot": [{"codigo_ciot": "000000000000", "cpf_responsavel": "000.000.000-00"}]
        },
        "seguro": [{
            "responsavel": {"tipo_responsavel": 1},
            "seguradora": {"nome_seguradora": "Seguradora 1", "cnpj": "00.000.000/0000-00"},
            "numero_apolice": "00000000000000",
            "numero_averbacao": ["000000"]
        }],
        "produto_predominante": {
            "tipo_carga": "01",
            "nome": "Produto 1",
            "lotacao": {"carregamento": {"cep": "00000-000"}, "descarregamento": {"cep": "00000-000"}}
        }
    })
}

/// The document with this in place of what is at the pointer, or at its end when nothing is.
pub fn document_with(pointer: &str, value: Value) -> Value {
    let mut document = document();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    document.pointer_mut(parent).expect("something there")[name] = value;
    document
}

/// The document without what is at the pointer.
pub fn document_without(pointer: &str) -> Value {
    let mut document = document();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = document.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
    assert!(parent.remove(name).is_some(), "{pointer} was there");
    document
}

/// Listens for this many requests on this machine; gives an address, and their bodies when they have come. Each is
/// answered with HTTP 204.
pub fn listener(requests: usize) -> (String, JoinHandle<Vec<Value>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/mdfe?loja=1", listener.local_addr().expect("an address"));
    let bodies = thread::spawn(move || (0..requests).map(|_| take(&listener)).collect());
    (url, bodies)
}

fn take(listener: &TcpListener) -> Value {
    let (stream, _) = listener.accept().expect("a connection");
    let mut stream = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    stream.read_line(&mut line).expect("a request");
    assert_eq!(line, "POST /mdfe?loja=1 HTTP/1.1\r\n");
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).expect("a header");
        length = line.strip_prefix("Content-Length: ").map_or(length, |value| value.trim().parse().expect("a number"));
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("a body");
    stream.get_mut().write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").expect("somebody who listens");
    serde_json::from_slice(&body).expect("JSON")
}
