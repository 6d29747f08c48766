//! Where the dynamic loader finds the libraries of a program: the search of glibc's and of musl's,
//! over a view.
//!
//! Where loaders differ from one system to the next, every place counts that one of them looks at:
//! what is called missing is missing for each.

#![allow(clippy::disallowed_methods, reason = "this module reads libraries of the host")]

use crate::program::{self, Elf, Program};
use crate::space::Node;
use crate::view::{Kind, View};
use std::cell::OnceCell;
use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Where glibc's loader looks names up.
pub const CACHE: &str = "/etc/ld.so.cache";

/// So many libraries of one program are looked at.
const MAX_OBJECTS: usize = 1000;

/// So much of the cache, or of another list of the loader, is read.
const MAX_LIST: u64 = 16 << 20;

/// What musl's loader has built in: all of these are the C library itself.
const MUSL_OWN: [&str; 7] = ["libc.", "libpthread.", "librt.", "libm.", "libdl.", "libutil.", "libxnet."];

/// The subdirectories for better processors, of which a library can be in one only.
const HWCAPS: [&str; 3] = ["x86-64-v4", "x86-64-v3", "x86-64-v2"];

/// A program or a library, loaded.
#[derive(Clone, Debug)]
pub struct Object {
    /// By the name it was opened by.
    pub path: PathBuf,
    pub elf: Elf,
    /// The object that needs it first, by its number.
    needed_by: Option<usize>,
}

/// A library that the loader does not find.
#[derive(Clone, Debug)]
pub struct Unfound {
    pub library: OsString,
    /// What needs it, then what needs that, up to the program.
    pub chain: Vec<Object>,
}

/// Whose loader it is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Glibc,
    Musl,
}

/// A loader that sees what a view shows.
pub struct Loader<'v, 'a> {
    view: &'v View<'a>,
    /// Where relative directories start.
    workdir: &'v Path,
    /// `LD_LIBRARY_PATH`.
    library_path: Option<OsString>,
    cache: OnceCell<Vec<u8>>,
}

impl<'v, 'a> Loader<'v, 'a> {
    pub fn new(view: &'v View<'a>, workdir: &'v Path, library_path: Option<OsString>) -> Loader<'v, 'a> {
        Loader { view, workdir, library_path, cache: OnceCell::new() }
    }

    /// The first library that is not found for a program, or for a library that it needs.
    pub fn first_unfound(&self, program: &Path, elf: Elf) -> Option<Unfound> {
        let interpreter = elf.interpreter.clone()?;
        family(&interpreter)?;
        let mut known: HashSet<OsString> = interpreter.file_name().map(OsStr::to_owned).into_iter().collect();
        let mut objects = vec![Object { path: program.to_owned(), elf, needed_by: None }];
        let mut next = 0;
        // In breadth, as the loader does: what an earlier one has brought, a later one finds.
        while let Some(object) = objects.get(next).cloned().filter(|_| next < MAX_OBJECTS) {
            for library in &object.elf.needed {
                if !known.insert(library.clone()) {
                    continue;
                }
                let chain = chain(&objects, next);
                match self.find(library, &chain) {
                    Some(path) => {
                        let Some(elf) = self.object(&path, object.elf.machine) else { continue };
                        known.extend(elf.soname.clone());
                        objects.push(Object { path, elf, needed_by: Some(next) });
                    }
                    None if is_built_in(&interpreter, library) => {}
                    None => return Some(Unfound { library: library.clone(), chain }),
                }
            }
            next += 1;
        }
        None
    }

    /// Where a library is found that the first of a chain of objects needs.
    pub fn find(&self, library: &OsStr, chain: &[Object]) -> Option<PathBuf> {
        let (object, program) = (chain.first()?, chain.last()?);
        let machine = program.elf.machine;
        let interpreter = program.elf.interpreter.as_deref()?;
        let is_good = |path: &PathBuf| self.object(path, machine).is_some();
        if library.as_bytes().contains(&b'/') {
            return self.expand(library, object, machine).into_iter().find(is_good);
        }
        let (mut places, defaults) = match family(interpreter)? {
            Family::Glibc => self.glibc_places(library, chain),
            Family::Musl => self.musl_places(interpreter, chain),
        };
        places.extend(defaults);
        let in_place = places.iter().map(|place| match place {
            Place::Directory(directory) => directory.join(library),
            Place::File(path) => path.clone(),
        });
        let directories = places.iter().filter_map(|place| match place {
            Place::Directory(directory) => Some(directory.join("glibc-hwcaps")),
            Place::File(_) => None,
        });
        let better = directories.flat_map(|directory| HWCAPS.map(|level| directory.join(level).join(library)));
        in_place.chain(better).find(is_good)
    }

    /// `DT_RPATH` of the chain, `LD_LIBRARY_PATH`, `DT_RUNPATH`, the cache; then the system's directories.
    fn glibc_places(&self, library: &OsStr, chain: &[Object]) -> (Vec<Place>, Vec<Place>) {
        let Some(object) = chain.first() else { return Default::default() };
        let mut places = Vec::new();
        if object.elf.runpath.is_none() {
            for by in chain.iter().filter(|by| by.elf.runpath.is_none()) {
                places.extend(self.directories(by.elf.rpath.as_deref(), by, b":"));
            }
        }
        places.extend(self.directories(self.library_path.as_deref(), object, b":;"));
        places.extend(self.directories(object.elf.runpath.as_deref(), object, b":"));
        let program = chain.last().unwrap_or(object);
        if object.elf.no_default {
            return (places, Vec::new());
        }
        places.extend(cached(self.cache(), library).into_iter().map(Place::File));
        let own = program.elf.interpreter.as_deref().and_then(Path::parent).map(Path::to_owned);
        let multiarch = multiarch(program.elf.machine);
        let system = ["/lib64", "/usr/lib64", "/lib", "/usr/lib", "/lib32", "/usr/lib32"].map(PathBuf::from);
        let multiarch = ["/lib", "/usr/lib"].map(|directory| Path::new(directory).join(multiarch));
        (places, own.into_iter().chain(multiarch).chain(system).map(Place::Directory).collect())
    }

    /// `LD_LIBRARY_PATH`, the run paths of the chain; then the list beside the loader, or three directories.
    fn musl_places(&self, interpreter: &Path, chain: &[Object]) -> (Vec<Place>, Vec<Place>) {
        let Some(object) = chain.first() else { return Default::default() };
        let mut places = self.directories(self.library_path.as_deref(), object, b":\n");
        for by in chain {
            places.extend(self.directories(by.elf.runpath.as_deref().or(by.elf.rpath.as_deref()), by, b":"));
        }
        let stem = interpreter.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let list = self.list(&Path::new("/etc").join(format!("{stem}.path")));
        let list = if list.is_empty() { b"/lib:/usr/local/lib:/usr/lib".to_vec() } else { list };
        (places, self.directories(Some(&OsString::from_vec(list)), object, b":\n"))
    }

    /// The directories of a list, with the loader's own variables in it.
    fn directories(&self, list: Option<&OsStr>, object: &Object, separators: &[u8]) -> Vec<Place> {
        let parts = list.map(OsStr::as_bytes).into_iter().flat_map(|list| list.split(|c| separators.contains(c)));
        parts
            .flat_map(|part| self.expand(OsStr::from_bytes(part), object, object.elf.machine))
            .map(Place::Directory)
            .collect()
    }

    /// A path with `$ORIGIN`, `$LIB` and `$PLATFORM`, from the working directory on.
    fn expand(&self, text: &OsStr, object: &Object, machine: (bool, u16)) -> Vec<PathBuf> {
        let origin = object.path.parent().unwrap_or(Path::new("/")).as_os_str();
        let all = vec![text.as_bytes().to_vec()];
        let all = substitute(all, "ORIGIN", &[origin.as_bytes()]);
        let lib = format!("lib/{}", multiarch(machine));
        let all = substitute(all, "LIB", &[lib.as_bytes(), b"lib64", b"lib"]);
        let all = substitute(all, "PLATFORM", &[std::env::consts::ARCH.as_bytes(), b"haswell"]);
        all.into_iter().map(|path| self.workdir.join(OsString::from_vec(path))).collect()
    }

    /// A library that can be loaded from there.
    fn object(&self, path: &Path, machine: (bool, u16)) -> Option<Elf> {
        match program::read(&source(self.view, path)?) {
            Ok(Program::Elf(elf)) if elf.machine == machine => Some(elf),
            _ => None,
        }
    }

    fn cache(&self) -> &[u8] {
        self.cache.get_or_init(|| self.list(Path::new(CACHE)))
    }

    /// A file of the loader's own, as far as it is visible.
    fn list(&self, path: &Path) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(file) = source(self.view, path).and_then(|source| File::open(source).ok()) {
            // What cannot be read is not there for the loader either.
            let _ = file.take(MAX_LIST).read_to_end(&mut bytes);
        }
        bytes
    }
}

/// Where a library may be.
enum Place {
    Directory(PathBuf),
    File(PathBuf),
}

/// The host's file whose bytes a process reads at a path.
fn source(view: &View<'_>, path: &Path) -> Option<PathBuf> {
    let seen = view.look(path);
    match seen.kind {
        Kind::Host { source, node: Node::File }
        | Kind::Overlay { source, node: Node::File }
        | Kind::Copy { source }
            if seen.access.read =>
        {
            Some(source)
        }
        _ => None,
    }
}

fn family(interpreter: &Path) -> Option<Family> {
    let name = interpreter.file_name()?.to_string_lossy();
    match () {
        () if name.starts_with("ld-musl-") => Some(Family::Musl),
        () if ["ld-linux", "ld.so.", "ld64.so.", "ld-2."].iter().any(|start| name.starts_with(start)) => {
            Some(Family::Glibc)
        }
        () => None,
    }
}

fn is_built_in(interpreter: &Path, library: &OsStr) -> bool {
    let is_own = || MUSL_OWN.iter().any(|start| library.as_bytes().starts_with(start.as_bytes()));
    family(interpreter) == Some(Family::Musl) && is_own()
}

/// An object, what needs it, and so on up to the program.
fn chain(objects: &[Object], first: usize) -> Vec<Object> {
    let mut chain: Vec<Object> = Vec::new();
    let mut next = Some(first);
    while let Some(object) = next.and_then(|next| objects.get(next)) {
        chain.push(object.clone());
        next = object.needed_by;
    }
    chain
}

/// Debian's name of a machine, which is also a directory.
fn multiarch((_, machine): (bool, u16)) -> &'static str {
    match machine {
        3 => "i386-linux-gnu",
        40 => "arm-linux-gnueabihf",
        62 => "x86_64-linux-gnu",
        183 => "aarch64-linux-gnu",
        243 => "riscv64-linux-gnu",
        _ => "",
    }
}

/// Every text with each of the values for `$NAME` and `${NAME}`.
fn substitute(texts: Vec<Vec<u8>>, name: &str, values: &[&[u8]]) -> Vec<Vec<u8>> {
    let holds = |text: &[u8]| text.windows(name.len() + 1).any(|part| part.ends_with(name.as_bytes()));
    let mut all = Vec::new();
    for text in texts {
        if !text.contains(&b'$') || !holds(&text) {
            all.push(text);
            continue;
        }
        for value in values {
            all.push(replace(
                &replace(&text, format!("${{{name}}}").as_bytes(), value),
                format!("${name}").as_bytes(),
                value,
            ));
        }
    }
    all
}

fn replace(text: &[u8], what: &[u8], with: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some((first, tail)) = rest.split_first() {
        match rest.strip_prefix(what) {
            Some(after) => {
                out.extend_from_slice(with);
                rest = after;
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    out
}

/// The paths that glibc's cache has for a name (`cache_file_new` of its `dl-cache.h`).
fn cached(cache: &[u8], name: &OsStr) -> Vec<PathBuf> {
    /// How the table starts. The table of old versions may stand before it.
    const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
    const HEADER: usize = 48;
    const ENTRY: usize = 24;
    let Some(start) = cache.windows(MAGIC.len()).position(|part| part == MAGIC) else { return Vec::new() };
    let table = cache.get(start..).unwrap_or_default();
    let number = |at: usize| Some(u32::from_ne_bytes(table.get(at..at + 4)?.try_into().ok()?) as usize);
    let text = |at: usize| table.get(at..)?.split(|byte| *byte == 0).next();
    let count = number(MAGIC.len()).unwrap_or_default();
    let entries = table.get(HEADER..).unwrap_or_default().chunks_exact(ENTRY).take(count);
    let mut paths: Vec<PathBuf> = Vec::new();
    for index in 0..entries.len() {
        let at = HEADER + index * ENTRY;
        if number(at + 4).and_then(text) == Some(name.as_bytes()) {
            paths.extend(number(at + 8).and_then(text).map(|path| PathBuf::from(OsStr::from_bytes(path))));
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cache of this machine knows the C library, and the loader's variables are put in.
    #[test]
    fn cache_and_variables() {
        if let Ok(cache) = std::fs::read(CACHE) {
            let found = cached(&cache, OsStr::new("libc.so.6"));
            assert!(found.iter().any(|path| path.is_file()), "{found:?}");
            assert!(cached(&cache, OsStr::new("libc.so.")).is_empty());
        }
        let expand = |text: &str| substitute(vec![text.into()], "ORIGIN", &[b"/opt/x"]);
        assert_eq!(expand("$ORIGIN/lib:${ORIGIN}"), [b"/opt/x/lib:/opt/x"]);
        assert_eq!(substitute(vec![b"/a/$LIB".to_vec()], "LIB", &[b"lib64", b"lib"]).len(), 2);
        assert!(cached(b"glibc-ld.so.cache1.1\xff\xff\xff\xff", OsStr::new("x")).is_empty());
    }
}
