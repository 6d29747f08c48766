//! `sbc learn`: runs a command and says which rules it lacks.
//!
//! The sandbox is the one of `sbc exec`, with the same question before. strace stands beside it and
//! changes nothing of the plan. Everything that is learned is said at the end.

use super::{Loaded, Problems, ask, exec, fix, load, one, print, refuse, report, style, style_of};
use crate::cli::{Learn, LearnFormat};
use crate::command::exec::Call;
use crate::diagnostic::{Code, Diagnostic, printable};
use crate::emit::shell;
use crate::host::{self, Host};
use crate::invocation::Form;
use crate::learn::attempt::Draft;
use crate::learn::fold::{Finding, Situation, findings};
use crate::learn::follow::{self, Failure, Followed};
use crate::learn::propose::{Hold, Proposal, Proposed, propose};
use crate::learn::show::{self, Answer, Lesson};
use crate::learn::trace::Malformed;
use crate::learn::unused::{Unused, unused};
use crate::project::{self, LOCAL, POLICY};
use crate::report::{Format, Style};
use crate::source::{Source, SourceKind, Sources};
use crate::strace::Tracer;
use crate::{builtin, draft, sys, write};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What was watched.
struct Watched {
    followed: Followed,
    /// The command's own; nothing where a log was read.
    status: Option<i32>,
    /// Whether it ran outside of a sandbox.
    is_outside: bool,
}

/// The policy, and whether it is only now begun.
struct Before {
    root: PathBuf,
    draft: Draft,
    is_new: bool,
}

/// 0 when something was learned, whatever the command's status is; 1 when not.
pub fn run(arguments: Learn) -> i32 {
    let format = arguments.format;
    // With JSON, standard output is sbc's own, and the command's goes where its errors go.
    let data = match format {
        LearnFormat::Json => set_aside(),
        LearnFormat::Human => None,
    };
    let learned = watch(&arguments).and_then(|watched| match watched {
        Some(watched) => learn(&arguments, watched, data),
        None => Ok(1),
    });
    learned.unwrap_or_else(|problems| {
        report(&problems.0, &problems.1, Format::Human);
        1
    })
}

/// Takes standard output away from the command.
fn set_aside() -> Option<OwnedFd> {
    let own = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3).ok()?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr()).ok()?;
    Some(own)
}

/// Runs the command, or reads a log. Nothing where the command did not start, which was said.
fn watch(arguments: &Learn) -> Result<Option<Watched>, Problems> {
    let cwd = std::env::current_dir().unwrap_or_default();
    if let Some(path) = &arguments.from {
        let name = path.display().to_string();
        let log = File::open(path).map_err(|error| unreadable(&name, &Failure::Io(error)))?;
        let followed =
            follow::read(BufReader::new(log), &cwd, &mut |_| ()).map_err(|error| unreadable(&name, &error))?;
        let is_outside = !followed.has_sandbox();
        return Ok(Some(Watched { followed, status: None, is_outside }));
    }
    let (tracer, log) = Tracer::new(&host::records().map_err(refuse)?).map_err(refuse)?;
    let words = tracer.words();
    let counts = announce(arguments.unconfined);
    let reader = std::thread::spawn(move || {
        let followed = follow::read(BufReader::with_capacity(1 << 16, log), &cwd, &mut |lines| count(counts, lines));
        if counts {
            eprint!("\r\u{1b}[K");
        }
        followed
    });
    let status = match arguments.unconfined {
        true => unconfined(words, &arguments.words).map_err(refuse)?,
        false => {
            let (sandbox, inside) = (arguments.sandbox.clone(), arguments.words.clone());
            exec::run(&Call { sandbox, words: inside, form: Form::Optimised, tracer: words }, None)
        }
    };
    tracer.release();
    match reader.join() {
        Ok(Ok(followed)) => Ok(Some(Watched { followed, status: Some(status), is_outside: arguments.unconfined })),
        // exec has said why nothing ran.
        Ok(Err(Failure::Empty)) => Ok(None),
        Ok(Err(failure)) => Err(unreadable("the log of this run", &failure)),
        Err(_) => Err(unreadable("the log of this run", &Failure::Empty)),
    }
}

/// Says that a command is watched. Gives whether the terminal is free for a count meanwhile: where the
/// command has it, nobody else writes there.
fn announce(unconfined: bool) -> bool {
    if unconfined {
        let text = "OUTSIDE OF ANY SANDBOX: this command can do all that you can. Watching it until it ends.";
        let color = style().color;
        eprintln!("{}", if color { format!("\u{1b}[1;31m{text}\u{1b}[0m") } else { text.to_owned() });
    } else {
        eprintln!("watching the command with strace until all that it started has ended");
    }
    io::stderr().is_terminal() && !io::stdin().is_terminal() && !io::stdout().is_terminal()
}

fn count(counts: bool, lines: usize) {
    if counts && lines.is_multiple_of(4096) {
        eprint!("\r{lines} calls\u{1b}[K");
    }
}

/// Runs a command as the caller would have.
fn unconfined(tracer: Vec<OsString>, words: &[OsString]) -> Result<i32, Diagnostic> {
    let failed = |error: io::Error| Diagnostic::error(Code::SBC0721, format!("strace cannot be started: {error}"));
    let (program, rest) = tracer.split_first().ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
    // Ctrl-C is for the command; sbc stays to say what was learned.
    let keyboard: Vec<i32> =
        [libc::SIGINT, libc::SIGQUIT].into_iter().filter(|signal| !sys::is_ignored(*signal)).collect();
    let mut command = Command::new(program);
    let mut child = command.args(rest).args(words).spawn().map_err(failed)?;
    keyboard.iter().for_each(|signal| sys::ignore(*signal));
    let ended = child.wait().map_err(failed)?;
    keyboard.iter().for_each(|signal| sys::restore(*signal));
    Ok(ended.code().unwrap_or_else(|| 128 + ended.signal().unwrap_or(0)))
}

fn unreadable(name: &str, failure: &Failure) -> Problems {
    let (why, help) = match failure {
        Failure::Io(error) => (format!(": {error}"), "name a file that you can read"),
        Failure::Line(number, Malformed::Foreign) => {
            (format!(": line {number} is none of strace's"), "write it with `strace -f -y -o LOG COMMAND`")
        }
        Failure::Line(number, Malformed::CutOff) => {
            (format!(": line {number} ends in the middle"), "trace the command again, to its end")
        }
        Failure::TooLong(number) => {
            (format!(": line {number} is longer than a megabyte"), "write it with `strace -f -y -o LOG COMMAND`")
        }
        Failure::TooMany => {
            (": it names more paths or processes than any program has".to_owned(), "trace a smaller part of the work")
        }
        Failure::Empty => (": it holds no call".to_owned(), "write it with `strace -f -y -o LOG COMMAND`"),
    };
    refuse(Diagnostic::error(Code::SBC0722, format!("`{name}` cannot be read as a log of strace's{why}")).help(help))
}

/// Says what was learned, and writes it if that is wanted.
fn learn(arguments: &Learn, watched: Watched, data: Option<OwnedFd>) -> Result<i32, Problems> {
    let Before { root, draft, is_new } = before(arguments)?;
    let host = Host::read(&root).map_err(refuse)?;
    let name = draft.compiled.plan.name.clone();
    let sources = draft.sources.clone();
    let Some(Studied { findings, proposed, unused }) = study(arguments, &watched, draft, &host) else {
        let title = format!("this host cannot run the sandbox `{}`", printable(&name));
        return Err(refuse(Diagnostic::error(Code::SBC0705, title).help("`sbc check` says why")));
    };
    let Proposed { draft, proposals, left } = proposed;
    let lesson = Lesson { host: &host, findings: &findings, left, unplaced: watched.followed.table.unplaced };
    if data.is_none() {
        watched.status.iter().for_each(|status| eprintln!("the command ended with status {status}"));
        eprint!("{}", show::report(&lesson, style()));
    }
    let mut accepted: Vec<bool> = proposals.iter().map(|proposal| accept(proposal, arguments.format)).collect();
    let after = settle(draft, &host, &proposals, &mut accepted).sources;
    let change = Change { root, before: sources, after, is_new };
    let is_interrupted = watched.status.is_some_and(|status| [libc::SIGINT, libc::SIGQUIT].contains(&(status - 128)));
    if let Some(data) = data {
        let applied = arguments.apply && !is_interrupted && change.write()?;
        let answer = Answer {
            sandbox: &name,
            status: watched.status,
            findings: show::findings(&lesson),
            proposals: show::proposals(&proposals, &accepted),
            left,
            unused,
            diff: change.diff(Style { color: false, unicode: true, width: None }),
            applied,
        };
        let text = serde_json::to_string_pretty(&answer).unwrap_or_default() + "\n";
        return Ok(i32::from(File::from(data).write_all(text.as_bytes()).is_err()));
    }
    if arguments.unused {
        return Ok(say_unused(&unused));
    }
    eprint!("{}", show::held(&proposals, &accepted, style()));
    if change.is_empty() {
        let hint = findings.iter().any(|one| !one.is_sure() && !one.is_noise()) && !arguments.all;
        eprintln!("nothing to propose{}", if hint { "; with `--all` also for what may not have mattered" } else { "" });
        return Ok(0);
    }
    say(arguments, &change, is_interrupted)
}

/// What comes of a run.
struct Studied {
    findings: Vec<Finding>,
    proposed: Proposed,
    unused: Vec<Unused>,
}

/// Compares what was watched with the sandbox; nothing where this host cannot run that.
fn study(arguments: &Learn, watched: &Watched, draft: Draft, host: &Host) -> Option<Studied> {
    let start = draft.clone();
    draft.look(host, |invocation, view| {
        let own = invocation.env.get(OsStr::new("PATH"));
        let path: Vec<PathBuf> = own.iter().flat_map(std::env::split_paths).collect();
        let situation = Situation {
            compiled: &draft.compiled,
            host,
            view,
            path: &path,
            is_outside: watched.is_outside,
            failed: watched.status.is_some_and(|status| status != 0),
        };
        let table = &watched.followed.table;
        if arguments.unused {
            let unused = unused(&situation, table, &draft.sources);
            let proposed = Proposed { draft: start, proposals: Vec::new(), left: 0 };
            return Studied { findings: Vec::new(), proposed, unused };
        }
        let findings = findings(&situation, table);
        let proposed = propose(start, &situation, &findings, arguments.all);
        Studied { findings, proposed, unused: Vec::new() }
    })
}

/// The texts before and after.
struct Change {
    root: PathBuf,
    before: Sources,
    after: Sources,
    /// Whether there was no policy.
    is_new: bool,
}

impl Change {
    fn is_empty(&self) -> bool {
        self.before.iter().zip(self.after.iter()).all(|((_, old), (_, new))| old.text == new.text)
    }

    fn diff(&self, style: Style) -> String {
        if self.is_empty() { String::new() } else { show::diff(&self.before, &self.after, self.is_new, style) }
    }

    /// Writes the policy; gives whether there was something to write.
    fn write(&self) -> Result<bool, Problems> {
        if self.is_empty() {
            return Ok(false);
        }
        if !self.is_new {
            return fix::replace(&self.root, &self.before, &self.after).map(|()| true).map_err(refuse);
        }
        let policy = self.after.iter().find(|(_, source)| source.kind == SourceKind::Policy);
        let text = policy.map(|(_, source)| source.text.as_bytes()).unwrap_or_default();
        write::create(&self.root.join(POLICY), text).map(|()| true).map_err(refuse)
    }
}

/// Prints what changes, writes it if that is wanted, and says what to type next.
fn say(arguments: &Learn, change: &Change, is_interrupted: bool) -> Result<i32, Problems> {
    let code = print(change.diff(style_of(&io::stdout())));
    let question = "The command was interrupted. Write what was learned until then?";
    let may = || !is_interrupted || ask::is_possible() && ask::agrees(question, false);
    if arguments.apply && may() && change.write()? {
        let next = line("exec", None, arguments);
        eprintln!("wrote {}; look at it, then `{next}`, which asks for the changed sandbox", file(arguments));
    } else {
        let why = if arguments.apply { ", because the command was interrupted" } else { "" };
        eprintln!("nothing was written{why}; this does that: {}", line("learn", Some("--apply"), arguments));
    }
    Ok(code)
}

fn say_unused(unused: &[Unused]) -> i32 {
    eprintln!("{}", if unused.is_empty() { "every rule was touched" } else { "not touched by this run:" });
    print(show::unused(unused))
}

/// The command line that goes on with the same.
fn line(command: &str, option: Option<&str>, arguments: &Learn) -> String {
    let mut words: Vec<OsString> = [Some("sbc"), Some(command), option].into_iter().flatten().map(Into::into).collect();
    if command == "learn" {
        let flags = [(arguments.all, "--all"), (arguments.unconfined, "--unconfined"), (arguments.local, "--local")];
        words.extend(flags.into_iter().filter(|(is_given, _)| *is_given).map(|(_, flag)| flag.into()));
        words.extend(arguments.from.iter().flat_map(|log| ["--from".into(), log.clone().into_os_string()]));
    }
    words.extend(arguments.sandbox.iter().map(OsString::from));
    if !arguments.words.is_empty() {
        words.push("--".into());
        words.extend(arguments.words.iter().cloned());
    }
    words.iter().map(|word| shell::host_path(Path::new(word))).collect::<Vec<_>>().join(" ")
}

/// The file that rules go into.
const fn file(arguments: &Learn) -> &'static str {
    if arguments.local { LOCAL } else { POLICY }
}

/// The policy as it is; where there is none and none is needed, the least that can be written.
fn before(arguments: &Learn) -> Result<Before, Problems> {
    let is_new = arguments.unconfined && project::find(Path::new(".")).is_err();
    if is_new {
        let root = std::env::current_dir().unwrap_or_default();
        let directory = root.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = draft::name_of(&directory.unwrap_or_default());
        let text = format!("sandbox \"{name}\" {{\n    inherit \"base-dev\"\n}}\n");
        let mut sources = builtin::sources();
        sources.add(Source { kind: SourceKind::Policy, name: POLICY.to_owned(), text: text.into() });
        let draft = Draft::compile(sources, &name, false)
            .ok_or_else(|| refuse(Diagnostic::error(Code::SBC0007, "no policy")))?;
        return Ok(Before { root, draft, is_new });
    }
    let wanted = one(arguments.sandbox.clone());
    let Loaded { project, mut compilation } = load(Path::new("."), wanted)?;
    match compilation.sandboxes.pop().filter(|_| !compilation.diagnostics.has_errors()) {
        Some(compiled) => {
            if arguments.local && !compiled.merged.has_local() {
                return Err(refuse(no_local(&compiled.plan.name)));
            }
            let draft = Draft { sources: project.sources, compiled, is_local: arguments.local };
            Ok(Before { root: project.root, draft, is_new })
        }
        None => Err(Box::new((compilation.diagnostics, project.sources))),
    }
}

fn no_local(sandbox: &str) -> Diagnostic {
    let title = format!("nothing is added to `{}` on this machine so far", printable(sandbox));
    let help = format!("`sbc init --local` makes a `{LOCAL}`; or write `sandbox \"{sandbox}\" {{ }}` into yours");
    Diagnostic::error(Code::SBC0205, title).help(help)
}

/// Whether a rule is to be in force. What opens more than reading is asked at a terminal.
fn accept(proposal: &Proposal, format: LearnFormat) -> bool {
    match &proposal.hold {
        Hold::No => true,
        Hold::Refused(_) => false,
        Hold::Ask(question) => {
            format == LearnFormat::Human && ask::is_possible() && ask::agrees(&printable(question), false)
        }
    }
}

/// The policy with what was held back: in force, or as a comment. What was accepted and does not hold with
/// the others is a comment, too.
fn settle(draft: Draft, host: &Host, proposals: &[Proposal], accepted: &mut [bool]) -> Draft {
    let held = proposals.iter().zip(accepted).filter(|(proposal, _)| proposal.hold != Hold::No);
    held.fold(draft, |draft, (proposal, accepted)| {
        let next = accepted.then(|| draft.add(proposal.section, &proposal.rule, host).held()).flatten();
        *accepted = next.is_some();
        next.or_else(|| draft.comment(proposal.section, &proposal.comment())).unwrap_or(draft)
    })
}
