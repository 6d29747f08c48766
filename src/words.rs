//! The words of the language: every closed set of values, each an enum that knows its spelling.

/// Defines an enum whose values are words of the policy language.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            /// Every spelling, in the order of the documentation.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
            /// Every value, in the order of [`Self::WORDS`].
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The spelling of this value.
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }

            /// The value with this spelling.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// The network that a process inside sees.
    Network {
        /// Its own, with nothing but a loopback interface.
        None = "none",
        /// The host's, whole: the internet, the local network and services on loopback.
        Host = "host",
    }
}

words! {
    /// A kind of Linux namespace that a policy may share with the host.
    Namespace { User = "user", Pid = "pid", Ipc = "ipc", Uts = "uts", Cgroup = "cgroup", }
}

words! {
    /// Whether a namespace is the host's or the sandbox's own.
    Sharing { Share = "share", Unshare = "unshare", }
}

words! {
    /// What the command may do with the terminal it was started from.
    Terminal {
        /// Use it, but not type into it (TIOCSTI, CVE-2017-5226).
        Guarded = "guarded",
        /// Not reach it: a session of its own, without job control.
        NewSession = "new-session",
        /// Everything, as without a sandbox.
        Inherit = "inherit",
    }
}

words! {
    /// What happens to the sandbox when the process that started it ends.
    Lifetime { WithParent = "with-parent", Detached = "detached", }
}

words! {
    /// Whether a process inside may make user namespaces of its own.
    NestedSandboxes { Deny = "deny", Allow = "allow", }
}

words! {
    /// What to do when the host has no such path.
    Missing { Error = "error", Skip = "skip", CreateDir = "create-dir", CreateFile = "create-file", }
}

words! {
    /// A resource that a policy can limit.
    Resource { Processes = "processes", Memory = "memory", OpenFiles = "open-files", FileSize = "file-size", }
}

words! {
    /// Everything that has one value in a sandbox, by the word of the language that sets it.
    SettingKey {
        Network = "network",
        User = "user",
        Pid = "pid",
        Ipc = "ipc",
        Uts = "uts",
        Cgroup = "cgroup",
        Hostname = "hostname",
        Terminal = "terminal",
        Lifetime = "lifetime",
        NestedSandboxes = "nested-sandboxes",
        Command = "command",
        Workdir = "workdir",
        Processes = "processes",
        Memory = "memory",
        OpenFiles = "open-files",
        FileSize = "file-size",
    }
}

words! {
    /// A kind of statement in `assert`, also the first argument of `waive`.
    AssertionKind {
        Readable = "readable",
        Writable = "writable",
        NotWritable = "not-writable",
        Denied = "denied",
        NoEnv = "no-env",
        Network = "network",
    }
}

words! {
    /// A value that only one machine knows; it stays a symbol until a sandbox starts.
    Variable {
        Home = "HOME",
        Project = "PROJECT",
        User = "USER",
        Uid = "UID",
        Gid = "GID",
        RuntimeDir = "XDG_RUNTIME_DIR",
        ConfigHome = "XDG_CONFIG_HOME",
        CacheHome = "XDG_CACHE_HOME",
        DataHome = "XDG_DATA_HOME",
        StateHome = "XDG_STATE_HOME",
        /// Has a value only where the project's `.git` is a file that leads there.
        GitCommonDir = "GIT_COMMON_DIR",
        /// Has a value only where the project is a linked worktree of git.
        GitWorktreeId = "GIT_WORKTREE_ID",
    }
}

impl Variable {
    /// Whether the value is a directory, so that a path may start with it.
    pub const fn is_directory(self) -> bool {
        !matches!(self, Variable::User | Variable::Uid | Variable::Gid | Variable::GitWorktreeId)
    }
}
