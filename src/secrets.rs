//! Where programs keep what nobody else should read: keys, tokens, passwords, histories, and the
//! sockets of those who hand them out.
//!
//! Data. Every sandbox asserts that it shows none of them (`check/guards.rs`), and `show --tree` says
//! which of them this host has. What only root can read is no door for a user's sandbox and is named
//! for the drawing alone. Start-up files of shells are not here, though tokens are exported in some:
//! they are what makes a machine look like one's own, and `autorun.rs` guards them from being written.

use crate::path::{Root, SymbolicPath};

/// A place with secrets, known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secret {
    /// As a policy writes it.
    pub path: &'static str,
    /// What is kept there, in a few words.
    pub about: &'static str,
}

const fn secret(path: &'static str, about: &'static str) -> Secret {
    Secret { path, about }
}

/// All known places, those of one sort together.
#[rustfmt::skip]
pub const SECRETS: &[Secret] = &[
    // Keys and certificates.
    secret("~/.ssh", "SSH keys"),
    secret("~/.gnupg", "GnuPG keys"),
    secret("~/.pki", "certificates and their keys"),
    secret("~/.keys", "keys"),
    secret("~/.ecryptfs", "keys of an encrypted home"),
    secret("/etc/ssh", "the host's SSH keys"),
    secret("/etc/ssl/private", "the host's certificate keys"),
    // Clouds and clusters.
    secret("~/.aws", "AWS credentials"),
    secret("~/.azure", "Azure credentials"),
    secret("~/.azd", "Azure Developer CLI credentials"),
    secret("~/.config/gcloud", "Google Cloud credentials"),
    secret("~/.gcloud", "Google Cloud credentials"),
    secret("~/.boto", "cloud storage credentials"),
    secret("~/.s3cfg", "S3 credentials"),
    secret("~/.s3cmd", "S3 credentials"),
    secret("~/.passwd-s3fs", "S3 credentials"),
    secret("~/.kube", "Kubernetes credentials"),
    secret("~/.krew", "Kubernetes plugins, which run with its credentials"),
    secret("~/.docker", "container registry credentials"),
    secret("~/.config/containers/auth.json", "container registry credentials"),
    secret("~/.terraform.d", "Terraform credentials"),
    secret("~/.vault-token", "a HashiCorp Vault token"),
    // Hosts of code, and registries of packages.
    secret("~/.git-credentials", "passwords of git remotes"),
    secret("~/.config/git/credentials", "passwords of git remotes"),
    secret("~/.config/gh", "GitHub tokens"),
    secret("~/.config/hub", "GitHub tokens"),
    secret("~/.config/glab-cli", "GitLab tokens"),
    secret("~/.config/github-copilot", "GitHub Copilot tokens"),
    secret("~/.npmrc", "npm tokens"),
    secret("~/.yarnrc.yml", "npm tokens, of yarn"),
    secret("~/.config/pnpm/rc", "npm tokens, of pnpm"),
    secret("~/.bunfig.toml", "npm tokens, of bun"),
    secret("~/.config/bun/bunfig.toml", "npm tokens, of bun"),
    secret("~/.pypirc", "PyPI tokens"),
    secret("~/.cargo/credentials", "crates.io tokens"),
    secret("~/.cargo/credentials.toml", "crates.io tokens"),
    secret("~/.gem/credentials", "RubyGems tokens"),
    // Logins of agents, and of the services that they use. Whoever has one works on the user's account.
    secret("~/.claude/.credentials.json", "Claude Code's login"),
    secret("~/.codex/auth.json", "Codex's login"),
    secret("~/.codex/.credentials.json", "Codex's logins to servers of tools"),
    secret("~/.gemini/oauth_creds.json", "Gemini CLI's login"),
    secret("~/.gemini/gemini-credentials.json", "Gemini CLI's login"),
    secret("~/.gemini/mcp-oauth-tokens.json", "Gemini CLI's logins to servers of tools"),
    secret("~/.gemini/mcp-oauth-tokens-v2.json", "Gemini CLI's logins to servers of tools"),
    secret("~/.qwen/oauth_creds.json", "Qwen Code's login"),
    secret("~/.qwen/mcp-oauth-tokens.json", "Qwen Code's logins to servers of tools"),
    secret("~/.local/share/opencode/auth.json", "opencode's logins"),
    secret("~/.local/share/opencode/mcp-auth.json", "opencode's logins to servers of tools"),
    secret("~/.local/share/kilo/auth.json", "Kilo Code's logins"),
    secret("~/.local/share/kilo/mcp-auth.json", "Kilo Code's logins to servers of tools"),
    secret("~/.local/share/amp/secrets.json", "Amp's login"),
    secret("~/.local/share/crush/crush.json", "Crush's logins"),
    secret("~/.local/share/kiro-cli/data.sqlite3", "Kiro CLI's login"),
    secret("~/.config/goose/secrets.yaml", "goose's keys"),
    secret("~/.config/cursor/auth.json", "Cursor's login"),
    secret("~/.copilot/config.json", "GitHub Copilot CLI's settings, with its login where there is no keyring"),
    secret("~/.cline/data/settings/providers.json", "Cline's logins"),
    secret("~/.cline/data/secrets.json", "Cline's logins"),
    secret("~/.factory/auth.v2.file", "Droid's login"),
    secret("~/.factory/auth.encrypted", "Droid's login"),
    secret("~/.augment/session.json", "Auggie's login"),
    secret("~/.grok/auth.json", "Grok's login"),
    secret("~/.pi/agent/auth.json", "pi's logins"),
    secret("~/.kimi-code/credentials", "Kimi Code's login"),
    secret("~/.aider/oauth-keys.env", "Aider's login to OpenRouter"),
    // Passwords in files.
    secret("~/.netrc", "passwords of servers"),
    secret("~/.pgpass", "PostgreSQL passwords"),
    secret("~/.my.cnf", "MySQL passwords"),
    secret("~/.msmtprc", "mail passwords"),
    secret("~/.mutt", "mail passwords"),
    secret("~/.smbcredentials", "passwords of Windows shares"),
    secret("~/.davfs2/secrets", "passwords of WebDAV shares"),
    secret("~/.credentials", "credentials"),
    secret("~/.secrets", "secrets"),
    secret("~/.env", "variables with secrets"),
    secret("~/.envrc", "variables with secrets"),
    secret("/etc/shadow", "the host's password hashes"),
    secret("/etc/gshadow", "the host's group password hashes"),
    // Keepers of passwords.
    secret("~/.password-store", "passwords, of pass"),
    secret("~/.local/share/keyrings", "the desktop's keyring"),
    secret("~/.local/share/kwalletd", "the desktop's wallet"),
    secret("~/.1password", "1Password's agent"),
    secret("~/.op", "1Password sessions"),
    secret("~/.config/op", "1Password sessions"),
    secret("~/.config/Bitwarden", "Bitwarden's vault"),
    secret("~/.config/keybase", "Keybase keys"),
    // Browsers and mail: cookies are sessions. Their caches are not here: they hold no keys, and many
    // tools share `~/.cache`.
    secret("~/.mozilla", "Firefox: cookies and passwords"),
    secret("~/.thunderbird", "Thunderbird: mail and passwords"),
    secret("~/.config/google-chrome", "Chrome: cookies and passwords"),
    secret("~/.config/chromium", "Chromium: cookies and passwords"),
    secret("~/.config/microsoft-edge", "Edge: cookies and passwords"),
    secret("~/.config/BraveSoftware", "Brave: cookies and passwords"),
    secret("~/.config/vivaldi", "Vivaldi: cookies and passwords"),
    secret("~/.config/opera", "Opera: cookies and passwords"),
    // Histories: passwords are typed at prompts.
    secret("~/.bash_history", "what was typed in bash"),
    secret("~/.zsh_history", "what was typed in zsh"),
    secret("~/.local/share/fish/fish_history", "what was typed in fish"),
    secret("~/.history", "what was typed in a shell"),
    secret("~/.python_history", "what was typed in Python"),
    secret("~/.node_repl_history", "what was typed in Node.js"),
    secret("~/.psql_history", "what was typed in psql"),
    secret("~/.mysql_history", "what was typed in mysql"),
    // Sockets: who may connect acts for the user, or as root. `ro` does not hinder connecting.
    secret("/run/docker.sock", "the Docker daemon: who connects is root on the host"),
    secret("/run/podman/podman.sock", "the Podman service: who connects is root on the host"),
    secret("/run/containerd", "containerd: who connects is root on the host"),
    secret("/run/crio", "CRI-O: who connects is root on the host"),
    secret("/run/libvirt", "libvirt: who connects can read and write every disk"),
    secret("/var/lib/incus/unix.socket", "Incus: who connects is root on the host"),
    secret("/var/lib/lxd/unix.socket", "LXD: who connects is root on the host"),
    secret("/var/snap/lxd/common/lxd/unix.socket", "LXD: who connects is root on the host"),
    secret("${XDG_RUNTIME_DIR}/docker.sock", "the user's Docker daemon"),
    secret("${XDG_RUNTIME_DIR}/podman", "the user's Podman service"),
    secret("~/.docker/run/docker.sock", "Docker Desktop"),
    secret("~/.docker/desktop/docker.sock", "Docker Desktop"),
    secret("~/.rd/docker.sock", "Rancher Desktop"),
    secret("~/.orbstack/run/docker.sock", "OrbStack"),
    secret("~/.colima/default/docker.sock", "Colima"),
    secret("/run/dbus", "the system bus: services of the host that run as root"),
    secret("${XDG_RUNTIME_DIR}/bus", "the session bus: it starts programs outside"),
    secret("${XDG_RUNTIME_DIR}/systemd", "the user's systemd: it starts programs outside"),
    secret("${XDG_RUNTIME_DIR}/gnupg", "the GnuPG agent"),
    secret("${XDG_RUNTIME_DIR}/keyring", "the desktop's keyring"),
    secret("${XDG_RUNTIME_DIR}/gcr", "the SSH agent"),
    secret("${XDG_RUNTIME_DIR}/ssh-agent.socket", "the SSH agent"),
    secret("${XDG_RUNTIME_DIR}/openssh_agent", "the SSH agent"),
    secret("${XDG_RUNTIME_DIR}/wayland-0", "the desktop's windows"),
    secret("${XDG_RUNTIME_DIR}/wayland-1", "the desktop's windows"),
    secret("${XDG_RUNTIME_DIR}/pipewire-0", "microphone and screen"),
    secret("${XDG_RUNTIME_DIR}/pulse", "microphone and speakers"),
    secret("/tmp/.X11-unix", "the desktop's windows: who connects sees every key typed"),
    secret("~/.Xauthority", "the key to the desktop's windows"),
    secret("/tmp/tmux-${UID}", "tmux: who connects types into your terminals"),
];

/// What only root can read on the host, and no sandbox is root's.
pub fn is_roots(path: &SymbolicPath) -> bool {
    path.root() == Root::Absolute && path.components().first().is_some_and(|name| name.as_str() == "etc")
}
