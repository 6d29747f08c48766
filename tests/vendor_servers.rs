//! `sbc vendor` with real servers on the loopback: git's own backend over HTTPS, and OpenSSH.

use crate::node::has;
use crate::support::{Output, Project, run, skip};
use crate::vendor::{CLOSED, TEAM, repository};
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const POLICY: &str = "sandbox \"app\" { inherit \"base-dev\"; }\n";

/// A vendoring that can be given an environment.
fn vendor(project: &Project, source: &str, revision: &str) -> Command {
    project.plain_command(&["vendor", source, "--revision", revision, "--path", "profiles", "--name", "team"])
}

/// What was vendored is there, and gone for the next.
#[track_caller]
fn arrived(project: &Project, output: Output, commit: &str, source: &str) {
    output.code(0);
    assert_eq!(project.read(TEAM), CLOSED);
    let lock = project.read(".agent-sandbox/sbc.lock");
    assert!(lock.contains(&format!(" git:{commit} path profiles from {source}\n")), "{lock}");
    fs::remove_dir_all(project.root.join(".agent-sandbox")).unwrap();
}

/// Nothing was vendored, soon, and the message says these.
#[track_caller]
fn failed(project: &Project, command: &mut Command, texts: &[&str]) {
    let start = Instant::now();
    run(command).code(1).says(&["SBC0709", "nothing was written"]).says(texts);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert!(!project.root.join(".agent-sandbox").exists());
}

/// The same at a terminal, where somebody could be asked. What was asked would be on the screen, and wait.
#[track_caller]
fn at_terminal(project: &Project, command: &Command, text: &str) {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let line: Vec<&str> = words.map(|word| word.to_str().unwrap()).collect();
    let mut script = project.command("timeout");
    script.args(["20", "script", "-qec", &line.join(" "), "/dev/null"]);
    script.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = run(&mut script).code(1);
    assert!(output.stdout.contains(text) && !output.stdout.contains("(yes/no"), "{output:?}");
}

// HTTPS.

/// A server with the repositories below a home.
struct Https {
    server: Child,
    port: u16,
    certificate: PathBuf,
}

impl Https {
    fn start(project: &Project) -> Https {
        let files = ["server.pem", "server.key"].map(|name| project.home.join(name));
        let [certificate, key] = &files;
        let mut openssl = project.command("openssl");
        openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
        openssl.args(["-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
        run(openssl.arg("-out").arg(certificate).arg("-keyout").arg(key)).code(0);
        let mut server = project.command("python3");
        server.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/git_https.py"));
        server.args([&project.home, certificate, key]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = server.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Https { server, port: line.trim().parse().unwrap(), certificate: certificate.clone() }
    }

    fn address(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.port)
    }
}

impl Drop for Https {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Over HTTPS a tag, a branch and a commit come, from a server whose certificate the user's environment vouches for, in each of
/// the ways in which git and others are told.
#[test]
fn over_https() {
    if !has("python3") {
        skip!("python3 is not installed");
    }
    let project = Project::new(POLICY);
    let (_, one, _) = repository(&project);
    let server = Https::start(&project);
    let url = server.address("localhost", "/shared/.git");
    for variable in ["GIT_SSL_CAINFO", "SSL_CERT_FILE", "CURL_CA_BUNDLE"] {
        let output = run(vendor(&project, &url, "v1").env(variable, &server.certificate));
        arrived(&project, output, &one, &url);
    }
    let output = run(vendor(&project, &url, &one).env("GIT_SSL_CAINFO", &server.certificate));
    arrived(&project, output, &one, &url);
}

/// What goes wrong over HTTPS is said in words that tell what to do, and no question waits for an answer.
#[test]
fn https_failures() {
    if !has("python3") {
        skip!("python3 is not installed");
    }
    let project = Project::new(POLICY);
    repository(&project);
    let server = Https::start(&project);
    let url = server.address("localhost", "/shared/.git");
    failed(&project, &mut vendor(&project, &url, "v1"), &["certificate", "GIT_SSL_CAINFO"]);
    // Turning the check off in the environment or in one's settings does nothing.
    project.write_home(".gitconfig", "[http]\n\tsslVerify = false\n");
    failed(&project, vendor(&project, &url, "v1").env("GIT_SSL_NO_VERIFY", "1"), &["certificate"]);
    let with = |url: &str, revision: &str, texts: &[&str]| {
        failed(&project, vendor(&project, url, revision).env("GIT_SSL_CAINFO", &server.certificate), texts);
    };
    with(&server.address("127.0.0.1", "/shared/.git"), "v1", &["certificate"]);
    with(&url, "v9", &["has no revision `v9`", "git ls-remote"]);
    with(&url, "0123456789012345678901234567890123456789", &["has no revision `0123"]);
    with(&server.address("localhost", "/nothing"), "v1", &["there is no repository"]);
    with(&server.address("localhost", "/closed/shared/.git"), "v1", &["wants a login", "ssh://"]);
    with("https://no-such-host.invalid/x", "v1", &["`no-such-host.invalid` is not known"]);
    with("https://localhost:1/x", "v1", &["cannot be reached", "https_proxy"]);
    let mut command = vendor(&project, &server.address("localhost", "/closed/x"), "v1");
    at_terminal(&project, command.env("GIT_SSL_CAINFO", &server.certificate), "wants a login");
}

/// A proxy of the environment is used.
#[test]
fn through_a_proxy() {
    if !has("python3") {
        skip!("python3 is not installed");
    }
    let project = Project::new(POLICY);
    let (_, one, _) = repository(&project);
    let server = Https::start(&project);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let (port, connections) = (server.port, Arc::new(AtomicUsize::new(0)));
    let counted = connections.clone();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::SeqCst);
            thread::spawn(move || tunnel(client, port));
        }
    });
    let url = format!("https://shared.invalid:{port}/shared/.git");
    let mut command = vendor(&project, &url, "v1");
    command.env("https_proxy", &proxy).env("GIT_SSL_CAINFO", &server.certificate);
    // The name is another than the certificate's; that it is asked for shows that the proxy was.
    failed(&project, &mut command, &["certificate"]);
    let url = server.address("localhost", "/shared/.git");
    let mut command = vendor(&project, &url, "v1");
    command.env("https_proxy", &proxy).env("GIT_SSL_CAINFO", &server.certificate);
    let before = connections.load(Ordering::SeqCst);
    arrived(&project, run(&mut command), &one, &url);
    assert!(before > 0 && connections.load(Ordering::SeqCst) > before);
}

/// Answers one CONNECT, whatever its host, with the port on the loopback.
fn tunnel(client: TcpStream, port: u16) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let server = TcpStream::connect(("127.0.0.1", port))?;
    (&client).write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
    let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
    let back = thread::spawn(move || io::copy(&mut from, &mut to).and_then(|_| to.shutdown(Shutdown::Write)));
    io::copy(&mut reader, &mut &server)?;
    server.shutdown(Shutdown::Write)?;
    back.join().unwrap_or(Ok(()))
}

// SSH.

const SSHD: &str = "/usr/sbin/sshd";

/// An OpenSSH server for the user who runs the tests, and that user's `~/.ssh` for the client.
struct Ssh {
    port: u16,
    /// Stands in the place of the real `~/.ssh`, which ssh finds by the user's name.
    home: PathBuf,
    host_key: PathBuf,
}

impl Ssh {
    fn start(project: &Project) -> Ssh {
        let directory = project.home.join("sshd");
        let home = project.home.join(".ssh");
        for path in [&directory, &home] {
            fs::create_dir(path).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
        }
        let host_key = directory.join("host");
        for key in [&host_key, &home.join("id_ed25519")] {
            run(project.command("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(key)).code(0);
        }
        let config = directory.join("config");
        let authorized = home.join("id_ed25519.pub");
        let settings = format!(
            "HostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\n",
            host_key.display(),
            authorized.display()
        );
        fs::write(&config, settings).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // One server a connection, which ends with it.
                let mut server = Command::new(SSHD);
                server.arg("-i").arg("-f").arg(&config).stderr(Stdio::null());
                server.stdin(OwnedFd::from(client.try_clone().unwrap())).stdout(OwnedFd::from(client));
                thread::spawn(move || server.status());
            }
        });
        Ssh { port, home, host_key }
    }

    /// Makes the client know a host key as the server's.
    fn known(&self, key: &Path) {
        let key = fs::read_to_string(key.with_extension("pub")).unwrap();
        fs::write(self.home.join("known_hosts"), format!("[127.0.0.1]:{} {key}", self.port)).unwrap();
    }

    /// A command with [`Ssh::home`] in its place, which is found by the user's name and not by `HOME`.
    fn command(&self, project: &Project, command: &Command) -> Command {
        let of_user =
            run(project.command("sh").args(["-c", "getent passwd \"$(id -un)\" | cut -d: -f6"])).code(0).stdout;
        let real = Path::new(of_user.trim());
        let mut outer = project.command("bwrap");
        outer.args(["--dev-bind", "/", "/", "--tmpfs"]).arg(real).arg("--bind").arg(&self.home).arg(real.join(".ssh"));
        // The sbc of this build may lie below that home.
        outer.arg("--ro-bind").args([env!("CARGO_BIN_EXE_sbc"), env!("CARGO_BIN_EXE_sbc")]);
        outer.arg("--").arg(command.get_program()).args(command.get_args());
        outer
    }
}

/// Over SSH, too, by a key in a file and by one that only the agent has; both forms of an address mean the same.
#[test]
fn over_ssh() {
    if !Path::new(SSHD).exists() {
        skip!("{SSHD} is not installed");
    }
    let project = Project::new(POLICY);
    let (place, one, _) = repository(&project);
    let server = Ssh::start(&project);
    server.known(&server.host_key);
    let url = format!("ssh://127.0.0.1:{}{}", server.port, place.display());
    let ssh = |source: &str, revision: &str| server.command(&project, &vendor(&project, source, revision));
    for revision in ["v1", &one] {
        arrived(&project, run(&mut ssh(&url, revision)), &one, &url);
    }
    fs::write(server.home.join("config"), format!("Host team\n\tHostName 127.0.0.1\n\tPort {}\n", server.port))
        .unwrap();
    let short = format!("team:{}", place.display());
    arrived(&project, run(&mut ssh(&short, "v1")), &one, &short);
    // Only the agent has the key.
    let sockets = tempfile::Builder::new().prefix("s-").tempdir_in("/tmp").unwrap();
    let socket = sockets.path().join("agent");
    let mut agent = project.command("ssh-agent");
    let mut agent = agent.arg("-D").arg("-a").arg(&socket).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(agent.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let key = server.home.join("id_ed25519");
    run(project.command("ssh-add").arg("-q").arg(&key).env("SSH_AUTH_SOCK", &socket)).code(0);
    fs::rename(&key, project.home.join("elsewhere")).unwrap();
    let without = run(&mut ssh(&url, "v1"));
    let with = run(ssh(&url, "v1").env("SSH_AUTH_SOCK", &socket));
    let _ = agent.kill();
    let _ = agent.wait();
    without.code(1).says(&["lets nobody in", "ssh-add"]);
    arrived(&project, with, &one, &url);
}

/// What goes wrong over SSH is said in words that tell what to do, and no question waits for an answer.
#[test]
fn ssh_failures() {
    if !Path::new(SSHD).exists() {
        skip!("{SSHD} is not installed");
    }
    let project = Project::new(POLICY);
    let (place, _, _) = repository(&project);
    let server = Ssh::start(&project);
    let url = format!("ssh://127.0.0.1:{}{}", server.port, place.display());
    let with = |source: &str, revision: &str, texts: &[&str]| {
        failed(&project, &mut server.command(&project, &vendor(&project, source, revision)), texts);
    };
    with(&url, "v1", &["is a server that ssh does not know", &format!("`ssh -p {} 127.0.0.1`", server.port)]);
    let text = "is a server that ssh does not know";
    at_terminal(&project, &server.command(&project, &vendor(&project, &url, "v1")), text);
    server.known(&server.home.join("id_ed25519"));
    with(&url, "v1", &["has another host key than the one that ssh knows"]);
    server.known(&server.host_key);
    with(&url, "v9", &["has no revision `v9`"]);
    with(&url, "0123456789012345678901234567890123456789", &["has no revision `0123"]);
    with(&format!("ssh://127.0.0.1:{}/nothing", server.port), "v1", &["there is no repository"]);
    with("ssh://no-such-host.invalid/x", "v1", &["`no-such-host.invalid` is not known"]);
    with("ssh://127.0.0.1:1/x", "v1", &["cannot be reached"]);
}
