//! Answers that nobody has thought of.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use simulator::{Effect, Fault};

use crate::driver::{World, fixture};

/// How many answers each operation gets. They go into one command line, which Windows keeps short.
const ANSWERS: usize = 60;

/// JSON of the words that the service uses, put together at random, the same in each run.
fn answers() -> Vec<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop::sample::select(vec![-1, 0, 1, 2, 400]).prop_map(Value::from),
        prop::sample::select(vec!["", "0", "1", "01", "02", "No login.", "x"]).prop_map(Value::from),
    ];
    let words =
        ["success", "S", "P", "D", "R", "N", "prot", "error", "code", "msg", "logout", "C", "chave", "protocolo"];
    let value = leaf.prop_recursive(3, 24, 5, move |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from);
        let object = prop::collection::btree_map(prop::sample::select(words.to_vec()), inner, 0..5);
        prop_oneof![list, object.prop_map(|object: BTreeMap<&str, Value>| json!(object))]
    });
    let mut runner = TestRunner::deterministic();
    (0..ANSWERS).map(|_| value.new_tree(&mut runner).expect("a value").current()).collect()
}

/// What the library makes of each answer to `request`.
fn replies(request: impl Fn(&str) -> Value) -> Vec<(Value, Value)> {
    let world = World::new().set(json!({"porto":{"uploads_por_segundo":100}}));
    let cookie = world.simulator.open_session(simulator::DEFAULT_USER);
    let answers = answers();
    for answer in &answers {
        world.simulator.fault(Fault::new(Effect::body("text/html", answer.to_string())));
    }
    let replies = world.execute_all(&vec![request(&cookie); answers.len()]);
    assert_eq!((replies.len(), world.simulator.requests().len()), (answers.len(), answers.len()));
    answers.into_iter().zip(replies).collect()
}

/// The code of a reply, and whether it is uncertain. 0 goes with success, and with nothing else.
fn end(answer: &Value, reply: &Value) -> (i64, bool) {
    let error = &reply["error"][0];
    let code = error["code"].as_i64().unwrap_or(0);
    let done = reply["status"] == 1 || reply["status"] == "1";
    assert!(done == (code == 0) && [0, 4003].contains(&code) || (5001..=5007).contains(&code), "{answer} -> {reply}");
    (code, error["incerto"] == true)
}

#[test]
fn a_random_answer_logs_nobody_in() {
    for (answer, reply) in replies(|_| json!({"mod":"login","user":"u","pass":"p"})) {
        let (code, uncertain) = end(&answer, &reply);
        assert!(code != 0 && !uncertain && reply.get("cookie").is_none(), "{answer} -> {reply}");
    }
}

#[test]
fn a_random_answer_to_an_upload_is_success_only_if_it_counts_and_is_else_uncertain_or_an_error() {
    for (answer, reply) in replies(|cookie| json!({"mod":"Upload","cte":fixture("cte-utf8.xml"),"cookie":cookie})) {
        let (code, uncertain) = end(&answer, &reply);
        let counted = reply["S"]["P"].as_u64().unwrap_or(0) + reply["S"]["D"].as_u64().unwrap_or(0);
        assert!(code != 0 || counted > 0, "{answer} -> {reply}");
        assert_eq!(uncertain, code == 4003, "{answer} -> {reply}");
    }
}

#[test]
fn a_random_answer_to_a_consulta_endorses_nothing() {
    let key = "35220528779662000120579990000004681178902280";
    for (answer, reply) in replies(|cookie| json!({"mod":"Consulta","chave":key,"cookie":cookie})) {
        let (code, uncertain) = end(&answer, &reply);
        assert!(code != 0 && !uncertain && reply["protocolo"] == "", "{answer} -> {reply}");
    }
}
