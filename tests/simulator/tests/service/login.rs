//! Login, sessions, captcha, dump.

use std::time::Duration;

use serde_json::json;
use simulator::{Config, DEFAULT_PASSWORD, Simulator, User};

use crate::client::{Client, answered, field_part, session, simulator};

const RIGHT: &str = "mod=login&comp=5&user=USUARIO&pass=SENHA";
const WRONG: &str = "mod=login&comp=5&user=USUARIO&pass=errada";

#[test]
fn the_right_credentials_open_a_session_among_other_cookies() {
    let simulator = simulator();
    let answer = Client::of(&simulator).form("", RIGHT);
    let body = answer.json();
    assert_eq!(body["success"], 1);
    assert_eq!(body["C"]["userName"], "USUARIO");
    assert_eq!(body["S"], json!([]));
    assert_eq!(answer.content_type, "text/html; charset=UTF-8");

    let names: Vec<_> = answer.cookies.iter().filter_map(|cookie| cookie.split('=').next()).collect();
    assert_eq!(names, ["__cf_bm", "portal[ses]", "_cfuvid"]);
    let cookie = session(&answer).expect("a session");
    assert!(cookie.len() == 32 && cookie.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    let sessions = simulator.sessions();
    assert_eq!((sessions[0].cookie.as_str(), sessions[0].user.as_str()), (cookie.as_str(), "USUARIO"));
}

#[test]
fn a_login_may_come_as_multipart_too() {
    let simulator = simulator();
    let fields = [("comp", "5"), ("mod", "login"), ("user", "USUARIO"), ("pass", "SENHA")];
    let parts = fields.map(|(name, value)| field_part(name, value)).concat();
    let answer = Client::plain(&simulator).multipart("", &[&parts]);
    assert!(session(&answer).is_some());
}

#[test]
fn passwords_are_decoded() {
    let users = vec![User::new("a&b", "ç+ /%?")];
    let simulator = Simulator::start(Config { users, ..Config::default() }).expect("started");
    let answer = Client::plain(&simulator).form("", "mod=login&comp=5&user=a%26b&pass=%C3%A7%2B+%2F%25%3F");
    assert!(session(&answer).is_some());
}

#[test]
fn what_is_missing_or_wrong_is_told_apart() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    let malformed = json!({"success": 0, "error": {"msg": "Ghs.loc.error"}});
    let no_login = json!({"success": 1, "error": {"code": "01", "msg": "No login."}});
    let logout = json!({"success": 1, "logout": 1});
    for (form, expected) in [
        ("mod=login&user=USUARIO&pass=SENHA", &malformed),
        ("mod=login&comp=4&user=USUARIO&pass=SENHA", &malformed),
        ("comp=5&user=USUARIO&pass=SENHA", &malformed),
        ("mod=Login&comp=5&user=USUARIO&pass=SENHA", &malformed),
        ("mod=Other&comp=5", &malformed),
        ("", &malformed),
        ("mod=login&comp=5&user=USUARIO", &no_login),
        ("mod=login&comp=5&pass=SENHA", &no_login),
        ("mod=login&comp=5&user=&pass=", &no_login),
        ("mod=login&comp=5&user=USUARIO&pass=senha", &logout),
        ("mod=login&comp=5&user=outro&pass=SENHA", &logout),
    ] {
        let answer = client.form("", form);
        assert_eq!((answer.status, &answer.json()), (200, expected), "{form}");
        assert_eq!(session(&answer), None, "{form}");
    }
}

#[test]
fn too_many_failures_in_a_row_of_one_user_demand_a_captcha() {
    let users = vec![User::new("USUARIO", DEFAULT_PASSWORD), User::new("outro", "b")];
    let simulator = Simulator::start(Config { users, captcha_after: 3, ..Config::default() }).expect("started");
    let client = Client::plain(&simulator);
    client.form("", WRONG);
    client.form("", WRONG);
    client.login();
    for _ in 0..3 {
        assert_eq!(client.form("", WRONG).json(), json!({"success": 1, "logout": 1}));
    }
    let demanded = client.form("", RIGHT);
    let body = demanded.json();
    assert_eq!(body["success"], 0);
    assert_eq!(body["error"], json!({"code": "02", "msg": "Captcha required"}));
    assert!(body["captcha_url"].is_string() && body["captcha_html"].is_string());
    assert!(demanded.text.contains("https:\\/\\/"), "as PHP escapes it: {demanded:?}");
    assert!(session(&demanded).is_none());
    assert!(session(&client.form("", "mod=login&comp=5&user=outro&pass=b")).is_some());
    simulator.reset_captcha();
    client.login();
}

#[test]
fn only_the_raw_name_of_the_cookie_is_understood() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    let cookie = client.login();
    let no_login = json!({"success": 1, "error": {"code": "01", "msg": "No login."}});
    let found = json!({"success": 1, "S": []});
    let logout = json!({"success": 1, "logout": 1});
    for (header, expected) in [
        (format!("portal[ses]={cookie}"), &found),
        (format!("a=b; portal[ses]={cookie}; c=d"), &found),
        (format!("a=b;portal[ses]={cookie}"), &found),
        (format!("portal%5Bses%5D={cookie}"), &no_login),
        (format!("Portal[ses]={cookie}"), &no_login),
        (format!("ses={cookie}"), &no_login),
        ("portal[ses]=".to_owned(), &no_login),
        ("portal[ses]=0123456789abcdef0123456789abcdef".to_owned(), &logout),
        (format!("portal[ses]={}", cookie.to_uppercase()), &logout),
    ] {
        let form = "comp=5&mod=Protocolo&path=atwe/php/&chave[]=1";
        let request = client.post("/php/conn.php", crate::client::FORM, form).header("Cookie", &header);
        assert_eq!(&answered(request).json(), expected, "{header}");
    }
    assert_eq!(client.consulta("", "chave[]=1").json(), no_login);
    assert_eq!(client.upload_xml("", "<a/>").json(), no_login);
    assert_eq!(client.upload_xml("0123456789abcdef0123456789abcdef", "<a/>").json(), logout);
}

#[test]
fn sessions_end_after_requests_after_time_and_on_demand() {
    let logout = json!({"success": 1, "logout": 1});
    let ask = |client: &Client, cookie: &str| client.consulta(cookie, "chave[]=1").json();

    let counted = Simulator::start(Config { session_requests: Some(2), ..Config::default() }).expect("started");
    let client = Client::plain(&counted);
    let (first, second) = (client.login(), client.login());
    assert_ne!(first, second);
    assert_ne!(ask(&client, &first), logout);
    assert_ne!(ask(&client, &first), logout);
    assert_eq!(ask(&client, &first), logout);
    assert_ne!(ask(&client, &second), logout);
    let sessions: Vec<_> = counted.sessions().iter().map(|session| (session.requests, session.expired)).collect();
    assert_eq!(sessions, [(2, true), (1, false)]);

    let timed = Config { session_lifetime: Some(Duration::ZERO), ..Config::default() };
    let timed = Simulator::start(timed).expect("started");
    let client = Client::plain(&timed);
    assert_eq!(ask(&client, &client.login()), logout);

    let endless = simulator();
    let client = Client::plain(&endless);
    let cookie = client.login();
    assert_ne!(ask(&client, &cookie), logout);
    endless.expire_sessions();
    assert_eq!(ask(&client, &cookie), logout);
    assert_ne!(ask(&client, &client.login()), logout);
}

#[test]
fn a_dump_shows_what_arrived_secrets_included() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    let added = client.form("", &format!("{RIGHT}&dump=1"));
    assert!(session(&added).is_some());
    let body = added.json();
    assert!(body["C"].is_object());
    assert_eq!(body["dump"]["POST"]["pass"], "SENHA");

    let only = client.form("", &format!("{RIGHT}&dump=2"));
    assert!(session(&only).is_none());
    assert_eq!(only.json().as_object().map(|body| body.keys().cloned().collect::<Vec<_>>()), Some(vec!["dump".into()]));

    let cookie = session(&added).expect("a session");
    let upload = client.multipart(
        &cookie,
        &[
            &crate::client::upload_fields(),
            &field_part("dump", "2"),
            &crate::client::file_part("a.xml", "text/xml", crate::client::cte(1).as_bytes()),
        ],
    );
    let dump = &upload.json()["dump"];
    assert_eq!(dump["FILES"]["file"]["name"], "a.xml");
    assert_eq!(dump["COOKIE"], format!("outro=1; portal[ses]={cookie}"));
    assert!(simulator.documents().is_empty());

    let public = client.public_consulta("chave[]=1&dump=2").json();
    assert_eq!((&public["dump"]["GET"]["out"], public.get("success")), (&json!("json"), None));
    let public = client.public_consulta("chave[]=1&chave[]=2&dump=1").json();
    assert_eq!(public["dump"]["GET"]["chave"], json!(["1", "2"]));
}
