//! What one user adds on one machine: in force for `exec`, no part of what is shared, and out of the agent's reach.

use crate::support::{Output, Project, run};
use crate::traps::quarantine;
use crate::trust::answered;
use std::fs;
use std::os::unix::fs::symlink;

const LOCAL: &str = ".agent-sandbox.local.kdl";
const SBC: &str = env!("CARGO_BIN_EXE_sbc");

fn plain(project: &Project, arguments: &[&str]) -> Output {
    run(&mut project.plain_command(arguments))
}

fn host(project: &Project, shell: &str) -> Output {
    run(project.command("sh").args(["-c", shell])).code(0)
}

/// A project with a sandbox `app`, and this body added to it here.
fn project(body: &str) -> Project {
    let project = Project::with_body("env { set WHO=\"all\" WHERE=\"there\"; }");
    project.write(LOCAL, format!("sandbox \"app\" {{\n{body}\n}}\n"));
    project.write_home("notes", "mine\n");
    project
}

/// What is added overrides what is shared and adds to it, also by a profile of the same file; `exec` says so.
#[test]
fn exec_adds() {
    let project = project("inherit \"mine\"\nenv { set WHO=\"me\"; }");
    let shared = project.read(LOCAL);
    project.write(LOCAL, format!("{shared}profile \"mine\" {{ filesystem {{ ro \"~/notes\"; }}; }}\n"));
    let output = project.exec("cat ~/notes; echo $WHO $WHERE").code(0);
    assert_eq!(output.stdout, "mine\nme there\n");
    output.says(&["note: `.agent-sandbox.local.kdl` adds to `app` on this machine\n"]);
    // From the cache as well.
    project.exec("cat ~/notes").code(0).says(&["adds to `app`"]);
    fs::remove_file(project.root.join(LOCAL)).unwrap();
    let output = project.exec("cat ~/notes; echo $WHO $WHERE").code(0);
    assert_eq!(output.stdout, "all there\n");
    assert!(!output.stderr.contains(LOCAL), "{}", output.stderr);
}

/// `build`, what it emits, `build --check`, `diff` and the script know nothing of it, not even of its mistakes.
#[test]
fn build_ignores_it() {
    let project = project("filesystem { ro \"~/notes\"; }");
    host(
        &project,
        "git init -q; git add .agent-sandbox.kdl; git -c user.name=t -c user.email=t@example.org commit -qm x",
    );
    assert_eq!(project.script("dash", "cat ~/notes; echo $WHO").code(0).stdout, "all\n");
    let with = (project.read(".agent-sandbox/app.sh"), project.read(".agent-sandbox/sbc.lock"));
    let json = plain(&project, &["build", "--emit", "json"]).code(0).stdout;
    assert!(!json.contains("notes"));
    let diff = plain(&project, &["diff"]).code(0).stdout;
    assert!(diff.contains("no change"), "{diff}");
    project.write(LOCAL, "no policy at all {{{");
    plain(&project, &["build", "--check"]).code(0);
    plain(&project, &["build"]).code(0);
    assert_eq!(with, (project.read(".agent-sandbox/app.sh"), project.read(".agent-sandbox/sbc.lock")));
}

/// `show`, `explain` and `check` consider it and say so; `check` names its problems by its own name.
#[test]
fn others_say_so() {
    let project = project("filesystem {\n    ro \"~/notes\" // Mine.\n}");
    let show = plain(&project, &["show"]).code(0).stdout;
    assert!(show.contains("\nlocal .agent-sandbox.local.kdl adds to it on this machine"), "{show}");
    assert!(show.contains(".agent-sandbox.local.kdl:3"), "{show}");
    plain(&project, &["show", "--tree"]).code(0).says(&["adds to `app` on this machine"]);
    let explained = plain(&project, &["explain", "~/notes"]).code(0).says(&["adds to `app` on this machine"]);
    assert!(explained.stdout.contains(".agent-sandbox.local.kdl:3, in `app (local)`"), "{}", explained.stdout);
    plain(&project, &["check"]).code(0).says(&["ok: 1 sandbox", "`.agent-sandbox.local.kdl` adds to `app` here"]);
    project.write(LOCAL, "sandbox \"app\" {\n    filesystem { ro \"notes\"; }\n}\n");
    plain(&project, &["check", "--no-host"]).code(1).says(&["SBC0401", ".agent-sandbox.local.kdl:2"]);
}

/// What it settles is settled on this machine only: `check` reports what is wrong for everybody else.
#[test]
fn check_is_for_all() {
    let project = project("network \"none\"");
    project.write(
        ".agent-sandbox.kdl",
        "profile \"a\" { network \"none\"; }\nprofile \"b\" { network \"host\"; }\n\
         sandbox \"app\" { inherit \"base-dev\" \"c\"; }\nprofile \"c\" { inherit \"a\" \"b\"; }\n",
    );
    plain(&project, &["check", "--no-host"]).code(1).says(&["SBC0301"]);
    plain(&project, &["show"]).code(0);
}

/// It adds to sandboxes that are there, and its profiles are for itself.
#[test]
fn what_it_may_define() {
    let project = project("");
    project.write(LOCAL, "sandbox \"ap\" { }\n");
    plain(&project, &["check", "--no-host"]).code(1).says(&[
        "SBC0205",
        "`.agent-sandbox.kdl` has no sandbox `ap`",
        "`app`?",
    ]);
    project.write(LOCAL, "profile \"mine\" { }\n");
    project.write(".agent-sandbox.kdl", "sandbox \"app\" { inherit \"base-dev\" \"mine\"; }\n");
    for arguments in [&["check", "--no-host"][..], &["build"]] {
        plain(&project, arguments).code(1).says(&["SBC0201"]);
    }
    plain(&project, &["show"]).code(1).says(&["only `.agent-sandbox.local.kdl` has it", "profiles/mine.kdl"]);
    project.write(LOCAL, "profile \"git\" { }\nsandbox \"app\" { inherit \"git\"; }\n");
    project.write(".agent-sandbox/profiles/git.kdl", "profile \"git\" { }\n");
    project.write(".agent-sandbox.kdl", "sandbox \"app\" { inherit \"base-dev\"; }\n");
    plain(&project, &["show"]).code(1).says(&["SBC0203"]);
}

/// An assertion of the policy holds for what is added, too, and so does a guard; a waiver in the policy does not reach
/// it, and its own does. Waivers of the policy still count for the policy's rules.
#[test]
fn guards_and_assertions() {
    let project = project("filesystem { ro \"~/.npmrc\" missing=\"skip\"; }");
    let policy = |assertion: &str| {
        let rules = "filesystem { ro \"~/.netrc\" missing=\"skip\"; }\nwaive \"denied\" \"~/.netrc\" reason=\"a test\"";
        project.write(
            ".agent-sandbox.kdl",
            format!("sandbox \"app\" {{\ninherit \"base-dev\"\n{rules}\n{assertion}\n}}\n"),
        );
    };
    policy("");
    plain(&project, &["check", "--no-host"]).code(1).says(&["SBC0506", "~/.npmrc", "in `app (local)`"]);
    policy("waive \"denied\" \"~/.npmrc\" reason=\"not for others\"");
    plain(&project, &["show"]).code(1).says(&["SBC0506"]);
    policy("assert { denied \"~/.npmrc\"; }");
    plain(&project, &["show"]).code(1).says(&["SBC0501", "`app` asserts it"]);
    let waiver = "waive \"denied\" \"~/.npmrc\" reason=\"a read-only token\"";
    project.write(
        LOCAL,
        format!("sandbox \"app\" {{\nfilesystem {{ ro \"~/.npmrc\" missing=\"skip\"; }}\n{waiver}\n}}\n"),
    );
    plain(&project, &["check", "--no-host"]).code(0);
    project.exec("true").code(0);
}

/// Another local layer is another plan: who has trusted one is asked anew, and told what it is part of.
#[test]
fn trust_asks_again() {
    let project = project("filesystem { ro \"~/notes\"; }");
    let local = project.read(LOCAL);
    fs::remove_file(project.root.join(LOCAL)).unwrap();
    plain(&project, &["trust", "--yes"]).code(0);
    plain(&project, &["exec", "--", "/bin/true"]).code(0);
    project.write(LOCAL, &local);
    let says = ["SBC0711", "has changed since you trusted it", "adds to it on this machine only", "~/notes"];
    plain(&project, &["exec", "--", "/bin/true"]).code(125).says(&says);
    let command = format!("exec {SBC} exec -- /bin/cat {}/notes", project.home.display());
    let (screen, code) = answered(&project, &command, "[y/N] ", b"", b"y\n");
    assert_eq!(code, Some(0), "{screen}");
    assert!(
        screen.contains("  with      .agent-sandbox.local.kdl, which adds to it on this machine only\n"),
        "{screen}"
    );
    assert!(screen.ends_with("mine\n"), "{screen}");
    plain(&project, &["exec", "--", "/bin/true"]).code(0);
    project.write(LOCAL, local.replace("ro", "rw"));
    plain(&project, &["exec", "--", "/bin/true"]).code(125).says(&["SBC0711"]);
}

/// A local layer that came with the repository is asked about as such, wherever the project lies in it, and `check` warns.
#[test]
fn committed_by_somebody() {
    let project = project("filesystem { ro \"~/notes\"; }");
    host(&project, "git init -q");
    plain(&project, &["exec", "--", "/bin/true"]).code(125).says(&["adds to it on this machine only"]);
    for version in ["2", "4"] {
        host(&project, &format!("touch a; git add .; git update-index --index-version {version}"));
        plain(&project, &["exec", "--", "/bin/true"]).code(125).says(&["CAME WITH THE REPOSITORY"]);
        plain(&project, &["check"]).code(0).says(&["SBC0813", "git rm --cached .agent-sandbox.local.kdl"]);
    }
    host(&project, "rm -rf .git; cd ..; git init -q; git add work");
    plain(&project, &["check"]).code(0).says(&["SBC0813"]);
}

/// A link that leads out of the project, and what is no file, stop what would read it.
#[test]
fn no_file() {
    let project = project("");
    let path = project.root.join(LOCAL);
    for target in [project.home.join("notes"), "/nowhere".into(), "/dev/zero".into()] {
        fs::remove_file(&path).unwrap();
        symlink(&target, &path).unwrap();
        plain(&project, &["exec", "--", "/bin/true"]).code(125).says(&["SBC0006", LOCAL]);
        plain(&project, &["build"]).code(0);
    }
}

/// The agent inside can neither change the file, nor take its name away, nor plant one that stays: in the root or
/// beside a nearer policy.
#[test]
fn the_agent_cannot_widen() {
    let evil = "sandbox \"app\" { filesystem { ro \"~/notes\"; }; }";
    let attack = format!(
        "echo '{evil}' >{LOCAL}; rm -f {LOCAL}; mv {LOCAL} other; ln -sf /tmp/x {LOCAL}; \
         echo '{evil}' >new; mv new {LOCAL}; true"
    );
    let there = project("env { set WHO=\"me\"; }");
    let before = there.read(LOCAL);
    there.exec(&attack).code(0);
    assert_eq!(there.read(LOCAL), before);
    assert_eq!(there.exec("cat ~/notes; echo $WHO").code(0).stdout, "me\n");

    let missing = Project::with_body("");
    missing.write_home("notes", "mine\n");
    missing.write("sub/.agent-sandbox.kdl", "sandbox \"app\" { inherit \"base-dev\"; }\n");
    let output = missing.exec(&format!("{attack}; echo '{evil}' >sub/{LOCAL}")).code(0).says(&["SBC0901"]);
    let mut moved: Vec<String> = quarantine(&missing).into_iter().map(|(origin, _)| origin).collect();
    moved.sort();
    let expected = [missing.root.join(LOCAL), missing.root.join("sub").join(LOCAL)];
    assert_eq!(moved, expected.map(|path| path.display().to_string()), "{}", output.stderr);
    // Without the protection, the next run is wider.
    let unprotected = Project::new(
        "sandbox \"app\" {\ninherit \"base-dev\"\nfilesystem { rw \"./.agent-sandbox.local.kdl\" missing=\"skip\"; }\n\
         waive \"not-writable\" \"./.agent-sandbox.local.kdl\" reason=\"a test\"\n}\n",
    );
    unprotected.write_home("notes", "mine\n");
    unprotected.exec(&attack).code(0);
    assert!(unprotected.root.join(LOCAL).exists());
    plain(&unprotected, &["exec", "--", "/bin/true"]).code(125).says(&["SBC0711", "~/notes"]);
}

/// `learn` proposes for all, and for this machine where that is wanted.
#[test]
fn learn_chooses_the_file() {
    let project = project("");
    let log = project.home.join("log");
    let notes = project.home.join("notes");
    let call = |arguments: &[&str]| {
        plain(&project, &[&["learn", "--all", "--from", log.to_str().unwrap()], arguments].concat())
    };
    fs::write(
        &log,
        format!(
            "100 execve(\"/bin/cat\", [\"cat\"], 0x0 /* 1 vars */) = 0\n100 openat(AT_FDCWD, \"{}\", O_RDONLY) = -1 ENOENT (No such file or directory)\n100 exit_group(1) = ?\n100 +++ exited with 1 +++\n",
            notes.display()
        ),
    )
    .unwrap();
    let shared = call(&[]).code(0).stdout;
    assert!(shared.contains("+++ b/.agent-sandbox.kdl") || shared.contains(".agent-sandbox.kdl"), "{shared}");
    assert!(!shared.contains(LOCAL), "{shared}");
    let own = call(&["--local", "--apply"]).code(0).says(&["wrote .agent-sandbox.local.kdl"]);
    assert!(own.stdout.contains(LOCAL), "{}", own.stdout);
    assert!(project.read(LOCAL).contains("ro \"~/notes\""), "{}", project.read(LOCAL));
    assert!(!project.read(".agent-sandbox.kdl").contains("notes"));
    fs::remove_file(project.root.join(LOCAL)).unwrap();
    call(&["--local"]).code(1).says(&["SBC0205", "`sbc init --local`"]);
}

/// `init --local` begins the file, changes nothing by it, and keeps it out of git if the user says so.
#[test]
fn init_begins_it() {
    let project = Project::with_body("");
    plain(&project, &["trust", "--yes"]).code(0);
    host(&project, "git init -q");
    project.write(".gitignore", "target");
    plain(&project, &["init", "--local"])
        .code(0)
        .says(&["wrote .agent-sandbox.local.kdl", "write `/.agent-sandbox.local.kdl` in .gitignore"]);
    assert_eq!(project.read(".gitignore"), "target");
    // It adds nothing yet, and so the plan is the same.
    plain(&project, &["exec", "--", "/bin/true"]).code(0).says(&["adds to `app`"]);
    plain(&project, &["init", "--local", "--yes"]).code(1).says(&["SBC0605"]);
    fs::remove_file(project.root.join(LOCAL)).unwrap();
    plain(&project, &["init", "--local", "--yes"])
        .code(0)
        .says(&["wrote .gitignore: `/.agent-sandbox.local.kdl` is kept"]);
    assert_eq!(project.read(".gitignore"), "target\n/.agent-sandbox.local.kdl\n");
    host(&project, "git check-ignore -q .agent-sandbox.local.kdl");
    fs::remove_file(project.root.join(LOCAL)).unwrap();
    let again = plain(&project, &["init", "--local", "--yes"]).code(0);
    assert!(!again.stderr.contains(".gitignore"), "{}", again.stderr);
    fs::remove_file(project.root.join(LOCAL)).unwrap();
    project.write(".gitignore", "");
    let (screen, code) = answered(&project, &format!("exec {SBC} init --local"), "[Y/n] ", b"", b"n\n");
    assert_eq!(code, Some(1), "{screen}");
    assert!(screen.contains("sandbox \"app\" {") && screen.contains("nothing was written"), "{screen}");
    assert!(!project.root.join(LOCAL).exists());
    // What is written is ignored already here, so there is one question.
    project.write(".gitignore", "*.local.kdl\n");
    let (screen, code) = answered(&project, &format!("exec {SBC} init --local"), "[Y/n] ", b"", b"y\n");
    assert_eq!(code, Some(0), "{screen}");
    assert!(project.root.join(LOCAL).exists());
}
