//! Variables that decide which code a program runs before it does anything that it was asked to.
//!
//! Data. Whoever sets one of them runs code in every program that obeys it. So a pattern in a policy never
//! passes one: only its name does.

use crate::env::glob;

/// Variables of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steering {
    /// A name, or a pattern in which `*` stands for any characters.
    pub pattern: &'static str,
    /// What is done with the value.
    pub does: &'static str,
    /// Whether values with code are the exception: a policy that sets one says in plain sight what it is.
    pub has_plain_uses: bool,
}

const fn steering(pattern: &'static str, does: &'static str) -> Steering {
    Steering { pattern, does, has_plain_uses: false }
}

const fn options(pattern: &'static str, does: &'static str) -> Steering {
    Steering { pattern, does, has_plain_uses: true }
}

/// All known ones, those of one program together. Each is documented by that program.
#[rustfmt::skip]
pub const STEERING: &[Steering] = &[
    options("LD_LIBRARY_PATH", "the dynamic loader takes libraries from there"),
    steering("LD_*", "the dynamic loader obeys it, in every program"),
    steering("GCONV_PATH", "the C library loads modules from there"),
    steering("BASH_ENV", "every script of bash runs that file first"),
    steering("BASH_FUNC_*", "bash takes it for a function, in the place of a program"),
    steering("ENV", "sh runs that file first"),
    steering("PROMPT_COMMAND", "bash runs it before each prompt"),
    steering("ZDOTDIR", "zsh runs the start-up files there"),
    options("NODE_OPTIONS", "every Node.js program obeys these options, which can load files"),
    options("NODE_PATH", "Node.js loads modules from there"),
    steering("PYTHONSTARTUP", "Python runs that file first"),
    steering("PYTHONHOME", "Python takes its own library from there"),
    options("PYTHONPATH", "Python loads modules from there, before its own"),
    steering("PERL5OPT", "every Perl program obeys these options, which can load files"),
    options("PERL5LIB", "Perl loads modules from there, before its own"),
    steering("RUBYOPT", "every Ruby program obeys these options, which can load files"),
    options("RUBYLIB", "Ruby loads files from there, before its own"),
    options("JAVA_TOOL_OPTIONS", "every Java program obeys these options, which can load agents"),
    options("_JAVA_OPTIONS", "every Java program obeys these options, which can load agents"),
    options("JDK_JAVA_OPTIONS", "every Java program obeys these options, which can load agents"),
    steering("LUA_INIT*", "Lua runs it first"),
    steering("GIT_SSH", "git runs it to reach a server"),
    steering("GIT_SSH_COMMAND", "git runs it to reach a server"),
    steering("GIT_PROXY_COMMAND", "git runs it to reach a server"),
    steering("GIT_ASKPASS", "git runs it to ask for a password"),
    steering("SSH_ASKPASS", "ssh and git run it to ask for a password"),
    steering("GIT_EDITOR", "git runs it"),
    steering("GIT_SEQUENCE_EDITOR", "git runs it"),
    steering("GIT_PAGER", "git runs it"),
    steering("GIT_EXTERNAL_DIFF", "git runs it"),
    steering("GIT_EXEC_PATH", "git takes its own programs from there"),
    steering("GIT_TEMPLATE_DIR", "git takes hooks for new repositories from there"),
    steering("GIT_CONFIG*", "git takes settings from it, which can name programs"),
    steering("GIT_DIR", "git takes settings and hooks from there"),
    steering("GIT_COMMON_DIR", "git takes settings and hooks from there"),
];

/// What is known of a variable, if it is one of these.
pub fn find(name: &str) -> Option<&'static Steering> {
    STEERING.iter().find(|steering| glob(steering.pattern, name))
}

/// The known ones that a pattern of a policy would fit, in the syntax of patterns. Says rather too many.
pub fn reached(pattern: &str) -> impl Iterator<Item = &'static str> {
    let start = |pattern: &str| pattern.split('*').next().unwrap_or_default().to_owned();
    let own = start(pattern);
    STEERING.iter().map(|steering| steering.pattern).filter(move |known| {
        let known = start(known);
        known.starts_with(&own) || own.starts_with(&known)
    })
}
