//! C strings in, C strings out.

use std::ffi::{CStr, CString, c_char};

use crate::contract::{Code, ErrorEntry};

/// The text at `pointer`: 1001 if NULL, 1002 if not UTF-8, both naming the argument.
///
/// # Safety
/// `pointer` is NULL or points to a NUL-terminated string that stays as it is for `'a`.
pub unsafe fn given<'a>(pointer: *const c_char, name: &str) -> Result<&'a str, ErrorEntry> {
    if pointer.is_null() {
        return Err(ErrorEntry::new(Code::NullArgument).detail(format!("argument {name} is NULL")));
    }
    // SAFETY: not NULL, and NUL-terminated by the caller's promise.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|error| {
        ErrorEntry::new(Code::NotUtf8)
            .detail(format!("argument {name}: not UTF-8 from byte {} on", error.valid_up_to()))
    })
}

/// The same, but NULL is the empty text.
///
/// # Safety
/// As [`given`].
pub unsafe fn optional<'a>(pointer: *const c_char, name: &str) -> Result<&'a str, ErrorEntry> {
    if pointer.is_null() {
        return Ok("");
    }
    // SAFETY: the caller's promise, passed on.
    unsafe { given(pointer, name) }
}

/// A text for the caller, who frees it with `av_free`. C ends a text at its first NUL, so one inside becomes U+FFFD.
pub fn into_c(text: String) -> *mut c_char {
    let text = CString::new(text)
        .or_else(|error| CString::new(String::from_utf8_lossy(&error.into_vec()).replace('\0', "\u{FFFD}")));
    text.unwrap_or_default().into_raw()
}

/// Frees what [`into_c`] gave.
///
/// # Safety
/// `text` is NULL or from [`into_c`], and is not used again.
pub unsafe fn free(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: from `into_c`, which made it with `CString::into_raw`, by the caller's promise.
        drop(unsafe { CString::from_raw(text) });
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;
    use std::ptr;

    use super::{free, given, into_c, optional};

    #[test]
    fn null_and_bad_utf8_are_told_apart() {
        // SAFETY: NULL, or literals with their NUL.
        unsafe {
            assert_eq!(given(ptr::null(), "x").unwrap_err().code(), 1001);
            assert_eq!(given(c"\xFF".as_ptr(), "x").unwrap_err().code(), 1002);
            assert_eq!(given(c"ção".as_ptr(), "x").unwrap(), "ção");
            assert_eq!(optional(ptr::null(), "x").unwrap(), "");
        }
    }

    #[test]
    fn texts_go_out_and_come_back_to_be_freed() {
        let text = into_c("a\0ç".to_owned());
        // SAFETY: from `into_c`, freed once.
        unsafe {
            assert_eq!(CStr::from_ptr(text).to_str().unwrap(), "a\u{FFFD}ç");
            free(text);
            free(ptr::null_mut());
        }
    }
}
