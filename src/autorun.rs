//! What the host runs or obeys by itself: start-up files of shells, sessions and tools.
//!
//! Data. A sandbox that can write one of them decides what runs on the host later, outside of any
//! sandbox.

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
    autorun("~/.nvm/nvm.sh", "your shell, by nvm's set-up"),
    autorun("~/.cargo/env", "your shell, by rustup's set-up"),
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
];
