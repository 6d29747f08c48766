//! The one table of the language: every node, argument, property and word.
//!
//! `shape/mod.rs` checks documents against it, suggestions are taken from it, and the book's
//! reference page and the files in `schema/` are generated from it (`emit/reference.rs`).

use crate::words::{Lifetime, Missing, Namespace, NestedSandboxes, Network, Terminal};
use serde::Serialize;

/// A block of a policy that holds nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// The top level.
    File,
    /// The body of a profile or a sandbox.
    Body,
    Filesystem,
    Env,
    Isolation,
    Run,
    Limits,
    Assert,
}

impl Section {
    pub const ALL: &'static [Section] = &[
        Section::File,
        Section::Body,
        Section::Filesystem,
        Section::Env,
        Section::Isolation,
        Section::Run,
        Section::Limits,
        Section::Assert,
    ];

    /// How a message names the section.
    pub const fn describe(self) -> &'static str {
        match self {
            Section::File => "the top level",
            Section::Body => "a profile or sandbox",
            Section::Filesystem => "`filesystem { }`",
            Section::Env => "`env { }`",
            Section::Isolation => "`isolation { }`",
            Section::Run => "`run { }`",
            Section::Limits => "`limits { }`",
            Section::Assert => "`assert { }`",
        }
    }

    /// The name of the node that holds it; none for a body, which any layer has.
    pub fn block(self) -> Option<&'static str> {
        let node = NODES.iter().find(|node| node.children == Some(self));
        node.filter(|_| self != Section::Body).map(|node| node.name)
    }

    /// How a message names the section of one body.
    pub fn of(self, body: &str) -> String {
        match self {
            Section::File | Section::Body => format!("`{body}`"),
            _ => format!("{} of `{body}`", self.describe()),
        }
    }
}

/// What stands after the name of a node.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Arguments {
    /// What one of them is, as a placeholder.
    pub what: &'static str,
    pub least: usize,
    /// `None`: as many as one likes.
    pub most: Option<usize>,
    /// The only spellings; empty where any text will do.
    pub words: &'static [&'static str],
}

/// A `name="value"` of a node.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Property {
    pub name: &'static str,
    pub words: &'static [&'static str],
    pub required: bool,
    pub about: &'static str,
}

/// A node: where it stands and what it holds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Node {
    pub name: &'static str,
    pub section: Section,
    pub arguments: Arguments,
    pub properties: &'static [Property],
    /// `NAME="text"` pairs with names of the user's choice.
    pub assignments: bool,
    pub children: Option<Section>,
    pub about: &'static str,
    /// What makes two of them the same rule.
    pub key: &'static str,
    /// Fits where the node fits.
    pub example: &'static str,
}

const REASON: Property = Property {
    name: "reason",
    words: &[],
    required: false,
    about: "Why the rule is there. Kept in the script and shown in `sbc show`. The comment directly above a rule serves as its reason when it has none.",
};
const AT: Property = Property { name: "at", words: &[], required: false, about: "Another place inside the sandbox." };
const MISSING: Property = Property {
    name: "missing",
    words: Missing::WORDS,
    required: false,
    about: "What to do when the host has no such path: fail (`error`, the default), leave the rule out (`skip`), or create it before the start and remove it again when it is untouched after the run (`create-dir`, `create-file`). Three words are for paths in a writable directory at which nothing must appear: `watch` moves what has appeared after the run to a quarantine; `hold-dir` and `hold-file` also hold the name during the run, as `create-dir` and `create-file` do, where the directory of the path is there.",
};
const TEXT: Property = Property {
    name: "text",
    words: &[],
    required: false,
    about: "What the file holds that `missing=\"create-file\"` or `missing=\"hold-file\"` makes. A missing newline at its end is added.",
};
const SIZE: Property =
    Property { name: "size", words: &[], required: false, about: "The most it can hold, such as \"512M\"." };
const MODE: Property =
    Property { name: "mode", words: &[], required: false, about: "Permission bits in octal, such as \"0700\"." };
const TO: Property = Property { name: "to", words: &[], required: true, about: "What the link points to, as text." };
const WAIVE_REASON: Property =
    Property { name: "reason", words: &[], required: true, about: "Why the guarantee may be broken. Shows in review." };

const NONE: Arguments = Arguments { what: "", least: 0, most: Some(0), words: &[] };
const PATHS: Arguments = many("PATH");
const GRANT: &[Property] = &[AT, MISSING, REASON];
const PLAIN: &[Property] = &[REASON];
const SHOWN: &[Property] = &[AT, MISSING, TEXT, REASON];

const fn one(what: &'static str) -> Arguments {
    Arguments { what, least: 1, most: Some(1), words: &[] }
}

const fn many(what: &'static str) -> Arguments {
    Arguments { what, least: 1, most: None, words: &[] }
}

const fn word(words: &'static [&'static str]) -> Arguments {
    Arguments { what: "WORD", least: 1, most: Some(1), words }
}

const fn words(words: &'static [&'static str]) -> Arguments {
    Arguments { what: "WORD", least: 1, most: None, words }
}

/// A node with arguments and properties and nothing else.
const fn rule(section: Section, name: &'static str, arguments: Arguments, properties: &'static [Property]) -> Node {
    Node { name, section, arguments, properties, assignments: false, children: None, about: "", key: "", example: "" }
}

/// A node that holds a block.
const fn block(section: Section, name: &'static str, arguments: Arguments, children: Section) -> Node {
    Node { children: Some(children), ..rule(section, name, arguments, &[]) }
}

impl Node {
    const fn says(self, about: &'static str, key: &'static str, example: &'static str) -> Node {
        Node { about, key, example, ..self }
    }

    const fn assigning(self) -> Node {
        Node { assignments: true, ..self }
    }
}

use Section::{Assert, Body, Env, File, Filesystem, Isolation, Limits, Run};

/// Every node of the language.
pub const NODES: &[Node] = &[
    block(File, "profile", one("NAME"), Body).says(
        "A named body of rules for others to inherit.", "the name", "profile \"team\" { inherit \"base-dev\"; }"),
    block(File, "sandbox", one("NAME"), Body).says(
        "A named body of rules that can be built and run. Only in `.agent-sandbox.kdl`; in `.agent-sandbox.local.kdl`, what one machine adds to it.", "the name", "sandbox \"app\" { inherit \"claude\"; }"),
    rule(Body, "about", one("TEXT"), &[]).says("One line for people.", "", "about \"Claude works on the shop.\""),
    rule(Body, "inherit", many("NAME"), &[]).says(
        "Takes over the rules of profiles: from the same file, then `.agent-sandbox/profiles/NAME.kdl`, then built in. A name found twice is an error. The order does not matter.",
        "", "inherit \"claude\" \"node\""),
    block(Body, "filesystem", NONE, Filesystem).says("What is visible, and how.", "the target path", "filesystem { ro \"~/.gitconfig\"; }"),
    block(Body, "env", NONE, Env).says("The environment, which starts empty.", "the variable", "env { set CI=\"1\"; }"),
    rule(Body, "network", word(Network::WORDS), PLAIN).says(
        "The network inside: `none` has only its own loopback interface, `host` shares the host's whole network.", "the one key", "network \"none\""),
    block(Body, "isolation", NONE, Isolation).says("What is shared with the host besides files and network. Everything is unshared unless a rule says otherwise.", "each", "isolation { hostname \"sandbox\"; }"),
    block(Body, "run", NONE, Run).says("What runs, and where.", "each", "run { command \"claude\"; }"),
    block(Body, "limits", NONE, Limits).says("What the command and all its children may use.", "each", "limits { processes \"512\"; }"),
    block(Body, "assert", NONE, Assert).says("What must be true of the final result. Inherited; only grows.", "a set", "assert { denied \"~/.ssh\"; }"),
    rule(Body, "waive", Arguments { what: "KIND SUBJECT", least: 2, most: Some(2), words: &[] }, &[WAIVE_REASON]).says(
        "Lifts one assertion of this layer or of one that it inherits. Lifting nothing is an error.", "a set",
        "waive \"denied\" \"~/.aws\" reason=\"terraform reads it\""),
    rule(Filesystem, "ro", PATHS, SHOWN).says("Shows a host path, read-only.", "the path inside", "ro \"/usr\""),
    rule(Filesystem, "rw", PATHS, GRANT).says("Shows a host path, writable.", "the path inside", "rw \"~/.npm\" missing=\"create-dir\""),
    rule(Filesystem, "copy", PATHS, GRANT).says(
        "A private copy of a host file. It can be changed inside; changes are discarded.", "the path inside", "copy \"~/.gitconfig\" missing=\"skip\""),
    rule(Filesystem, "overlay", PATHS, GRANT).says(
        "A host directory that can be changed inside; changes are discarded. Needs bubblewrap 0.11 or newer.", "the path inside", "overlay \"./node_modules\""),
    rule(Filesystem, "file", Arguments { what: "PATH TEXT", least: 2, most: Some(2), words: &[] }, PLAIN).says(
        "A read-only file with this text. A missing newline at its end is added.", "the path inside", "file \"/etc/motd\" \"You are inside.\""),
    rule(Filesystem, "tmpfs", PATHS, &[SIZE, MODE, REASON]).says("An empty directory in memory.", "the path inside", "tmpfs \"/tmp\" mode=\"1777\""),
    rule(Filesystem, "dir", PATHS, PLAIN).says("An empty directory. It can be written to only where it stands in a `tmpfs`.", "the path inside", "dir \"/srv\""),
    rule(Filesystem, "symlink", one("PATH"), &[TO, REASON]).says("A symbolic link.", "the path inside", "symlink \"/bin\" to=\"usr/bin\""),
    rule(Filesystem, "deny", PATHS, PLAIN).says(
        "Nothing can be read or written here. Where nothing is shown anyway, nothing is done.", "the path inside", "deny \"./.env\""),
    rule(Filesystem, "proc", one("PATH"), PLAIN).says("The kernel's process file system.", "the path inside", "proc \"/proc\""),
    rule(Filesystem, "dev", one("PATH"), PLAIN).says("A minimal set of devices: null, zero, full, random, urandom, tty, pts. Nothing can be added to it; for shared memory mount a `tmpfs` at its `shm`.", "the path inside", "dev \"/dev\""),
    rule(Filesystem, "device", PATHS, GRANT).says("A host device that can be opened.", "the path inside", "device \"/dev/kvm\" missing=\"skip\""),
    rule(Filesystem, "remove", PATHS, PLAIN).says("Takes away an inherited rule. Removing nothing is an error.", "the path inside", "remove \"~/.npm\""),
    rule(Env, "set", Arguments { what: "NAME=\"text\"", ..NONE }, PLAIN).assigning().says("Sets variables.", "the variable", "set NODE_ENV=\"development\""),
    rule(Env, "pass", many("NAME"), PLAIN).says("Passes variables of the caller, if they are set. `*` stands for any characters.", "the variable", "pass \"TERM\" \"LC_*\""),
    rule(Env, "secret", many("NAME"), PLAIN).says("As `pass`, and the value is never shown anywhere.", "the variable", "secret \"ANTHROPIC_API_KEY\""),
    rule(Env, "prepend", Arguments { what: "NAME=\"text\"", ..NONE }, PLAIN).assigning().says(
        "Puts text and a colon before the value. The one verb that gathers: of all layers, heirs before what they inherit, unrelated layers by name.",
        "the variable, once a layer", "prepend PATH=\"${HOME}/bin\""),
    rule(Env, "remove", many("NAME"), PLAIN).says("Takes away inherited rules for a variable. Removing nothing is an error.", "the variable", "remove \"NODE_OPTIONS\""),
    rule(Isolation, "share", words(Namespace::WORDS), PLAIN).says("Namespaces that are the host's.", "the namespace", "share \"ipc\""),
    rule(Isolation, "unshare", words(Namespace::WORDS), PLAIN).says("Namespaces that are the sandbox's own.", "the namespace", "unshare \"ipc\""),
    rule(Isolation, "hostname", one("NAME"), PLAIN).says("The host name inside.", "the one key", "hostname \"sandbox\""),
    rule(Isolation, "terminal", word(Terminal::WORDS), PLAIN).says(
        "What the command may do with the terminal: use it without typing into it (`guarded`, the default), not reach it (`new-session`), everything (`inherit`).",
        "the one key", "terminal \"guarded\""),
    rule(Isolation, "lifetime", word(Lifetime::WORDS), PLAIN).says(
        "Whether everything inside ends when the caller does (`with-parent`, the default) or may go on (`detached`).", "the one key", "lifetime \"with-parent\""),
    rule(Isolation, "nested-sandboxes", word(NestedSandboxes::WORDS), PLAIN).says(
        "Whether processes inside may make user namespaces. With `allow` they can remove the protections inside writable directories. `deny` is the default.",
        "the one key", "nested-sandboxes \"deny\""),
    rule(Run, "command", many("ARG"), PLAIN).says("The command with its arguments; the caller's arguments come after them.", "the one key", "command \"claude\""),
    rule(Run, "workdir", one("PATH"), PLAIN).says(
        "The working directory. Without it the caller's, where that is inside the project; else the project.", "the one key", "workdir \".\""),
    rule(Limits, "processes", one("COUNT"), PLAIN).says("The most processes and threads inside; before Linux 5.14, and in the script, of this user.", "the one key", "processes \"4096\""),
    rule(Limits, "memory", one("SIZE"), PLAIN).says("The most address space of one process.", "the one key", "memory \"8G\""),
    rule(Limits, "open-files", one("COUNT"), PLAIN).says("The most open files of one process.", "the one key", "open-files \"4096\""),
    rule(Limits, "file-size", one("SIZE"), PLAIN).says("The largest file that can be written.", "the one key", "file-size \"1G\""),
    rule(Assert, "readable", PATHS, &[]).says("The host's path can be read inside, at the same place.", "a set", "readable \"/usr/bin/env\""),
    rule(Assert, "writable", PATHS, &[]).says("The host's path can be written inside, at the same place.", "a set", "writable \"./src\""),
    rule(Assert, "not-writable", PATHS, &[]).says("Nothing of the host's path can be written, from anywhere inside.", "a set", "not-writable \"./.git/hooks\""),
    rule(Assert, "denied", PATHS, &[]).says("Nothing of the host's path is visible, anywhere inside.", "a set", "denied \"~/.ssh\""),
    rule(Assert, "no-env", many("NAME"), &[]).says("The variable is not there.", "a set", "no-env \"SSH_AUTH_SOCK\""),
    rule(Assert, "network", word(Network::WORDS), &[]).says("The network is this one.", "a set", "network \"none\""),
];

/// The node with this name in a section.
pub fn node(section: Section, name: &str) -> Option<&'static Node> {
    NODES.iter().find(|node| node.section == section && node.name == name)
}

/// The names of all nodes of a section.
pub fn names(section: Section) -> impl Iterator<Item = &'static str> {
    NODES.iter().filter(move |node| node.section == section).map(|node| node.name)
}

/// The sections in which a node of this name stands.
pub fn homes(name: &str) -> impl Iterator<Item = Section> {
    NODES.iter().filter(move |node| node.name == name).map(|node| node.section)
}
