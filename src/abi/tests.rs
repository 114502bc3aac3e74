//! Every export with whatever a program may hand over: what comes back is a reply, and is freed.

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::{av_configure, av_consulta, av_execute, av_field, av_free, av_login, av_shutdown, av_upload_file};

/// Nobody listens there: no request leaves this computer.
const OFFLINE: &CStr = c"{\"proxy\":\"nenhum\",\"timeout_conexao_s\":1,\"timeout_s\":2,\"ca_pem\":null,\"log\":null,\
    \"porto\":{\"url\":\"http://127.0.0.1:9/\",\"consulta_url\":\"http://127.0.0.1:9/\"},\
    \"webmania\":{\"url\":\"http://127.0.0.1:9\",\"token\":\"t\"},\
    \"invoicy\":{\"url\":\"http://127.0.0.1:9\",\"chave_acesso\":\"a\",\"chave_parceiro\":\"p\"}}";

const COOKIE: &str = "0123456789abcdef0123456789abcdef";
const KEY: &str = "35220528779662000120579990000004681178902280";

/// The library, which a process has once, for one test at a time and offline.
fn offline() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: a literal with its NUL.
    assert_eq!(reply(unsafe { av_configure(OFFLINE.as_ptr()) })["status"], 1);
    turn
}

/// The text of the library's at `text`, which is freed.
fn taken(text: *mut c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not NULL, and so a text of the library's, which is freed once and not used again.
    let taken = unsafe { CStr::from_ptr(text) }.to_str().expect("replies are UTF-8").to_owned();
    unsafe { av_free(text) };
    Some(taken)
}

/// The reply at `text`, which is freed.
fn reply(text: *mut c_char) -> Value {
    let text = taken(text).expect("a reply is never NULL");
    let reply: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert!(reply["mod"].as_str().is_some_and(|name| name.ends_with("Ret")), "{reply}");
    let status = &reply["status"];
    assert!([json!(0), json!(1), json!("0"), json!("1")].contains(status), "{reply}");
    let done = *status == json!(1) || *status == json!("1");
    assert!(done || reply["error"][0]["code"].is_i64() || reply["S"].is_array(), "{reply}");
    assert_ne!(reply["error"][0]["code"], 9001, "a bug: {reply}");
    reply
}

fn pointer(text: Option<&CString>) -> *const c_char {
    text.map_or(ptr::null(), |text| text.as_ptr())
}

/// What a program may hand over as a text: nothing, any bytes, any text, JSON, a request with something wrong in it.
fn argument() -> impl Strategy<Value = Option<CString>> {
    let bytes = prop_oneof![
        vec(any::<u8>(), 0..100),
        "\\PC{0,60}".prop_map(String::into_bytes),
        value().prop_map(|value| value.to_string().into_bytes()),
        request(),
    ];
    let text = bytes.prop_map(|bytes| CString::new(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).unwrap());
    proptest::option::weighted(0.95, text)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        select(vec![COOKIE, KEY, "nowhere.xml", "<CTe/>", "57", "2026-11-22"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map("[a-z/~]{0,3}", inner, 0..4).prop_map(|fields| json!(fields)),
        ]
    })
}

/// A request with some of the fields that there are; often one of its bytes is another.
fn request() -> impl Strategy<Value = Vec<u8>> {
    // Neither `diario`, `arquivo` and `pasta`, which would write files, nor `aguardar_s`, which would wait.
    const FIELDS: &str = "user pass cookie cte xml chave protocolo CNPJ n_cte recipient v dump modelo data inicio limite \
        reenviar x token mdfe somente_validar averbar averbacoes contingencia_averbacao uuid uf municipio justificativa nome \
        cpf tipo url corpo segredo documentos tpAmb id_unico numero_inicial NFSeNumero EveCodigo EveMotivo";
    const OPERATIONS: &str = "login Upload Consulta Averba Cancela Lista mdfeEmite mdfeConsulta mdfeEncerra mdfeCancela \
        mdfeCondutor mdfeArquivo mdfeNotificacao mdfeRegras nfseEnvia nfseConsulta nfseCancela nfseEspelho invoicyCK";
    let operation = select(OPERATIONS.split(' ').collect::<Vec<_>>());
    let fields = btree_map(select(FIELDS.split(' ').collect::<Vec<_>>()), value(), 0..5);
    let change = proptest::option::of((any::<prop::sample::Index>(), 1u8..));
    (operation, fields, change).prop_map(|(operation, fields, change)| {
        let mut request = json!(fields);
        request["mod"] = operation.into();
        let mut bytes = request.to_string().into_bytes();
        if let Some((place, byte)) = change {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        bytes
    })
}

/// How often a callback was called, and when it asks to stop.
struct Listener {
    calls: usize,
    stops_at: usize,
}

unsafe extern "C" fn listen(event: *const c_char, context: *mut c_void) -> i32 {
    // SAFETY: the library's promise: a C string, and the context that it was given.
    let (event, listener) = unsafe { (CStr::from_ptr(event), &mut *context.cast::<Listener>()) };
    let event: Value = serde_json::from_slice(event.to_bytes()).expect("events are JSON");
    assert!(event["etapa"].is_string() && event["msg"].is_string(), "{event}");
    listener.calls += 1;
    i32::from(listener.calls > listener.stops_at)
}

proptest! {
    #[test]
    #[cfg_attr(miri, ignore = "opens connections")]
    fn every_export_replies_to_anything(one in argument(), other in argument(), stops_at in 0usize..3) {
        let _turn = offline();
        // SAFETY: NULL or C strings, and a callback with the context that it expects.
        unsafe {
            reply(av_login(pointer(one.as_ref()), pointer(other.as_ref())));
            reply(av_upload_file(pointer(one.as_ref()), pointer(other.as_ref())));
            reply(av_consulta(pointer(one.as_ref()), pointer(other.as_ref())));
            let mut listener = Listener { calls: 0, stops_at };
            let context = (&raw mut listener).cast();
            reply(av_execute(pointer(one.as_ref()), Some(listen), context));
            // Last: these settings may be taken.
            reply(av_configure(pointer(one.as_ref())));
        }
    }

    #[test]
    fn av_field_finds_text_or_nothing(json in argument(), at in argument()) {
        // SAFETY: NULL or C strings.
        taken(unsafe { av_field(pointer(json.as_ref()), pointer(at.as_ref())) });
    }
}

#[test]
fn null_is_refused_everywhere() {
    let (none, text) = (ptr::null(), c"x".as_ptr());
    // SAFETY: NULL or literals with their NUL.
    unsafe {
        for text in [
            av_login(none, text),
            av_login(text, none),
            av_upload_file(none, text),
            av_upload_file(text, none),
            av_consulta(text, none),
            av_execute(none, None, ptr::null_mut()),
            av_configure(none),
        ] {
            assert_eq!(reply(text)["error"][0]["code"], 1001);
        }
        assert!(av_field(none, text).is_null() && av_field(text, none).is_null());
        av_free(ptr::null_mut());
    }
}

/// Without a connection: also for an interpreter that watches memory and threads.
#[test]
fn calls_on_several_threads_and_a_shutdown_between_them() {
    let _turn = offline();
    let call = || {
        // SAFETY: literals with their NUL.
        let text = unsafe { av_upload_file(c"".as_ptr(), c"nowhere.xml".as_ptr()) };
        assert_eq!(reply(text)["error"][0]["code"], 1005);
    };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| (0..3).for_each(|_| call()));
        }
        av_shutdown();
    });
}
