//! Fewer mounts for the same view: what is taken away, what never is, and that `sbc show --plan` says why.

use crate::support::Project;
use sbc::compile::{Wanted, compile};
use sbc::diagnostic::Diagnostics;
use sbc::host::Host;
use sbc::invocation::{Form, resolve_as};
use sbc::optimise::{Change, is_same};
use sbc::project::load;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

fn project(rules: &str) -> Project {
    let project = Project::with_body(&format!("filesystem {{\n{rules}\n}}"));
    fs::create_dir_all(project.root.join("a/b/c")).unwrap();
    project.write("a/b/c/file", "text\n");
    project
}

/// The lines of `sbc show --plan` about places below a path, without their columns.
fn plan(project: &Project, below: &str) -> Vec<String> {
    let shown = project.sbc(&["show", "--plan"]).code(0).stdout;
    let lines = shown.lines().filter(|line| line.split_whitespace().any(|word| word.starts_with(below)));
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// The same commands see the same in both forms.
fn same(project: &Project, shell: &str) {
    let optimised = project.exec(shell).code(0).stdout;
    let written = ["exec", "--no-optimise", "--", "/bin/sh", "-c", shell];
    assert_eq!(optimised, project.sbc(&written).code(0).stdout);
    assert!(!optimised.is_empty());
}

fn mounts(project: &Project, arguments: &[&str]) -> usize {
    let emitted = project.sbc(&[&["build", "--emit", "argv"], arguments].concat()).code(0).stdout;
    emitted.matches("--ro-bind ").count() + emitted.matches("--bind ").count()
}

/// What the mount above shows with the same access needs none of its own, and both forms show the same.
#[test]
fn covered() {
    let project = project("ro \"~/kept\" \"~/kept/one\" \"~/kept/one/two\"\nrw \".\" \"./a/b\"");
    project.write_home("kept/one/two/file", "text\n");
    let lines = plan(&project, "~/kept");
    assert_eq!(
        lines,
        [
            "ro-bind ~/kept",
            "- ro-bind ~/kept/one `~/kept` shows it already, with the same access",
            "- ro-bind ~/kept/one/two `~/kept` shows it already, with the same access",
        ]
    );
    assert_eq!(
        plan(&project, "./a"),
        [
            "- bind ./a nothing below it is protected, so that it may be renamed",
            "- bind ./a/b `.` shows it already, with the same access",
        ]
    );
    assert_eq!(mounts(&project, &["--no-optimise"]) - mounts(&project, &[]), 4);
    same(
        &project,
        "find ~ . | sort; cat ~/kept/one/two/file a/b/c/file; touch ~/kept/one/x 2>&1; touch a/b/x && ls a/b; rm a/b/x",
    );
}

/// Another access stays a mount; so does what can be written, where something lies below it that renaming it would move.
#[test]
fn what_protects_stays() {
    let project =
        project("rw \".\" \"./a/b\"\nro \"./a/b/c\"\nro \"~/kept\"\nrw \"~/kept/one\"\nro \"~/kept/one/two\"");
    project.write_home("kept/one/two/file", "text\n");
    assert!(plan(&project, "").iter().all(|line| !line.starts_with(['-', '+'])), "{:?}", plan(&project, ""));
    assert_eq!(plan(&project, "./a").len(), 3);
    project.exec("mv a x 2>/dev/null || mv a/b x 2>/dev/null || mv a/b/c x 2>/dev/null || echo held").code(0).says(&[]);
    assert!(project.root.join("a/b/c/file").is_file());
}

/// Where the host has a link to a directory that is shown, the sandbox has that link; not where something lies below it,
/// where the access is another, or where a process inside could have made the link.
#[test]
fn links() {
    let project = project("ro \"~/real\" \"~/link\" \"~/under\"\ntmpfs \"~/under/secret\"\nrw \"~/open\"");
    project.write_home("real/file", "text\n");
    project.write_home("real/secret/file", "secret\n");
    ["link", "under", "open"].iter().for_each(|name| symlink("real", project.home.join(name)).unwrap());
    let lines = plan(&project, "~/link");
    let [before, after] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(before, "- ro-bind ~/link ← ~/real the host has a link here, and what it leads to is shown");
    assert!(after.starts_with("+ symlink ~/link → /") && after.ends_with("/real"), "{after}");
    assert_eq!(plan(&project, "~/under")[0], "ro-bind ~/under ← ~/real");
    assert_eq!(plan(&project, "~/open"), ["bind ~/open ← ~/real"]);
    same(&project, "cat ~/link/file ~/under/file; cat ~/under/secret/file 2>&1; ls ~/link/");
}

/// A directory of the system that is shown part by part is shown whole; not while one part is missing.
#[test]
fn whole() {
    let directory = few_entries();
    let names: Vec<PathBuf> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    let rules = |names: &[PathBuf]| names.iter().map(|name| format!("ro {name:?}\n")).collect::<String>();
    let policy = |rules: String| {
        let body = format!(
            "filesystem {{\nro \"/usr/bin\" \"/usr/lib\" \"/usr/lib64\" \"/bin\" \"/lib\" \"/lib64\" missing=\"skip\"\n\
             proc \"/proc\"\n{rules}}}\nrun {{ workdir \"/\"; }}"
        );
        Project::new(&format!("sandbox \"app\" {{\n{body}\n}}"))
    };
    let project = policy(rules(&names));
    let at = directory.display().to_string();
    let lines = plan(&project, &at);
    assert_eq!(lines[0], format!("+ ro-bind {at}"));
    assert!(
        lines[1..].iter().all(|line| line.ends_with(&format!("all of `{at}` is shown, part by part"))),
        "{lines:?}"
    );
    assert_eq!(lines.len(), names.len() + 1);
    same(&project, &format!("find {at} | sort | head -200; touch {at}/x 2>/dev/null || echo refused"));
    let project = policy(rules(&names[1..]));
    assert!(plan(&project, &at).iter().all(|line| line.starts_with("ro-bind")));
    same(&project, &format!("ls {at}"));
}

/// A directory below `/usr/share` that consists of few entries, none of them a link.
fn few_entries() -> PathBuf {
    let few = |directory: &PathBuf| {
        let entries: Vec<_> = fs::read_dir(directory).into_iter().flatten().flatten().collect();
        (2..9).contains(&entries.len()) && entries.iter().all(|entry| !entry.file_type().unwrap().is_symlink())
    };
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/share").unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found.into_iter().filter(|path| path.is_dir() && !path.is_symlink()).find(few).expect("a small directory")
}

/// A directory of the user's is never shown whole for its parts: something may be put there while the sandbox runs.
#[test]
fn what_may_grow_is_not_shown() {
    let project = project("ro \"~/kept/one\" \"~/kept/two\"");
    project.write_home("kept/one/file", "");
    project.write_home("kept/two/file", "");
    assert_eq!(plan(&project, "~/kept"), ["ro-bind ~/kept/one", "ro-bind ~/kept/two"]);
    let kept = project.home.join("kept");
    assert!(Path::new(&kept).is_dir());
    same(&project, "ls ~/kept");
}

/// Below a host directory that has the link itself, nothing is made: neither by `exec`, in both forms, nor by the script.
#[test]
fn links_of_the_host_are_there() {
    let body = "waive \"denied\" \"/\" reason=\"a test\"\nfilesystem {\nro \"/\" \"/bin\" \"/usr\"\nproc \"/proc\"\ndev \"/dev\"\n}";
    let project = Project::new(&format!("sandbox \"app\" {{\n{body}\n}}"));
    let expected = project.exec("ls -d /bin/sh; readlink /bin").code(0).stdout;
    assert!(expected.starts_with("/bin/sh\n"), "{expected}");
    same(&project, "ls -d /bin/sh; readlink /bin");
    assert_eq!(project.script("dash", "ls -d /bin/sh; readlink /bin").code(0).stdout, expected);
    if Path::new("/bin").is_symlink() {
        let shown = plan(&project, "/bin");
        assert_eq!(shown, ["- ro-bind /bin ← /usr/bin `/` shows it already, with the same access"]);
    }
}

/// What this host cannot run has no list of mounts, and says why.
#[test]
fn what_cannot_run_is_not_listed() {
    let project = project("ro \"~/nothing\"");
    let output = project.sbc(&["show", "--plan"]).code(1).says(&["SBC0404", "`~/nothing` does not exist"]);
    assert_eq!(output.stdout, "");
}

/// Where a place would show another host path, or the same with another access, the proof says no.
#[test]
fn what_differs_is_no_proof() {
    let project = project("ro \"~/kept\" \"~/kept/one\"");
    project.write_home("kept/one/file", "");
    let sources = load(&project.root, &mut Diagnostics::default()).sources;
    let compiled = compile(&sources, &Wanted::Only).sandboxes.pop().unwrap();
    let host = Host { home: project.home.clone(), ..Host::read(&project.root).unwrap() };
    let (invocation, view) = resolve_as(Form::Optimised, &compiled, &host, &mut Diagnostics::default());
    let [change] = invocation.changes.as_slice() else { panic!("{:?}", invocation.changes) };
    let holds = |change: Change| is_same(view.mounts(), &[change], &host);
    assert!(holds(change.clone()));
    assert!(!holds(Change { writable: true, ..change.clone() }));
    assert!(!holds(Change { source: project.home.join("kept/two"), ..change.clone() }));
    assert!(!holds(Change { at: project.home.join("other"), ..change.clone() }));
}
