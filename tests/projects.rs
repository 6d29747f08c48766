//! Projects as they are: worktrees, submodules, links on the way, homes and dotfiles of all kinds.

use crate::hosts::{MERGED, TRUSTED, on_host};
use crate::script::SHELLS;
use crate::support::{Output, Project, run};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

const POLICY: &str = "sandbox \"app\" { inherit \"base-dev\"; }\n";

/// A project in `~/NAME`, which is made when git makes it.
fn project(name: &str) -> Project {
    let mut project = Project::empty();
    fs::remove_dir(&project.root).unwrap();
    project.root = project.home.join(name);
    project
}

/// Runs git on the host.
fn git(project: &Project, directory: &Path, arguments: &str) {
    let own = "-c user.name=me -c user.email=me@example.org -c init.defaultBranch=main -c protocol.file.allow=always -c advice.detachedHead=false";
    let words = own.split(' ').chain(arguments.split(' '));
    run(project.command("git").current_dir(directory).args(words)).code(0);
}

/// A repository with one commit, in `~/NAME`.
fn repository(project: &Project, name: &str) -> PathBuf {
    let directory = project.home.join(name);
    fs::create_dir_all(&directory).unwrap();
    git(project, &directory, "init --quiet");
    fs::write(directory.join("file"), "text\n").unwrap();
    git(project, &directory, "add file");
    git(project, &directory, "commit --quiet -m first");
    directory
}

/// A linked worktree in the project's place, of a repository in `~/REPOSITORY`.
fn worktree(repository: &str, name: &str) -> Project {
    let project = project(name);
    let main = self::repository(&project, repository);
    git(&project, &main, &format!("worktree add --quiet -b tree {}", project.root.display()));
    project.write(".agent-sandbox.kdl", POLICY);
    project
}

/// A submodule of `~/super` as the project.
fn submodule() -> Project {
    let project = project("super/lib");
    let (library, main) = (repository(&project, "library"), repository(&project, "super"));
    git(&project, &main, &format!("submodule --quiet add {} lib", library.display()));
    git(&project, &main, "commit --quiet -m lib");
    project.write(".agent-sandbox.kdl", POLICY);
    project
}

/// `sbc exec` and the script under each shell, with a name for messages.
fn ways(project: &Project, shell: &str) -> Vec<(&'static str, Output)> {
    let scripts = SHELLS.iter().map(|interpreter| (interpreter[0], project.script(interpreter[0], shell)));
    [("sbc", project.exec(shell))].into_iter().chain(scripts).collect()
}

/// What people do with git all day, in the directory `$1`; and what must not be done to it.
const WORK: &str = r#"
(
cd "$1" && git status --short >/dev/null || exit 1
n=$(git rev-list --count --all)
echo "$n" >file && git add file || exit 2
git -c user.name=me -c user.email=me@example.org commit --quiet -m "inside $n" || exit 3
git branch "b$n" && git switch --quiet -c "c$n" && git log --oneline | grep -q "inside $n" || exit 4
git gc --quiet || exit 5
) || exit
"#;
const ATTACKS: &str = r#"
c=$(cd "$1" && git rev-parse --path-format=absolute --git-common-dir)
d=$(cd "$1" && git rev-parse --path-format=absolute --git-dir)
refused() { if (eval "$1") 2>/dev/null; then echo "done: $1"; fi; }
refused 'echo evil >"$c/hooks/post-commit"'
refused 'echo evil >>"$c/config"'
refused 'git config core.fsmonitor evil'
refused 'echo /tmp/evil >"$c/commondir"'
refused 'mv "$c/hooks" "$c/hooks2"'
refused 'rm -f "$c/config"'
refused 'echo >new && mv -f new "$c/config"'
refused 'mv "$c" "$c.old"'
if [ -f .git ]; then
    refused 'echo "gitdir: /tmp/evil" >.git'
    refused 'rm -f .git'
    refused 'mv .git .git2'
    refused 'echo "gitdir: /tmp/evil" >new && mv -f new .git'
    refused 'ln -sf new .git'
fi
if [ "$c" != "$d" ] && [ "$1" = . ]; then
    refused 'echo /tmp/evil >"$d/commondir"'
    refused 'echo /tmp/evil >new && mv -f new "$d/commondir"'
    refused 'echo /tmp/evil >"$d/gitdir"'
    refused 'mv "$d" "$d.old"'
    refused 'mv "$c/worktrees" "$c/worktrees2"'
fi
rm -f new
"#;

/// git works inside, in `directory` of the project, and what the host runs is safe.
fn works_and_is_safe(project: &Project, directory: &str) {
    let check = project.sbc(&["check"]).code(0);
    assert!(!check.stderr.contains("SBC0803"), "{}", check.stderr);
    let shell = format!("set -- {directory}\n{WORK}{ATTACKS}");
    for (way, output) in ways(project, &shell) {
        let Output { code, stdout, stderr } = output;
        assert_eq!((code, stdout.as_str()), (0, ""), "{way}: {stderr}");
    }
    // What was committed inside is there outside, four times.
    let log = run(project.command("git").current_dir(project.root.join(directory)).args(["log", "--oneline"])).code(0);
    assert_eq!(log.stdout.matches("inside").count(), 4, "{}", log.stdout);
}

/// A linked worktree beside its main checkout.
#[test]
fn worktree_beside() {
    works_and_is_safe(&worktree("main", "tree"), ".");
}

/// A linked worktree inside its main checkout, of which no more than git's directory is visible.
#[test]
fn worktree_inside() {
    let project = worktree("main", "main/trees/one");
    works_and_is_safe(&project, ".");
    for (way, output) in ways(&project, "ls -A ~/main; cat ~/main/file") {
        assert_eq!((output.code, output.stdout.as_str()), (1, ".git\ntrees\n"), "{way}");
    }
}

/// A linked worktree whose main checkout is not in the home.
#[test]
fn worktree_of_elsewhere() {
    works_and_is_safe(&worktree("../elsewhere/main", "tree"), ".");
}

/// The directory that git shares may stand in a tree that another rule shows.
#[test]
fn worktree_in_a_shown_tree() {
    let project = worktree("code/main", "tree");
    project.write(".agent-sandbox.kdl", "sandbox \"app\" { inherit \"base-dev\"; filesystem { ro \"~/code\"; }; }");
    works_and_is_safe(&project, ".");
}

/// In a tree that another rule makes writable it is as safe, or the sandbox is refused.
#[test]
fn worktree_in_a_writable_tree() {
    let project = worktree("code/main", "tree");
    let policy = |tree: &str| format!("sandbox \"app\" {{ inherit \"base-dev\"; filesystem {{ rw \"{tree}\"; }}; }}\n");
    project.write(".agent-sandbox.kdl", policy("~/code/main"));
    works_and_is_safe(&project, ".");
    project.write(".agent-sandbox.kdl", policy("~/code"));
    project.exec("true").code(125).says(&["SBC0405", "`${GIT_COMMON_DIR}` lies inside `~/code`"]);
    project.script("dash", "true").code(125).says(&["cannot be protected there"]);
}

/// A linked worktree that is found by relative paths, as git 2.48 can write them.
#[test]
fn worktree_by_relative_paths() {
    let project = worktree("main", "tree");
    project.write(".git", "gitdir: ../main/.git/worktrees/tree\n");
    project.write_home("main/.git/worktrees/tree/gitdir", "../../../../tree/.git\n");
    works_and_is_safe(&project, ".");
}

/// The main checkout of a repository that has a linked worktree.
#[test]
fn main_checkout_of_a_worktree() {
    let mut project = worktree("main", "tree");
    project.root = project.home.join("main");
    project.write(".agent-sandbox.kdl", POLICY);
    works_and_is_safe(&project, ".");
}

/// A worktree's own settings are as safe as those of the repository.
#[test]
fn worktree_with_settings() {
    let project = worktree("main", "tree");
    git(&project, &project.root, "config extensions.worktreeConfig true");
    git(&project, &project.root, "config --worktree core.hooksPath .none");
    let attack = "git config --worktree core.fsmonitor evil; echo evil >~/main/.git/worktrees/tree/config.worktree";
    for (way, output) in ways(&project, attack) {
        assert_ne!(output.code, 0, "{way}");
    }
    git(&project, &project.root, "config --worktree core.hooksPath .none");
    let settings = fs::read_to_string(project.home.join("main/.git/worktrees/tree/config.worktree")).unwrap();
    assert!(!settings.contains("evil"), "{settings}");
}

/// A submodule.
#[test]
fn a_submodule() {
    works_and_is_safe(&submodule(), ".");
}

/// A project with a submodule. What git keeps of the submodule is read-only, unless the policy says otherwise.
#[test]
fn superproject() {
    let mut project = submodule();
    project.root = project.home.join("super");
    project.write(".agent-sandbox.kdl", POLICY);
    works_and_is_safe(&project, ".");
    for (way, output) in ways(&project, "git -C lib status --short && ! touch .git/modules/lib/index.lock") {
        assert_eq!(output.code, 0, "{way}: {}", output.stderr);
    }
    let body = "filesystem { rw \"./.git/modules\"; }";
    project.write(".agent-sandbox.kdl", format!("sandbox \"app\" {{ inherit \"base-dev\"; {body}; }}\n"));
    for (way, output) in ways(&project, &format!("set -- lib\n{WORK}")) {
        assert_eq!(output.code, 0, "{way}: {}", output.stderr);
    }
}

/// A submodule in a linked worktree of its superproject, and a linked worktree of a submodule.
#[test]
fn submodules_and_worktrees() {
    let mut project = submodule();
    let (main, home) = (project.home.join("super"), project.home.clone());
    git(&project, &main, &format!("worktree add --quiet -b tree {}", home.join("tree").display()));
    git(&project, &home.join("tree"), "submodule --quiet update --init");
    git(&project, &main.join("lib"), &format!("worktree add --quiet -b other {}", home.join("other").display()));
    for root in ["tree/lib", "other", "tree"] {
        project.root = home.join(root);
        project.write(".agent-sandbox.kdl", POLICY);
        works_and_is_safe(&project, ".");
    }
}

/// A bare repository in the project, with worktrees beside it: in the directory of them all, and in
/// one of them.
#[test]
fn bare_repository_in_the_project() {
    let mut project = project("work");
    let source = repository(&project, "source");
    git(&project, &project.home, &format!("clone --quiet --bare {} work/.bare", source.display()));
    project.write(".git", "gitdir: ./.bare\n");
    git(&project, &project.root, "worktree add --quiet main");
    git(&project, &project.root, "worktree add --quiet other");
    project.write(".agent-sandbox.kdl", POLICY);
    works_and_is_safe(&project, "main");
    for (way, output) in
        ways(&project, "new=new-$(date +%N) && git worktree add --quiet $new && cd $new && git status --short")
    {
        assert_eq!(output.code, 0, "{way}: {}", output.stderr);
    }
    project.root = project.home.join("work/other");
    project.write(".agent-sandbox.kdl", POLICY);
    works_and_is_safe(&project, ".");
}

/// A git directory elsewhere does not name its project, until it is told to.
#[test]
fn separate_git_directory() {
    let mut project = project("work");
    project.root = repository(&project, "work");
    git(&project, &project.root, "init --quiet --separate-git-dir ../work.git");
    project.write(".agent-sandbox.kdl", POLICY);
    let config = project.home.join("work.git/config");
    let command = format!("git config --file {} core.worktree {}", config.display(), project.root.display());
    project.sbc(&["check"]).code(0).says(&["SBC0803", "does not name this project", &command]);
    for (way, output) in ways(&project, "ls -d ~/work.git") {
        assert_ne!(output.code, 0, "{way}");
    }
    run(project.command("sh").args(["-c", &command])).code(0);
    works_and_is_safe(&project, ".");
}

/// A worktree that was moved is left out until git has mended it.
#[test]
fn moved_worktree() {
    let mut project = worktree("main", "tree");
    fs::rename(&project.root, project.home.join("moved")).unwrap();
    project.root = project.home.join("moved");
    let command = format!("worktree repair {}", project.root.display());
    project.sbc(&["check"]).code(0).says(&["SBC0803", "another worktree's", &format!("`git {command}`")]);
    project.exec("git status").code(128);
    git(&project, &project.home.join("main"), &command);
    works_and_is_safe(&project, ".");
}

/// Where nothing would be protected, or the project would be hidden, nothing is shown.
#[test]
fn places_that_do_not_count() {
    let mut project = project("repository/tree");
    let source = repository(&project, "source");
    git(&project, &project.home, &format!("clone --quiet --bare {} repository", source.display()));
    git(&project, &project.home.join("repository"), "worktree add --quiet tree");
    project.write(".agent-sandbox.kdl", POLICY);
    project.sbc(&["check"]).code(0).says(&["SBC0803", "contains the project"]);
    let deep = "git rev-parse --git-dir; touch here";
    for (way, output) in ways(&project, "touch here; ls ~/repository") {
        assert_eq!((output.code, output.stdout.as_str()), (0, "tree\n"), "{way}: {}", output.stderr);
    }
    project.root = project.home.join("deep");
    git(&project, &project.home, &format!("clone --quiet --bare {} deep/a/b", source.display()));
    project.write(".git", "gitdir: a/b\n");
    project.write(".agent-sandbox.kdl", POLICY);
    project.sbc(&["check"]).code(0).says(&["SBC0803", "deep in the project"]);
    for (way, output) in ways(&project, deep) {
        assert_eq!(output.code, 0, "{way}: {}", output.stderr);
    }
}

/// A file `.git` that an agent wrote shows nothing that was not shown before, whatever it says.
#[test]
fn forged_git_files() {
    let project = Project::with_body("");
    let other = repository(&project, "other");
    git(&project, &other, &format!("worktree add --quiet {}", project.home.join("tree").display()));
    git(&project, &other, &format!("config core.worktree {}", other.display()));
    // What an agent can write in the project.
    for name in ["HEAD", "objects/x", "refs/x"] {
        project.write(&format!("fake/worktrees/a/{name}"), "ref: refs/heads/main\n");
        project.write(&format!("fake/{name}"), "ref: refs/heads/main\n");
    }
    project.write("fake/worktrees/a/gitdir", format!("{}\n", project.root.join(".git").display()));
    project.write("fake/worktrees/a/commondir", format!("{}\n", other.join(".git").display()));
    project.write("fake/config", format!("[core]\n\tworktree = {}\n", project.root.display()));
    symlink(other.join(".git"), project.root.join("link")).unwrap();
    let git_directory = other.join(".git").display().to_string();
    let home = project.home.display().to_string();
    for forged in [
        format!("gitdir: {git_directory}\n"),
        format!("gitdir: {git_directory}/worktrees/tree\n"),
        format!("gitdir: {home}/work/../other/.git\n"),
        "gitdir: ../other/.git\n".to_owned(),
        "gitdir: ./link\n".to_owned(),
        "gitdir: link/worktrees/tree\n".to_owned(),
        "gitdir: ./fake/worktrees/a\n".to_owned(),
        format!("gitdir: {home}/other\n"),
        format!("gitdir: {home}\n"),
        "gitdir: /\n".to_owned(),
        "gitdir: ..\n".to_owned(),
        "gitdir: \n".to_owned(),
        format!("gitdir: fake\n{git_directory}\n"),
        format!("gitdir: {}{git_directory}\n", "/".repeat(5000)),
        "x".repeat(100_000),
        String::new(),
    ] {
        project.write(".git", &forged);
        for (way, output) in ways(&project, "ls -A ~/; cat ~/other/file ~/other/.git/config") {
            assert_eq!((output.code, output.stdout.as_str()), (1, "work\n"), "{way} {forged}: {}", output.stderr);
        }
        project.sbc(&["check"]).code(0).says(&["SBC0803"]);
    }
}

/// A file `.git` cannot make a protected directory writable.
#[test]
fn git_file_of_a_protected_directory() {
    let project = Project::with_body("");
    for name in ["HEAD", "objects/x", "refs/x", "settings.json"] {
        project.write(&format!(".claude/{name}"), "old");
    }
    project.write(".git", "gitdir: .claude\n");
    for (way, output) in ways(&project, "echo evil >.claude/settings.json") {
        assert_eq!(output.code, 125, "{way}: {}", output.stderr);
    }
    assert_eq!(project.read(".claude/settings.json"), "old");
}

/// What is no regular file is not waited for.
#[test]
fn git_files_that_are_none() {
    let project = Project::with_body("");
    run(project.command("mkfifo").arg(".git")).code(0);
    for (way, output) in ways(&project, "echo fine") {
        assert_eq!((output.code, output.stdout.as_str()), (0, "fine\n"), "{way}: {}", output.stderr);
    }
}

/// Only git's own way to write `core.worktree` counts, for sbc and for the script.
#[test]
fn work_trees_in_configurations() {
    let project = submodule();
    let config = project.home.join("super/.git/modules/lib/config");
    let plain = "\tworktree = ../../../lib\n";
    let good = fs::read_to_string(&config).unwrap();
    assert!(good.contains(plain), "{good}");
    for (instead, counts) in [
        (plain.to_owned(), true),
        (format!("worktree = {}\n", project.root.display()), true),
        (format!("worktree = {}/\n", project.root.display()), true),
        (format!("{plain}{plain}"), false),
        ("\tworktree = ../../../lib # here\n".to_owned(), false),
        ("\tworktree = \"../../../lib\"\n".to_owned(), false),
        ("\tworktree = ../../../lib\\\n".to_owned(), false),
        ("\tworktree = ../../../lib\r\n".to_owned(), false),
        ("\t\tworktree = ../../../lib \t\n".to_owned(), true),
        (format!("[other]\n{plain}"), false),
        (format!("[other \"core\"]\n{plain}[core]\n"), false),
        (format!("{plain}[x]\n{plain}\ty = z\\\n"), false),
        (String::new(), false),
        (format!("{plain}{}", "#\n".repeat(40_000)), false),
    ] {
        fs::write(&config, good.replace(plain, &instead)).unwrap();
        for (way, output) in ways(&project, "ls -d ~/super/.git/modules/lib/objects") {
            assert_eq!(output.code == 0, counts, "{way} {instead:.60}: {}", output.stderr);
        }
    }
}

/// A policy can name the directories of git itself, and is refused where they have no value.
#[test]
fn variables_of_git() {
    let rules = "env { set COMMON=\"${GIT_COMMON_DIR}\" ID=\"${GIT_WORKTREE_ID}\"; }";
    let policy = format!("sandbox \"app\" {{ inherit \"base-dev\"; {rules} }}\n");
    let project = worktree("main", "tree");
    project.write(".agent-sandbox.kdl", &policy);
    for (way, output) in ways(&project, "echo $COMMON $ID") {
        assert_eq!(output.stdout, format!("{}/main/.git tree\n", project.home.display()), "{way}: {}", output.stderr);
    }
    let ordinary = Project::new(&policy);
    ordinary.exec("true").code(125).says(&["SBC0410", "`${GIT_COMMON_DIR}` has no value on this host"]);
    ordinary.script("dash", "true").code(125).says(&["GIT_COMMON_DIR has no value here"]);
    // As the threat model says: nothing of the other worktrees can be written.
    let strict = "filesystem { ro \"${GIT_COMMON_DIR}/worktrees\" missing=\"skip\"; rw \"${GIT_COMMON_DIR}/worktrees/${GIT_WORKTREE_ID}\" missing=\"skip\"; }";
    project.write(".agent-sandbox.kdl", format!("sandbox \"app\" {{ inherit \"base-dev\"; {strict} }}\n"));
    git(&project, &project.home.join("main"), "worktree add --quiet ../other");
    let attack = "git worktree prune; mkdir ~/main/.git/worktrees/x; echo evil >~/main/.git/worktrees/other/commondir";
    for (way, output) in ways(&project, attack) {
        assert_ne!(output.code, 0, "{way}");
    }
    git(&project, &project.home.join("other"), "status");
    let commit = "git -c user.name=me -c user.email=me@example.org commit --quiet --allow-empty -m inside";
    for (way, output) in ways(&project, commit) {
        assert_eq!(output.code, 0, "{way}: {}", output.stderr);
    }
}

/// A project below `/tmp`, where the sandbox has its own `/tmp` around it.
#[test]
fn project_in_tmp() {
    let project = Project::with_body("");
    assert!(project.root.starts_with("/tmp"));
    repository(&project, "work");
    works_and_is_safe(&project, ".");
    let neighbour = tempfile::NamedTempFile::new_in("/tmp").unwrap();
    let shell = format!("test ! -e {} && touch /tmp/mine && ls", neighbour.path().display());
    for (way, output) in ways(&project, &shell) {
        assert_eq!((output.code, output.stdout.as_str()), (0, "file\n"), "{way}: {}", output.stderr);
    }
    assert!(!Path::new("/tmp/mine").exists());
}

/// A project that is reached through a link has its real path inside; so has a directory in it.
#[test]
fn project_behind_a_link() {
    let project = Project::with_body("");
    repository(&project, "work");
    project.write("src/deep/file", "text\n");
    symlink("work", project.home.join("link")).unwrap();
    project.sbc(&["build"]).code(0);
    let below = project.root.join("src/deep");
    for start in ["link", "link/src/deep", "work/src/deep"] {
        let directory = project.home.join(start);
        let expected = if start == "link" { &project.root } else { &below };
        let words = ["--", "/bin/sh", "-c", "pwd && git status --short >/dev/null"];
        let way_to = |name: &str| project.home.join("link").join(name);
        project.trust();
        let sbc = [PathBuf::from(env!("CARGO_BIN_EXE_sbc")), "exec".into()];
        let script = ["dash".into(), way_to(".agent-sandbox/app.sh")];
        for way in [sbc, script] {
            let mut command = project.command(&way[0]);
            // As a shell that followed the link would have it.
            let command = command.args(&way[1..]).args(words).current_dir(&directory).env("PWD", &directory);
            let output = run(command).code(0);
            assert_eq!(output.stdout, format!("{}\n", expected.display()), "{start} {way:?}");
        }
    }
}

/// Runs a shell command by `sbc exec` and by the script, on a host that `arguments` make.
fn ways_on_host(project: &Project, arguments: &[&str], environment: &[&str], shell: &str) -> Vec<Output> {
    project.sbc(&["build"]).code(0);
    let host = [&MERGED, arguments].concat();
    let starts: [&[&str]; 2] = [&TRUSTED, &["dash", ".agent-sandbox/app.sh"]];
    let start = |start: &&[&str]| {
        let command = [&["env"], environment, start, &["--", "/bin/sh", "-c", shell]].concat();
        on_host(project, &host, &command)
    };
    starts.iter().map(start).collect()
}

/// A home on a mount of its own, one in which the project is another mount, and one that is
/// reached through a link.
#[test]
fn home_on_another_mount() {
    let project = Project::with_body("filesystem { ro \"~/.gitconfig\" missing=\"skip\"; }");
    repository(&project, "work");
    project.write_home(".gitconfig", "[user]\n\tname = me\n\temail = me@example.org\n");
    project.write_home("secret", "hush");
    project.sbc(&["build"]).code(0);
    let (home, work) = (project.home.to_str().unwrap(), project.root.to_str().unwrap());
    let gitconfig = format!("{home}/.gitconfig");
    let hosts: [(&[&str], &str); 4] = [
        (&["--bind", home, "/home/me"], "/home/me"),
        (
            &["--tmpfs", "/home/me", "--bind", work, "/home/me/work", "--ro-bind", &gitconfig, "/home/me/.gitconfig"],
            "/home/me",
        ),
        (&["--bind", home, "/data/me", "--symlink", "/data", "/home"], "/home/me"),
        (&["--bind", home, "/var/home/me", "--symlink", "var/home", "/home"], "/home/me"),
    ];
    for (host, at) in hosts {
        let directory = format!("--chdir={at}/work");
        let shell = "git status --short >/dev/null && echo \"$(date +%N)\" >file && git add file && \
            git commit --quiet -m inside && git switch --quiet -c \"b$(date +%N)\" && ls -A ~ && touch ~/x";
        let (home, here) = (format!("HOME={at}"), format!("PWD={at}/work"));
        for output in ways_on_host(&project, host, &[&directory, &home, &here], shell) {
            assert_eq!((output.code, output.stdout.as_str()), (0, ".gitconfig\nwork\n"), "{host:?}: {}", output.stderr);
        }
    }
    assert!(!project.home.join("x").exists());
}

/// Dotfiles that are links, into a directory of the home or into `/nix/store`, are read as on the
/// host, and bring nothing of what lies beside them.
#[test]
fn linked_dotfiles() {
    // Links of the home with what they lead to; then what lies where they lead.
    let shapes: [&[(&str, &str)]; 9] = [
        &[(".gitconfig", "~/dotfiles/gitconfig")],
        &[(".gitconfig", "dotfiles/gitconfig")],
        &[
            (".gitconfig", "dotfiles/link"),
            ("dotfiles/link", "../dotfiles/again"),
            ("dotfiles/again", "~/dotfiles/gitconfig"),
        ],
        &[(".config/git", "~/dotfiles/git")],
        &[(".config/git", "../dotfiles/git")],
        &[(".config/git", "../dotfiles/link"), ("dotfiles/link", "git")],
        &[(".gitconfig", "/nix/store/aaa-home/.gitconfig")],
        &[(".config/git", "/nix/store/aaa-home/.config/git")],
        &[(".config/git/config", "/nix/store/aaa-home/.config/git/config")],
    ];
    for shape in shapes {
        let project = Project::with_body(
            "filesystem { ro \"~/.gitconfig\" \"~/.config/git\" missing=\"skip\"; }\n\
             waive \"denied\" \"~/.config/git/credentials\" reason=\"there are none\"",
        );
        let text = "[user]\n\temail = me@example.org\n";
        for name in ["dotfiles/gitconfig", "dotfiles/git/config", "store/bbb-gitconfig"] {
            project.write_home(name, text);
        }
        project.write_home("dotfiles/secret", "hush");
        for (link, to) in shape.iter().chain(&[
            ("store/aaa-home/.gitconfig", "/nix/store/bbb-gitconfig"),
            ("store/aaa-home/.config/git/config", "/nix/store/bbb-gitconfig"),
        ]) {
            let link = project.home.join(link);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            symlink(to.replace('~', project.home.to_str().unwrap()), link).unwrap();
        }
        let store = project.home.join("store");
        let host = ["--ro-bind", store.to_str().unwrap(), "/nix/store"];
        let shell = "git config --global user.email; cat ~/dotfiles/secret; \
            git config --global user.email evil@example.org; echo evil >>~/.gitconfig; echo evil >>~/.config/git/config";
        for output in ways_on_host(&project, &host, &[], shell) {
            assert_eq!(output.stdout, "me@example.org\n", "{shape:?}: {}", output.stderr);
        }
        for name in ["dotfiles/gitconfig", "dotfiles/git/config", "store/bbb-gitconfig"] {
            assert_eq!(fs::read_to_string(project.home.join(name)).unwrap(), text, "{shape:?}");
        }
    }
}

/// `/etc/resolv.conf` in all its shapes is what it is on the host.
#[test]
fn name_resolution() {
    let project = Project::with_body("");
    project.write_home("resolv", "nameserver 192.0.2.1\n");
    let file = project.home.join("resolv");
    let file = file.to_str().unwrap();
    let linked =
        |to: &'static str, real: &'static str| vec!["--ro-bind", file, real, "--symlink", to, "/etc/resolv.conf"];
    let shapes = [
        (vec!["--ro-bind", file, "/etc/resolv.conf"], true),
        (linked("../run/systemd/resolve/stub-resolv.conf", "/run/systemd/resolve/stub-resolv.conf"), true),
        (linked("/run/NetworkManager/resolv.conf", "/run/NetworkManager/resolv.conf"), true),
        (linked("../run/resolvconf/resolv.conf", "/run/resolvconf/resolv.conf"), true),
        (linked("/mnt/wsl/resolv.conf", "/mnt/wsl/resolv.conf"), true),
        // A chain, as with resolvconf on top of systemd.
        ([linked("/etc/chain", "/run/real"), vec!["--symlink", "../run/real", "/etc/chain"]].concat(), true),
        (vec!["--symlink", "/run/gone/resolv.conf", "/etc/resolv.conf"], false),
        (vec![], false),
    ];
    for (shape, readable) in shapes {
        let host = [&shape[..], &["--ro-bind", "/etc/hosts", "/etc/hosts"]].concat();
        let shell = "cat /etc/resolv.conf; test -s /etc/hosts && ! touch /etc/x 2>/dev/null";
        for output in ways_on_host(&project, &host, &[], shell) {
            let expected = if readable { "nameserver 192.0.2.1\n" } else { "" };
            assert_eq!((output.code, output.stdout.as_str()), (0, expected), "{shape:?}: {}", output.stderr);
        }
    }
}

/// Names that a shell could misread, in the repository, the worktree and the submodule.
#[test]
fn strange_names() {
    let mut project = project("tr ee*[a] $(x)'");
    let main = repository(&project, "ma in?[b] `y`");
    let git = |directory: &Path, arguments: &[&str]| {
        let own = ["-c", "protocol.file.allow=always", "-c", "user.name=me", "-c", "user.email=me@example.org"];
        run(project.command("git").current_dir(directory).args(own).args(arguments)).code(0);
    };
    git(&main, &["worktree", "add", "--quiet", "-b", "tree", project.root.to_str().unwrap()]);
    let library = repository(&project, "library");
    git(&main, &["submodule", "--quiet", "add", library.to_str().unwrap(), "li b*"]);
    for root in [project.root.clone(), main.join("li b*")] {
        project.root = root;
        project.write(".agent-sandbox.kdl", POLICY);
        works_and_is_safe(&project, ".");
    }
}
