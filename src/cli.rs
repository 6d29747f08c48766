//! The command line, as clap types and nothing else.

use crate::import::Kind;
use crate::levels::Subject;
use crate::report::Format;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Compiles a project's `.agent-sandbox.kdl` into a bubblewrap sandbox.
#[derive(Debug, Parser)]
#[command(name = "sbc", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Reads the words of the caller, the program's name first. `exec` is tried by itself, because its start is felt: to set up all other
    /// commands takes longer than everything else about the words.
    ///
    /// # Errors
    /// What is wrong with them, or the help or the version that they ask for.
    pub fn read(words: impl Iterator<Item = OsString> + Clone) -> Result<Cli, clap::Error> {
        /// `sbc exec` without the rest.
        #[derive(Parser)]
        struct Alone {
            #[command(flatten)]
            exec: Exec,
        }
        let after = words.clone().skip(1);
        let is_exec = after.clone().next().is_some_and(|first| first == "exec");
        let alone = is_exec.then(|| Alone::try_parse_from(after).ok()).flatten();
        alone.map_or_else(|| Cli::try_parse_from(words), |alone| Ok(Cli { command: Command::Exec(alone.exec) }))
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check the policy, and whether this host can run it
    Check(Check),
    /// Write the scripts and the lock to commit
    Build {
        /// Sandboxes [default: all]
        sandboxes: Vec<String>,
        /// Write nothing, and fail if what is committed differs
        #[arg(long, conflicts_with = "emit")]
        check: bool,
        /// Emit one sandbox in another form instead
        #[arg(long, value_enum)]
        emit: Option<Emit>,
        /// Make one mount for each rule in the arguments for this host
        #[arg(long, requires = "emit")]
        no_optimise: bool,
        /// Where `--emit` writes; `-` is standard output
        #[arg(short, long, default_value = "-", requires = "emit")]
        output: PathBuf,
    },
    /// Run a command in a sandbox
    Exec(Exec),
    /// Show what a sandbox opens, and let `sbc exec` run it
    Trust(Trust),
    /// Explain what a path, a variable or a setting is inside, why, and what would change it
    Explain(Explain),
    /// Show the merged policy: each value with its line, and what it replaced
    Show {
        /// The sandbox [default: the only one]
        sandbox: Option<String>,
        /// Draw the file system inside instead, and name the secrets of this host that stay outside
        #[arg(long, conflicts_with = "html")]
        tree: bool,
        /// List what is mounted on this host instead, as written and as started, and why they differ
        #[arg(long, conflicts_with_all = ["html", "tree", "no_host"])]
        plan: bool,
        /// Write all of it as one page to look at and search in a browser
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
        /// Do not look at this host: show what the policy alone says
        #[arg(long)]
        no_host: bool,
    },
    /// Say what two policies allow differently
    Diff(Diff),
    /// Watch a command in a sandbox, and propose rules for what it looked for and did not get
    Learn(Learn),
    /// Say a bwrap script, or another tool's settings, as a policy
    Import(Import),
    /// Write a first policy for this project, or say what the one that is there lacks
    Init(Init),
    /// Copy profiles from a directory or a repository into the project, and note where they are from
    Vendor(Vendor),
    /// Say what this host can do for a sandbox, and how to cure what it cannot
    Doctor {
        /// How the table is shown
        #[arg(long, value_enum, default_value = "human")]
        format: DoctorFormat,
    },
    /// List the built-in profiles, or print one
    Profiles(Profiles),
}

/// What `sbc exec` runs.
#[derive(Debug, Args)]
#[command(
    override_usage = "sbc exec [OPTIONS] [SANDBOX] [-- COMMAND…]\n       sbc exec [OPTIONS] [SANDBOX] -- -OPTION…"
)]
pub struct Exec {
    /// Run this plan and no other, trusted or not: for CI
    #[arg(long, value_name = "sha256:HASH", value_parser = hash)]
    pub trust: Option<String>,
    /// Make one mount for each rule: for doubt about what `sbc show --plan` says
    #[arg(long)]
    pub no_optimise: bool,
    /// The sandbox [default: the only one]
    pub sandbox: Option<String>,
    /// Another command; if the first word starts with `-`, arguments for the policy's command
    #[arg(last = true)]
    pub words: Vec<OsString>,
}

/// What `sbc vendor` copies, and what it says first.
#[derive(Debug, Args)]
#[command(
    override_usage = "sbc vendor [OPTIONS] SOURCE\n       sbc vendor --update [OPTIONS] [NAME]\n       sbc vendor",
    after_help = "Without a source, prints what is vendored. Nothing but this command uses a network."
)]
pub struct Vendor {
    /// A directory, or a repository of git: a path, `https://…`, `ssh://…`, `git@HOST:PATH`, `file:///…`; with `--update`,
    /// the name of a set
    pub source: Option<String>,
    /// Get another revision of a set; shows first what that allows, and asks
    #[arg(long)]
    pub update: bool,
    /// A tag, a branch or a commit of the repository
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub revision: Option<String>,
    /// The directory in the repository that holds the profiles [default: its root]
    #[arg(long, value_name = "DIRECTORY", requires = "revision")]
    pub path: Option<String>,
    /// What the set is called here [default: the last part of the source]
    #[arg(long, conflicts_with = "update")]
    pub name: Option<String>,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// What `sbc import` reads, and what it does with the policy.
#[derive(Debug, Args)]
#[command(
    after_help = "The script is read and never run. The policy goes to standard output; what could not be said, \
    and what the policy shows otherwise, to standard error."
)]
pub struct Import {
    /// A script that calls bwrap, a bwrap command line, options for `bwrap --args`, or settings of another tool; `-` is
    /// standard input
    pub file: PathBuf,
    /// What the file is [default: what its name and its text say]
    #[arg(long, value_enum, value_name = "KIND")]
    pub from: Option<Kind>,
    /// Inherit no profile, and fail if the policy shows a file otherwise than the original
    #[arg(long)]
    pub exact: bool,
    /// Write `.agent-sandbox.kdl`; where there is one, only show what would change
    #[arg(long)]
    pub write: bool,
}

/// What `sbc profiles` says.
#[derive(Debug, Args)]
pub struct Profiles {
    /// The profile to print
    pub name: Option<String>,
    /// Say what the profile allows beyond those that it inherits
    #[arg(long, requires = "name")]
    pub effect: bool,
    /// List the profiles that speak of something
    #[arg(long, value_name = "WORD", conflicts_with = "name")]
    pub search: Option<String>,
}

/// What `sbc init` writes, and whether it asks.
#[derive(Debug, Args)]
pub struct Init {
    /// Profiles to inherit [default: what is found here]
    pub profiles: Vec<String>,
    /// Print what would be written
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long, conflicts_with = "dry_run")]
    pub yes: bool,
    /// Begin a `.agent-sandbox.local.kdl`: what you add to the sandboxes on this machine only
    #[arg(long, conflicts_with_all = ["profiles", "dry_run"])]
    pub local: bool,
}

/// What `sbc explain` is asked about.
#[derive(Debug, Args)]
pub struct Explain {
    /// Paths (~/.npmrc, ./src), variables ('$PATH' or PATH=), settings (network), or codes of messages (SBC0301)
    #[arg(required = true, value_name = "SUBJECT")]
    pub subjects: Vec<OsString>,
    /// The sandbox [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub sandbox: Option<String>,
    /// How answers are shown
    #[arg(long, value_enum, default_value = "human")]
    pub format: AnswerFormat,
    /// Do not look at this host: answer from the policy alone
    #[arg(long)]
    pub no_host: bool,
}

/// How answers are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AnswerFormat {
    /// For people
    Human,
    /// One JSON object, as in schema/explain.schema.json
    Json,
}

/// The forms of `sbc build --emit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Emit {
    /// The bubblewrap command line of this host
    Argv,
    /// The plan, for tools
    Json,
    /// The script
    Script,
}

/// What `sbc trust` does.
#[derive(Debug, Args)]
pub struct Trust {
    /// Sandboxes [default: all]
    pub sandboxes: Vec<String>,
    /// Do not ask
    #[arg(long, conflicts_with_all = ["list", "revoke"])]
    pub yes: bool,
    /// Print what is trusted, in all projects
    #[arg(long, conflicts_with_all = ["revoke", "sandboxes"])]
    pub list: bool,
    /// Trust it no more
    #[arg(long)]
    pub revoke: bool,
}

/// A plan's hash as `sbc show` prints it, without its prefix.
fn hash(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix("sha256:").filter(|digits| digits.len() == 64);
    let digits = digits.filter(|digits| digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    digits.map(str::to_owned).ok_or_else(|| "write `sha256:` and 64 digits, as `sbc show` does".to_owned())
}

/// The forms of `sbc doctor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DoctorFormat {
    /// For people
    Human,
    /// One JSON object, as in schema/doctor.schema.json
    Json,
}

/// What `sbc check` looks at, and how it says what it found.
#[derive(Debug, Args)]
pub struct Check {
    /// The project, a directory in it, or its policy
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Do not look at this host: for machines that only review
    #[arg(long)]
    pub no_host: bool,
    /// Correct what can only have been meant in one way, and say what was changed
    #[arg(long)]
    pub fix: bool,
    /// How problems are shown
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
    /// Do not report this warning, or `warnings`
    #[arg(long, value_name = "CODE")]
    pub allow: Vec<Subject>,
    /// Report this warning even if warnings are allowed or denied
    #[arg(long, value_name = "CODE")]
    pub warn: Vec<Subject>,
    /// Make an error of this warning, or of `warnings`
    #[arg(long, value_name = "CODE")]
    pub deny: Vec<Subject>,
}

/// What `sbc diff` compares, and how it says what it found.
#[derive(Debug, Args)]
#[command(override_usage = "sbc diff [OPTIONS] [BEFORE] [AFTER]\n       sbc diff [OPTIONS] BEFORE..AFTER")]
pub struct Diff {
    /// A revision of git, a project, or its policy [default: `HEAD`, and the files as they are]
    #[arg(value_name = "SIDE", num_args = 0..=2)]
    pub sides: Vec<String>,
    /// Compare only this sandbox
    #[arg(long, value_name = "NAME")]
    pub sandbox: Option<String>,
    /// Exit with 1 when something of this kind has changed
    #[arg(long, value_enum, value_name = "KIND")]
    pub fail_on: Option<FailOn>,
    /// How changes are shown
    #[arg(long, value_enum, default_value = "human")]
    pub format: DiffFormat,
}

/// What `sbc diff` can fail on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Something is allowed that was not
    Widening,
}

/// How changes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For people at a terminal
    Human,
    /// One JSON object, as in schema/diff.schema.json
    Json,
    /// A comment on a pull request
    Markdown,
}

/// What `sbc learn` watches, and what it makes of it.
#[derive(Debug, Args)]
#[command(
    override_usage = "sbc learn [OPTIONS] [SANDBOX] [-- COMMAND…]\n       sbc learn [OPTIONS] [SANDBOX] -- -OPTION…"
)]
pub struct Learn {
    /// Write the proposed rules into the policy
    #[arg(long)]
    pub apply: bool,
    /// Propose the rules for `.agent-sandbox.local.kdl`, so that they count on this machine only
    #[arg(long, conflicts_with_all = ["unconfined", "unused"])]
    pub local: bool,
    /// Propose also rules for what nothing shows to have mattered
    #[arg(long)]
    pub all: bool,
    /// Read a log of `strace -f -y -o LOG …` instead of running a command
    #[arg(long, value_name = "LOG", conflicts_with_all = ["unconfined", "words"])]
    pub from: Option<PathBuf>,
    /// Run the command outside of any sandbox, and propose all that it used
    #[arg(long, requires = "words")]
    pub unconfined: bool,
    /// Name the rules that the command did not touch, instead of proposing any
    #[arg(long, conflicts_with = "apply")]
    pub unused: bool,
    /// How the answer is shown
    #[arg(long, value_enum, default_value = "human")]
    pub format: LearnFormat,
    /// The sandbox [default: the only one]
    pub sandbox: Option<String>,
    /// Another command; if the first word starts with `-`, arguments for the policy's command
    #[arg(last = true)]
    pub words: Vec<OsString>,
}

/// The forms of `sbc learn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LearnFormat {
    /// For people, with a diff on standard output
    Human,
    /// One JSON object, as in schema/learn.schema.json
    Json,
}
