//! Golden cases: folders with a project and exactly what sbc says about it.
//!
//! `tests/cases/NAME/` (or deeper, such as `tests/cases/diagnostics/NAME/`) is the project. Its file `case` holds a sentence on what the case proves,
//! then lines such as `run: show app` (the default is `check --no-host`) and `code: 1` (the
//! default is 0). `stdout` and `stderr` are what comes out; a missing one means nothing.
//! `SBC_UPDATE=1 cargo test cases` writes them anew; read the difference before you commit it.

use crate::support::{Output, Project};
use sbc::diagnostic::Code;
use sbc::schema::NODES;
use sbc::words::Variable;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// What the file `case` says.
struct Case {
    folder: PathBuf,
    arguments: Vec<String>,
    code: i32,
}

/// The files of a case that are not part of its project.
const OWN: [&str; 3] = ["case", "stdout", "stderr"];

/// Codes that need a host in some state, each with the file and the test that bring it about.
const ELSEWHERE: &[(Code, &str, &str)] = &[
    (Code::SBC0001, "bad_input", "large_file"),
    (Code::SBC0002, "bad_input", "many_openers"),
    (Code::SBC0004, "bad_input", "deadline"),
    (Code::SBC0404, "bad_input", "vanished_path"),
    (Code::SBC0406, "bad_input", "path_of_a_wrong_kind"),
    (Code::SBC0407, "bad_input", "unreadable_path"),
    (Code::SBC0408, "bad_input", "planted_link"),
    (Code::SBC0409, "bad_input", "project_around_the_home"),
    (Code::SBC0410, "bad_input", "unset_variables"),
    (Code::SBC0411, "bad_input", "missing_mount_point"),
    (Code::SBC0412, "reach", "hidden_and_not_executable"),
    (Code::SBC0603, "bad_host", "full_disk"),
    (Code::SBC0605, "init", "writes_over_nothing_meanwhile"),
    (Code::SBC0701, "bad_host", "no_bubblewrap"),
    (Code::SBC0702, "bad_host", "old_bubblewrap"),
    (Code::SBC0703, "bad_host", "forbidden_namespaces"),
    (Code::SBC0704, "bad_host", "root"),
    (Code::SBC0705, "bad_host", "too_many_arguments"),
    (Code::SBC0706, "bad_input", "no_command"),
    (Code::SBC0707, "bad_input", "invisible_workdir"),
    (Code::SBC0708, "bad_host", "full_keyring"),
    (Code::SBC0711, "trust", "nobody_to_ask"),
    (Code::SBC0712, "streams", "directories_are_refused"),
    (Code::SBC0713, "swaps", "swapped_sources"),
    (Code::SBC0714, "tools", "bubblewrap_in_the_project"),
    (Code::SBC0715, "swaps", "sandboxes_side_by_side"),
    (Code::SBC0720, "learn", "no_strace"),
    (Code::SBC0721, "learn", "strace_that_may_not"),
    (Code::SBC0722, "learn", "logs_that_are_none"),
    (Code::SBC0803, "projects", "separate_git_directory"),
    (Code::SBC0811, "reach", "nowhere"),
    (Code::SBC0810, "lints", "many_mounts"),
    (Code::SBC0812, "lints", "steering_variables"),
    (Code::SBC0813, "local", "committed_by_somebody"),
    (Code::SBC0710, "seccomp", "machine_without_a_filter"),
    (Code::SBC0901, "traps", "missing_names"),
    (Code::SBC0902, "traps", "replaced_files_are_reported"),
    (Code::SBC0903, "planted", "guarded_names_below_the_root"),
    (Code::SBC0904, "planted", "closed_directories"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

/// Every case, by name.
fn cases() -> Vec<Case> {
    let files = WalkDir::new(folder()).sort_by_file_name().into_iter().map(Result::unwrap);
    let cases =
        files.filter(|entry| entry.file_name() == "case").map(|entry| entry.path().parent().unwrap().to_owned());
    cases.map(Case::read).collect()
}

impl Case {
    fn read(folder: PathBuf) -> Case {
        let shown = folder.display().to_string();
        let text = fs::read_to_string(folder.join("case")).unwrap_or_else(|error| panic!("{shown}/case: {error}"));
        let (sentence, rest) = text.split_once('\n').unwrap_or((&text, ""));
        assert!(sentence.ends_with('.') && sentence.len() <= 120, "{shown}: the first line is a sentence on one line");
        let mut case = Case { folder, arguments: words("check --no-host"), code: 0 };
        for line in rest.lines() {
            match line.split_once(": ") {
                Some(("run", command)) => case.arguments = words(command),
                Some(("code", code)) => case.code = code.parse().unwrap(),
                _ => panic!("{shown}: neither `run: …` nor `code: …`: {line}"),
            }
        }
        case
    }

    /// What sbc says about a copy of the project.
    fn output(&self) -> Output {
        let project = Project::empty();
        for entry in WalkDir::new(&self.folder).min_depth(1).into_iter().map(Result::unwrap) {
            let name = entry.path().strip_prefix(&self.folder).unwrap();
            if entry.file_type().is_file() && !OWN.iter().any(|own| name == Path::new(own)) {
                project.write(name.to_str().unwrap(), fs::read(entry.path()).unwrap());
            }
        }
        let output = project.sbc(&self.arguments.iter().map(String::as_str).collect::<Vec<_>>());
        // Where the project lies is the one thing that is not the same every time.
        let named = |text: &str| text.replace(project.home.to_str().unwrap(), "/home/me");
        Output { stdout: named(&output.stdout), stderr: named(&output.stderr), ..output }
    }

    /// What is wrong with what came out, if anything is.
    fn complaint(&self) -> Option<String> {
        let output = self.output();
        let name = self.folder.strip_prefix(folder()).ok()?.display();
        let mut complaints = Vec::new();
        if output.code != self.code {
            complaints.push(format!("{name}: the exit code is {}, not {}", output.code, self.code));
        }
        for (file, found) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            let path = self.folder.join(file);
            if std::env::var_os("SBC_UPDATE").is_some() {
                write(&path, found);
            }
            let expected = fs::read_to_string(&path).unwrap_or_default();
            if *found != expected {
                complaints.push(format!("{name}: {file} should be\n{expected}\nand is\n{found}"));
            }
        }
        (!complaints.is_empty()).then(|| complaints.join("\n"))
    }
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

fn write(path: &Path, text: &str) {
    if text.is_empty() {
        let _ = fs::remove_file(path);
    } else {
        fs::write(path, text).unwrap();
    }
}

/// Every case gives what its folder says, byte for byte.
#[test]
fn cases_hold() {
    let complaints: Vec<String> = cases().iter().filter_map(Case::complaint).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
}

/// Every code is brought about by a case or by a test that names it.
#[test]
fn every_code_is_triggered() {
    let said: String =
        cases().iter().map(|case| fs::read_to_string(case.folder.join("stderr")).unwrap_or_default()).collect();
    let in_cases: BTreeSet<&str> =
        Code::ALL.iter().map(|code| code.name()).filter(|name| said.contains(name)).collect();
    for code in Code::ALL {
        let tests: Vec<&(Code, &str, &str)> = ELSEWHERE.iter().filter(|(other, ..)| other == code).collect();
        assert!(in_cases.contains(code.name()) || !tests.is_empty(), "nothing triggers {}", code.name());
        for (_, module, test) in tests {
            let text = fs::read_to_string(folder().with_file_name(format!("{module}.rs"))).unwrap();
            let body = text.split_once(&format!("fn {test}()")).and_then(|(_, rest)| rest.split_once("\n}\n"));
            assert!(body.is_some_and(|(body, _)| body.contains(code.name())), "{module}::{test} lacks {}", code.name());
        }
    }
}

/// Every node, property, word and variable of the language stands in a case that compiles.
#[test]
fn every_word_compiles() {
    let policies: String = cases()
        .iter()
        .filter(|case| case.code == 0)
        .flat_map(|case| WalkDir::new(&case.folder).into_iter().map(Result::unwrap))
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "kdl"))
        .map(|entry| fs::read_to_string(entry.path()).unwrap())
        .collect();
    let lines: Vec<&str> = policies.lines().map(str::trim).collect();
    let stands = |what: &str, word: &str, found: bool| assert!(found, "no case that compiles has the {what} {word}");
    for node in NODES {
        let own = || lines.iter().filter(|line| line.split(' ').any(|word| word == node.name));
        stands("node", node.name, own().next().is_some());
        for word in node.arguments.words {
            stands(node.name, word, own().any(|line| line.contains(&format!("\"{word}\""))));
        }
        for property in node.properties {
            stands("property", property.name, policies.contains(&format!("{}=\"", property.name)));
            for word in property.words {
                let pair = format!("{}=\"{word}\"", property.name);
                stands("property", &pair, policies.contains(&pair));
            }
        }
    }
    for variable in Variable::WORDS {
        stands("variable", variable, policies.contains(&format!("${{{variable}}}")));
    }
}
