//! The log: one JSON line per call and per request, in a file for each day. Off unless set.
//!
//! Nothing that was said is written, only what became of it: names of operations, addresses without parameters, times,
//! sizes, codes. Errors are written as the caller gets them, which is without secrets. A log that cannot be written is
//! left unwritten: it never fails a call.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

use crate::contract::ErrorEntry;
use crate::settings::{Level, LogSettings};

/// Where the lines go, if anywhere.
pub struct Log {
    settings: Option<LogSettings>,
    /// The day for which old files were last removed.
    cleaned: Mutex<Option<Date>>,
}

/// What became of a call or a request.
#[derive(Serialize)]
#[serde(tag = "evento", rename_all = "lowercase")]
pub enum Entry<'a> {
    /// A call into the library has ended.
    Chamada {
        /// The operation.
        r#mod: &'a str,
        /// Its `status`.
        status: &'a str,
        /// The first code of its `error`; absent if there is none.
        #[serde(skip_serializing_if = "Option::is_none")]
        codigo: Option<i64>,
        /// How long it took.
        ms: u128,
    },
    /// An HTTP request has ended.
    Requisicao {
        /// GET or POST.
        metodo: &'a str,
        /// The address without its parameters.
        url: &'a str,
        /// Bytes of what was sent, headers left out.
        enviados: u64,
        /// Bytes of a successful answer, headers left out.
        recebidos: usize,
        /// Why it failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        erro: Option<&'a ErrorEntry>,
        /// How long it took.
        ms: u128,
    },
}

impl Entry<'_> {
    /// From which level on it is written.
    fn level(&self) -> Level {
        match self {
            Self::Chamada { codigo: Some(1..), .. } => Level::Erro,
            Self::Chamada { .. } => Level::Info,
            Self::Requisicao { .. } => Level::Detalhe,
        }
    }
}

/// A line: the entry and when it was written.
#[derive(Serialize)]
struct Line<'a> {
    hora: String,
    versao: &'static str,
    #[serde(flatten)]
    entry: &'a Entry<'a>,
}

impl Log {
    /// A log as set; `None` writes nothing.
    #[must_use]
    pub fn new(settings: Option<LogSettings>) -> Self {
        Self { settings, cleaned: Mutex::new(None) }
    }

    /// Why nothing can be written, if so (Portuguese).
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let settings = self.settings.as_ref()?;
        let path = file_of(&settings.arquivo, now().date());
        let error = open(&path).err()?;
        Some(format!("O arquivo de log não pôde ser aberto ({}): {error}. As chamadas seguem sem log.", path.display()))
    }

    /// Whether entries of `level` are written.
    #[must_use]
    pub fn wants(&self, level: Level) -> bool {
        self.settings.as_ref().is_some_and(|settings| level <= settings.nivel)
    }

    /// Writes `entry`, if entries of its level are.
    pub fn write(&self, entry: &Entry) {
        let Some(settings) = self.settings.as_ref().filter(|_| self.wants(entry.level())) else { return };
        // Every failure ends here: no log is worth a failed call.
        let _ = self.append(settings, entry);
    }

    fn append(&self, settings: &LogSettings, entry: &Entry) -> io::Result<()> {
        let now = now();
        let hora = now.format(&Rfc3339).map_err(io::Error::other)?;
        let mut line = serde_json::to_vec(&Line { hora, versao: env!("CARGO_PKG_VERSION"), entry })?;
        line.push(b'\n');
        // Opened for each line: the file may be moved, deleted or read at any time, and two programs may share it.
        open(&file_of(&settings.arquivo, now.date()))?.write_all(&line)?;
        self.clean(settings, now.date())
    }

    /// Removes the files of days before the last `dias`, once a day.
    fn clean(&self, settings: &LogSettings, today: Date) -> io::Result<()> {
        let mut cleaned = self.cleaned.lock().unwrap_or_else(PoisonError::into_inner);
        if cleaned.replace(today) == Some(today) {
            return Ok(());
        }
        let keep = Duration::from_secs(u64::from(settings.dias) * 24 * 60 * 60);
        let oldest = file_of(&settings.arquivo, today.saturating_sub(keep.try_into().unwrap_or_default()));
        let folder = oldest.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        for file in fs::read_dir(folder)?.filter_map(Result::ok) {
            if is_older(&file.path(), &oldest) {
                fs::remove_file(file.path())?;
            }
        }
        Ok(())
    }
}

fn now() -> OffsetDateTime {
    // The local time where the system tells it to a program with threads (Windows does), else UTC.
    OffsetDateTime::now_local().unwrap_or_else(|_| OffsetDateTime::now_utc())
}

/// `averbador.log` of 21 November 2026 is `averbador-2026-11-21.log`.
fn file_of(name: &str, day: Date) -> PathBuf {
    let path = Path::new(name);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().map_or_else(|| "log".into(), |extension| extension.to_string_lossy());
    path.with_file_name(format!("{stem}-{day}.{extension}"))
}

/// Whether `file` is one of ours, by its name, for a day before that of `oldest`. Names of one form sort by their day.
fn is_older(file: &Path, oldest: &Path) -> bool {
    let (Some(file), Some(oldest)) =
        (file.file_name().and_then(|n| n.to_str()), oldest.file_name().and_then(|n| n.to_str()))
    else {
        return false;
    };
    let form = |name: &str| name.replace(|c: char| c.is_ascii_digit(), "0");
    form(file) == form(oldest) && file < oldest
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use time::macros::date;

    use super::{file_of, is_older};

    #[test]
    fn each_day_has_its_file() {
        let file = file_of("pasta/averbador.log", date!(2026 - 11 - 21));
        assert_eq!(file, Path::new("pasta/averbador-2026-11-21.log"));
        assert_eq!(file_of("x", date!(2026 - 01 - 02)), Path::new("x-2026-01-02.log"));
    }

    #[test]
    fn only_our_own_older_files_are_removed() {
        let oldest = Path::new("averbador-2026-11-14.log");
        for (name, older) in [
            ("averbador-2026-11-13.log", true),
            ("averbador-2025-12-31.log", true),
            ("averbador-2026-11-14.log", false),
            ("averbador-2026-11-21.log", false),
            ("averbador.log", false),
            ("nfe-2020-01-01.log", false),
            ("averbador-2020-01-01.txt", false),
        ] {
            assert_eq!(is_older(Path::new(name), oldest), older, "{name}");
        }
    }
}
