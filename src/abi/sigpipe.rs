//! SIGPIPE: Linux ends a process that writes into a connection which the other side has closed, unless the process has
//! said otherwise. Rust programs have; we are in other people's programs, and must neither end them nor decide this for
//! them. So the signal is held back on the thread of a call, and with it on the threads that begin during one, which are
//! all of ours; and where it came, it is forgotten before the thread goes back to the caller.

#[cfg(target_os = "linux")]
pub use sys::HeldBack;

/// Other systems do not do that to a socket of Rust's.
#[cfg(not(target_os = "linux"))]
pub struct HeldBack;

#[cfg(not(target_os = "linux"))]
impl HeldBack {
    pub fn new() -> Self {
        Self
    }
}

#[cfg(target_os = "linux")]
mod sys {
    use std::mem::MaybeUninit;
    use std::ptr;

    use libc::{SIG_BLOCK, SIG_UNBLOCK, SIGPIPE, sigset_t, timespec};

    /// The signal is held back until this is dropped.
    pub struct HeldBack {
        /// Whether the caller does so itself: then what comes is the caller's.
        by_caller: bool,
    }

    impl HeldBack {
        /// Holds it back.
        pub fn new() -> Self {
            let (pipe, mut before) = (only_sigpipe(), MaybeUninit::uninit());
            // SAFETY: `before` is written whole: with a valid first argument this cannot fail.
            let by_caller = unsafe {
                libc::pthread_sigmask(SIG_BLOCK, &raw const pipe, before.as_mut_ptr());
                libc::sigismember(before.as_ptr(), SIGPIPE) == 1
            };
            Self { by_caller }
        }
    }

    impl Drop for HeldBack {
        fn drop(&mut self) {
            if self.by_caller {
                return;
            }
            let (pipe, at_once) = (only_sigpipe(), timespec { tv_sec: 0, tv_nsec: 0 });
            // SAFETY: reads a whole set and a whole time; nobody wants to know more of the signal than that it is gone.
            unsafe {
                libc::sigtimedwait(&raw const pipe, ptr::null_mut(), &raw const at_once);
                libc::pthread_sigmask(SIG_UNBLOCK, &raw const pipe, ptr::null_mut());
            }
        }
    }

    fn only_sigpipe() -> sigset_t {
        let mut set = MaybeUninit::uninit();
        // SAFETY: `sigemptyset` writes the whole set.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            libc::sigaddset(set.as_mut_ptr(), SIGPIPE);
            set.assume_init()
        }
    }
}
