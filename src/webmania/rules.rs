//! The rules of Sefaz that go beyond single fields: what would be rejected is told before it is sent.
//!
//! Source: MOC of MDF-e 3.00, "Regras de validação", with the technical notes 2020.001, 2021.002 and those since; each rule
//! has the number of its rejection. To add one: a line in [`RULES`], a function, and a pair in the tests below.

use std::collections::HashSet;

use super::document::{Contractor, Mdfe, Owner, Place};
use super::field::{Number, Text};
use super::geography::{are_neighbours, lies_in};
use crate::contract::Apontamento;

/// One rule.
pub struct Rule {
    /// The rejection that Sefaz gives.
    pub rejection: u16,
    /// Whether it is certain that it would: else it is something to think of.
    pub certain: bool,
    /// What is wrong (Portuguese).
    pub msg: &'static str,
    /// What to do (Portuguese).
    pub action: &'static str,
    /// Where the document breaks it: pointers from the document on.
    breaks: fn(&Mdfe, &mut Vec<String>),
}

/// Every rule, in the order of the rejections.
pub const RULES: &[Rule] = &[
    Rule {
        rejection: 301,
        certain: true,
        msg: "O NCM do produto predominante é obrigatório quando o MDF-e tem um só documento (carga lotação).",
        action: "Informe o NCM do produto.",
        breaks: full_load_without_ncm,
    },
    Rule {
        rejection: 456,
        certain: true,
        msg: "O município de carregamento não fica na UF de carregamento.",
        action: "Corrija o município ou a UF de carregamento.",
        breaks: loading_elsewhere,
    },
    Rule {
        rejection: 523,
        certain: true,
        msg: "Um cavalo mecânico precisa de pelo menos um reboque.",
        action: "Informe o veículo de reboque, ou corrija o tipo de rodado.",
        breaks: tractor_without_trailer,
    },
    Rule {
        rejection: 540,
        certain: true,
        msg: "Quem emitirá CT-e globalizado (emitente 3) relaciona NF-e, não CT-e.",
        action: "Informe as NF-e, ou corrija o tipo de emitente.",
        breaks: cte_of_globalised,
    },
    Rule {
        rejection: 541,
        certain: true,
        msg: "O emitente 3 (CT-e globalizado) só vale para viagem dentro da mesma UF.",
        action: "Corrija o tipo de emitente ou as UF da viagem.",
        breaks: globalised_between_units,
    },
    Rule {
        rejection: 542,
        certain: true,
        msg: "O contratante responsável pelo seguro precisa do seu CPF ou CNPJ, um dos dois.",
        action: "Informe o CPF ou o CNPJ do responsável pelo seguro.",
        breaks: responsible_without_document,
    },
    Rule {
        rejection: 577,
        certain: true,
        msg: "O mesmo condutor aparece mais de uma vez.",
        action: "Deixe cada condutor uma só vez.",
        breaks: repeated_driver,
    },
    Rule {
        rejection: 578,
        certain: true,
        msg: "O prestador de serviço de transporte precisa informar o contratante.",
        action: "Informe em \"contratante\" quem contratou o transporte.",
        breaks: without_contractor,
    },
    Rule {
        rejection: 580,
        certain: true,
        msg: "Falta o grupo da modalidade informada.",
        action: "Preencha o grupo (rodoviario, aereo, aquaviario ou ferroviario) da modalidade.",
        breaks: without_its_mode,
    },
    Rule {
        rejection: 601,
        certain: true,
        msg: "A chave não é de CT-e, NF-e nem MDF-e.",
        action: "Informe a chave do documento que é transportado.",
        breaks: foreign_documents,
    },
    Rule {
        rejection: 612,
        certain: true,
        msg: "O município de descarregamento não fica na UF de descarregamento: cada MDF-e tem uma só.",
        action: "Corrija o município ou a UF, ou emita um MDF-e para cada UF de descarregamento.",
        breaks: unloading_elsewhere,
    },
    Rule {
        rejection: 638,
        certain: true,
        msg: "O prestador de serviço de transporte (emitente 1) relaciona CT-e, não NF-e.",
        action: "Informe os CT-e, ou corrija o tipo de emitente.",
        breaks: nfe_for_hire,
    },
    Rule {
        rejection: 639,
        certain: true,
        msg: "O transportador de carga própria (emitente 2) relaciona NF-e, não CT-e.",
        action: "Informe as NF-e, ou corrija o tipo de emitente.",
        breaks: cte_of_own_cargo,
    },
    Rule {
        rejection: 647,
        certain: true,
        msg: "Só o MDF-e aquaviário pode relacionar outro MDF-e.",
        action: "Retire a chave do MDF-e, ou corrija a modalidade.",
        breaks: mdfe_outside_water,
    },
    Rule {
        rejection: 663,
        certain: true,
        msg: "O percurso não liga a UF de carregamento à de descarregamento por UF vizinhas.",
        action: "Informe em \"percurso\", na ordem da viagem, as UF entre a de carregamento e a de descarregamento, sem elas.",
        breaks: broken_route,
    },
    Rule {
        rejection: 668,
        certain: true,
        msg: "A mesma chave de CT-e aparece mais de uma vez.",
        action: "Deixe cada CT-e uma só vez.",
        breaks: repeated_cte,
    },
    Rule {
        rejection: 669,
        certain: true,
        msg: "A mesma chave de NF-e aparece mais de uma vez.",
        action: "Deixe cada NF-e uma só vez.",
        breaks: repeated_nfe,
    },
    Rule {
        rejection: 680,
        certain: true,
        msg: "O mesmo município de descarregamento aparece mais de uma vez.",
        action: "Junte os documentos num só descarregamento por município.",
        breaks: repeated_unloading,
    },
    Rule {
        rejection: 684,
        certain: false,
        msg: "Sem CIOT: a Sefaz passou a exigi-lo do transporte contratado em 2026.",
        action: "Se o transporte for contratado (TAC ou equiparado), informe o CIOT.",
        breaks: without_ciot,
    },
    Rule {
        rejection: 685,
        certain: true,
        msg: "O mesmo município de carregamento aparece mais de uma vez.",
        action: "Deixe cada município de carregamento uma só vez.",
        breaks: repeated_loading,
    },
    Rule {
        rejection: 688,
        certain: true,
        msg: "O prestador de serviço de transporte precisa informar o seu RNTRC.",
        action: "Informe o RNTRC do emitente.",
        breaks: without_rntrc,
    },
    Rule {
        rejection: 698,
        certain: true,
        msg: "O seguro da carga é obrigatório para o prestador de serviço de transporte rodoviário.",
        action: "Informe em \"seguro\" o responsável, a seguradora, a apólice e as averbações.",
        breaks: without_insurance,
    },
    Rule {
        rejection: 699,
        certain: true,
        msg: "Os dados do seguro estão incompletos: faltam seguradora, apólice ou averbação.",
        action: "Informe a seguradora com o CNPJ, o número da apólice e pelo menos um número de averbação.",
        breaks: incomplete_insurance,
    },
    Rule {
        rejection: 718,
        certain: true,
        msg: "O proprietário do veículo precisa do CPF com o nome completo, ou do CNPJ com a razão social.",
        action: "Informe um dos dois pares.",
        breaks: nameless_owner,
    },
    Rule {
        rejection: 726,
        certain: true,
        msg: "O MDF-e com um só documento (carga lotação) precisa dos locais de carregamento e de descarregamento, \
              cada um com o CEP ou com latitude e longitude, não os dois.",
        action: "Informe em \"lotacao\" o CEP, ou as coordenadas, de cada local.",
        breaks: full_load_without_places,
    },
    Rule {
        rejection: 740,
        certain: false,
        msg: "O proprietário do veículo parece ser o próprio emitente, pela chave dos CT-e.",
        action: "Só preencha o proprietário quando o veículo não for do emitente.",
        breaks: owner_is_issuer,
    },
    Rule {
        rejection: 741,
        certain: false,
        msg: "Com proprietário do veículo informado, o contratante deve ser o próprio emitente, e não parece ser, pela chave \
              dos CT-e.",
        action: "Informe como contratante o CNPJ do emitente.",
        breaks: contractor_is_not_issuer,
    },
    Rule {
        rejection: 742,
        certain: true,
        msg: "O mesmo contratante aparece mais de uma vez.",
        action: "Deixe cada contratante uma só vez.",
        breaks: repeated_contractor,
    },
    Rule {
        rejection: 743,
        certain: true,
        msg: "Com proprietário pessoa física (CPF), o tipo de transportador deve ser 2 (TAC).",
        action: "Corrija o campo \"transportador\" ou o proprietário.",
        breaks: owner_with_cpf_is_no_tac,
    },
    Rule {
        rejection: 744,
        certain: true,
        msg: "Com proprietário pessoa jurídica (CNPJ), o tipo de transportador deve ser 1 (ETC) ou 3 (CTC).",
        action: "Corrija o campo \"transportador\" ou o proprietário.",
        breaks: owner_with_cnpj_is_tac,
    },
    Rule {
        rejection: 745,
        certain: true,
        msg: "O tipo de transportador só pode ser informado com o proprietário do veículo de tração.",
        action: "Retire o campo \"transportador\", ou informe o proprietário.",
        breaks: carrier_without_owner,
    },
    Rule {
        rejection: 215,
        certain: true,
        msg: "Vale-pedágio e combinação veicular vão juntos.",
        action: "Informe os dois, ou nenhum.",
        breaks: toll_without_axles,
    },
    Rule {
        rejection: 215,
        certain: true,
        msg: "Informe o CPF ou o CNPJ, um dos dois.",
        action: "Preencha um dos dois campos e deixe o outro vazio.",
        breaks: neither_cpf_nor_cnpj,
    },
];

/// Where `mdfe`, whose single fields are checked, breaks a rule: what would be rejected, and what is to be thought of.
pub fn check(mdfe: &Mdfe) -> (Vec<Apontamento>, Vec<Apontamento>) {
    let (mut certain, mut possible) = (Vec::new(), Vec::new());
    for rule in RULES {
        let mut places = Vec::new();
        (rule.breaks)(mdfe, &mut places);
        let findings = if rule.certain { &mut certain } else { &mut possible };
        findings.extend(places.into_iter().map(|place| Apontamento {
            campo: format!("/mdfe{place}"),
            rejeicao: Some(rule.rejection),
            msg: rule.msg.to_owned(),
            acao: rule.action.to_owned(),
        }));
    }
    (certain, possible)
}

type Places = Vec<String>;

fn text(value: &Option<Text>) -> &str {
    value.as_ref().map_or("", Text::as_str)
}

/// The places at which something stands that stood before.
fn repeated<'a>(entries: impl Iterator<Item = (String, &'a str)>, places: &mut Places) {
    let mut seen = HashSet::new();
    places.extend(entries.filter(|(_, what)| !what.is_empty() && !seen.insert(*what)).map(|(place, _)| place));
}

/// The places of documents that are `wrong`.
fn documents(mdfe: &Mdfe, places: &mut Places, wrong: impl Fn(&str) -> bool) {
    let wrong = mdfe.documents().filter(|(_, _, document)| wrong(document.model()));
    places.extend(wrong.map(|(place, at, _)| place_of(place, at)));
}

fn place_of(place: usize, at: usize) -> String {
    format!("/descarregamento/{place}/documentos_fiscais/{at}/chave")
}

fn repeated_keys(mdfe: &Mdfe, places: &mut Places, models: &[&str]) {
    let of_model = mdfe.documents().filter(|(_, _, document)| models.contains(&document.model()));
    repeated(of_model.map(|(place, at, document)| (place_of(place, at), document.key())), places);
}

fn is_full_load(mdfe: &Mdfe) -> bool {
    mdfe.is_by_road() && mdfe.documents().take(2).count() == 1
}

fn full_load_without_ncm(mdfe: &Mdfe, places: &mut Places) {
    if is_full_load(mdfe) && mdfe.produto_predominante.as_ref().is_none_or(|product| product.ncm.is_none()) {
        places.push("/produto_predominante/ncm".to_owned());
    }
}

fn full_load_without_places(mdfe: &Mdfe, places: &mut Places) {
    let load = mdfe.produto_predominante.as_ref().and_then(|product| product.lotacao.as_ref());
    if load.is_none() && !is_full_load(mdfe) {
        return;
    }
    let found = |place: Option<&Place>| {
        place.is_some_and(|place| {
            let coordinates = [&place.latitude, &place.longitude].map(Option::is_some);
            matches!((place.cep.is_some(), coordinates), (true, [false, false]) | (false, [true, true]))
        })
    };
    for (name, place) in [
        ("carregamento", load.and_then(|load| load.carregamento.as_ref())),
        ("descarregamento", load.and_then(|load| load.descarregamento.as_ref())),
    ] {
        if !found(place) {
            places.push(format!("/produto_predominante/lotacao/{name}"));
        }
    }
}

fn loading_elsewhere(mdfe: &Mdfe, places: &mut Places) {
    let uf = text(&mdfe.uf_carregamento);
    for (place, loading) in mdfe.carregamento.iter().flatten().enumerate() {
        if loading.codigo_municipio.as_ref().is_some_and(|code| !lies_in(code.as_str(), uf)) {
            places.push(format!("/carregamento/{place}/codigo_municipio"));
        }
    }
}

fn unloading_elsewhere(mdfe: &Mdfe, places: &mut Places) {
    let uf = text(&mdfe.uf_descarregamento);
    for (place, unloading) in mdfe.descarregamento.iter().flatten().enumerate() {
        if unloading.codigo_municipio.as_ref().is_some_and(|code| !lies_in(code.as_str(), uf)) {
            places.push(format!("/descarregamento/{place}/codigo_municipio"));
        }
    }
}

fn repeated_loading(mdfe: &Mdfe, places: &mut Places) {
    let entries = mdfe.carregamento.iter().flatten().enumerate();
    let named = entries.map(|(place, loading)| {
        (format!("/carregamento/{place}"), municipality(&loading.codigo_municipio, &loading.nome_municipio))
    });
    repeated(named, places);
}

fn repeated_unloading(mdfe: &Mdfe, places: &mut Places) {
    let entries = mdfe.descarregamento.iter().flatten().enumerate();
    let named = entries.map(|(place, unloading)| {
        (format!("/descarregamento/{place}"), municipality(&unloading.codigo_municipio, &unloading.nome_municipio))
    });
    repeated(named, places);
}

/// By its code, or its name where there is none.
fn municipality<'a>(code: &'a Option<Text>, name: &'a Option<Text>) -> &'a str {
    text(if code.is_some() { code } else { name })
}

/// From the one to the other, over what lies between. Only a lorry needs a road.
fn broken_route(mdfe: &Mdfe, places: &mut Places) {
    let (from, to) = (text(&mdfe.uf_carregamento), text(&mdfe.uf_descarregamento));
    if !mdfe.is_by_road() || from.is_empty() || to.is_empty() {
        return;
    }
    let between = mdfe.percurso.iter().flatten().map(Text::as_str);
    let route: Vec<_> = [from].into_iter().chain(between).chain([to]).collect();
    let stays = route.len() == 2 && from == to;
    if !stays && route.windows(2).any(|pair| !are_neighbours(pair[0], pair[1])) {
        places.push("/percurso".to_owned());
    }
}

fn without_its_mode(mdfe: &Mdfe, places: &mut Places) {
    let modes = [
        ("rodoviario", mdfe.rodoviario.is_some()),
        ("aereo", mdfe.aereo.is_some()),
        ("aquaviario", mdfe.aquaviario.is_some()),
        ("ferroviario", mdfe.ferroviario.is_some()),
    ];
    let Some(Number(mode @ 1..=4)) = mdfe.modalidade else { return };
    let (name, is_there) = modes[usize::from(mode) - 1];
    if !is_there {
        places.push(format!("/{name}"));
    }
}

fn foreign_documents(mdfe: &Mdfe, places: &mut Places) {
    documents(mdfe, places, |model| !matches!(model, "" | "55" | "57" | "58" | "67"));
}

fn cte_of_globalised(mdfe: &Mdfe, places: &mut Places) {
    if mdfe.emitente == Some(Number(3)) {
        documents(mdfe, places, |model| matches!(model, "57" | "67"));
    }
}

fn cte_of_own_cargo(mdfe: &Mdfe, places: &mut Places) {
    if mdfe.emitente == Some(Number(2)) {
        documents(mdfe, places, |model| matches!(model, "57" | "67"));
    }
}

fn nfe_for_hire(mdfe: &Mdfe, places: &mut Places) {
    if mdfe.emitente == Some(Number(1)) {
        documents(mdfe, places, |model| model == "55");
    }
}

fn mdfe_outside_water(mdfe: &Mdfe, places: &mut Places) {
    if mdfe.modalidade != Some(Number(3)) {
        documents(mdfe, places, |model| model == "58");
    }
}

fn globalised_between_units(mdfe: &Mdfe, places: &mut Places) {
    if mdfe.emitente == Some(Number(3)) && text(&mdfe.uf_carregamento) != text(&mdfe.uf_descarregamento) {
        places.push("/emitente".to_owned());
    }
}

fn repeated_cte(mdfe: &Mdfe, places: &mut Places) {
    repeated_keys(mdfe, places, &["57", "67"]);
}

fn repeated_nfe(mdfe: &Mdfe, places: &mut Places) {
    repeated_keys(mdfe, places, &["55"]);
}

fn responsible_without_document(mdfe: &Mdfe, places: &mut Places) {
    for (place, insurance) in mdfe.seguro.iter().flatten().enumerate() {
        if let Some(responsible) = &insurance.responsavel
            && responsible.tipo_responsavel == Some(Number(2))
            && responsible.cpf.is_some() == responsible.cnpj.is_some()
        {
            places.push(format!("/seguro/{place}/responsavel"));
        }
    }
}

fn without_insurance(mdfe: &Mdfe, places: &mut Places) {
    if mdfe.is_by_road() && mdfe.is_for_hire() && mdfe.seguro.iter().flatten().next().is_none() {
        places.push("/seguro".to_owned());
    }
}

fn incomplete_insurance(mdfe: &Mdfe, places: &mut Places) {
    if !(mdfe.is_by_road() && mdfe.is_for_hire()) {
        return;
    }
    for (place, insurance) in mdfe.seguro.iter().flatten().enumerate() {
        for (name, is_there) in [
            ("seguradora", insurance.seguradora.is_some()),
            ("numero_apolice", insurance.numero_apolice.is_some()),
            (ENDORSEMENTS, insurance.numero_averbacao.iter().flatten().next().is_some()),
        ] {
            if !is_there {
                places.push(format!("/seguro/{place}/{name}"));
            }
        }
    }
}

/// The field of the endorsement numbers.
pub const ENDORSEMENTS: &str = "numero_averbacao";

fn tractor_without_trailer(mdfe: &Mdfe, places: &mut Places) {
    if let Some(road) = &mdfe.rodoviario
        && road.veiculo_tracao.as_ref().is_some_and(|tractor| text(&tractor.tipo_rodado) == "03")
        && road.veiculo_reboque.iter().flatten().next().is_none()
    {
        places.push("/rodoviario/veiculo_reboque".to_owned());
    }
}

fn repeated_driver(mdfe: &Mdfe, places: &mut Places) {
    let drivers = mdfe.rodoviario.iter().flat_map(|road| road.condutor.iter().flatten()).enumerate();
    repeated(drivers.map(|(place, driver)| (format!("/rodoviario/condutor/{place}/cpf"), text(&driver.cpf))), places);
}

fn without_contractor(mdfe: &Mdfe, places: &mut Places) {
    if mdfe.is_by_road() && mdfe.emitente == Some(Number(1)) && contractors(mdfe).next().is_none() {
        places.push("/rodoviario/contratante".to_owned());
    }
}

fn without_rntrc(mdfe: &Mdfe, places: &mut Places) {
    let road = mdfe.rodoviario.as_ref().filter(|_| mdfe.emitente == Some(Number(1)));
    if road.is_some_and(|road| road.rntrc.is_none()) {
        places.push("/rodoviario/rntrc".to_owned());
    }
}

fn without_ciot(mdfe: &Mdfe, places: &mut Places) {
    let road = mdfe.rodoviario.as_ref().filter(|_| mdfe.is_by_road() && mdfe.is_for_hire());
    if road.is_some_and(|road| road.ciot.iter().flatten().next().is_none()) {
        places.push("/rodoviario/ciot".to_owned());
    }
}

fn toll_without_axles(mdfe: &Mdfe, places: &mut Places) {
    let Some(road) = &mdfe.rodoviario else { return };
    match (road.vale_pedagio.iter().flatten().next().is_some(), road.combinacao_veicular.is_some()) {
        (true, false) => places.push("/rodoviario/combinacao_veicular".to_owned()),
        (false, true) => places.push("/rodoviario/vale_pedagio".to_owned()),
        _ => {}
    }
}

fn contractors(mdfe: &Mdfe) -> impl Iterator<Item = &Contractor> {
    mdfe.rodoviario.iter().flat_map(|road| road.contratante.iter().flatten())
}

/// The document that names someone: CPF or CNPJ.
fn named<'a>(cpf: &'a Option<Text>, cnpj: &'a Option<Text>) -> &'a str {
    text(if cpf.is_some() { cpf } else { cnpj })
}

fn repeated_contractor(mdfe: &Mdfe, places: &mut Places) {
    let all = contractors(mdfe).enumerate();
    repeated(all.map(|(place, who)| (format!("/rodoviario/contratante/{place}"), named(&who.cpf, &who.cnpj))), places);
}

fn owner(mdfe: &Mdfe) -> Option<&Owner> {
    mdfe.rodoviario.as_ref()?.veiculo_tracao.as_ref()?.proprietario.as_ref()
}

/// The owners of all vehicles, each with its place.
fn owners(mdfe: &Mdfe) -> impl Iterator<Item = (String, &Owner)> {
    let trailers = mdfe.rodoviario.iter().flat_map(|road| road.veiculo_reboque.iter().flatten()).enumerate();
    let of_trailers = trailers.filter_map(|(place, trailer)| {
        Some((format!("/rodoviario/veiculo_reboque/{place}/proprietario"), trailer.proprietario.as_ref()?))
    });
    owner(mdfe)
        .map(|owner| ("/rodoviario/veiculo_tracao/proprietario".to_owned(), owner))
        .into_iter()
        .chain(of_trailers)
}

fn nameless_owner(mdfe: &Mdfe, places: &mut Places) {
    let right = |owner: &Owner| {
        let person = owner.cpf.is_some() && owner.nome_completo.is_some();
        let company = owner.cnpj.is_some() && owner.razao_social.is_some();
        person != company && owner.cpf.is_some() != owner.cnpj.is_some()
    };
    places.extend(owners(mdfe).filter(|(_, owner)| !right(owner)).map(|(place, _)| place));
}

/// The CNPJ that issued the CT-e, if it is one: a carrier's MDF-e lists its own.
fn issuer(mdfe: &Mdfe) -> Option<&str> {
    let mut issuers = mdfe
        .documents()
        .filter(|(_, _, document)| document.is_cte())
        .filter_map(|(_, _, document)| document.key().get(6..20));
    let first = issuers.next()?;
    issuers.all(|other| other == first).then_some(first)
}

fn owner_is_issuer(mdfe: &Mdfe, places: &mut Places) {
    let Some(issuer) = issuer(mdfe) else { return };
    places.extend(owners(mdfe).filter(|(_, owner)| text(&owner.cnpj) == issuer).map(|(place, _)| place));
}

fn contractor_is_not_issuer(mdfe: &Mdfe, places: &mut Places) {
    let (Some(issuer), Some(_)) = (issuer(mdfe), owner(mdfe)) else { return };
    for (place, _) in contractors(mdfe).enumerate().filter(|(_, who)| text(&who.cnpj) != issuer) {
        places.push(format!("/rodoviario/contratante/{place}"));
    }
}

fn owner_with_cpf_is_no_tac(mdfe: &Mdfe, places: &mut Places) {
    if owner(mdfe).is_some_and(|owner| owner.cpf.is_some()) && mdfe.transportador.is_some_and(|kind| kind != Number(2))
    {
        places.push("/transportador".to_owned());
    }
}

fn owner_with_cnpj_is_tac(mdfe: &Mdfe, places: &mut Places) {
    if owner(mdfe).is_some_and(|owner| owner.cnpj.is_some()) && mdfe.transportador == Some(Number(2)) {
        places.push("/transportador".to_owned());
    }
}

fn carrier_without_owner(mdfe: &Mdfe, places: &mut Places) {
    if mdfe.is_by_road() && mdfe.transportador.is_some() && owner(mdfe).is_none() {
        places.push("/transportador".to_owned());
    }
}

fn neither_cpf_nor_cnpj(mdfe: &Mdfe, places: &mut Places) {
    let Some(road) = &mdfe.rodoviario else { return };
    let one = |cpf: &Option<Text>, cnpj: &Option<Text>| cpf.is_some() != cnpj.is_some();
    for (place, who) in road.contratante.iter().flatten().enumerate() {
        if !one(&who.cpf, &who.cnpj) {
            places.push(format!("/rodoviario/contratante/{place}"));
        }
    }
    for (place, ciot) in road.ciot.iter().flatten().enumerate() {
        if !one(&ciot.cpf_responsavel, &ciot.cnpj_responsavel) {
            places.push(format!("/rodoviario/ciot/{place}"));
        }
    }
    for (place, toll) in road.vale_pedagio.iter().flatten().enumerate() {
        if toll.cpf_responsavel.is_some() && toll.cnpj_responsavel.is_some() {
            places.push(format!("/rodoviario/vale_pedagio/{place}"));
        }
    }
}
