//! The library as a file: what it exports, what it imports, how large it is.

use std::collections::BTreeSet;

use object::read::pe::{ImageNtHeaders, ImageOptionalHeader, PeFile};
use object::{LittleEndian as LE, NameOrOrdinal, Object, ObjectSegment, pe};

use crate::abi::header;
use crate::driver::target;

/// DLLs that every Windows 7 has and that are loaded in no time, as user32.dll, to which windows belong, is not.
const OF_WINDOWS_7: [&str; 6] = ["advapi32.dll", "bcrypt.dll", "kernel32.dll", "msvcrt.dll", "ntdll.dll", "ws2_32.dll"];

/// Another that it has, loaded when it is first needed (`build.rs`).
const LATE: &str = "crypt32.dll";

fn names<'data>(found: impl Iterator<Item = &'data [u8]>) -> BTreeSet<String> {
    found.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

#[test]
fn exactly_the_functions_of_the_header_are_exported_undecorated() {
    let bytes = std::fs::read(target().library()).unwrap();
    let library = object::File::parse(&*bytes).unwrap();
    let exports: Vec<_> = library.exports().unwrap().map(Result::unwrap).collect();
    let exported = exports.iter().map(|export| match export.name() {
        NameOrOrdinal::Name(name) => name,
        NameOrOrdinal::Ordinal(_) => b"(only a number)",
    });
    assert_eq!(names(exported), header::functions());
}

#[test]
fn a_dll_needs_nothing_that_windows_7_lacks_and_is_small() {
    if !target().is_windows() {
        return;
    }
    let bytes = std::fs::read(target().library()).unwrap();
    assert!(bytes.len() <= 3 << 20, "{} bytes", bytes.len());
    let library = object::File::parse(&*bytes).unwrap();
    let imports: Vec<_> = library.imports().unwrap().map(Result::unwrap).collect();
    let needed = names(imports.iter().map(object::Import::library)).iter().map(|name| name.to_lowercase()).collect();
    let known: BTreeSet<String> = OF_WINDOWS_7.map(str::to_owned).into();
    assert!(known.is_superset(&needed), "{:?}", BTreeSet::difference(&needed, &known));
    assert!(bytes.windows(LATE.len()).any(|window| window == LATE.as_bytes()), "{LATE} is not loaded late");
}

#[test]
fn no_memory_of_the_library_is_both_written_and_run() {
    let bytes = std::fs::read(target().library()).unwrap();
    for segment in object::File::parse(&*bytes).unwrap().segments() {
        let permissions = segment.permissions();
        assert!(!(permissions.writable() && permissions.executable()), "{segment:?}");
    }
}

#[test]
fn a_dll_lets_windows_choose_its_place_and_run_nothing_but_code() {
    if !target().is_windows() {
        return;
    }
    let bytes = std::fs::read(target().library()).unwrap();
    let everywhere = pe::IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE | pe::IMAGE_DLLCHARACTERISTICS_NX_COMPAT;
    match object::File::parse(&*bytes).unwrap() {
        object::File::Pe32(library) => is_protected(&library, everywhere),
        object::File::Pe64(library) => {
            is_protected(&library, everywhere | pe::IMAGE_DLLCHARACTERISTICS_HIGH_ENTROPY_VA);
        }
        other => panic!("no DLL: {:?}", other.format()),
    }
}

fn is_protected<Headers: ImageNtHeaders>(library: &PeFile<Headers>, wanted: pe::DllFlags) {
    let flags = library.nt_headers().optional_header().dll_characteristics();
    assert!(flags.contains(wanted), "{flags:?}");
    // Where it is linked to above 4 GB it is also placed there; to be moved at all it needs its relocations.
    let file = library.nt_headers().file_header().characteristics.get(LE);
    assert!(file.contains(pe::IMAGE_FILE_LARGE_ADDRESS_AWARE) && !file.contains(pe::IMAGE_FILE_RELOCS_STRIPPED));
    let relocations = library.data_directory(pe::IMAGE_DIRECTORY_ENTRY_BASERELOC);
    assert!(relocations.is_some_and(|relocations| relocations.size.get(LE) > 0));
    assert!(!library.is_64() || library.relative_address_base() > u64::from(u32::MAX));
}

#[test]
fn a_dll_says_what_it_is() {
    if !target().is_windows() {
        return;
    }
    let bytes = std::fs::read(target().library()).unwrap();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    for text in ["VS_VERSION_INFO", "Averbação de CT-e (AverbePorto)", env!("CARGO_PKG_VERSION")] {
        let text = wide(text);
        assert!(bytes.windows(text.len()).any(|window| window == text));
    }
}
