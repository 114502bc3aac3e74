//! The processor's floating point traps.
//!
//! Delphi and Free Pascal programs switch them on: there a division by zero, an overflow, raises an exception. Rust, like
//! C, takes it for granted that they are off, and any code may compute an infinity on its way (a JSON number out of range
//! is enough). So they are off while a call is under way, and as the caller has them while its callback runs.

use std::cell::Cell;

thread_local! {
    /// As the caller of the innermost call on this thread has it.
    static CALLERS: Cell<Option<sys::Control>> = const { Cell::new(None) };
}

/// Traps are off until this is dropped.
pub struct Quiet {
    callers: sys::Control,
    outer: Option<sys::Control>,
}

impl Quiet {
    /// Switches them off.
    pub fn new() -> Self {
        let callers = sys::Control::current();
        sys::Control::quiet().set();
        Self { callers, outer: CALLERS.replace(Some(callers)) }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        CALLERS.set(self.outer);
        self.callers.set();
    }
}

/// Does `work`, the caller's own code, as the caller has the traps.
pub fn as_caller<T>(work: impl FnOnce() -> T) -> T {
    if let Some(callers) = CALLERS.get() {
        callers.set();
    }
    let done = work();
    sys::Control::quiet().set();
    done
}

#[cfg(all(any(target_arch = "x86", target_arch = "x86_64"), not(miri)))]
mod sys {
    use std::arch::asm;

    /// The control words of both units: SSE, where Rust computes, and x87, where 32-bit programs do.
    #[derive(Clone, Copy)]
    pub struct Control {
        sse: u32,
        x87: u16,
    }

    impl Control {
        /// As a thread begins with: all traps off, rounding to nearest.
        pub const fn quiet() -> Self {
            Self { sse: 0x1F80, x87: 0x037F }
        }

        pub fn current() -> Self {
            let (mut sse, mut x87) = (0u32, 0u16);
            // SAFETY: stores the two words into memory of their size, and does nothing else.
            unsafe {
                asm!("stmxcsr [{sse}]", "fnstcw [{x87}]", sse = in(reg) &raw mut sse, x87 = in(reg) &raw mut x87,
                     options(nostack, preserves_flags));
            }
            Self { sse, x87 }
        }

        pub fn set(self) {
            // SAFETY: loads the two words, which came from `current` or are valid constants. `fnclex` forgets what was
            // noted while traps were off: it would be raised now.
            unsafe {
                asm!("fnclex", "ldmxcsr [{sse}]", "fldcw [{x87}]", sse = in(reg) &raw const self.sse,
                     x87 = in(reg) &raw const self.x87, options(nostack, preserves_flags));
            }
        }
    }
}

#[cfg(any(miri, not(any(target_arch = "x86", target_arch = "x86_64"))))]
mod sys {
    /// Nothing to switch: no other processor runs this on Windows, and elsewhere nobody switches traps on. (Miri knows no
    /// assembly.)
    #[derive(Clone, Copy)]
    pub struct Control;

    impl Control {
        pub const fn quiet() -> Self {
            Self
        }

        pub fn current() -> Self {
            Self
        }

        pub fn set(self) {}
    }
}

#[cfg(all(test, any(target_arch = "x86", target_arch = "x86_64"), not(miri)))]
mod tests {
    use std::arch::asm;
    use std::hint::black_box;

    use super::{Quiet, as_caller};

    fn control() -> u32 {
        let mut control = 0u32;
        // SAFETY: stores a word into memory of its size.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut control, options(nostack, preserves_flags)) };
        control & !0x3F
    }

    #[test]
    fn traps_are_off_inside_and_as_before_in_the_callback_and_after() {
        let before = control();
        let trapping: u32 = 0x1F80 & !0x0680;
        // SAFETY: a valid control word, as Delphi sets it; what traps is not computed while it is set.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const trapping, options(nostack, preserves_flags)) };
        let (inside, in_callback, again) = {
            let _quiet = Quiet::new();
            assert!((black_box(f64::MAX) * black_box(10.0)).is_infinite());
            (
                control(),
                as_caller(|| {
                    let nested = Quiet::new();
                    drop(nested);
                    control()
                }),
                control(),
            )
        };
        let after = control();
        // SAFETY: the word of before.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const before, options(nostack, preserves_flags)) };
        assert_eq!((inside, in_callback, again, after), (0x1F80, trapping, 0x1F80, trapping));
    }
}
