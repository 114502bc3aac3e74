//! `delphi/AverbadorApi.pas`: the template AverbadorApi.pas.in, filled with what the source says.

use anyhow::{Context, Result, bail, ensure};

use super::api::{Api, Argument, Code, Function};

const TEMPLATE: &str = include_str!("../AverbadorApi.pas.in");

/// The unit for `api`, with the line ends that Delphi's editor wants.
pub fn write(api: &Api) -> Result<String> {
    let each = |line: &dyn Fn(&Function) -> String| api.functions.iter().map(line).collect::<Vec<_>>().join("\n");
    let functions: Vec<_> = api.functions.iter().map(variable).collect::<Result<_>>()?;
    let codes: Vec<_> = api.codes.iter().map(constant).collect();
    let parts = [
        ("callback", callback(&api.callback)?),
        ("codes", format!("{}{}", comment(&api.codes_doc), codes.join("\n"))),
        ("functions", functions.join("\n\n")),
        ("bind", each(&|function| format!("  @{0} := Find('{0}', Missing);", function.name))),
        ("forget", each(&|function| format!("  @{} := nil;", function.name))),
    ];
    let unit = parts.iter().try_fold(TEMPLATE.to_owned(), |unit, (name, text)| filled(&unit, name, text))?;
    Ok(unit.replace('\n', "\r\n"))
}

/// `template` with `text` in place of the line `<name>`.
fn filled(template: &str, name: &str, text: &str) -> Result<String> {
    let place = format!("\n<{name}>\n");
    ensure!(template.matches(&place).count() == 1, "not exactly one line <{name}> in AverbadorApi.pas.in");
    Ok(template.replace(&place, &format!("\n{text}\n")))
}

/// The lines of a doc comment, each ended.
fn comment(doc: &[String]) -> String {
    doc.iter().map(|line| format!("{}\n", format!("  // {line}").trim_end())).collect()
}

fn constant(code: &Code) -> String {
    format!("  {} = {}; // {}", code.name, code.number, code.doc.join(" "))
}

fn callback(function: &Function) -> Result<String> {
    Ok(format!("{}  TAvProgress = {};", comment(&function.doc), signature(function)?))
}

fn variable(function: &Function) -> Result<String> {
    Ok(format!("{}  {}: {};", comment(&function.doc), function.name, signature(function)?))
}

fn signature(function: &Function) -> Result<String> {
    let arguments: Vec<_> = function.arguments.iter().map(argument).collect::<Result<_>>()?;
    let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join("; ")) };
    Ok(match &function.result {
        None => format!("procedure{arguments}; cdecl"),
        Some(result) => format!("function{arguments}: {}; cdecl", pascal_type(result)?),
    })
}

fn argument(argument: &Argument) -> Result<String> {
    let rust_type = pascal_type(&argument.rust_type).with_context(|| format!("argument {}", argument.name))?;
    Ok(format!("{}: {rust_type}", camel(&argument.name)))
}

fn pascal_type(rust_type: &str) -> Result<&'static str> {
    Ok(match rust_type {
        "*const c_char" | "*mut c_char" => "PAnsiChar",
        "*mut c_void" => "Pointer",
        "i32" => "LongInt",
        "Option<av_progress_fn>" => "TAvProgress",
        other => bail!("{other}: say here how Pascal writes that"),
    })
}

/// `request_json` as `RequestJson`.
fn camel(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::{Argument, Function, camel, filled, signature};

    #[test]
    fn a_signature_in_pascal() {
        let arguments = [("request_json", "*const c_char"), ("context", "*mut c_void")];
        let argument = |(name, rust_type): (&str, &str)| Argument { name: name.into(), rust_type: rust_type.into() };
        let mut function = Function {
            name: "av_x".to_owned(),
            doc: Vec::new(),
            arguments: arguments.map(argument).into(),
            result: Some("i32".to_owned()),
        };
        assert_eq!(signature(&function).unwrap(), "function(RequestJson: PAnsiChar; Context: Pointer): LongInt; cdecl");
        function.arguments.clear();
        function.result = None;
        assert_eq!(signature(&function).unwrap(), "procedure; cdecl");
        function.result = Some("u128".to_owned());
        assert!(signature(&function).is_err());
    }

    #[test]
    fn names_in_pascal() {
        assert_eq!(camel("on_progress"), "OnProgress");
    }

    #[test]
    fn a_place_that_is_missing_in_the_template_is_an_error() {
        assert_eq!(filled("a\n<b>\nc\n", "b", "x").unwrap(), "a\nx\nc\n");
        assert!(filled("a\n <b>\nc\n", "b", "x").is_err());
    }
}
