//! A promise and what is kept of it: lines, in sections where there are several, which must all be there in their order.

use std::fs;
use std::path::Path;

use crate::contract::is_to_be_written;

/// Fails unless `now` keeps what `abi/1/NAME` promises. `cargo xtask contract` then promises what is new, too.
pub fn keep(name: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("abi/1").join(name);
    let promised = fs::read_to_string(&path).unwrap_or_default();
    let broken = broken(&promised, now);
    assert!(
        broken.is_empty(),
        "ABI 1 only grows, but what abi/1/{name} promises is gone, changed or in another place:\n  {}\n\
         Put it back, and let what is new stand beside it: programs rely on it (docs/abi.md).",
        broken.join("\n  ")
    );
    if is_to_be_written() {
        fs::write(&path, format!("{now}\n")).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    assert!(!promised.is_empty() || is_to_be_written(), "abi/1/{name} promises nothing; run `cargo xtask contract`");
}

/// The lines of `promised` that `now` does not have in the same section and order, each with its section.
fn broken(promised: &str, now: &str) -> Vec<String> {
    let (mut broken, mut section, mut left) = (Vec::new(), "", now.lines().collect::<Vec<_>>());
    for line in promised.lines().filter(|line| !line.is_empty()) {
        if is_heading(line) {
            (section, left) = (line, lines_under(line, now));
        }
        match left.iter().position(|kept| *kept == line) {
            Some(place) => drop(left.drain(..=place)),
            None => broken.push(if is_heading(line) { line.to_owned() } else { format!("{section} {line}") }),
        }
    }
    broken
}

fn is_heading(line: &str) -> bool {
    line.starts_with('[')
}

/// The section of `text` with this heading, which is its first line; nothing if there is none.
fn lines_under<'a>(heading: &str, text: &'a str) -> Vec<&'a str> {
    let mut lines = text.lines().skip_while(|line| *line != heading);
    let heading = lines.next();
    heading.into_iter().chain(lines.take_while(|line| !is_heading(line))).collect()
}

#[test]
fn additions_keep_a_promise() {
    let promised = "[a]\n/x text\n/y text\n\n[b]\n/x number\n";
    for now in [
        promised,
        "[a]\n/x text\n/new list\n/y text\n/last null\n[b]\n/x number",
        "[b]\n/x number\n[new]\n/x text\n[a]\n/x text\n/y text",
    ] {
        assert_eq!(broken(promised, now), [""; 0], "{now}");
    }
    assert_eq!(broken("f\ng\n", "a\nf\ng2\ng\n"), [""; 0]);
}

#[test]
fn what_is_removed_changed_or_moved_breaks_it() {
    let promised = "[a]\n/x text\n/y text\n\n[b]\n/x number\n";
    for (now, expected) in [
        ("[a]\n/x text\n[b]\n/x number", "[a] /y text"),
        ("[a]\n/x text\n/y number\n[b]\n/x number", "[a] /y text"),
        ("[a]\n/y text\n/x text\n[b]\n/x number", "[a] /y text"),
        ("[a]\n/x text\n/y text\n[b]\n/y text", "[b] /x number"),
    ] {
        assert_eq!(broken(promised, now), [expected], "{now}");
    }
    assert_eq!(broken(promised, "[a]\n/x text\n/y text"), ["[b]", "[b] /x number"]);
    assert_eq!(broken("f 1\ng 2", "f 1\ng 3"), [" g 2"]);
}
