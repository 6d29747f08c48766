//! Names that other tools have for what is in the schema, and which of ours is meant.
//!
//! Data beside `schema.rs`; only messages use it.

use crate::diagnostic::distance;
use crate::schema::{self, Section};

/// A name of ours, and names of others for it.
struct Synonyms {
    section: Section,
    meant: &'static str,
    /// Whether nothing else can have been meant by any of them.
    certain: bool,
    names: &'static [&'static str],
}

const fn same(section: Section, meant: &'static str, names: &'static [&'static str]) -> Synonyms {
    Synonyms { section, meant, certain: true, names }
}

const fn like(section: Section, meant: &'static str, names: &'static [&'static str]) -> Synonyms {
    Synonyms { certain: false, ..same(section, meant, names) }
}

use Section::{Assert, Body, Env, File, Filesystem, Isolation, Limits, Run};

#[rustfmt::skip]
const NODES: &[Synonyms] = &[
    same(File, "profile", &["profiles"]),
    same(File, "sandbox", &["sandboxes"]),
    like(File, "sandbox", &["policy", "box", "jail", "container", "service"]),
    like(File, "profile", &["template", "base", "preset"]),
    same(Body, "inherit", &["extends", "extend", "include", "includes", "import", "imports", "inherits"]),
    like(Body, "inherit", &["use", "uses", "from", "base", "parent", "profile", "profiles"]),
    same(Body, "filesystem", &["filesystems", "fs", "file-system", "files", "mounts", "volumes"]),
    same(Body, "env", &["environment", "environ", "envs", "variables", "vars", "envvars"]),
    same(Body, "network", &["net", "networking", "networks"]),
    same(Body, "about", &["description", "desc"]),
    same(Body, "limits", &["limit", "ulimit", "ulimits", "rlimits", "resources"]),
    same(Body, "assert", &["asserts", "assertions"]),
    like(Body, "isolation", &["security", "namespaces", "isolate"]),
    like(Body, "assert", &["require", "ensure", "guarantee"]),
    same(Filesystem, "ro", &["readonly", "read-only", "ro-bind", "bind-ro", "ro-bind-try", "read", "allow-read", "allowread", "--ro-bind"]),
    same(Filesystem, "rw", &["readwrite", "read-write", "rw-bind", "bind-rw", "write", "writable", "allow-write", "allowwrite", "--bind"]),
    like(Filesystem, "rw", &["bind", "bind-try"]),
    like(Filesystem, "ro", &["mount", "allow", "volume", "expose", "path", "whitelist", "deny-write", "denywrite", "show"]),
    same(Filesystem, "deny", &["hide", "deny-read", "denyread", "block", "blacklist", "forbid", "mask"]),
    same(Filesystem, "tmpfs", &["tempfs", "ramfs", "--tmpfs"]),
    like(Filesystem, "tmpfs", &["tmp", "private", "empty"]),
    same(Filesystem, "dir", &["directory", "mkdir", "--dir"]),
    same(Filesystem, "symlink", &["link", "ln", "--symlink"]),
    same(Filesystem, "device", &["dev-bind", "--dev-bind", "devices"]),
    same(Env, "set", &["setenv", "export", "--setenv"]),
    like(Env, "set", &["define", "let", "var", "default"]),
    same(Env, "pass", &["passthrough", "pass-through", "forward"]),
    like(Env, "pass", &["keep", "allow", "inherit", "import", "from-host"]),
    same(Env, "remove", &["unset", "unsetenv", "--unsetenv", "delete"]),
    like(Env, "remove", &["deny", "block", "clear"]),
    same(Env, "secret", &["secrets"]),
    like(Env, "prepend", &["append", "path"]),
    same(Isolation, "terminal", &["tty"]),
    same(Run, "command", &["cmd", "entrypoint", "commands", "exec"]),
    same(Run, "workdir", &["cwd", "chdir", "working-dir", "working-directory", "--chdir"]),
    like(Run, "workdir", &["dir", "directory", "pwd"]),
    same(Limits, "processes", &["procs", "nproc", "max-processes"]),
    like(Limits, "processes", &["pids", "threads", "tasks"]),
    same(Limits, "memory", &["mem", "ram"]),
    same(Limits, "open-files", &["nofile", "openfiles", "max-open-files"]),
    like(Limits, "open-files", &["files", "fds"]),
    same(Limits, "file-size", &["fsize", "filesize"]),
    same(Assert, "denied", &["deny", "hidden", "not-readable"]),
    same(Assert, "not-writable", &["readonly", "read-only", "not-writeable"]),
    like(Assert, "not-writable", &["ro"]),
    same(Assert, "writable", &["writeable", "rw"]),
    same(Assert, "no-env", &["not-env", "noenv"]),
];

/// Words for the closed sets of words, wherever they stand.
const WORDS: &[(&str, &[&str])] = &[
    ("none", &["off", "no", "false", "disabled", "deny", "isolated", "loopback", "null", "0"]),
    ("host", &["on", "yes", "true", "enabled", "allow", "all", "full", "internet", "open", "bridge", "1"]),
    ("skip", &["ignore", "optional", "ok", "true", "yes", "warn"]),
    ("error", &["fail", "false", "no", "required", "deny"]),
    ("create-dir", &["create", "mkdir", "dir", "directory"]),
    ("create-file", &["touch", "file"]),
    ("denied", &["deny", "hidden"]),
    ("detached", &["forever", "background", "outlive-parent"]),
    ("with-parent", &["die-with-parent", "parent"]),
    ("deny", &["no", "false", "off", "none", "forbid"]),
    ("allow", &["yes", "true", "on"]),
    ("guarded", &["safe", "true"]),
];

/// Properties of other tools with the property, and its value where it has another.
pub const PROPERTIES: &[(&str, &str, Option<&str>)] = &[
    ("optional", "missing", Some("skip")),
    ("try", "missing", Some("skip")),
    ("create", "missing", Some("create-dir")),
    ("if-missing", "missing", None),
    ("target", "at", None),
    ("dest", "at", None),
    ("dst", "at", None),
    ("destination", "at", None),
    ("as", "at", None),
    ("to", "at", None),
    ("perms", "mode", None),
    ("permissions", "mode", None),
    ("chmod", "mode", None),
    ("max", "size", None),
    ("limit", "size", None),
    ("why", "reason", None),
    ("because", "reason", None),
    ("comment", "reason", None),
    ("target", "to", None),
];

/// The name that was meant, and whether nothing else can have been.
pub fn node(section: Section, typed: &str) -> Option<(&'static str, bool)> {
    let plain = plain(typed);
    if let Some(name) = schema::names(section).find(|name| *name == plain) {
        return Some((name, true));
    }
    let known = NODES.iter().find(|row| row.section == section && row.names.contains(&plain.as_str()));
    known.map(|row| (row.meant, row.certain))
}

/// The word that was meant, of those that there are.
pub fn word<'a>(typed: &str, words: &[&'a str]) -> Option<&'a str> {
    let plain = plain(typed);
    let meant = |word: &str| WORDS.iter().any(|(ours, others)| *ours == word && others.contains(&plain.as_str()));
    words.iter().find(|word| **word == plain).or_else(|| words.iter().find(|word| meant(word))).copied()
}

/// Whether a name is so like exactly one other that nothing else can have been meant.
pub fn is_slip<'a>(typed: &str, near: &str, names: impl Iterator<Item = &'a str>) -> bool {
    typed.len() > 2 && distance(typed, near) <= 1 && names.filter(|name| distance(typed, name) <= 1).count() == 1
}

fn plain(typed: &str) -> String {
    typed.to_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every synonym stands for a name of its section, and is none itself.
    #[test]
    fn synonyms_name_the_schema() {
        for row in NODES {
            assert!(schema::node(row.section, row.meant).is_some(), "{}", row.meant);
            for name in row.names {
                assert!(schema::node(row.section, name).is_none(), "{name}");
            }
        }
    }
}
