//! `sbc init --local`: begins the local layer, and offers the line that keeps it out of git.
//!
//! Never changes `.gitignore` without a yes.

use super::{Loaded, Problems, ask, compile_guarded, open_shared, refuse, report};
use crate::code::Code;
use crate::compile::{Compiled, Wanted};
use crate::diagnostic::{Diagnostic, printable};
use crate::project::LOCAL;
use crate::report::Format;
use crate::rule::quote;
use crate::small::small;
use crate::{env, write};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The file that keeps others out of git.
const IGNORED: &str = ".gitignore";

/// A larger one is nobody's work.
const LARGEST: u64 = 1 << 20;

/// 0 when the file was written.
pub fn run(yes: bool) -> i32 {
    begin(yes).unwrap_or_else(|problems| {
        report(&problems.0, &problems.1, Format::Human);
        1
    })
}

fn begin(yes: bool) -> Result<i32, Problems> {
    let Loaded { project, compilation } = compile_guarded(open_shared(Path::new("."))?, Wanted::All)?;
    if compilation.diagnostics.has_errors() || compilation.sandboxes.is_empty() {
        return Err(Box::new((compilation.diagnostics, project.sources)));
    }
    let text = text(&compilation.sandboxes);
    let may_ask = !yes && ask::is_possible();
    if may_ask {
        eprint!("{text}");
        if !ask::agrees(&format!("Write this as {LOCAL}?"), true) {
            eprintln!("nothing was written");
            return Ok(1);
        }
    }
    write::create(&project.root.join(LOCAL), text.as_bytes()).map_err(refuse)?;
    eprintln!("wrote {LOCAL}; it counts for `sbc exec` on this machine, and not for `sbc build`");
    if is_in_repository(&project.root) {
        ignore(&project.root, yes, may_ask).map_err(refuse)?;
    }
    Ok(0)
}

/// A layer for each sandbox, which adds nothing yet.
fn text(sandboxes: &[Compiled]) -> String {
    let head = "// What this machine adds to the sandboxes of the project, for `sbc exec` only. Keep it out of git.\n";
    let body = |compiled: &Compiled| {
        let name = quote(&compiled.plan.name);
        format!("\nsandbox {name} {{\n    // filesystem {{ ro \"~/.config/NAME\"; }}\n}}\n")
    };
    head.to_owned() + &sandboxes.iter().map(body).collect::<String>()
}

fn is_in_repository(root: &Path) -> bool {
    root.ancestors().any(|above| above.join(".git").symlink_metadata().is_ok())
}

/// Offers the line for `.gitignore`, and writes it where the user wants that.
fn ignore(root: &Path, yes: bool, may_ask: bool) -> Result<(), Diagnostic> {
    let path = root.join(IGNORED);
    let there = path.symlink_metadata().ok();
    let old = match &there {
        None => Vec::new(),
        Some(_) => small(&path, LARGEST).ok_or_else(|| irregular(io::ErrorKind::InvalidInput))?,
    };
    if String::from_utf8_lossy(&old).lines().any(covers) {
        return Ok(());
    }
    let line = format!("/{LOCAL}");
    let agrees = yes || may_ask && ask::agrees(&format!("Add `{line}` to {IGNORED}?"), true);
    if !agrees {
        eprintln!("note: git would take it with `git add .`: write `{line}` in {IGNORED}");
        return Ok(());
    }
    let newline = if old.is_empty() || old.ends_with(b"\n") { "" } else { "\n" };
    let text = [old.as_slice(), newline.as_bytes(), line.as_bytes(), b"\n"].concat();
    let mode = there.map_or(0o644, |there| there.permissions().mode() & 0o777);
    write::replace(&path, &text, mode)?;
    eprintln!("wrote {IGNORED}: `{}` is kept out of git", printable(&line));
    Ok(())
}

/// Whether a line of `.gitignore` is about the file.
fn covers(line: &str) -> bool {
    let line = line.trim();
    let pattern = line.strip_prefix('/').unwrap_or(line);
    !pattern.is_empty() && env::glob(pattern, LOCAL)
}

fn irregular(kind: io::ErrorKind) -> Diagnostic {
    let title = format!("`{IGNORED}` cannot be changed: {}", io::Error::from(kind));
    Diagnostic::error(Code::SBC0603, title).help(format!("write `/{LOCAL}` in it yourself"))
}
