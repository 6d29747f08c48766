//! The committed script under three shells: it does what `sbc exec` does.

use crate::support::{Output, Project, run};
use crate::{hostile, random};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Each shell that a script must run under.
pub const SHELLS: [&[&str]; 3] = [&["dash"], &["bash"], &["busybox", "sh"]];

/// The script of `app` under a shell, with these arguments.
pub fn script_command(project: &Project, shell: &[&str], arguments: &[&str]) -> Command {
    let mut words = shell.iter();
    let mut command = project.command(words.next().expect("a shell"));
    command.args(words).arg(project.root.join(".agent-sandbox/app.sh")).args(arguments);
    command
}

/// Builds the artefacts.
#[track_caller]
pub fn build(project: &Project) {
    project.sbc(&["build"]).code(0);
}

/// Runs shell text by `sbc exec` and by the script under each shell; all must do the same.
#[track_caller]
pub fn same(project: &Project, text: &str) -> Output {
    build(project);
    let exec = project.exec(text);
    for shell in SHELLS {
        let output = run(&mut script_command(project, shell, &["--", "/bin/sh", "-c", text]));
        let (wanted, found) = ((exec.code, &exec.stdout), (output.code, &output.stdout));
        assert_eq!(wanted, found, "{shell:?}\nexec: {}\nscript: {}", exec.stderr, output.stderr);
    }
    exec
}

/// Asserts that exec and every script refuse to start, and say why.
#[track_caller]
pub fn refused(project: &Project, says: &str) {
    build(project);
    project.exec("echo started").code(125).says(&[says]);
    for shell in SHELLS {
        let output = run(&mut script_command(project, shell, &["--", "/bin/sh", "-c", "echo started"]));
        assert_eq!((output.code, output.stdout.as_str()), (125, ""), "{shell:?}: {}", output.stderr);
        assert!(output.stderr.starts_with("app.sh: ") && output.stderr.contains(says), "{shell:?}: {}", output.stderr);
    }
}

/// Everything below a directory.
pub fn tree(directory: &Path) -> BTreeSet<PathBuf> {
    let state = directory.join(".local");
    let entries = walkdir::WalkDir::new(directory).into_iter().map(|entry| entry.expect("an entry").into_path());
    // sbc keeps its own notes there.
    entries.filter(|path| !path.starts_with(&state)).collect()
}

/// Files, variables, directory and exit code are the same as with `sbc exec`.
#[test]
fn same_as_exec() {
    let project = Project::with_body(
        "    env { set X=\"a b\" Y=\"${HOME}/y\"; prepend PATH=\"/front\"; }\n    filesystem { file \"~/note\" \"text\"; deny \"./.env\"; tmpfs \"./cache\"; }",
    );
    project.write(".env", "secret");
    project.write_home(".ssh/id", "secret");
    let text = "env | sort; pwd; ls -AR ~ /etc/passwd; cat ~/note /etc/passwd; cat .env; hostname; ulimit -n; exit 7";
    let output = same(&project, text);
    assert_eq!(output.code, 7, "{}", output.stderr);
    assert!(output.stdout.contains("X=a b\n") && output.stdout.contains("PATH=/front:/usr/local/sbin"));
}

/// The command gets every argument and its standard input as they are.
#[test]
fn arguments_and_input() {
    let project =
        Project::with_body("    run { command \"/bin/sh\" \"-c\" \"cat; printf '<%s>' \\\"$$@\\\"\" \"name\"; }");
    build(&project);
    let words =
        ["-x", "a b", "new\nline\n", "it's \"q\"", "$(touch pwned)", "`touch pwned`", "", "*", "\\", "!x", "é", "--"];
    let expected: String = words.iter().map(|word| format!("<{word}>")).collect();
    for shell in SHELLS {
        let mut command = script_command(&project, shell, &words);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"in\xff\nput\n").unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.stdout, [b"in\xff\nput\n", expected.as_bytes()].concat(), "{shell:?}");
    }
    assert!(!tree(&project.home).iter().any(|path| path.ends_with("pwned")));
}

/// A script whose caller has closed its standard input still runs.
#[test]
fn closed_input() {
    let project = Project::with_body("");
    build(&project);
    for shell in SHELLS {
        let text = format!("{} .agent-sandbox/app.sh -- /bin/cat <&-", shell.join(" "));
        run(project.command("dash").args(["-c", &text])).code(0);
    }
}

/// A required path that is missing, and one that cannot be mounted on, stop it with 125 and a reason.
#[test]
fn missing_path() {
    refused(&Project::with_body("    filesystem { ro \"~/absent\"; }"), "absent");
    let project = Project::with_body("    filesystem { ro \"~/data\"; tmpfs \"~/data/absent\"; }");
    project.write_home("data/file", "");
    refused(&project, "must exist");
}

/// Called by any path and from anywhere, the script finds its project, and starts where the caller is in it.
#[test]
fn called_from_anywhere() {
    let project = Project::with_body("");
    build(&project);
    fs::create_dir_all(project.root.join("sub/deep")).unwrap();
    symlink(project.root.join(".agent-sandbox/app.sh"), project.home.join("link")).unwrap();
    let root = project.root.display().to_string();
    let cases = [
        ("sub/deep", "../../.agent-sandbox/app.sh -- /bin/pwd", "/sub/deep"),
        (".agent-sandbox", "sh app.sh -- /bin/pwd", "/.agent-sandbox"),
        ("sub", "PATH=../.agent-sandbox:$PATH app.sh -- /bin/pwd", "/sub"),
        ("..", "work/.agent-sandbox/app.sh -- /bin/pwd", ""),
        ("..", "./link -- /bin/pwd", ""),
    ];
    for (directory, text, expected) in cases {
        for shell in ["dash", "bash"] {
            let output =
                run(project.command(shell).current_dir(project.root.join(directory)).args(["-c", text])).code(0);
            assert_eq!(output.stdout, format!("{root}{expected}\n"), "{shell}: {text}");
        }
    }
    fs::copy(project.root.join(".agent-sandbox/app.sh"), project.home.join("app.sh")).unwrap();
    run(project.command("sh").arg(project.home.join("app.sh"))).code(125).says(&["not in the .agent-sandbox"]);
}

/// No variable gets in that the policy does not name, whatever its name and whatever the shell.
#[test]
fn environment_is_exact() {
    let project = Project::new(
        "sandbox \"app\" { inherit \"base-dev\"; env { set esac=\"1\" UID=\"2\" source=\"3\" name=\"4\"; pass \"X_*\"; secret \"KEY\"; prepend Q=\"q\"; pass \"Q\"; } }",
    );
    build(&project);
    let names: [&[u8]; 9] =
        [b"A\nB", b"A\n-u", b"odd-name", b"it's", b"BASH_FUNC_ls%%", b"\xff\xfe", b"-x", b"home", b"quoted"];
    let expected = "HOME KEY LOGNAME PATH Q SHELL UID USER X_Y esac name source";
    for shell in SHELLS {
        // bubblewrap says where the command starts.
        let read = "cat /proc/self/environ | tr '\\n\\0' '?\\n' | sed 's/=.*//' | grep -vx PWD | LC_ALL=C sort | tr '\\n' ' '; \
                    printf %s \"$Q\" \"$KEY\"; cat /proc/1/environ";
        let mut command = script_command(&project, shell, &["--", "/bin/sh", "-c", read]);
        command.env_remove("LANG").env("X_Y", "y").env("KEY", "line\nline");
        for name in names {
            command.env(OsStr::from_bytes(name), "() { :; }");
        }
        let output = run(&mut command).code(0);
        assert_eq!(output.stdout, format!("{expected} qline\nline"), "{shell:?}");
    }
}

/// A variable that the caller does not have is not invented: no empty entry ends up in PATH.
#[test]
fn unset_path() {
    for (body, expected) in [("prepend PATH=\"/x\"; pass \"PATH\"", "PATH=/x"), ("pass \"PATH\"", "")] {
        let project = Project::new(&format!(
            "profile \"base\" {{ inherit \"base-dev\"; env {{ remove \"PATH\"; }} }}\nsandbox \"app\" {{ inherit \"base\"; env {{ {body}; }} }}"
        ));
        build(&project);
        // busybox gives itself a PATH, which cannot be told from the caller's.
        for shell in &SHELLS[..2] {
            let read = "/usr/bin/cat /proc/self/environ | /usr/bin/tr '\\0' '\\n' | /usr/bin/grep ^PATH";
            let mut command = project.command(Path::new("/usr/bin").join(shell[0]));
            command
                .args(&shell[1..])
                .arg(".agent-sandbox/app.sh")
                .args(["--", "/bin/sh", "-c", read])
                .env_remove("PATH");
            assert_eq!(run(&mut command).stdout.trim_end(), expected, "{shell:?}");
        }
    }
}

/// A program that the sandbox can plant in its own PATH is not run on the host.
#[test]
fn planted_program() {
    let project = Project::with_body("    env { prepend PATH=\"${PROJECT}/bin\"; }");
    build(&project);
    for name in ["env", "bwrap", "realpath", "mkdir", "uname", "readlink"] {
        project.write(&format!("bin/{name}"), "#!/bin/sh\n>\"${0%/*}\"/../pwned\n");
        project.executable(&format!("bin/{name}"));
    }
    for shell in SHELLS {
        run(&mut script_command(&project, shell, &["--", "/bin/true"])).code(0);
        assert!(!project.root.join("pwned").exists(), "{shell:?}");
    }
}

/// No value of a secret stands in the arguments of any process.
#[test]
fn secrets_in_no_argument() {
    let project = Project::with_body("    env { secret \"KEY\"; pass \"OTHER\"; prepend OTHER=\"x\"; }");
    build(&project);
    for shell in SHELLS {
        let mut command = project.command("strace");
        command.args(["-f", "-qq", "-s", "100000", "-e", "trace=execve", "-o"]).arg(project.home.join("trace"));
        command.args(shell).arg(".agent-sandbox/app.sh").args(["--", "/bin/true"]);
        run(command.env("KEY", "hush\nhush").env("OTHER", "o")).code(0);
        let trace = fs::read_to_string(project.home.join("trace")).unwrap();
        assert!(trace.contains("--args") && !trace.contains("hush"), "{shell:?}:\n{trace}");
    }
}

/// What is more than a pipe is sure to hold gets to bubblewrap all the same, with what the caller types.
#[test]
fn more_words_than_a_pipe_holds() {
    let project = Project::with_body("    env { pass \"LONG\"; }");
    build(&project);
    for length in [1000, 4100, 100_000] {
        for shell in SHELLS {
            let mut command = script_command(
                &project,
                shell,
                &["--", "/bin/sh", "-c", "printf %s \"${#LONG}\"; cat; cat /proc/1/environ"],
            );
            command
                .env("LONG", format!("it's {}", "é".repeat(length / 2)))
                .env("LC_ALL", "C.UTF-8")
                .env("LANG", "C.UTF-8");
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(b" typed").unwrap();
            let output = child.wait_with_output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(text.ends_with(" typed") && text.len() < 20, "{shell:?}, {length}: {text}");
        }
    }
}

/// Whatever variables the caller has, also such as shells have for themselves, none of them gets to bubblewrap.
#[test]
fn bubblewrap_has_no_variable() {
    let project = Project::with_body("");
    build(&project);
    let names = [
        "PS1",
        "PS2",
        "PS4",
        "IFS",
        "LINENO",
        "MAIL",
        "MAILPATH",
        "MAILCHECK",
        "PPID",
        "TERM",
        "HISTSIZE",
        "ENV",
        "CDPATH",
        "OLDPWD",
        "PWD",
        "_",
        "name",
        "exported",
        "words",
        "project",
        "home",
        "bwrap",
        "LC_ALL",
        "LD_BIND_NOW",
        "POSIXLY_CORRECT",
        "FUNCNAME",
        "RANDOM",
        "SECONDS",
        "count",
        "leads",
    ];
    for shell in SHELLS {
        let mut command = script_command(&project, shell, &["--", "/bin/cat", "/proc/1/environ"]);
        for name in names {
            command.env(name, "1\nexport path='x'\nexport odd-name=''\n");
        }
        let output = run(command.env("HOME", &project.home)).code(0);
        assert_eq!(output.stdout, "", "{shell:?}");
    }
}

/// Limits are those of the policy under every shell, and never above the caller's.
#[test]
fn limits() {
    let project =
        Project::with_body("    limits { open-files \"128\"; file-size \"64K\"; memory \"1G\"; processes \"2000\"; }");
    let read = "sed -n 's/  */ /g;/^Max \\(open\\|file size\\|address\\|processes\\)/p' /proc/self/limits";
    assert!(same(&project, read).stdout.contains("Max file size 65536 65536"));
    build(&project);
    for shell in SHELLS {
        let text = format!("ulimit -n 64; exec {} .agent-sandbox/app.sh -- /bin/sh -c 'ulimit -n'", shell.join(" "));
        assert_eq!(run(project.command("dash").args(["-c", &text])).code(0).stdout, "64\n", "{shell:?}");
    }
}

/// A copied file can be replaced by rename inside, and the host's stays as it was.
#[test]
fn copy_and_rename() {
    let project = Project::with_body("    filesystem { copy \"~/.tool.json\"; }");
    project.write_home(".tool.json", "old");
    let output = same(&project, "cat ~/.tool.json; echo new >~/.t && mv ~/.t ~/.tool.json && cat ~/.tool.json").code(0);
    assert_eq!(output.stdout, "oldnew\n");
    assert_eq!(fs::read_to_string(project.home.join(".tool.json")).unwrap(), "old");
}

/// No rule leaves anything behind in the project or the home.
#[test]
fn no_ghosts() {
    let project = Project::with_body(
        "    filesystem { tmpfs \"./a/b\" \"~/t\"; deny \"./d\" \"~/d\"; file \"./f/x\" \"x\"; file \"~/f\" \"x\"; copy \"~/data/c\" at=\"./c/c\"; ro \"~/data\" at=\"./e/e\"; rw \"~/data\" at=\"~/w\"; symlink \"~/l\" to=\"x\"; dir \"~/dir\"; ro \"./no\" \"~/no\" missing=\"skip\"; rw \"~/p/q\" \"./p/q\" missing=\"create-dir\"; rw \"./r/s\" missing=\"create-file\"; }",
    );
    project.write_home("data/c", "c");
    build(&project);
    let before = tree(&project.home);
    same(&project, "cat c/c e/e/c f/x && ls a/b ~/w && exit 3").code(3);
    assert_eq!(tree(&project.home), before);
}

/// What was created for a run stays when it has been used.
#[test]
fn used_placeholders_stay() {
    for shell in SHELLS {
        let project = Project::with_body(
            "    filesystem { rw \"~/p/q\" missing=\"create-dir\"; rw \"./r\" missing=\"create-file\"; }",
        );
        project.script(shell[0], "echo 1 >~/p/q/used; echo 2 >r").code(0);
        assert_eq!(fs::read_to_string(project.home.join("p/q/used")).unwrap(), "1\n", "{shell:?}");
        assert_eq!(project.read("r"), "2\n", "{shell:?}");
    }
}

/// Without `XDG_RUNTIME_DIR` a rule that may be left out is left out.
#[test]
fn unset_runtime_directory() {
    let project = Project::with_body(
        "    filesystem { ro \"${XDG_RUNTIME_DIR}/app\" missing=\"skip\"; deny \"${XDG_RUNTIME_DIR}/gnupg\"; }",
    );
    same(&project, "echo fine").code(0);
    refused(&Project::with_body("    filesystem { tmpfs \"${XDG_RUNTIME_DIR}\"; }"), "XDG_RUNTIME_DIR");
}

/// What is hidden behind a link in a read-only directory is hidden there and where it leads.
#[test]
fn denied_links() {
    let project = Project::with_body(
        "    filesystem { ro \"~/data\"; deny \"~/data/dir\" \"~/data/file\" \"~/data/loose\" \"~/data/away\"; }",
    );
    for name in ["real/x", "text", "../elsewhere"] {
        project.write_home(&format!("data/{name}"), "hush");
    }
    for (to, link) in [("real", "dir"), ("text", "file"), ("absent", "loose"), ("../elsewhere", "away")] {
        symlink(to, project.home.join("data").join(link)).unwrap();
    }
    let output = same(&project, "cd ~/data; cat dir/x real/x file text loose away; ls -A ~ ~/data real; echo end");
    assert!(output.stdout.contains("end") && !output.stdout.contains("hush"), "{}", output.stdout);
}

/// A link of the user's into the project shows nothing else when a sandbox has put a link in the place of what it leads to.
#[test]
fn links_on_the_way() {
    for (host, there) in [(".toolrc", "work/toolrc"), (".tools", "work/sub/../tools")] {
        let project = Project::with_body(&format!("    filesystem {{ ro \"~/{host}\" missing=\"skip\"; }}"));
        project.write_home("private/key", "hush");
        project.write("toolrc", "fine");
        project.write("tools/key", "fine");
        project.write("sub/x", "");
        symlink(there, project.home.join(host)).unwrap();
        let name = there.rsplit('/').next().unwrap();
        let target = if name == "tools" { "../private" } else { "../private/key" };
        let read = format!("cat ~/{host} ~/{host}/key; true");
        let output = same(&project, &read).code(0);
        assert_eq!(output.stdout, "fine");
        project.exec(&format!("rm -rf {name} && ln -s {target} {name}")).code(0);
        for shell in SHELLS {
            let output = project.script(shell[0], &read).code(125);
            assert!(
                output.stderr.contains("is a symbolic link in a directory that the sandbox can write"),
                "{}",
                output.stderr
            );
        }
        let output = project.exec(&read);
        assert!(!output.stdout.contains("hush"), "{output:?}");
    }
}

/// Random policies give the same sandbox by `sbc exec` and by the script.
#[test]
fn random_policies() {
    let text = "env | sort; pwd; ls -AlR ~ . /srv | sed 's/  *[0-9]* [A-Z][a-z][a-z] .*:.. / /'; cat ~/.tool ~/note .env; \
        for f in ~ . ~/data target lock ~/.tool; do [ -w $f ] && echo writable $f; done; cat /proc/sys/kernel/hostname; exit 5";
    let mut ran = 0;
    for nodes in random::right(24) {
        let project = Project::new(&random::print(&nodes));
        ["data/in/x", ".tool", "beside/x", "work/.env"].iter().for_each(|name| project.write_home(name, "text"));
        build(&project);
        let before = tree(&project.home);
        let with = |command: &mut Command| {
            let command = command.args(["--", "/bin/sh", "-c", text]);
            run(command
                .env("A", "a")
                .env("KEY", "k")
                .env("LIST", "l")
                .env("P_X", "p")
                .env("XDG_RUNTIME_DIR", "/run/none"))
        };
        let exec = with(&mut project.sbc_command(&["exec", "s0"]));
        ran += usize::from(exec.code == 5);
        for shell in SHELLS {
            let mut command = project.command(shell[0]);
            let output = with(command.args(&shell[1..]).arg(".agent-sandbox/s0.sh"));
            let wanted = if exec.code == 5 { 5 } else { output.code.max(1) };
            assert_eq!(
                (wanted, &exec.stdout),
                (output.code, &output.stdout),
                "{shell:?}\n{}\n{}\n{}",
                exec.stderr,
                output.stderr,
                random::print(&nodes)
            );
        }
        assert_eq!(tree(&project.home), before, "{}", random::print(&nodes));
    }
    assert!(ran >= 5, "only {ran} random policies can run a shell");
}

/// shellcheck finds nothing in the scripts of the examples, of random policies and of hostile ones.
#[test]
fn shellcheck() {
    let examples = ["claude-classic", "minimal", "web-shop"];
    let path = |name| Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{name}/.agent-sandbox/{name}.sh"));
    let project = Project::empty();
    let mut scripts: Vec<PathBuf> = examples.map(path).into();
    for (index, text) in random::scripts(10).into_iter().chain(hostile::scripts()).enumerate() {
        project.write(&format!("{index}.sh"), text);
        scripts.push(project.root.join(format!("{index}.sh")));
    }
    let output = run(project.command("shellcheck").args(&scripts));
    assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
}

/// What a script starts on the host: how often the shell forks, and which programs run before bubblewrap and after it.
#[derive(Debug, Default)]
struct Started {
    forks: usize,
    programs: Vec<String>,
}

impl Started {
    /// Runs the script of an example under strace, which writes a file for each process.
    fn by(project: &Project, example: &str) -> Started {
        let traces = project.home.join("traces");
        fs::create_dir_all(&traces).unwrap();
        let mut command = project.command("strace");
        command.args(["-ff", "-qq", "-e", "trace=execve,clone,clone3,fork,vfork", "-o"]).arg(traces.join("of"));
        command.args(["dash", &format!(".agent-sandbox/{example}.sh"), "--", "/usr/bin/true"]);
        run(&mut command).code(0);
        let trace = |entry: std::io::Result<fs::DirEntry>| {
            let path = entry.unwrap().path();
            (path.extension().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap())
        };
        let of: BTreeMap<String, String> = fs::read_dir(&traces).unwrap().map(trace).collect();
        fs::remove_dir_all(&traces).unwrap();
        let (first, _) = of.iter().find(|(_, text)| text.contains("execve(\"/usr/bin/dash\"")).expect("the shell");
        let mut started = Started::default();
        started.follow(first, &of);
        started
    }

    /// A process up to the moment when it becomes bubblewrap, and those that it starts.
    fn follow(&mut self, process: &str, of: &BTreeMap<String, String>) {
        for line in
            of.get(process).map(String::as_str).unwrap_or_default().lines().filter(|line| !line.contains(" = -1"))
        {
            match line.strip_prefix("execve(\"") {
                Some(rest) if rest.starts_with("/usr/bin/dash\"") => {}
                Some(rest) => {
                    let program = Path::new(rest.split('"').next().unwrap()).file_name().unwrap();
                    self.programs.push(program.to_str().unwrap().to_owned());
                    if program == "bwrap" {
                        return;
                    }
                }
                None => {
                    let Some((_, child)) = line.rsplit_once(" = ") else { continue };
                    self.forks += 1;
                    self.follow(child, of);
                }
            }
        }
    }

    /// How often a program ran.
    fn count(&self, name: &str) -> usize {
        self.programs.iter().filter(|program| *program == name).count()
    }
}

/// A script starts no process that it can do without: dash forks for the names of the caller's variables, in the
/// same process for where links lead, for bubblewrap where something is left to do after it, and for programs that do
/// what no shell can. No program stands between dash and bubblewrap.
#[test]
fn few_processes() {
    for example in ["minimal", "claude-classic", "web-shop"] {
        let mut project = Project::empty();
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        for folder in [example, "design-system"] {
            let copied = run(project.command("cp").arg("-r").arg(examples.join(folder)).arg(&project.home));
            assert_eq!(copied.code, 0, "{}", copied.stderr);
        }
        project.root = project.home.join(example);
        let before = tree(&project.home);
        let started = Started::by(&project, example);
        // Kernels before 6.1 do not tell the machine.
        let asked = started.count("uname");
        // One program for all directories each time, and one for all files. Their permissions cost a fork.
        let (makes, removes, deletes) = (started.count("mkdir"), started.count("rmdir"), started.count("rm"));
        assert!(makes <= 2 && removes <= 1 && deletes <= 1, "{example}: {started:?}");
        assert_eq!(started.forks, 2 + asked + makes + removes + 2 * deletes, "{example}: {started:?}");
        assert_eq!((started.count("env"), started.count("bwrap")), (0, 1), "{example}: {started:?}");
        let programs = 1 + started.count("realpath") + asked + makes + removes + deletes;
        assert_eq!(started.programs.len(), programs, "{example}: {started:?}");
        assert_eq!(tree(&project.home), before, "{example}");
        assert!(started.count("realpath") <= 1, "{example}: {started:?}");
    }
}
