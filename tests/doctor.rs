//! `sbc doctor`: what it finds on hosts of several kinds, and that it leaves nothing behind.

use crate::formats::valid;
use crate::support::{Output, Project, run};
use sbc::diagnostic::{Code, Diagnostic};
use sbc::doctor::{Bubblewrap, Facts, Row, State, rows};
use sbc::surroundings::Surroundings;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use walkdir::WalkDir;

/// The rows by what they are about, after a look at the schema.
fn report(output: &Output) -> Value {
    let report = valid("schema/doctor.schema.json", &output.stdout);
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(report["runs"], rows.iter().all(|row| row["state"] != "missing"), "{report:#}");
    rows.iter().map(|row| (row["what"].as_str().unwrap().to_owned(), row.clone())).collect()
}

/// Runs the doctor with a bubblewrap of this name.
fn with_bubblewrap(project: &Project, bwrap: &str) -> Output {
    run(project.sbc_command(&["doctor", "--format", "json"]).env("SBC_BWRAP", bwrap))
}

/// Runs the doctor where an outer bubblewrap has changed the host.
fn on_host(project: &Project, options: &[&str]) -> Output {
    let mut outer = project.command("bwrap");
    outer.args(["--dev-bind", "/", "/"]).args(options);
    run(outer.args(["--", env!("CARGO_BIN_EXE_sbc"), "doctor", "--format", "json"]))
}

/// On a machine that runs sandboxes nothing is missing, in both forms.
#[test]
fn good_host() {
    let project = Project::empty();
    let output = project.sbc(&["doctor", "--format", "json"]).code(0);
    let found = report(&output);
    let works = ["user namespaces", "own processes", "own devices and memory", "own network", "own names and IPC"];
    for what in works.into_iter().chain(["no nested sandboxes", "filter of system calls", "user"]) {
        assert_eq!(found[what]["state"], "ok", "{what}: {found:#}");
    }
    let table = project.sbc(&["doctor"]).code(0).stdout;
    assert!(table.contains("sandboxes run here: 0 missing") && table.contains("bubblewrap "), "{table}");
}

/// Trying CVE-2026-87766 tells a bubblewrap that follows links from one that does not, and nothing of
/// the attempt stays, in a home with and without sbc's own directory.
#[test]
fn planted_links_are_tried_and_removed() {
    let project = Project::empty();
    let names = || WalkDir::new(&project.home).into_iter().map(|entry| entry.unwrap().into_path()).collect::<Vec<_>>();
    for _ in 0..2 {
        let before = names();
        let found = report(&project.sbc(&["doctor", "--format", "json"]).code(0));
        assert_eq!(names(), before);
        let row = &found["planted links"];
        let vulnerable = row["found"].as_str().unwrap().contains("CVE-2026-87766");
        assert_eq!(row["state"], if vulnerable { "weak" } else { "ok" });
        fs::create_dir_all(project.home.join(".local/state/sbc")).unwrap();
    }
}

/// Without bubblewrap no sandbox runs, and the cure is the command that installs it.
#[test]
fn no_bubblewrap() {
    let project = Project::empty();
    let found = report(&with_bubblewrap(&project, "/nowhere/bwrap").code(1));
    assert_eq!(found["bubblewrap"]["state"], "missing");
    assert!(found["bubblewrap"]["cure"].as_str().unwrap().contains("unset `SBC_BWRAP`"), "{found:#}");
    assert!(found.get("user namespaces").is_none(), "nothing was tried: {found:#}");
    let table = run(project.sbc_command(&["doctor"]).env("SBC_BWRAP", "/nowhere/bwrap")).code(1).stdout;
    assert!(table.contains("no sandbox runs here: 1 missing") && table.contains("cure: "), "{table}");
}

/// A bubblewrap that is set-user-ID is refused whoever owns it, by `exec` too; without the bit it only is
/// one that a sandbox might replace.
#[test]
fn bubblewrap_of_a_user() {
    let project = Project::with_body("");
    let own = project.home.join("bwrap");
    fs::copy(std::env::var_os("SBC_BWRAP").unwrap_or("/usr/bin/bwrap".into()), &own).unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(0o4755)).unwrap();
    let path = own.to_str().unwrap();
    let found = report(&with_bubblewrap(&project, path).code(1));
    assert_eq!(found["bubblewrap"]["cure"], format!("`sudo chmod u-s {path}`"));
    run(project.sbc_command(&["exec", "--", "true"]).env("SBC_BWRAP", path))
        .code(125)
        .says(&["SBC0701", "set-user-ID"]);
    fs::set_permissions(&own, fs::Permissions::from_mode(0o755)).unwrap();
    let found = report(&with_bubblewrap(&project, path).code(0));
    assert_eq!(found["bubblewrap"]["state"], "weak");
    assert!(found["bubblewrap"]["found"].as_str().unwrap().contains("you can replace it"), "{found:#}");
}

/// A program that is not bubblewrap, and one that knows no option of the last years.
#[test]
fn not_a_bubblewrap() {
    let project = Project::empty();
    let found = report(&with_bubblewrap(&project, "/bin/true").code(1));
    assert!(found["user namespaces"]["found"].as_str().unwrap().contains("is it bubblewrap?"), "{found:#}");
    project.write("old", "#!/bin/sh\ncase \"$*\" in *--disable*) set -- --disable-it;; esac\nexec bwrap \"$@\"\n");
    project.executable("old");
    let found = report(&with_bubblewrap(&project, project.root.join("old").to_str().unwrap()).code(1));
    assert_eq!(found["user namespaces"]["state"], "ok");
    assert_eq!(found["no nested sandboxes"]["state"], "missing");
    assert!(found["no nested sandboxes"]["cure"].as_str().unwrap().contains("install a newer one"), "{found:#}");
}

/// A bubblewrap that takes no descriptors is one with a weakness, and the cure is a newer one.
#[test]
fn bubblewrap_without_descriptors() {
    let bubblewrap = Bubblewrap { binds_descriptors: false, ..good().bubblewrap.unwrap() };
    let row = row(&Facts { bubblewrap: Ok(bubblewrap), ..good() }, "swapped sources");
    assert!(row.state == State::Weak && row.cure.as_ref().unwrap().contains("0.10"), "{row:?}");
}

/// In a sandbox that holds no other, the first attempt fails with its cure, and no other is made.
#[test]
fn inside_a_sandbox() {
    let found = report(&on_host(&Project::empty(), &["--unshare-user", "--disable-userns"]).code(1));
    assert_eq!(found["user namespaces"]["state"], "missing");
    assert!(found["user namespaces"]["cure"].as_str().unwrap().len() > 10, "{found:#}");
    assert!(found.get("own network").is_none() && found.get("planted links").is_none(), "{found:#}");
}

/// Where a part of `/proc` is hidden, as in a container, own processes cannot be had; root is told to go.
#[test]
fn inside_a_container() {
    let project = Project::empty();
    project.write("zero", "0\n");
    let zero = project.root.join("zero");
    let hidden = ["--ro-bind", zero.to_str().unwrap(), "/proc/sys/user/max_user_namespaces"];
    let found = report(&on_host(&project, &hidden).code(1));
    assert_eq!(found["limit of user namespaces"]["cure"], "`sudo sysctl user.max_user_namespaces=10000`");
    assert_eq!(found["own processes"]["state"], "missing");
    assert!(found["own processes"]["cure"].as_str().unwrap().contains("systempaths=unconfined"), "{found:#}");
    let root = report(&on_host(&project, &["--unshare-user", "--uid", "0", "--gid", "0"]).code(1));
    assert!(root["user"]["cure"].as_str().unwrap().contains("runuser -u NAME"), "{root:#}");
}

/// Facts of a host on which all is well.
fn good() -> Facts {
    Facts {
        system: "Debian, Linux 6.1".to_owned(),
        surroundings: Surroundings { most: Some(1000), ..Surroundings::default() },
        is_root: false,
        bubblewrap: Ok(Bubblewrap {
            path: PathBuf::from("/usr/bin/bwrap"),
            version: "bubblewrap 0.12.0".to_owned(),
            owner: 0,
            replaceable: false,
            abilities: vec![Ok(()); 7],
            filter: Some(Ok(())),
            binds_descriptors: true,
            follows_links: Some(false),
        }),
        approvals: Ok(1),
        injection: false,
        landlock: None,
    }
}

fn row(facts: &Facts, what: &str) -> Row {
    rows(facts).into_iter().find(|row| row.what == what).unwrap()
}

/// A good host has no cure; each fault of a host that cannot be made here has its own.
#[test]
fn faults_of_other_hosts() {
    assert!(rows(&good()).iter().all(|row| row.state == State::Ok && row.cure.is_none()));
    let broken = || {
        let refused = Diagnostic::error(Code::SBC0703, "setting up uid map: Permission denied").help("a profile");
        let bubblewrap =
            Bubblewrap { abilities: vec![Err(refused)], follows_links: None, ..good().bubblewrap.unwrap() };
        Facts { bubblewrap: Ok(bubblewrap), ..good() }
    };
    let switched_off = Surroundings { switched_off: true, ..Surroundings::default() };
    let apparmor = Surroundings { apparmor: true, ..Surroundings::default() };
    let cases = [
        (Facts { surroundings: switched_off, ..broken() }, "switch of user namespaces", "userns_clone=1"),
        (Facts { surroundings: apparmor, ..broken() }, "AppArmor", "bwrap-userns-restrict"),
        (broken(), "user namespaces", "a profile"),
        (Facts { system: "Debian, Linux 4.4.0-19041-Microsoft".to_owned(), ..broken() }, "system", "wsl --set-version"),
    ];
    for (facts, what, cure) in cases {
        let row = row(&facts, what);
        assert_eq!(row.state, State::Missing, "{row:?}");
        assert!(row.cure.as_ref().unwrap().contains(cure), "{row:?}");
    }
    let allowed = Facts { surroundings: apparmor, ..good() };
    assert_eq!(row(&allowed, "AppArmor").state, State::Ok);
    let open = Facts { approvals: Err("`sbc` is open to other users".to_owned()), ..good() };
    assert_eq!(row(&open, "approvals").state, State::Weak);
    let injection = Facts { injection: true, ..good() };
    assert_eq!(row(&injection, "typing into the terminal").state, State::Ok);
    let bubblewrap = Bubblewrap { filter: None, ..good().bubblewrap.unwrap() };
    let unfiltered = Facts { bubblewrap: Ok(bubblewrap), ..injection };
    assert_eq!(row(&unfiltered, "typing into the terminal").state, State::Weak);
    assert_eq!(row(&unfiltered, "filter of system calls").state, State::Weak);
}
