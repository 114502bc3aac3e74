//! A file on disk: it is there whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::contract::{Code, ErrorEntry};

/// Writes a file that was asked for: beside it first, then in its place. 2001, 2002 if it cannot be.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ErrorEntry> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut part = path.as_os_str().to_owned();
    part.push(format!(".{}-{count}.tmp", std::process::id()));
    let part = PathBuf::from(part);
    let written = write_new(&part, bytes).and_then(|()| fs::rename(&part, path));
    written.map_err(|error| {
        // There may be nothing to remove.
        let _ = fs::remove_file(&part);
        unwritable(path, &error)
    })
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn unwritable(path: &Path, error: &io::Error) -> ErrorEntry {
    let code = if error.kind() == ErrorKind::NotFound { Code::FileNotFound } else { Code::FileNoPermission };
    ErrorEntry::new(code)
        .msg("O arquivo não pôde ser gravado. Confira a pasta, a permissão e o espaço em disco, e repita.")
        .detail(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::write_file;

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("averbador-escrita-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.pdf");
        for content in [&b"first"[..], b"second"] {
            write_file(&path, content).unwrap();
            assert_eq!(fs::read(&path).unwrap(), content);
        }
        assert_eq!(write_file(&folder.join("x/a.pdf"), b"").unwrap_err().code(), 2001);
        assert_eq!(write_file(&folder, b"").unwrap_err().code(), 2002);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left lying about");
        fs::remove_dir_all(&folder).unwrap();
    }
}
