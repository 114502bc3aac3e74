//! How long it takes to read, linearise, key and wrap RPS for InvoiCy: `cargo bench --bench nfse`.

use std::hint::black_box;

use averbador::contract::Secret;
use averbador::invoicy::envelope::{DataItem, envelope};
use averbador::invoicy::key::ck;
use averbador::invoicy::rps::Rps;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::value::{RawValue, to_raw_value};

/// So many bytes an RPS has.
const BYTES: usize = 5 * 1024;

/// An RPS as an ERP writes it, indented, with accents, as the text of a request.
fn rps(number: usize) -> Box<RawValue> {
    let mut xml = format!(
        "<Envio>\r\n  <ModeloDocumento>NFSE</ModeloDocumento>\r\n  <Versao>1.00</Versao>\r\n  <RPS>\r\n    \
         <RPSNumero>{number}</RPSNumero>\r\n    <RPSSerie>1</RPSSerie>\r\n    <RPSTipo>1</RPSTipo>\r\n    <ListaItens>\r\n"
    );
    while xml.len() < BYTES - 100 {
        xml.push_str("      <Item>\r\n        <ItemDesc>Transporte de móveis &amp; eletrônicos, São Paulo</ItemDesc>\r\n      </Item>\r\n");
    }
    xml.push_str("    </ListaItens>\r\n    <tpAmb>2</tpAmb>\r\n  </RPS>\r\n</Envio>\r\n");
    to_raw_value(&xml).expect("a text")
}

fn wraps(criterion: &mut Criterion) {
    let given: Vec<_> = (1..=200).map(rps).collect();
    let (key, partner) = (Secret::from("R8CC40EC614E64108965517G90GDEYB6".to_owned()), Secret::from("PK".to_owned()));
    let wrapped = || {
        let read: Vec<_> = given.iter().map(|json| Rps::given(json, "documentos").expect("an RPS")).collect();
        let items: Vec<_> = read.iter().map(|rps| DataItem { document: &rps.xml, parameters: "" }).collect();
        envelope(&partner, &ck(&key, items[0].document), &items)
    };
    criterion.bench_function("nfse: 200 RPS of 5 KB read, keyed and wrapped", |bencher| {
        bencher.iter(|| black_box(wrapped()));
    });
}

criterion_group!(benches, wraps);
criterion_main!(benches);
