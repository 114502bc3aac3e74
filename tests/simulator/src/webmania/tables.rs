//! The fields of every request, as the tables of the page have them: names, types and lengths. What must be there the
//! copy of the page that we have does not tell; it is what the schema of MDF-e 3.00 demands of the element that the
//! field becomes. Enumerations: schema.

use super::schema::Kind::{
    Boolean, Cep, Choice, Cnpj, Code, Cpf, Date, DateTime, Decimal, Degrees, Digits, Either, Key, List, Number, Object,
    Plate, Text, Uf, Uuid,
};
use super::schema::{Field, Kind, optional, required};

/// POST /2/mdfe/emissao.
pub(super) const EMISSAO: &[Field] = &[
    required("ambiente", Number(1, 2)),
    optional("url_notificacao", Text(1, 2000)),
    required("emitente", Number(1, 3)),
    optional("transportador", Number(1, 3)),
    required("modalidade", Number(1, 4)),
    required("uf_carregamento", Uf),
    required("uf_descarregamento", Uf),
    required("valor_carga", Decimal(13, 2)),
    required("unidade", Code(&["01", "02"])),
    required("peso_bruto", Decimal(11, 4)),
    optional("data_inicio_viagem", DateTime),
    required("carregamento", List(1, 50, &Object(CARREGAMENTO))),
    required("descarregamento", List(1, 1000, &Object(DESCARREGAMENTO))),
    optional("percurso", List(0, 25, &Uf)),
    optional("produto_predominante", Object(PRODUTO_PREDOMINANTE)),
    optional("seguro", List(0, usize::MAX, &Object(SEGURO))),
    optional("rodoviario", Object(RODOVIARIO)),
    optional("aereo", Object(AEREO)),
    optional("aquaviario", Object(AQUAVIARIO)),
    optional("ferroviario", Object(FERROVIARIO)),
];

/// PUT /2/mdfe/encerrar.
pub(super) const ENCERRAR: &[Field] = &[
    optional("uuid", Uuid),
    optional("chave", Key),
    required("uf", Uf),
    required("municipio", Text(2, 60)),
    optional("codigo_municipio", Digits(7, 7)),
];

/// PUT /2/mdfe/cancelar.
pub(super) const CANCELAR: &[Field] =
    &[optional("uuid", Uuid), optional("chave", Key), required("justificativa", Text(15, 255))];

/// PUT /2/mdfe/condutor.
pub(super) const CONDUTOR: &[Field] =
    &[optional("uuid", Uuid), optional("chave", Key), required("nome", Text(2, 60)), required("cpf", Cpf)];

const CARREGAMENTO: &[Field] = &[required("nome_municipio", Text(2, 60)), optional("codigo_municipio", Digits(7, 7))];

const DESCARREGAMENTO: &[Field] = &[
    required("nome_municipio", Text(2, 60)),
    optional("codigo_municipio", Digits(7, 7)),
    required("documentos_fiscais", List(1, 10_000, &Object(DOCUMENTO_FISCAL))),
];

/// Assumed: the place of `periculosidade`, which the page does not tell.
const DOCUMENTO_FISCAL: &[Field] = &[
    required("chave", Key),
    optional("codigo_barra", Digits(36, 36)),
    optional("indicador_reentrega", Boolean),
    optional("unidade_transporte", List(0, usize::MAX, &Object(UNIDADE_TRANSPORTE))),
    optional("periculosidade", List(0, usize::MAX, &Object(PERICULOSIDADE))),
];

const UNIDADE_TRANSPORTE: &[Field] = &[
    required("tipo", Number(1, 7)),
    required("identificacao", Text(1, 20)),
    optional("lacres", LACRES),
    optional("quantidade_rateada", Decimal(3, 2)),
    optional("unidade_carga", List(0, usize::MAX, &Object(UNIDADE_CARGA))),
];

const UNIDADE_CARGA: &[Field] = &[
    required("tipo", Number(1, 4)),
    required("identificacao", Text(1, 20)),
    optional("lacres", LACRES),
    optional("quantidade_rateada", Decimal(3, 2)),
];

const LACRES: Kind = List(0, usize::MAX, &Text(1, 20));

/// `entrega_parcial` is an object without fields in the table, and a string in the sample.
const PERICULOSIDADE: &[Field] = &[
    required("numero_onu", Text(4, 4)),
    required("quantidade_total", Text(1, 20)),
    optional("nome_embarque", Text(1, 150)),
    optional("classe_risco", Text(1, 40)),
    optional("grupo_embalagem", Text(1, 6)),
    optional("quantidade_volumes", Text(1, 60)),
    optional("entrega_parcial", Either(&Text(1, 20), &Object(&[]))),
];

/// `gtin`: 14 digits in the page; a shorter GTIN is one as well (schema).
const PRODUTO_PREDOMINANTE: &[Field] = &[
    required("tipo_carga", Code(&["01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"])),
    required("nome", Text(2, 120)),
    optional("gtin", Digits(8, 14)),
    optional("ncm", Digits(8, 8)),
    optional("lotacao", Object(LOTACAO)),
];

const LOTACAO: &[Field] = &[required("carregamento", Object(LOCAL)), required("descarregamento", Object(LOCAL))];

const LOCAL: &[Field] = &[optional("cep", Cep), optional("latitude", Degrees(2)), optional("longitude", Degrees(3))];

const SEGURO: &[Field] = &[
    required("responsavel", Object(RESPONSAVEL)),
    optional("seguradora", Object(SEGURADORA)),
    optional("numero_apolice", Text(1, 20)),
    optional("numero_averbacao", List(0, usize::MAX, &Text(1, 40))),
];

/// `tipo_responsavel` is a number in the table and a string in the sample of an emission.
const RESPONSAVEL: &[Field] = &[
    required("tipo_responsavel", Either(&Number(1, 2), &Code(&["1", "2"]))),
    optional("cpf", Cpf),
    optional("cnpj", Cnpj),
];

const SEGURADORA: &[Field] = &[required("nome_seguradora", Text(1, 30)), required("cnpj", Cnpj)];

const RODOVIARIO: &[Field] = &[
    optional("rntrc", Digits(8, 8)),
    optional("combinacao_veicular", Code(&["02", "04", "06", "07", "08", "10", "11", "12", "13", "14"])),
    required("veiculo_tracao", Object(VEICULO_TRACAO)),
    optional("veiculo_reboque", List(0, 3, &Object(VEICULO_REBOQUE))),
    required("condutor", List(1, 10, &Object(&[required("cpf", Cpf), required("nome", Text(2, 60))]))),
    optional("ciot", List(0, usize::MAX, &Choice(CIOT))),
    optional("vale_pedagio", List(0, usize::MAX, &Object(VALE_PEDAGIO))),
    optional("contratante", List(0, usize::MAX, &Choice(&[optional("cpf", Cpf), optional("cnpj", Cnpj)]))),
];

const VEICULO_TRACAO: &[Field] = &[
    optional("codigo_interno", Text(1, 10)),
    required("placa", Plate),
    optional("renavam", Digits(9, 11)),
    required("tara", Digits(1, 6)),
    optional("capacidade_kg", Digits(1, 6)),
    optional("capacidade_m3", Digits(1, 3)),
    required("tipo_rodado", Code(&["01", "02", "03", "04", "05", "06"])),
    required("tipo_carroceria", CARROCERIA),
    optional("uf_licenciamento", Uf),
    optional("proprietario", Choice(PROPRIETARIO)),
];

/// `capacidade_kg` must be there, `tipo_rodado` must not (page).
const VEICULO_REBOQUE: &[Field] = &[
    optional("codigo_interno", Text(1, 10)),
    required("placa", Plate),
    optional("renavam", Digits(9, 11)),
    required("tara", Digits(1, 6)),
    required("capacidade_kg", Digits(1, 6)),
    optional("capacidade_m3", Digits(1, 3)),
    required("tipo_carroceria", CARROCERIA),
    optional("uf_licenciamento", Uf),
    optional("proprietario", Choice(PROPRIETARIO)),
];

const CARROCERIA: Kind = Code(&["00", "01", "02", "03", "04", "05"]);

const PROPRIETARIO: &[Field] = &[
    optional("cpf", Cpf),
    optional("cnpj", Cnpj),
    optional("nome_completo", Text(2, 60)),
    optional("razao_social", Text(2, 60)),
    optional("ie", Text(0, 14)),
    optional("rntrc", Digits(8, 8)),
    optional("uf", Uf),
    required("tipo_proprietario", Code(&["0", "1", "2"])),
];

const CIOT: &[Field] =
    &[optional("cpf_responsavel", Cpf), optional("cnpj_responsavel", Cnpj), required("codigo_ciot", Digits(12, 12))];

const VALE_PEDAGIO: &[Field] = &[
    required("cnpj_fornecedor", Cnpj),
    optional("cpf_responsavel", Cpf),
    optional("cnpj_responsavel", Cnpj),
    required("comprovante", Digits(1, 20)),
    required("valor", Decimal(13, 2)),
];

const AEREO: &[Field] = &[
    required("nacionalidade_aeronave", Text(1, 4)),
    required("matricula_aeronave", Text(1, 6)),
    required("numero_voo", Text(5, 9)),
    required("aerodromo_embarque", Text(3, 4)),
    required("aerodromo_destino", Text(3, 4)),
    required("data_voo", Date),
];

const AQUAVIARIO: &[Field] = &[
    required("irin", Text(1, 10)),
    required("tipo_embarcacao", Digits(2, 2)),
    required("codigo_embarcacao", Text(1, 10)),
    required("nome_embarcacao", Text(1, 60)),
    required("numero_viagem", Text(1, 10)),
    required("codigo_porto_embarque", Text(1, 5)),
    required("codigo_porto_destino", Text(1, 5)),
    optional("porto_transbordo", Text(1, 60)),
    optional("tipo_navegacao", Code(&["0", "1"])),
    optional("terminal_carregamento", List(0, 5, &Object(TERMINAL))),
    optional("terminal_descarregamento", List(0, 5, &Object(TERMINAL))),
    optional("embarcacao_comboio", List(0, 30, &Object(EMBARCACAO))),
    optional("carga_vazia", List(0, usize::MAX, &Object(CARGA_VAZIA))),
    optional("transporte_vazio", List(0, usize::MAX, &Object(TRANSPORTE_VAZIO))),
];

const TERMINAL: &[Field] = &[required("codigo", Text(1, 8)), required("nome", Text(1, 60))];

const EMBARCACAO: &[Field] = &[required("codigo", Text(1, 10)), optional("identificador_balsa", Text(1, 60))];

/// `tipo_unidade` is a string in the tables and a number in the sample.
const CARGA_VAZIA: &[Field] = &[
    required("identificador", Text(1, 20)),
    required("tipo_unidade", Either(&Code(&["1", "2", "3", "4"]), &Number(1, 4))),
];

const TRANSPORTE_VAZIO: &[Field] =
    &[required("identificador", Text(1, 20)), required("tipo_unidade", Either(&Code(&["1", "2"]), &Number(1, 2)))];

const FERROVIARIO: &[Field] =
    &[required("trem", Object(TREM)), required("vagoes", List(1, usize::MAX, &Object(VAGAO)))];

const TREM: &[Field] = &[
    required("prefixo", Text(1, 10)),
    optional("data_liberacao", DateTime),
    required("origem", Text(1, 3)),
    required("destino", Text(1, 3)),
];

const VAGAO: &[Field] = &[
    required("peso_bc", Decimal(3, 3)),
    required("peso_real", Decimal(3, 3)),
    optional("tipo_vagao", Text(3, 3)),
    required("serie", Text(3, 3)),
    required("numero", Digits(1, 8)),
    optional("sequencia_vagao", Digits(1, 3)),
    required("tonelada_util", Decimal(3, 3)),
];
