//! The program inside: reads paths from standard input, looks at each, then tries to write to each.

use rustix::fs::{AtFlags, CWD, Mode, OFlags, access, openat, statat};
use rustix::io::Errno;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What stands for `None` in an answer.
pub const NO: &str = "-";

/// One line a path: kind, read, execute, link, and after all paths one line each: written.
pub fn run() {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut std::io::stdin(), &mut text).expect("paths");
    let paths: Vec<&Path> = text.split('\n').filter(|path| !path.is_empty()).map(Path::new).collect();
    for path in &paths {
        let link = fs::read_link(path).map(|to| to.to_string_lossy().into_owned());
        println!(
            "look {} {} {} {}",
            kind(path),
            reads(path),
            access(*path, rustix::fs::Access::EXEC_OK).is_ok(),
            link.unwrap_or(NO.to_owned())
        );
    }
    for (id, path) in paths.iter().enumerate() {
        println!("write {}", writes(path, id));
    }
}

/// The mark that writing to the path with this number leaves.
pub fn mark(id: usize) -> String {
    format!("probe-{id}.")
}

fn kind(path: &Path) -> &'static str {
    let stat = match statat(CWD, path, AtFlags::empty()) {
        Ok(stat) => stat,
        Err(Errno::NOENT | Errno::NOTDIR) => return "absent",
        Err(Errno::ACCESS) => return "unreachable",
        Err(Errno::LOOP) => return "circle",
        Err(error) => panic!("{}: {error}", path.display()),
    };
    match rustix::fs::FileType::from_raw_mode(stat.st_mode) {
        rustix::fs::FileType::RegularFile => "file",
        rustix::fs::FileType::Directory => "directory",
        rustix::fs::FileType::CharacterDevice | rustix::fs::FileType::BlockDevice => "device",
        _ => "channel",
    }
}

fn reads(path: &Path) -> bool {
    if path.is_dir() {
        return fs::read_dir(path).is_ok_and(|entries| entries.count() < usize::MAX);
    }
    openat(CWD, path, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty()).is_ok()
}

/// Appends a mark to a file, makes a marked file in a directory, or makes what is not there.
fn writes(path: &Path, id: usize) -> bool {
    let (target, flags) = match kind(path) {
        "directory" => (path.join(mark(id)), OFlags::CREATE | OFlags::EXCL),
        // Somebody would have to read at the other end.
        "channel" => return access(path, rustix::fs::Access::WRITE_OK).is_ok(),
        _ => (path.to_owned(), OFlags::CREATE),
    };
    let flags = flags | OFlags::WRONLY | OFlags::APPEND | OFlags::NONBLOCK;
    let Ok(fd) = openat(CWD, &target, flags, Mode::from_raw_mode(0o600)) else { return false };
    fs::File::from(fd).write_all(mark(id).as_bytes()).expect("a write");
    assert!(target.as_os_str().as_bytes().len() < 4096);
    true
}
