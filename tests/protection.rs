//! Protections that have to hold by more than one way round.

use crate::support::{Project, run};
use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A library that writes a file when it is loaded, with what it may write to in `MARKER`.
fn library(project: &Project) {
    project.write(
        "evil.c",
        "#include <stdio.h>\n#include <stdlib.h>\n__attribute__((constructor)) void f(void) { const char *m = getenv(\"MARKER\"); FILE *o = fopen(m ? m : \"/none\", \"w\"); if (o) fclose(o); }\n",
    );
    run(project.command("cc").args(["-shared", "-fPIC", "-o", "evil.so", "evil.c"])).code(0);
}

/// Variables for the dynamic loader reach the command and not bubblewrap, which runs outside.
#[test]
fn loader_variables_stay_inside() {
    let project = Project::with_body(
        "env { set LD_PRELOAD=\"${PROJECT}/evil.so\" MARKER=\"${HOME}/marker\"; pass \"LD_BIND_NOW\"; }",
    );
    library(&project);
    let marker = project.home.join("marker");
    run(project.command("true").env("LD_PRELOAD", project.root.join("evil.so")).env("MARKER", &marker)).code(0);
    assert!(marker.exists());
    fs::remove_file(&marker).unwrap();
    let shell = "test -e ~/marker && echo \"$LD_PRELOAD $LD_BIND_NOW\"";
    let expected = format!("{} 1\n", project.root.join("evil.so").display());
    let exec = run(project.sbc_command(&["exec", "--", "/bin/sh", "-c", shell]).env("LD_BIND_NOW", "1")).code(0);
    project.sbc(&["build"]).code(0);
    let mut script = project.command("dash");
    let script =
        run(script.args([".agent-sandbox/app.sh", "--", "/bin/sh", "-c", shell]).env("LD_BIND_NOW", "1")).code(0);
    assert_eq!((exec.stdout, script.stdout), (expected.clone(), expected));
    assert!(!marker.exists(), "the library ran outside");
}

/// A writable tree inside a writable tree cannot be carried away with the protections in it.
#[test]
fn trees_in_trees_are_pinned() {
    let project = Project::with_body("filesystem { rw \"./packages/app\"; ro \"./packages/app/hooks\"; }");
    project.write("packages/app/hooks/pre-commit", "old");
    let attack = "mv packages p2 && mkdir -p packages/app/hooks && echo evil > packages/app/hooks/pre-commit";
    for output in [project.exec(attack), project.script("dash", attack)] {
        assert_ne!(output.code, 0);
    }
    assert_eq!(project.read("packages/app/hooks/pre-commit"), "old");
}

/// A project deep in a tree that another rule makes writable is refused: it could be carried away.
#[test]
fn a_project_in_a_writable_tree() {
    let project = Project::named("code/team/work");
    project.write(".agent-sandbox.kdl", "sandbox \"app\" { inherit \"base-dev\"; filesystem { rw \"~/code\"; }; }");
    project.exec("true").code(125).says(&["SBC0405"]);
    project.script("dash", "true").code(125).says(&["cannot be protected there"]);
    let direct = Project::named("code/work");
    direct.write(".agent-sandbox.kdl", "sandbox \"app\" { inherit \"base-dev\"; filesystem { rw \"~/code\"; }; }");
    assert_ne!(direct.exec("cd ~/code && mv work w2").code, 0);
}

/// What is made to be protected cannot be carried away either, and is gone afterwards.
#[test]
fn made_paths_are_pinned() {
    let project = Project::with_body("filesystem { ro \"./.tool/deep/tasks.json\" missing=\"create-file\"; }");
    let attack = "mv .tool t2 && mkdir -p .tool/deep && echo evil > .tool/deep/tasks.json";
    for output in [project.exec(attack), project.script("dash", attack)] {
        assert_ne!(output.code, 0);
    }
    assert!(!project.root.join(".tool").exists() && !project.root.join("t2").exists());
}

/// A home that is reached through a link is protected under its real name, too.
#[test]
fn linked_home() {
    let project = Project::named("code/work");
    project.write(".agent-sandbox.kdl", "sandbox \"app\" { inherit \"base-dev\"; filesystem { rw \"~/code\"; }; }");
    project.write(".git/hooks/pre-commit", "old");
    let link = project.home.parent().unwrap().join("link");
    symlink(&project.home, &link).unwrap();
    let attack = "echo evil > ~/code/work/.git/hooks/pre-commit";
    let exec = run(project.sbc_command(&["exec", "--", "/bin/sh", "-c", attack]).env("HOME", &link));
    assert_ne!(exec.code, 0);
    project.sbc(&["build"]).code(0);
    let mut script = project.command("dash");
    assert_ne!(run(script.args([".agent-sandbox/app.sh", "--", "/bin/sh", "-c", attack]).env("HOME", &link)).code, 0);
    assert_eq!(project.read(".git/hooks/pre-commit"), "old");
}

/// An assertion that something can be read does not hold for a rule that was left out.
#[test]
fn skipped_rules_show_nothing() {
    let project =
        Project::with_body("filesystem { ro \"~/tools\" missing=\"skip\"; }; assert { readable \"~/tools\"; }");
    project.sbc(&["check"]).code(1).says(&["SBC0501"]);
    fs::create_dir(project.home.join("tools")).unwrap();
    project.sbc(&["check"]).code(0);
}

/// No pattern of a policy takes long, however it meets the caller's variables.
#[test]
fn patterns_are_fast() {
    let pattern = format!("A{}Q", "*A".repeat(40));
    let project = Project::with_body(&format!("env {{ pass \"{pattern}\"; }}"));
    let start = Instant::now();
    run(project.sbc_command(&["check"]).env("A".repeat(60), "x")).code(0);
    assert!(start.elapsed() < Duration::from_secs(5));
}

/// The limit of inheritance does not depend on the order in which names stand.
#[test]
fn depth_knows_no_order() {
    let chain: String =
        (1..20).map(|level| format!("profile \"p{level}\" {{ inherit \"p{}\"; }}\n", level + 1)).collect();
    for names in ["\"p1\" \"p8\"", "\"p8\" \"p1\""] {
        let project = Project::new(&format!("{chain}profile \"p20\" {{ }}\nsandbox \"app\" {{ inherit {names}; }}\n"));
        project.sbc(&["check", "--no-host"]).code(1).says(&["SBC0204"]);
    }
}

/// Many runs side by side leave nothing of what they made.
#[test]
fn parallel_runs_leave_nothing() {
    let project = Project::new("sandbox \"app\" { inherit \"claude\"; network \"none\"; }");
    let runs = |_| {
        let mut command = project.sbc_command(&["exec", "--", "/bin/true"]);
        command.stdout(Stdio::null()).spawn().unwrap()
    };
    for _ in 0..8 {
        for mut child in (0..6).map(runs).collect::<Vec<_>>() {
            assert!(child.wait().unwrap().success());
        }
    }
    let left: Vec<_> = fs::read_dir(&project.home).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name == ".claude"), "{left:?}");
}

/// A signal ends sbc at any moment of its start, with the status that says so.
#[test]
fn signals_at_the_start() {
    let project = Project::with_body("");
    for delay in 0..12 {
        let mut child = project.sbc_command(&["exec", "--", "sleep", "20"]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        let status = child.wait().unwrap();
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        assert!(signal == Some(15) || status.code() == Some(143), "after {delay} ms: {status}");
    }
}

/// What cannot be written is an error, also on standard output.
#[test]
fn full_output() {
    let project = Project::with_body("");
    for arguments in [["build", "--emit", "json"].as_slice(), &["show"], &["profiles"]] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let status = project.sbc_command(arguments).stdout(full).stderr(Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(1), "{arguments:?}");
    }
}

/// A directory that may not be entered is refused: what a rule hides in it could not be hidden once a
/// process inside unlocks it. What a process inside has locked is unlocked after its run.
#[test]
fn locked_directories() {
    let project = Project::with_body("filesystem { deny \"./config/.env\"; }");
    project.write("config/.env", "s3cret");
    run(project.command("chmod").args(["000", "config"])).code(0);
    project.exec("chmod 755 config; cat config/.env").code(125).says(&["SBC0407"]);
    project.script("dash", "chmod 755 config; cat config/.env").code(125).says(&["cannot be entered"]);
    run(project.command("chmod").args(["755", "config"])).code(0);
    project.exec("chmod 000 config").code(0);
    project.exec("chmod 755 config; cat config/.env").code(1).says(&["cat: config/.env: Permission denied"]);
}

/// A rule that is left out on a host hides nothing, so it cannot make an assertion true.
#[test]
fn skipped_rules_hide_nothing() {
    let cover = "ro \"/nonexistent\" at=\"~/.ssh\" missing=\"skip\"";
    let project = Project::new(&format!(
        "sandbox \"app\" {{ filesystem {{ ro \"~\"; {cover}; }}; assert {{ denied \"~/.ssh\"; }}; }}"
    ));
    project.sbc(&["check", "--no-host"]).code(1).says(&["SBC0501"]);
}

/// An artefact that is a link or a device is not read: its contents are none of the policy's.
#[test]
fn artefacts_are_files() {
    let project = Project::with_body("");
    project.write_home("outside", "    # token=s3cret [x]\n");
    project.sbc(&["build"]).code(0);
    for target in ["/dev/zero", project.home.join("outside").to_str().unwrap()] {
        fs::remove_file(project.root.join(".agent-sandbox/app.sh")).unwrap();
        symlink(target, project.root.join(".agent-sandbox/app.sh")).unwrap();
        let output = project.sbc(&["build", "--check"]).code(1).says(&["SBC0602", "not a regular file"]);
        assert!(!output.stderr.contains("s3cret"), "{}", output.stderr);
    }
}

/// A denied file cannot be reached through a link that another rule shows, and a rule that a link leads
/// onto another one hides nothing: nothing starts.
#[test]
fn links_that_lead_around() {
    let project = Project::with_body("filesystem { deny \"./.env\"; ro \"~/worklink\"; }");
    project.write(".env", "s3cret");
    symlink(&project.root, project.home.join("worklink")).unwrap();
    let output = project.exec("cat ~/worklink/.env").code(125).says(&["SBC0505", "deny \"~/worklink/.env\""]);
    assert!(!output.stdout.contains("s3cret"));
    let mended = Project::with_body("filesystem { deny \"./.env\" \"~/worklink/.env\"; ro \"~/worklink\"; }");
    mended.write(".env", "s3cret");
    symlink(&mended.root, mended.home.join("worklink")).unwrap();
    let output = mended.exec("cat ~/worklink/.env .env").code(1);
    assert!(!output.stdout.contains("s3cret"));

    let project = Project::new(
        "sandbox \"app\" { filesystem { ro \"/\"; proc \"/proc\"; deny \"~/a/keys\"; ro \"~/link\"; }; run { workdir \"/\"; }; waive \"denied\" \"/\" reason=\"a test\"; }",
    );
    project.write_home("a/keys/id", "s3cret");
    symlink("a", project.home.join("link")).unwrap();
    let output = project.exec("cat ~/a/keys/id").code(125).says(&["SBC0405", "by a link"]);
    assert!(!output.stdout.contains("s3cret"));
}

/// What would be made below a denied path of a host directory does not compile: where the path is not there,
/// it would be made on the host.
#[test]
fn nothing_is_made_below_what_is_denied() {
    for rule in ["symlink \"./a/x\" to=\"b\"", "dir \"./a/x\""] {
        let project = Project::new(&format!("sandbox \"app\" {{ filesystem {{ rw \".\"; deny \"./a\"; {rule}; }}; }}"));
        project.sbc(&["check", "--no-host"]).code(1).says(&["SBC0403"]);
        project.exec("true").code(125).says(&["SBC0403"]);
        assert!(!project.root.join("a").exists());
    }
}
