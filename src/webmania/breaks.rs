//! Where a document breaks each rule of `rules.rs`: pointers to the fields that do, from the document on.

use std::collections::HashSet;

use super::document::{Contractor, Mdfe, Owner, Place};
use super::field::{Number, Text};
use super::geography::{are_neighbours, lies_in};

type Places = Vec<String>;

/// So many documents one MDF-e can have (schema).
const MOST_DOCUMENTS: usize = 20_000;

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

pub(super) fn too_many_documents(mdfe: &Mdfe, places: &mut Places) {
    if mdfe.documents().count() > MOST_DOCUMENTS {
        places.push("/descarregamento".to_owned());
    }
}

pub(super) fn full_load_without_ncm(mdfe: &Mdfe, places: &mut Places) {
    if is_full_load(mdfe) && mdfe.produto_predominante.as_ref().is_none_or(|product| product.ncm.is_none()) {
        places.push("/produto_predominante/ncm".to_owned());
    }
}

pub(super) fn full_load_without_places(mdfe: &Mdfe, places: &mut Places) {
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

pub(super) fn loading_elsewhere(mdfe: &Mdfe, places: &mut Places) {
    let uf = text(&mdfe.uf_carregamento);
    for (place, loading) in mdfe.carregamento.iter().flatten().enumerate() {
        if loading.codigo_municipio.as_ref().is_some_and(|code| !lies_in(code.as_str(), uf)) {
            places.push(format!("/carregamento/{place}/codigo_municipio"));
        }
    }
}

pub(super) fn unloading_elsewhere(mdfe: &Mdfe, places: &mut Places) {
    let uf = text(&mdfe.uf_descarregamento);
    for (place, unloading) in mdfe.descarregamento.iter().flatten().enumerate() {
        if unloading.codigo_municipio.as_ref().is_some_and(|code| !lies_in(code.as_str(), uf)) {
            places.push(format!("/descarregamento/{place}/codigo_municipio"));
        }
    }
}

pub(super) fn repeated_loading(mdfe: &Mdfe, places: &mut Places) {
    let entries = mdfe.carregamento.iter().flatten().enumerate();
    let named = entries.map(|(place, loading)| {
        (format!("/carregamento/{place}"), municipality(&loading.codigo_municipio, &loading.nome_municipio))
    });
    repeated(named, places);
}

pub(super) fn repeated_unloading(mdfe: &Mdfe, places: &mut Places) {
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
pub(super) fn broken_route(mdfe: &Mdfe, places: &mut Places) {
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

pub(super) fn without_its_mode(mdfe: &Mdfe, places: &mut Places) {
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

pub(super) fn foreign_documents(mdfe: &Mdfe, places: &mut Places) {
    documents(mdfe, places, |model| !matches!(model, "" | "55" | "57" | "58" | "67"));
}

pub(super) fn cte_of_globalised(mdfe: &Mdfe, places: &mut Places) {
    if mdfe.emitente == Some(Number(3)) {
        documents(mdfe, places, |model| matches!(model, "57" | "67"));
    }
}

pub(super) fn cte_of_own_cargo(mdfe: &Mdfe, places: &mut Places) {
    if mdfe.emitente == Some(Number(2)) {
        documents(mdfe, places, |model| matches!(model, "57" | "67"));
    }
}

pub(super) fn nfe_for_hire(mdfe: &Mdfe, places: &mut Places) {
    if mdfe.emitente == Some(Number(1)) {
        documents(mdfe, places, |model| model == "55");
    }
}

pub(super) fn mdfe_outside_water(mdfe: &Mdfe, places: &mut Places) {
    if mdfe.modalidade != Some(Number(3)) {
        documents(mdfe, places, |model| model == "58");
    }
}

pub(super) fn globalised_between_units(mdfe: &Mdfe, places: &mut Places) {
    if mdfe.emitente == Some(Number(3)) && text(&mdfe.uf_carregamento) != text(&mdfe.uf_descarregamento) {
        places.push("/emitente".to_owned());
    }
}

pub(super) fn repeated_cte(mdfe: &Mdfe, places: &mut Places) {
    repeated_keys(mdfe, places, &["57", "67"]);
}

pub(super) fn repeated_nfe(mdfe: &Mdfe, places: &mut Places) {
    repeated_keys(mdfe, places, &["55"]);
}

pub(super) fn responsible_without_document(mdfe: &Mdfe, places: &mut Places) {
    for (place, insurance) in mdfe.seguro.iter().flatten().enumerate() {
        if let Some(responsible) = &insurance.responsavel
            && responsible.tipo_responsavel == Some(Number(2))
            && responsible.cpf.is_some() == responsible.cnpj.is_some()
        {
            places.push(format!("/seguro/{place}/responsavel"));
        }
    }
}

pub(super) fn without_insurance(mdfe: &Mdfe, places: &mut Places) {
    if mdfe.is_by_road() && mdfe.is_for_hire() && mdfe.seguro.iter().flatten().next().is_none() {
        places.push("/seguro".to_owned());
    }
}

pub(super) fn incomplete_insurance(mdfe: &Mdfe, places: &mut Places) {
    if !(mdfe.is_by_road() && mdfe.is_for_hire()) {
        return;
    }
    for (place, insurance) in mdfe.seguro.iter().flatten().enumerate() {
        for (name, is_there) in [
            ("seguradora", insurance.seguradora.is_some()),
            ("numero_apolice", insurance.numero_apolice.is_some()),
            ("numero_averbacao", insurance.numero_averbacao.iter().flatten().next().is_some()),
        ] {
            if !is_there {
                places.push(format!("/seguro/{place}/{name}"));
            }
        }
    }
}

pub(super) fn tractor_without_trailer(mdfe: &Mdfe, places: &mut Places) {
    if let Some(road) = &mdfe.rodoviario
        && road.veiculo_tracao.as_ref().is_some_and(|tractor| text(&tractor.tipo_rodado) == "03")
        && road.veiculo_reboque.iter().flatten().next().is_none()
    {
        places.push("/rodoviario/veiculo_reboque".to_owned());
    }
}

pub(super) fn repeated_driver(mdfe: &Mdfe, places: &mut Places) {
    let drivers = mdfe.rodoviario.iter().flat_map(|road| road.condutor.iter().flatten()).enumerate();
    repeated(drivers.map(|(place, driver)| (format!("/rodoviario/condutor/{place}/cpf"), text(&driver.cpf))), places);
}

pub(super) fn without_contractor(mdfe: &Mdfe, places: &mut Places) {
    if mdfe.is_by_road() && mdfe.emitente == Some(Number(1)) && contractors(mdfe).next().is_none() {
        places.push("/rodoviario/contratante".to_owned());
    }
}

pub(super) fn without_rntrc(mdfe: &Mdfe, places: &mut Places) {
    let road = mdfe.rodoviario.as_ref().filter(|_| mdfe.emitente == Some(Number(1)));
    if road.is_some_and(|road| road.rntrc.is_none()) {
        places.push("/rodoviario/rntrc".to_owned());
    }
}

pub(super) fn without_ciot(mdfe: &Mdfe, places: &mut Places) {
    let road = mdfe.rodoviario.as_ref().filter(|_| mdfe.is_by_road() && mdfe.is_for_hire());
    if road.is_some_and(|road| road.ciot.iter().flatten().next().is_none()) {
        places.push("/rodoviario/ciot".to_owned());
    }
}

pub(super) fn toll_without_axles(mdfe: &Mdfe, places: &mut Places) {
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

pub(super) fn repeated_contractor(mdfe: &Mdfe, places: &mut Places) {
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

pub(super) fn nameless_owner(mdfe: &Mdfe, places: &mut Places) {
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

pub(super) fn owner_is_issuer(mdfe: &Mdfe, places: &mut Places) {
    let Some(issuer) = issuer(mdfe) else { return };
    places.extend(owners(mdfe).filter(|(_, owner)| text(&owner.cnpj) == issuer).map(|(place, _)| place));
}

pub(super) fn contractor_is_not_issuer(mdfe: &Mdfe, places: &mut Places) {
    let (Some(issuer), Some(_)) = (issuer(mdfe), owner(mdfe)) else { return };
    for (place, _) in contractors(mdfe).enumerate().filter(|(_, who)| text(&who.cnpj) != issuer) {
        places.push(format!("/rodoviario/contratante/{place}"));
    }
}

pub(super) fn owner_with_cpf_is_no_tac(mdfe: &Mdfe, places: &mut Places) {
    if owner(mdfe).is_some_and(|owner| owner.cpf.is_some()) && mdfe.transportador.is_some_and(|kind| kind != Number(2))
    {
        places.push("/transportador".to_owned());
    }
}

pub(super) fn owner_with_cnpj_is_tac(mdfe: &Mdfe, places: &mut Places) {
    if owner(mdfe).is_some_and(|owner| owner.cnpj.is_some()) && mdfe.transportador == Some(Number(2)) {
        places.push("/transportador".to_owned());
    }
}

pub(super) fn carrier_without_owner(mdfe: &Mdfe, places: &mut Places) {
    if mdfe.is_by_road() && mdfe.transportador.is_some() && owner(mdfe).is_none() {
        places.push("/transportador".to_owned());
    }
}

pub(super) fn neither_cpf_nor_cnpj(mdfe: &Mdfe, places: &mut Places) {
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
