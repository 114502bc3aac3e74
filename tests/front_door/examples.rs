//! The programs in `examples/`: the same flow in each language, down to the same words.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use simulator::{Config, DEFAULT_PASSWORD, DEFAULT_USER, Effect, Fault, Target, User};

use crate::driver::{Documents, Said, TempFile, World, fixture, fixture_file, run, target};

/// Of `cte-utf8.xml`.
const KEY: &str = "41260599990001000198570010000047111283746517";

/// The tests of the example in one language; `$program` starts it.
macro_rules! example {
    ($language:ident, $program:expr) => {
        mod $language {
            use super::*;

            #[test]
            fn endorses_looks_up_lists_and_tells_what_is_refused() {
                super::endorses_looks_up_lists_and_tells_what_is_refused($program);
            }

            #[test]
            fn tells_what_is_uncertain_and_goes_on() {
                super::tells_what_is_uncertain_and_goes_on($program);
            }

            #[test]
            fn ends_where_it_may_not_in() {
                super::ends_where_it_may_not_in($program);
            }
        }
    };
}

example!(cpp, target().program("exemplo"));
example!(csharp, program("mono", &target().library().with_file_name("Exemplo.exe")));
example!(node, node());
example!(python, program("python3", &source("python/exemplo.py")));

/// What runs `file`.
fn program(interpreter: &str, file: &Path) -> Command {
    let mut command = Command::new(interpreter);
    // No folder of compiled Python in the source.
    command.arg(file).env_remove("AVERBADOR_CONFIG").env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Node.js, with the koffi that `cargo xtask test` has put somewhere else than beside the example.
fn node() -> Command {
    let modules = env::var_os("AVERBADOR_TEST_NODE_MODULES").expect("run these tests with `cargo xtask test`");
    let mut command = program("node", &source("node/exemplo.js"));
    command.env("NODE_PATH", modules);
    command
}

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(path)
}

/// What the example says to these `arguments`: user, password, one CT-e, several, one that is refused.
fn say(mut command: Command, world: &World, arguments: [&str; 5]) -> Said {
    let settings = world.settings_file();
    command.args([&target().path(&target().library()), &settings.name()]).args(arguments);
    run(&mut command, "")
}

fn asked(world: &World) -> Vec<String> {
    world.simulator.requests().into_iter().map(|request| request.module).collect()
}

fn endorses_looks_up_lists_and_tells_what_is_refused(command: Command) {
    let (user, password) = ("USUÁRIO", "Senhã \"ção\\");
    let config = Config { users: vec![User::new(user, password)], ..Config::default() };
    let (world, documents) = (World::with(config).secure(), Documents::new(2));
    let file = TempFile::new("CT-e São João (ção).xml", &fs::read(fixture_file("cte-utf8.xml")).expect("the fixture"));

    let arguments = [user, password, &file.name(), &documents.name(), &fixture("xml-nao-fiscal.xml")];
    let said = say(command, &world, arguments);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{:?}", said.lines);
    let endorsed = |key: &str| {
        let document = world.simulator.document(key).expect("it was received");
        format!("averbado{} {}", if key == KEY { ":" } else { "" }, document.protocol)
    };
    let one = format!("  {KEY} {}", endorsed(KEY));
    let of_many = [0, 1].map(|place| format!("  {}: {}", documents.path(place), endorsed(&documents.keys[place])));
    let listed =
        [KEY, &documents.keys[0], &documents.keys[1]].map(|key| format!("  {key} averbado: sim, cancelado: não"));
    let expected = [
        concat!("averbador ", env!("CARGO_PKG_VERSION")),
        "1. Entrar",
        "  Sessão aberta.",
        "2. Averbar um CT-e, com as etapas",
        "  0/1 Enviando o documento…",
        "  0/1 Consultando a averbação…",
        &one,
        "3. Averbar vários",
        &of_many[0],
        &of_many[1],
        "4. Consultar",
        &one,
        "5. Listar os CT-e com o mesmo número",
        &listed[0],
        &listed[1],
        &listed[2],
        "6. Um que é recusado",
        "  Código: 2007",
        "  Mensagem: O XML não é de um documento que se possa averbar. Escolha o XML autorizado do CT-e.",
        "  Repetir: não",
        "  Incerto: não",
    ];
    assert_eq!(said.lines, expected);
    let flow = ["login", "Upload", "Protocolo", "Protocolo", "Upload", "Protocolo", "Protocolo", "Retrieve"];
    assert_eq!(asked(&world), flow, "one login for all");
}

fn tells_what_is_uncertain_and_goes_on(command: Command) {
    let (world, documents) = (World::new(), Documents::new(1));
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Upload));
    world.simulator.fault(Fault::new(Effect::status(503)).on(Target::Consulta));
    let files = [&fixture("cte-utf8.xml"), &documents.name(), &fixture("nao-e-xml.pdf")];
    let said = say(command, &world, [DEFAULT_USER, DEFAULT_PASSWORD, files[0], files[1], files[2]]);
    let output = said.lines.join("\n");
    assert_eq!(said.code, 1, "{output}\n{}", said.stderr);
    assert!(output.contains("  Código: 3005\n") && output.contains("  Incerto: sim\n3. Averbar vários\n"), "{output}");
    for key in [KEY, &documents.keys[0]] {
        let document = world.simulator.document(key).expect("it was received");
        assert!(document.received == 1 && output.contains(&document.protocol), "{output}");
    }
}

fn ends_where_it_may_not_in(command: Command) {
    let world = World::new();
    let nothing = "nao-existe.xml";
    let said = say(command, &world, [DEFAULT_USER, "errada", nothing, nothing, nothing]);
    let output = said.lines.join("\n");
    assert_eq!((said.code, said.lines.len(), said.stderr.as_str()), (1, 6, ""), "{output}");
    assert!(output.contains("  Código: 5001\n  Mensagem: Usuário ou senha inválidos."), "{output}");
    assert_eq!(asked(&world), ["login"]);
}
