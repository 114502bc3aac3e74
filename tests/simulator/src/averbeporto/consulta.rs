//! The consulta: `mod=Protocolo` by POST, and the public one by GET.

use std::collections::{BTreeSet, HashSet};

use super::answers::{Body, Pair};
use super::store::StoredDocument;
use super::{Context, Reply, Service, answers};
use crate::answer::Answer;
use crate::php::Variables;

/// Seed page 3.1.2.
const PATH: &str = "atwe/php/";

impl Service {
    /// By POST, in a session (seed page 3.1.2).
    pub(super) fn consulta(&mut self, context: Context<'_>) -> Reply {
        let Context { call, shape, .. } = context;
        if let Err(reply) = self.user(context) {
            return reply;
        }
        // Assumed: "malformed" is the answer to another path.
        if call.post.text("path") != PATH {
            return answers::malformed(shape).reply(context);
        }
        // Manual: `out` may be left out. Assumed: then it is JSON.
        match call.post.text("out") {
            "" | "json" => self.find(&call.post, context).reply(context),
            _ => json_only(),
        }
    }

    /// By GET, without a session (seed page 3.2.2). Assumed: `out=json` must be said, for the example
    /// says it; and the way round by `protocolo[]` works here, too.
    pub(super) fn public_consulta(&self, context: Context<'_>) -> Reply {
        match context.call.get.text("out") {
            "json" => self.find(&context.call.get, context).reply(context),
            _ => json_only(),
        }
    }

    /// By `chave[]`, or else by `protocolo[]`. What is not known is absent from the answer (assumed, as
    /// everybody does); the order is that of the service's own index and not that of the question
    /// (assumed), and what is asked twice is answered once (assumed). Neither of the two parameters is an
    /// error of the consulta (seed page 3.2.2: "success": 0).
    fn find(&self, variables: &Variables, context: Context<'_>) -> Body {
        let keys: BTreeSet<_> = variables.list("chave").into_iter().collect();
        let protocols: HashSet<_> = variables.list("protocolo").into_iter().collect();
        if keys.is_empty() && protocols.is_empty() {
            return answers::malformed(context.shape);
        }
        let pair = |stored: &StoredDocument| Pair { chave: stored.key.clone(), protocolo: stored.protocol.clone() };
        let with_protocol = |stored: &&StoredDocument| protocols.contains(stored.protocol.as_str());
        answers::protocols(match keys.is_empty() {
            false => keys.into_iter().filter_map(|key| self.documents.get(key)).map(|stored| pair(&stored)).collect(),
            true => self.documents.endorsed().filter(with_protocol).map(pair).collect(),
        })
    }
}

/// The service has `out=xml` and `out=csv`, too (manual). How they look is not known, so the simulator
/// does not pretend to know.
fn json_only() -> Reply {
    let text =
        "The simulator answers a consulta with out=json only: how the service writes xml and csv is not known.\n";
    Answer::new(501, "text/plain; charset=UTF-8", text).into()
}
