//! What the words of `terminal` promise, in real terminals: everything works, and nothing is typed.

use crate::script::{SHELLS, build};
use crate::seccomp::try_syscall;
use crate::support::{Project, skip};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A terminal with a session of its own in it.
struct Terminal {
    master: File,
    child: Child,
    output: Receiver<Vec<u8>>,
    /// What came and was not yet waited for.
    text: String,
}

impl Terminal {
    /// Runs a line of shell in a new terminal, in the project. A child of the shell is a job only with `-i`.
    fn start(project: &Project, shell: &[&str], line: &str) -> Terminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let end = || File::options().read(true).write(true).custom_flags(libc::O_NOCTTY).open(&name).unwrap();
        let mut command = project.command("setsid");
        command.args(["--ctty", "--wait"]).args(shell).args(["-c", line]).env("PS1", "$ ");
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let master = File::from(master);
        let (mut reader, (sender, output)) = (master.try_clone().unwrap(), channel());
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count) = reader.read(&mut buffer) {
                if count == 0 || sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Terminal { master, child, output, text: String::new() }
    }

    fn types(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the text has come, gives what came before it, and forgets both.
    #[track_caller]
    fn shows(&mut self, text: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(at) = self.text.find(text) {
                let rest = self.text.split_off(at + text.len());
                let mut before = std::mem::replace(&mut self.text, rest);
                before.truncate(at);
                return before;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.text.push_str(&String::from_utf8_lossy(&bytes)),
                Err(error) => panic!("{text:?} did not come ({error}), but this: {:?}", self.text),
            }
        }
    }

    fn resize(&self, rows: u16, columns: u16) {
        tcsetwinsize(&self.master, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    }

    /// Waits for the end and gives the status.
    fn ends(&mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// The commands that start the sandbox `app` and go on with `-- COMMAND`: sbc, and the script under
/// each shell.
fn starts(project: &Project) -> Vec<String> {
    build(project);
    project.trust();
    let scripts = SHELLS.iter().map(|shell| format!("{} .agent-sandbox/app.sh", shell.join(" ")));
    [format!("{} exec", env!("CARGO_BIN_EXE_sbc"))].into_iter().chain(scripts).collect()
}

// The jobs below start no programs when they are stopped, because a shell does not stop between `vfork` and
// `exec`; and they read nothing, because they could take what is typed for the shell before they stop.

/// An interactive shell inside has its jobs: Ctrl-Z stops one, `fg` goes on with it, Ctrl-C ends it,
/// and it learns of another size of the window.
#[test]
fn job_control_inside() {
    let project = Project::with_body("isolation { terminal \"guarded\"; }");
    for start in starts(&project) {
        let mut terminal = Terminal::start(&project, &["sh"], &format!("exec {start} -- bash --norc --noediting -i"));
        terminal.types("echo re''ady\n");
        let greeting = terminal.shows("ready");
        assert!(!greeting.contains("job control"), "{start}: {greeting}");
        let job = "sleep 1000 & trap \"echo go\"\"es on\" CONT; echo work\"\"ing; while :; do wait; done";
        terminal.types(&format!("sh -c '{job}'\n"));
        terminal.shows("working");
        terminal.types("\x1a");
        terminal.shows("Stopped");
        terminal.shows("$ ");
        terminal.types("fg\n");
        terminal.shows("goes on");
        terminal.types("\x03");
        // What is typed before the signal is dropped.
        terminal.shows("$ ");
        terminal.types("echo status''=$?\n");
        terminal.shows("status=130");
        terminal.types("trap 'echo chan''ged' WINCH; echo set''=1\n");
        terminal.shows("set=1");
        terminal.resize(31, 97);
        terminal.types("\nstty size\n");
        terminal.shows("changed");
        terminal.shows("31 97");
        terminal.types("exit 7\n");
        assert_eq!(terminal.ends(), 7, "{start}: {}", terminal.text);
    }
}

/// For the shell outside the sandbox is a job like another one: Ctrl-Z stops it whole, `fg` goes on,
/// and Ctrl-C reaches what runs inside.
#[test]
fn job_control_outside() {
    let project = Project::with_body("");
    project.trust();
    let sbc = env!("CARGO_BIN_EXE_sbc");
    let mut terminal = Terminal::start(&project, &["sh"], "exec bash --norc --noediting -i");
    terminal.types(&format!(
        "{sbc} exec -- sh -c 'sleep 1000 & trap \"echo cau\"\"ght; exit 5\" INT; trap \"echo go\"\"es on\" CONT; echo run\"\"ning; while :; do wait; done'\n"
    ));
    terminal.shows("running");
    terminal.types("\x1a");
    terminal.shows("Stopped");
    terminal.shows("$ ");
    terminal.types("fg\n");
    terminal.shows("goes on");
    terminal.types("\x03");
    terminal.shows("caught");
    terminal.types("echo status''=$?\n");
    terminal.shows("status=5");
    terminal.types("exit\n");
    terminal.ends();
}

/// After an interactive shell inside, the terminal belongs to the caller again. A script of `sh` cannot
/// see to that.
#[test]
fn terminal_is_given_back() {
    let project = Project::with_body("");
    project.trust();
    let sbc = env!("CARGO_BIN_EXE_sbc");
    let line = format!("{sbc} exec -- bash --norc --noediting -i; read line; echo \"got $line\"");
    let mut terminal = Terminal::start(&project, &["sh"], &line);
    terminal.types("echo re''ady\n");
    terminal.shows("ready");
    terminal.types("exit\n");
    terminal.shows("exit");
    terminal.types("something\n");
    terminal.shows("got something");
    terminal.ends();
}

/// The errnos that a sandbox (or, with an empty start, none) gives to who types into the terminal: for
/// TIOCSTI and TIOCLINUX, and for both with high bits that the kernel does not look at.
fn injections(project: &Project, start: &str) -> Vec<i32> {
    let attack = |request: &str| {
        let line = format!("{start} sh -c 'echo errno=$(./try-syscall {} 0 {request} @x)'", libc::SYS_ioctl);
        let mut terminal = Terminal::start(project, &["sh"], &line);
        terminal.shows("errno=");
        let errno = terminal.shows("\r\n").parse().unwrap();
        // Only then what the start has made is gone.
        terminal.ends();
        errno
    };
    ["0x5412", "0x100005412", "0x541c", "0x10000541c"].map(attack).to_vec()
}

/// `guarded` and `new-session` refuse to type into the terminal; `inherit` refuses nothing.
#[test]
fn nothing_types() {
    const NONE: &[i32] = &[0, 0, libc::ENOTTY, libc::ENOTTY];
    let outside = Project::empty();
    try_syscall(&outside);
    let control = injections(&outside, "");
    if control != NONE {
        skip!("typing into a terminal cannot be tried, this kernel refuses it anyway: {control:?}");
    }
    for (word, expected) in
        [("guarded", [libc::EPERM; 4].as_slice()), ("new-session", &[libc::EPERM; 4]), ("inherit", NONE)]
    {
        let project = Project::with_body(&format!("isolation {{ terminal \"{word}\"; }}"));
        try_syscall(&project);
        for start in starts(&project) {
            assert_eq!(injections(&project, &format!("{start} --")), expected, "{word}: {start}");
        }
    }
}

/// With `new-session` the command cannot reach the terminal.
#[test]
fn new_session_has_no_terminal() {
    let project = Project::with_body("isolation { terminal \"new-session\"; }");
    for start in starts(&project) {
        let mut terminal =
            Terminal::start(&project, &["sh"], &format!("{start} -- sh -c '(: </dev/tty) || echo no''ne'"));
        terminal.shows("none");
        // The next start shall not meet what this one is about to remove.
        terminal.ends();
    }
}

/// The bell and the escape sequences of notifications come out as they were written, and programs learn which
/// terminal it is; the session bus is not inside.
#[test]
fn notifications() {
    let inside = "printf '\\a\\033]9;nine\\a\\033]99;;kitty\\033\\\\\\033]777;notify;title;text\\a'; \
                  echo \"<$TERM_PROGRAM$DBUS_SESSION_BUS_ADDRESS$TMUX>\"";
    for terminal in ["guarded", "new-session"] {
        let policy =
            format!("sandbox \"app\" {{ inherit \"notifications\"; isolation {{ terminal \"{terminal}\"; }}; }}\n");
        let project = Project::new(&policy);
        project.write("inside", inside);
        for start in starts(&project) {
            let line = format!(
                "TERM_PROGRAM=WezTerm DBUS_SESSION_BUS_ADDRESS=unix:path=/bus TMUX=/sock,1,0 {start} -- sh inside"
            );
            let mut terminal = Terminal::start(&project, &["sh"], &line);
            let written = terminal.shows("<WezTerm>");
            assert!(
                written.ends_with("\x07\x1b]9;nine\x07\x1b]99;;kitty\x1b\\\x1b]777;notify;title;text\x07"),
                "{written:?}"
            );
            terminal.ends();
        }
    }
}
