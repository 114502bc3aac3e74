//! The rules of Sefaz that go beyond single fields: what would be rejected is told before it is sent.
//!
//! Source: MOC of MDF-e 3.00, "Regras de validação", with the technical notes 2020.001, 2021.002 and those since; each rule
//! has the number of its rejection. To add one: an entry in [`RULES`], a function in `breaks.rs`, and
//! a pair in `tests.rs`.

use super::breaks;
use super::document::Mdfe;
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
        breaks: breaks::full_load_without_ncm,
    },
    Rule {
        rejection: 456,
        certain: true,
        msg: "O município de carregamento não fica na UF de carregamento.",
        action: "Corrija o município ou a UF de carregamento.",
        breaks: breaks::loading_elsewhere,
    },
    Rule {
        rejection: 523,
        certain: true,
        msg: "Um cavalo mecânico precisa de pelo menos um reboque.",
        action: "Informe o veículo de reboque, ou corrija o tipo de rodado.",
        breaks: breaks::tractor_without_trailer,
    },
    Rule {
        rejection: 540,
        certain: true,
        msg: "Quem emitirá CT-e globalizado (emitente 3) relaciona NF-e, não CT-e.",
        action: "Informe as NF-e, ou corrija o tipo de emitente.",
        breaks: breaks::cte_of_globalised,
    },
    Rule {
        rejection: 541,
        certain: true,
        msg: "O emitente 3 (CT-e globalizado) só vale para viagem dentro da mesma UF.",
        action: "Corrija o tipo de emitente ou as UF da viagem.",
        breaks: breaks::globalised_between_units,
    },
    Rule {
        rejection: 542,
        certain: true,
        msg: "O contratante responsável pelo seguro precisa do seu CPF ou CNPJ, um dos dois.",
        action: "Informe o CPF ou o CNPJ do responsável pelo seguro.",
        breaks: breaks::responsible_without_document,
    },
    Rule {
        rejection: 577,
        certain: true,
        msg: "O mesmo condutor aparece mais de uma vez.",
        action: "Deixe cada condutor uma só vez.",
        breaks: breaks::repeated_driver,
    },
    Rule {
        rejection: 578,
        certain: true,
        msg: "O prestador de serviço de transporte precisa informar o contratante.",
        action: "Informe em \"contratante\" quem contratou o transporte.",
        breaks: breaks::without_contractor,
    },
    Rule {
        rejection: 580,
        certain: true,
        msg: "Falta o grupo da modalidade informada.",
        action: "Preencha o grupo (rodoviario, aereo, aquaviario ou ferroviario) da modalidade.",
        breaks: breaks::without_its_mode,
    },
    Rule {
        rejection: 601,
        certain: true,
        msg: "A chave não é de CT-e, NF-e nem MDF-e.",
        action: "Informe a chave do documento que é transportado.",
        breaks: breaks::foreign_documents,
    },
    Rule {
        rejection: 612,
        certain: true,
        msg: "O município de descarregamento não fica na UF de descarregamento: cada MDF-e tem uma só.",
        action: "Corrija o município ou a UF, ou emita um MDF-e para cada UF de descarregamento.",
        breaks: breaks::unloading_elsewhere,
    },
    Rule {
        rejection: 638,
        certain: true,
        msg: "O prestador de serviço de transporte (emitente 1) relaciona CT-e, não NF-e.",
        action: "Informe os CT-e, ou corrija o tipo de emitente.",
        breaks: breaks::nfe_for_hire,
    },
    Rule {
        rejection: 639,
        certain: true,
        msg: "O transportador de carga própria (emitente 2) relaciona NF-e, não CT-e.",
        action: "Informe as NF-e, ou corrija o tipo de emitente.",
        breaks: breaks::cte_of_own_cargo,
    },
    Rule {
        rejection: 647,
        certain: true,
        msg: "Só o MDF-e aquaviário pode relacionar outro MDF-e.",
        action: "Retire a chave do MDF-e, ou corrija a modalidade.",
        breaks: breaks::mdfe_outside_water,
    },
    Rule {
        rejection: 663,
        certain: true,
        msg: "O percurso não liga a UF de carregamento à de descarregamento por UF vizinhas.",
        action: "Informe em \"percurso\", na ordem da viagem, as UF entre a de carregamento e a de descarregamento, sem elas.",
        breaks: breaks::broken_route,
    },
    Rule {
        rejection: 668,
        certain: true,
        msg: "A mesma chave de CT-e aparece mais de uma vez.",
        action: "Deixe cada CT-e uma só vez.",
        breaks: breaks::repeated_cte,
    },
    Rule {
        rejection: 669,
        certain: true,
        msg: "A mesma chave de NF-e aparece mais de uma vez.",
        action: "Deixe cada NF-e uma só vez.",
        breaks: breaks::repeated_nfe,
    },
    Rule {
        rejection: 680,
        certain: true,
        msg: "O mesmo município de descarregamento aparece mais de uma vez.",
        action: "Junte os documentos num só descarregamento por município.",
        breaks: breaks::repeated_unloading,
    },
    Rule {
        rejection: 684,
        certain: false,
        msg: "Sem CIOT: a Sefaz passou a exigi-lo do transporte contratado em 2026.",
        action: "Se o transporte for contratado (TAC ou equiparado), informe o CIOT.",
        breaks: breaks::without_ciot,
    },
    Rule {
        rejection: 685,
        certain: true,
        msg: "O mesmo município de carregamento aparece mais de uma vez.",
        action: "Deixe cada município de carregamento uma só vez.",
        breaks: breaks::repeated_loading,
    },
    Rule {
        rejection: 688,
        certain: true,
        msg: "O prestador de serviço de transporte precisa informar o seu RNTRC.",
        action: "Informe o RNTRC do emitente.",
        breaks: breaks::without_rntrc,
    },
    Rule {
        rejection: 698,
        certain: true,
        msg: "O seguro da carga é obrigatório para o prestador de serviço de transporte rodoviário.",
        action: "Informe em \"seguro\" o responsável, a seguradora, a apólice e as averbações.",
        breaks: breaks::without_insurance,
    },
    Rule {
        rejection: 699,
        certain: true,
        msg: "Os dados do seguro estão incompletos: faltam seguradora, apólice ou averbação.",
        action: "Informe a seguradora com o CNPJ, o número da apólice e pelo menos um número de averbação.",
        breaks: breaks::incomplete_insurance,
    },
    Rule {
        rejection: 718,
        certain: true,
        msg: "O proprietário do veículo precisa do CPF com o nome completo, ou do CNPJ com a razão social.",
        action: "Informe um dos dois pares.",
        breaks: breaks::nameless_owner,
    },
    Rule {
        rejection: 726,
        certain: true,
        msg: "O MDF-e com um só documento (carga lotação) precisa dos locais de carregamento e de descarregamento, \
              cada um com o CEP ou com latitude e longitude, não os dois.",
        action: "Informe em \"lotacao\" o CEP, ou as coordenadas, de cada local.",
        breaks: breaks::full_load_without_places,
    },
    Rule {
        rejection: 740,
        certain: false,
        msg: "O proprietário do veículo parece ser o próprio emitente, pela chave dos CT-e.",
        action: "Só preencha o proprietário quando o veículo não for do emitente.",
        breaks: breaks::owner_is_issuer,
    },
    Rule {
        rejection: 741,
        certain: false,
        msg: "Com proprietário do veículo informado, o contratante deve ser o próprio emitente, e não parece ser, pela chave \
              dos CT-e.",
        action: "Informe como contratante o CNPJ do emitente.",
        breaks: breaks::contractor_is_not_issuer,
    },
    Rule {
        rejection: 742,
        certain: true,
        msg: "O mesmo contratante aparece mais de uma vez.",
        action: "Deixe cada contratante uma só vez.",
        breaks: breaks::repeated_contractor,
    },
    Rule {
        rejection: 743,
        certain: true,
        msg: "Com proprietário pessoa física (CPF), o tipo de transportador deve ser 2 (TAC).",
        action: "Corrija o campo \"transportador\" ou o proprietário.",
        breaks: breaks::owner_with_cpf_is_no_tac,
    },
    Rule {
        rejection: 744,
        certain: true,
        msg: "Com proprietário pessoa jurídica (CNPJ), o tipo de transportador deve ser 1 (ETC) ou 3 (CTC).",
        action: "Corrija o campo \"transportador\" ou o proprietário.",
        breaks: breaks::owner_with_cnpj_is_tac,
    },
    Rule {
        rejection: 745,
        certain: true,
        msg: "O tipo de transportador só pode ser informado com o proprietário do veículo de tração.",
        action: "Retire o campo \"transportador\", ou informe o proprietário.",
        breaks: breaks::carrier_without_owner,
    },
    Rule {
        rejection: 215,
        certain: true,
        msg: "Um MDF-e tem no máximo 20.000 documentos.",
        action: "Divida os documentos em mais de um MDF-e.",
        breaks: breaks::too_many_documents,
    },
    Rule {
        rejection: 215,
        certain: true,
        msg: "Vale-pedágio e combinação veicular vão juntos.",
        action: "Informe os dois, ou nenhum.",
        breaks: breaks::toll_without_axles,
    },
    Rule {
        rejection: 215,
        certain: true,
        msg: "Informe o CPF ou o CNPJ, um dos dois.",
        action: "Preencha um dos dois campos e deixe o outro vazio.",
        breaks: breaks::neither_cpf_nor_cnpj,
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
