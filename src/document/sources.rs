//! Many documents: XML files, folders and ZIPs of them, each document read when it is needed and no sooner.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::archive::{bad, name_of, read_entry};
use super::file::io_error;
use super::{Document, Kind};
use crate::contract::{Code, ErrorEntry};

/// Documents in the order given: of a folder by name, of a ZIP as they stand in it.
#[derive(Default)]
pub struct Sources {
    list: Vec<Source>,
    archives: Vec<ZipArchive<File>>,
    skipped: Vec<String>,
}

/// One document.
struct Source {
    name: String,
    place: Place,
}

/// Where a document is.
enum Place {
    File(PathBuf),
    /// In an archive, and there at this place.
    Entry(usize, usize),
    /// Nowhere: the path that was to lead to documents does not.
    Lost(ErrorEntry),
}

/// Whether `path` leads to many documents: it is a folder or a ZIP.
#[must_use]
pub fn holds_many(path: &str) -> bool {
    Path::new(path).is_dir() || Document::open(path).is_ok_and(|document| document.kind == Kind::Zip)
}

impl Sources {
    /// The documents at these paths. What is wrong with one is told when it is read.
    #[must_use]
    pub fn of(paths: &[String]) -> Self {
        let mut sources = Self::default();
        for path in paths {
            if let Err(error) = sources.add(Path::new(path)) {
                sources.push(path.clone(), Place::Lost(error));
            }
        }
        sources
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The path of the document at `place`; of one in a ZIP the ZIP, `!` and its name there.
    #[must_use]
    pub fn name(&self, place: usize) -> &str {
        &self.list[place].name
    }

    /// The files of folders and ZIPs that are no XML by their name.
    #[must_use]
    pub fn into_skipped(self) -> Vec<String> {
        self.skipped
    }

    /// The XML at `place`. 2001 to 2005 if it cannot be read (any more), 2009 if its ZIP is damaged or it is a ZIP itself.
    pub fn read(&mut self, place: usize) -> Result<Vec<u8>, ErrorEntry> {
        match &self.list[place].place {
            Place::Lost(error) => Err(error.clone()),
            Place::File(path) => read_file(path),
            Place::Entry(archive, entry) => {
                let entry = self.archives[*archive].by_index(*entry).map_err(|error| bad(error.to_string()))?;
                xml(read_entry(entry)?).map_err(|error| error.detail(self.list[place].name.clone()))
            }
        }
    }

    fn push(&mut self, name: String, place: Place) {
        self.list.push(Source { name, place });
    }

    fn add(&mut self, path: &Path) -> Result<(), ErrorEntry> {
        if path.is_dir() {
            self.add_folder(path)
        } else if is_xml(path) {
            // Not opened yet: of ten thousand files each is opened when its turn comes.
            self.push(path.display().to_string(), Place::File(path.to_owned()));
            Ok(())
        } else {
            match Document::open(path)?.kind {
                Kind::Zip => self.add_zip(path),
                Kind::Xml => {
                    self.push(path.display().to_string(), Place::File(path.to_owned()));
                    Ok(())
                }
            }
        }
    }

    fn add_folder(&mut self, folder: &Path) -> Result<(), ErrorEntry> {
        let unreadable = |error| io_error(folder, &error);
        let entries: io::Result<Vec<_>> = fs::read_dir(folder).map_err(unreadable)?.collect();
        let mut files: Vec<_> = entries.map_err(unreadable)?.into_iter().map(|entry| entry.path()).collect();
        files.sort();
        let (documents, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| is_xml(path) && !path.is_dir());
        self.skipped.extend(others.iter().map(|path| path.display().to_string()));
        if documents.is_empty() {
            return Err(ErrorEntry::new(Code::FileNotFound)
                .msg("A pasta não tem nenhum arquivo .xml. Confira o caminho da pasta e repita.")
                .detail(folder.display().to_string()));
        }
        for path in documents {
            self.push(path.display().to_string(), Place::File(path));
        }
        Ok(())
    }

    fn add_zip(&mut self, path: &Path) -> Result<(), ErrorEntry> {
        let named = |what: String| bad(format!("{}: {what}", path.display()));
        let file = File::open(path).map_err(|error| io_error(path, &error))?;
        let mut archive = ZipArchive::new(file).map_err(|error| named(error.to_string()))?;
        let before = self.list.len();
        for place in 0..archive.len() {
            // Its name alone: packed or encrypted in a way that cannot be read is told when it is read.
            let entry = archive.by_index_raw(place).map_err(|error| named(error.to_string()))?;
            let name = name_of(&entry);
            let label = format!("{}!{name}", path.display());
            if is_xml(Path::new(&name)) || has_extension(Path::new(&name), "zip") {
                self.push(label, Place::Entry(self.archives.len(), place));
            } else if entry.is_file() {
                self.skipped.push(label);
            }
        }
        self.archives.push(archive);
        if self.list.len() == before { Err(named("no XML in it".to_owned())) } else { Ok(()) }
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, ErrorEntry> {
    let document = Document::open(path)?;
    let content = document.content.read()?.into_owned();
    xml(content).map_err(|error| error.detail(path.display().to_string()))
}

/// The content of an XML: 2003 if there is none, 2005 or 2009 if it is something else.
fn xml(content: Vec<u8>) -> Result<Vec<u8>, ErrorEntry> {
    match Kind::of(&content) {
        Some(Kind::Xml) => Ok(content),
        Some(Kind::Zip) => Err(ErrorEntry::new(Code::BadZip)
            .msg("O arquivo é um ZIP onde se espera um XML. Extraia os XML dele, ou informe o próprio ZIP.")),
        None if content.is_empty() => Err(ErrorEntry::new(Code::FileEmpty)),
        None => Err(ErrorEntry::new(Code::FileType)),
    }
}

fn is_xml(path: &Path) -> bool {
    has_extension(path, "xml")
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}
