//! The pages with snippets: those of `docs/integracao.md` are parts of programs in `docs/exemplos/` that the tests compile and
//! run, those of `docs/contrato.md` what the library replies in the tests.
//!
//! A line `<!-- exemplo: FILE NAME -->` is followed by a fenced block; what goes into it stands in FILE between a comment
//! `guia: NAME` and the next `guia: fim`, or, where NAME is `tudo`, is all of FILE.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// The page as it is, with its snippets as the examples have them now.
pub fn write(root: &Path, guide: &str) -> Result<String> {
    let guide = fs::read_to_string(root.join(guide)).with_context(|| format!("{guide} cannot be read"))?;
    let mut written = String::new();
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        written += &format!("{line}\n");
        let Some(example) = line.strip_prefix("<!-- exemplo: ").and_then(|line| line.strip_suffix(" -->")) else {
            continue;
        };
        let fence = lines.next().filter(|fence| fence.starts_with("```")).context("no fence follows an exemplo")?;
        ensure!(lines.any(|line| line == "```"), "the fence after {example:?} does not end");
        let (file, name) = example.split_once(' ').with_context(|| format!("{example:?} is not FILE NAME"))?;
        let source = fs::read_to_string(root.join(file)).with_context(|| format!("{file} cannot be read"))?;
        written += &format!("{fence}\n{}\n```\n", part(&source, name).with_context(|| format!("no {name} in {file}"))?);
    }
    Ok(written)
}

/// The part called `name`, without the indentation that all its lines share.
fn part(source: &str, name: &str) -> Option<String> {
    let mut lines = source.lines();
    let lines: Vec<_> = if name == "tudo" {
        lines.collect()
    } else {
        let begin = format!("guia: {name}");
        lines.find(|line| line.trim_end_matches([' ', '*', '/']).ends_with(&begin))?;
        lines.take_while(|line| !line.contains("guia: fim")).collect()
    };
    let filled = lines.iter().filter(|line| !line.trim().is_empty());
    let indent = filled.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    Some(lines.iter().map(|line| line.get(indent..).unwrap_or_default()).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn a_part_is_what_stands_between_its_marks() {
        let source = "a\n  /* guia: um */\n    b\n\n      c\n  /* guia: fim */\n// guia: dois\nd\n// guia: fim\n";
        assert_eq!(part(source, "um").as_deref(), Some("b\n\n  c"));
        assert_eq!(part(source, "dois").as_deref(), Some("d"));
        assert_eq!(part(source, "três"), None);
        assert_eq!(part("x\ny\n", "tudo").as_deref(), Some("x\ny"));
    }
}
