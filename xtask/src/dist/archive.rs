//! Archives that are the same for the same contents: sorted, without times and owners.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{DateTime, ZipArchive, ZipWriter};

/// Packs `folder`, its own name first in every path, into a ZIP.
pub fn zip(folder: &Path, into: &Path) -> Result<()> {
    let mut zip = ZipWriter::new(BufWriter::new(create(into)?));
    let options = SimpleFileOptions::default().last_modified_time(DateTime::default()).unix_permissions(0o644);
    for (name, path) in entries(folder)? {
        zip.start_file(name, options)?;
        zip.write_all(&fs::read(&path)?)?;
    }
    zip.finish()?.flush()?;
    Ok(())
}

/// The same as a compressed tar, with links kept as links.
pub fn tar_gz(folder: &Path, into: &Path) -> Result<()> {
    let gzip = GzBuilder::new().mtime(0).write(BufWriter::new(create(into)?), Compression::best());
    let mut tar = tar::Builder::new(gzip);
    for (name, path) in entries(folder)? {
        let mut header = tar::Header::new_gnu();
        header.set_mtime(0);
        if path.is_symlink() {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_mode(0o777);
            header.set_size(0);
            tar.append_link(&mut header, name, fs::read_link(&path)?)?;
        } else {
            let bytes = fs::read(&path)?;
            header.set_mode(if is_executable(&bytes) { 0o755 } else { 0o644 });
            header.set_size(bytes.len() as u64);
            tar.append_data(&mut header, name, &*bytes)?;
        }
    }
    tar.into_inner()?.finish()?.flush()?;
    Ok(())
}

/// Unpacks an archive of ours into `folder`, which is emptied before.
pub fn unpack(archive: &Path, folder: &Path) -> Result<()> {
    empty(folder)?;
    let file = File::open(archive).with_context(|| format!("cannot open {}", archive.display()))?;
    if archive.extension().is_some_and(|extension| extension == "zip") {
        ZipArchive::new(file)?.extract(folder)?;
    } else {
        tar::Archive::new(flate2::read::GzDecoder::new(file)).unpack(folder)?;
    }
    Ok(())
}

/// The lines of a SHA256SUMS for these files, as `sha256sum --check` reads them.
pub fn sums(files: &[PathBuf]) -> Result<String> {
    let mut lines = String::new();
    for file in files {
        let name = file.file_name().context("a file without a name")?.to_string_lossy();
        let sum: String = Sha256::digest(fs::read(file)?).iter().map(|byte| format!("{byte:02x}")).collect();
        lines.push_str(&format!("{sum}  {name}\n"));
    }
    Ok(lines)
}

/// Makes an empty folder of it.
pub fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}

fn create(file: &Path) -> Result<File> {
    File::create(file).with_context(|| format!("cannot write {}", file.display()))
}

/// All files below `folder`, sorted, each with its name in the archive.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let base = folder.parent().context("a folder without a parent")?;
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
            } else {
                let name = path.strip_prefix(base)?.to_str().context("a file name that is not UTF-8")?;
                found.push((name.replace('\\', "/"), path));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A program or a script.
fn is_executable(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x7fELF") || bytes.starts_with(b"#!")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{empty, sums, tar_gz, unpack, zip};

    #[test]
    fn the_same_contents_give_the_same_archive_and_come_out_again() {
        let work = std::env::temp_dir().join(format!("averbador-archive-{}", std::process::id()));
        let folder = work.join("a b ç");
        let mut seen = Vec::new();
        for _ in 0..2 {
            empty(&folder).unwrap();
            fs::create_dir(folder.join("x")).unwrap();
            fs::write(folder.join("x/1.txt"), "um").unwrap();
            fs::write(folder.join("2.txt"), "dois").unwrap();
            let files = [work.join("a.zip"), work.join("a.tar.gz")];
            zip(&folder, &files[0]).unwrap();
            tar_gz(&folder, &files[1]).unwrap();
            for file in &files {
                unpack(file, &work.join("out")).unwrap();
                assert_eq!(fs::read_to_string(work.join("out/a b ç/x/1.txt")).unwrap(), "um");
                assert_eq!(fs::read_to_string(work.join("out/a b ç/2.txt")).unwrap(), "dois");
            }
            seen.push(sums(&files).unwrap());
        }
        fs::remove_dir_all(work).unwrap();
        assert_eq!(seen[0], seen[1]);
        assert!(seen[0].ends_with("  a.tar.gz\n") && seen[0].lines().count() == 2);
    }
}
