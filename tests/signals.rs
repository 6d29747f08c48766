//! How a sandbox ends: exit codes, signals, the terminal, and nothing left behind.

use crate::support::{Project, run};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Starts `sbc exec` with a shell command and waits for its first line.
fn start(project: &Project, shell: &str) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut command = project.sbc_command(&["exec", "--", "/bin/sh", "-c", shell]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    lines.read_line(&mut String::new()).unwrap();
    (child, lines)
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// How many processes run with this argument.
fn processes_with(argument: &str) -> usize {
    let output = run(Command::new("pgrep").args(["-fc", argument]));
    output.stdout.trim().parse().unwrap()
}

/// The command's own status comes back, also 1, 125 and above.
#[test]
fn exit_codes_are_the_commands() {
    let project = Project::with_body("");
    for code in [0, 1, 9, 125, 126, 127, 255] {
        project.exec(&format!("exit {code}")).code(code);
    }
}

/// A command that dies of a signal gives 128 and the number of the signal.
#[test]
fn signals_of_the_command() {
    let project = Project::with_body("");
    for (name, code) in [("TERM", 143), ("KILL", 137), ("SEGV", 139), ("INT", 130)] {
        project.exec(&format!("kill -{name} $$")).code(code);
    }
}

/// A command that is not there gives 127, one that cannot be run 126, each with a reason.
#[test]
fn commands_that_do_not_start() {
    let project = Project::with_body("");
    project.write("plain", "x");
    project.write("script", "#!/nowhere/sh\n");
    project.executable("script");
    project.sbc(&["exec", "--", "no-such-program"]).code(127).says(&["no-such-program", "PATH"]);
    project.sbc(&["exec", "--", "./plain"]).code(126).says(&["plain"]);
    project.sbc(&["exec", "--", "./script"]).code(127).says(&["interpreter"]);
}

/// Signals that are sent to sbc reach the command, which may handle them.
#[test]
fn signals_are_passed_on() {
    let project = Project::with_body("");
    for name in ["TERM", "HUP", "USR1", "USR2"] {
        let shell = format!("trap 'echo got {name}; exit 7' {name}; echo ready; while :; do sleep 0.05; done");
        let (mut child, mut lines) = start(&project, &shell);
        signal(&child, &format!("-{name}"));
        let mut rest = String::new();
        lines.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, format!("got {name}\n"));
        assert_eq!(child.wait().unwrap().code(), Some(7));
    }
}

/// Runs `sbc exec` in a terminal, types Ctrl-C when it is ready, and gives what came and the status.
fn control_c(project: &Project, shell: &str) -> (String, Option<i32>) {
    project.write("inside", shell);
    project.trust();
    let sbc = format!("exec {} exec -- /bin/sh inside", env!("CARGO_BIN_EXE_sbc"));
    let mut command = project.command("script");
    command.args(["-qec", &sbc, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    lines.read_line(&mut text).unwrap();
    let mut keyboard = child.stdin.take().unwrap();
    keyboard.write_all(b"\x03").unwrap();
    lines.read_to_string(&mut text).unwrap();
    (text, child.wait().unwrap().code())
}

/// Ctrl-C reaches the command as without a sandbox: it can handle it, and it dies of it otherwise;
/// with the caller's terminal and without it.
#[test]
fn control_c_reaches_the_command() {
    for word in ["guarded", "new-session", "inherit"] {
        let project = Project::with_body(&format!("isolation {{ terminal \"{word}\"; }}"));
        let handled = control_c(&project, "trap 'echo caught; exit 5' INT\necho ready\nwhile :; do sleep 0.05; done\n");
        assert!(handled.0.contains("caught"), "{word}: {handled:?}");
        assert_eq!(handled.1, Some(5), "{word}: {handled:?}");
        let died = control_c(&project, "echo ready\nexec sleep 30\n");
        assert_eq!(died.1, Some(130), "{word}: {died:?}");
        let child = control_c(&project, "echo ready\nsleep 30\necho late\n");
        assert!(child.1 == Some(130) && !child.0.contains("late"), "{word}: {child:?}");
    }
}

/// A sandbox that is started with Ctrl-C ignored leaves it ignored, as `nohup` wishes.
#[test]
fn ignored_signals_stay_ignored() {
    let project = Project::with_body("");
    project.trust();
    let shell =
        format!("trap '' INT; exec {} exec -- /bin/sh -c 'kill -INT $$; echo survived'", env!("CARGO_BIN_EXE_sbc"));
    assert_eq!(run(project.command("sh").args(["-c", &shell])).code(0).stdout, "survived\n");
}

/// When sbc is killed nothing of the sandbox goes on, and neither does it after a normal end.
#[test]
fn nothing_is_left_running() {
    let project = Project::with_body("");
    let (mut child, _lines) = start(&project, "setsid sleep 7711 & echo ready; wait");
    assert!(processes_with("sleep 7711") > 0);
    signal(&child, "-KILL");
    child.wait().unwrap();
    gone("sleep 7711");
    project.exec("setsid sleep 7722 & exit 3").code(3);
    gone("sleep 7722");
}

/// Fails unless no process with this argument is left within two seconds.
fn gone(argument: &str) {
    let deadline = Instant::now() + Duration::from_secs(2);
    while processes_with(argument) > 0 {
        assert!(Instant::now() < deadline, "{argument} is still running");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A failure of bubblewrap before the command is 125 with its complaint, and not the command's 1.
#[test]
fn failures_of_bubblewrap() {
    let project = Project::with_body("filesystem { tmpfs \"/proc/sys/x\"; }");
    project.exec("true").code(125).says(&["SBC0705", "/proc/sys/x"]);
}

/// Standard input arrives whole, and a closed one does no harm.
#[test]
fn standard_input_is_passed() {
    let project = Project::with_body("");
    let mut child =
        project.sbc_command(&["exec", "--", "wc", "-c"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&[b'x'; 200_000]).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "200000");
    project.trust();
    let shell = format!("exec 0<&-; {} exec -- echo fine", env!("CARGO_BIN_EXE_sbc"));
    assert_eq!(run(project.command("sh").args(["-c", &shell])).code(0).stdout, "fine\n");
}

/// What a killed run leaves is removed when nothing of it runs any more, and what is used stays.
#[test]
fn a_killed_run_is_cleaned_up() {
    let project = Project::with_body("filesystem { rw \"~/.made/here\" \"~/.kept\" missing=\"create-dir\"; }");
    let (mut child, _lines) = start(&project, "echo ready; sleep 60");
    assert!(project.home.join(".made/here").exists());
    project.exec("touch ~/.kept/x").code(0);
    assert!(project.home.join(".made/here").exists());
    signal(&child, "-KILL");
    child.wait().unwrap();
    gone(project.home.join(".local/state/sbc/runs").to_str().unwrap());
    assert!(!project.home.join(".made").exists());
    assert!(project.home.join(".kept/x").exists());
    let journal = project.home.join(".local/state/sbc/runs");
    assert_eq!(std::fs::read_dir(journal).unwrap().count(), 0);
}
