//! The programs as their users run them: the harness linked through header and import library as GA is, the Pascal
//! program as SIEM is, and the checks written in C.

use std::fs;
use std::process::Command;

use serde_json::Value;
use simulator::{DEFAULT_PASSWORD, DEFAULT_USER, Effect, Fault, Target};

use crate::driver::{Said, TempFile, World, fixture, fixture_file, run, target};

/// A program of the target's, under the settings of `world`.
fn program(name: &str, world: &World, arguments: &[&str]) -> Said {
    let settings = world.settings_file();
    let config = match name {
        "averbar" => settings.name(),
        _ => format!("@{}", settings.name()),
    };
    run(target().program(name).args(["--config", &config]).args(arguments), "")
}

#[test]
fn linked_as_ga_links_it() {
    let world = World::over_tls();
    let linked = |arguments: &[&str]| program("harness-linked", &world, arguments);
    assert_eq!(linked(&["versao"]).text(), env!("CARGO_PKG_VERSION"));
    let login = linked(&["login", DEFAULT_USER, DEFAULT_PASSWORD]).json();
    let cookie = login["cookie"].as_str().expect("a session");
    let upload = linked(&["upload", cookie, &fixture("cte-utf8.xml")]);
    assert_eq!((upload.code, &upload.json()["status"]), (0, &Value::from(1)));
    let key = world.simulator.documents()[0].key.clone();
    let consulta = linked(&["consulta", cookie, &key, &key]).json();
    assert_eq!(consulta["S"][1]["protocolo"], upload.json()["prot"][0]);
}

#[test]
fn the_pascal_program_endorses_a_cte() {
    let world = World::over_tls();
    let said = program("averbar", &world, &[DEFAULT_USER, DEFAULT_PASSWORD, &fixture("cte-iso-8859-1.xml")]);
    let document = &world.simulator.documents()[0];
    let output = said.lines.join("\n");
    assert_eq!(said.code, 0, "{output}\n{}", said.stderr);
    let shown = ["Entrando no AverbePorto…", "Enviando o documento…", "Consultando a averbação…"];
    assert_eq!(said.lines[..3], shown);
    assert!(said.lines[3].contains(&document.key) && said.lines[3].contains(&document.protocol), "{output}");
    let modules: Vec<_> = world.simulator.requests().iter().map(|request| request.module.clone()).collect();
    assert_eq!(modules, ["login", "Upload", "Protocolo"]);
}

#[test]
fn the_pascal_program_takes_accents_both_ways() {
    let world = World::over_tls();
    let content = std::fs::read(fixture_file("cte-utf8.xml")).unwrap();
    let file = TempFile::new("CT-e São João (ção).xml", &content);
    let said = program("averbar", &world, &[DEFAULT_USER, DEFAULT_PASSWORD, &file.name()]);
    assert_eq!(said.code, 0, "{:?} {}", said.lines, said.stderr);
    let said = program("averbar", &world, &[DEFAULT_USER, "errada", &fixture("cte-utf8.xml")]);
    let output = said.lines.join("\n") + &said.stderr;
    assert_eq!(said.code, 1);
    assert!(output.contains("Usuário ou senha inválidos."), "{output}");
}

#[test]
fn the_pascal_program_looks_up_what_is_uncertain_instead_of_sending_it_again() {
    let world = World::new();
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Upload));
    let said = program("averbar", &world, &[DEFAULT_USER, DEFAULT_PASSWORD, &fixture("cte-utf8.xml")]);
    let document = &world.simulator.documents()[0];
    assert_eq!((said.code, document.received), (0, 1), "{:?}", said.lines);
    assert!(said.lines.join("\n").contains(&document.protocol));
}

#[test]
fn the_pascal_program_says_what_is_wrong() {
    let world = World::new();
    world.simulator.fault(Fault::new(Effect::Reset).on(Target::Upload).forever());
    let said = program("averbar", &world, &[DEFAULT_USER, DEFAULT_PASSWORD, &fixture("cte-utf8.xml")]);
    assert_eq!((said.code, world.simulator.documents().len()), (1, 0));
    assert!((said.lines.join("\n") + &said.stderr).contains("consulte a averbação"), "{:?}", said.lines);
    let said = program("averbar", &world, &["so-um-argumento"]);
    assert_eq!(said.code, 2);
    let said = program("averbar", &world, &["--lib", "nao-existe.dll", "u", "p", &fixture("cte-utf8.xml")]);
    assert!(said.code != 0 && (said.stderr + &said.lines.join("\n")).contains("nao-existe.dll"));
}

#[test]
fn the_pascal_program_finds_its_library_beside_it_or_in_the_folder_of_its_width() {
    let library = target().library();
    let program = target().file("averbar");
    let alone = TempFile::new(program.file_name().unwrap().to_str().unwrap(), b"");
    fs::copy(&program, alone.path()).unwrap();
    let world = World::new();
    let settings = world.settings_file();
    let endorse = || {
        let mut averbar = target().start(alone.path());
        run(averbar.args(["--config", &settings.name(), DEFAULT_USER, DEFAULT_PASSWORD, &fixture("cte-utf8.xml")]), "")
    };
    let folder = alone.path().parent().unwrap();
    let beside = folder.join(library.file_name().unwrap());
    let of_its_width = folder.join(library.strip_prefix(library.ancestors().nth(2).unwrap()).unwrap());
    let said = endorse();
    let output = said.lines.join("\n");
    assert!(said.code == 1 && output.contains(&target().path(&beside)), "{output}");
    assert_eq!(output.contains(&target().path(&of_its_width)), target().is_windows(), "{output}");
    let place = if target().is_windows() { of_its_width } else { beside };
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::copy(library, place).unwrap();
    assert_eq!(endorse().code, 0);
}

#[test]
fn the_boundary_holds() {
    let world = World::over_tls();
    let settings = world.settings_file();
    report(checks("boundary").args(["--settings", &format!("@{}", settings.name())]));
    // Six threads made three hundred requests, sharing TLS sessions; and after av_shutdown a call connects once more.
    let counts = world.simulator.counts();
    assert!(counts.connections <= 7 && counts.resumed_handshakes > 0, "{counts:?}");
}

#[test]
fn it_can_be_loaded_and_unloaded_and_a_copy_beside_it() {
    let (world, other) = (World::new(), World::new());
    let (settings, other_settings) = (world.settings_file(), other.settings_file());
    let copy = TempFile::new("copia.dll", &std::fs::read(target().library()).unwrap());
    let mut loading = checks("loading");
    loading.args(["--settings", &format!("@{}", settings.name())]);
    report(loading.args(["--copy", &copy.name(), "--copy-settings", &format!("@{}", other_settings.name())]));
    assert_eq!(other.simulator.requests().len(), 11, "each copy has its own settings");
}

#[test]
fn the_process_may_end_in_the_middle_of_a_call() {
    let world = World::new();
    world.simulator.fault(Fault::new(Effect::Silence).forever());
    let settings = world.settings_file();
    for end in ["return", "now", "callback"] {
        let said = run(checks("loading").args(["--settings", &format!("@{}", settings.name()), "--end", end]), "");
        assert_eq!((said.code, said.lines.as_slice(), said.stderr.as_str()), (7, &[][..], ""), "{end}");
    }
}

/// One of the programs that check the library, ready for its arguments.
fn checks(name: &str) -> Command {
    let mut checks = target().program(name);
    checks.args(["--lib", &target().path(&target().library())]);
    checks
}

fn report(checks: &mut Command) {
    let said = run(checks, "");
    let failed: Vec<_> = said.lines.iter().filter(|line| line.starts_with("not ok")).collect();
    let last = said.lines.last().expect("a closing line");
    assert!(
        said.code == 0 && failed.is_empty() && last.ends_with(" passed, 0 failed"),
        "{failed:?} {last} {}",
        said.stderr
    );
    println!("{}", said.lines.join("\n"));
}
