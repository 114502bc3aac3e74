//! What SEFAZ looks at in a document that is well formed: a few of its many rules, in the order in which SVRS has them.

use std::collections::HashSet;

use serde_json::Value;

use super::rejection::Rejection;

/// `emitente`: carrier for hire, own cargo, carrier that will issue a globalised CT-e.
const FOR_HIRE: u64 = 1;
const OWN_CARGO: u64 = 2;
const GLOBALISED: u64 = 3;
/// `modalidade`: by road.
const ROAD: u64 = 1;
/// `tipo_rodado`: cavalo mecânico.
const TRACTOR: &str = "03";

/// The first rule that the document breaks.
pub(super) fn rejection(document: &Value) -> Option<Rejection> {
    let broken = insurance(document).or_else(|| trailer(document)).or_else(|| drivers(document));
    broken.or_else(|| documents(document))
}

/// Whether it goes by road.
pub(super) fn is_by_road(document: &Value) -> bool {
    document["modalidade"] == ROAD
}

/// Who carries for hire by road is insured, and names insurer, policy and endorsement.
fn insurance(document: &Value) -> Option<Rejection> {
    let for_hire = document["emitente"] == FOR_HIRE || document["emitente"] == GLOBALISED;
    if !for_hire || !is_by_road(document) {
        return None;
    }
    let insurances = elements(&document["seguro"]);
    match insurances.iter().find_map(incomplete) {
        _ if insurances.is_empty() => Some(Rejection::of(698)),
        rejection => rejection,
    }
}

fn incomplete(insurance: &Value) -> Option<Rejection> {
    let is_there = |name: &str| !insurance[name].is_null();
    let responsible = &insurance["responsavel"];
    let is_contractor = responsible["tipo_responsavel"] == 2 || responsible["tipo_responsavel"] == "2";
    if !is_there("seguradora") || !is_there("numero_apolice") || elements(&insurance["numero_averbacao"]).is_empty() {
        return Some(Rejection::of(699));
    }
    let is_named = !responsible["cpf"].is_null() || !responsible["cnpj"].is_null();
    (is_contractor && !is_named).then(|| Rejection::of(542))
}

/// A tractor draws something. Assumed: the place of this rule among the others.
fn trailer(document: &Value) -> Option<Rejection> {
    let road = &document["rodoviario"];
    let alone = elements(&road["veiculo_reboque"]).is_empty();
    (road["veiculo_tracao"]["tipo_rodado"] == TRACTOR && alone).then(|| Rejection::of(523))
}

fn drivers(document: &Value) -> Option<Rejection> {
    let mut seen = HashSet::new();
    let digits = |cpf: &str| cpf.chars().filter(char::is_ascii_digit).collect::<String>();
    let mut numbers = elements(&document["rodoviario"]["condutor"]).iter().filter_map(|driver| driver["cpf"].as_str());
    numbers.any(|cpf| !seen.insert(digits(cpf))).then(|| Rejection::of(577))
}

/// Each document once, and none of a kind that this issuer does not carry.
fn documents(document: &Value) -> Option<Rejection> {
    let places = elements(&document["descarregamento"]).iter();
    let documents = places.flat_map(|place| elements(&place["documentos_fiscais"]));
    let mut seen = HashSet::new();
    documents.filter_map(|document| document["chave"].as_str()).find_map(|key| {
        let nfe = &key[20..22] == "55";
        let cte = matches!(&key[20..22], "57" | "67");
        match document["emitente"].as_u64() {
            Some(FOR_HIRE) if nfe => Some(Rejection::of(638)),
            Some(OWN_CARGO) if cte => Some(Rejection::of(639)),
            Some(GLOBALISED) if cte => Some(Rejection::of(540)),
            _ if seen.insert(key) => None,
            _ if nfe => Some(Rejection::of(669).with(&format!("[chNFe:{key}]"))),
            // Assumed: other documents as CT-e.
            _ => Some(Rejection::of(668).with(&format!("[chCTe:{key}]"))),
        }
    })
}

/// The elements of a list; none if there is no list.
fn elements(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
