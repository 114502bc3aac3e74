//! Nothing unwinds into the caller, nothing is printed on its console.

use std::cell::{Cell, RefCell};
use std::ffi::c_char;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::OnceLock;

use super::float::Quiet;
use super::module::keep_in_memory;
use super::sigpipe::HeldBack;
use super::text;
use crate::contract::{Code, ErrorEntry};

thread_local! {
    /// How many calls into this library this thread is in: a progress callback may call again.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// What the last panic on this thread said.
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Does `work` and gives its text to the caller, or what `refuse` makes of its error or panic.
pub fn reply(refuse: impl Fn(ErrorEntry) -> String, work: impl FnOnce() -> Result<String, ErrorEntry>) -> *mut c_char {
    text::into_c(shielded(work).unwrap_or_else(refuse))
}

/// Does `work`, with the caller's floating point traps off and SIGPIPE held back; a panic becomes 9001.
pub fn shielded<T>(work: impl FnOnce() -> Result<T, ErrorEntry>) -> Result<T, ErrorEntry> {
    keep_in_memory();
    let (_quiet, _held_back) = (Quiet::new(), HeldBack::new());
    quiet_panics();
    DEPTH.set(DEPTH.get() + 1);
    // Unwind safety: what a panic may leave half done is behind mutexes, whose poison is looked past on purpose, and each
    // of them holds nothing that is changed in more than one step.
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(DEPTH.get() - 1);
    done.unwrap_or_else(|_| {
        let what = LAST_PANIC.take().unwrap_or_else(|| "panic of unknown origin".to_owned());
        Err(ErrorEntry::new(Code::Bug).detail(what))
    })
}

/// Whether this thread is inside a call made from inside another.
pub fn is_nested() -> bool {
    DEPTH.get() > 1
}

/// The host's console is not ours: a panic of ours is kept for the reply. (Panics elsewhere, if this library is linked
/// into a Rust program, go to the hook that was there before.)
fn quiet_panics() {
    static BEFORE: OnceLock<PanicHook> = OnceLock::new();
    BEFORE.get_or_init(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(|info| match BEFORE.get() {
            Some(before) if !is_ours() => before(info),
            _ => keep(info),
        }));
        before
    });
}

type PanicHook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send>;

fn is_ours() -> bool {
    DEPTH.get() > 0 || std::thread::current().name() == Some(crate::http::THREAD_NAME)
}

/// Where it happened, and what it says if that stands so in the source: a text made up on the way may quote a secret.
fn keep(info: &PanicHookInfo) {
    let place = info.location().map(|place| format!("{}:{}", place.file(), place.line())).unwrap_or_default();
    let text = info.payload().downcast_ref::<&'static str>().copied().unwrap_or("panic");
    LAST_PANIC.set(Some(format!("{place}: {text}")));
}

#[cfg(test)]
mod tests {
    use super::{is_nested, shielded};
    use crate::contract::ErrorEntry;

    #[test]
    fn a_panic_becomes_an_error_that_says_where() {
        let error = shielded(|| -> Result<(), ErrorEntry> { panic!("on purpose") }).unwrap_err();
        assert_eq!(error.code(), 9001);
        let json = serde_json::to_string(&error).unwrap();
        assert!(json.contains("on purpose") && json.contains("guard.rs"), "{json}");
    }

    #[test]
    fn a_panic_that_quotes_a_value_says_only_where() {
        let pass = String::from("s3nha é");
        let error = shielded(|| -> Result<(), ErrorEntry> { panic!("{}", &pass[..7]) }).unwrap_err();
        let json = serde_json::to_string(&error).unwrap();
        assert!(json.contains("guard.rs") && !json.contains("s3nha"), "{json}");
    }

    #[test]
    fn nesting_is_counted_also_across_a_panic() {
        let _ = shielded(|| -> Result<(), ErrorEntry> { panic!("on purpose") });
        let depths = shielded(|| {
            let outer = is_nested();
            shielded(|| Ok((outer, is_nested())))
        });
        assert_eq!(depths.unwrap(), (false, true));
    }
}
