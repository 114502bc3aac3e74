//! The page for who builds an ERP: the table as Markdown.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use averbador::contract::Code;

use super::table::SECTIONS;
use super::{Operation, Outcome, Row, Section};

/// The page, checked in.
const PAGE: &str = "docs/matriz-de-falhas.md";

/// `cargo xtask matrix` sets it: the page is to be written, not checked.
const WRITE: &str = "AVERBADOR_WRITE_MATRIX";

const INTRODUCTION: &str = "\
# Matriz de falhas

O que cada operação responde em cada falha da rede, do proxy e do serviço. Cada linha é um teste da biblioteca de verdade,
em Linux e nas duas DLLs. (Página escrita por `cargo xtask matrix`; a tabela está em `tests/front_door/matrix/table.rs`.)

## O que fazer com a resposta

| a resposta diz | aconteceu | o que o programa faz |
|---|---|---|
| `status` 1 | está feito | segue |
| `incerto` | o documento pode ter sido recebido, ou não | `Consulta` pela chave; envia de novo só se ela disser 5006 |
| `repetir` | não foi feito; mais tarde pode dar certo | espera e repete; `detalhe` tem o `Retry-After` do serviço, se ele o deu |
| nem um nem outro | não foi feito, e repetir não adianta | mostra `msg`: alguém precisa corrigir algo |

`Averba` faz a consulta por si: depois de um envio incerto, pergunta pelo documento, e só envia mais uma vez o que não
chegou. Se nem a consulta responde, o resultado continua `incerto`. Nenhuma operação envia um documento duas vezes sem
perguntar antes.

## As falhas

Nas tabelas: o código (ou *feito*), o que ele recomenda, e depois do ponto quantos pedidos o serviço viu.
*Como provocar* são opções do simulador (`cargo run -p simulator -- …`) ou da configuração: `any:` atinge o primeiro
pedido, que no Averba é o envio; `any+1:`, o segundo; `any*forever:`, todos.
";

#[test]
fn the_page_is_as_the_table_has_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if env::var_os(WRITE).is_some() {
        fs::write(&path, page()).expect("the page can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(found == page(), "{PAGE} is not what the table says any more; run `cargo xtask matrix`");
}

fn page() -> String {
    let sections: String = SECTIONS.into_iter().map(section).collect();
    format!("{INTRODUCTION}{sections}\n## Os códigos\n\n{}", codes())
}

fn section(section: &Section) -> String {
    let is_used = |operation: &Operation| section.rows.iter().any(|row| row.outcomes[*operation as usize].is_some());
    let operations: Vec<Operation> = Operation::ALL.into_iter().filter(is_used).collect();
    let names: String = operations.iter().map(|operation| format!(" {} |", operation.name())).collect();
    let rows: String = section.rows.iter().map(|row| line(row, &operations)).collect();
    let rule = "---|".repeat(operations.len());
    format!("\n### {}\n\n| situação |{names} como provocar |\n|---|{rule}---|\n{rows}", section.title)
}

fn line(row: &Row, operations: &[Operation]) -> String {
    let cell =
        |operation: &Operation| row.outcomes[*operation as usize].map_or("—".to_owned(), |end| end.to_string());
    let cells: String = operations.iter().map(|operation| format!(" {} |", cell(operation))).collect();
    format!("| {} |{cells} `{}` |\n", row.fault, row.cause)
}

/// Every code of the table with its text, and with the other where it can be uncertain.
fn codes() -> String {
    let outcomes = || SECTIONS.iter().flat_map(|section| section.rows).flat_map(|row| row.outcomes).flatten();
    let codes: BTreeMap<i32, Code> = outcomes().filter_map(|end| end.code).map(|code| (code.number(), code)).collect();
    let is_uncertain = |code: Code| outcomes().any(|end: Outcome| end.uncertain && end.code == Some(code));
    let line = |(number, code): (i32, Code)| {
        let uncertain =
            if is_uncertain(code) { format!(" Se **incerto**: {}", code.uncertain_msg()) } else { String::new() };
        format!("| {number} | {}{uncertain} |\n", code.msg())
    };
    let lines: String = codes.into_iter().map(line).collect();
    format!("| código | `msg`, quando não há uma mais precisa |\n|---|---|\n{lines}")
}
