//! Uploads: what is a file, what is a document, what is new.

use serde_json::{Value, json};
use simulator::{Config, Kind, Simulator, protocol_of};

use crate::client::{
    Client, cte, cte_with_key, event, field_part, file_part, key, part, simulator, upload_fields, zip,
};

/// `[P, D, R, N]`
fn counts(body: &Value) -> [u64; 4] {
    ["P", "D", "R", "N"].map(|name| body["S"][name].as_u64().unwrap_or_else(|| panic!("no counts in {body}")))
}

/// The counts for one XML.
fn counts_of(xml: &[u8]) -> [u64; 4] {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    counts(&client.upload(&client.login(), "a.xml", "application/xml", xml).json())
}

const PROCESSED: [u64; 4] = [1, 0, 0, 0];
const DUPLICATE: [u64; 4] = [0, 1, 0, 0];
const REJECTED: [u64; 4] = [0, 0, 1, 0];
const DENIED: [u64; 4] = [0, 0, 0, 1];

#[test]
fn a_new_document_is_processed_and_a_known_one_is_a_duplicate() {
    let simulator = simulator();
    let client = Client::of(&simulator);
    let cookie = client.login();
    let first = client.upload_xml(&cookie, &cte(1));
    let protocol = protocol_of(&key(1));
    assert_eq!(first.text, format!(r#"{{"success":1,"S":{{"P":1,"D":0,"R":0,"N":0}},"prot":"{protocol}"}}"#));
    assert_eq!(
        client.upload_xml(&cookie, &cte(1)).json(),
        json!({"success": 1, "S": {"P": 0, "D": 1, "R": 0, "N": 0}})
    );
    let stored = simulator.document(&key(1)).expect("stored");
    assert_eq!((stored.kind, stored.protocol, stored.received), (Kind::Cte, protocol, 2));
    assert_eq!(simulator.documents().len(), 1);
    assert_eq!(simulator.document(&key(2)), None);
}

#[test]
fn the_kinds_of_documents_are_known_by_element_and_model() {
    let model = |model: &str| format!("35260712345678000195{model}001{:09}1000000010", 7);
    let xml = |root: &str, inner: &str, key: &str| format!("<{root}><{inner} Id=\"{key}\"/></{root}>").into_bytes();
    for (root, inner, prefix, number) in [
        ("CTe", "infCte", "CTe", "57"),
        ("cteProc", "infCte", "CTe", "57"),
        ("cteProc", "infCte", "CTe", "94"),
        ("cteSimpProc", "infCte", "CTe", "57"),
        ("cteOSProc", "infCte", "CTe", "67"),
        ("nfeProc", "infNFe", "NFe", "55"),
        ("NFe", "infNFe", "NFe", "65"),
        ("mdfeProc", "infMDFe", "MDFe", "58"),
    ] {
        let key = format!("{prefix}{}", model(number));
        assert_eq!(counts_of(&xml(root, inner, &key)), PROCESSED, "{root} {number}");
    }
    for (root, inner, key) in [
        ("cteProc", "infCte", format!("CTe{}", model("55"))),
        ("nfeProc", "infNFe", format!("NFe{}", model("57"))),
        ("cteProc", "infCte", model("57")),
        ("cteProc", "infCte", format!("CTe{}", &model("57")[1..])),
        ("cteProc", "infCte", format!("CTe{}", model("57").replace("3526", "35A6"))),
        ("cteProc", "other", format!("CTe{}", model("57"))),
        ("html", "infCte", format!("CTe{}", model("57"))),
    ] {
        assert_eq!(counts_of(&xml(root, inner, &key)), REJECTED, "{root} {key}");
    }
}

#[test]
fn letters_in_the_cnpj_and_prefixes_of_namespaces_are_taken() {
    let key = "3526050X0J92JY000196570010000006041448679011";
    let simulator = simulator();
    let client = Client::plain(&simulator);
    let answer = client.upload_xml(&client.login(), &cte_with_key(key)).json();
    assert_eq!(counts(&answer), PROCESSED);
    assert_eq!(&answer["prot"].as_str().expect("a protocol")[9..37], &key[6..34]);
    let prefixed = format!("<n:CTe xmlns:n=\"urn:n\"><n:infCte Id='CTe{key}'/></n:CTe>");
    assert_eq!(counts_of(prefixed.as_bytes()), PROCESSED);
}

#[test]
fn encodings_are_taken_as_declared() {
    let latin1: Vec<u8> = {
        let text = cte(1).replace("UTF-8", "ISO-8859-1");
        text.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin 1")).collect()
    };
    assert_eq!(counts_of(&latin1), PROCESSED);
    assert_eq!(counts_of(&[b"\xef\xbb\xbf", cte(1).as_bytes()].concat()), PROCESSED);
    let lied = String::from_utf8_lossy(&latin1).contains('\u{fffd}');
    assert!(lied, "the fixture has bytes that are no UTF-8");
    let declared_utf8 = [
        b"<?xml version=\"1.0\"?>".as_slice(),
        &latin1[latin1.iter().position(|b| *b == b'\n').expect("a line") + 1..],
    ];
    assert_eq!(counts_of(&declared_utf8.concat()), DENIED);
    assert_eq!(counts_of(cte(1).replace("UTF-8", "EBCDIC-X").as_bytes()), DENIED);
    let utf16: Vec<u8> = cte(1).encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(counts_of(&[b"\xff\xfe", utf16.as_slice()].concat()), DENIED);
}

#[test]
fn what_is_no_xml_is_denied_and_other_xml_is_rejected() {
    for denied in [
        "",
        "hello",
        "%PDF-1.7",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a b=1/>",
        "<a b='1' b='2'/>",
        "<a/>text",
        " <?xml version=\"1.0\"?><a/>",
        "<a b='&nothing;'/>",
        "text<a/>",
        "<a>&nothing;</a>",
        "<a>&#0;</a>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        &cte(1)[..300],
    ] {
        assert_eq!(counts_of(denied.as_bytes()), DENIED, "{denied}");
    }
    for rejected in ["<a/>", "<a>&amp;&#65;<![CDATA[<]]></a>", "<!-- a --><?b c?><html><body/></html>\n"] {
        assert_eq!(counts_of(rejected.as_bytes()), REJECTED, "{rejected}");
    }
}

#[test]
fn refusals_come_with_an_error() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    let cookie = client.login();
    let rejected = client.upload_xml(&cookie, "<a/>");
    let expected = json!({"code": "05", "msg": "Rejeitado: xml não parece ser do tipo certo."});
    assert_eq!(rejected.json()["error"], expected);
    assert!(rejected.text.contains("n\\u00e3o"), "as PHP escapes it: {}", rejected.text);
    let denied = client.upload_xml(&cookie, "hello").json();
    assert_eq!(denied["error"], json!({"code": "04", "msg": "Negado: não é xml ou zip."}));
    assert_eq!(denied.get("prot"), None);
}

#[test]
fn a_cancellation_stands_beside_its_document() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    let cookie = client.login();
    assert_eq!(counts(&client.upload_xml(&cookie, &cte(1)).json()), PROCESSED);
    assert_eq!(counts(&client.upload_xml(&cookie, &event(1, "110111")).json()), PROCESSED);
    assert_eq!(counts(&client.upload_xml(&cookie, &event(1, "110111")).json()), DUPLICATE);
    assert_eq!(counts(&client.upload_xml(&cookie, &event(1, "110110")).json()), REJECTED);
    let kinds: Vec<_> = simulator.documents().iter().map(|stored| stored.kind).collect();
    assert_eq!(kinds, [Kind::Cte, Kind::Cancellation]);
}

#[test]
fn only_a_part_named_file_with_a_file_name_is_a_file() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    let cookie = client.login();
    let xml = cte(1);
    let xml = xml.as_bytes();
    for (case, parts) in [
        ("nothing", vec![]),
        ("another name", part("name=\"arquivo\"; filename=\"a.xml\"", "application/xml", xml)),
        ("no file name", part("name=\"file\"", "application/xml", xml)),
        ("an empty file name", part("name=\"file\"; filename=\"\"", "application/xml", xml)),
        ("RFC 5987 only", part("name=\"file\"; filename*=utf-8''a%20b.xml", "application/xml", xml)),
        ("a parameter", field_part("file", &cte(1))),
        ("base64 in a parameter", field_part("file", "PGN0ZVByb2M+")),
        ("two files", [file_part("a.xml", "text/xml", xml), file_part("b.xml", "text/xml", xml)].concat()),
    ] {
        let body = client.multipart(&cookie, &[&upload_fields(), &parts]).json();
        assert_eq!(counts(&body), DENIED, "{case}");
        assert_eq!(body["error"], json!({"code": "03", "msg": "No file."}), "{case}");
    }
    let urlencoded = client.form(&cookie, "comp=5&mod=Upload&path=eguarda/php/&file=PGN0ZVByb2M%2B").json();
    assert_eq!(counts(&urlencoded), DENIED);
    assert!(simulator.documents().is_empty());
    let both = part("name=\"file\"; filename=\"a.xml\"; filename*=utf-8''a.xml", "application/xml", xml);
    assert_eq!(counts(&client.multipart(&cookie, &[&upload_fields(), &both]).json()), PROCESSED);
}

#[test]
fn the_content_type_is_one_of_three_and_true() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    let cookie = client.login();
    let archive = zip([("a.xml", cte(9).as_bytes())]);
    let xml = cte(1);
    for (content_type, content, expected) in [
        ("application/octet-stream", xml.as_bytes(), DENIED),
        ("text/plain", xml.as_bytes(), DENIED),
        ("", xml.as_bytes(), DENIED),
        ("application/zip", xml.as_bytes(), DENIED),
        ("application/xml", &archive, DENIED),
        ("application/x-zip-compressed", &archive, DENIED),
        ("TEXT/XML; charset=UTF-8", xml.as_bytes(), PROCESSED),
        ("application/xml", xml.as_bytes(), DUPLICATE),
        ("application/zip", &archive, PROCESSED),
    ] {
        let body = client.upload(&cookie, "a.bin", content_type, content).json();
        assert_eq!(counts(&body), expected, "{content_type}");
    }
}

#[test]
fn path_and_recipient_must_be_right() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    let cookie = client.login();
    let with = |path: &str, more: &[u8]| {
        let fields = [("comp", "5"), ("mod", "Upload"), ("path", path)].map(|(name, value)| field_part(name, value));
        let file = file_part("a.xml", "application/xml", cte(1).as_bytes());
        client.multipart(&cookie, &[&fields.concat(), more, &file]).json()
    };
    let malformed = json!({"success": 0, "error": {"msg": "Ghs.loc.error"}});
    for path in ["", "eguarda/php", "/eguarda/php/", "atwe/php/"] {
        assert_eq!(with(path, b""), malformed, "{path}");
    }
    assert_eq!(with("eguarda/php/", &field_part("recipient", "X")), malformed);
    assert_eq!(counts(&with("eguarda/php/", &field_part("recipient", "D"))), PROCESSED);
    let optional = [field_part("recipient", ""), field_part("v", "2")].concat();
    assert_eq!(counts(&with("eguarda/php/", &optional)), DUPLICATE);
}

#[test]
fn a_zip_is_counted_document_by_document() {
    let simulator = simulator();
    let client = Client::of(&simulator);
    let cookie = client.login();
    client.upload_xml(&cookie, &cte(1));
    let inner = zip([("c.xml", cte(4).as_bytes())]);
    let archive = zip([
        ("a.xml", cte(1).as_bytes()),
        ("folder/b.xml", cte(2).as_bytes()),
        ("c.xml", cte(3).as_bytes()),
        ("inner.zip", &inner),
        ("readme.txt", b"hello"),
    ]);
    let body = client.upload(&cookie, "a.zip", "application/zip", &archive).json();
    assert_eq!(counts(&body), [2, 1, 1, 1]);
    assert_eq!(body["prot"], json!([protocol_of(&key(2)), protocol_of(&key(3))]));
    let codes: Vec<_> = body["error"].as_array().expect("errors").iter().map(|error| &error["code"]).collect();
    assert_eq!(codes, ["05", "04"]);
    assert_eq!(simulator.document(&key(4)), None);
}

#[test]
fn of_a_zip_400_xml_are_taken_and_the_rest_is_ignored_in_silence() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    let documents: Vec<_> = (1..=403).map(cte).collect();
    let names: Vec<_> = (1..=403).map(|number| format!("{number}.xml")).collect();
    let archive = zip(names.iter().map(String::as_str).zip(documents.iter().map(String::as_bytes)));
    let body = client.upload(&client.login(), "a.zip", "application/zip", &archive).json();
    assert_eq!(counts(&body), [400, 0, 0, 0]);
    assert_eq!(body["prot"].as_array().map(Vec::len), Some(400));
    assert_eq!(body.get("error"), None);
    assert_eq!(simulator.documents().len(), 400);
}

#[test]
fn a_damaged_or_empty_zip_is_denied_as_a_whole() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    let cookie = client.login();
    let whole = zip([("a.xml", cte(1).as_bytes()), ("b.xml", cte(2).as_bytes())]);
    let mut flipped = whole.clone();
    flipped[60] ^= 0xff;
    for damaged in [&whole[..whole.len() / 2], &flipped, &zip([])] {
        let body = client.upload(&cookie, "a.zip", "application/zip", damaged).json();
        assert_eq!(counts(&body), DENIED);
    }
    assert!(simulator.documents().is_empty());
}

#[test]
fn answers_come_in_every_shape() {
    let shapes = |words: &str, content: &[u8], content_type: &str| {
        let shape = words.parse().expect("a shape");
        let simulator = Simulator::start(Config { shape, ..Config::default() }).expect("started");
        let client = Client::plain(&simulator);
        client.upload(&client.login(), "a", content_type, content)
    };
    let xml = |words: &str| shapes(words, cte(1).as_bytes(), "text/xml");
    let wrong = |words: &str| shapes(words, b"<a/>", "text/xml").json()["error"].clone();
    let archive = zip([("a.xml", b"<a/>".as_slice()), ("b.xml", b"<a/>"), ("c.xml", cte(1).as_bytes())]);
    let archived = |words: &str| shapes(words, &archive, "application/zip").json();
    let (protocol, msg) = (protocol_of(&key(1)), "Rejeitado: xml não parece ser do tipo certo.");

    assert!(xml("spaced").text.starts_with("{\n  \"success\": 1,\n"));
    assert!(xml("bom").text.starts_with("\u{feff}{\"success\":1,"));
    assert_eq!(xml("prot-array").json()["prot"], json!([protocol]));
    assert_eq!(xml("prot-absent").json().get("prot"), None);
    assert_eq!(wrong("error-array"), json!([{"code": "05", "msg": msg}]));
    assert_eq!(wrong("error-text,bom"), json!(msg));
    assert_eq!(wrong("code-number"), json!({"code": 5, "msg": msg}));
    assert_eq!(wrong("code-absent,spaced"), json!({"msg": msg}));
    assert_eq!(archived("prot-for-duplicates")["prot"], json!([protocol]));
    assert_eq!(archived("prot-for-duplicates")["error"].as_array().map(Vec::len), Some(2));
    assert_eq!(archived("error-text")["error"], format!("{msg}; {msg}"));
    assert!("unknown".parse::<simulator::Shape>().is_err());
}

#[test]
fn duplicates_may_name_their_protocol() {
    let shape = "prot-for-duplicates".parse().expect("a shape");
    let simulator = Simulator::start(Config { shape, ..Config::default() }).expect("started");
    let client = Client::plain(&simulator);
    let cookie = client.login();
    client.upload_xml(&cookie, &cte(1));
    let body = client.upload_xml(&cookie, &cte(1)).json();
    assert_eq!((counts(&body), &body["prot"]), (DUPLICATE, &json!(protocol_of(&key(1)))));
}

#[test]
fn what_is_sent_again_is_answered_later_and_later() {
    let simulator = Simulator::start(Config { throttle_percent: 1, ..Config::default() }).expect("started");
    let client = Client::plain(&simulator);
    let cookie = client.login();
    for _ in 0..4 {
        client.upload_xml(&cookie, &cte(1));
    }
    let penalties: Vec<_> = simulator.requests().iter().skip(1).map(|request| request.penalty.as_millis()).collect();
    assert_eq!(penalties, [0, 1, 2, 4]);
}
