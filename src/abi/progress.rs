//! The caller's progress callback.

use std::ffi::{CString, c_char, c_void};

use super::float::as_caller;
use crate::contract::{Event, to_json};

/// Told about each stage of a call while it is under way: `event_json` is
/// `{"etapa":"leitura|login|upload|consulta|lista|diagnostico|fim","estado":"inicio|ok|erro|repetindo","n":done,
/// "total":of,"arquivo":"…","chave":"…","msg":"…"}` in UTF-8 (`arquivo` and `chave` where they are known), valid until the function
/// returns; `context` is the one given to `av_execute`. Return 0 to go on, anything else to stop at the next safe point
/// (error 9002; what is on its way is finished first). Called on the thread that called `av_execute`, which waits. It may
/// call this library again. It must return: no exception and no longjmp may leave it. What a C++ or Delphi program raises in
/// it must be caught in it (then return 1 to stop). An exception that leaves it ends the process, or leaves its call under
/// way for ever: then `av_shutdown` on another thread waits for it for ever.
#[allow(non_camel_case_types, reason = "its name in C")]
pub type av_progress_fn = unsafe extern "C" fn(event_json: *const c_char, context: *mut c_void) -> i32;

/// Tells `callback` of `event`; whether it wants to stop.
///
/// # Safety
/// `callback` can be called with `context`.
pub unsafe fn tell(callback: av_progress_fn, context: *mut c_void, event: &Event) -> bool {
    // JSON holds no NUL: serde writes it as \u0000.
    let Ok(event) = CString::new(to_json(event)) else { return false };
    // SAFETY: the caller's promise, passed on; the text outlives the call.
    as_caller(|| unsafe { callback(event.as_ptr(), context) != 0 })
}
