//! The Windows DLLs: how large they are, and how long they take to load.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::measure::median;
use super::table::{Bar, Section, Table, decimals};
use crate::process::quiet;
use crate::windows::{self, Width};
use crate::{root, wine};

/// As Windows shows the sizes of files.
const BYTES_PER_MB: f64 = 1_048_576.0;

/// One DLL, and an empty one to compare it with.
struct Dll {
    width: Width,
    library: PathBuf,
    empty: PathBuf,
    loader: PathBuf,
}

/// Both of them. Needs MinGW and Wine.
pub fn dlls(folder: &Path, times: usize) -> Result<Section> {
    let mut table = Table::new(&["DLL", "Tamanho", "Carregar", "DLL vazia", "Diferença"]);
    let mut bars = Vec::new();
    for width in Width::BOTH {
        let dll = Dll::build(width, folder)?;
        let megabytes = fs::metadata(&dll.library)?.len() as f64 / BYTES_PER_MB;
        let (full, empty) = dll.load(times)?;
        let name = width.name();
        table.row([
            name.to_owned(),
            format!("{} MB", decimals(megabytes, 2)),
            format!("{} ms", decimals(full, 2)),
            format!("{} ms", decimals(empty, 2)),
            format!("{} ms", decimals(full - empty, 2)),
        ]);
        bars.push(Bar::at_most(&format!("DLL {name}: tamanho"), 3.0, Some(megabytes), "MB"));
        bars.push(Bar::at_most(&format!("DLL {name}: carregar, acima de uma vazia"), 15.0, Some(full - empty), "ms"));
    }
    wine::shutdown()?;
    let text = format!(
        "Carregadas por `LoadLibrary` num processo novo, sob o Wine. Um MB são aqui 1.048.576 bytes, como o Windows os conta.\n\n{}",
        table.markdown()
    );
    Ok(Section { title: "As DLLs do Windows", text, bars })
}

impl Dll {
    fn build(width: Width, folder: &Path) -> Result<Self> {
        let folder = folder.join(width.name());
        fs::create_dir_all(&folder)?;
        let dll = Self {
            width,
            library: folder.join("averbador.dll"),
            empty: folder.join("empty.dll"),
            loader: folder.join("load.exe"),
        };
        windows::build_library(&root(), width, &dll.library)?;
        let source = |name: &str| root().join("tests/peers").join(name);
        windows::compile(width, "gcc", &[&source("empty.c")], &dll.empty, &["-O2", "-shared"])?;
        windows::compile(width, "gcc", &[&source("load.c")], &dll.loader, &["-O2"])?;
        Ok(dll)
    }

    /// Milliseconds for the DLL and for the empty one: medians, measured in turn.
    fn load(&self, times: usize) -> Result<(f64, f64)> {
        let (mut full, mut empty) = (Vec::new(), Vec::new());
        for round in 0..times {
            eprintln!("  {} is loaded: {} of {times}", self.width.name(), round + 1);
            full.push(self.load_once(&self.library)?);
            empty.push(self.load_once(&self.empty)?);
        }
        Ok((median(full.into_iter()), median(empty.into_iter())))
    }

    fn load_once(&self, library: &Path) -> Result<f64> {
        let mut run = Command::new(wine::runner(self.width)?);
        Ok(quiet(run.arg(&self.loader).arg(wine::path(library)))?.trim().parse()?)
    }
}
