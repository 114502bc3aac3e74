//! `include/averbador.h`: what cbindgen writes under cbindgen.toml, and what it cannot write.

use std::path::Path;

use anyhow::{Result, anyhow, bail, ensure};

use super::api::{Api, CALLBACK, CODES, FUNCTIONS, Function, SAFETY_HEADING};

/// The header of the source at `root`, of which `api` is what must be in it.
pub fn write(root: &Path, api: &Api) -> Result<String> {
    let header = with_short_comments(&without_safety_headings(&by_cbindgen(root)?));
    let header = with_nullable_callback(&header, &api.callback)?;
    let header = with_calling_convention(&header, api)?;
    check(&header, api)?;
    Ok(header)
}

fn by_cbindgen(root: &Path) -> Result<String> {
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).map_err(|error| anyhow!(error))?;
    let builder = cbindgen::Builder::new().with_config(config);
    let builder = [FUNCTIONS, CALLBACK, CODES].iter().fold(builder, |all, source| all.with_src(root.join(source)));
    let mut written = Vec::new();
    builder.generate()?.write(&mut written);
    Ok(String::from_utf8(written)?)
}

fn without_safety_headings(header: &str) -> String {
    let lines = header.lines().filter(|line| line.trim_start_matches([' ', '*']) != SAFETY_HEADING);
    lines.flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// A comment of one line on one line: the catalogue is read as a table.
fn with_short_comments(header: &str) -> String {
    let lines: Vec<_> = header.lines().collect();
    let (mut short, mut rest) = (String::new(), &lines[..]);
    loop {
        rest = match rest {
            [open, text, close, after @ ..] if open.trim() == "/**" && close.trim() == "*/" => {
                short += &format!("{open}{} */\n", text.trim_start().trim_start_matches('*'));
                after
            }
            [line, after @ ..] => {
                short += &format!("{line}\n");
                after
            }
            [] => return short,
        };
    }
}

/// cbindgen takes an `Option` of a named callback type for a struct of its own. In C the pointer itself can be NULL.
fn with_nullable_callback(header: &str, callback: &Function) -> Result<String> {
    let name = &callback.name;
    let header = replaced_once(header, &format!("typedef struct Option_{name} Option_{name};\n\n"), "")?;
    replaced_once(&header, &format!("struct Option_{name} "), &format!("{name} "))
}

/// Puts AV_CALL where C wants it, before the name: cbindgen can write something in front of a prototype or behind it,
/// but not between result and name.
fn with_calling_convention(header: &str, api: &Api) -> Result<String> {
    let name = &api.callback.name;
    let header = replaced_once(header, &format!("(*{name})("), &format!("(AV_CALL *{name})("))?;
    api.functions.iter().try_fold(header, |header, function| {
        let (start, name) = (format!("AV_API {}", c_result(function)?), &function.name);
        replaced_once(&header, &format!("\n{start}{name}("), &format!("\n{start}AV_CALL {name}("))
    })
}

fn c_result(function: &Function) -> Result<&'static str> {
    Ok(match function.result.as_deref() {
        None => "void ",
        Some("*mut c_char") => "char *",
        Some("*const c_char") => "const char *",
        Some(other) => bail!("{} returns {other}: say here how C writes that", function.name),
    })
}

/// `from` must be there exactly once, so that a change in what cbindgen writes is noticed.
fn replaced_once(text: &str, from: &str, to: &str) -> Result<String> {
    let count = text.matches(from).count();
    ensure!(count == 1, "{count} times instead of once in what cbindgen wrote: {from:?}");
    Ok(text.replace(from, to))
}

/// That the header has all of `api`, and no function, type or code besides.
fn check(header: &str, api: &Api) -> Result<()> {
    for code in &api.codes {
        let line = format!("{} = {},", code.name, code.number);
        ensure!(header.lines().any(|found| found.trim() == line), "`{line}` is not in the header");
    }
    let count = |start: &str| header.lines().filter(|line| line.trim_start().starts_with(start)).count();
    ensure!(count("AV_API ") == api.functions.len(), "the header has functions that are not in {FUNCTIONS}");
    ensure!(count("AV_ERR_") == api.codes.len(), "the header has codes that are not in {CODES}");
    // The callback, and the codes in the words of C23 and of older C.
    ensure!(count("typedef ") == 3, "the header has types that are not part of the ABI");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Api, with_calling_convention, with_nullable_callback, with_short_comments, without_safety_headings};
    use crate::codegen::api::Function;

    fn function(name: &str, result: Option<&str>) -> Function {
        let (name, result) = (name.to_owned(), result.map(str::to_owned));
        Function { name, doc: Vec::new(), arguments: Vec::new(), result }
    }

    fn api() -> Api {
        let functions = vec![function("av_x", Some("*mut c_char")), function("av_y", None)];
        Api { functions, callback: function("av_fn", Some("i32")), codes: Vec::new(), codes_doc: Vec::new() }
    }

    const HEADER: &str =
        " * see av_x()\ntypedef int32_t (*av_fn)(void);\n\nAV_API char *av_x(int a);\n\nAV_API void av_y(void);\n";

    #[test]
    fn the_calling_convention_stands_before_the_name() {
        let header = with_calling_convention(HEADER, &api()).unwrap();
        assert!(header.contains("\nAV_API char *AV_CALL av_x(int a);\n"), "{header}");
        assert!(header.contains("\nAV_API void AV_CALL av_y(void);\n"), "{header}");
        assert!(header.contains("typedef int32_t (AV_CALL *av_fn)(void);"), "{header}");
    }

    #[test]
    fn what_is_not_as_expected_is_an_error() {
        for wrong in [HEADER.replace("AV_API", ""), HEADER.replace("(*av_fn)", "(* av_fn)"), HEADER.repeat(2)] {
            assert!(with_calling_convention(&wrong, &api()).is_err(), "{wrong}");
        }
        assert!(with_nullable_callback(HEADER, &api().callback).is_err());
    }

    #[test]
    fn a_comment_of_one_line_takes_one_line() {
        assert_eq!(with_short_comments("  /**\n   * a\n   */\n  A = 1,\n"), "  /** a */\n  A = 1,\n");
        let long = "/**\n * a\n * b\n */\nx\n";
        assert_eq!(with_short_comments(long), long);
    }

    #[test]
    fn headings_for_rust_go() {
        assert_eq!(without_safety_headings(" * a\n *\n * # Safety\n * b\n"), " * a\n *\n * b\n");
    }
}
