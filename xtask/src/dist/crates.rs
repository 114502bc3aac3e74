//! The crates inside the library: those whose code is in the DLL or the `.so`, on whichever platform.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use crate::root;
use anyhow::{Context, Result};
use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand, PackageId, TargetKind};

/// What is built is for these. (The Windows 7 targets take the same crates; cargo's filter does not know them.)
const PLATFORMS: [&str; 3] = ["x86_64-unknown-linux-gnu", "x86_64-pc-windows-gnu", "i686-pc-windows-gnu"];

/// A crate.
pub struct Crate {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its licence as an SPDX expression.
    pub licence: String,
    /// SHA-256 of the published package; none of the library itself.
    pub checksum: Option<String>,
    /// Where its files are.
    pub folder: PathBuf,
    /// What it depends on itself, by [`Crate::reference`].
    pub needs: BTreeSet<String>,
}

impl Crate {
    /// Its package URL, which names it and its version to any tool.
    pub fn reference(&self) -> String {
        reference(&self.name, &self.version)
    }
}

fn reference(name: &str, version: &str) -> String {
    format!("pkg:cargo/{name}@{version}")
}

/// All of them, the library itself among them, by their reference.
pub fn inside() -> Result<BTreeMap<String, Crate>> {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .features(CargoOpt::SomeFeatures(Vec::new()))
        .other_options(
            ["--locked".to_owned()]
                .into_iter()
                .chain(PLATFORMS.map(|name| format!("--filter-platform={name}")))
                .collect::<Vec<_>>(),
        )
        .exec()?;
    let checksums = checksums()?;
    let library = metadata.packages.iter().find(|package| package.name == "averbador").context("no averbador")?;
    let mut found = BTreeMap::new();
    let mut open = vec![library.id.clone()];
    while let Some(id) = open.pop() {
        let package = &metadata[&id];
        let (name, version) = (package.name.to_string(), package.version.to_string());
        let needs: Vec<PackageId> = linked(&metadata, &id)?;
        let new = Crate {
            licence: package.license.clone().with_context(|| format!("{name} names no licence"))?.replace('/', " OR "),
            checksum: checksums.get(&(name.clone(), version.clone())).cloned(),
            folder: package.manifest_path.parent().context("a manifest without a folder")?.into(),
            needs: needs.iter().map(|id| reference(&metadata[id].name, &metadata[id].version.to_string())).collect(),
            name,
            version,
        };
        if found.insert(new.reference(), new).is_none() {
            open.extend(needs);
        }
    }
    Ok(found)
}

/// The crates that this one has linked into itself: neither build scripts and tests, nor macros, whose code is the compiler's.
fn linked(metadata: &Metadata, id: &PackageId) -> Result<Vec<PackageId>> {
    let resolve = metadata.resolve.as_ref().context("cargo metadata resolved nothing")?;
    let node = resolve.nodes.iter().find(|node| node.id == *id).context("cargo metadata lost a crate")?;
    let is_macro =
        |id: &PackageId| metadata[id].targets.iter().any(|target| target.kind.contains(&TargetKind::ProcMacro));
    let linked = node.deps.iter().filter(|dependency| {
        dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal) && !is_macro(&dependency.pkg)
    });
    Ok(linked.map(|dependency| dependency.pkg.clone()).collect())
}

/// What the lock file knows of each package, by name and version: the SHA-256 of those that were fetched.
fn checksums() -> Result<BTreeMap<(String, String), String>> {
    let lock: toml::Table = fs::read_to_string(root().join("Cargo.lock"))?.parse()?;
    let packages = lock.get("package").and_then(toml::Value::as_array).context("the lock file has no packages")?;
    let of = |package: &toml::Value| {
        let text = |name| Some(package.get(name)?.as_str()?.to_owned());
        Some(((text("name")?, text("version")?), text("checksum")?))
    };
    Ok(packages.iter().filter_map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn what_is_linked_is_there_and_nothing_else() {
        let crates = inside().unwrap();
        let names: Vec<_> = crates.values().map(|found| found.name.as_str()).collect();
        for name in ["averbador", "reqwest", "rustls", "ring", "windows-sys", "libc"] {
            assert!(names.contains(&name), "{name}");
        }
        for name in ["serde_derive", "simulator", "criterion", "cc", "syn"] {
            assert!(!names.contains(&name), "{name}");
        }
        for (reference, found) in &crates {
            assert!(found.needs.iter().all(|need| crates.contains_key(need)), "{reference}");
            assert_eq!(found.checksum.is_none(), found.name == "averbador", "{reference}");
        }
    }
}
