//! What a program needs in order to start, as far as its own file tells.
//!
//! Reads the first bytes and the tables for the dynamic loader, and runs nothing. Whoever wrote the
//! file may have lied about sizes, so that every read is bounded.

#![allow(clippy::disallowed_methods, reason = "this module reads programs of the host")]

use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader as _};
use object::read::{ReadCache, StringTable};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// As many bytes of the first line as the kernel looks at.
const FIRST_LINE: u64 = 256;

/// The largest table of the loader that is read.
const MAX_TABLE: u64 = 1 << 20;

/// What a program file is to the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// `#!`: another program reads it. The argument is one, with all its spaces.
    Script {
        interpreter: PathBuf,
        argument: Option<OsString>,
    },
    Elf(Elf),
    /// Text without `#!`, which `execvp` gives to the shell.
    Text,
    /// Nothing that can be said more about: of another machine, or cut off.
    Unknown,
}

/// What an ELF file asks of the dynamic loader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elf {
    /// The machine that it is for; the loader takes no library of another.
    pub machine: (bool, u16),
    /// The dynamic loader; none in what is linked statically, and in libraries.
    pub interpreter: Option<PathBuf>,
    /// Libraries that it needs, by name.
    pub needed: Vec<OsString>,
    /// Its own name, as a library.
    pub soname: Option<OsString>,
    /// Where its libraries and theirs are; of no effect beside `runpath`.
    pub rpath: Option<OsString>,
    /// Where its own libraries are.
    pub runpath: Option<OsString>,
    /// Whether the system's directories do not count.
    pub no_default: bool,
}

/// Looks at a file of the host.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path) -> io::Result<Program> {
    // What has become a FIFO since must not stop us.
    let mut file = File::options().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
    let mut head = Vec::new();
    file.by_ref().take(FIRST_LINE).read_to_end(&mut head)?;
    if let Some(line) = head.strip_prefix(b"#!") {
        return Ok(script(line));
    }
    if !head.starts_with(&elf::ELFMAG) {
        return Ok(if head.is_empty() || head.contains(&0) { Program::Unknown } else { Program::Text });
    }
    file.rewind()?;
    let data = ReadCache::new(file);
    let read = match head.get(4).copied() {
        Some(2) => parse::<FileHeader64<Endianness>>(&data),
        _ => parse::<FileHeader32<Endianness>>(&data),
    };
    Ok(read.filter(Elf::runs_here).map_or(Program::Unknown, Program::Elf))
}

/// The interpreter and its argument, cut as the kernel cuts them.
fn script(line: &[u8]) -> Program {
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.trim_ascii();
    let end = line.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(line.len());
    let (interpreter, rest) = line.split_at(end);
    if interpreter.is_empty() {
        return Program::Unknown;
    }
    let rest = rest.trim_ascii();
    let argument = (!rest.is_empty()).then(|| OsString::from_vec(rest.to_vec()));
    Program::Script { interpreter: OsStr::from_bytes(interpreter).into(), argument }
}

fn parse<H: FileHeader<Endian = Endianness>>(data: &ReadCache<File>) -> Option<Elf> {
    let header = H::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let mut found = Elf { machine: (header.is_type_64(), header.e_machine(endian).0), ..Elf::default() };
    let segments = header.program_headers(endian, data).ok()?;
    for segment in segments.iter().filter(|segment| segment.p_filesz(endian).into() <= MAX_TABLE) {
        if let Some(path) = segment.interpreter(endian, data).ok()? {
            found.interpreter = Some(OsStr::from_bytes(path).into());
        }
        if let Some(entries) = segment.dynamic(endian, data).ok()? {
            dynamic::<H>(&mut found, endian, segments, entries, data)?;
        }
    }
    Some(found)
}

/// Reads the table for the loader.
fn dynamic<H: FileHeader<Endian = Endianness>>(
    found: &mut Elf,
    endian: Endianness,
    segments: &[H::ProgramHeader],
    entries: &[H::Dyn],
    data: &ReadCache<File>,
) -> Option<()> {
    let entries: Vec<(elf::DynamicTag, u64)> = entries
        .iter()
        .map(|entry| (entry.d_tag(endian), entry.d_val(endian).into()))
        .take_while(|(tag, _)| *tag != elf::DT_NULL)
        .collect();
    let value = |wanted| entries.iter().find(|(tag, _)| *tag == wanted).map(|(_, value)| *value);
    let Some((address, size)) = value(elf::DT_STRTAB).zip(value(elf::DT_STRSZ)) else { return Some(()) };
    let place = segments.iter().filter(|segment| segment.p_type(endian) == elf::PT_LOAD).find_map(|segment| {
        let below = address.checked_sub(segment.p_vaddr(endian).into())?;
        (below < segment.p_filesz(endian).into()).then_some(())?;
        below.checked_add(segment.p_offset(endian).into())
    })?;
    let strings = StringTable::new(data, place, place.checked_add(size)?);
    let text = |offset: u64| Some(OsStr::from_bytes(strings.get(u32::try_from(offset).ok()?).ok()?).to_owned());
    for (tag, value) in &entries {
        match *tag {
            elf::DT_NEEDED => found.needed.push(text(*value)?),
            elf::DT_SONAME => found.soname = Some(text(*value)?),
            elf::DT_RPATH => found.rpath = Some(text(*value)?),
            elf::DT_RUNPATH => found.runpath = Some(text(*value)?),
            elf::DT_FLAGS_1 => found.no_default = value & elf::DF_1_NODEFLIB.0 != 0,
            _ => {}
        }
    }
    Some(())
}

impl Elf {
    /// Whether the kernel itself runs it: for other machines there may be an emulator, of which
    /// nothing is known here.
    fn runs_here(&self) -> bool {
        let machines = match std::env::consts::ARCH {
            "x86_64" | "x86" => [elf::EM_X86_64.0, elf::EM_386.0],
            "aarch64" | "arm" => [elf::EM_AARCH64.0, elf::EM_ARM.0],
            _ => return true,
        };
        machines.contains(&self.machine.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first line is cut as the kernel cuts it: one interpreter, one argument.
    #[test]
    fn first_lines() {
        let program = |interpreter: &str, argument: Option<&str>| Program::Script {
            interpreter: interpreter.into(),
            argument: argument.map(OsString::from),
        };
        assert_eq!(script(b"/bin/sh\nrest"), program("/bin/sh", None));
        let with_argument = program("/usr/bin/env", Some("-S node --a b"));
        assert_eq!(script(b"  /usr/bin/env \t-S node --a b \n"), with_argument);
        assert_eq!(script(b"\n"), Program::Unknown);
    }

    /// This very test is a program without a loader; the system's shell names one, and its C library.
    #[test]
    fn own_and_system_programs() {
        let elf = |path: &Path| match read(path) {
            Ok(Program::Elf(elf)) => Some(elf),
            _ => None,
        };
        let own = std::env::current_exe().ok().and_then(|path| elf(&path));
        assert_eq!(own.map(|own| (own.interpreter, own.needed)), Some((None, Vec::new())));
        let shell = elf(Path::new("/bin/sh")).unwrap_or_default();
        assert!(shell.interpreter.is_some_and(|path| path.is_absolute()));
        assert!(shell.needed.iter().any(|name| name.to_string_lossy().starts_with("libc.")));
    }
}
