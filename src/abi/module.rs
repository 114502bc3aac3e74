//! Keeps the library in memory, from its first call until the process ends.
//!
//! A program may unload the library while a thread of it runs, which would go on in memory that is gone. And where it is
//! really unloaded, what Rust's runtime keeps for each thread is lost: on Windows some slots with every time, until after
//! a hundred times the process has no more and dies. So the library stays; `av_shutdown` ends all else that it keeps.

use std::sync::Once;

/// Makes unloading do nothing from now on. In a statically linked program it does nothing anyway.
pub fn keep_in_memory() {
    static ONCE: Once = Once::new();
    ONCE.call_once(sys::keep);
}

#[cfg(windows)]
mod sys {
    use std::ptr;

    use windows_sys::Win32::Foundation::HMODULE;
    use windows_sys::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
    };

    pub fn keep() {
        let mut module: HMODULE = ptr::null_mut();
        let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
        // SAFETY: with these flags the "name" is any address inside the module; `module` is written on success only.
        unsafe { GetModuleHandleExW(flags, keep as *const () as *const u16, &raw mut module) };
    }
}

#[cfg(all(unix, not(miri)))]
mod sys {
    use std::mem::MaybeUninit;

    use libc::{Dl_info, RTLD_LAZY, RTLD_NODELETE, RTLD_NOLOAD, c_void};

    pub fn keep() {
        let mut info = MaybeUninit::<Dl_info>::zeroed();
        let here = keep as *const () as *const c_void;
        // SAFETY: `dladdr` fills `info` or returns 0; its name is a C string that lives as long as the library.
        unsafe {
            if libc::dladdr(here, info.as_mut_ptr()) != 0 {
                libc::dlopen(info.assume_init().dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
            }
        }
    }
}

/// Miri loads no libraries.
#[cfg(miri)]
mod sys {
    pub fn keep() {}
}
