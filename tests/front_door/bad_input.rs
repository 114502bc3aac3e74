//! Wrong input: the catalogue's code, a Portuguese text that says what to do, and nothing sent.

use std::io::{Cursor, Write};

use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::driver::{TempFile, World, code, fixture, fixture_file, msg, target};

const COOKIE: &str = "0123456789abcdef0123456789abcdef";
const KEY: &str = "35220528779662000120579990000004681178902280";

/// Executes `request`, which must be refused with `expected` and a text that holds `hint`, without a request being sent.
fn refused(world: &World, request: &str, expected: i64, hint: &str) -> Value {
    let said = world.run_with(&["executa", "-"], request);
    let reply = said.json();
    assert_eq!((said.code, code(&reply)), (1, expected), "{request}: {reply}");
    assert!(msg(&reply).contains(hint), "{request}: {hint:?} is not in {reply}");
    assert!(msg(&reply).ends_with('.') && msg(&reply).split(". ").count() > 1, "says what to do: {reply}");
    assert!(world.simulator.requests().is_empty(), "{request}");
    reply
}

#[test]
fn a_request_that_is_none() {
    let world = World::new();
    for text in ["x", "{", "{\"mod\":\"login\"", "{'mod':'login'}", "[]", "5", "null", "\"login\"", " "] {
        assert_eq!(refused(&world, text, 1003, "JSON")["mod"], "erroRet");
    }
    for text in ["{}", r#"{"mod":null}"#, r#"{"mod":""}"#, r#"{"user":"a"}"#] {
        refused(&world, text, 1005, "\"mod\"");
    }
    refused(&world, r#"{"mod":5}"#, 1006, "\"mod\"");
    assert_eq!(
        code(&world.run(&["executa", "\u{FEFF}{\"mod\":\"x\"}"]).json()),
        1004,
        "a byte order mark is passed over"
    );
    for name in ["Averbar", "Diagnosticos", "mdfeEmitir", "nfseEnviar", "x\u{7}"] {
        let reply = refused(&world, &json!({"mod":name}).to_string(), 1004, name.trim_end_matches('\u{7}'));
        assert_eq!((&reply["mod"], &reply["status"]), (&json!("erroRet"), &json!(0)));
    }
}

#[test]
fn a_field_that_is_unknown_missing_or_mistyped_is_named() {
    let world = World::new();
    let file = fixture("cte-utf8.xml");
    for (request, expected, name) in [
        (json!({"mod":"login","user":"u","pass":"p","senha":"x"}), 1006, "senha"),
        (json!({"mod":"login","user":"u"}), 1005, "pass"),
        (json!({"mod":"login","pass":"p"}), 1005, "user"),
        (json!({"mod":"login","user":"","pass":"p"}), 1005, "user"),
        (json!({"mod":"login","user":"u","pass":""}), 1005, "pass"),
        (json!({"mod":"login","user":5,"pass":"p"}), 1006, "user"),
        (json!({"mod":"login","user":"u","pass":["p"]}), 1006, "pass"),
        (json!({"mod":"login","user":"u","pass":123_456}), 1006, "pass"),
        (json!({"mod":"Upload","cte":file}), 1005, "cookie"),
        (json!({"mod":"Upload","cookie":COOKIE}), 1005, "cte"),
        (json!({"mod":"Upload","cookie":COOKIE,"cte":""}), 1005, "cte"),
        (json!({"mod":"Upload","cookie":COOKIE,"xml":""}), 1005, "xml"),
        (json!({"mod":"Upload","cookie":COOKIE,"cte":file,"xml":"<a/>"}), 1006, "xml"),
        (json!({"mod":"Upload","cookie":COOKIE,"cte":[file]}), 1006, "cte"),
        (json!({"mod":"Upload","cookie":COOKIE,"cte":file,"cnpj":"1"}), 1006, "cnpj"),
        (json!({"mod":"Upload","cookie":COOKIE,"cte":file,"recipient":"Z"}), 1006, "recipient"),
        (json!({"mod":"Upload","cookie":COOKIE,"cte":file,"v":"dois"}), 1006, "v"),
        (json!({"mod":"Upload","cookie":COOKIE,"cte":file,"dump":3}), 1006, "dump"),
        (json!({"mod":"Upload","cookie":COOKIE,"cte":file,"n_cte":{}}), 1006, "n_cte"),
        (json!({"mod":"Upload","cookie":"a\r\nX-Evil: 1","cte":file}), 1006, "cookie"),
        (json!({"mod":"Upload","cookie":"ç","cte":file}), 1006, "cookie"),
        (json!({"mod":"Consulta"}), 1005, "chave"),
        (json!({"mod":"Consulta","chave":""}), 1005, "chave"),
        (json!({"mod":"Consulta","chave":[]}), 1005, "chave"),
        (json!({"mod":"Consulta","chave":null}), 1005, "chave"),
        (json!({"mod":"Consulta","chave":5}), 1006, "chave"),
        (json!({"mod":"Consulta","chave":[KEY,5]}), 1006, "chave"),
        (json!({"mod":"Consulta","chave":KEY,"protocolo":"1"}), 1006, "protocolo"),
        (json!({"mod":"Consulta","protocolo":"../x"}), 1006, "protocolo"),
        (json!({"mod":"Consulta","chave":[KEY],"n_cte":"1"}), 1006, "n_cte"),
        (json!({"mod":"Consulta","chave":KEY,"chaves":[]}), 1006, "chaves"),
    ] {
        let reply = refused(&world, &request.to_string(), expected, &format!("\"{name}\""));
        let answer = request["mod"].as_str().unwrap().to_lowercase();
        let expected = if answer == "consulta" { "averbaRet".to_owned() } else { format!("{answer}Ret") };
        assert_eq!(reply["mod"], json!(expected));
    }
}

#[test]
fn texts_of_a_million_characters() {
    let world = World::new();
    let long = "x".repeat(1_000_000);
    let deep = format!("<a>{}</a>", "<b>".repeat(300_000));
    for (request, expected, hint) in [
        (json!({"mod":long}), 1004, "mod"),
        (json!({"mod":"login",long.clone():1}), 1006, "não existe"),
        (json!({"mod":"Consulta","chave":long}), 1007, "44"),
        (json!({"mod":"Consulta","chave":[KEY,"1".repeat(1_000_000)],"n_cte":"1"}), 1006, "n_cte"),
        (json!({"mod":"Consulta","protocolo":long}), 1006, "protocolo"),
        (json!({"mod":"Consulta","chave":KEY,"cookie":long}), 1006, "cookie"),
        (json!({"mod":"Upload","cookie":COOKIE,"cte":long}), 2001, "não foi encontrado"),
        (json!({"mod":"Upload","cookie":COOKIE,"xml":long}), 2005, "XML"),
        (json!({"mod":"Upload","cookie":COOKIE,"xml":deep}), 2006, "malformado"),
        (json!({"mod":"Upload","cookie":COOKIE,"xml":format!("<{long}/>")}), 2007, "averbar"),
        (json!({"mod":"Upload","cookie":COOKIE,"xml":format!("<?xml encoding=\"{long}\"?><a/>")}), 2006, "malformado"),
        (json!({"mod":"Upload","cookie":COOKIE,"xml":"<CTe/>","v":long}), 1006, "\"v\""),
        (json!({"mod":"Lista","user":"u","pass":"p","numero":long}), 1006, "numero"),
    ] {
        let reply = refused(&world, &request.to_string(), expected, hint);
        assert!(reply["error"].to_string().len() < 2000, "a text that can be shown");
    }
    let login = json!({"mod":"login","user":long,"pass":long}).to_string();
    let reply = world.run_with(&["executa", "-"], &login).json();
    assert_eq!((code(&reply), reply["user"].as_str().map(str::len)), (5001, Some(1_000_000)), "the service refuses it");
}

#[test]
fn json_that_is_nested_deeply() {
    let world = World::new();
    for depth in [200, 500_000] {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        let object = format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        for text in [format!(r#"{{"mod":"login","user":{open}{close}}}"#), format!(r#"{{"mod":{open}"#), object.clone()]
        {
            refused(&world, &text, 1003, "JSON");
        }
        let reply = world.run_with(&["configura", "-"], &object).json();
        assert_eq!(code(&reply), 1003);
        let said = world.run_with(&["campo", "-", "/a/a"], &object);
        assert_eq!((said.code, said.text().len()), (0, object.len() - 12), "av_field goes down two steps");
    }
}

#[test]
fn a_field_given_twice_is_named() {
    let world = World::new();
    for (request, name) in [
        (r#"{"mod":"login","user":"u","pass":"p","user":"u"}"#, "user"),
        (r#"{"mod":"Upload","cookie":"c","cte":"a.xml","cte":null}"#, "cte"),
        (r#"{"mod":"login","mod":"Upload"}"#, "mod"),
        (r#"{"x":1,"\u0078":2}"#, "x"),
    ] {
        refused(&world, request, 1006, &format!("\"{name}\" está repetido"));
    }
    let reply = world.run(&["configura", r#"{"timeout_s":30,"timeout_s":60}"#]).json();
    assert!(code(&reply) == 1008 && msg(&reply).contains("\"timeout_s\" está repetido"), "{reply}");
}

#[test]
fn escapes_that_c_or_unicode_cannot_have() {
    let world = World::new();
    for (request, expected, hint) in [
        (r#"{"mod":"login\u0000"}"#, 1004, "não existe"),
        (r#"{"mod":"login","user\u0000":"u"}"#, 1006, "não existe"),
        (r#"{"mod":"Consulta","chave":"35220528779662000120579990000004681178902280\u0000"}"#, 1007, "44"),
        (r#"{"mod":"Consulta","chave":"1","cookie":"a\u0000b"}"#, 1006, "cookie"),
        (r#"{"mod":"Upload","cookie":"c","cte":"a\u0000.xml"}"#, 2001, "não foi encontrado"),
        (r#"{"mod":"Upload","cookie":"c","xml":"<CTe>\u0000</CTe>"}"#, 2006, "malformado"),
        (r#"{"mod":"login","user":"\ud800","pass":"p"}"#, 1003, "JSON"),
        (r#"{"mod":"login","user":"\ude00\ud83d","pass":"p"}"#, 1003, "JSON"),
        (r#"{"mod":"login","\ud800":"u","pass":"p"}"#, 1003, "JSON"),
    ] {
        refused(&world, request, expected, hint);
    }
    let reply = world.run(&["executa", r#"{"mod":"login","user":"a\u0000b","pass":"errada"}"#]).json();
    assert_eq!((code(&reply), &reply["user"]), (5001, &json!("a\0b")));
    assert_eq!(world.run(&["campo", &reply.to_string(), "/user"]).text(), "a\u{FFFD}b");
    assert_eq!(world.run(&["campo", r#"{"a":"\ud800"}"#, "/a"]).lines.len(), 0);
}

#[test]
fn numbers_beyond_64_bits() {
    let world = World::new();
    for (request, expected, hint) in [
        (r#"{"mod":18446744073709551616}"#, 1006, "mod"),
        (r#"{"mod":"Lista","user":"u","pass":"p","limite":18446744073709551616}"#, 1006, "limite"),
        (r#"{"mod":"Lista","user":"u","pass":"p","limite":-9223372036854775809}"#, 1006, "limite"),
        (r#"{"mod":"Lista","user":"u","pass":"p","numero":123456789012345678901234567890}"#, 1006, "numero"),
        (r#"{"mod":"Upload","cookie":"c","xml":"<CTe/>","v":18446744073709551616}"#, 1006, "\"v\""),
        (r#"{"mod":"Upload","cookie":"c","xml":"<CTe/>","v":4294967296}"#, 1006, "\"v\""),
        (r#"{"mod":"Upload","cookie":"c","xml":"<CTe/>","v":1e999}"#, 1003, "JSON"),
    ] {
        refused(&world, request, expected, hint);
    }
    let number = "123456789012345678901234567890";
    assert_eq!(world.run(&["campo", &format!("[{number},1e999]"), "/0"]).text(), number);
}

#[test]
fn a_password_of_the_wrong_type_is_not_quoted() {
    let world = World::new();
    let reply = refused(&world, r#"{"mod":"login","user":"u","pass":987654321}"#, 1006, "\"pass\"");
    assert!(!reply.to_string().contains("987654321"), "{reply}");
    let said = world.run(&["executa", r#"{"mod":"login","user":"u","pass":"segredo99"#]);
    assert!(!said.text().contains("segredo99"), "{}", said.text());
}

#[test]
fn an_access_key_of_the_wrong_length_or_alphabet() {
    let world = World::new();
    for key in ["1", &KEY[1..], &format!("{KEY}0"), &KEY.replace('9', "-"), &KEY.replacen('3', "A", 1), "ç"] {
        refused(&world, &json!({"mod":"Consulta","chave":key}).to_string(), 1007, "44");
        refused(
            &world,
            &json!({"mod":"Upload","cookie":COOKIE,"cte":fixture("cte-utf8.xml"),"chave":key}).to_string(),
            1007,
            "44",
        );
        let reply = world.run(&["consulta", "-", key]).json();
        assert_eq!((code(&reply), &reply["chave"]), (1007, &json!(key)));
    }
}

fn upload(path: &str) -> String {
    json!({"mod":"Upload","cookie":COOKIE,"cte":path}).to_string()
}

#[test]
fn a_file_that_cannot_be_sent() {
    let world = World::new();
    refused(
        &world,
        &upload(&target().path(&fixture_file("cte-utf8.xml").with_file_name("não existe.xml"))),
        2001,
        "não foi encontrado",
    );
    refused(&world, &upload(&target().path(fixture_file("cte-utf8.xml").parent().unwrap())), 2005, "pasta");
    refused(&world, &upload(&fixture("vazio.xml")), 2003, "vazio");
    refused(&world, &upload(&fixture("nao-e-xml.pdf")), 2005, "XML");
    let latin = TempFile::new("texto ção.txt", b"chave;valor\r\n");
    refused(&world, &upload(&latin.name()), 2005, "XML");
    assert!(world.run(&["executa", &upload(&latin.name())]).text().contains("texto ção.txt"), "the file is named");
}

#[test]
fn a_document_that_cannot_be_endorsed() {
    let world = World::new();
    refused(&world, &upload(&fixture("xml-malformado.xml")), 2006, "malformado");
    refused(&world, &upload(&fixture("xml-nao-fiscal.xml")), 2007, "averbar");
    let bomb = "<!DOCTYPE l [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><l>&b;</l>";
    refused(&world, &json!({"mod":"Upload","cookie":COOKIE,"xml":bomb}).to_string(), 2006, "malformado");
}

#[test]
fn a_zip_that_the_service_would_not_take_whole() {
    let world = World::new();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for n in 0..401 {
        writer.start_file(format!("{n}.xml"), SimpleFileOptions::default()).unwrap();
    }
    let many = writer.finish().unwrap().into_inner();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("outro.zip", SimpleFileOptions::default()).unwrap();
    writer.write_all(&std::fs::read(fixture_file("lote-3-cte.zip")).unwrap()).unwrap();
    let nested = writer.finish().unwrap().into_inner();
    for bytes in [&many[..], &nested, b"PK\x03\x04 cortado"] {
        let file = TempFile::new("lote.zip", bytes);
        refused(&world, &upload(&file.name()), 2009, "400");
    }
}

#[test]
fn a_document_that_is_not_the_one_meant() {
    let world = World::new();
    let cookie = world.log_in();
    let request = |field: &str, value: &str| {
        json!({"mod":"Upload","cookie":cookie,"cte":fixture("cte-utf8.xml"),field:value}).to_string()
    };
    refused(&world, &request("chave", KEY), 2008, "chave");
    refused(&world, &request("CNPJ", "99990002000132"), 2008, "CNPJ");
    refused(&world, &request("n_cte", "4712"), 2008, "número");
    for (field, value) in
        [("CNPJ", "99.990.001/0001-98"), ("n_cte", "004711"), ("chave", "41260599990001000198570010000047111283746517")]
    {
        assert_eq!(world.run(&["executa", &request(field, value)]).code, 0, "{field} {value}");
    }
}

#[test]
fn a_file_over_50_mb() {
    let world = World::new();
    let file = TempFile::new("grande.xml", b"<a>");
    std::fs::OpenOptions::new().write(true).open(file.path()).unwrap().set_len(50 * 1024 * 1024 + 1).unwrap();
    refused(&world, &upload(&file.name()), 2004, "50 MB");
}

#[test]
#[cfg(unix)]
fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    if target().is_windows() {
        // Wine shows the permissions of root, who may read everything; `boundary` tries a file held by another program.
        return;
    }
    let file = TempFile::new("fechado.xml", b"<a/>");
    std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(file.path()).is_ok() {
        refused_to_nobody(&file);
    } else {
        refused(&World::new(), &upload(&file.name()), 2002, "não pôde ser lido");
    }
}

/// Root may read everything: then it is tried as a user who may not.
#[cfg(unix)]
fn refused_to_nobody(file: &TempFile) {
    let harness = target().harness();
    let mut command = std::process::Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(harness.get_program());
    command.args(harness.get_args()).args(["executa", &upload(&file.name())]);
    let reply = crate::driver::run(&mut command, "").json();
    assert_eq!(code(&reply), 2002, "{reply}");
    assert!(msg(&reply).contains("não pôde ser lido"));
}

#[test]
fn an_xml_in_the_request_that_cannot_be_sent() {
    let world = World::new();
    let request = |xml: &str| json!({"mod":"Upload","cookie":COOKIE,"xml":xml}).to_string();
    refused(&world, &request("   "), 2003, "vazio");
    refused(&world, &request("chave;valor"), 2005, "XML");
    refused(&world, &request("PK\u{3}\u{4}"), 2005, "XML");
    refused(&world, &request("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>字</a>"), 2006, "malformado");
}

#[test]
fn the_harness_is_used_wrongly() {
    for arguments in
        [&[][..], &["averbar"], &["login", "u"], &["upload", "c"], &["consulta", "c"], &["campo", "{}"], &["--config"]]
    {
        let said = crate::driver::harness(arguments.iter().copied(), "");
        assert_eq!((said.code, said.lines.len()), (2, 0), "{arguments:?}: {:?}", said.lines);
        assert!(!said.stderr.trim().is_empty());
    }
}
