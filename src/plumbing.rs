//! Runs the real git on repositories that are not trusted.
//!
//! The repository may be hostile, and git runs programs that a repository's settings name. So git is only
//! asked for names, lists and contents of objects, with an environment of sbc's own and with a deadline. It is never looked for
//! on `PATH`. It uses a network where the caller names the one protocol, and nowhere else.

#![allow(clippy::disallowed_methods, reason = "this module looks for git and starts it")]

use crate::code::Code;
use crate::diagnostic::{Diagnostic, printable};
use crate::guard;
use crate::tool::{Owner, is_program, trusted};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Where distributions install it. `PATH` is not asked: a project or an agent may write there.
const PLACES: [&str; 4] = ["/usr/bin/git", "/usr/local/bin/git", "/run/current-system/sw/bin/git", "/bin/git"];

/// Longer than an honest repository needs. A setting can include a file that never ends.
const DEADLINE: Duration = Duration::from_secs(10);

/// The same where a network is between.
const FAR: Duration = Duration::from_secs(120);

/// What keeps a repository's settings from running a program.
const SETTINGS: [&str; 10] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.sshCommand=false",
    "core.alternateRefsCommand=true",
    "core.pager=cat",
    "credential.helper=",
    "protocol.allow=never",
    // Nothing of the repository is believed, whoever owns it.
    "safe.directory=*",
    // Nothing goes on behind the back.
    "gc.auto=0",
    "maintenance.auto=false",
];

/// The same for what the environment decides.
const ENVIRONMENT: [(&str, &str); 9] = [
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_LITERAL_PATHSPECS", "1"),
    ("GIT_PAGER", "cat"),
    ("LC_ALL", "C"),
];

/// What a network needs of the caller's environment: git's variable, and the ones that are asked for it in turn. Where
/// other programs are told who vouches for servers, git is told so too.
const OF_NETWORKS: [(&str, &[&str]); 9] = [
    ("SSH_AUTH_SOCK", &["SSH_AUTH_SOCK"]),
    ("https_proxy", &["https_proxy"]),
    ("HTTPS_PROXY", &["HTTPS_PROXY"]),
    ("all_proxy", &["all_proxy"]),
    ("ALL_PROXY", &["ALL_PROXY"]),
    ("no_proxy", &["no_proxy"]),
    ("NO_PROXY", &["NO_PROXY"]),
    ("GIT_SSL_CAINFO", &["GIT_SSL_CAINFO", "CURL_CA_BUNDLE", "SSL_CERT_FILE"]),
    ("GIT_SSL_CAPATH", &["GIT_SSL_CAPATH", "SSL_CERT_DIR"]),
];

/// The git of this host.
#[derive(Clone, Debug)]
pub struct Git {
    program: PathBuf,
    /// The only one that it may use.
    protocol: Option<&'static str>,
}

impl Git {
    /// Finds it.
    ///
    /// # Errors
    /// When there is none, or others could change it.
    pub fn find() -> Result<Git, Diagnostic> {
        let git = PLACES.iter().map(Path::new).find(|path| is_program(path)).ok_or_else(|| {
            failed("git is not installed")
                .help(format!("install the package `git`; sbc looks for it at {}", PLACES.join(", ")))
        })?;
        Ok(Git { program: trusted(git, Owner::Root)?, protocol: None })
    }

    /// The same git, which may use one protocol.
    pub fn over(&self, protocol: &'static str) -> Git {
        Git { protocol: Some(protocol), ..self.clone() }
    }

    /// What git prints when it is run in a directory. At most so many bytes of it are read.
    ///
    /// # Errors
    /// When it fails, says more, or takes too long.
    pub fn run(&self, directory: &Path, arguments: &[&str], input: &str, most: u64) -> Result<Vec<u8>, Diagnostic> {
        self.ask(directory, arguments, input, most)?.map_err(|complaint| explain(directory, &complaint))
    }

    /// The same; where git fails, what it complains about.
    ///
    /// # Errors
    /// When it cannot be run, says more, or takes too long.
    pub fn ask(
        &self,
        directory: &Path,
        arguments: &[&str],
        input: &str,
        most: u64,
    ) -> Result<Result<Vec<u8>, String>, Diagnostic> {
        let cannot = |error: io::Error| failed(&format!("`{}` cannot be run: {error}", self.program.display()));
        let mut stdin = tempfile::tempfile().map_err(cannot)?;
        stdin.write_all(input.as_bytes()).and_then(|()| stdin.rewind()).map_err(cannot)?;
        let mut git = self.command(directory, arguments).stdin(stdin).spawn().map_err(cannot)?;
        let deadline = if self.protocol.is_some() { FAR } else { DEADLINE };
        let (stdout, stderr) = (git.stdout.take(), git.stderr.take());
        let read = guard::run(deadline, move || Some((bounded(stdout, most + 1)?, bounded(stderr, 1 << 12)?)));
        let Some((bytes, complaint)) = read.ok().flatten() else {
            end(&mut git);
            return Err(failed(&format!("git did not answer within {} seconds", deadline.as_secs())));
        };
        if bytes.len() as u64 > most {
            end(&mut git);
            return Err(failed("the repository has more to read than a policy needs"));
        }
        match git.wait() {
            Ok(status) if status.success() => Ok(Ok(bytes)),
            _ => Ok(Err(String::from_utf8_lossy(&complaint).into_owned())),
        }
    }

    fn command(&self, directory: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(directory).env_clear().envs(ENVIRONMENT);
        command.env("GIT_ALLOW_PROTOCOL", self.protocol.unwrap_or("none"));
        if self.protocol.is_some() {
            // ssh is found there, and asks nobody.
            let ssh = "ssh -oBatchMode=yes -oConnectTimeout=30";
            command.env("PATH", "/usr/bin:/bin").env("GIT_SSH_COMMAND", ssh);
            let value = |names: &[&str]| names.iter().find_map(std::env::var_os);
            command.envs(OF_NETWORKS.iter().filter_map(|(name, names)| Some((name, value(names)?))));
        }
        command.args(["--no-pager", "--no-optional-locks"]);
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting])).args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

fn end(git: &mut Child) {
    let _ = git.kill();
    let _ = git.wait();
}

/// At most so many bytes of a stream.
fn bounded(stream: Option<impl Read>, most: u64) -> Option<Vec<u8>> {
    let mut stream = stream?;
    let mut bytes = Vec::new();
    stream.by_ref().take(most).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// What git complains about.
fn explain(directory: &Path, complaint: &str) -> Diagnostic {
    if complaint.contains("not a git repository") {
        return failed(&format!("`{}` is not in a git repository", directory.display()))
            .help("compare two directories: `sbc diff OLD NEW`; or start a repository: `git init`");
    }
    let line = complaint.lines().find(|line| !line.trim().is_empty()).unwrap_or("it did not say why");
    failed(&format!("git failed: {}", printable(line.trim_start_matches("fatal: "))))
        .help("see whether `git status` works here")
}

/// A problem with a revision.
pub fn failed(title: &str) -> Diagnostic {
    Diagnostic::error(Code::SBC0709, title)
}
