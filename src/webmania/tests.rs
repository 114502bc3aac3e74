//! The check of documents, rule by rule: each has a change of a good document that breaks it, and one that comes close.

use serde_json::{Map, Value, json};

use super::rules::RULES;
use super::{Checked, Mdfe, check, document};
use crate::contract::Apontamento;

/// A document that nothing is wrong with.
fn good() -> Value {
    serde_json::from_str(include_str!("../../tests/fixtures/mdfe.json")).unwrap()
}

/// `patch` merged into `base` (RFC 7386). Lists are replaced.
fn merge(base: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *base = patch.clone();
        return;
    };
    if !base.is_object() {
        *base = Value::Object(Map::new());
    }
    for (name, value) in patch {
        if value.is_null() {
            base.as_object_mut().unwrap().remove(name);
        } else {
            merge(base.as_object_mut().unwrap().entry(name).or_insert(Value::Null), value);
        }
    }
}

fn with(patch: &Value) -> Mdfe {
    let mut value = good();
    merge(&mut value, patch);
    document(Some(value)).unwrap()
}

fn found(patch: &Value) -> Vec<Apontamento> {
    let Checked { pending, warnings } = check(&mut with(patch));
    pending.into_iter().chain(warnings).collect()
}

const CTE: &str = "41260599990001000198570010000047111283746517";
const OTHER_CTE: &str = "43260699990002000132570020000009821102938470";

/// A key with this model in place of its own, and the check digit that it calls for.
fn key(model: &str) -> String {
    let body = format!("{}{model}{}", &CTE[..20], &CTE[22..43]);
    let weighted = body.bytes().rev().zip((2..=9).cycle()).map(|(digit, weight)| u32::from(digit - b'0') * weight);
    let digit = match weighted.sum::<u32>() % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    format!("{body}{digit}")
}

/// A document with these keys, all in one place.
fn listing(keys: &[&str]) -> Value {
    let documents: Vec<_> = keys.iter().map(|key| json!({ "chave": key })).collect();
    json!([{"nome_municipio":"Porto Alegre","codigo_municipio":"4314902","documentos_fiscais":documents}])
}

/// So many documents, in three places.
fn crowded(count: usize) -> Value {
    let place = |name: &str, count: usize| json!({"nome_municipio":name,"documentos_fiscais":vec![json!({"chave":CTE}); count]});
    json!({"descarregamento":[place("Canoas", 9_000), place("Esteio", 9_000), place("Gravataí", count - 18_000)]})
}

/// By rejection: a document that passes, one that fails, and where.
#[allow(clippy::too_many_lines, reason = "a table")]
fn pairs() -> Vec<(u16, Value, Value, &'static str)> {
    let nfe = key("55");
    let product = |lotacao: Value| json!({"tipo_carga":"05","nome":"Autopeças","ncm":"87089990","lotacao":lotacao});
    let single = |product: Value| json!({"descarregamento":listing(&[CTE]),"produto_predominante":product});
    let places =
        json!({"carregamento":{"cep":"80010-000"},"descarregamento":{"latitude":"-30.03","longitude":"-51.23"}});
    let owner = |who: Value| {
        let mut owner = json!({"rntrc":"12345678","tipo_proprietario":"2"});
        merge(&mut owner, &who);
        json!({"rodoviario":{"veiculo_tracao":{"proprietario":owner}}})
    };
    let company = json!({"cnpj":"61198164000160","razao_social":"Transportes Sul"});
    let person = json!({"cpf":"52998224725","nome_completo":"João da Silva"});
    let and = |mut one: Value, other: Value| {
        merge(&mut one, &other);
        one
    };
    let road = |road: Value| json!({"rodoviario":road});
    let insured = |insurance: Value| json!({"seguro":[and(good()["seguro"][0].clone(), insurance)]});
    vec![
        (
            301,
            single(product(places.clone())),
            and(single(product(places.clone())), json!({"produto_predominante":{"ncm":null}})),
            "/mdfe/produto_predominante/ncm",
        ),
        (
            456,
            json!({}),
            json!({"carregamento":[{"nome_municipio":"Goiânia","codigo_municipio":"5208707"}]}),
            "/mdfe/carregamento/0/codigo_municipio",
        ),
        (
            523,
            road(
                json!({"veiculo_tracao":{"tipo_rodado":"03"},"veiculo_reboque":[{"placa":"DEF2G34","tara":7000,"capacidade_kg":30000,"tipo_carroceria":"02"}]}),
            ),
            road(json!({"veiculo_tracao":{"tipo_rodado":3}})),
            "/mdfe/rodoviario/veiculo_reboque",
        ),
        (
            540,
            json!({"emitente":3,"uf_carregamento":"RS","carregamento":[{"nome_municipio":"Pelotas","codigo_municipio":"4314407"}],"percurso":null,"descarregamento":listing(&[&nfe, &key("55").replace(' ', "")])}),
            json!({"emitente":3}),
            "/mdfe/descarregamento/0/documentos_fiscais/0/chave",
        ),
        (541, json!({}), json!({"emitente":3}), "/mdfe/emitente"),
        (
            542,
            insured(json!({"responsavel":{"tipo_responsavel":2,"cnpj":"99990001000198"}})),
            insured(json!({"responsavel":{"tipo_responsavel":2}})),
            "/mdfe/seguro/0/responsavel",
        ),
        (
            577,
            json!({}),
            road(json!({"condutor":[{"cpf":"52998224725","nome":"João"},{"cpf":"529.982.247-25","nome":"João"}]})),
            "/mdfe/rodoviario/condutor/1/cpf",
        ),
        (
            578,
            json!({"emitente":2,"descarregamento":listing(&[&nfe, OTHER_CTE]),"rodoviario":{"contratante":null}}),
            road(json!({"contratante":null})),
            "/mdfe/rodoviario/contratante",
        ),
        (580, json!({}), json!({"modalidade":2}), "/mdfe/aereo"),
        (
            601,
            json!({}),
            json!({"descarregamento":listing(&[CTE, &key("65")])}),
            "/mdfe/descarregamento/0/documentos_fiscais/1/chave",
        ),
        (
            612,
            json!({}),
            json!({"uf_descarregamento":"SC","percurso":null}),
            "/mdfe/descarregamento/0/codigo_municipio",
        ),
        (
            638,
            json!({}),
            json!({"descarregamento":listing(&[CTE, &nfe])}),
            "/mdfe/descarregamento/0/documentos_fiscais/1/chave",
        ),
        (
            639,
            json!({"emitente":2,"descarregamento":listing(&[&nfe])}),
            json!({"emitente":2}),
            "/mdfe/descarregamento/0/documentos_fiscais/0/chave",
        ),
        (
            647,
            json!({"modalidade":3,"descarregamento":listing(&[&key("58")])}),
            json!({"descarregamento":listing(&[CTE, &key("58")])}),
            "/mdfe/descarregamento/0/documentos_fiscais/1/chave",
        ),
        (663, json!({}), json!({"percurso":[]}), "/mdfe/percurso"),
        (
            668,
            json!({}),
            json!({"descarregamento":listing(&[CTE, CTE])}),
            "/mdfe/descarregamento/0/documentos_fiscais/1/chave",
        ),
        (
            669,
            json!({"descarregamento":listing(&[CTE, OTHER_CTE])}),
            json!({"emitente":2,"descarregamento":listing(&[&nfe, &nfe])}),
            "/mdfe/descarregamento/0/documentos_fiscais/1/chave",
        ),
        (
            680,
            json!({}),
            json!({"descarregamento":[listing(&[CTE])[0], listing(&[OTHER_CTE])[0]]}),
            "/mdfe/descarregamento/1",
        ),
        (684, json!({}), road(json!({"ciot":null})), "/mdfe/rodoviario/ciot"),
        (
            685,
            json!({}),
            json!({"carregamento":[{"nome_municipio":"Curitiba"},{"nome_municipio":"Curitiba"}]}),
            "/mdfe/carregamento/1",
        ),
        (688, json!({}), road(json!({"rntrc":""})), "/mdfe/rodoviario/rntrc"),
        (698, json!({}), json!({"seguro":null}), "/mdfe/seguro"),
        (699, json!({}), insured(json!({"numero_averbacao":[]})), "/mdfe/seguro/0/numero_averbacao"),
        (
            718,
            and(json!({"transportador":1}), owner(company.clone())),
            owner(json!({"cnpj":"61198164000160"})),
            "/mdfe/rodoviario/veiculo_tracao/proprietario",
        ),
        (
            726,
            single(product(places.clone())),
            single(product(
                json!({"carregamento":{"cep":"80010000","latitude":"1","longitude":"1"},"descarregamento":places["descarregamento"]}),
            )),
            "/mdfe/produto_predominante/lotacao/carregamento",
        ),
        (
            740,
            owner(company.clone()),
            and(
                json!({"descarregamento":listing(&[CTE])}),
                owner(json!({"cnpj":"99990001000198","razao_social":"A própria"})),
            ),
            "/mdfe/rodoviario/veiculo_tracao/proprietario",
        ),
        (
            741,
            and(json!({"descarregamento":listing(&[CTE])}), owner(company.clone())),
            and(
                and(json!({"descarregamento":listing(&[CTE])}), owner(company.clone())),
                road(json!({"contratante":[{"cnpj":"61198164000160"}]})),
            ),
            "/mdfe/rodoviario/contratante/0",
        ),
        (
            742,
            json!({}),
            road(json!({"contratante":[{"cnpj":"99990001000198"},{"cnpj":"99.990.001/0001-98"}]})),
            "/mdfe/rodoviario/contratante/1",
        ),
        (
            743,
            and(json!({"transportador":2}), owner(person.clone())),
            and(json!({"transportador":1}), owner(person)),
            "/mdfe/transportador",
        ),
        (
            744,
            and(json!({"transportador":1}), owner(company.clone())),
            and(json!({"transportador":2}), owner(company)),
            "/mdfe/transportador",
        ),
        (745, json!({}), json!({"transportador":1}), "/mdfe/transportador"),
        (215, crowded(20_000), crowded(20_001), "/mdfe/descarregamento"),
        (
            215,
            road(
                json!({"combinacao_veicular":"02","vale_pedagio":[{"cnpj_fornecedor":"61198164000160","cnpj_responsavel":"99990001000198","comprovante":"1","valor":12}]}),
            ),
            road(json!({"combinacao_veicular":"02"})),
            "/mdfe/rodoviario/vale_pedagio",
        ),
        (
            215,
            road(json!({"contratante":[{"cpf":"52998224725"}]})),
            road(json!({"contratante":[{}]})),
            "/mdfe/rodoviario/contratante/0",
        ),
    ]
}

#[test]
fn nothing_is_wrong_with_the_good_document() {
    assert_eq!(found(&json!({})), []);
}

#[test]
fn every_rule_has_its_pair() {
    let (rules, pairs) = (RULES.iter().map(|rule| rule.rejection), pairs());
    assert!(rules.eq(pairs.iter().map(|(rejection, ..)| *rejection)), "the pairs stand in the order of the rules");
    for (rule, (rejection, passes, fails, place)) in RULES.iter().zip(pairs) {
        let by_this_rule = |patch: &Value| {
            let all = found(patch).into_iter().filter(|finding| finding.msg == rule.msg);
            all.map(|finding| finding.campo).collect::<Vec<_>>()
        };
        assert_eq!(by_this_rule(&passes), <[String; 0]>::default(), "{rejection} passes: {passes}");
        assert!(by_this_rule(&fails).iter().any(|at| at == place), "{rejection} fails: {fails}: {:?}", found(&fails));
    }
}

#[test]
fn fields_that_are_missing_or_wrong_are_all_named() {
    let all = found(&json!({
        "ambiente": null,
        "emitente": 9,
        "modalidade": "x",
        "valor_carga": "1.234,50",
        "carregamento": [],
        "rodoviario": {"veiculo_tracao": {"placa": "AB12E4R", "tara": null}, "condutor": [{"cpf": "000.000.000-00", "nome": "J"}]},
        "url_notificacao": "siem",
    }));
    let places: Vec<_> = all.iter().map(|finding| finding.campo.as_str()).collect();
    for place in [
        "/mdfe/ambiente",
        "/mdfe/url_notificacao",
        "/mdfe/emitente",
        "/mdfe/modalidade",
        "/mdfe/valor_carga",
        "/mdfe/carregamento",
        "/mdfe/rodoviario/veiculo_tracao/placa",
        "/mdfe/rodoviario/veiculo_tracao/tara",
        "/mdfe/rodoviario/condutor/0/cpf",
        "/mdfe/rodoviario/condutor/0/nome",
    ] {
        assert!(places.contains(&place), "{place}: {places:?}");
    }
    assert!(all.iter().all(|finding| !finding.msg.is_empty() && !finding.acao.is_empty()));
}

#[test]
fn values_are_sent_as_the_seed_says() {
    let mut mdfe = with(&json!({
        "ambiente": "2",
        "valor_carga": 500,
        "unidade": 1,
        "peso_bruto": 50.5,
        "rodoviario": {
            "veiculo_tracao": {"placa": "abc-1d23", "tara": 20, "tipo_rodado": 1, "capacidade_m3": "", "uf_licenciamento": "pr"},
            "ciot": []
        },
        "descarregamento": listing(&["4126 0599 9900 0100 0198 5700 1000 0047 1112 8374 6517", OTHER_CTE]),
    }));
    assert_eq!(check(&mut mdfe).pending, []);
    let sent = serde_json::to_value(&mdfe).unwrap();
    for (pointer, value) in [
        ("/ambiente", json!(2)),
        ("/valor_carga", json!("500.00")),
        ("/unidade", json!("01")),
        ("/peso_bruto", json!("50.5000")),
        ("/rodoviario/veiculo_tracao/placa", json!("ABC1D23")),
        ("/rodoviario/veiculo_tracao/tara", json!("20")),
        ("/rodoviario/veiculo_tracao/tipo_rodado", json!("01")),
        ("/rodoviario/veiculo_tracao/uf_licenciamento", json!("PR")),
        ("/rodoviario/condutor/0/cpf", json!("52998224725")),
        ("/rodoviario/contratante/0/cnpj", json!("99990001000198")),
        ("/seguro/0/responsavel/tipo_responsavel", json!(1)),
        ("/descarregamento/0/documentos_fiscais/0/chave", json!(CTE)),
    ] {
        assert_eq!(sent.pointer(pointer), Some(&value), "{pointer}");
    }
    assert_eq!(sent.pointer("/rodoviario/veiculo_tracao/capacidade_m3"), None, "an empty text is a field left out");
}

#[test]
fn unknown_fields_are_refused_by_name() {
    let mut value = good();
    value["rodoviario"]["veiculo_tracao"]["plcaa"] = json!("ABC1D23");
    let error = document(Some(value)).unwrap_err();
    assert!(error.is(crate::contract::Code::BadField) && error.text().contains("mdfe.rodoviario.veiculo_tracao.plcaa"));
    assert_eq!(document(None).unwrap_err().code(), 1005);
}

#[test]
fn every_mode_is_checked_field_by_field() {
    for (mode, name, group, place) in [
        (
            2,
            "aereo",
            json!({"nacionalidade_aeronave":"PT","matricula_aeronave":"ABCDE","numero_voo":"AB1234","aerodromo_embarque":"CWB","aerodromo_destino":"POA","data_voo":"2026-13-11"}),
            "data_voo",
        ),
        (
            3,
            "aquaviario",
            json!({"irin":"XXXX12345","tipo_embarcacao":"01","codigo_embarcacao":"AB12345","nome_embarcacao":"Embarcação 1","numero_viagem":"AA12345","codigo_porto_embarque":"XXXXX","codigo_porto_destino":"XXXXX","terminal_carregamento":[{"codigo":"TC1","nome":"Terminal"}],"embarcacao_comboio":[{"codigo":"EC1","identificador_balsa":"Balsa 1"}],"carga_vazia":[{"identificador":"UCV1","tipo_unidade":1}],"transporte_vazio":[{"identificador":"UTV1","tipo_unidade":3}]}),
            "transporte_vazio/0/tipo_unidade",
        ),
        (
            4,
            "ferroviario",
            json!({"trem":{"prefixo":"ABC123","data_liberacao":"2022-07-11 10:00:00","origem":"A12","destino":"B34"},"vagoes":[{"peso_bc":"0.000","peso_real":"0.000","tipo_vagao":"ABC","serie":"XYZ","numero":"110","sequencia_vagao":"1","tonelada_util":"1000.000"}]}),
            "vagoes/0/tonelada_util",
        ),
    ] {
        let all = found(&json!({"modalidade":mode,"rodoviario":null,"seguro":null,name:group}));
        let places: Vec<_> = all.iter().map(|finding| finding.campo.clone()).collect();
        assert_eq!(places, [format!("/mdfe/{name}/{place}")], "{all:?}");
    }
}

#[test]
fn cargo_units_and_dangers_are_checked_field_by_field() {
    let unit = json!({"tipo":1,"identificacao":"ABC1D23","lacres":["1",2],"quantidade_rateada":"1.5",
        "unidade_carga":[{"tipo":"1","identificacao":"Contêiner 1","lacres":[""]}]});
    let danger =
        json!({"numero_onu":"1203","quantidade_total":"40000","nome_embarque":"Gasolina","entrega_parcial":"35000"});
    let mut places = listing(&[CTE, OTHER_CTE]);
    places[0]["documentos_fiscais"][0]["unidade_transporte"] = json!([unit]);
    places[0]["documentos_fiscais"][1]["periculosidade"] = json!([danger, {"numero_onu":"12"}]);
    let all = found(&json!({"descarregamento":places}));
    let at: Vec<_> = all.iter().map(|finding| finding.campo.as_str()).collect();
    let documents = "/mdfe/descarregamento/0/documentos_fiscais";
    assert_eq!(
        at,
        [
            format!("{documents}/0/unidade_transporte/0/unidade_carga/0/lacres/0"),
            format!("{documents}/1/periculosidade/1/numero_onu"),
            format!("{documents}/1/periculosidade/1/quantidade_total"),
        ]
    );
}
