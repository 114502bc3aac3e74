//! Memory is wiped before it goes back to the system.
//!
//! Passwords and sessions pass through buffers of libraries that know nothing of secrets: JSON, HTTP, TLS. So whatever this
//! library frees is wiped, and nobody finds in the memory of the host, or in its crash dump, what was said hours ago.

use std::alloc::{GlobalAlloc, Layout, System};
use std::arch::asm;

// (Miri knows no assembly.)
#[cfg_attr(not(miri), global_allocator)]
static ALLOCATOR: Wiping = Wiping;

/// The system's allocator, behind which nothing is left. (A block grows as the trait has it: into another one, and the first
/// is freed. The system would leave what it moves.)
struct Wiping;

// SAFETY: the system's allocator does the work; what is wiped is the caller's until it is freed.
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block has `layout`'s size, and is the caller's until it is freed here. The empty line of assembler is
        // told of the block: for all that the compiler knows it reads what would otherwise be written for nobody.
        unsafe {
            block.write_bytes(0, layout.size());
            asm!("/* {0} */", in(reg) block, options(nostack, preserves_flags));
            System.dealloc(block, layout);
        }
    }
}
