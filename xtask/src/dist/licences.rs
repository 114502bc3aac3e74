//! The licences of all that is inside the library, as one text: each of them asks to be passed on with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result, ensure};

use super::crates::Crate;

/// Whose names begin so are a licence or belong to one.
const NAMES: [&str; 5] = ["license", "licence", "copying", "notice", "copyright"];

const HEAD: &str = "\
Licenças do que está dentro da biblioteca averbador
===================================================

A averbador é distribuída sob MIT ou Apache-2.0, à sua escolha. Dentro dela está código de terceiros, sob as licenças abaixo.
Todas permitem distribuir a biblioteca com programas fechados; todas pedem que estes textos a acompanhem.

A biblioteca padrão do Rust (MIT ou Apache-2.0, © The Rust Project Contributors) também está dentro dela e, na DLL, o
código de partida do MinGW-w64 (domínio público e Zope Public License 2.1) e partes da libgcc (GPL 3 com a exceção
da biblioteca de execução do GCC, que libera o programa resultante).
";

/// The text.
pub fn text(crates: &BTreeMap<String, Crate>) -> Result<String> {
    let mut text = HEAD.to_owned();
    for found in crates.values().filter(|found| found.checksum.is_some()) {
        let title = format!("{} {} ({})", found.name, found.version, found.licence);
        write!(text, "\n\n{title}\n{}\n", "-".repeat(title.chars().count()))?;
        for licence in texts(found)? {
            write!(text, "\n{}\n", licence.trim_end())?;
        }
    }
    Ok(text.replace("\r\n", "\n"))
}

/// The files of a crate that are its licence; where it has none, the general texts of the licences it names.
fn texts(found: &Crate) -> Result<BTreeSet<String>> {
    let mut texts = BTreeSet::new();
    for entry in fs::read_dir(&found.folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        if entry.file_type()?.is_file() && NAMES.iter().any(|start| name.starts_with(start)) {
            texts.insert(fs::read_to_string(entry.path())?);
        }
    }
    if texts.is_empty() {
        texts = general(&found.licence)?;
    }
    ensure!(!texts.is_empty(), "no licence text of {}", found.reference());
    Ok(texts)
}

fn general(expression: &str) -> Result<BTreeSet<String>> {
    let parsed =
        spdx::Expression::parse(expression).with_context(|| format!("{expression:?} is no SPDX expression"))?;
    let ids = parsed.requirements().filter_map(|required| required.req.license.id());
    Ok(ids.map(|id| id.text().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::super::crates;
    use super::text;

    #[test]
    fn every_crate_has_its_licence() {
        let crates = crates::inside().unwrap();
        let text = text(&crates).unwrap();
        for found in crates.values().filter(|found| found.checksum.is_some()) {
            assert!(text.contains(&format!("\n{} {} (", found.name, found.version)), "{}", found.name);
        }
        assert!(text.contains("Permission is hereby granted") && text.contains("Apache License"));
    }
}
