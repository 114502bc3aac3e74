//! The files of an MDF-e.

use serde_json::json;
use simulator::{Effect, Fault, Target};

use super::{KEYS, issued, with};
use crate::driver::{TempFile, World, code, target};

#[test]
fn files_are_fetched_whole_or_not_at_all() {
    let world = World::over_tls();
    let key = issued(&world);
    let place = TempFile::new("damdfe.pdf", b"o que estava antes");
    let asked = json!({"mod":"mdfeArquivo","chave":key,"tipo":"pdf","arquivo":place.name()});
    world
        .simulator
        .fault(Fault::new(Effect::body("application/pdf", "<html><h1>Erro</h1></html>")).on(Target::MdfeArquivo));
    let reply = world.execute(&asked);
    assert_eq!((code(&reply), std::fs::read(place.path()).unwrap().as_slice()), (6010, &b"o que estava antes"[..]));
    let reply = world.execute(&asked);
    let written = std::fs::read(place.path()).unwrap();
    assert_eq!((&reply["status"], &reply["bytes"]), (&json!(1), &json!(written.len())), "{reply}");
    assert!(written.starts_with(b"%PDF-"));

    let xml = TempFile::new("mdfe.xml", b"");
    let url = world.simulator.https_url().replace("https:", "http:") + &format!("/xmlmdfe/{key}");
    let reply = world.execute(&json!({"mod":"mdfeArquivo","url":url,"arquivo":xml.name()}));
    assert_eq!(reply["status"], 1, "{reply}");
    assert!(world.simulator.requests().iter().all(|request| request.secure), "the token never goes unencrypted");
    let url = format!("{}/xmlmdfe/{key}", world.simulator.https_url());
    let reply = world.execute(&json!({"mod":"mdfeArquivo","url":url,"arquivo":xml.name()}));
    assert_eq!(reply["status"], 1, "{reply}");
    assert!(std::fs::read_to_string(xml.path()).unwrap().contains(&key));
    let beside = std::fs::read_dir(xml.path().parent().unwrap()).unwrap().count();
    assert_eq!(beside, 1, "nothing is left beside it");
}

#[test]
fn the_token_goes_to_the_service_alone() {
    let world = World::new();
    let file = TempFile::new("x.pdf", b"");
    let before = world.simulator.requests().len();
    for url in [
        "https://example.com/damdfe/41261199990001000198580010000000011283746510",
        "http://127.0.0.1:1/damdfe/41261199990001000198580010000000011283746510",
        "http://127.0.0.1.example.com/damdfe/1",
        "file:///etc/passwd",
    ] {
        let reply = world.execute(&json!({"mod":"mdfeArquivo","url":url,"arquivo":file.name()}));
        assert_eq!(code(&reply), 1006, "{url}: {reply}");
    }
    let base = world.simulator.http_url();
    let reply =
        world.execute(&json!({"mod":"mdfeArquivo","url":format!("{base}/2/mdfe/consulta/1"),"arquivo":file.name()}));
    assert_eq!(code(&reply), 1006, "{reply}");
    assert_eq!(world.simulator.requests().len(), before);
}

#[test]
fn a_file_that_cannot_be_asked_for_or_written() {
    let world = World::new();
    let key = issued(&world);
    let file = TempFile::new("x.pdf", b"");
    let nowhere = target().path(&file.path().with_file_name("não há").join("x.pdf"));
    for (asked, expected) in [
        (json!({"chave":key,"tipo":"pdf","arquivo":""}), 1005),
        (json!({"chave":key,"arquivo":file.name()}), 1005),
        (json!({"tipo":"pdf","arquivo":file.name()}), 1005),
        (json!({"chave":key,"tipo":"docx","arquivo":file.name()}), 1006),
        (json!({"chave":KEYS[0],"tipo":"pdf","arquivo":file.name()}), 1007),
        (json!({"chave":key,"tipo":"pdf","arquivo":nowhere}), 2001),
    ] {
        let reply = world.execute(&with(json!({"mod":"mdfeArquivo"}), asked.clone()));
        assert_eq!(code(&reply), expected, "{asked}: {reply}");
    }
}
