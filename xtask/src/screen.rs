//! A screen that nobody sees (Xvfb), and hands on it (xdotool).

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::process::quiet;

/// How long something that must appear is waited for.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long the screen must stay as it is to count as drawn.
const CALM: Duration = Duration::from_millis(700);
/// Changes of so few pixels are a blinking cursor.
const CURSOR: usize = 60;

/// A running screen. It ends with this object.
pub struct Screen {
    server: Child,
    display: String,
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It has ended already, or it ends now.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Screen {
    /// Starts one of `size` ("1024x768").
    pub fn start(size: &str) -> Result<Self> {
        let mut server = Command::new("Xvfb")
            // It chooses a free number and tells it.
            .args(["-displayfd", "1", "-screen", "0", &format!("{size}x24"), "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot run Xvfb")?;
        let mut number = String::new();
        BufReader::new(server.stdout.take().context("Xvfb has no stdout")?).read_line(&mut number)?;
        let display = format!(":{}", number.trim());
        Ok(Self { server, display })
    }

    /// Has a program appear on this screen.
    pub fn show(&self, command: &mut Command) -> Result<Child> {
        command.env("DISPLAY", &self.display).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().with_context(|| format!("cannot run {}", command.get_program().display()))
    }

    /// Presses keys, each as xdotool calls it: "Return", "ctrl+a".
    pub fn press(&self, keys: &[&str]) -> Result<()> {
        self.hands(&[&["key", "--delay", "80"], keys].concat())
    }

    /// Presses keys by which something appears or goes, and waits until that is drawn.
    pub fn press_to_change(&self, keys: &[&str]) -> Result<()> {
        self.change_by(|| self.press(keys))
    }

    /// Does something by which something appears or goes, and waits until that is drawn.
    pub fn change_by(&self, act: impl FnOnce() -> Result<()>) -> Result<()> {
        let before = self.pixels()?;
        act()?;
        wait_until("a change on the screen", || Ok(differing(&self.pixels()?, &before) >= CURSOR))?;
        self.wait_until_calm()
    }

    /// Types a text.
    pub fn write(&self, text: &str) -> Result<()> {
        self.hands(&["type", "--delay", "40", text])
    }

    /// Clicks at a place.
    pub fn click(&self, place: (u32, u32)) -> Result<()> {
        self.point(place)?;
        self.hands(&["sleep", "0.1", "click", "1"])
    }

    /// Takes the mouse to a place.
    pub fn point(&self, (x, y): (u32, u32)) -> Result<()> {
        self.hands(&["mousemove", &x.to_string(), &y.to_string()])
    }

    /// Clicks at a place while a key is held down.
    pub fn click_with(&self, key: &str, place: (u32, u32)) -> Result<()> {
        self.hands(&["keydown", key])?;
        let clicked = self.click(place);
        self.hands(&["keyup", key])?;
        clicked
    }

    fn hands(&self, arguments: &[&str]) -> Result<()> {
        quiet(Command::new("xdotool").env("DISPLAY", &self.display).args(arguments))?;
        Ok(())
    }

    /// Writes what is on the screen, without the bare desktop around it, to a PNG file.
    pub fn picture(&self, file: &Path) -> Result<()> {
        let mut import = Command::new("import");
        import.env("DISPLAY", &self.display).args(["-window", "root", "-trim", "+repage", "-strip"]);
        quiet(import.args(["-define", "png:compression-level=9"]).arg(file))?;
        println!("{}: {} KiB", file.display(), fs::metadata(file)?.len().div_ceil(1024));
        Ok(())
    }

    /// Waits until windows cover a part of the screen, in percent, and all is drawn.
    pub fn wait_until_covered(&self, percent: usize) -> Result<()> {
        wait_until("a window", || {
            let pixels = self.pixels()?;
            let covered = pixels.chunks(3).filter(|pixel| *pixel != &pixels[..3]).count();
            Ok(covered > pixels.len() / 3 * percent / 100)
        })?;
        self.wait_until_calm()
    }

    /// Waits until nothing moves any more.
    pub fn wait_until_calm(&self) -> Result<()> {
        let mut before = self.pixels()?;
        wait_until("a calm screen", || {
            sleep(CALM);
            let now = self.pixels()?;
            let moving = differing(&now, &before) >= CURSOR;
            before = now;
            Ok(!moving)
        })
    }

    /// Three bytes for each pixel, from the left of the topmost row.
    fn pixels(&self) -> Result<Vec<u8>> {
        let mut import = Command::new("import");
        import.env("DISPLAY", &self.display).args(["-window", "root", "-depth", "8", "rgb:-"]);
        let output = import.output().context("cannot run import")?;
        ensure!(output.status.success() && output.stdout.len() > 3, "import sees no screen");
        Ok(output.stdout)
    }
}

/// How many pixels differ.
fn differing(now: &[u8], before: &[u8]) -> usize {
    now.chunks(3).zip(before.chunks(3)).filter(|(now, before)| now != before).count()
}

/// Waits until it is so; an error when it takes too long.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !is_so()? {
        ensure!(start.elapsed() < PATIENCE, "{what} was waited for in vain");
        sleep(Duration::from_millis(100));
    }
    Ok(())
}
