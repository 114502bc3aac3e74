//! What is found wrong with an MDF-e before it is sent.

use std::fmt::{Display, Write};

use super::field::Rule;
use crate::contract::Apontamento;

/// Where the caller's request has the document: pointers to its fields begin so.
const DOCUMENT: &str = "/mdfe";

/// A field that must be filled and is not.
pub fn missing() -> Apontamento {
    Apontamento { acao: "Preencha o campo e repita.".to_owned(), ..wrong(215, "não foi preenchido") }
}

/// A field whose value is wrong (`what`: Portuguese, following its name), with the rejection for that.
pub fn wrong(rejection: u16, what: &str) -> Apontamento {
    Apontamento {
        campo: String::new(),
        rejeicao: Some(rejection),
        msg: what.to_owned(),
        acao: "Corrija o valor e repita.".to_owned(),
    }
}

/// A check under way: where it is, and what it found.
pub struct Check {
    pointer: String,
    findings: Vec<Apontamento>,
}

impl Check {
    /// At the document.
    pub fn new() -> Self {
        Self { pointer: DOCUMENT.to_owned(), findings: Vec::new() }
    }

    /// What was found.
    pub fn into_findings(self) -> Vec<Apontamento> {
        self.findings
    }

    /// Does `work` one step further down.
    pub fn at(&mut self, step: impl Display, work: impl FnOnce(&mut Self)) {
        let length = self.pointer.len();
        // Writing to a text does not fail.
        let _ = write!(self.pointer, "/{step}");
        work(self);
        self.pointer.truncate(length);
    }

    /// Checks the field `name`. What says nothing becomes a field left out.
    pub fn field<T, R: Rule<T>>(&mut self, name: &str, value: &mut Option<T>, rule: &R) {
        if value.as_ref().is_some_and(|value| rule.is_empty(value)) {
            *value = None;
        }
        self.at(name, |check| match value {
            Some(value) => rule.apply(value, check),
            None if rule.is_required() => check.add(missing()),
            None => {}
        });
    }

    /// Notes `finding` about the field where the check is.
    pub fn add(&mut self, finding: Apontamento) {
        let name = self.pointer.rsplit('/').find(|step| step.parse::<usize>().is_err()).unwrap_or_default();
        let msg = format!("O campo \"{name}\" {}.", finding.msg);
        self.findings.push(Apontamento { campo: self.pointer.clone(), msg, ..finding });
    }
}
