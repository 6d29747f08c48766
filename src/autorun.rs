//! What the host runs or obeys by itself: programs that are found by name, start-up files of shells,
//! sessions and tools, jobs.
//!
//! Data. A sandbox that can write one of them decides what runs on the host later, outside of any
//! sandbox. So every sandbox asserts that it cannot (`check/guards.rs`).

/// A file or a directory that something on the host obeys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Autorun {
    /// As a policy writes it.
    pub path: &'static str,
    /// Who obeys it.
    pub by: &'static str,
}

const fn autorun(path: &'static str, by: &'static str) -> Autorun {
    Autorun { path, by }
}

/// All known places, those of one sort together.
#[rustfmt::skip]
pub const AUTORUN: &[Autorun] = &[
    // Shells.
    autorun("~/.bashrc", "bash"),
    autorun("~/.bash_profile", "bash, when you log in"),
    autorun("~/.bash_login", "bash, when you log in"),
    autorun("~/.bash_logout", "bash, when you log out"),
    autorun("~/.bash_aliases", "bash"),
    autorun("~/.profile", "the shell, when you log in"),
    autorun("~/.zshrc", "zsh"),
    autorun("~/.zshenv", "zsh, every time"),
    autorun("~/.zprofile", "zsh, when you log in"),
    autorun("~/.zlogin", "zsh, when you log in"),
    autorun("~/.zlogout", "zsh, when you log out"),
    autorun("~/.oh-my-zsh", "zsh"),
    autorun("~/.config/fish", "fish"),
    autorun("~/.inputrc", "the line editor of shells"),
    autorun("~/.cargo/env", "your shell, by rustup's set-up"),
    // Directories that are usually on the PATH, with what their programs are links to.
    autorun("~/.local/bin", "your shell, which finds programs there"),
    autorun("~/bin", "your shell, which finds programs there"),
    autorun("~/.cargo/bin", "your shell, which finds programs there"),
    autorun("~/.rustup/toolchains", "your shell, by rustup"),
    autorun("~/go/bin", "your shell, which finds programs there"),
    autorun("~/.bun/bin", "your shell, which finds programs there"),
    autorun("~/.deno/bin", "your shell, which finds programs there"),
    autorun("~/.npm-global", "your shell, which finds programs there"),
    autorun("~/.local/lib/node_modules", "your shell, by links to it"),
    autorun("~/.volta", "your shell, which finds programs there"),
    autorun("~/.nvm", "your shell, by nvm's set-up"),
    autorun("~/.local/share/fnm", "your shell, by fnm's set-up"),
    autorun("~/.pyenv", "your shell, which finds programs there"),
    autorun("~/.rbenv", "your shell, which finds programs there"),
    autorun("~/.asdf", "your shell, which finds programs there"),
    autorun("~/.sdkman", "your shell, which finds programs there"),
    autorun("~/.local/share/mise", "your shell, which finds programs there"),
    autorun("~/.local/share/uv/tools", "your shell, by links to it"),
    autorun("~/.local/pipx", "your shell, by links to it"),
    autorun("~/.local/share/pipx", "your shell, by links to it"),
    autorun("~/.nix-profile", "your shell, which finds programs there"),
    autorun("/usr/local/bin", "every shell, which finds programs there"),
    autorun("/usr/local/sbin", "every shell, which finds programs there"),
    autorun("/usr/bin", "every shell, which finds programs there"),
    autorun("/usr/sbin", "every shell, which finds programs there"),
    autorun("/bin", "every shell, which finds programs there"),
    autorun("/sbin", "every shell, which finds programs there"),
    autorun("/home/linuxbrew/.linuxbrew/bin", "your shell, which finds programs there"),
    // Jobs, and settings of the whole host, where a user owns them.
    autorun("/var/spool/cron", "cron"),
    autorun("/var/spool/at", "atd"),
    autorun("/etc/crontab", "cron"),
    autorun("/etc/cron.d", "cron"),
    autorun("/etc/cron.hourly", "cron"),
    autorun("/etc/cron.daily", "cron"),
    autorun("/etc/cron.weekly", "cron"),
    autorun("/etc/cron.monthly", "cron"),
    autorun("/etc/profile", "every shell, when somebody logs in"),
    autorun("/etc/profile.d", "every shell, when somebody logs in"),
    autorun("/etc/bash.bashrc", "bash, of every user"),
    autorun("/etc/zsh", "zsh, of every user"),
    autorun("/etc/environment", "the login, for the variables of the session"),
    autorun("/etc/xdg/autostart", "the desktop, when somebody logs in"),
    autorun("/etc/systemd", "systemd"),
    autorun("/etc/gitconfig", "git, which starts programs by it"),
    // The session.
    autorun("~/.config/autostart", "the desktop, when you log in"),
    autorun("~/.config/systemd/user", "systemd"),
    autorun("~/.local/share/systemd/user", "systemd"),
    autorun("~/.config/environment.d", "systemd, for the variables of the session"),
    autorun("~/.pam_environment", "the login, for the variables of the session"),
    autorun("~/.local/share/applications", "the desktop, to open files"),
    autorun("~/.local/share/dbus-1/services", "the session bus"),
    autorun("~/.config/plasma-workspace", "the desktop, when you log in"),
    autorun("~/.config/hypr", "the window manager"),
    autorun("~/.config/i3", "the window manager"),
    autorun("~/.config/sway", "the window manager"),
    autorun("~/.xinitrc", "the X session"),
    autorun("~/.xprofile", "the X session"),
    autorun("~/.xsession", "the X session"),
    autorun("~/.xsessionrc", "the X session"),
    // Tools in the shell.
    autorun("~/.config/nushell", "Nushell"),
    autorun("~/.config/direnv", "direnv, in every directory"),
    autorun("~/.local/share/direnv/allow", "direnv, which runs what is listed"),
    autorun("~/.config/mise", "mise, in every directory"),
    // Logins from elsewhere.
    autorun("~/.ssh/rc", "sshd, at every login"),
    autorun("~/.ssh/authorized_keys", "sshd: who may log in"),
    autorun("~/.ssh/config", "ssh, which starts programs by it"),
    // Tools that start programs by their settings.
    autorun("~/.gitconfig", "git, which starts programs by it"),
    autorun("~/.config/git", "git, which starts programs by it"),
    autorun("~/.tmux.conf", "tmux"),
    autorun("~/.config/tmux", "tmux"),
    autorun("~/.cargo/config.toml", "cargo, which starts programs by it"),
    autorun("~/.docker/cli-plugins", "docker"),
    // Editors.
    autorun("~/.vimrc", "vim"),
    autorun("~/.vim", "vim"),
    autorun("~/.config/nvim", "Neovim"),
    autorun("~/.emacs", "Emacs"),
    autorun("~/.emacs.d", "Emacs"),
    autorun("~/.config/emacs", "Emacs"),
    autorun("~/.vscode/extensions", "Visual Studio Code"),
    autorun("~/.vscode-server", "Visual Studio Code"),
    autorun("~/.config/Code/User", "Visual Studio Code"),
    // Agents that run without a sandbox, too.
    autorun("~/.claude/settings.json", "Claude Code, which runs its hooks"),
    autorun("~/.claude/plugins", "Claude Code"),
    autorun("~/.codex/config.toml", "Codex, which starts programs by it"),
    autorun("~/.gemini/settings.json", "Gemini CLI, which starts programs by it"),
    autorun("~/.aider.conf.yml", "Aider, which starts programs by it"),
    autorun("~/.cline", "Cline, which runs its hooks"),
    autorun("~/.config/crush", "Crush, which starts programs by it"),
    autorun("~/.config/goose", "goose, which starts programs by it"),
    autorun("~/.config/kilo", "Kilo Code CLI, which runs its plugins"),
    autorun("~/.config/opencode", "opencode, which runs its plugins"),
    autorun("~/.copilot", "GitHub Copilot CLI, which runs its hooks"),
    autorun("~/.cursor/mcp.json", "Cursor, which starts programs by it"),
    autorun("~/.factory/settings.json", "Droid, which runs its hooks"),
    autorun("~/.grok/config.toml", "Grok, which starts programs by it"),
    autorun("~/.kimi-code/config.toml", "Kimi Code CLI, which runs its hooks"),
    autorun("~/.kiro", "Kiro CLI, which starts programs by it"),
    autorun("~/.pi/agent", "pi, which runs its extensions"),
    autorun("~/.qwen/settings.json", "Qwen Code, which starts programs by it"),
];
