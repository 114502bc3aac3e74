//! How long it takes to check an MDF-e: `cargo bench --bench mdfe`.

use std::hint::black_box;

use averbador::webmania::{check, document};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};

/// A document with so many CT-e in one place; nothing is wrong with it.
fn with_documents(count: usize) -> Value {
    let mut mdfe: Value =
        serde_json::from_str(include_str!("../tests/fixtures/mdfe.json")).expect("the fixture is JSON");
    let documents: Vec<_> = (1..=count).map(|number| json!({ "chave": key(number) })).collect();
    mdfe["descarregamento"] =
        json!([{"nome_municipio":"Porto Alegre","codigo_municipio":"4314902","documentos_fiscais":documents}]);
    mdfe
}

fn key(number: usize) -> String {
    let body = format!("4126059999000100019857001{number:09}128374651");
    let weighted = body.bytes().rev().zip((2..=9).cycle()).map(|(digit, weight)| usize::from(digit - b'0') * weight);
    let digit = match weighted.sum::<usize>() % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    format!("{body}{digit}")
}

fn checks(criterion: &mut Criterion) {
    let mdfe = with_documents(10_000);
    let checked = |mdfe: Value| {
        let mut mdfe = document(Some(mdfe)).expect("a document");
        assert!(check(&mut mdfe).pending.is_empty());
        mdfe
    };
    criterion.bench_function("mdfe: 10,000 documents read and checked", |bencher| {
        bencher.iter_batched(|| mdfe.clone(), |mdfe| black_box(checked(mdfe)), BatchSize::LargeInput);
    });
    let mdfe = with_documents(3);
    criterion.bench_function("mdfe: 3 documents read and checked", |bencher| {
        bencher.iter_batched(|| mdfe.clone(), |mdfe| black_box(checked(mdfe)), BatchSize::SmallInput);
    });
}

criterion_group!(benches, checks);
criterion_main!(benches);
