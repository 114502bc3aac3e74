//! Rejections: what SEFAZ says instead of authorizing.

use std::fmt;

use super::mdfe::Mdfe;
use super::shape::ReferenceShape;

/// Stands in a rejection's text for an MDF-e that exists already.
const MDFE: &str = "{mdfe}";

/// Key and protocol of an MDF-e that the service does not know, named when it has none of its own: one that was issued
/// elsewhere.
const ELSEWHERE: (&str, &str) = ("35260112345678000195580990000000011000000013", "935260000000000");

/// The codes that are known here with their texts. Manual, except 523 (Assumed: its wording). Where the manual names
/// protocol and date of a duplicate (204, 631) the simulator names the MDF-e as with 539.
const KNOWN: [(u16, &str); 27] = [
    (108, "Serviço Paralisado Momentaneamente (curto prazo)"),
    (109, "Serviço Paralisado sem Previsão"),
    (204, "Duplicidade de MDF-e {mdfe}"),
    (217, "MDF-e não consta na base de dados da SEFAZ"),
    (218, "MDF-e já está cancelado na base de dados da SEFAZ"),
    (219, "Circulação do MDF-e verificada"),
    (220, "MDF-e autorizado há mais de 24 horas"),
    (456, "Código de Município diverge da UF de Carregamento do MDF-e"),
    (462, "Existe MDF-e não encerrado há mais de 5 dias para placa com até 2 UF de percurso informadas {mdfe}"),
    (523, "Veículo de tração do tipo cavalo mecânico exige ao menos um veículo de reboque"),
    (539, "Duplicidade de MDF-e, com diferença na Chave de Acesso {mdfe}"),
    (
        540,
        "Não deve ser informado Conhecimento de Transporte para tipo de emitente Prestador Serviço de Transporte que \
         emitirá CT-e Globalizado",
    ),
    (542, "CNPJ/CPF do responsável pelo seguro deve ser informado para o tipo de responsável informado"),
    (577, "Duplicidade de condutor"),
    (578, "Informações dos tomadores é obrigatória para esta operação"),
    (609, "MDF-e já está encerrado na base de dados da SEFAZ"),
    (611, "Existe MDF-e não encerrado para esta placa, tipo de emitente e UF descarregamento {mdfe}"),
    (631, "Duplicidade de evento {mdfe}"),
    (638, "Não deve ser informada Nota Fiscal para tipo de emitente Prestador Serviço de Transporte"),
    (
        639,
        "Não deve ser informado Conhecimento de Transporte Eletrônico para tipo de emitente Transporte de Carga Própria",
    ),
    (644, "Evento de inclusão de condutor só pode ser registrado para o modal rodoviário"),
    (668, "Chave de Acesso de CT-e duplicada"),
    (669, "Chave de Acesso de NF-e duplicada"),
    (684, "CIOT obrigatório para RNTRC informado"),
    (686, "Existe MDF-e não encerrado há mais de 30 dias para o emitente {mdfe}"),
    (698, "Seguro da carga é obrigatório para modal Prestador de Serviço de Transporte no modal rodoviário"),
    (699, "Dados do seguro de carga incompletos para o modal rodoviário"),
];

/// A rejection by SEFAZ. `to_string()` is the way in which Webmania passes it on: `Rejeição 686: …` (Assumed).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// SEFAZ's `cStat`.
    pub code: u16,
    /// SEFAZ's `xMotivo` without the word before the colon. `{mdfe}` in it stands for the newest MDF-e that is open, by
    /// key and protocol.
    pub text: String,
}

impl Rejection {
    /// A rejection with any text.
    pub fn new(code: u16, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    /// A rejection with SEFAZ's own text, if it is one of those that are known here.
    pub fn known(code: u16) -> Option<Self> {
        KNOWN.iter().find(|(known, _)| *known == code).map(|(_, text)| Self::new(code, *text))
    }

    /// One that must be known.
    pub(super) fn of(code: u16) -> Self {
        Self::known(code).expect("the code is in the table")
    }

    /// The same with something behind its text.
    pub(super) fn with(self, detail: &str) -> Self {
        Self { text: format!("{} {detail}", self.text), ..self }
    }

    /// The same as SEFAZ says it, with this MDF-e named in it.
    pub(super) fn naming(&self, open: Option<&Mdfe>, shape: ReferenceShape) -> Self {
        let (key, protocol) = open.map_or(ELSEWHERE, |mdfe| (mdfe.key.as_str(), mdfe.protocol.as_str()));
        let reference = match shape {
            ReferenceShape::Plain => format!("[chMDFe:{key}][nProt:{protocol}]"),
            ReferenceShape::Spaced => format!("[chMDFe: {key}][nProt:{protocol}]"),
            ReferenceShape::Svrs => format!("[chMDFe Não Encerrada:{key}][NroProtocolo:{protocol}]"),
            ReferenceShape::Joint => format!("[chMDFe: {key} nProt: {protocol}]"),
            ReferenceShape::Bare => format!("[chMDFe{key}][nProt{protocol}]"),
            ReferenceShape::ProtocolOnly => format!("[nProt:{protocol}]"),
            ReferenceShape::Absent => String::new(),
        };
        Self { code: self.code, text: self.text.replace(MDFE, &reference).trim_end().to_owned() }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rejeição {}: {}", self.code, self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::check_digit;
    use super::*;

    #[test]
    fn what_was_issued_elsewhere_has_a_key_like_any_other() {
        let (key, protocol) = ELSEWHERE;
        assert_eq!(check_digit(&key[..43]).to_string(), key[43..]);
        assert_eq!((key.len(), protocol.len()), (44, 15));
    }
}
