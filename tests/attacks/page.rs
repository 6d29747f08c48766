//! The book's page of all attacks, made from their heads, and of the published weaknesses they answer.
//! `SBC_UPDATE=1 cargo test --test attacks book_page` writes it anew.

use crate::attack::Attack;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// The families, and what the attacks of each are after.
const FAMILIES: [(&str, &str); 18] = [
    ("secrets", "Reading what is nobody's business inside."),
    ("outside", "Writing where the host runs or reads it, outside of the project."),
    ("traps", "Changing, in the project, what the host runs or obeys later."),
    ("renames", "Carrying protections away."),
    ("links", "Having somebody else follow a link."),
    ("races", "Exchanging a path between a look and the deed, thousands of times a second."),
    ("namespaces", "Making namespaces and mounts."),
    ("calls", "Holes of the kernel in calls that no agent needs."),
    ("proc", "What `/proc` shows."),
    ("descriptors", "What the caller left open, and where it stood."),
    ("environment", "The caller's variables."),
    ("keyrings", "Keys in the kernel."),
    ("sockets", "Talking to somebody who is not in the sandbox."),
    ("terminals", "The caller's terminal."),
    ("signals", "Stopping others, and not being stopped."),
    ("limits", "Exhausting the machine."),
    ("policy", "A repository that was cloned: its policy, its texts, its names."),
    ("approvals", "Running what nobody has approved."),
];

const PAGE: &str = "book/src/attacks.md";
const TABLE: &str = include_str!("cves.md");

/// Compares the page with what it should be, or writes it.
pub fn compare(attacks: &[Arc<Attack>]) -> Result<(), String> {
    let expected = page(attacks)?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if std::env::var_os("SBC_UPDATE").is_some() {
        return fs::write(path, expected).map_err(|error| error.to_string());
    }
    if fs::read_to_string(path).is_ok_and(|found| found == expected) {
        return Ok(());
    }
    Err(format!("{PAGE} is out of date; write it anew with SBC_UPDATE=1 cargo test --test attacks book_page"))
}

fn page(attacks: &[Arc<Attack>]) -> Result<String, String> {
    let mut out = HEAD.to_owned();
    for (family, about) in FAMILIES {
        let members: Vec<_> = attacks.iter().filter(|attack| attack.family() == family).collect();
        if members.is_empty() {
            continue;
        }
        let _ = write!(out, "\n## {family}\n\n{about}\n\n| attack | it tries | what stops it |\n| --- | --- | --- |\n");
        for attack in members {
            let name = attack.name.rsplit('/').next().unwrap_or_default();
            let only = if attack.is_only_for_exec() { " (`exec` only)" } else { "" };
            let _ = writeln!(out, "| `{name}`{only} | {} | {} |", cell(&attack.tries), cell(&attack.stopped_by));
        }
    }
    if let Some(attack) = attacks.iter().find(|attack| !FAMILIES.iter().any(|(family, _)| attack.family() == *family)) {
        return Err(format!("page.rs does not say what the family of {} is after", attack.name));
    }
    out.push_str(&weaknesses(attacks)?);
    Ok(out)
}

/// The table of `cves.md`, with the attacks in it.
fn weaknesses(attacks: &[Arc<Attack>]) -> Result<String, String> {
    let (head, rows) = TABLE.split_once("| --- | --- | --- |\n").ok_or("cves.md has no table")?;
    let mut out = format!("\n{head}| --- | --- | --- |\n");
    let mut known = BTreeSet::new();
    for row in rows.lines() {
        let [_, cve, what, else_, _] = row.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
            return Err(format!("cves.md: {row:?} has not three cells"));
        };
        check_names(attacks, else_)?;
        let of_it = attacks.iter().filter(|attack| attack.cves.iter().any(|other| other == cve));
        let answers: Vec<String> = of_it
            .map(|attack| format!("`{}`", attack.name))
            .chain((!else_.is_empty()).then(|| else_.to_owned()))
            .collect();
        if answers.is_empty() {
            return Err(format!("cves.md: {cve} has no attack, and no line that says why"));
        }
        let _ = writeln!(out, "| {cve} | {what} | {} |", answers.join("; "));
        known.insert(cve);
    }
    let unknown = attacks.iter().flat_map(|attack| &attack.cves).find(|cve| !known.contains(cve.as_str()));
    unknown.map_or(Ok(out), |cve| Err(format!("cves.md lacks {cve}, which an attack names")))
}

/// Attacks and tests that a line names exist.
fn check_names(attacks: &[Arc<Attack>], text: &str) -> Result<(), String> {
    for name in text.split('`').skip(1).step_by(2).filter(|name| name.contains('/')) {
        let is_there = if name.starts_with("tests/") {
            Path::new(env!("CARGO_MANIFEST_DIR")).join(name).exists()
        } else {
            attacks.iter().any(|attack| attack.name == name)
        };
        if !is_there {
            return Err(format!("cves.md names `{name}`, which is not there"));
        }
    }
    Ok(())
}

/// A text as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace("$", "\\$").replace('<', "&lt;")
}

const HEAD: &str = "# Attacks

Generated from `tests/attacks`. A test keeps it so.

Each of these is a program, or several, in a real sandbox of the built-in profiles `claude` and `node`, run by a normal user with
real bubblewrap. Each is run three times: without its protection, where it *must* get through, so that it is known to be an attack; by
`sbc exec`; and by the compiled script, unless the script does not claim to stop it ([artefacts](artefacts.md#what-the-script-cannot-do)).
Without the protection means a bubblewrap command as people write it, the same policy without a rule, or no sandbox at all, as the
line `control` of each file says. Inside, each must fail with the error that is expected.

```console
$ cargo test --test attacks
$ cargo test --test attacks traps/commondir
```

What is known not to be stopped stands in the [threat model](threat-model.md#what-is-not-covered).
";
