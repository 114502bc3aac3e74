//! What the page is made of: sections with tables, and the bars that what was measured is held against. All of it in Portuguese.

/// A section of the page.
pub struct Section {
    /// Its title.
    pub title: &'static str,
    /// Its Markdown.
    pub text: String,
    /// The bars that it is held against.
    pub bars: Vec<Bar>,
}

/// Something that was promised, and whether it is kept.
pub struct Bar {
    what: String,
    limit: String,
    measured: String,
    /// Whether it is kept; `None`: not measured.
    held: Option<bool>,
}

impl Bar {
    /// `value` must not be above `limit`; `None` if it could not be measured.
    pub fn at_most(what: &str, limit: f64, value: Option<f64>, unit: &str) -> Self {
        Self::new(what, "≤", limit, value, unit, |value, limit| value <= limit)
    }

    /// `value` must not be below `limit`; `None` if it could not be measured.
    pub fn at_least(what: &str, limit: f64, value: Option<f64>, unit: &str) -> Self {
        Self::new(what, "≥", limit, value, unit, |value, limit| value >= limit)
    }

    fn new(what: &str, sign: &str, limit: f64, value: Option<f64>, unit: &str, holds: fn(f64, f64) -> bool) -> Self {
        Self {
            what: what.to_owned(),
            limit: format!("{sign} {} {unit}", short(limit)).trim_end().to_owned(),
            measured: match value {
                Some(value) => format!("{} {unit}", short(value)).trim_end().to_owned(),
                None => "não medido".to_owned(),
            },
            held: value.map(|value| holds(value, limit)),
        }
    }
}

/// The table of all bars.
pub fn bars<'a>(bars: impl Iterator<Item = &'a Bar>) -> String {
    let mut table = Table::new(&["Meta", "Limite", "Medido", "Cumprida?"]);
    for bar in bars {
        let verdict = match bar.held {
            Some(true) => "sim",
            Some(false) => "**NÃO**",
            None => "não medido",
        };
        table.row([bar.what.clone(), bar.limit.clone(), bar.measured.clone(), verdict.to_owned()]);
    }
    table.markdown()
}

/// A table; all columns but the first are aligned to the right.
pub struct Table {
    columns: usize,
    lines: Vec<String>,
}

impl Table {
    /// An empty one with these titles.
    pub fn new(titles: &[&str]) -> Self {
        let mut table = Self { columns: titles.len(), lines: Vec::new() };
        table.row(titles.iter().map(|&title| title.to_owned()));
        table.lines.push(format!("|---|{}", "---:|".repeat(titles.len() - 1)));
        table
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<_> = cells.into_iter().collect();
        debug_assert_eq!(cells.len(), self.columns);
        self.lines.push(format!("| {} |", cells.join(" | ")));
    }

    /// The Markdown of it.
    pub fn markdown(&self) -> String {
        self.lines.join("\n") + "\n"
    }
}

/// A number with so many decimals, written with a comma, thousands apart.
pub fn decimals(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    let comma = if fraction.is_empty() { "" } else { "," };
    format!("{sign}{grouped}{comma}{fraction}")
}

/// A number with at most three decimals, and no more than it has.
fn short(value: f64) -> String {
    let text = decimals(value, 3);
    text.trim_end_matches('0').trim_end_matches(',').to_owned()
}

/// A time in seconds, in milliseconds or in seconds.
pub fn time(seconds: f64) -> String {
    if seconds < 1.0 { format!("{} ms", decimals(seconds * 1000.0, 1)) } else { format!("{} s", decimals(seconds, 2)) }
}

/// `a` of `b`, where both are known.
pub fn ratio(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    Some(a? / b?)
}

#[cfg(test)]
mod tests {
    use super::{Bar, Table, bars, decimals, short, time};

    #[test]
    fn numbers_are_written_as_in_brazil() {
        assert_eq!(decimals(1234567.891, 2), "1.234.567,89");
        assert_eq!(decimals(-999.5, 1), "-999,5");
        assert_eq!(decimals(1000.0, 0), "1.000");
        assert_eq!([short(1.15), short(60.0), short(0.525)], ["1,15", "60", "0,525"]);
        assert_eq!([time(0.2061), time(14.9)], ["206,1 ms", "14,90 s"]);
    }

    #[test]
    fn a_table_is_markdown() {
        let mut table = Table::new(&["a", "b"]);
        table.row(["x".to_owned(), "1".to_owned()]);
        assert_eq!(table.markdown(), "| a | b |\n|---|---:|\n| x | 1 |\n");
    }

    #[test]
    fn a_bar_is_held_up_to_its_limit() {
        let all = [
            Bar::at_most("a", 1.15, Some(1.15), "×"),
            Bar::at_least("b", 2.0, Some(1.9), "×"),
            Bar::at_most("c", 3.0, None, "MB"),
        ];
        let table = bars(all.iter());
        assert!(table.contains("| a | ≤ 1,15 × | 1,15 × | sim |"), "{table}");
        assert!(table.contains("| b | ≥ 2 × | 1,9 × | **NÃO** |"), "{table}");
        assert!(table.contains("| c | ≤ 3 MB | não medido | não medido |"), "{table}");
    }
}
