//! What the library is made of, for programs that look for weaknesses in it: a CycloneDX 1.5 bill of materials.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::crates::Crate;
use crate::process::quiet;
use crate::root;

/// The bill. It has neither serial number nor time: the same sources give the same bill.
pub fn bill(crates: &BTreeMap<String, Crate>) -> Result<Value> {
    let is_library = |found: &&Crate| found.checksum.is_none();
    let library = crates.values().find(is_library).context("the library itself is missing")?;
    let std = standard_library()?;
    let mut components: Vec<Value> = crates.values().filter(|found| !is_library(found)).map(component).collect();
    components.push(std.clone());
    let dependencies: Vec<Value> = crates
        .values()
        .map(|found| {
            let mut needs: Vec<_> = found.needs.iter().map(|need| json!(need)).collect();
            if found.reference() == library.reference() {
                needs.push(std["bom-ref"].clone());
            }
            json!({"ref": found.reference(), "dependsOn": needs})
        })
        .collect();
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": component(library)},
        "components": components,
        "dependencies": dependencies,
    }))
}

fn component(found: &Crate) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": found.reference(),
        "name": found.name,
        "version": found.version,
        "licenses": [{"expression": found.licence}],
        "purl": found.reference(),
    });
    if let Some(checksum) = &found.checksum {
        component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
    }
    component
}

/// Rust's own, which is no crate of the registry.
fn standard_library() -> Result<Value> {
    let said = quiet(std::process::Command::new("rustc").current_dir(root()).arg("--version"))?;
    let version = said.split(' ').nth(1).context("rustc has no version")?;
    let reference = format!("pkg:generic/rust-std@{version}");
    Ok(json!({
        "type": "library",
        "bom-ref": reference,
        "name": "rust-std",
        "version": version,
        "licenses": [{"expression": "MIT OR Apache-2.0"}],
        "purl": reference,
    }))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::crates;
    use super::bill;

    #[test]
    fn all_that_is_needed_is_in_the_bill() {
        let bill = bill(&crates::inside().unwrap()).unwrap();
        let mut known: HashSet<_> =
            bill["components"].as_array().unwrap().iter().map(|part| &part["bom-ref"]).collect();
        assert!(known.len() > 50);
        known.insert(&bill["metadata"]["component"]["bom-ref"]);
        let dependencies = bill["dependencies"].as_array().unwrap();
        assert_eq!(dependencies.len() + 1, known.len());
        for dependency in dependencies {
            assert!(
                dependency["dependsOn"].as_array().unwrap().iter().all(|need| known.contains(need)),
                "{dependency}"
            );
        }
    }
}
