//! The text of a first policy: what it inherits, and single rules with the reason of each.
//!
//! Pure text. `compose.rs` decides what stands in it.

use crate::diagnostic::printable;
use crate::rule::quote;
use crate::signs;
use std::fmt::Write as _;

/// So many lines a first policy has at the most.
pub const MAX_LINES: usize = 25;

/// A rule of `filesystem`. Paths are as a policy writes them, in quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// Read-only, in place, where they are.
    Show(Vec<String>),
    Deny(Vec<String>),
    Other(String),
}

/// What a first policy says.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The name of the sandbox, or what its name starts with.
    pub name: String,
    /// What it is for, in a few words; nothing where the user has named what to inherit.
    pub seen: Vec<String>,
    /// Profiles in the order in which they are written.
    pub inherits: Vec<String>,
    /// Rules of `filesystem`, each with its reason.
    pub rules: Vec<(String, Statement)>,
    /// Directories in front of PATH, and what is there.
    pub path: Vec<String>,
    pub on_path: Vec<String>,
    /// Other rules of `env`, each with its reason.
    pub env: Vec<(String, String)>,
}

impl Draft {
    /// Adds a rule. Rules of one kind with one reason become one.
    pub fn add(&mut self, why: &str, statement: Statement) {
        for (_, old) in self.rules.iter_mut().filter(|(other, _)| other == why) {
            match (old, &statement) {
                (Statement::Show(old), Statement::Show(new)) | (Statement::Deny(old), Statement::Deny(new)) => {
                    old.extend(new.iter().filter(|path| !old.contains(path)).cloned().collect::<Vec<_>>());
                    return;
                }
                _ => {}
            }
        }
        self.rules.push((why.to_owned(), statement));
    }

    /// Adds a directory in front of PATH, in which something is.
    pub fn add_path(&mut self, directory: String, what: &str) {
        if !self.path.contains(&directory) {
            self.path.insert(0, directory);
        }
        if !self.on_path.iter().any(|other| other == what) {
            self.on_path.push(what.to_owned());
        }
    }

    /// The sandbox alone, for a policy that is there already.
    pub fn sandbox(&self) -> String {
        let mut out = String::new();
        self.layer(&mut out, "sandbox", &self.name, &self.inherits.iter().collect::<Vec<_>>());
        out.trim_end().to_owned()
    }

    /// The whole policy.
    pub fn text(&self) -> String {
        let (agents, others): (Vec<&String>, Vec<&String>) =
            self.inherits.iter().partition(|name| signs::agent(name).is_some());
        let mut out = String::from(
            "// What an agent may see and do in this project. `sbc show` prints all of it, and\n\
             // `sbc explain ~/some/path` says what to add: ro \"~/some/path\", rw \"~/some/path\", …\n",
        );
        // Two agents in one sandbox would see each other's keys, and only one could be its command.
        match agents.as_slice() {
            [] | [_] => self.layer(&mut out, "sandbox", &self.name, &self.inherits.iter().collect::<Vec<_>>()),
            several => {
                let common = format!("{}-work", self.name);
                let floor = "base-dev".to_owned();
                let inherits = if others.is_empty() { vec![&floor] } else { others };
                self.layer(&mut out, "profile", &common, &inherits);
                for agent in several {
                    let _ =
                        write!(out, "\nsandbox {} {{ inherit {} {}; }}", quote(agent), quote(agent), quote(&common));
                }
                out.push('\n');
            }
        }
        out
    }

    fn layer(&self, out: &mut String, kind: &str, name: &str, inherits: &[&String]) {
        let _ = writeln!(out, "{kind} {} {{", quote(name));
        if !self.seen.is_empty() {
            let _ = writeln!(out, "    // For {}.", comment(&self.seen.join(", ")));
        }
        let _ = writeln!(out, "    inherit {}", quoted(inherits));
        if !self.rules.is_empty() {
            out.push_str("\n    filesystem {\n");
            let mut last = "";
            for (why, statement) in &self.rules {
                if why != last {
                    let _ = writeln!(out, "        // {}", comment(why));
                }
                last = why;
                let _ = writeln!(out, "        {}", statement.text());
            }
            out.push_str("    }\n");
        }
        if !self.path.is_empty() || !self.env.is_empty() {
            out.push_str("\n    env {\n");
            if !self.path.is_empty() {
                let _ = writeln!(out, "        // Where this machine has {}.", comment(&self.on_path.join(", ")));
                let _ = writeln!(out, "        prepend PATH=\"{}\"", self.path.join(":"));
            }
            for (why, rule) in &self.env {
                let _ = writeln!(out, "        // {}\n        {rule}", comment(why));
            }
            out.push_str("    }\n");
        }
        let denied = self.rules.iter().filter_map(|(_, statement)| match statement {
            Statement::Deny(paths) => Some(paths.join(" ")),
            _ => None,
        });
        let denied = std::iter::once("\"~/.ssh\"".to_owned()).chain(denied).collect::<Vec<_>>().join(" ");
        let _ = writeln!(
            out,
            "\n    assert {{\n        // Stays true, whatever else changes.\n        denied {denied}\n    }}\n}}"
        );
    }
}

impl Statement {
    fn text(&self) -> String {
        match self {
            Statement::Show(paths) => format!("ro {} missing=\"skip\"", paths.join(" ")),
            Statement::Deny(paths) => format!("deny {}", paths.join(" ")),
            Statement::Other(rule) => rule.clone(),
        }
    }
}

fn quoted(names: &[&String]) -> String {
    names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(" ")
}

/// Text for a comment, which ends where its line does.
fn comment(text: &str) -> String {
    printable(text).replace(['\n', '\t'], " ")
}

/// The name of a project's directory as a name of the language.
pub fn name_of(directory: &str) -> String {
    let legal = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
    let name: String = directory.to_lowercase().chars().map(legal).take(48).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "project".to_owned() } else { name.to_owned() }
}
