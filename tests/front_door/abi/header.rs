//! What `include/averbador.h` declares. That it says what the source says is a matter of `cargo xtask codegen`, that the
//! library exports these functions one of [`crate::symbols`].

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn header() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/averbador.h");
    fs::read_to_string(path).expect("the header can be read")
}

/// The functions and the callback, sorted, each with its types and without the names of its parameters.
pub fn exports() -> Vec<String> {
    let header = header();
    let mut exports: Vec<_> = ["\nAV_API ", "\ntypedef int32_t (AV_CALL "]
        .into_iter()
        .flat_map(|start| header.match_indices(start))
        .filter_map(|(place, _)| Some(declaration(header[place..].split_once(';')?.0)))
        .collect();
    exports.sort();
    exports
}

/// The names of the functions.
pub fn functions() -> BTreeSet<String> {
    let exports = exports();
    let names = exports.iter().filter(|declared| declared.starts_with("AV_API ")).filter_map(|declared| {
        let (before, _) = declared.split_once('(')?;
        before.rsplit(' ').next().map(str::to_owned)
    });
    names.collect()
}

/// A declaration on one line, without the names of the parameters.
fn declaration(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (head, parameters) = text.rsplit_once('(').expect("a function has parameters");
    let parameters = parameters.trim_end_matches(')').split(", ").map(|parameter| {
        let is_type_only = !parameter.contains([' ', '*']);
        let named = parameter.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if is_type_only { parameter } else { named.trim_end() }
    });
    format!("{head}({})", parameters.collect::<Vec<_>>().join(", "))
}

/// The error codes, in the order of the header.
pub fn codes() -> Vec<(String, i32)> {
    let header = header();
    let code = |line: &str| {
        let (name, number) = line.trim().strip_suffix(',')?.split_once(" = ")?;
        Some((name.to_owned(), number.parse().ok()?))
    };
    header.lines().filter(|line| line.trim_start().starts_with("AV_ERR_")).filter_map(code).collect()
}

#[test]
fn a_declaration_has_types_and_no_names() {
    let declared =
        "\nAV_API char *AV_CALL av_x(const char *request_json,\n   av_progress_fn on_progress, void *context)";
    assert_eq!(declaration(declared), "AV_API char *AV_CALL av_x(const char *, av_progress_fn, void *)");
    assert_eq!(declaration("AV_API void AV_CALL av_y(void)"), "AV_API void AV_CALL av_y(void)");
}
