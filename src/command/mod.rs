//! One file per subcommand: reads arguments, calls the library, prints.

#![allow(clippy::disallowed_methods, reason = "commands are where the machine comes in")]

mod ask;
mod build;
mod check;
mod diff;
mod doctor;
mod exec;
mod explain;
mod fix;
mod import;
mod init;
mod learn;
mod local;
mod lock;
mod profiles;
mod show;
mod trust;
mod vendor;

use crate::cli::{Cli, Command, Exec};
use crate::compile::{Compilation, Compiled, Wanted, compile};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, printable};
use crate::explain::Context;
use crate::host::Host;
use crate::invocation::Form;
use crate::project::{self, LOCAL, Project};
use crate::report::{Format, Style, render};
use crate::source::Sources;
use crate::view::View;
use crate::{builtin, guard, invocation};
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::Path;

/// Reads the command line, does what it says, and gives the exit code.
pub fn run() -> i32 {
    let words: Vec<OsString> = std::env::args_os().collect();
    let cli = Cli::read(words.iter().cloned()).unwrap_or_else(|error| {
        // A wrong `sbc exec` is a failure before the command, as in env(1).
        let exec = words.get(1).is_some_and(|word| word == "exec") && error.use_stderr();
        let _ = error.print();
        tip().iter().for_each(|tip| eprintln!("\n  tip: {tip}"));
        std::process::exit(if exec { 125 } else { error.exit_code() })
    });
    match cli.command {
        Command::Check(arguments) => check::run(arguments),
        Command::Build { sandboxes, check: true, .. } => build::check(&wanted(sandboxes)),
        Command::Build { sandboxes, emit: Some(emit), output, no_optimise, .. } => {
            build::emit(sandboxes, emit, Form::of(no_optimise), &output)
        }
        Command::Build { sandboxes, .. } => build::write(&wanted(sandboxes)),
        Command::Exec(Exec { trust, no_optimise, sandbox, words }) => {
            exec::run(&exec::Call { sandbox, words, form: Form::of(no_optimise), tracer: Vec::new() }, trust.as_deref())
        }
        Command::Trust(arguments) => trust::run(&arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Diff(arguments) => diff::run(arguments),
        Command::Show { sandbox, html: Some(file), no_host, .. } => show::page(sandbox, no_host, &file),
        Command::Show { sandbox, tree: true, no_host, .. } => show::tree(sandbox, no_host),
        Command::Show { sandbox, plan: true, .. } => show::plan(sandbox),
        Command::Show { sandbox, .. } => show::run(sandbox),
        Command::Learn(arguments) => learn::run(arguments),
        Command::Import(arguments) => import::run(arguments),
        Command::Init(arguments) if arguments.local => local::run(arguments.yes),
        Command::Init(arguments) => init::run(&arguments),
        Command::Vendor(arguments) => vendor::run(&arguments),
        Command::Doctor { format } => doctor::run(format),
        Command::Profiles(arguments) => profiles::run(&arguments),
    }
}

/// What was probably meant by a command line that is none.
fn tip() -> Option<String> {
    let words: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let (command, rest) = words.split_first()?;
    let shown = || printable(&rest.join(" "));
    match command.as_str() {
        "run" | "shell" | "start" | "enter" => Some(match rest {
            [] => "`sbc exec` runs the policy's command in the sandbox".to_owned(),
            _ => format!("`sbc exec -- {}` runs a command in the sandbox", shown()),
        }),
        "exec" if !rest.iter().any(|word| word.starts_with('-')) => {
            Some(format!("a command comes after two dashes: `sbc exec -- {}`", shown()))
        }
        _ => None,
    }
}

fn wanted(sandboxes: Vec<String>) -> Wanted {
    if sandboxes.is_empty() { Wanted::All } else { Wanted::Named(sandboxes) }
}

fn one(sandbox: Option<String>) -> Wanted {
    sandbox.map_or(Wanted::Only, |name| Wanted::Named(vec![name]))
}

/// How many file systems `exec` has mounted on a host, for what of the sandbox's paths is there.
fn mounts(compiled: &Compiled, host: &Host) -> usize {
    invocation::resolve_as(Form::Optimised, compiled, host, &mut Diagnostics::default()).0.mounts
}

/// A project with everything that its texts mean.
struct Loaded {
    project: Project,
    compilation: Compilation,
}

/// One sandbox that compiles, and this host.
struct Inside {
    project: Project,
    compiled: Compiled,
    host: Host,
    /// Whether the policy alone is to answer.
    no_host: bool,
}

impl Inside {
    /// Compiles a sandbox. Says on standard error what stands against it, and gives the exit code.
    fn load(sandbox: Option<String>, no_host: bool) -> Result<Inside, i32> {
        let refused = |diagnostics: &Diagnostics, sources: &Sources| {
            report(diagnostics, sources, Format::Human);
            1
        };
        let Loaded { project, mut compilation } =
            load(Path::new("."), one(sandbox)).map_err(|problems| refused(&problems.0, &problems.1))?;
        let compiled = compilation.sandboxes.pop().filter(|_| !compilation.diagnostics.has_errors());
        let compiled = compiled.ok_or_else(|| refused(&compilation.diagnostics, &project.sources))?;
        tell_local(&compiled);
        let host = Host::read(&project.root).map_err(|diagnostic| {
            let problems = refuse(diagnostic);
            refused(&problems.0, &problems.1)
        })?;
        Ok(Inside { project, compiled, host, no_host })
    }

    /// Looks inside, and hands over what answers need. A host that cannot run the sandbox says why on
    /// standard error, and the policy alone answers.
    fn look<T>(&self, answer: impl FnOnce(&Context<'_>) -> T) -> T {
        let Inside { project: Project { sources, .. }, compiled, host, no_host } = self;
        let mut problems = Diagnostics::default();
        let view = (!no_host).then(|| invocation::resolve(compiled, host, &mut problems).1);
        match view.filter(|_| !problems.has_errors()) {
            Some(view) => answer(&Context { compiled, sources, view: &view, host: Some(host) }),
            None => {
                report(&problems, sources, Format::Human);
                if !no_host {
                    eprintln!("this host cannot run the sandbox; the policy alone answers");
                }
                answer(&Context { compiled, sources, view: &View::symbolic(&compiled.plan), host: None })
            }
        }
    }
}

/// Problems, and the texts that they are about.
type Problems = Box<(Diagnostics, Sources)>;

fn refuse(diagnostic: Diagnostic) -> Problems {
    let mut out = Diagnostics::default();
    out.push(diagnostic);
    Box::new((out, builtin::sources()))
}

/// Says that this machine adds to what the policy says, where it does.
fn tell_local(compiled: &Compiled) {
    if compiled.merged.has_local() {
        eprintln!("note: `{LOCAL}` adds to `{}` on this machine", printable(&compiled.merged.name));
    }
}

/// Finds, loads and compiles the project at `start`, as it is on this machine.
fn load(start: &Path, wanted: Wanted) -> Result<Loaded, Problems> {
    compile_guarded(open(start)?, wanted)
}

/// Finds the project at `start`, and loads its texts, the local layer included.
fn open(start: &Path) -> Result<Project, Problems> {
    open_by(start, project::load_with_local)
}

/// The same without the local layer: what all share.
fn open_shared(start: &Path) -> Result<Project, Problems> {
    open_by(start, project::load)
}

fn open_by(start: &Path, load: fn(&Path, &mut Diagnostics) -> Project) -> Result<Project, Problems> {
    let root = project::find(start).map_err(refuse)?;
    let mut out = Diagnostics::default();
    let project = load(&root, &mut out);
    if out.has_errors() { Err(Box::new((out, project.sources))) } else { Ok(project) }
}

/// Compiles a project, guarded against hostile texts.
fn compile_guarded(project: Project, wanted: Wanted) -> Result<Loaded, Problems> {
    let sources = project.sources.clone();
    match guard::compute(move || compile(&sources, &wanted)) {
        Ok(compilation) => Ok(Loaded { project, compilation }),
        Err(_) => {
            let seconds = guard::DEADLINE.as_secs();
            let title = format!("this policy could not be compiled within {seconds} seconds");
            Err(refuse(
                Diagnostic::error(Code::SBC0004, title)
                    .help("look for a file that is no policy, or for many unclosed quotes and brackets"),
            ))
        }
    }
}

/// Prints problems to standard error, or to standard output where a machine reads them.
fn report(diagnostics: &Diagnostics, sources: &Sources, format: Format) {
    let text = render(diagnostics, sources, format, style());
    // Nobody is left to be told when the streams are closed.
    let _ = if format.is_data() {
        std::io::stdout().write_all(text.as_bytes())
    } else {
        std::io::stderr().write_all(text.as_bytes())
    };
}

fn report_one(diagnostic: Diagnostic) {
    let mut out = Diagnostics::default();
    out.push(diagnostic);
    report(&out, &builtin::sources(), Format::Human);
}

/// Stands by for a run, as `janitor.rs` says.
pub fn janitor(arguments: impl Iterator<Item = std::ffi::OsString>) -> i32 {
    tell(&crate::janitor::stand_by(arguments));
    0
}

/// Prints what is to be said after a run, if anything is.
fn tell(diagnostics: &Diagnostics) {
    if !diagnostics.is_empty() {
        report(diagnostics, &builtin::sources(), Format::Human);
    }
}

/// Prints data to standard output.
fn print(bytes: impl AsRef<[u8]>) -> i32 {
    match std::io::stdout().write_all(bytes.as_ref()) {
        Ok(()) => 0,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => 0,
        Err(error) => {
            report_one(Diagnostic::error(Code::SBC0603, format!("standard output cannot be written: {error}")));
            1
        }
    }
}

/// The look of messages, by the conventions of the terminal.
fn style() -> Style {
    style_of(&std::io::stderr())
}

/// The look of what goes to a stream.
fn style_of(stream: &(impl IsTerminal + AsFd)) -> Style {
    let terminal = stream.is_terminal();
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty());
    let unicode = locale.is_some_and(|locale| locale.to_lowercase().replace('-', "").contains("utf8"));
    let width = terminal.then(|| terminal_size::terminal_size_of(stream)).flatten();
    let width = width.map(|(width, _)| usize::from(width.0).max(40));
    Style { color: is_colored(terminal), unicode, width }
}

/// Whether what goes to a terminal, or elsewhere, is coloured.
fn is_colored(terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let forced = std::env::var("CLICOLOR_FORCE").is_ok_and(|value| !value.is_empty() && value != "0");
    !set("NO_COLOR") && (terminal || forced)
}

/// Real root keeps its rights over files in any namespace that bubblewrap makes for it.
fn refuse_root(out: &mut Diagnostics) {
    if rustix::process::geteuid().is_root() {
        let diagnostic =
            Diagnostic::error(Code::SBC0704, "sbc does not run a sandbox as root: nothing would be denied to it");
        out.push(diagnostic.help("run it as a normal user: `runuser -u NAME -- sbc exec`"));
    }
}
