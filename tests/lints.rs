//! Warnings about what the sandbox will see: when they are given, when not, and that the danger is real.

use crate::support::{Output, Project, run};
use std::fs;
use std::os::unix::fs::symlink;

#[track_caller]
fn lacks(output: &Output, text: &str) {
    assert!(!output.stderr.contains(text), "{}", output.stderr);
}

/// A body in the project's sandbox, and what `sbc check` says of it on this host.
fn checked(project: &Project, body: &str) -> Output {
    project.write(".agent-sandbox.kdl", format!("sandbox \"app\" {{\n    inherit \"base-dev\"\n    {body}\n}}\n"));
    project.sbc(&["check"]).code(0)
}

/// A mounted file cannot be replaced inside, and one that the host replaces is the old one inside;
/// in a directory both work. The warning is about the first.
#[test]
fn saving_by_rename() {
    let project = Project::empty();
    project.write_home("conf/file", "old\n");
    let save = "echo new > ~/conf/file.tmp && mv ~/conf/file.tmp ~/conf/file";
    checked(&project, "filesystem { tmpfs \"~/conf\"; rw \"~/conf/file\"; }")
        .says(&["SBC0808", "`copy \"~/conf/file\"`"]);
    project.exec(save).code(1).says(&["busy"]);
    let replaced = "cat ~/conf/file; touch ./ready; while [ -e ./ready ]; do sleep 0.05; done; cat ~/conf/file";
    let sandbox =
        project.sbc_command(&["exec", "--", "sh", "-c", replaced]).stdout(std::process::Stdio::piped()).spawn();
    while !project.root.join("ready").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    project.write_home("conf/other", "replaced\n");
    fs::rename(project.home.join("conf/other"), project.home.join("conf/file")).unwrap();
    fs::remove_file(project.root.join("ready")).unwrap();
    let output = sandbox.unwrap().wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "old\nold\n");

    lacks(&checked(&project, "filesystem { rw \"~/conf\"; }"), "SBC08");
    project.exec(save).code(0);
    assert_eq!(fs::read_to_string(project.home.join("conf/file")).unwrap(), "new\n");
}

/// A reason is taken at its word, a comment is none; copies, sockets and read-only files are silent, and so
/// are the rules of built-in profiles.
#[test]
fn files_that_are_meant() {
    let project = Project::empty();
    project.write_home("file", "");
    checked(&project, "filesystem {\n// Why.\nrw \"~/file\"\n}").says(&["SBC0808"]);
    let _socket = std::os::unix::net::UnixListener::bind(project.home.join("socket")).unwrap();
    for rule in ["rw \"~/file\" reason=\"appended to\"", "copy \"~/file\"", "ro \"~/file\"", "rw \"~/socket\""] {
        lacks(&checked(&project, &format!("filesystem {{ {rule}; }}")), "SBC08");
    }
    project.write(".agent-sandbox.kdl", "sandbox \"app\" { inherit \"claude\" \"node\"; }");
    project.write_home(".claude/.credentials.json", "{}");
    // Claude Code itself need not be here.
    lacks(&project.sbc(&["check", "--allow", "SBC0811"]).code(0), "SBC08");
}

/// Rules about directories on this host: what another shows in the same way is pointless, what a link
/// leads out of it is not.
#[test]
fn redundant_on_this_host() {
    let project = Project::empty();
    for directory in ["data/in", "elsewhere"] {
        fs::create_dir_all(project.home.join(directory)).unwrap();
    }
    symlink("../elsewhere", project.home.join("data/link")).unwrap();
    checked(&project, "filesystem { ro \"~/data\"; ro \"~/data/in\"; }").says(&["SBC0805", "`ro \"~/data/in\"` shows"]);
    for useful in ["ro \"~/data/link\"", "rw \"~/data/in\"", "deny \"~/data/in\"", "ro \"~/data/in\" at=\"/srv/in\""] {
        lacks(&checked(&project, &format!("filesystem {{ ro \"~/data\"; {useful}; }}")), "SBC0805");
    }
}

/// Many mounts are warned of with the time, the layer and the place.
#[test]
fn many_mounts() {
    let rules = |count: usize| (0..count).map(|one| format!("deny \"./files/{one}\"\n")).collect::<String>();
    let checked = |count| {
        let project = Project::with_body(&format!("    filesystem {{\n{}    }}", rules(count)));
        project.sbc(&["check", "--no-host"]).code(0)
    };
    lacks(&checked(50), "SBC0810");
    checked(300).says(&[
        "SBC0810",
        "mounts make every start take about",
        "`app` makes 30",
        "the first of 300 in `./files`: without them",
        "write `deny \"./files\"` instead of these 300: it shows nothing more, and hides all else in `./files`, too",
    ]);
}

/// What many directories have each is named by the directory above them; what would show more than the rules is said.
#[test]
fn many_mounts_in_groups() {
    let denied = |count| (0..count).map(|one| format!("deny \"./packages/{one}/.env\"\n")).collect::<String>();
    let shown: String = (0..110).map(|one| format!("ro \"~/tools/{one}\" missing=\"skip\"\n")).collect();
    let body = format!("    filesystem {{\n{}{shown}    }}", denied(110));
    let project = Project::with_body(&body);
    project.sbc(&["check", "--no-host"]).code(0).says(&[
        "the first of 110 in `~/tools`: without them",
        "write `ro \"~/tools\"` instead of these 110: it shows all else in `~/tools`, too",
    ]);
    let project = Project::with_body(&format!("    filesystem {{\n{}    }}", denied(200)));
    let output = project.sbc(&["check", "--no-host"]).code(0).says(&["the first of 200 in `./packages`: without them"]);
    lacks(&output, "instead of these");
}

/// Variables that decide which code runs are let in by their names only, with a warning, and by no pattern:
/// neither by `exec` nor by the script.
#[test]
fn steering_variables() {
    let variables =
        [("BASH_ENV", "/tmp/evil"), ("GIT_SSH_COMMAND", "evil"), ("LD_EVIL", "1"), ("GIT_AUTHOR_NAME", "me")];
    let inside = |project: &Project, way: &str| {
        project.sbc(&["build"]).code(0);
        let mut command = match way {
            "exec" => project.sbc_command(&["exec", "--", "env"]),
            shell => {
                let mut command = project.command(shell);
                command.args(if shell == "busybox" { &["sh"][..] } else { &[] }).args([
                    ".agent-sandbox/app.sh",
                    "--",
                    "env",
                ]);
                command
            }
        };
        let output = run(command.envs(variables)).code(0);
        variables.map(|(name, value)| output.stdout.lines().any(|line| line == format!("{name}={value}")))
    };
    let patterns = Project::with_body("env { pass \"BASH_*\" \"GIT_*\" \"L*\" \"*_ENV\"; }");
    let names = Project::with_body("env { pass \"BASH_ENV\" \"GIT_*\" \"LD_EVIL\"; }");
    for way in ["exec", "dash", "bash", "busybox"] {
        assert_eq!(inside(&patterns, way), [false, false, false, true], "{way}");
        assert_eq!(inside(&names, way), [true, false, true, true], "{way}");
    }
    lacks(&patterns.sbc(&["check"]).code(0), "SBC0812");
    names.sbc(&["check"]).code(0).says(&["SBC0812", "`BASH_ENV` is let in, and decides which code runs inside"]);
    let own = "set LD_PRELOAD=\"./a.so\" NODE_OPTIONS=\"--max-old-space-size=4096\"";
    let project = Project::with_body(&format!("env {{ {own}; }}"));
    let output = project.sbc(&["check"]).code(0).says(&["the policy gives `LD_PRELOAD` a value"]);
    lacks(&output, "`NODE_OPTIONS`");
    let project = Project::with_body(&format!("env {{\n    // libfaketime\n    {own}\n}}"));
    lacks(&project.sbc(&["check"]).code(0), "SBC0812");
}
