//! The profiles for git, with the real git, ssh-agent and GnuPG of this machine.

use crate::support::{Output, Project, run};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

/// A repository, and a directory for sockets that is not below the home.
struct Desk {
    project: Project,
    sockets: tempfile::TempDir,
}

impl Desk {
    fn new(profile: &str) -> Desk {
        let project = Project::new(&format!("sandbox \"app\" {{ inherit \"{profile}\"; }}\n"));
        project.write_home(".gitconfig", "[user]\n\tname = Somebody\n\temail = somebody@example.test\n");
        run(project.command("git").args(["init", "--quiet"])).code(0);
        // Short: the path of a socket must be.
        Desk { project, sockets: tempfile::Builder::new().prefix("s-").tempdir_in("/tmp").unwrap() }
    }

    /// A command on the host.
    fn host(&self, program: &str) -> Command {
        let mut command = self.project.command(program);
        command.env("XDG_RUNTIME_DIR", self.sockets.path());
        command
    }

    fn inside(&self, shell: &str) -> Output {
        let mut command = self.project.sbc_command(&["exec", "--", "/bin/sh", "-c", shell]);
        run(command.env("XDG_RUNTIME_DIR", self.sockets.path()))
    }
}

/// A program of the host's that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Commits carry the name of the host's user; passwords of remotes are not there, and settings cannot be changed.
#[test]
fn git_commits() {
    let desk = Desk::new("git");
    desk.project.write_home(".git-credentials", "https://me:planted@example.test\n");
    let shell = "git commit --quiet --allow-empty --message one && git log --format='%an <%ae>'; cat ~/.git-credentials; \
                 git config --global core.pager sh";
    let output = desk.inside(shell);
    assert_eq!(output.stdout, "Somebody <somebody@example.test>\n", "{}", output.stderr);
    assert!(!desk.project.home.join(".gitconfig.lock").exists());
    assert!(!fs::read_to_string(desk.project.home.join(".gitconfig")).unwrap().contains("pager"));
}

/// The agent lists its key and signs with it; keys are not there, nor what else lies beside them.
#[test]
fn git_over_ssh() {
    let desk = Desk::new("git-ssh");
    let socket = desk.sockets.path().join("ssh-agent.socket");
    let agent = desk.host("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn().unwrap();
    let _agent = Running(agent);
    while !socket.exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    desk.project.write_home(".ssh/config", "Host *\n");
    desk.project.write_home(".ssh/known_hosts", "example.test ssh-ed25519 AAAA\n");
    let key = desk.project.home.join(".ssh/id_ed25519");
    run(desk.host("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key)).code(0);
    run(desk.host("ssh-add").arg("-q").arg(&key).env("SSH_AUTH_SOCK", &socket)).code(0);
    let shell = "ls -A ~/.ssh; cat /etc/ssh/ssh_known_hosts && ssh-add -L >key.pub && git -c gpg.format=ssh \
                 -c user.signingKey=key.pub commit --quiet --allow-empty -S --message signed && git cat-file commit HEAD";
    let output = desk.inside(shell).code(0).says(&["No such file"]);
    assert!(output.stdout.starts_with("example.test ssh-ed25519"), "{output:?}");
    assert!(output.stdout.contains("BEGIN SSH SIGNATURE"), "{output:?}");
    // Another profile's rule about the keys is refused as ever.
    desk.project
        .write(".agent-sandbox.kdl", "sandbox \"app\" { inherit \"git-ssh\"; filesystem { ro \"~/.ssh\"; }; }\n");
    desk.project.sbc(&["check", "--no-host"]).code(1).says(&["SBC0506"]);
}

/// A commit is signed by the agent's restricted socket, which does not hand out the key.
#[test]
fn git_signs_with_gnupg() {
    let desk = Desk::new("git-gpg");
    let gnupg = desk.project.home.join(".gnupg");
    fs::create_dir(&gnupg).unwrap();
    fs::set_permissions(&gnupg, fs::Permissions::from_mode(0o700)).unwrap();
    let new = [
        "--batch",
        "--quiet",
        "--passphrase",
        "",
        "--quick-gen-key",
        "Somebody <somebody@example.test>",
        "ed25519",
        "sign",
        "never",
    ];
    run(desk.host("gpg").args(new)).code(0);
    // Without a session the agent has its sockets beside the keys.
    fs::create_dir(desk.sockets.path().join("gnupg")).unwrap();
    fs::hard_link(gnupg.join("S.gpg-agent.extra"), desk.sockets.path().join("gnupg/S.gpg-agent.extra")).unwrap();
    let shell =
        "git commit --quiet --allow-empty -S --message signed && git log --format=%G? && gpg --export-secret-keys";
    let output = desk.inside(shell);
    run(desk.host("gpgconf").args(["--kill", "gpg-agent"]));
    let output = output.says(&["Forbidden"]);
    assert!(["G\n", "U\n"].contains(&output.stdout.as_str()), "{output:?}");
}

/// Sockets that hand over the machine or the desktop are behind a waiver of the user's own.
#[test]
fn sockets_need_a_waiver() {
    for (profile, socket) in [("docker-client", "/run/docker.sock"), ("wayland", "${XDG_RUNTIME_DIR}/wayland-0")] {
        let policy = |waiver: &str| format!("sandbox \"app\" {{\n    inherit \"claude\" \"{profile}\"\n{waiver}}}\n");
        Project::new(&policy("")).sbc(&["check", "--no-host"]).code(1).says(&["SBC0506", socket]);
        let waiver = format!("    waive denied \"{socket}\" reason=\"a test\"\n");
        Project::new(&policy(&waiver)).sbc(&["check", "--no-host"]).code(0);
    }
}

/// `base-minimal` narrows what others bring, `base-host` widens it to the system and no further.
#[test]
fn bases() {
    // Below /tmp the home would stand in a directory that can be written.
    let narrow = Project::below(std::path::Path::new("/var/tmp"), "work");
    narrow.write(".agent-sandbox.kdl", "sandbox \"app\" { inherit \"node\" \"base-minimal\"; }\n");
    let shell = "touch ~/new; ls /opt; echo kept >~/.cache/sbc/node/file && echo changed >file";
    narrow.exec(shell).code(0).says(&["Read-only file system", "'/opt': No such file"]);
    assert_eq!(narrow.read("file"), "changed\n");
    let wide = Project::new("sandbox \"app\" { inherit \"node\" \"base-host\"; }\n");
    wide.write_home(".ssh/id", "secret\n");
    let shell = "test -d /var/lib; ls ~/.ssh; ls /run; ls /home; cat /etc/shadow; touch /etc/new";
    let output = wide.exec(shell).code(1);
    output.says(&[
        "/.ssh': No such file",
        "'/run': No such file",
        "'/home': No such file",
        "/etc/shadow: ",
        "Read-only file system",
    ]);
}
