//! Descriptors 0 to 2: which of them are passed on, and what a process inside can do with those.

use crate::support::{Project, run};
use rustix::fs::{Mode, OFlags, open};
use std::fs::{self, File};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

/// The ways to start a sandbox with a shell command in it.
fn ways(project: &Project, command: &str) -> Vec<(String, Command)> {
    project.trust();
    project.sbc(&["build"]).code(0);
    let words = ["--", "/bin/sh", "-c", command];
    let mut exec = project.plain_command(&["exec"]);
    exec.args(words);
    let mut all = vec![("exec".to_owned(), exec)];
    for shell in [&["dash"][..], &["bash"], &["busybox", "sh"]] {
        let mut script = project.command(shell[0]);
        script.args(&shell[1..]).arg(".agent-sandbox/app.sh").args(words);
        all.push((shell[0].to_owned(), script));
    }
    all
}

fn handle(path: impl AsRef<Path>, flags: OFlags) -> OwnedFd {
    open(path.as_ref(), flags, Mode::empty()).unwrap()
}

/// A directory as any of the three is refused by `exec` and by the script under every shell, and nothing is
/// started. Through it the host could be reached, which bubblewrap alone does not hinder.
#[test]
fn directories_are_refused() {
    let project = Project::with_body("");
    project.write_home("secret", "SECRET\n");
    let reach =
        format!("for n in 0 1 2; do cat /proc/self/fd/$n{}/secret; done; touch started", project.home.display());
    for (way, mut command) in ways(&project, &reach) {
        for stream in 0..3 {
            let root = || Stdio::from(handle("/", OFlags::RDONLY));
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            match stream {
                0 => command.stdin(root()),
                1 => command.stdout(root()),
                _ => command.stderr(root()),
            };
            let output = command.output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(125), "{way} {stream}: {said}");
            assert!(output.stdout.is_empty() && !project.root.join("started").exists(), "{way} {stream}");
            let texts = if way == "exec" { ["SBC0712", "directory"] } else { ["descriptor", "directory"] };
            assert!(stream == 2 || texts.iter().all(|text| said.contains(text)), "{way} {stream}: {said}");
        }
    }
    let mut plain = project.command("bwrap");
    plain.args(["--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib"]);
    plain.args(["--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--", "/bin/cat"]);
    plain.arg(format!("/proc/self/fd/0{}/secret", project.home.display())).stdin(handle("/", OFlags::RDONLY));
    assert_eq!(run(&mut plain).code(0).stdout, "SECRET\n");
}

/// A handle on a path is refused by `exec`, whatever it leads to: a directory, a file or a disk.
#[test]
fn handles_are_refused() {
    let project = Project::with_body("");
    project.write("file", "");
    project.trust();
    let disks =
        fs::read_dir("/sys/class/block").unwrap().flatten().map(|entry| Path::new("/dev").join(entry.file_name()));
    let disk = disks.filter(|disk| disk.exists()).take(1);
    for path in [project.root.clone(), project.root.join("file")].into_iter().chain(disk) {
        let mut command = project.plain_command(&["exec", "--", "/bin/true"]);
        let output = run(command.stdin(handle(&path, OFlags::PATH)));
        output.code(125).says(&["SBC0712", "standard input is a handle on a path"]);
    }
}

/// What is passed on: a file, a pipe, a socket and a character device. From none of them a directory can be
/// reached, and a file cannot be linked into the project. A file can be opened anew, as the threat model says.
#[test]
fn kinds_that_are_passed_on() {
    let project = Project::with_body("");
    project.write_home("input", "text\n");
    let command = "ls /proc/self/fd/0/.. && echo reached; ln -L /proc/self/fd/0 linked && echo linked; \
                   if [ -f /proc/self/fd/0 ]; then echo more >> /proc/self/fd/0; fi; cat";
    for (way, mut command) in ways(&project, command) {
        project.write_home("input", "text\n");
        let (mut far, near) = UnixStream::pair().unwrap();
        far.write_all(b"text\n").unwrap();
        far.shutdown(std::net::Shutdown::Write).unwrap();
        let inputs: [(&str, Stdio, &str); 3] = [
            ("file", File::open(project.home.join("input")).unwrap().into(), "text\nmore\n"),
            ("socket", OwnedFd::from(near).into(), "text\n"),
            ("device", File::open("/dev/null").unwrap().into(), ""),
        ];
        for (kind, input, expected) in inputs {
            let output = run(command.stdin(input));
            assert_eq!((output.code, output.stdout.as_str()), (0, expected), "{way} {kind}: {}", output.stderr);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"text\n").unwrap();
        assert_eq!(child.wait_with_output().unwrap().stdout, b"text\n", "{way}");
    }
}
