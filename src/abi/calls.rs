//! The life of the library between its first call and `av_shutdown`: the engine in force and the calls under way.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::guard::is_nested;
use crate::contract::{ErrorEntry, Progress};
use crate::dispatch::{Engine, Message};

struct Life {
    /// The engine for the next call; none before the first.
    current: Option<Arc<Engine>>,
    /// Counts the shutdowns.
    era: u64,
    /// How many calls are under way that began in each era.
    under_way: BTreeMap<u64, usize>,
}

static LIFE: Mutex<Life> = Mutex::new(Life { current: None, era: 0, under_way: BTreeMap::new() });
static CALL_ENDED: Condvar = Condvar::new();

/// The reply to `message`.
pub fn execute(message: Message, progress: &mut Progress) -> Result<String, ErrorEntry> {
    let operation = message.operation;
    let call = match Call::begin() {
        Ok(call) => call,
        Err(error) => return Ok(operation.refused(error)),
    };
    Ok(call.engine().execute(message, progress))
}

/// Merges `settings` into those in force. Calls under way end under the ones they began with.
pub fn configure(settings: &str) -> Result<String, ErrorEntry> {
    // One at a time: each merges into what the one before has set.
    static CONFIGURING: Mutex<()> = Mutex::new(());
    let _turn = CONFIGURING.lock().unwrap_or_else(PoisonError::into_inner);
    let call = Call::begin()?;
    let current = call.engine();
    let Some(engine) = current.configured(settings)? else { return Ok(current.accepted()) };
    let accepted = engine.accepted();
    let unused = replace(&call, Arc::new(engine));
    // Not under the lock: the last owner of an engine waits for its threads.
    drop(unused);
    Ok(accepted)
}

/// Puts `new` in place of the current engine and gives the old one; or `new` itself, if a shutdown that waits for `call`
/// has come between.
fn replace(call: &Call, new: Arc<Engine>) -> Option<Arc<Engine>> {
    let mut life = life();
    if life.era == call.era { life.current.replace(new) } else { Some(new) }
}

/// Ends what runs, after the calls under way; see `av_shutdown`.
pub fn shutdown() {
    let mut life = life();
    let engine = life.current.take();
    life.era += 1;
    let era = life.era;
    if !is_nested() {
        let older = |life: &mut Life| life.under_way.range(..era).next().is_some();
        life = CALL_ENDED.wait_while(life, older).unwrap_or_else(PoisonError::into_inner);
    }
    drop(life);
    drop(engine);
}

fn life() -> MutexGuard<'static, Life> {
    LIFE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A call under way: holds its engine and is counted.
struct Call {
    engine: Option<Arc<Engine>>,
    era: u64,
}

impl Call {
    fn begin() -> Result<Self, ErrorEntry> {
        let mut life = life();
        let engine = match &life.current {
            Some(engine) => engine.clone(),
            None => life.current.insert(Arc::new(Engine::start()?)).clone(),
        };
        let era = life.era;
        *life.under_way.entry(era).or_default() += 1;
        Ok(Self { engine: Some(engine), era })
    }

    fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("held until the call is dropped")
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        // First the engine, which may end threads here, then the count: who waits for the calls waits for that too.
        self.engine = None;
        let mut life = life();
        if let Some(calls) = life.under_way.get_mut(&self.era) {
            *calls -= 1;
            if *calls == 0 {
                life.under_way.remove(&self.era);
            }
        }
        CALL_ENDED.notify_all();
    }
}
