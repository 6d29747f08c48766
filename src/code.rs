//! The codes: the stable name of every kind of problem, with its title and its page of the book.

use crate::diagnostic::Severity;

/// Defines the codes with their titles.
macro_rules! codes {
    ($($code:ident $severity:ident $title:literal,)+) => {
        /// The stable name of a kind of problem. The first two digits are the stage.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        pub enum Code { $($code,)+ }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Code] = &[$(Code::$code,)+];

            /// The code as it is printed.
            pub const fn name(self) -> &'static str {
                match self { $(Code::$code => stringify!($code),)+ }
            }

            /// What the problem is, in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Code::$code => $title,)+ }
            }

            /// How bad it is unless the caller says otherwise.
            pub const fn severity(self) -> Severity {
                match self { $(Code::$code => Severity::$severity,)+ }
            }

            /// Its page of the book, in Markdown: a wrong policy, the message, and a right one.
            pub const fn page(self) -> &'static str {
                match self { $(Code::$code => include_str!(concat!("../book/src/codes/", stringify!($code), ".md")),)+ }
            }
        }
    };
}

codes! {
    // 00: text
    SBC0001 Error "a file is too large",
    SBC0002 Error "a file nests too much",
    SBC0003 Error "a file is not UTF-8",
    SBC0004 Error "compiling took too long",
    SBC0005 Error "not valid KDL",
    SBC0006 Error "a file cannot be read",
    SBC0007 Error "no policy here",
    SBC0008 Error "nothing that can be imported",
    // 01: shape
    SBC0101 Error "unknown name",
    SBC0102 Error "unknown property",
    SBC0103 Error "unknown word",
    SBC0104 Error "unknown variable",
    SBC0105 Error "not a text value",
    SBC0106 Error "something is missing",
    SBC0107 Error "something is too much",
    SBC0108 Error "said twice",
    SBC0109 Error "not a name",
    SBC0110 Error "not a value of this kind",
    SBC0111 Error "a file that defines nothing",
    SBC0112 Error "nothing to explain",
    // 02: inheritance
    SBC0201 Error "unknown profile",
    SBC0202 Error "inheritance in a circle",
    SBC0203 Error "a profile found twice",
    SBC0204 Error "inheritance too deep",
    SBC0205 Error "unknown sandbox",
    SBC0206 Error "which sandbox?",
    // 03: merge
    SBC0301 Error "definitions disagree",
    SBC0302 Error "nothing to remove",
    SBC0303 Error "a value that cannot be extended",
    // 04: paths
    SBC0401 Error "not a path",
    SBC0402 Error "a path leads above its root",
    SBC0403 Error "nothing can be made here safely",
    SBC0404 Error "a path does not exist",
    SBC0405 Error "paths lie inside each other in an unexpected way",
    SBC0406 Error "a path is of the wrong kind",
    SBC0407 Error "a path cannot be read",
    SBC0408 Error "a symbolic link where the sandbox could have planted one",
    SBC0409 Error "not a place for a project",
    SBC0410 Error "a variable has no value on this host",
    SBC0411 Error "a mount point is missing",
    SBC0412 Error "a program is not inside",
    // 05: guarantees
    SBC0501 Error "an assertion does not hold",
    SBC0502 Error "nothing to waive",
    SBC0503 Error "settings contradict each other",
    SBC0504 Error "sbc's own records can be written",
    SBC0505 Error "a denied path is shown elsewhere",
    SBC0506 Error "a rule shows what hands over secrets or the machine",
    SBC0507 Error "a rule lets the sandbox write what the host runs or obeys",
    // 06: artefacts
    SBC0601 Error "an artefact is out of date",
    SBC0602 Error "an artefact is missing",
    SBC0603 Error "a file cannot be written",
    SBC0604 Error "a shell script cannot carry this",
    SBC0605 Error "a file exists already",
    // 07: running
    SBC0701 Error "bubblewrap is missing",
    SBC0702 Error "bubblewrap is too old",
    SBC0703 Error "bubblewrap cannot make a sandbox here",
    SBC0704 Error "not as root",
    SBC0705 Error "bubblewrap failed",
    SBC0706 Error "no command",
    SBC0707 Error "the working directory is not inside",
    SBC0708 Error "the host cannot do this",
    SBC0709 Error "a revision cannot be read",
    SBC0710 Warning "no filter of system calls for this machine",
    SBC0711 Error "not trusted",
    SBC0712 Error "a standard stream leads out of the sandbox",
    SBC0713 Error "a path has changed during the start",
    SBC0714 Error "a program that others can change",
    SBC0715 Error "a sandbox that runs could interfere with the start",
    SBC0720 Error "strace is missing",
    SBC0721 Error "programs cannot be watched here",
    SBC0722 Error "not a log of strace's",
    // 08: lints
    SBC0801 Warning "a rule that changes nothing",
    SBC0802 Warning "a profile that is inherited anyway",
    SBC0803 Warning "a git directory that is left out",
    SBC0805 Warning "a rule beside which another does the same",
    SBC0808 Warning "a writable file that cannot be replaced",
    SBC0810 Warning "many mounts",
    SBC0811 Warning "a program is not on this host",
    SBC0812 Warning "a variable decides which code runs inside",
    SBC0813 Warning "a local layer that git tracks",
    // 09: after a run
    SBC0901 Warning "something has appeared that a rule forbids",
    SBC0902 Warning "a protected path has changed",
    SBC0903 Warning "names that the host obeys, below the root",
    SBC0904 Warning "a directory that could not be searched",
}

impl Code {
    /// The code of this name, in any case.
    pub fn from_name(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name().eq_ignore_ascii_case(name))
    }

    /// The first paragraph of its page.
    pub fn meaning(self) -> String {
        let paragraph = self.page().split("\n\n").nth(1).unwrap_or_default();
        paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
