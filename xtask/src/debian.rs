//! Getting things from Debian, in two ways.
//!
//! [`install`] puts packages on the machine, as root. [`Archive`] fetches packages of any architecture
//! without installing them or touching the machine's own apt: they are unpacked into folders of the cache.
//! That needs no root, and it cannot fail on versions that do not go together with what is installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::process;

/// The keys that Debian signs its archive with.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Debian's name for this release ("bookworm"); nothing where this is not Debian.
pub fn codename() -> Option<String> {
    let text = fs::read_to_string("/etc/os-release").ok()?;
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        Some(line.trim_matches('"').to_owned())
    };
    (value("ID=")? == "debian").then(|| value("VERSION_CODENAME="))?
}

/// Whether this is an x86-64 machine, the only one whose Windows tools are looked after here.
pub fn is_amd64() -> bool {
    cfg!(all(target_os = "linux", target_arch = "x86_64"))
}

/// Whether packages can be installed on this machine.
pub fn can_install() -> bool {
    codename().is_some() && is_root()
}

/// Installs packages on the machine. Needs root.
pub fn install(packages: &[&str]) -> Result<()> {
    with_update(&[], || {
        process::quiet(apt_get(&[]).args(["install", "--yes", "--no-install-recommends"]).args(packages))
    })?;
    Ok(())
}

/// Whether these packages are on the machine.
pub fn has(packages: &[&str]) -> bool {
    packages.iter().all(|package| {
        let mut query = Command::new("dpkg-query");
        let status = process::quiet(query.args(["--show", "--showformat=${db:Status-Status}", package]));
        status.is_ok_and(|status| status.trim() == "installed")
    })
}

/// Unpacks one package, as far as `only` goes ("./usr/share/…"; "." for all of it).
pub fn unpack(package: &Path, only: &str, into: &Path) -> Result<()> {
    fs::create_dir_all(into)?;
    let mut contents = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(package)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run dpkg-deb")?;
    let tar = Command::new("tar")
        .args(["--extract", "--no-same-owner", "--directory"])
        .arg(into)
        .arg(only)
        .stdin(contents.stdout.take().context("dpkg-deb has no stdout")?)
        .status()
        .context("cannot run tar")?;
    ensure!(contents.wait()?.success() && tar.success(), "cannot unpack {only} of {}", package.display());
    Ok(())
}

/// Debian's archive as seen by a machine of one architecture and release on which nothing is installed.
///
/// It is apt with a state of its own in a folder of the cache. The addresses are the machine's own.
pub struct Archive {
    /// The options that lead apt away from the machine's own state.
    options: Vec<String>,
    folder: PathBuf,
}

impl Archive {
    /// Prepares the view on `release` ("bookworm") for `architecture` ("i386"), with its state in `folder`.
    pub fn new(folder: &Path, architecture: &str, release: &str) -> Result<Self> {
        fs::create_dir_all(folder.join("lists/partial"))?;
        fs::write(folder.join("status"), "")?;
        let signed_by = match Path::new(KEYRING).exists() {
            true => format!(" signed-by={KEYRING}"),
            false => String::new(),
        };
        let mirror = mirror()?;
        fs::write(
            folder.join("sources.list"),
            format!("deb [arch={architecture}{signed_by}] {mirror} {release} main\n"),
        )?;
        let here = folder.display();
        let options = [
            format!("APT::Architecture={architecture}"),
            format!("APT::Architectures::={architecture}"),
            format!("Dir::State::lists={here}/lists"),
            format!("Dir::State::status={here}/status"),
            format!("Dir::Cache={here}/cache"),
            format!("Dir::Etc::SourceList={here}/sources.list"),
            "Dir::Etc::SourceParts=/dev/null".to_owned(),
            // apt would otherwise fetch as the user _apt, who may not look into a home folder.
            "APT::Sandbox::User=root".to_owned(),
        ];
        Ok(Self { options: options.to_vec(), folder: folder.to_owned() })
    }

    /// Fetches just these packages ("rust-src", or "rust-src=1.95.0*") into `into`.
    pub fn fetch(&self, packages: &[&str], into: &Path) -> Result<Vec<PathBuf>> {
        fs::create_dir_all(into)?;
        with_update(&self.options, || {
            process::quiet(apt_get(&self.options).current_dir(into).arg("download").args(packages))
        })?;
        packages_in(into)
    }

    /// Fetches these packages and all that they depend on into `into`.
    pub fn fetch_with_dependencies(&self, packages: &[&str], into: &Path) -> Result<Vec<PathBuf>> {
        fs::create_dir_all(into.join("partial"))?;
        with_update(&self.options, || {
            process::quiet(
                apt_get(&self.options)
                    .arg("-o")
                    .arg(format!("Dir::Cache::archives={}", into.display()))
                    .args(["install", "--yes", "--download-only"])
                    .arg("--no-install-recommends")
                    .args(packages),
            )
        })?;
        packages_in(into)
    }
}

impl Drop for Archive {
    /// The lists of all packages are large and soon out of date.
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Tries `work`; when it fails, fetches the lists of packages and tries again. A fresh machine has no lists,
/// an old one has lists of versions that are gone, and any other should not be kept waiting for new ones.
fn with_update(options: &[String], work: impl Fn() -> Result<String>) -> Result<String> {
    work().or_else(|_| {
        // One source out of many that cannot be read is no reason to give up: what is needed may be there.
        let update = process::quiet(apt_get(options).arg("update"));
        work().map_err(|error| match update {
            Ok(_) => error,
            Err(update) => error.context(format!("{update:#}")),
        })
    })
}

/// `apt-get` that asks nothing and tries again where the network fails.
fn apt_get(options: &[String]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("LC_ALL", "C.UTF-8")
        .args(["-o", "Acquire::Retries=3"])
        // Somebody else's apt, the daily upgrade perhaps, is waited for.
        .args(["-o", "DPkg::Lock::Timeout=300"]);
    for option in options {
        command.arg("-o").arg(option);
    }
    command
}

/// The address of the mirror from which this machine has its Debian.
fn mirror() -> Result<String> {
    let release = codename().context("this is not Debian")?;
    let find = || {
        let targets = process::quiet(Command::new("apt-get").args([
            "indextargets",
            "--format",
            "$(REPO_URI)",
            "Created-By: Packages",
            "Component: main",
            "Origin: Debian",
            &format!("Release: {release}"),
        ]))?;
        let first = targets.lines().next();
        first
            .map(str::to_owned)
            .with_context(|| format!("apt-get indextargets knows no mirror of {release}: run apt-get update as root"))
    };
    // On a fresh machine apt has not yet read what its sources are.
    with_update(&[], find)
}

/// The packages that lie in a folder.
fn packages_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut packages = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            packages.push(path);
        }
    }
    Ok(packages)
}

/// Whether this program runs as root. (Asked of `id`, since the standard library cannot tell.)
fn is_root() -> bool {
    process::quiet(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
