//! Keeps the library in memory while a thread of it may run.
//!
//! A program may unload the library without `av_shutdown`. The thread would then go on in memory that is gone. So as long
//! as there is an engine the library holds a reference to itself, as if the program had loaded it once more.

/// One reference of the library to itself.
pub struct Pin(sys::Handle);

impl Pin {
    /// Takes a reference. Where the system gives none (a statically linked program) there is nothing to unload either.
    pub fn new() -> Self {
        Self(sys::acquire())
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        sys::release(self.0);
    }
}

#[cfg(windows)]
mod sys {
    use std::ptr;

    use windows_sys::Win32::Foundation::{FreeLibrary, HMODULE};
    use windows_sys::Win32::System::LibraryLoader::{GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GetModuleHandleExW};

    /// Not a pointer to anything that is read: it only goes back to the system. As a number it may go between threads.
    pub type Handle = usize;

    pub fn acquire() -> Handle {
        let mut module: HMODULE = ptr::null_mut();
        let here = acquire as *const () as *const u16;
        // SAFETY: with this flag the "name" is any address inside the module; `module` is written on success only.
        unsafe { GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, here, &raw mut module) };
        module as Handle
    }

    pub fn release(module: Handle) {
        if module != 0 {
            // SAFETY: the reference that `acquire` took. It is not the last one: whoever is in this call holds another.
            unsafe { FreeLibrary(module as HMODULE) };
        }
    }
}

#[cfg(all(unix, not(miri)))]
mod sys {
    use std::mem::MaybeUninit;
    use std::ptr;

    use libc::{Dl_info, RTLD_LAZY, RTLD_NOLOAD, c_void};

    /// Not a pointer to anything that is read: it only goes back to the system. As a number it may go between threads.
    pub type Handle = usize;

    pub fn acquire() -> Handle {
        let mut info = MaybeUninit::<Dl_info>::zeroed();
        let here = acquire as *const () as *const c_void;
        // SAFETY: `dladdr` fills `info` or returns 0; its name is a C string that lives as long as the library.
        let handle = unsafe {
            if libc::dladdr(here, info.as_mut_ptr()) == 0 {
                ptr::null_mut()
            } else {
                libc::dlopen(info.assume_init().dli_fname, RTLD_LAZY | RTLD_NOLOAD)
            }
        };
        handle as Handle
    }

    pub fn release(handle: Handle) {
        if handle != 0 {
            // SAFETY: the reference that `acquire` took. It is not the last one: whoever is in this call holds another.
            unsafe { libc::dlclose(handle as *mut c_void) };
        }
    }
}

/// Miri loads no libraries.
#[cfg(miri)]
mod sys {
    pub type Handle = ();

    pub fn acquire() -> Handle {}

    pub fn release((): Handle) {}
}
