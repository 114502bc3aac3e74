//! The document: every table of the seed, its fields in the order in which they stand there, and what each may be.
//!
//! Source: the seed document "Webmania, emissão de MDF-e", whose names are those of the fields and whose headings are those
//! of the tables; which fields must be filled, from the schema of MDF-e 3.00 (the seed's column for it is lost); the codes
//! from Webmania's own collection and the schema.

use serde::Serialize;
use serde_json::Value;

use super::check::Check;
use super::field::{Any, Codes, FromJson, Inner, List, Number, Required, Table, Text, for_each_field, unknown};
use super::format::Format::{
    Alphanumeric, Cep, Cnpj, Code, Cpf, Day, Decimal, Degrees, Digits, Free, Gtin, Key, Moment, Municipality, Plate,
    Uf, Url,
};
use crate::contract::ErrorEntry;

/// As many as the service takes, where the seed has "n".
const MANY: usize = 20_000;

/// An object of the document: its fields with their types and rules.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty = $rule:expr,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, Serialize)]
        pub struct $name {
            $(
                #[doc = concat!("`", stringify!($field), "`")]
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
        }

        impl FromJson for $name {
            fn from_json(json: Value, place: &str) -> Result<Self, ErrorEntry> {
                let mut table = Self::default();
                for_each_field(json, place, &mut |name, value, place| {
                    match name {
                        $(stringify!($field) => table.$field = Some(FromJson::from_json(value, place)?),)*
                        _ => return Err(unknown(place)),
                    }
                    Ok(())
                })?;
                Ok(table)
            }
        }

        impl Table for $name {
            fn check(&mut self, check: &mut Check) {
                $(check.field(stringify!($field), &mut self.$field, &$rule);)*
            }
        }
    };
}

table! {
    /// The whole of it (seed, general table).
    Mdfe {
        ambiente: Number = Required(Codes(&[(1, "produção"), (2, "homologação")])),
        url_notificacao: Text = Url,
        emitente: Number = Required(Codes(&[
            (1, "prestador de serviço de transporte"),
            (2, "transportador de carga própria"),
            (3, "prestador que emitirá CT-e globalizado"),
        ])),
        transportador: Number = Codes(&[(1, "ETC"), (2, "TAC"), (3, "CTC")]),
        modalidade: Number = Required(Codes(&[(1, "rodoviário"), (2, "aéreo"), (3, "aquaviário"), (4, "ferroviário")])),
        uf_carregamento: Text = Required(Uf),
        uf_descarregamento: Text = Required(Uf),
        valor_carga: Text = Required(Decimal(13, 2)),
        unidade: Text = Required(Code(&[("01", "KG"), ("02", "TON")])),
        peso_bruto: Text = Required(Decimal(11, 4)),
        data_inicio_viagem: Text = Moment,
        carregamento: Vec<Loading> = Required(List { least: 1, most: 50, each: Inner }),
        descarregamento: Vec<Unloading> = Required(List { least: 1, most: 1000, each: Inner }),
        percurso: Vec<Text> = List { least: 0, most: 25, each: Uf },
        produto_predominante: Product = Inner,
        periculosidade: Vec<Danger> = List { least: 0, most: MANY, each: Inner },
        seguro: Vec<Insurance> = List { least: 0, most: MANY, each: Inner },
        rodoviario: Road = Inner,
        aereo: Air = Inner,
        aquaviario: Water = Inner,
        ferroviario: Rail = Inner,
    }
}

table! {
    /// Município de carregamento.
    Loading {
        nome_municipio: Text = Required(Free(2, 60)),
        codigo_municipio: Text = Municipality,
    }
}

table! {
    /// Município de descarregamento.
    Unloading {
        nome_municipio: Text = Required(Free(2, 60)),
        codigo_municipio: Text = Municipality,
        documentos_fiscais: Vec<FiscalDocument> = Required(List { least: 1, most: 10_000, each: Inner }),
    }
}

table! {
    /// Documento fiscal. (The seed does not say to what `periculosidade` belongs: to the whole, or, as in the schema, to a
    /// document. Both are taken, and sent as they are given.)
    FiscalDocument {
        chave: Text = Required(Key),
        codigo_barra: Text = Digits(36, 36),
        indicador_reentrega: bool = Any,
        unidade_transporte: Vec<TransportUnit> = List { least: 0, most: MANY, each: Inner },
        periculosidade: Vec<Danger> = List { least: 0, most: MANY, each: Inner },
    }
}

table! {
    /// Unidade de transporte.
    TransportUnit {
        tipo: Number = Required(Codes(&[
            (1, "rodoviário tração"),
            (2, "rodoviário reboque"),
            (3, "navio"),
            (4, "balsa"),
            (5, "aeronave"),
            (6, "vagão"),
            (7, "outros"),
        ])),
        identificacao: Text = Required(Free(1, 20)),
        lacres: Vec<Text> = List { least: 0, most: MANY, each: Free(1, 20) },
        quantidade_rateada: Text = Decimal(3, 2),
        unidade_carga: Vec<CargoUnit> = List { least: 0, most: MANY, each: Inner },
    }
}

table! {
    /// Unidade de carga.
    CargoUnit {
        tipo: Number = Required(Codes(&[(1, "contêiner"), (2, "ULD"), (3, "pallet"), (4, "outros")])),
        identificacao: Text = Required(Free(1, 20)),
        lacres: Vec<Text> = List { least: 0, most: MANY, each: Free(1, 20) },
        quantidade_rateada: Text = Decimal(3, 2),
    }
}

table! {
    /// Periculosidade. (`entrega_parcial` is an object in the seed's table and a text in its example: sent as it is.)
    Danger {
        numero_onu: Text = Required(Digits(4, 4)),
        quantidade_total: Text = Required(Free(1, 20)),
        nome_embarque: Text = Free(1, 150),
        classe_risco: Text = Free(1, 40),
        grupo_embalagem: Text = Free(1, 6),
        quantidade_volumes: Text = Free(1, 60),
        entrega_parcial: Value = Any,
    }
}

table! {
    /// Produto predominante.
    Product {
        tipo_carga: Text = Required(Code(&[
            ("01", "granel sólido"),
            ("02", "granel líquido"),
            ("03", "frigorificada"),
            ("04", "conteinerizada"),
            ("05", "carga geral"),
            ("06", "neogranel"),
            ("07", "perigosa, granel sólido"),
            ("08", "perigosa, granel líquido"),
            ("09", "perigosa, frigorificada"),
            ("10", "perigosa, conteinerizada"),
            ("11", "perigosa, carga geral"),
            ("12", "granel pressurizada"),
        ])),
        nome: Text = Required(Free(2, 120)),
        gtin: Text = Gtin,
        ncm: Text = Digits(8, 8),
        lotacao: FullLoad = Inner,
    }
}

table! {
    /// Lotação.
    FullLoad {
        carregamento: Place = Required(Inner),
        descarregamento: Place = Required(Inner),
    }
}

table! {
    /// Local da lotação.
    Place {
        cep: Text = Cep,
        latitude: Text = Degrees(90),
        longitude: Text = Degrees(180),
    }
}

table! {
    /// Seguro.
    Insurance {
        responsavel: Responsible = Required(Inner),
        seguradora: Insurer = Inner,
        numero_apolice: Text = Free(1, 20),
        numero_averbacao: Vec<Text> = List { least: 0, most: MANY, each: Free(1, 40) },
    }
}

table! {
    /// Responsável pelo seguro.
    Responsible {
        tipo_responsavel: Number = Required(Codes(&[(1, "emitente do MDF-e"), (2, "contratante do transporte")])),
        cpf: Text = Cpf(542),
        cnpj: Text = Cnpj(542),
    }
}

table! {
    /// Seguradora.
    Insurer {
        nome_seguradora: Text = Required(Free(1, 30)),
        cnpj: Text = Required(Cnpj(699)),
    }
}

table! {
    /// Modalidade rodoviário.
    Road {
        rntrc: Text = Digits(8, 8),
        combinacao_veicular: Text = Code(&[
            ("02", "comercial, 2 eixos"),
            ("04", "comercial, 3 eixos"),
            ("06", "comercial, 4 eixos"),
            ("07", "comercial, 5 eixos"),
            ("08", "comercial, 6 eixos"),
            ("10", "comercial, 7 eixos"),
            ("11", "comercial, 8 eixos"),
            ("12", "comercial, 9 eixos"),
            ("13", "comercial, 10 eixos"),
            ("14", "comercial, acima de 10 eixos"),
        ]),
        veiculo_tracao: Tractor = Required(Inner),
        veiculo_reboque: Vec<Trailer> = List { least: 0, most: 3, each: Inner },
        condutor: Vec<Driver> = Required(List { least: 1, most: 10, each: Inner }),
        ciot: Vec<Ciot> = List { least: 0, most: MANY, each: Inner },
        vale_pedagio: Vec<TollVoucher> = List { least: 0, most: MANY, each: Inner },
        contratante: Vec<Contractor> = List { least: 0, most: MANY, each: Inner },
    }
}

const BODIES: &[(&str, &str)] = &[
    ("00", "não aplicável"),
    ("01", "aberta"),
    ("02", "fechada/baú"),
    ("03", "graneleira"),
    ("04", "porta-contêiner"),
    ("05", "sider"),
];

table! {
    /// Veículo de tração.
    Tractor {
        codigo_interno: Text = Free(1, 10),
        placa: Text = Required(Plate),
        renavam: Text = Digits(9, 11),
        tara: Text = Required(Digits(1, 6)),
        capacidade_kg: Text = Digits(1, 6),
        capacidade_m3: Text = Digits(1, 3),
        tipo_rodado: Text = Required(Code(&[
            ("01", "truck"),
            ("02", "toco"),
            ("03", "cavalo mecânico"),
            ("04", "van"),
            ("05", "utilitário"),
            ("06", "outros"),
        ])),
        tipo_carroceria: Text = Required(Code(BODIES)),
        uf_licenciamento: Text = Uf,
        proprietario: Owner = Inner,
    }
}

table! {
    /// Veículo de reboque.
    Trailer {
        codigo_interno: Text = Free(1, 10),
        placa: Text = Required(Plate),
        renavam: Text = Digits(9, 11),
        tara: Text = Required(Digits(1, 6)),
        capacidade_kg: Text = Required(Digits(1, 6)),
        capacidade_m3: Text = Digits(1, 3),
        tipo_carroceria: Text = Required(Code(BODIES)),
        uf_licenciamento: Text = Uf,
        proprietario: Owner = Inner,
    }
}

table! {
    /// Proprietário do veículo.
    Owner {
        cpf: Text = Cpf(718),
        cnpj: Text = Cnpj(718),
        nome_completo: Text = Free(2, 60),
        razao_social: Text = Free(2, 60),
        ie: Text = Alphanumeric(0, 14),
        rntrc: Text = Required(Digits(8, 8)),
        uf: Text = Uf,
        tipo_proprietario: Text = Required(Code(&[("0", "TAC agregado"), ("1", "TAC independente"), ("2", "outros")])),
    }
}

table! {
    /// Condutor.
    Driver {
        cpf: Text = Required(Cpf(645)),
        nome: Text = Required(Free(2, 60)),
    }
}

table! {
    /// CIOT.
    Ciot {
        codigo_ciot: Text = Required(Digits(12, 12)),
        cpf_responsavel: Text = Cpf(716),
        cnpj_responsavel: Text = Cnpj(716),
    }
}

table! {
    /// Vale-pedágio.
    TollVoucher {
        cnpj_fornecedor: Text = Required(Cnpj(215)),
        cpf_responsavel: Text = Cpf(215),
        cnpj_responsavel: Text = Cnpj(215),
        comprovante: Text = Digits(1, 20),
        valor: Text = Required(Decimal(13, 2)),
    }
}

table! {
    /// Contratante.
    Contractor {
        cpf: Text = Cpf(717),
        cnpj: Text = Cnpj(717),
    }
}

table! {
    /// Modalidade aéreo.
    Air {
        nacionalidade_aeronave: Text = Required(Free(1, 4)),
        matricula_aeronave: Text = Required(Free(1, 6)),
        numero_voo: Text = Required(Alphanumeric(5, 9)),
        aerodromo_embarque: Text = Required(Alphanumeric(3, 4)),
        aerodromo_destino: Text = Required(Alphanumeric(3, 4)),
        data_voo: Text = Required(Day),
    }
}

table! {
    /// Modalidade aquaviário.
    Water {
        irin: Text = Required(Free(1, 10)),
        tipo_embarcacao: Text = Required(Digits(2, 2)),
        codigo_embarcacao: Text = Required(Free(1, 10)),
        nome_embarcacao: Text = Required(Free(1, 60)),
        numero_viagem: Text = Required(Free(1, 10)),
        codigo_porto_embarque: Text = Required(Free(1, 5)),
        codigo_porto_destino: Text = Required(Free(1, 5)),
        porto_transbordo: Text = Free(1, 60),
        tipo_navegacao: Text = Code(&[("0", "interior"), ("1", "cabotagem")]),
        terminal_carregamento: Vec<Terminal> = List { least: 0, most: 5, each: Inner },
        terminal_descarregamento: Vec<Terminal> = List { least: 0, most: 5, each: Inner },
        embarcacao_comboio: Vec<Barge> = List { least: 0, most: 30, each: Inner },
        carga_vazia: Vec<EmptyCargoUnit> = List { least: 0, most: MANY, each: Inner },
        transporte_vazio: Vec<EmptyTransportUnit> = List { least: 0, most: MANY, each: Inner },
    }
}

table! {
    /// Terminal de carregamento ou de descarregamento.
    Terminal {
        codigo: Text = Required(Free(1, 8)),
        nome: Text = Required(Free(1, 60)),
    }
}

table! {
    /// Embarcação do comboio.
    Barge {
        codigo: Text = Required(Free(1, 10)),
        identificador_balsa: Text = Required(Free(1, 60)),
    }
}

table! {
    /// Unidade de carga vazia.
    EmptyCargoUnit {
        identificador: Text = Required(Free(1, 20)),
        tipo_unidade: Text = Required(Code(&[("1", "contêiner"), ("2", "ULD"), ("3", "pallet"), ("4", "outros")])),
    }
}

table! {
    /// Unidade de transporte vazia.
    EmptyTransportUnit {
        identificador: Text = Required(Free(1, 20)),
        tipo_unidade: Text = Required(Code(&[("1", "rodoviário tração"), ("2", "rodoviário reboque")])),
    }
}

table! {
    /// Modalidade ferroviário.
    Rail {
        trem: Train = Required(Inner),
        vagoes: Vec<Wagon> = Required(List { least: 1, most: MANY, each: Inner }),
    }
}

table! {
    /// Trem.
    Train {
        prefixo: Text = Required(Free(1, 10)),
        data_liberacao: Text = Moment,
        origem: Text = Required(Free(1, 3)),
        destino: Text = Required(Free(1, 3)),
    }
}

table! {
    /// Vagão.
    Wagon {
        peso_bc: Text = Required(Decimal(3, 3)),
        peso_real: Text = Required(Decimal(3, 3)),
        tipo_vagao: Text = Free(3, 3),
        serie: Text = Required(Free(3, 3)),
        numero: Text = Required(Digits(1, 8)),
        sequencia_vagao: Text = Digits(1, 3),
        tonelada_util: Text = Required(Decimal(3, 3)),
    }
}

impl Mdfe {
    /// Its documents, each with the places of its município and of itself.
    pub fn documents(&self) -> impl Iterator<Item = (usize, usize, &FiscalDocument)> {
        let places = self.descarregamento.iter().flatten().enumerate();
        places.flat_map(|(place, unloading)| {
            unloading.documentos_fiscais.iter().flatten().enumerate().map(move |(at, document)| (place, at, document))
        })
    }

    /// Whether `modalidade` is road.
    pub fn is_by_road(&self) -> bool {
        self.modalidade == Some(Number(1))
    }

    /// Whether the issuer carries goods of others: `emitente` 1 or 3.
    pub fn is_for_hire(&self) -> bool {
        matches!(self.emitente, Some(Number(1 | 3)))
    }
}

impl FiscalDocument {
    /// Its access key; empty if there is none.
    pub fn key(&self) -> &str {
        self.chave.as_ref().map_or("", Text::as_str)
    }

    /// Model of the document by its key: 57 is a CT-e.
    pub fn model(&self) -> &str {
        self.key().get(20..22).unwrap_or_default()
    }

    /// Whether it is a CT-e (57) or a CT-e OS (67), which are endorsed.
    pub fn is_cte(&self) -> bool {
        matches!(self.model(), "57" | "67")
    }
}
