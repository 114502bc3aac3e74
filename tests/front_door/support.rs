//! `docs/suporte.md`: it has every code of the catalogue, with the text that users read.

use std::fs;
use std::path::{Path, PathBuf};

use averbador::contract::Code;

use crate::contract::is_to_be_written;

const PAGE: &str = "docs/suporte.md";

/// What is said of each code.
const PARTS: [&str; 4] = ["> ", "- **Causa:** ", "- **Usuário:** ", "- **Suporte:** "];

#[test]
fn the_page_of_support_has_every_code_with_its_text() {
    let page = page();
    assert_eq!(codes(&page), Code::all().map(Code::number), "{PAGE}: the codes, in their order");
    let written = with_texts(&page);
    if is_to_be_written() {
        fs::write(path(), &written).expect("the page can be written");
        return;
    }
    let differs = page.lines().zip(written.lines()).find(|(found, now)| found != now);
    assert!(differs.is_none(), "{PAGE} has not the texts of the catalogue; run `cargo xtask contract`: {differs:#?}");
}

#[test]
fn every_code_is_explained() {
    for section in page().split("\n#### ").skip(1) {
        let lines: Vec<_> = section.lines().collect();
        let places = PARTS.map(|part| lines.iter().position(|line| line.starts_with(part)));
        let complete = places.iter().all(Option::is_some) && places.is_sorted();
        assert!(complete, "{PAGE}, {}: not all of {PARTS:?} in this order", lines[0]);
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)
}

fn page() -> String {
    fs::read_to_string(path()).expect("the page can be read").replace("\r\n", "\n")
}

/// The codes that `page` has a heading for.
fn codes(page: &str) -> Vec<i32> {
    page.lines().filter_map(code_of_heading).collect()
}

fn code_of_heading(line: &str) -> Option<i32> {
    line.strip_prefix("#### ")?.parse().ok()
}

/// `page` with the texts of the catalogue, each quoted in the section of its code.
fn with_texts(page: &str) -> String {
    let mut current = None;
    let lines = page.lines().map(|line| {
        if let Some(number) = code_of_heading(line) {
            current = Code::all().into_iter().find(|code| code.number() == number);
        }
        match current {
            Some(code) if line.starts_with('>') => format!("> {}\n", code.msg()),
            _ => format!("{line}\n"),
        }
    });
    lines.collect()
}
