//! Shell words.
//!
//! Text of a policy becomes shell text here and nowhere else: literals in single quotes, variables
//! in double quotes, so that nothing of it can become syntax.

use crate::diagnostic::printable;
use crate::path::{Root, SymbolicPath};
use crate::text::{Piece, Text};
use crate::words::Variable;
use std::cmp::Reverse;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The shell variable that holds a value of the host.
pub const fn variable(variable: Variable) -> &'static str {
    match variable {
        Variable::Home => "home",
        Variable::Project => "project",
        Variable::User => "user",
        Variable::Uid => "uid",
        Variable::Gid => "gid",
        Variable::RuntimeDir => "runtime_dir",
        Variable::ConfigHome => "config_home",
        Variable::CacheHome => "cache_home",
        Variable::DataHome => "data_home",
        Variable::StateHome => "state_home",
        Variable::GitCommonDir => "git_common_dir",
        Variable::GitWorktreeId => "git_worktree_id",
    }
}

/// Every name that the script or a shell uses for itself; `*` stands for any characters. None of
/// them can be passed to the command.
pub const RESERVED: &[&str] = &[
    "home",
    "project",
    "user",
    "uid",
    "gid",
    "runtime_dir",
    "config_home",
    "cache_home",
    "data_home",
    "state_home",
    "git_*",
    "above_*",
    "absent",
    "at",
    "beside",
    "bwrap",
    "caller_path",
    "count",
    "data_*",
    "directory",
    "exported",
    "files",
    "leads",
    "line",
    "machine",
    "made",
    "missing",
    "mode",
    "most",
    "name",
    "option",
    "options",
    "parent",
    "path",
    "quoted",
    "quoted_*",
    "reached",
    "real",
    "rest",
    "script",
    "sealed",
    "seen",
    "spare",
    "targets",
    "tiocsti",
    "trail_*",
    "tree",
    "verb",
    "watched",
    "word",
    "words",
    "written",
    // What shells themselves change.
    "BASHOPTS",
    "EUID",
    "GROUPS",
    "IFS",
    "LINENO",
    "OLDPWD",
    "OPTIND",
    "PPID",
    "RANDOM",
    "SECONDS",
    "SHELLOPTS",
    "SHLVL",
    "UID",
    "_",
];

/// Words that are syntax in some places, and look like it in all.
const SYNTAX: &[&str] =
    &["case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until", "while"];

/// A literal as one word.
pub fn literal(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./,:@%+=-".contains(c);
    if !text.is_empty() && text.chars().all(plain) && !SYNTAX.contains(&text) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A path as one word, without a character that a terminal does not show: bash, zsh and busybox know
/// this form.
pub fn host_path(path: &Path) -> String {
    let plain = path.to_str().filter(|text| printable(text) == **text && !text.contains(['\n', '\t']));
    plain.map_or_else(
        || {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./,:@%+=-".contains(&byte);
            let sign = |byte: &u8| match *byte {
                byte if is_plain(byte) => char::from(byte).to_string(),
                byte => format!("\\x{byte:02x}"),
            };
            format!("$'{}'", path.as_os_str().as_bytes().iter().map(sign).collect::<String>())
        },
        literal,
    )
}

/// A symbolic text as one word.
pub fn text(text: &Text) -> String {
    let mut out = String::new();
    let mut plain = String::new();
    for piece in text.pieces() {
        match piece {
            // A dollar sign is a piece of its own.
            Piece::Literal(text) => plain.push_str(text),
            Piece::Variable(name) => {
                out.push_str(&nonempty(&std::mem::take(&mut plain)));
                out.push_str(&format!("\"${}\"", variable(name)));
            }
        }
    }
    out.push_str(&nonempty(&plain));
    if out.is_empty() { "''".to_owned() } else { out }
}

fn nonempty(text: &str) -> String {
    if text.is_empty() { String::new() } else { literal(text) }
}

/// A symbolic path as one word.
pub fn path(path: &SymbolicPath) -> String {
    let root = match path.root() {
        Root::Absolute if path.components().is_empty() => return "/".to_owned(),
        Root::Absolute => String::new(),
        // Empty above a project right below `/`.
        Root::AboveProject(Reverse(up)) if path.components().is_empty() => format!("\"${{above_{up}:-/}}\""),
        Root::AboveProject(Reverse(up)) => format!("\"$above_{up}\""),
        root => format!("\"${}\"", root.variable().map_or("", variable)),
    };
    path.components().iter().fold(root, |word, component| format!("{word}/{}", text(component)))
}

/// A path as the start of what lies below it, which is nothing for `/`.
pub fn directory(path: &SymbolicPath) -> String {
    match path.root() {
        _ if !path.components().is_empty() => self::path(path),
        Root::Absolute => "''".to_owned(),
        Root::AboveProject(Reverse(up)) => format!("\"$above_{up}\""),
        root => format!("\"${{{}%/}}\"", root.variable().map_or("", variable)),
    }
}

/// A pattern for all that lies below a path, even below `/`.
pub fn below(path: &SymbolicPath) -> String {
    format!("{}/*", directory(path))
}

/// Bytes as a format of `printf`, whatever they are.
pub fn octal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:o}")).collect()
}

/// Text on one line of a comment, with nothing that could end the line or drive a terminal.
pub fn comment(text: &str) -> String {
    crate::diagnostic::printable(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}
