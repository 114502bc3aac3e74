//! The links of the repository's pages: each leads to a file that is there, and to a heading that it has. Addresses on the
//! network are not asked for.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// Folders of what is built.
const BUILT: [&str; 2] = ["target", "dist"];

/// Checks every page in the repository at `root`; the error names all links that lead nowhere.
pub fn check(root: &Path) -> Result<()> {
    let mut dead = Vec::new();
    for page in pages(root)? {
        let text = fs::read_to_string(&page)?;
        for link in links(&text).filter(|link| !link.contains("://")) {
            if !leads_somewhere(&page, link)? {
                dead.push(format!("{}: {link}", page.strip_prefix(root).unwrap_or(&page).display()));
            }
        }
    }
    ensure!(dead.is_empty(), "links that lead nowhere:\n  {}", dead.join("\n  "));
    Ok(())
}

/// The pages in `folder` and in the folders in it.
fn pages(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && !name.starts_with('.') && !BUILT.contains(&&*name) {
            pages.extend(self::pages(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    Ok(pages)
}

/// Whether `link` in `page` names something that is there.
fn leads_somewhere(page: &Path, link: &str) -> Result<bool> {
    let (file, heading) = link.split_once('#').map_or((link, None), |(file, heading)| (file, Some(heading)));
    let path = if file.is_empty() { page.to_owned() } else { page.with_file_name(file) };
    let Some(heading) = heading else { return Ok(path.exists()) };
    if !path.is_file() {
        return Ok(false);
    }
    let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(anchors(&text).contains(heading))
}

/// Where the links of a page lead.
fn links(text: &str) -> impl Iterator<Item = &str> {
    prose(text).flat_map(|line| line.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)))
}

/// What GitHub calls the headings of a page: the second of a name has `-1` behind it.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for heading in prose(text).filter(|line| line.starts_with('#')) {
        let anchor = anchor(heading.trim_start_matches('#').trim());
        let again = (1..).map(|count| format!("{anchor}-{count}"));
        let free = std::iter::once(anchor.clone()).chain(again).find(|name| !anchors.contains(name));
        anchors.extend(free);
    }
    anchors
}

/// Letters and digits of any script, small; blanks as hyphens; nothing else but hyphens and underscores.
fn anchor(heading: &str) -> String {
    let small = heading.to_lowercase().replace(' ', "-");
    small.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

/// The lines of a page that are not in a fenced block.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence
    })
}

#[cfg(test)]
mod tests {
    use super::{anchors, links};

    const PAGE: &str =
        "# A rede: proxy, `x` e 1º\n[a](b.md#c), [d](#e)\n```md\n# no heading\n[no](link)\n```\n## Rede\n## Rede\n";

    #[test]
    fn links_and_headings_in_fences_are_none() {
        assert_eq!(links(PAGE).collect::<Vec<_>>(), ["b.md#c", "#e"]);
        assert_eq!(anchors(PAGE).into_iter().collect::<Vec<_>>(), ["a-rede-proxy-x-e-1º", "rede", "rede-1"]);
    }
}
