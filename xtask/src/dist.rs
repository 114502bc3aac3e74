//! `cargo xtask dist`: what is given away.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::callers::Callers;
use crate::pascal::Target;
use crate::windows::Width;
use crate::{root, setup};

/// Builds `dist/win32` and `dist/win64`, with `include/` and `delphi/` beside them. What was built is returned.
pub fn run() -> Result<Vec<(Width, Callers)>> {
    setup::report(&setup::ensure(&root(), setup::DIST)?)?;
    let mut built = Vec::new();
    for width in Width::BOTH {
        let callers = Callers::build(Target::Windows(width))?;
        lay_out(width, &callers)?;
        built.push((width, callers));
    }
    copy_folder(&root().join("include"), &root().join("dist/include"))?;
    copy_folder(&root().join("delphi"), &root().join("dist/delphi"))?;
    for unit in ["AverbadorChamada", "Averbador", "AverbadorMdfe", "AverbadorNfse"] {
        let text = fs::read_to_string(root().join(format!("delphi/{unit}.pas")))?;
        fs::write(root().join(format!("dist/delphi/{unit}.pas")), windows_1252(&text)?)?;
    }
    Ok(built)
}

/// Puts what was built for `width` into its folder, and says what is there.
fn lay_out(width: Width, callers: &Callers) -> Result<()> {
    let folder = root().join("dist").join(width.name());
    fs::create_dir_all(&folder)?;
    for name in ["averbador.dll", "libaverbador.dll.a", "averbador.lib", "harness.exe"] {
        let bytes =
            fs::copy(callers.folder.join(name), folder.join(name)).with_context(|| format!("{name} is missing"))?;
        println!("dist/{}/{name}: {} KiB", width.name(), bytes.div_ceil(1024));
    }
    Ok(())
}

/// The encoding that Delphi 7 expects, and later ones without a mark, so that the comments are readable as hints there.
/// (With UTF-8's mark Delphi 7 does not compile a file.) Up to U+00FF both number the letters alike.
fn windows_1252(text: &str) -> Result<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).with_context(|| format!("{c:?} is not in Windows-1252"))).collect()
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &place)?;
        } else {
            fs::copy(entry.path(), place)?;
        }
    }
    Ok(())
}
