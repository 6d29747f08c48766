//! What another sandbox in the same project could do while one starts: swap what sbc has looked at.
//!
//! The swapping is real, and as fast as the kernel exchanges two names. Each attack is also made where
//! nothing protects, and must get through there.

use crate::support::{Output, Project, run};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long an attack goes on.
const ATTACK: Duration = Duration::from_secs(2);

/// Exchanges two paths again and again until it is dropped.
struct Swapping {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Swapping {
    fn start(one: PathBuf, other: PathBuf) -> Swapping {
        let stop = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                renameat_with(CWD, &one, CWD, &other, RenameFlags::EXCHANGE).unwrap();
            }
        });
        Swapping { stop, thread: Some(thread) }
    }
}

impl Drop for Swapping {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// A project of which `./data` is shown elsewhere, and a link to a secret beside it.
fn project(rule: &str) -> Project {
    let project = Project::new(&format!(
        "sandbox \"app\" {{\nfilesystem {{\nro \"/usr\" \"/bin\" \"/lib\" \"/lib64\" missing=\"skip\"\nproc \"/proc\"\nrw \".\"\n{rule}\n}}\n\
         run {{ command \"/bin/cat\" \"/srv/data/file\"; }}\n}}\n"
    ));
    project.write_home("secret/file", "SECRET\n");
    project.write("data/file", "mine\n");
    symlink("../secret", project.root.join("link")).unwrap();
    project.trust();
    project
}

/// What becomes of starts while two paths of the project are swapped.
fn attacked(project: &Project, names: [&str; 2], mut start: impl FnMut() -> Output) -> Vec<Output> {
    let [one, other] = names.map(|name| project.root.join(name));
    let _swapping = Swapping::start(one, other);
    let begin = Instant::now();
    std::iter::from_fn(|| (begin.elapsed() < ATTACK).then(&mut start)).collect()
}

fn secrets(outputs: &[Output]) -> usize {
    outputs.iter().filter(|output| output.stdout.contains("SECRET")).count()
}

/// The sandbox that was started shows what sbc has looked at, or nothing is started: whether the source
/// itself is swapped or a directory above it, and whether it is mounted or copied.
#[test]
fn swapped_sources() {
    let rules = [
        (r#"ro "./data" at="/srv/data""#, ["data", "link"]),
        (r#"rw "./data" at="/srv/data""#, ["data", "link"]),
        (r#"ro "./data/file" at="/srv/data/file""#, ["data", "link"]),
        (r#"copy "./data/file" at="/srv/data/file""#, ["data", "link"]),
    ];
    for (rule, names) in rules {
        let project = project(rule);
        let exec = || run(&mut project.plain_command(&["exec"]));
        let outputs = attacked(&project, names, exec);
        let count = |code: &str| outputs.iter().filter(|output| output.stderr.contains(code)).count();
        eprintln!("{rule}: {} starts, {:?}", outputs.len(), ["SBC0713", "SBC0408", "SBC0705"].map(count));
        let refused = outputs.iter().filter(|output| output.code == 125).count();
        let shown = outputs.iter().filter(|output| output.stdout == "mine\n").count();
        assert_eq!(secrets(&outputs), 0, "{rule}");
        assert_eq!(refused + shown, outputs.len(), "{rule}: {outputs:?}");
        assert!(refused > 0 && shown > 0, "{rule}: {refused} refused, {shown} shown");
        for output in outputs.iter().filter(|output| output.code == 125) {
            let codes = ["SBC0713", "SBC0408", "SBC0705"];
            assert!(codes.iter().any(|code| output.stderr.contains(code)), "{rule}: {}", output.stderr);
        }
    }
}

/// The same swapping shows the secret to bubblewrap with the same arguments and plain paths.
#[test]
fn swapped_sources_without_descriptors() {
    let project = project(r#"ro "./data" at="/srv/data""#);
    let argv = run(&mut project.plain_command(&["build", "--emit", "argv"])).code(0).stdout;
    assert!(argv.contains("--ro-bind") && !argv.contains("bind-fd"), "{argv}");
    let outputs = attacked(&project, ["data", "link"], || run(project.command("bash").args(["-c", &argv])));
    assert!(secrets(&outputs) > 0, "{} runs", outputs.len());
}
