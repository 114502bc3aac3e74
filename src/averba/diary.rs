//! The diary of a call for many documents (`diario`): what became of each, noted as soon as it is known. After a power cut
//! the same call with the same diary goes on where it stopped.
//!
//! JSON lines. The first names the service: `{"diario":"averbador","formato":1,"url":"…"}`. Before documents are sent
//! their keys are noted, `{"enviando":["…"]}`; when the outcome of one is known, its entry of the reply.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use serde::{Deserialize, Serialize};

use crate::contract::{Code, Entrada, ErrorEntry, bad_field};

/// No line of ours is longer: 400 keys take 19 KB.
const LONGEST_LINE: u64 = 256 * 1024;

/// A diary, or none: then nothing is noted and nothing known.
#[derive(Default)]
pub struct Diary {
    file: Option<BufWriter<File>>,
    noted: Noted,
    /// Why the last note could not be written.
    problem: Option<io::Error>,
}

/// What earlier calls have noted.
#[derive(Default)]
struct Noted {
    /// Protocol by key.
    endorsed: HashMap<String, String>,
    /// Keys of documents that were sent.
    sent: HashSet<String>,
    /// Where the last whole line ends.
    end: u64,
}

/// The first line.
#[derive(Serialize)]
struct Title<'a> {
    diario: &'a str,
    formato: u8,
    url: &'a str,
}

/// Any other line, as far as it is read again.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Line {
    enviando: Vec<String>,
    chave: String,
    protocolo: String,
    status: u8,
}

impl Diary {
    /// Opens the diary at `path`, or begins it, for a call to the service at `url` about the documents with these keys. 1006
    /// if the file is something else, or the diary of other documents; 2002 if it cannot be written.
    pub fn open(path: &str, url: &str, keys: &HashSet<&str>) -> Result<Self, ErrorEntry> {
        let title = serde_json::to_string(&Title { diario: "averbador", formato: 1, url }).expect("plain data") + "\n";
        let mut file = open_alone(path).map_err(|error| unusable(path, &error))?;
        let noted = Noted::read(&file, &title).map_err(|error| unusable(path, &error))?.ok_or_else(|| foreign(path))?;
        if !noted.is_about(keys) {
            return Err(foreign(path));
        }
        let begin = |file: &mut File| {
            // A line that a power cut left unfinished is taken away.
            file.set_len(noted.end)?;
            file.seek(SeekFrom::End(0))?;
            if noted.end == 0 { file.write_all(title.as_bytes()) } else { Ok(()) }
        };
        begin(&mut file).map_err(|error| unusable(path, &error))?;
        Ok(Self { file: Some(BufWriter::new(file)), noted, problem: None })
    }

    /// The protocol of a document that an earlier call has noted as endorsed.
    pub fn protocol(&self, key: &str) -> Option<&str> {
        self.noted.endorsed.get(key).map(String::as_str)
    }

    /// Whether an earlier call has sent this document.
    pub fn was_sent(&self, key: &str) -> bool {
        self.noted.sent.contains(key)
    }

    /// Notes that the documents with these keys are about to be sent; on return that is on the disk.
    pub fn sending<'k>(&mut self, keys: impl Iterator<Item = &'k str>) -> Result<(), ErrorEntry> {
        if self.file.is_none() {
            return Ok(());
        }
        self.write(&serde_json::json!({ "enviando": keys.collect::<Vec<_>>() }));
        self.keep()
    }

    /// Notes what became of a document; on the disk for sure after [`keep`](Self::keep).
    pub fn note(&mut self, entry: &Entrada) {
        self.write(entry);
    }

    /// Brings what was noted to the disk. 2002 if it cannot be: to go on would break the diary's promise.
    pub fn keep(&mut self) -> Result<(), ErrorEntry> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let kept = match self.problem.take() {
            Some(problem) => Err(problem),
            None => file.flush().and_then(|()| file.get_ref().sync_data()),
        };
        kept.map_err(|error| {
            ErrorEntry::new(Code::FileNoPermission)
                .msg("O diário não pôde ser gravado. Confira o espaço em disco e a permissão, e repita.")
                .detail(error.to_string())
        })
    }

    fn write(&mut self, line: &impl Serialize) {
        let Some(file) = &mut self.file else { return };
        let mut text = serde_json::to_vec(line).expect("plain data with text keys");
        text.push(b'\n');
        if let Err(error) = file.write_all(&text) {
            self.problem = Some(error);
        }
    }
}

impl Noted {
    /// What stands in `file`; `None` if it is no diary that begins with `title`.
    fn read(file: &File, title: &str) -> io::Result<Option<Self>> {
        let mut reader = BufReader::new(file);
        let mut noted = Self::default();
        loop {
            let mut line = Vec::new();
            reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
            let first = noted.end == 0;
            if !line.ends_with(b"\n") {
                // The end, or what a power cut left of a line: of the title a part, of another no whole line.
                let ours = if first { title.as_bytes().starts_with(&line) } else { (line.len() as u64) < LONGEST_LINE };
                return Ok(ours.then_some(noted));
            }
            let known = if first { line == title.as_bytes() } else { noted.take(&line) };
            if !known {
                return Ok(None);
            }
            noted.end += line.len() as u64;
        }
    }

    /// Whether `line` is one of a diary.
    fn take(&mut self, line: &[u8]) -> bool {
        let Ok(Line { enviando, chave, protocolo, status }) = serde_json::from_slice(line) else { return false };
        self.sent.extend(enviando);
        if status == 1 {
            self.endorsed.insert(chave, protocolo);
        }
        true
    }

    /// Whether it is empty, or one of its documents is among these.
    fn is_about(&self, keys: &HashSet<&str>) -> bool {
        let mut noted = self.sent.iter().chain(self.endorsed.keys()).peekable();
        noted.peek().is_none() || noted.any(|key| keys.contains(key.as_str()))
    }
}

fn foreign(path: &str) -> ErrorEntry {
    bad_field(Code::BadField, "diario", "indica um arquivo que não é o diário desta chamada; informe outro arquivo")
        .detail(path)
}

fn unusable(path: &str, error: &io::Error) -> ErrorEntry {
    ErrorEntry::new(Code::FileNoPermission)
        .msg("O diário não pôde ser aberto. Confira o caminho, a permissão e se outra chamada o usa, e repita.")
        .detail(format!("{path}: {error}"))
}

/// For reading and writing, made if there is none; one call at a time has it.
#[cfg(windows)]
fn open_alone(path: &str) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt;
    /// FILE_SHARE_READ: a person may look at it meanwhile.
    const OTHERS_READ: u32 = 1;
    OpenOptions::new().read(true).write(true).create(true).truncate(false).share_mode(OTHERS_READ).open(path)
}

/// For reading and writing, made if there is none; one call at a time has it.
#[cfg(not(windows))]
fn open_alone(path: &str) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    file.try_lock()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fs;

    use proptest::prelude::*;

    use super::Diary;
    use crate::contract::{Averbacao, Entrada, Situacao};

    const URL: &str = "https://example.com/";

    /// A path of its own for each test, in a folder that is gone when dropped.
    struct Folder(std::path::PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("averbador-{}-{name}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        fn diary(&self) -> String {
            self.0.join("diario.jsonl").to_str().unwrap().to_owned()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn open(path: &str, keys: &[&str]) -> Result<Diary, i32> {
        Diary::open(path, URL, &keys.iter().copied().collect()).map_err(|error| error.code())
    }

    fn endorsed(key: &str) -> Entrada {
        let averbacao = Averbacao::of("1", "2", key).endorsed("77".to_owned());
        Entrada { averbacao, arquivo: "a.xml".to_owned(), situacao: Situacao::Averbado, etapa: None }
    }

    fn begun(path: &str) {
        let mut diary = open(path, &["a", "b"]).unwrap();
        diary.sending(["a", "b"].into_iter()).unwrap();
        diary.note(&endorsed("a"));
        diary.keep().unwrap();
    }

    #[test]
    fn what_was_noted_is_known_to_the_next_call() {
        let folder = Folder::new("noted");
        begun(&folder.diary());
        let diary = open(&folder.diary(), &["a", "c"]).unwrap();
        assert_eq!((diary.protocol("a"), diary.protocol("b")), (Some("77"), None));
        assert!(diary.was_sent("b") && !diary.was_sent("c"));
    }

    #[test]
    fn wherever_it_was_cut_it_goes_on() {
        let folder = Folder::new("cut");
        begun(&folder.diary());
        let whole = fs::read(folder.diary()).unwrap();
        for length in 0..=whole.len() {
            fs::write(folder.diary(), &whole[..length]).unwrap();
            let known = open(&folder.diary(), &["a"]).unwrap().protocol("a").is_some();
            assert_eq!(known, length == whole.len(), "{length}");
            begun(&folder.diary());
            assert_eq!(open(&folder.diary(), &["a"]).unwrap().protocol("a"), Some("77"), "{length}");
        }
    }

    #[test]
    fn what_is_no_diary_of_this_call_is_left_as_it_is() {
        let folder = Folder::new("foreign");
        begun(&folder.diary());
        let other_service = Diary::open(&folder.diary(), "https://example.org/", &HashSet::from(["a"]));
        assert_eq!(
            (other_service.err().map(|error| error.code()), open(&folder.diary(), &["z"]).err()),
            (Some(1006), Some(1006))
        );
        for text in ["<a/>", "<a/>\n", "{}\n", "{\"diario\":\"x\"}\n"] {
            fs::write(folder.diary(), text).unwrap();
            assert_eq!(open(&folder.diary(), &["a"]).err(), Some(1006), "{text}");
            assert_eq!(fs::read_to_string(folder.diary()).unwrap(), text);
        }
        assert_eq!(open(folder.0.to_str().unwrap(), &["a"]).err(), Some(2002), "a folder");
    }

    #[test]
    fn one_call_at_a_time() {
        let folder = Folder::new("alone");
        let first = open(&folder.diary(), &["a"]).unwrap();
        assert_eq!(open(&folder.diary(), &["a"]).err(), Some(2002));
        drop(first);
        assert!(open(&folder.diary(), &["a"]).is_ok());
    }

    proptest! {
        #[test]
        fn any_other_file_is_refused_and_kept(text in "\\PC{1,60}\n?\\PC{0,60}") {
            let folder = Folder::new("any");
            fs::write(folder.diary(), &text).unwrap();
            prop_assert_eq!(open(&folder.diary(), &["a"]).err(), Some(1006));
            prop_assert_eq!(fs::read_to_string(folder.diary()).unwrap(), text);
        }
    }
}
