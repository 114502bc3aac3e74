//! `cargo xtask siem --pictures`: goes through SIEM as its users do, with mouse and keyboard, and takes pictures of it.
//!
//! What can be told without looking is checked: what the simulator got, what is in the database. The pictures are
//! for whoever reads the guide, and must be looked at when a window was changed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use simulator::{Config, DEFAULT_PASSWORD, DEFAULT_USER, Simulator};

use crate::pascal::Target;
use crate::process::quiet;
use crate::screen::{Screen, wait_until};
use crate::siem::App;
use crate::windows::Width;
use crate::{root, sqlite};

const SIZE: &str = "1024x768";

/// Where the first CT-e of the list is, in the middle of the screen, and how far the next one is from it.
const FIRST_ROW: (u32, u32) = (200, 151);
const ROW: u32 = 16;
/// The button "Averbar".
const ENDORSE: (u32, u32) = (113, 664);
/// How much of the screen the main window covers, in percent, and how much a message.
const WINDOW: usize = 50;
const MESSAGE: usize = 2;
/// How long SIEM waits for a locked database, every time.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// The button that restores the window when it is minimised.
const RESTORE: (u32, u32) = (111, 757);
/// Where the mouse is over nothing that would say what it is.
const CORNER: (u32, u32) = (1020, 764);

/// Takes them all.
pub fn take(app: &App) -> Result<()> {
    let Target::Windows(width) = app.target else { bail!("the pictures are of the Windows program") };
    let mut visit = Visit::begin(app)?;
    let done = visit.go(width);
    if done.is_err() {
        visit.aside("ao-falhar")?;
    }
    app.shut_down()?;
    done
}

/// A program that keeps the database locked. It ends with this object.
struct Lock {
    holder: Child,
}

impl Drop for Lock {
    fn drop(&mut self) {
        drop(self.holder.stdin.take()); // it waits for that
        let _ = self.holder.wait();
    }
}

/// SIEM on its screen, with its simulator.
struct Visit<'a> {
    app: &'a App,
    screen: Screen,
    simulator: Simulator,
    data: PathBuf,
    running: Option<Child>,
}

impl<'a> Visit<'a> {
    fn begin(app: &'a App) -> Result<Self> {
        // With accents, as the folders of many users have.
        let data = app.folder.join("retratos de Conceição");
        let _ = fs::remove_dir_all(&data);
        fs::create_dir_all(&data)?;
        app.shut_down()?;
        let screen = Screen::start(SIZE)?;
        let simulator = Simulator::start(Config::default())?;
        let mut visit = Self { app, screen, simulator, data, running: None };
        visit.open(100)?;
        Ok(visit)
    }

    fn go(&mut self, width: Width) -> Result<()> {
        self.first_use()?;
        self.minimised()?;
        self.endorse_three()?;
        self.data_of_one()?;
        self.cancelled_one()?;
        self.session_expired()?;
        self.wrong_password()?;
        self.stopped_by_user()?;
        self.missing_file()?;
        self.closed_in_the_middle()?;
        self.locked_database()?;
        self.locked_before_start()?;
        self.read_only_database()?;
        self.crash()?;
        self.unplugged()?;
        self.scaled()?;
        self.wrong_library(width)
    }

    /// Starts SIEM, at a scale in percent.
    fn open(&mut self, scale: u32) -> Result<()> {
        let settings = self.data.join("simulador.json");
        fs::write(&settings, self.simulator.settings(None).to_string())?;
        let simulator = format!("--simulador={}", self.app.path(&settings));
        self.start(self.app.command(&self.data, SIZE, scale)?.arg(simulator), WINDOW)
    }

    fn start(&mut self, command: &mut Command, percent: usize) -> Result<()> {
        self.screen.point(CORNER)?;
        self.running = Some(self.screen.show(command)?);
        self.screen.wait_until_covered(percent)
    }

    /// Waits until SIEM has ended, and starts it again.
    fn reopen(&mut self, scale: u32) -> Result<()> {
        self.wait_for_end()?;
        self.open(scale)
    }

    fn wait_for_end(&mut self) -> Result<()> {
        let mut running = self.running.take().context("SIEM does not run")?;
        wait_until("the end of SIEM", || Ok(running.try_wait()?.is_some()))?;
        self.app.shut_down()
    }

    /// Leaves SIEM by its button.
    fn leave(&self) -> Result<()> {
        self.screen.press(&["alt+s"])
    }

    /// Closes the panel of the stages.
    fn close_panel(&self) -> Result<()> {
        self.screen.press_to_change(&["Escape"])
    }

    fn first_use(&mut self) -> Result<()> {
        self.type_account(DEFAULT_PASSWORD)?;
        self.picture("siem-login")?;
        self.screen.press_to_change(&["Return"])
    }

    /// And restored, by what is left of it at the lower left.
    fn minimised(&self) -> Result<()> {
        self.screen.press_to_change(&["alt+m"])?;
        self.aside("minimizado")?;
        self.screen.click(RESTORE)?;
        self.screen.point(CORNER)?;
        self.screen.wait_until_covered(WINDOW)
    }

    /// In the window for it. The user's name stays when it is asked for again.
    fn type_account(&self, password: &str) -> Result<()> {
        self.screen.press(&["alt+u", "ctrl+a"])?;
        self.screen.write(DEFAULT_USER)?;
        self.screen.press(&["Tab"])?;
        self.screen.write(password)?;
        self.screen.wait_until_calm()
    }

    /// By mouse; the window answers while AverbePorto does not.
    fn endorse_three(&self) -> Result<()> {
        self.simulator.fault("upload:delay=6s".parse()?);
        self.select(&[4705, 4706, 4708])?;
        self.screen.click(ENDORSE)?;
        wait_until("the upload", || Ok(!self.simulator.documents().is_empty()))?;
        self.picture("siem-averbando")?;
        self.wait_until_stored(&[4705, 4706, 4708])?;
        self.picture("siem-principal")?;
        self.screen.press_to_change(&["Escape"])
    }

    fn data_of_one(&self) -> Result<()> {
        self.show_data(4705)?;
        self.screen.press(&["alt+c"])?;
        self.screen.wait_until_calm()?;
        self.picture("siem-dados")?;
        self.screen.press_to_change(&["Escape"])
    }

    /// The insurer is told of a cancellation, by the harness.
    fn cancelled_one(&self) -> Result<()> {
        const KEY_IN_FIXTURE: &str = "41260599990001000198570010000047111283746517";
        let event = fs::read_to_string(root().join("tests/fixtures/evento-cancelamento.xml"))?;
        let file = self.data.join("evento.xml");
        fs::write(&file, event.replace(KEY_IN_FIXTURE, &self.key(4706)?))?;
        let request = serde_json::json!({
            "mod": "Cancela", "user": DEFAULT_USER, "pass": DEFAULT_PASSWORD, "cte": self.app.path(&file),
        });
        let settings = self.simulator.settings(None).to_string();
        quiet(self.app.harness()?.args(["--config", &settings, "executa", &request.to_string()]))?;
        self.show_data(4706)?;
        self.picture("siem-dados-cancelada")?;
        self.screen.press_to_change(&["Escape"])
    }

    /// Found by the filter: of what is not endorsed, the first.
    fn session_expired(&self) -> Result<()> {
        self.simulator.expire_sessions();
        self.screen.press_to_change(&["alt+n"])?;
        self.aside("nao-averbados")?;
        self.screen.click(FIRST_ROW)?;
        self.screen.press(&["F9"])?;
        self.wait_until_stored(&[4707])?;
        self.screen.press_to_change(&["Escape"])?;
        self.screen.press_to_change(&["alt+n"])
    }

    /// It is asked for again, and forgotten until then.
    fn wrong_password(&self) -> Result<()> {
        self.screen.press_to_change(&["F7"])?;
        self.type_account("errada")?;
        self.screen.press_to_change(&["Return"])?;
        self.simulator.clear_requests();
        self.endorse(&[4710])?;
        wait_until("the login", || Ok(!self.simulator.requests().is_empty()))?;
        self.screen.wait_until_calm()?;
        self.aside("senha-errada")?;
        self.type_account(DEFAULT_PASSWORD)?;
        self.screen.press_to_change(&["Return"])?;
        self.close_panel()?;
        self.endorse(&[4710])?;
        self.wait_until_stored(&[4710])?;
        self.close_panel()
    }

    /// Before anything is sent.
    fn stopped_by_user(&self) -> Result<()> {
        self.simulator.expire_sessions();
        self.simulator.clear_requests();
        self.simulator.fault("login:delay=3s".parse()?);
        self.endorse(&[4711])?;
        let logins = || self.simulator.requests().into_iter().filter(|request| request.module == "login");
        wait_until("the login", || Ok(logins().next().is_some()))?;
        self.screen.press(&["Escape"])?;
        wait_until("the end of the login", || Ok(logins().all(|login| login.took.is_some())))?;
        self.screen.wait_until_calm()?;
        self.aside("cancelado")?;
        ensure!(self.simulator.document(&self.key(4711)?).is_none(), "it was sent all the same");
        self.close_panel()
    }

    /// It fails alone.
    fn missing_file(&self) -> Result<()> {
        fs::remove_file(self.xml(4711)?)?;
        self.endorse(&[4711, 4712])?;
        self.wait_until_stored(&[4712])?;
        self.picture("siem-falha")?;
        self.screen.press_to_change(&["Escape"])
    }

    /// What is under way is concluded and written before SIEM ends.
    fn closed_in_the_middle(&mut self) -> Result<()> {
        self.simulator.fault("upload:delay=4s".parse()?);
        self.endorse(&[4713])?;
        self.screen.press(&["alt+s"])?;
        wait_until("the upload", || Ok(self.simulator.document(&self.key(4713)?).is_some()))?;
        self.aside("fechar")?;
        self.screen.press(&["Left", "Return"])?;
        self.reopen(100)?;
        self.wait_until_stored(&[4713])
    }

    /// By another program, first when something is to be sent, then when the answer is to be written.
    fn locked_database(&self) -> Result<()> {
        self.select(&[4717])?;
        self.simulator.clear_requests();
        let lock = self.lock("IMMEDIATE")?;
        self.screen.press_to_change(&["F9"])?;
        self.aside("banco-em-uso")?;
        ensure!(self.simulator.requests().is_empty(), "it was sent without being noted");
        self.screen.press_to_change(&["Return"])?;
        drop(lock);

        self.simulator.fault("upload:delay=4s".parse()?);
        self.screen.press(&["F9"])?;
        wait_until("the upload", || Ok(self.simulator.document(&self.key(4717)?).is_some()))?;
        let lock = self.lock("EXCLUSIVE")?;
        wait_until("the last answer", || {
            let requests = self.simulator.requests();
            Ok(requests.last().is_some_and(|last| last.module != "upload" && last.took.is_some()))
        })?;
        sleep(LOCK_TIMEOUT * 4); // the outcome, the session, the list
        self.screen.wait_until_calm()?;
        self.aside("resultado-nao-gravado")?;
        ensure!(!self.is_stored(4717)?, "it was written in spite of the lock");
        self.screen.press_to_change(&["F6"])?;
        self.aside("dados-sem-resposta")?;
        self.screen.press_to_change(&["Escape"])?;
        self.select(&[4705])?;
        self.screen.press_to_change(&["F6"])?;
        self.aside("dados-com-banco-em-uso")?;
        self.screen.press_to_change(&["Escape"])?;
        drop(lock);

        self.close_panel()?;
        self.simulator.clear_requests();
        self.endorse(&[4717])?;
        self.wait_until_stored(&[4717])?;
        ensure!(self.simulator.requests().iter().all(|request| request.module != "upload"), "it was sent twice");
        self.close_panel()
    }

    /// Then it says so, and ends.
    fn locked_before_start(&mut self) -> Result<()> {
        self.leave()?;
        self.wait_for_end()?;
        let lock = self.lock("EXCLUSIVE")?;
        let mut command = self.app.command(&self.data, SIZE, 100)?;
        self.start(&mut command, MESSAGE)?;
        self.aside("banco-em-uso-ao-abrir")?;
        self.screen.press(&["Return"])?;
        self.wait_for_end()?;
        drop(lock);
        Ok(())
    }

    /// It can be looked at; nothing is sent that could not be noted.
    fn read_only_database(&mut self) -> Result<()> {
        self.let_write(false)?;
        self.open(100)?;
        self.select(&[4718])?;
        self.simulator.clear_requests();
        self.screen.press_to_change(&["F9"])?;
        self.aside("somente-leitura")?;
        ensure!(self.simulator.requests().is_empty(), "it was sent without being noted");
        self.screen.press_to_change(&["Return"])?;
        self.screen.press_to_change(&["F7"])?;
        self.type_account(DEFAULT_PASSWORD)?;
        self.screen.press_to_change(&["Return"])?;
        self.aside("senha-somente-leitura")?;
        self.screen.press_to_change(&["Return"])?;
        self.screen.press_to_change(&["Escape"])?;
        self.simulator.expire_sessions(); // the new one cannot be kept
        self.show_data(4705)?;
        self.aside("dados-somente-leitura")?;
        self.screen.press_to_change(&["Escape"])?;
        self.leave()?;
        self.wait_for_end()?;
        self.let_write(true)?;
        self.open(100)?;
        self.show_data(4705)?; // with a session that is kept: the faults to come are for uploads that have one
        self.screen.press_to_change(&["Escape"])
    }

    /// Has SQLite refuse to write the database, or not. By its format, since root may write files that are read-only: what
    /// says to be of a version above 2 may only be read.
    fn let_write(&self, possible: bool) -> Result<()> {
        const WRITE_VERSION: usize = 18;
        let file = self.data.join("siem.db");
        let mut database = fs::read(&file)?;
        *database.get_mut(WRITE_VERSION).context("the database is empty")? = if possible { 1 } else { 3 };
        Ok(fs::write(&file, database)?)
    }

    /// The machine fails after the insurer has the document and before SIEM has the answer.
    fn crash(&mut self) -> Result<()> {
        let key = self.key(4714)?;
        self.simulator.fault("upload:delay=30s".parse()?);
        self.endorse(&[4714])?;
        wait_until("the upload", || Ok(self.simulator.document(&key).is_some()))?;
        self.app.shut_down()?;
        ensure!(!self.is_stored(4714)?, "the answer came before the crash");
        self.reopen(100)?;
        self.wait_until_stored(&[4714])?;
        self.aside("depois-da-queda")?;
        self.screen.press_to_change(&["Escape"])
    }

    /// While the answer to an upload is awaited. What has arrived is found when the network is there again.
    fn unplugged(&mut self) -> Result<()> {
        let key = self.key(4715)?;
        self.simulator.fault("upload:delay=60s".parse()?);
        self.endorse(&[4715])?;
        wait_until("the upload", || Ok(self.simulator.document(&key).is_some()))?;
        let document = self.simulator.document(&key).context("the document is gone")?;
        let simulator = &mut self.simulator;
        self.screen.change_by(|| {
            // At another address; nobody is at the old one from now on.
            *simulator = Simulator::start(Config::default())?;
            Ok(())
        })?;
        ensure!(!self.is_in_database(&document.protocol)?, "the answer came in spite of all");
        self.picture("siem-sem-rede")?;
        self.simulator.store(&key, &document.protocol);
        self.close_panel()?;
        self.leave()
    }

    /// Windows may enlarge everything; nothing may be cut off then.
    fn scaled(&mut self) -> Result<()> {
        self.reopen(125)?;
        self.wait_until_stored(&[4715])?;
        self.close_panel()?;
        self.screen.press(&["ctrl+a", "F9"])?;
        self.wait_until_stored(&[4716])?;
        self.picture("siem-125")?;
        self.close_panel()?;
        self.screen.press_to_change(&["F7"])?;
        self.aside("125-login")?;
        self.screen.press_to_change(&["Escape"])?;
        self.screen.press_to_change(&["Home", "F6"])?;
        self.aside("125-dados")?;
        self.screen.press_to_change(&["Escape"])?;
        self.leave()?;
        self.wait_for_end()
    }

    /// A library of the other width beside the program: any will do.
    fn wrong_library(&mut self, width: Width) -> Result<()> {
        let other = if width == Width::Win32 { Width::Win64 } else { Width::Win32 };
        let library = self.app.folder.join("averbador.dll");
        let right = fs::read(&library)?;
        fs::copy(sqlite::library(other)?, &library)?;
        // Without the simulator, since its settings would be given to the library before there is a window.
        let mut command = self.app.command(&self.data.join("sem-simulador"), SIZE, 100)?;
        let seen = self.start(&mut command, WINDOW).and_then(|()| self.aside("dll-errada"));
        fs::write(&library, right)?;
        seen?;
        // The first use again, in the words of the real service.
        self.screen.press_to_change(&["Return"])?;
        self.aside("primeiro-acesso")?;
        self.screen.press_to_change(&["Escape"])?;
        self.leave()?;
        self.wait_for_end()
    }

    /// Has these CT-e, named by their numbers, endorsed, by keyboard.
    fn endorse(&self, numbers: &[u32]) -> Result<()> {
        self.select(numbers)?;
        self.screen.press(&["F9"])
    }

    /// Has another program lock the database.
    fn lock(&self, kind: &str) -> Result<Lock> {
        let mut command = self.app.other_program()?;
        command.arg(kind).current_dir(&self.data).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut lock = Lock { holder: command.spawn().context("the other program does not run")? };
        let mut said = String::new();
        BufReader::new(lock.holder.stdout.take().context("it has no stdout")?).read_line(&mut said)?;
        ensure!(said.trim() == "locked", "the database cannot be locked");
        Ok(lock)
    }

    /// Clicks at rows of the list.
    fn select(&self, numbers: &[u32]) -> Result<()> {
        const FIRST_NUMBER: u32 = 4705;
        let (x, y) = FIRST_ROW;
        for (index, number) in numbers.iter().enumerate() {
            let place = (x, y + (number - FIRST_NUMBER) * ROW);
            if index == 0 { self.screen.click(place)? } else { self.screen.click_with("ctrl", place)? }
        }
        Ok(())
    }

    fn show_data(&self, number: u32) -> Result<()> {
        self.simulator.clear_requests();
        self.select(&[number])?;
        self.screen.press(&["F6"])?;
        wait_until("the listing", || {
            Ok(self.simulator.requests().iter().any(|request| request.module == "Retrieve" && request.took.is_some()))
        })?;
        self.screen.wait_until_calm()
    }

    /// Waits until the insurer's numbers of these CT-e are in the database, and shown.
    fn wait_until_stored(&self, numbers: &[u32]) -> Result<()> {
        wait_until("the endorsement in the database", || {
            numbers.iter().try_fold(true, |all, &number| Ok(all && self.is_stored(number)?))
        })?;
        self.screen.wait_until_calm()
    }

    fn is_stored(&self, number: u32) -> Result<bool> {
        let Some(document) = self.simulator.document(&self.key(number)?) else { return Ok(false) };
        self.is_in_database(&document.protocol)
    }

    fn is_in_database(&self, text: &str) -> Result<bool> {
        let database = fs::read(self.data.join("siem.db"))?;
        Ok(database.windows(text.len()).any(|bytes| bytes == text.as_bytes()))
    }

    fn key(&self, number: u32) -> Result<String> {
        let file = self.xml(number)?;
        let name = file.file_name().context("a file without a name")?.to_string_lossy();
        Ok(name.trim_end_matches("-cte.xml").to_owned())
    }

    /// The file of a CT-e: its number stands in the key, and that is the file's name.
    fn xml(&self, number: u32) -> Result<PathBuf> {
        for entry in fs::read_dir(self.data.join("xml"))? {
            let path = entry?.path();
            let name = path.file_name().context("a file without a name")?.to_string_lossy().into_owned();
            if name.get(25..34) == Some(&format!("{number:09}")) {
                return Ok(path);
            }
        }
        bail!("there is no CT-e {number}")
    }

    /// A picture for the guide.
    fn picture(&self, name: &str) -> Result<()> {
        let folder = root().join("docs/imagens");
        self.picture_in(&folder, name)
    }

    /// A picture for whoever checks the windows.
    fn aside(&self, name: &str) -> Result<()> {
        self.picture_in(&self.app.folder.join("retratos"), name)
    }

    fn picture_in(&self, folder: &Path, name: &str) -> Result<()> {
        fs::create_dir_all(folder)?;
        self.screen.picture(&folder.join(name).with_extension("png"))
    }
}
