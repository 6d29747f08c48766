//! Real sandboxes: what a process inside sees and may do.

use crate::support::{Project, run};
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// The home is empty but for the project, and a key in it is not there.
#[test]
fn home_is_empty() {
    let project = Project::with_body("");
    project.write_home(".ssh/id_ed25519", "key");
    let output = project.exec("ls -A ~; cat ~/.ssh/id_ed25519").code(1);
    assert_eq!(output.stdout, "work\n");
}

/// The project is writable in place, and the host sees what is written.
#[test]
fn project_is_writable() {
    let project = Project::with_body("");
    let output = project.exec("echo new > file && pwd").code(0);
    assert_eq!(output.stdout.trim(), project.root.to_str().unwrap());
    assert_eq!(project.read("file"), "new\n");
}

/// From a subdirectory the policy is found above, and the command starts in the subdirectory.
#[test]
fn starts_in_the_subdirectory() {
    let project = Project::with_body("");
    project.write("deep/er/file", "");
    let mut command = project.sbc_command(&["exec", "--", "pwd"]);
    let output = run(command.current_dir(project.root.join("deep/er"))).code(0);
    assert_eq!(output.stdout.trim(), project.root.join("deep/er").to_str().unwrap());
}

/// Only what the policy names is in the environment, also in that of the sandbox's first process, as far as
/// the kernel lets the command look at it.
#[test]
fn environment_is_the_policys() {
    let project = Project::with_body("env { pass \"PASSED\"; secret \"TOKEN\"; set MADE=\"${PROJECT}/x\"; }");
    let mut command = project.sbc_command(&["exec", "--", "/bin/sh", "-c", "tr '\\0' '\\n' < /proc/1/environ; env; :"]);
    let output = run(command.envs([("PASSED", "yes"), ("TOKEN", "s3cret"), ("AWS_SECRET_ACCESS_KEY", "leak")])).code(0);
    let made = format!("MADE={}/x", project.root.display());
    for line in ["PASSED=yes", "TOKEN=s3cret", made.as_str()] {
        assert!(matches!(output.stdout.matches(line).count(), 1 | 2), "{line} in\n{}", output.stdout);
    }
    assert!(!output.stdout.contains("leak"), "{}", output.stdout);
}

/// The value of a secret stands in no argument of any process, and in no output of sbc.
#[test]
fn secrets_are_never_shown() {
    let project = Project::with_body("env { secret \"TOKEN\"; }");
    let mut command = project.sbc_command(&["exec", "--", "/bin/sh", "-c", "cat /proc/*/cmdline | tr '\\0' ' '"]);
    let output = run(command.env("TOKEN", "s3cret")).code(0);
    assert!(output.stdout.contains("--sbc-enter") || output.stdout.contains("/bin/sh"), "{}", output.stdout);
    assert!(!output.stdout.contains("s3cret"), "{}", output.stdout);
    for arguments in [["build", "--emit", "argv"], ["build", "--emit", "json"], ["build", "--emit", "script"]] {
        let output = run(project.sbc_command(&arguments).env("TOKEN", "s3cret")).code(0);
        assert!(!output.stdout.contains("s3cret"), "{arguments:?}");
    }
}

/// No descriptor of the caller reaches the command.
#[test]
fn descriptors_are_closed() {
    let project = Project::with_body("");
    project.trust();
    let shell = format!("exec 9</ 12</etc; exec {} exec -- ls /proc/self/fd", env!("CARGO_BIN_EXE_sbc"));
    let output = run(project.command("bash").args(["-c", &shell])).code(0);
    assert_eq!(output.stdout.split_whitespace().collect::<Vec<_>>(), ["0", "1", "2", "3"]);
}

/// A key in the caller's session keyring is found outside, and not inside.
#[test]
fn keyring_is_left_behind() {
    let project = Project::with_body("");
    project.trust();
    let find = "keyctl search @s user sbc-probe >/dev/null 2>&1 && echo found || echo none";
    let shell = format!(
        "keyctl add user sbc-probe x @s >/dev/null; {find}; {} exec -- sh -c '{find}'",
        env!("CARGO_BIN_EXE_sbc")
    );
    let output = run(project.command("keyctl").args(["session", "sbc-test", "sh", "-c", &shell])).code(0);
    assert_eq!(output.stdout, "found\nnone\n");
}

/// Processes of the host are neither seen nor reached.
#[test]
fn processes_are_hidden() {
    let project = Project::with_body("");
    let mut witness = Command::new("sleep").arg("60").spawn().unwrap();
    let output = project
        .exec(&format!("kill -0 {} 2>/dev/null && echo reached; ls /proc | grep -c '^[0-9]'", witness.id()))
        .code(0);
    let alive = witness.try_wait().unwrap().is_none();
    witness.kill().unwrap();
    witness.wait().unwrap();
    assert!(alive);
    assert!(!output.stdout.contains("reached"), "{}", output.stdout);
    assert!(output.stdout.trim().parse::<u32>().unwrap() < 8, "{}", output.stdout);
}

/// What the host would run or trust later cannot be changed: not written, removed, renamed, nor
/// replaced by renaming a directory above it.
#[test]
fn protected_paths_hold() {
    let project = Project::with_body("");
    run(project.command("git").args(["init", "-q"])).code(0);
    project.write(".git/hooks/pre-commit", "old");
    project.write(".vscode/tasks.json", "old");
    project.write(".envrc", "old");
    let attacks = [
        "echo new > .git/hooks/pre-commit",
        "echo new > .git/config",
        "echo new > .git/hooks/post-commit",
        "rm -rf .git/hooks",
        "mv .git .git-old",
        "mv .git/hooks .git/hooks-old",
        "echo new > .vscode/tasks.json",
        "mv .vscode .vscode-old",
        "echo new > .envrc",
        "rm -f .envrc",
        "echo new > .agent-sandbox.kdl",
        "mv .agent-sandbox.kdl x",
        "unshare -Urm true",
    ];
    for attack in attacks {
        let free = Project::empty();
        for (name, text) in [
            (".git/hooks/pre-commit", "old"),
            (".git/config", ""),
            (".vscode/tasks.json", ""),
            (".envrc", ""),
            (".agent-sandbox.kdl", ""),
        ] {
            free.write(name, text);
        }
        run(free.command("sh").args(["-c", attack])).code(0);
        let output = project.exec(attack);
        assert_ne!(output.code, 0, "{attack} succeeded:\n{}{}", output.stdout, output.stderr);
    }
    assert_eq!(project.read(".git/hooks/pre-commit"), "old");
    assert_eq!(project.read(".envrc"), "old");
}

/// git works inside: status, add, commit, branch, switch.
#[test]
fn git_works() {
    let project = Project::with_body(
        "env { set GIT_AUTHOR_NAME=\"a\" GIT_AUTHOR_EMAIL=\"a@example.org\" GIT_COMMITTER_NAME=\"a\" GIT_COMMITTER_EMAIL=\"a@example.org\"; }",
    );
    run(project.command("git").args(["init", "-q"])).code(0);
    project.exec("echo x > file && git add file && git commit -qm one && git switch -qc two && git status --short && git log --oneline").code(0);
    let log = run(project.command("git").args(["log", "--oneline", "two"])).code(0);
    assert!(log.stdout.contains("one"), "{}", log.stdout);
}

/// Denied files and directories cannot be read, written or listed, wherever they lie in the tree.
#[test]
fn denied_is_denied() {
    let project = Project::with_body("filesystem { deny \"./.env\" \"./keys\" \"./a/b/secret\"; }");
    project.write(".env", "s3cret");
    project.write("keys/one", "s3cret");
    project.write("a/b/secret", "s3cret");
    for attack in [
        "cat .env",
        "cat keys/one",
        "ls keys",
        "echo x > .env",
        "echo x > keys/two",
        "mv keys k",
        "mv a/b c",
        "mv a z",
        "cat a/b/secret",
        "chmod 700 keys && ls keys",
    ] {
        let output = project.exec(attack);
        assert_ne!(output.code, 0, "{attack}");
        assert!(!output.stdout.contains("s3cret"), "{attack}");
    }
    project.exec("ls a/b && touch a/b/other").code(0);
}

/// A narrower rule inside a denied directory is visible, and nothing else of it.
#[test]
fn a_window_in_a_denied_directory() {
    let project = Project::with_body("filesystem { deny \"./data\"; ro \"./data/public\"; rw \"./data/out\"; }");
    project.write("data/private", "s3cret");
    project.write("data/public/page", "page");
    project.write("data/out/.keep", "");
    let output =
        project.exec("cat data/public/page; echo x > data/out/x; cat data/private; ls data; touch data/new").code(1);
    assert!(output.stdout.starts_with("page"), "{}", output.stdout);
    assert!(!output.stdout.contains("s3cret"), "{}", output.stdout);
    assert_eq!(project.read("data/out/x"), "x\n");
}

/// A copy can be changed and replaced by rename; the host's file stays as it is.
#[test]
fn copies_are_private() {
    let project = Project::with_body("filesystem { copy \"~/.tool.json\"; }");
    project.write_home(".tool.json", "old");
    let output = project.exec("cat ~/.tool.json; mkdir ~/.tool.json.lock && echo new > ~/.tool.json.tmp && mv ~/.tool.json.tmp ~/.tool.json && rmdir ~/.tool.json.lock; cat ~/.tool.json").code(0);
    assert_eq!(output.stdout, "oldnew\n");
    assert_eq!(fs::read_to_string(project.home.join(".tool.json")).unwrap(), "old");
    assert!(!project.home.join(".tool.json.lock").exists());
}

/// Of a file of the system, a copy is not to be changed inside, and costs no mount; the script shows the same.
#[test]
fn copies_of_system_files_are_read_only() {
    let project =
        Project::with_body("filesystem { copy \"./own.conf\" at=\"/etc/own.conf\"; copy \"./at-home\" at=\"~/own\"; }");
    project.write("own.conf", "text\n");
    project.write("at-home", "");
    let shell = "cat /etc/own.conf; echo new > /etc/own.conf; rm -f /etc/own.conf; cat /etc/own.conf; echo new > ~/own; cat ~/own";
    let output = project.exec(shell).code(0).says(&["Read-only file system"]);
    assert_eq!(output.stdout, "text\ntext\nnew\n");
    assert_eq!(project.script("dash", shell).says(&["Read-only file system"]).stdout, output.stdout);
    let mounted = "grep -cE ' (/etc/(own.conf|hosts|passwd)|[^ ]*/own) ' /proc/self/mountinfo";
    assert_eq!(project.exec(mounted).stdout, "0\n");
}

/// Every kind of file that a policy makes is there and is read-only.
#[test]
fn made_files_directories_and_links() {
    let project = Project::with_body(
        "filesystem { file \"/etc/motd\" \"hello $$${USER}\"; file \"~/.rc\" \"x\\n\"; dir \"/srv/empty\"; symlink \"/srv/link\" to=\"/etc/motd\"; }",
    );
    let output = project.exec("cat /srv/link ~/.rc; ls -A /srv/empty; echo y > /etc/motd || echo y > ~/.rc || touch /srv/empty/x || rm /srv/link || touch /new").code(1);
    assert_eq!(output.stdout, "hello $tester\nx\n");
}

/// `at` shows a path elsewhere; the mount point is made for the run and gone afterwards.
#[test]
fn another_place_leaves_nothing() {
    let project = Project::with_body(
        "filesystem { ro \"./../shared\" at=\"./vendor/shared\"; tmpfs \"./.next\"; ro \"/etc/hostname\" at=\"./x/host\" missing=\"skip\"; }",
    );
    fs::create_dir_all(project.home.join("shared")).unwrap();
    fs::write(project.home.join("shared/tokens"), "blue").unwrap();
    let output = project.exec("cat vendor/shared/tokens; touch .next/x; touch vendor/shared/x").code(1);
    assert_eq!(output.stdout, "blue");
    assert_eq!(listing(&project), [".agent-sandbox.kdl"]);
}

/// What a rule creates stays when it is used, and goes when it is not.
#[test]
fn placeholders_go_unless_they_are_used() {
    let project = Project::with_body(
        "filesystem { rw \"~/.used\" \"~/.deep/er/unused\" missing=\"create-dir\"; rw \"~/.file\" missing=\"create-file\"; }",
    );
    project.exec("echo kept > ~/.used/x; test -d ~/.deep/er/unused && test -f ~/.file").code(0);
    assert_eq!(fs::read_to_string(project.home.join(".used/x")).unwrap(), "kept\n");
    assert!(!project.home.join(".deep").exists());
    assert!(!project.home.join(".file").exists());
}

/// They are gone when `sbc exec` ends, also where the sandbox need not end with it and its first process is slow.
#[test]
fn placeholders_go_before_exec_ends() {
    let project = Project::with_body(
        "isolation { lifetime \"detached\"; }\n filesystem { rw \"~/.deep/er\" missing=\"create-dir\"; }",
    );
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let spin = || {
            while !is_over.load(Ordering::Relaxed) {
                std::hint::spin_loop()
            }
        };
        (0..thread::available_parallelism().unwrap().get()).for_each(|_| drop(scope.spawn(spin)));
        let left = (0..20).filter(|_| {
            // From then on its first process gets a processor only when nobody else wants one.
            let ended = run(&mut project.sbc_command(&["exec", "--", "chrt", "--idle", "--pid", "0", "1"])).code;
            ended != 0 || project.home.join(".deep").exists()
        });
        let left = left.count();
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(left, 0);
    });
}

/// A directory that the user made is not removed, even if it is empty.
#[test]
fn own_empty_directories_stay() {
    let project = Project::with_body("filesystem { rw \"~/.mine\" missing=\"create-dir\"; }");
    fs::create_dir(project.home.join(".mine")).unwrap();
    project.exec("true").code(0);
    assert!(project.home.join(".mine").exists());
}

/// A sandbox that ends does not remove what another one still uses.
#[test]
fn parallel_sandboxes_share_placeholders() {
    let project = Project::with_body("filesystem { rw \"~/.shared\" missing=\"create-dir\"; }");
    let mut first = project
        .sbc_command(&[
            "exec",
            "--",
            "/bin/sh",
            "-c",
            "touch ready; while ! test -e done; do sleep 0.02; done; touch ~/.shared/late",
        ])
        .spawn()
        .unwrap();
    while !project.root.join("ready").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    project.exec("true").code(0);
    assert!(project.home.join(".shared").exists());
    project.write("done", "");
    assert!(first.wait().unwrap().success());
    assert!(project.home.join(".shared/late").exists());
}

/// A link in a directory that the sandbox can write is refused, wherever a rule meets it.
#[test]
fn planted_links_are_refused() {
    for (link, body) in [
        (".vscode", ""),
        (".git", ""),
        (".env", "filesystem { deny \"./.env\"; }"),
        ("vendor", "filesystem { ro \"/usr\" at=\"./vendor/usr\"; }"),
        ("data", "filesystem { ro \"./data\"; }"),
    ] {
        let project = Project::with_body(body);
        project.write_home("target/hooks/x", "");
        project.write_home("target/config", "");
        symlink(project.home.join("target"), project.root.join(link)).unwrap();
        project.exec("true").code(125).says(&["SBC0408"]);
        project.script("dash", "true").code(125).says(&["symbolic link"]);
        assert!(!project.home.join("target/usr").exists());
    }
}

/// A file behind a link is shown where it is, and the link is there, too.
#[test]
fn links_of_the_home_are_reproduced() {
    let project = Project::with_body("filesystem { ro \"~/.bashrc\" \"~/bin/tool\"; }");
    project.write_home("dotfiles/bashrc", "mine");
    project.write_home("lib/tool/tool", "#!/bin/sh\necho \"$(dirname \"$(readlink -f \"$0\")\")\"\n");
    run(project.command("chmod").args(["+x", project.home.join("lib/tool/tool").to_str().unwrap()])).code(0);
    fs::create_dir_all(project.home.join("bin")).unwrap();
    symlink("dotfiles/bashrc", project.home.join(".bashrc")).unwrap();
    symlink("../lib/tool/tool", project.home.join("bin/tool")).unwrap();
    let shell = "cat ~/.bashrc; ~/bin/tool; ls ~/dotfiles";
    for output in [project.exec(shell), project.script("dash", shell)] {
        let output = output.code(0);
        assert_eq!(output.stdout, format!("mine{}\nbashrc\n", project.home.join("lib/tool").display()));
    }
}

/// All of `/etc` beside base-dev: the time zone there is a link into `/usr`, which shows it as well.
#[test]
fn the_whole_of_etc() {
    let project = Project::with_body("filesystem { ro \"/etc\"; }");
    project.sbc(&["check"]).code(0);
    let look = "cmp /etc/localtime /usr/share/zoneinfo/$(readlink -f /etc/localtime | sed s,.*zoneinfo/,,) && cat /etc/hostname";
    let outside = run(project.command("sh").args(["-c", look])).code(0);
    for output in [project.exec(look), project.script("dash", look)] {
        assert_eq!(output.code(0).stdout, outside.stdout);
    }
}

/// An overlay hides its changes from the host, or, where bubblewrap has none, nothing runs.
#[test]
fn overlay_or_refusal() {
    let project = Project::with_body("filesystem { overlay \"./node_modules\"; }");
    project.write("node_modules/a", "old");
    let help = run(project.command(std::env::var("SBC_BWRAP").unwrap_or("bwrap".into())).arg("--help"));
    let output = project.exec("echo new > node_modules/a && cat node_modules/a");
    if help.stdout.contains("--overlay-src") {
        assert_eq!(output.code(0).stdout, "new\n");
    } else {
        output.code(125).says(&["SBC0702", "overlay"]);
        project.sbc(&["check"]).code(1).says(&["SBC0702"]);
    }
    assert_eq!(project.read("node_modules/a"), "old");
}

/// Limits hold inside.
#[test]
fn limits_hold() {
    let project =
        Project::with_body("limits { open-files \"64\"; file-size \"64K\"; memory \"2G\"; processes \"4000\"; }");
    let shell = "ulimit -n; ulimit -v; head -c 100000 /dev/zero > big || true; wc -c < big";
    for output in [
        project.exec(shell),
        project.script("dash", shell),
        project.script("bash", shell),
        project.script("busybox", shell),
    ] {
        let lines: Vec<String> = output.code(0).stdout.split_whitespace().map(str::to_owned).collect();
        assert_eq!(lines, ["64", "2097152", "65536"]);
    }
}

/// Without a network there is only a loopback of its own; with the host's, the host's.
#[test]
fn network_is_what_the_policy_says() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let shell = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
    for (network, code) in [("none", 1), ("host", 0)] {
        let project = Project::with_body(&format!("network \"{network}\""));
        project.sbc(&["exec", "--", "bash", "-c", &shell]).code(code);
    }
}

/// A shell without `/proc` starts, too: only signals are handled differently. A command that cannot be started is told
/// from a sandbox that cannot be set up.
#[test]
fn without_proc() {
    let project = Project::new(
        "sandbox \"app\" { filesystem { ro \"/usr\"; ro \"/bin\" \"/lib\" \"/lib64\" missing=\"skip\"; }; env { set PATH=\"/usr/bin\"; }; }",
    );
    assert_eq!(project.exec("ls /; exit 3").code(3).stdout, "bin\nlib\nlib64\nusr\n");
    for (command, code) in [("nothing", 127), ("/usr/nothing", 127), ("/usr/lib/os-release", 126), ("/usr/bin", 126)] {
        project.sbc(&["exec", "--", command]).code(code).says(&["execvp", command]);
    }
}

/// What lies in a project, by name.
fn listing(project: &Project) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(&project.root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// `--output` writes into a device or a pipe, and does not put a file in its place.
#[test]
fn output_keeps_what_is_no_file() {
    let project = Project::with_body("");
    let pipe = project.root.join("pipe");
    run(project.command("mkfifo").arg(&pipe)).code(0);
    let mut command = project.sbc_command(&["build", "--emit", "json", "-o", "pipe"]);
    let writer = command.spawn().unwrap();
    let text = fs::read_to_string(&pipe).unwrap();
    assert!(writer.wait_with_output().unwrap().status.success());
    assert!(text.starts_with('{'), "{text}");
    assert!(!fs::metadata(&pipe).unwrap().is_file());
}

/// `build --check` names what differs in the rules of the policy: files, variables and settings.
#[test]
fn differences_are_named_in_rules() {
    let project = Project::with_body("");
    project.sbc(&["build"]).code(0);
    project.sbc(&["build", "--check"]).code(0);
    let body = "filesystem { ro \"~/.aws\" missing=\"skip\"; }; env { pass \"GH_TOKEN\"; }; network \"host\"; waive \"denied\" \"~/.aws\" reason=\"x\"";
    project.write(".agent-sandbox.kdl", format!("sandbox \"app\" {{ inherit \"base-dev\"; {body}; }}"));
    let output = project.sbc(&["build", "--check"]).code(1);
    output.says(&[
        "SBC0601",
        "only in the policy:  ro \"~/.aws\" missing=\"skip\" [app]",
        "only in the policy:  pass \"GH_TOKEN\" [app]",
        "only in the policy:  network \"host\" [settings]",
        "only in the script:  network \"none\" [settings]",
        "the plan of `app` has changed",
    ]);
}

/// The command may start in any directory that is there, also in one that only sbc makes.
#[test]
fn working_directories_that_no_rule_shows() {
    for directory in ["/", "/srv", "/srv/deep", "~"] {
        let rules = "ro \"/usr\"; ro \"/bin\" \"/lib\" \"/lib64\" missing=\"skip\"; proc \"/proc\"; tmpfs \"/srv/deep/er\"; tmpfs \"~\";";
        let project = Project::new(&format!(
            "sandbox \"app\" {{ filesystem {{ {rules} }}; run {{ workdir \"{directory}\"; }}; }}"
        ));
        let expected = directory.replace('~', project.home.to_str().unwrap()) + "\n";
        assert_eq!(project.exec("pwd").code(0).stdout, expected);
    }
    let closed = Project::new(
        "sandbox \"app\" { filesystem { tmpfs \"/a\" mode=\"0000\"; proc \"/proc\"; }; run { workdir \"/a\"; }; }",
    );
    closed.exec("pwd").code(125).says(&["SBC0707"]);
}
