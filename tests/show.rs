//! The drawing of what is inside, for terminals and for browsers.

use crate::explain;
use crate::support::{Output, Project, run, skip};
use sbc::path::SymbolicPath;
use sbc::secrets::SECRETS;
use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

/// The line of a drawing that names an entry, without the branches in front.
#[track_caller]
fn line<'t>(tree: &'t str, name: &str) -> &'t str {
    let branches = |c: char| matches!(c, ' ' | '│' | '├' | '└' | '─');
    let mut lines = tree.lines().map(|line| line.trim_start_matches(branches));
    lines.find(|line| line.split_whitespace().next() == Some(name)).unwrap_or_else(|| panic!("no {name} in\n{tree}"))
}

#[track_caller]
fn is(tree: &str, name: &str, words: &[&str]) {
    let found: Vec<&str> = line(tree, name).split_whitespace().skip(1).collect();
    assert!(found.starts_with(words), "{name}: {found:?} and not {words:?}");
}

/// Every kind of place is drawn with its letters, what becomes of a write, and who says so.
#[test]
fn tree_says_what_is_there() {
    let project = explain::project();
    let tree = project.sbc(&["show", "--tree"]).code(0).stdout;
    is(&tree, "notes/", &["r-", "team,", ".agent-sandbox.kdl:6"]);
    is(&tree, "work/", &["(the", "project)", "rw→host", "base-dev,"]);
    is(&tree, "secret/", &["✗", "denied", "app,"]);
    is(&tree, ".env", &["✗", "denied", "team,"]);
    is(&tree, ".tool.json", &["rw", "private", "copy"]);
    is(&tree, ".cache/tool/", &["rw→host", "~/cache"]);
    is(&tree, "scratch/", &["rw", "private", "memory"]);
    is(&tree, "motd", &["r-", "text"]);
    is(&tree, "link", &["→", "/etc/motd", "app,"]);
    is(&tree, "proc/", &["r-", "kernel"]);
    is(&tree, "usr/", &["r-", "base-dev,"]);
    assert!(tree.contains("home/  (home)"), "{tree}");
    // What is only on the way has no rule of its own, and what the host has besides is counted.
    is(&tree, "etc/", &["r-"]);
    assert_eq!(line(&tree, "etc/").split_whitespace().count(), 2);
    assert!(tree.contains("… 4 more entries, as above: run.sh, src/, to-main, …"), "{tree}");
    assert!(!tree.contains("main.rs"), "no directory is walked:\n{tree}");
}

/// Without UTF-8 the drawing is ASCII; colours come when they are asked for, and change no text.
#[test]
fn tree_follows_the_terminal() {
    let project = explain::project();
    let mut command = project.sbc_command(&["show", "--tree"]);
    let ascii = run(command.env("LANG", "C")).code(0).stdout;
    assert!(ascii.is_ascii() && ascii.contains("|-- ") && ascii.contains("rw->host"), "{ascii}");
    let coloured = run(project.sbc_command(&["show", "--tree"]).env("CLICOLOR_FORCE", "1")).code(0).stdout;
    assert!(coloured.contains("\u{1b}[33mrw→host"), "{coloured}");
    let plain: String = coloured
        .split('\u{1b}')
        .map(|part| part.split_once('m').map_or(part, |(code, rest)| if code.starts_with('[') { rest } else { part }))
        .collect();
    assert_eq!(plain, project.sbc(&["show", "--tree"]).stdout);
}

/// Without a host the policy alone is drawn, with its own names for places.
#[test]
fn tree_without_a_host() {
    let project = explain::project();
    let tree = project.sbc(&["show", "--tree", "--no-host"]).code(0).stdout;
    is(&tree, "~/", &["(home)", "rw", "private", "memory"]);
    is(&tree, "./", &["(the", "project)", "rw→host"]);
    is(&tree, "notes", &["r-", "team,"]);
    assert!(!tree.contains("secrets of this host"), "{tree}");
}

/// The secrets that this host has are counted and named: those outside, and those that a rule shows.
#[test]
fn secrets_are_counted() {
    let project = Project::with_body(
        "filesystem { ro \"~/.aws\"; ro \"~/.config\" missing=\"skip\"; }\n\
         waive \"denied\" \"~/.aws\" reason=\"terraform\"\nwaive \"denied\" \"~/.config/gcloud\" reason=\"it, too\"\n\
         waive \"denied\" \"~/.config\" reason=\"to look at it\"",
    );
    for name in [".aws/credentials", ".ssh/id_ed25519", ".netrc", ".config/gh/hosts.yml", ".config/gcloud/x"] {
        project.write_home(name, "secret");
    }
    let tree = project.sbc(&["show", "--tree"]).code(0).stdout;
    let (inside, outside) = tree.split_once("\noutside: ").expect("both lists");
    assert!(inside.contains("inside: 3 known secrets of this host"), "{tree}");
    for name in ["~/.aws ", "~/.config/gh ", "~/.config/gcloud "] {
        assert!(inside.contains(&format!("  ! {name}")), "{tree}");
    }
    assert!(
        outside.contains("    ~/.ssh ") && outside.contains("    ~/.netrc ") && !outside.contains("~/.gnupg"),
        "{tree}"
    );
    let count: usize = outside.split(' ').next().unwrap().parse().unwrap();
    assert_eq!(count, outside.lines().filter(|line| line.starts_with("    ")).count());
    // It is true: what is named as outside cannot be read inside, and what is named as inside can.
    let seen = project.exec("cat ~/.aws/credentials ~/.config/gh/hosts.yml; ls -d ~/.ssh ~/.netrc").code(2);
    assert_eq!(seen.stdout, "secretsecret");
}

/// Every known secret has a path that a policy could write, once, and says what it is.
#[test]
fn secrets_are_paths() {
    let mut seen = BTreeSet::new();
    for secret in SECRETS {
        let path = SymbolicPath::parse(secret.path).unwrap_or_else(|error| panic!("{}: {error:?}", secret.path));
        assert_eq!(path.to_string(), secret.path, "not in normal form");
        assert!(seen.insert(secret.path), "{} stands twice", secret.path);
        assert!(!secret.about.is_empty() && !secret.about.ends_with('.'), "{}", secret.path);
    }
}

/// A project with very many files is drawn at once: no more than a bounded part of it is looked at.
#[test]
fn huge_project() {
    let project = Project::with_body("filesystem { ro \"./sub/deep\"; }");
    project.write("sub/deep/file", "");
    for number in 0..sbc::tree::MOST_NAMES + 500 {
        fs::File::create(project.root.join(format!("file-{number}"))).unwrap();
    }
    let start = Instant::now();
    let tree = project.sbc(&["show", "--tree"]).code(0).stdout;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(tree.contains("… more than 10000 more entries, as above"), "{tree}");
}

/// A page with a project full of hostile names, and a listener that they name.
fn hostile(listener: &TcpListener) -> Project {
    let address = listener.local_addr().unwrap();
    let project = Project::new(&format!(
        r##"// <b>bold</b> & "quoted"
sandbox "app" {{
    about "</title><script>document.title='about'</script>"
    inherit "base-dev"
    filesystem {{
        // <img src=http://{address}/reason>
        ro "./<img src=x onerror=alert(1)>"
        ro "./'\"><script>document.title='name'<" missing="skip"
        file "/etc/motd" "<script>document.title='text'</script><img src='http://{address}/text'>"
        deny "./.env"
        ro "~/.npmrc"
    }}
    env {{ set GREETING="<iframe src=http://{address}/env></iframe>"; secret "API_KEY"; }}
    assert {{ denied "~/.aws"; }}
    waive "denied" "~/.npmrc" reason="<script>document.title='waive'</script>"
}}
"##
    ));
    project.write("<img src=x onerror=alert(1)>", "");
    project.write("'\"><script>document.title='name'<", "");
    project.write("control\u{1b}[31m\u{202e}\n", "");
    project.write(".env", "");
    project.write_home(".npmrc", "");
    project.write_home(".ssh/id", "");
    fs::write(project.root.join(std::ffi::OsStr::from_bytes(b"not-utf8-\xff")), "").unwrap();
    project
}

/// The page as a browser has it after its script has run, and what the browser says on the way.
fn browse(project: &Project, fragment: &str) -> Output {
    let page = project.root.join("page.html");
    let profile = tempfile::tempdir().unwrap();
    let mut command = project.command("chromium");
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--dump-dom"]);
    command.args([
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
    ]);
    command.args(["--enable-logging=stderr", "--log-level=0", "--virtual-time-budget=2000"]);
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    run(command.arg(format!("file://{}{fragment}", page.display()))).code(0)
}

/// The names of the entries that a browser shows.
fn visible(dom: &str) -> Vec<String> {
    let items = dom.split("<li ").skip(1).filter(|item| !item.split('>').next().unwrap().ends_with("hidden=\"\""));
    let name = |item: &str| Some(item.split_once("class=\"name\">")?.1.split_once('<')?.0.to_owned());
    items.filter_map(name).collect()
}

/// A real browser shows the page, filters it by what is searched, folds out a single answer, runs nothing
/// that a name or a text holds, asks nobody for anything, and has nothing to complain of.
#[test]
fn page_in_a_browser() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let project = hostile(&listener);
    if run(project.command("sh").args(["-c", "command -v chromium"])).code != 0 {
        skip!("there is no chromium");
    }
    project.sbc(&["show", "--html", "page.html"]).code(0);
    let whole = browse(&project, "");
    let complaints = |output: &Output| {
        output.stderr.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(complaints(&whole), Vec::<String>::new());
    let dom = &whole.stdout;
    assert!(dom.contains("<title>app: what is inside</title>"), "{dom}");
    assert_eq!(dom.matches("<script").count(), 1, "{dom}");
    assert!(!dom.contains("<img") && !dom.contains("<iframe"), "{dom}");
    let all = visible(dom);
    assert!(all.len() > 40 && all.contains(&".env".to_owned()) && all.contains(&"$GREETING".to_owned()), "{all:?}");
    assert!(all.contains(&"&lt;img src=x onerror=alert(1)&gt;".to_owned()), "{all:?}");
    assert!(dom.contains(&format!("{} entries</span>", dom.matches("data-text=").count())), "{dom}");
    assert!(!dom.contains("<details open"), "{dom}");

    // One answer: it is shown with what it lies in, and folds out to its rule and the line.
    let found = browse(&project, "#q=.env%20deny");
    assert_eq!(complaints(&found), Vec::<String>::new());
    let shown = visible(&found.stdout);
    assert_eq!(shown.last().map(String::as_str), Some(".env"));
    assert_eq!(shown.first().map(String::as_str), Some("/"));
    assert!(shown.len() < 8, "{shown:?}");
    let open: Vec<&str> = found.stdout.split("<details open=\"\">").skip(1).collect();
    assert_eq!(open.len(), 1, "{shown:?}");
    let why = open[0].split("</details>").next().unwrap();
    assert!(why.contains("deny \"./.env\"") && why.contains(".agent-sandbox.kdl:10, in app"), "{why}");

    // Nothing fits, and the page says so.
    let none = browse(&project, "#q=%3Cscript%3Ezzz");
    assert_eq!(visible(&none.stdout), Vec::<String>::new());
    assert!(none.stdout.contains("class=\"empty\">Nothing fits"), "{}", none.stdout);
    assert!(none.stdout.contains(">0 of "), "{}", none.stdout);
    assert!(listener.accept().is_err(), "the page asked for something");
}

/// The page is one file that loads nothing, says so in its policy, and is the same each time.
#[test]
fn page_is_self_contained() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let project = hostile(&listener);
    let page = project.sbc(&["show", "--html", "-"]).code(0).stdout;
    assert_eq!(page, project.sbc(&["show", "--html", "-"]).stdout);
    assert!(page.contains("default-src 'none'; style-src 'sha256-") && page.ends_with("</html>\n"), "{page}");
    assert!(!page.contains("unsafe-inline") && !page.contains(" src=\"") && !page.contains("url("), "{page}");
    let links: Vec<&str> = page.split("href=\"").skip(1).collect();
    assert!(links.iter().all(|link| link.starts_with('#')), "{links:?}");
    assert!(page.chars().all(|c| !c.is_control() || c == '\n') && !page.contains('\u{202e}'), "a hostile name");
    // The caller's values stay out.
    let mut command = project.sbc_command(&["show", "--html", "-"]);
    let output = run(command.env("API_KEY", "hunter2").env("TERM", "hunter3")).code(0);
    assert!(!output.stdout.contains("hunter") && output.stdout.contains("where it is set now"));
}

/// A page replaces a file whole; a directory and a place that cannot be written are refused.
#[test]
fn page_is_written_whole() {
    let project = explain::project();
    project.write("page.html", "old");
    project.sbc(&["show", "--html", "page.html"]).code(0);
    assert!(project.read("page.html").starts_with("<!doctype html>"));
    project.sbc(&["show", "--html", "src"]).code(1).says(&["SBC0603"]);
    project.sbc(&["show", "--html", "none/page.html"]).code(1).says(&["SBC0603"]);
    project.sbc(&["show", "--html", "page.html", "--tree"]).code(2);
    project.write(".agent-sandbox.kdl", "sandbox \"app\" { netwrk \"none\"; }\n");
    project.sbc(&["show", "--html", "page.html"]).code(1).says(&["SBC0101"]);
    assert!(project.read("page.html").starts_with("<!doctype html>"), "a page that was there stays");
}
