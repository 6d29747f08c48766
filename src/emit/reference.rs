//! The language as its table says it: the book's reference page, and `schema/language.json`.

use crate::diagnostic::{Code, Severity};
use crate::schema::{Arguments, NODES, Node, Section};
use crate::seccomp::{REFUSALS, When};
use crate::words::Variable;
use serde::Serialize;
use std::fmt::Write as _;

/// `book/src/reference.md`.
pub fn page() -> String {
    let mut out = String::from("# Reference\n\nGenerated from the table of the language. A test keeps it so.\n");
    for section in Section::ALL {
        let _ = write!(out, "\n## In {}\n", section.describe());
        NODES.iter().filter(|node| node.section == *section).for_each(|node| node_entry(node, &mut out));
    }
    out.push_str("\n## Variables\n\nEach stays a symbol until a sandbox starts.\n\n");
    for variable in Variable::ALL {
        let about = variable_about(*variable);
        let _ = writeln!(out, "- `${{{}}}`: {about}", variable.word());
    }
    out
}

/// `book/src/codes.md`.
pub fn codes() -> String {
    let mut out = String::from(
        "# Codes\n\nEvery message has one, and `sbc explain` prints what is said here. The first two digits are the stage.\n\n| code | what it says |\n| --- | --- |\n",
    );
    for code in Code::ALL {
        let warning = if code.severity() == Severity::Warning { " (a warning)" } else { "" };
        let _ = writeln!(out, "| [{0}](codes/{0}.md) | {1}{warning} |", code.name(), code.title());
    }
    out
}

/// `book/src/system-calls.md`.
pub fn system_calls() -> String {
    let mut out = SYSTEM_CALLS.to_owned();
    for when in When::ALL {
        let _ = write!(out, "{}\n\n| call | answer | why |\n| --- | --- | --- |\n", when_about(when));
        for refusal in REFUSALS.iter().filter(|refusal| refusal.when == when) {
            let only = if refusal.numbers.1.is_none() { " (x86_64)" } else { "" };
            let _ = writeln!(out, "| `{}`{only} | {} | {} |", refusal.name, refusal.errno.name(), refusal.why);
        }
        out.push('\n');
    }
    out.push_str(NOT_REFUSED);
    out
}

const fn when_about(when: When) -> &'static str {
    match when {
        When::Always => "Always:",
        When::Guarded => "Unless the policy says `terminal \"inherit\"`:",
        When::NotNested => "Unless the policy says `nested-sandboxes \"allow\"`:",
    }
}

const SYSTEM_CALLS: &str = "# System calls

Generated from the table of the filter. A test keeps it so.

Every sandbox on x86_64 and aarch64 runs under a filter that refuses the calls below, and allows all others. It is a list of what no agent
needs, so that programs work with calls that a new kernel brings. Whoever comes in by another door is ended with SIGSYS: by the
32-bit entry of x86_64, or as a program for 32-bit ARM. Calls of x32 give ENOSYS, as they do on most kernels.

";

/// Calls that other filters refuse, and why this one does not.
const NOT_REFUSED: &str = "Not refused, though other filters do: `ptrace`, `process_vm_readv` and `personality`, because debuggers
need them, and they reach no process outside; calls about memory of several processors, because databases and Java use them.

The kernel itself refuses many of these calls to a process without rights. The filter stands before it, so that a mistake in such a
call does not matter.
";

/// `schema/language.json`.
pub fn json() -> String {
    #[derive(Serialize)]
    struct Language {
        version: u32,
        nodes: &'static [Node],
        variables: &'static [&'static str],
    }
    let language = Language { version: 1, nodes: NODES, variables: Variable::WORDS };
    let mut text = serde_json::to_string_pretty(&language).unwrap_or_default();
    text.push('\n');
    text
}

fn node_entry(node: &Node, out: &mut String) {
    let _ = write!(out, "\n### `{}`\n\n{}\n\n", usage(node), node.about);
    if !node.key.is_empty() {
        let _ = writeln!(out, "- Key: {}.", node.key);
    }
    if !node.arguments.words.is_empty() {
        let _ = writeln!(out, "- Words: {}.", words(node.arguments.words));
    }
    for property in node.properties {
        let required = if property.required { " Required." } else { "" };
        let words = if property.words.is_empty() { String::new() } else { format!(" {}.", words(property.words)) };
        let _ = writeln!(out, "- `{}`:{words} {}{required}", property.name, property.about);
    }
    let _ = writeln!(out, "- Example: `{}`", node.example);
}

fn usage(node: &Node) -> String {
    let Arguments { what, most, .. } = node.arguments;
    let more = if most.is_none() || node.assignments { "…" } else { "" };
    let arguments = if what.is_empty() { String::new() } else { format!(" {what}{more}") };
    let block = if node.children.is_some() { " { … }" } else { "" };
    format!("{}{arguments}{block}", node.name)
}

fn words(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

const fn variable_about(variable: Variable) -> &'static str {
    match variable {
        Variable::Home => "the home directory; `~` at the start of a path is the same.",
        Variable::Project => "the directory of the policy; `.` at the start of a path is the same.",
        Variable::User => "the name of the user.",
        Variable::Uid => "the number of the user.",
        Variable::Gid => "the number of the user's group.",
        Variable::RuntimeDir => "such as `/run/user/1000`; has no value where it is not set.",
        Variable::ConfigHome => "`~/.config` where it is not set.",
        Variable::CacheHome => "`~/.cache` where it is not set.",
        Variable::DataHome => "`~/.local/share` where it is not set.",
        Variable::StateHome => "`~/.local/state` where it is not set.",
        Variable::GitCommonDir => {
            "git's common directory, where the project's `.git` is a file that leads to it; else it has no value."
        }
        Variable::GitWorktreeId => {
            "the name in `${GIT_COMMON_DIR}/worktrees` of a project that is a linked worktree; else it has no value."
        }
    }
}
