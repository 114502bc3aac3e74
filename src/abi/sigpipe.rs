//! SIGPIPE. On Unix, who writes to a connection that the other side has closed gets the error, and this signal besides, of
//! which a program that does not expect it dies. Rust's own programs ignore it from the start; a host in C does not. So
//! it is held back while a call is under way, on the caller's thread and on those that are started there.

#[cfg(any(not(unix), miri))]
pub use other::HeldBack;
#[cfg(all(unix, not(miri)))]
pub use unix::HeldBack;

#[cfg(all(unix, not(miri)))]
mod unix {
    use std::mem::MaybeUninit;
    use std::ptr;

    use libc::{SIG_BLOCK, SIG_SETMASK, SIGPIPE, sigset_t};

    /// The signal is held back until this is dropped.
    pub struct HeldBack {
        callers: sigset_t,
        /// Whether one was waiting already: that one is the caller's.
        waited: bool,
    }

    impl HeldBack {
        /// Holds it back.
        pub fn new() -> Self {
            let mut callers = MaybeUninit::uninit();
            // SAFETY: reads one set and fills the other; with a valid `how` it cannot fail.
            unsafe { libc::pthread_sigmask(SIG_BLOCK, &only_sigpipe(), callers.as_mut_ptr()) };
            // SAFETY: just filled.
            Self { callers: unsafe { callers.assume_init() }, waited: is_waiting() }
        }
    }

    impl Drop for HeldBack {
        fn drop(&mut self) {
            if !self.waited && is_waiting() {
                let mut signal = 0;
                // SAFETY: takes the signal that is waiting, at once.
                unsafe { libc::sigwait(&only_sigpipe(), &raw mut signal) };
            }
            // SAFETY: sets the mask that the caller had.
            unsafe { libc::pthread_sigmask(SIG_SETMASK, &raw const self.callers, ptr::null_mut()) };
        }
    }

    fn only_sigpipe() -> sigset_t {
        let mut set = MaybeUninit::uninit();
        // SAFETY: the first fills the set, the second adds to it.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            libc::sigaddset(set.as_mut_ptr(), SIGPIPE);
            set.assume_init()
        }
    }

    pub(super) fn is_waiting() -> bool {
        let mut set = MaybeUninit::uninit();
        // SAFETY: the first fills the set, the second looks into it.
        unsafe { libc::sigpending(set.as_mut_ptr()) == 0 && libc::sigismember(set.as_ptr(), SIGPIPE) == 1 }
    }
}

#[cfg(any(not(unix), miri))]
mod other {
    /// Nothing to hold back. (Miri knows no signals.)
    pub struct HeldBack;

    impl HeldBack {
        pub fn new() -> Self {
            Self
        }
    }
}

#[cfg(all(test, unix, not(miri)))]
mod tests {
    use super::HeldBack;
    use super::unix::is_waiting;

    #[test]
    fn the_signal_does_no_harm_and_is_gone_after_the_call() {
        let _outer = HeldBack::new();
        {
            let _inner = HeldBack::new();
            // SAFETY: raises a signal that is held back.
            unsafe { libc::pthread_kill(libc::pthread_self(), libc::SIGPIPE) };
            assert!(is_waiting());
        }
        assert!(!is_waiting());
    }
}
