//! How long it takes to read a CT-e, its key, and the service's answers: `cargo bench --bench document`.

use std::hint::black_box;

use averbador::document::{AccessKey, Fiscal};
use averbador::porto::answer::Answer;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// As many bytes as a CT-e for a load of many invoices has.
const BYTES: usize = 11_700;
const KEY: &str = "41260599990001000198570010000047111283746517";
const UPLOADED: &str =
    r#"{"success":1,"S":{"P":1,"D":0,"R":0,"N":0},"prot":"0588600010001985700100000471112837465172"}"#;

/// The fixture, grown by further invoices.
fn cte() -> String {
    let fixture = include_str!("../tests/fixtures/cte-utf8.xml");
    let (before, behind) = fixture.split_at(fixture.find("</infDoc>").expect("a list of invoices"));
    let invoice = format!("<infNFe><chave>{KEY}</chave></infNFe>");
    let invoices = invoice.repeat((BYTES - fixture.len()).div_ceil(invoice.len()));
    format!("{before}{invoices}{behind}")
}

fn consulted(keys: usize) -> String {
    let pair = format!(r#"{{"chave":"{KEY}","protocolo":"0588600010001985700100000471112837465172"}}"#);
    format!(r#"{{"success":1,"S":[{}]}}"#, vec![pair; keys].join(","))
}

fn documents(criterion: &mut Criterion) {
    let xml = cte();
    let mut group = criterion.benchmark_group("document");
    group.throughput(Throughput::Bytes(xml.len() as u64));
    group.bench_function("xml", |bencher| bencher.iter(|| Fiscal::read(black_box(xml.as_bytes())).expect("a CT-e")));
    group.throughput(Throughput::Elements(1));
    group.bench_function("key", |bencher| {
        bencher.iter(|| assert!(AccessKey::parse(black_box(KEY)).expect("a key").check_digit_is_right()));
    });
    group.finish();
}

fn answers(criterion: &mut Criterion) {
    let consulted = consulted(400);
    let mut group = criterion.benchmark_group("answer");
    group.throughput(Throughput::Bytes(UPLOADED.len() as u64));
    group.bench_function("upload", |bencher| {
        bencher.iter(|| {
            let answer = Answer::read(black_box(UPLOADED), &[]).expect("an answer");
            assert!(answer.counts().is_some_and(|counts| counts.P == 1) && answer.protocols().len() == 1);
        });
    });
    group.throughput(Throughput::Bytes(consulted.len() as u64));
    group.bench_function("consulta", |bencher| {
        bencher.iter(|| {
            let answer = Answer::read(black_box(&consulted), &[]).expect("an answer");
            assert_eq!(answer.pairs().map(|pairs| pairs.len()), Some(400));
        });
    });
    group.finish();
}

criterion_group!(benches, documents, answers);
criterion_main!(benches);
