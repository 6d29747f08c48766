//! What must not be in the source: the invariants of the book's page on the architecture.

use std::fs;
use std::path::Path;

/// The modules that may look at the machine. `guard.rs` needs a thread and a deadline.
const MACHINE: &[&str] = &[
    "abilities.rs",
    "absent.rs",
    "aftermath.rs",
    "audit.rs",
    "bwrap.rs",
    "cache.rs",
    "checked.rs",
    "check/reach.rs",
    "command/",
    "compose.rs",
    "departure.rs",
    "doctor.rs",
    "enter.rs",
    "exec.rs",
    "explain/",
    "git.rs",
    "foreground.rs",
    "gitlinks.rs",
    "guard.rs",
    "handover.rs",
    "host.rs",
    "import/compare.rs",
    "import/settle.rs",
    "improve.rs",
    "inspector.rs",
    "invocation.rs",
    "isolation.rs",
    "janitor.rs",
    "knowledge.rs",
    "layout.rs",
    "learn/attempt.rs",
    "learn/fold.rs",
    "learn/places.rs",
    "learn/propose.rs",
    "learn/show.rs",
    "links.rs",
    "loader.rs",
    "main.rs",
    "liveness.rs",
    "moment.rs",
    "mounts.rs",
    "nofollow.rs",
    "operation.rs",
    "optimise.rs",
    "placeholder.rs",
    "planted.rs",
    "program.rs",
    "project.rs",
    "quarantine.rs",
    "record.rs",
    "streams.rs",
    "surroundings.rs",
    "tool.rs",
    "reach.rs",
    "remedy.rs",
    "plumbing.rs",
    "vendor/fetch.rs",
    "rights.rs",
    "search.rs",
    "seen.rs",
    "sensitive.rs",
    "small.rs",
    "survey.rs",
    "strace.rs",
    "sys.rs",
    "tree/",
    "trial.rs",
    "trust.rs",
    "walk.rs",
    "write.rs",
];

/// From text to artefact nothing reads the machine: no file, no variable, no clock, no program.
#[test]
fn compiling_reads_no_machine() {
    let words = [
        "std::fs",
        "std::env",
        "std::net",
        "std::process",
        "std::time",
        "rustix::",
        "libc::",
        "crate::host",
        "crate::sys",
    ];
    // The command line of one host is made for that host.
    absent(&words, &[MACHINE, &["emit/argv.rs"]].concat());
}

/// No stage prints: problems are collected, and the commands report them.
#[test]
fn stages_do_not_print() {
    absent(&["print!(", "println!(", "io::stdout", "io::stderr"], &["command/", "enter.rs", "exec.rs"]);
}

/// Only what reads texts knows of KDL.
#[test]
fn kdl_stays_at_the_front() {
    absent(&["kdl::"], &["parse.rs", "shape/", "decode/mod.rs", "amend.rs"]);
}

/// The plan is the only door: merging knows of no plan, and no backend knows of layers.
#[test]
fn plan_is_the_only_door() {
    let behind = ["crate::plan", "crate::lower", "crate::emit", "crate::invocation", "crate::bwrap", "crate::host"];
    only_in(&["parse.rs", "shape/mod.rs", "policy.rs", "inherit.rs", "merge.rs"], &behind);
    let decode = ["assertion", "env", "filesystem", "mod", "setting", "value"].map(|name| format!("decode/{name}.rs"));
    only_in(&decode.each_ref().map(String::as_str), &behind);
    let before = ["crate::parse", "crate::shape", "crate::decode", "crate::inherit", "crate::merge"];
    only_in(
        &["emit/argv.rs", "emit/functions.rs", "emit/json.rs", "emit/lock.rs", "emit/script.rs", "emit/shell.rs"],
        &before,
    );
}

/// Unsafe code stands where its reasons do.
#[test]
fn unsafe_code_stays_in_its_place() {
    absent(&["unsafe {"], &["sys.rs", "enter.rs"]);
}

/// sbc does not panic on purpose.
#[test]
fn no_panics() {
    absent(&[".unwrap()", ".expect(", "panic!(", "unreachable!("], &[]);
}

/// Asserts that no file but those in `except` holds one of the words.
fn absent(words: &[&str], except: &[&str]) {
    let is_excepted = |name: &str| except.iter().any(|start| name.starts_with(start));
    search(words, |name| !is_excepted(name));
    for start in except {
        assert!(sources().iter().any(|(name, _)| name.starts_with(start)), "there is no src/{start} to be excepted");
    }
}

/// Asserts that these files hold none of the words.
fn only_in(names: &[&str], words: &[&str]) {
    for name in names {
        assert!(sources().iter().any(|(found, _)| found == name), "there is no src/{name}");
    }
    search(words, |name| names.contains(&name));
}

fn search(words: &[&str], wanted: impl Fn(&str) -> bool) {
    for (name, text) in sources().iter().filter(|(name, _)| wanted(name)) {
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            let found = words.iter().find(|word| line.contains(**word));
            assert!(found.is_none(), "src/{name}:{} holds `{}`: {line}", index + 1, found.unwrap());
        }
    }
}

/// Every source file by its path below `src/`.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let entries = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().map(|entry| entry.unwrap().into_path());
    let rust = entries.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.map(|path| (path.strip_prefix(&root).unwrap().display().to_string(), fs::read_to_string(&path).unwrap()))
        .collect()
}
