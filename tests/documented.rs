//! What the book says of commands, tried.

use crate::support::{Project, run};

/// A project whose command is `echo own`.
fn echo() -> Project {
    Project::with_body("run { command \"/bin/echo\" \"own\"; }")
}

/// Words that start with an option are arguments of the policy's command, others another command.
#[test]
fn words_after_the_dashes() {
    let project = echo();
    assert_eq!(project.sbc(&["exec"]).code(0).stdout, "own\n");
    assert_eq!(project.sbc(&["exec", "--", "--more", "x"]).code(0).stdout, "own --more x\n");
    assert_eq!(project.sbc(&["exec", "app", "--", "/bin/echo", "other"]).code(0).stdout, "other\n");
}

/// The script takes arguments for the policy's command, and another command after `--`.
#[test]
fn words_of_the_script() {
    let project = echo();
    assert_eq!(project.script("dash", "echo other").code(0).stdout, "other\n");
    let mut command = project.command("dash");
    command.args([".agent-sandbox/app.sh", "--more", "x"]);
    assert_eq!(run(&mut command).code(0).stdout, "own --more x\n");
}

/// The exit codes of `exec` are the ones in the book.
#[test]
fn exit_codes() {
    let project = Project::with_body("");
    project.exec("exit 7").code(7);
    project.exec("kill -KILL $$").code(137);
    project.sbc(&["exec", "other"]).code(125);
    project
        .sbc(&["exec", "--", "no-such-tool"])
        .code(127)
        .says(&["is not inside the sandbox; PATH there is", "`sbc learn -- no-such-tool`"]);
    project.write("tool", "#!/no/such/interpreter\n");
    project.sbc(&["exec", "--", "./tool"]).code(126);
    project.executable("tool");
    project.sbc(&["exec", "--", "./tool"]).code(127).says(&["its interpreter or its dynamic loader is not"]);
    project.sbc(&["exec", "--", "ls | wc"]).code(127).says(&["-- sh -c 'ls | wc'"]);
    project.sbc(&["exec", "--no-such-option"]).code(125).says(&["unexpected argument"]);
    project.sbc(&["exec", "npm", "test"]).code(125).says(&["`sbc exec -- npm test`"]);
    project.sbc(&["exec", "ls"]).code(125).says(&["SBC0205", "`sbc exec -- ls`"]);
    project.sbc(&["run", "make"]).code(2).says(&["`sbc exec -- make`"]);
    project.sbc(&["check", "--no-such-option"]).code(2);
}

/// A file behind a link of the home is where it really is, and nothing beside it is visible.
#[test]
fn file_behind_a_link() {
    let project = Project::with_body("filesystem { ro \"~/.gitconfig\"; }");
    project.write_home("dotfiles/gitconfig", "[user]\n");
    project.write_home("dotfiles/other", "");
    std::os::unix::fs::symlink("dotfiles/gitconfig", project.home.join(".gitconfig")).unwrap();
    let output = project.exec("cat ~/.gitconfig; ls ~/dotfiles; test -L ~/.gitconfig").code(0);
    assert_eq!(output.stdout, "[user]\ngitconfig\n");
}

/// What is created for a run is gone after it, with its parents, unless something was put there.
#[test]
fn created_and_removed() {
    let project = Project::with_body("filesystem { rw \"~/.cache/one\" \"~/.cache/two\" missing=\"create-dir\"; }");
    project.exec("true").code(0);
    assert!(!project.home.join(".cache").exists());
    project.exec("touch ~/.cache/two/kept").code(0);
    assert!(project.home.join(".cache/two/kept").exists() && !project.home.join(".cache/one").exists());
}

/// `PATH` is put together as the page on the language says.
#[test]
fn prepend_gathers_and_set_replaces() {
    let profiles = "profile \"a\" { inherit \"base-dev\"; env { prepend PATH=\"/opt/a\"; }; }\n\
                    profile \"b\" { inherit \"base-dev\"; env { prepend PATH=\"/opt/b\"; }; }\n";
    let path = |body: &str| {
        let project = Project::new(&format!("{profiles}sandbox \"app\" {{ inherit \"a\" \"b\"; env {{ {body} }} }}\n"));
        project.sbc(&["exec", "--", "/bin/sh", "-c", "echo $PATH"]).code(0).stdout
    };
    assert!(path("prepend PATH=\"/opt/app\";").starts_with("/opt/app:/opt/a:/opt/b:/usr/local/sbin:"));
    assert_eq!(path("set PATH=\"/usr/bin\";"), "/usr/bin\n");
}

/// A copy can be changed inside, and the host's file stays as it is.
#[test]
fn copy_is_private() {
    let project = Project::with_body("filesystem { copy \"~/.tool\"; }");
    project.write_home(".tool", "old");
    assert_eq!(project.exec("echo new > ~/.tool && cat ~/.tool").code(0).stdout, "new\n");
    assert_eq!(std::fs::read_to_string(project.home.join(".tool")).unwrap(), "old");
}

/// A gap of the threat model: only the project is searched, not what else can be written. When this test
/// fails, the page has to change.
#[test]
fn other_directories_are_not_searched() {
    let project = Project::with_body("filesystem { rw \"./../other\"; }");
    project.write_home("other/file", "");
    assert_eq!(project.exec("echo evil >../other/.agent-sandbox.kdl").code(0).stderr, "");
    assert!(project.home.join("other/.agent-sandbox.kdl").exists());
}

/// A name of a sandbox in the place of a path is answered, and scripts of removed sandboxes are named after a build.
#[test]
fn names_and_leftovers() {
    let project = Project::with_body("");
    project.sbc(&["check", "app"]).code(1).says(&["SBC0006", "`sbc check` alone checks all sandboxes here"]);
    project.write(".agent-sandbox/old.sh", "");
    project
        .sbc(&["build"])
        .code(0)
        .says(&["old.sh belongs to no sandbox of the policy: `git rm .agent-sandbox/old.sh`"]);
    assert!(!project.sbc(&["build"]).stderr.contains("app.sh belongs"));
}
