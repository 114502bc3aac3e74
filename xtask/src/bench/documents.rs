//! The documents that are sent: CT-e of a size that is usual, each with a key of its own.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use simulator::numbered_key;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::root;

/// So many there are.
pub const COUNT: usize = 10_000;
/// So many fit into a ZIP, and into a consulta.
pub const IN_ZIP: usize = 400;
/// So many keys are consulted.
pub const KEYS: usize = 1000;
/// So large each is, in bytes, or a little larger: a CT-e for a load of many invoices.
pub const BYTES: usize = 11_700;

/// The key and the number in the model.
const MODEL_KEY: &str = "41260599990001000198570010000047111283746517";
const MODEL_NUMBER: &str = "<nCT>4711</nCT>";
/// Where the model lists invoices.
const INVOICES: &str = "</infDoc>";

/// The documents, in a folder.
pub struct Documents {
    /// The folder.
    pub folder: PathBuf,
    keys: Vec<String>,
}

impl Documents {
    /// Writes them, the ZIP and the lists of keys into `folder`.
    pub fn write(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder)?;
        let documents = Self { folder, keys: (1..=COUNT).map(|number| numbered_key(MODEL_KEY, number)).collect() };
        let model = model()?;
        for (place, key) in documents.keys.iter().enumerate() {
            fs::write(documents.folder.join(file_name(key)), document(&model, key, place + 1))?;
        }
        documents.write_zip(&model)?;
        documents.write_list("lote.txt", IN_ZIP)?;
        documents.write_list("chaves.txt", KEYS)?;
        Ok(documents)
    }

    /// The names of the first `count` in the folder.
    pub fn files(&self, count: usize) -> Vec<String> {
        self.keys[..count].iter().map(|key| file_name(key)).collect()
    }

    fn write_zip(&self, model: &str) -> Result<()> {
        let mut zip = ZipWriter::new(File::create(self.folder.join("lote.zip"))?);
        for (place, key) in self.keys[..IN_ZIP].iter().enumerate() {
            zip.start_file(format!("{key}.xml"), SimpleFileOptions::default())?;
            zip.write_all(document(model, key, place + 1).as_bytes())?;
        }
        zip.finish()?;
        Ok(())
    }

    fn write_list(&self, name: &str, count: usize) -> Result<()> {
        Ok(fs::write(self.folder.join(name), self.keys[..count].join("\n"))?)
    }
}

/// The fixture, grown to [`BYTES`] by further invoices.
fn model() -> Result<String> {
    let path: &Path = &root().join("tests/fixtures/cte-utf8.xml");
    let fixture = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let place = fixture.find(INVOICES).context("the fixture lists no invoices")?;
    ensure!(fixture.contains(MODEL_KEY) && fixture.contains(MODEL_NUMBER), "the fixture has another key");
    let mut invoices = String::new();
    for number in 0.. {
        if fixture.len() + invoices.len() >= BYTES {
            break;
        }
        let code = (number + 1_u64) * 7_919_317 % 100_000_000;
        invoices +=
            &format!("<infNFe><chave>4126059999010100011455001{number:09}1{code:08}{}</chave></infNFe>", code % 10);
    }
    Ok(format!("{}{invoices}{}", &fixture[..place], &fixture[place..]))
}

fn document(model: &str, key: &str, number: usize) -> String {
    model.replace(MODEL_KEY, key).replace(MODEL_NUMBER, &format!("<nCT>{number}</nCT>"))
}

/// As the issuer's program calls it.
fn file_name(key: &str) -> String {
    format!("{key}-cte.xml")
}
