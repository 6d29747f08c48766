//! What git and ssh complain about where a repository elsewhere gives nothing, and what to do.
//!
//! The texts differ by version and by library, and the server writes some of them: each is known by a part of it, and
//! none is printed raw. Pure.

use crate::diagnostic::{Diagnostic, printable};
use crate::emit::shell::literal;
use crate::plumbing::failed;

/// What the versions of git, curl, GnuTLS and OpenSSL say of a server that nobody answers for.
const CERTIFICATES: &[&str] = &["certificate", "SSL_", "SSL:", "gnutls_", "TLS"];

/// No way to the server, or to a proxy before it.
const UNREACHED: &[&str] = &[
    "Failed to connect",
    "Could not connect",
    "Connection refused",
    "timed out",
    "No route to host",
    "Network is unreachable",
    "Could not resolve proxy",
    "from proxy",
];

/// A login that is needed, or does not suffice.
const LOGINS: &[&str] = &["could not read Username", "could not read Password", "Authentication failed", "error: 403"];

/// The address leads to no repository.
const NOTHING: &[&str] =
    &["does not appear to be a git repository", "' not found", "Repository not found", "error: 404"];

/// No branch, tag or commit has this name.
const NO_REVISION: &[&str] = &["couldn't find remote ref", "not our ref", NOT_ALONE];

/// Some servers give a commit only with what leads to it.
const NOT_ALONE: &str = "unadvertised object";

/// Whether the server may have the commit, and does not give it by its own name alone.
pub fn gives_no_commit(complaint: &str) -> bool {
    complaint.contains(NOT_ALONE)
}

/// What to say when a revision did not come from an address.
pub fn explain(url: &str, revision: &str, complaint: &str) -> Diagnostic {
    let says = |texts: &[&str]| texts.iter().any(|text| complaint.contains(text));
    let (host, shown) = (printable(host(url)).to_string(), printable(url));
    let diagnostic = match () {
        () if says(NO_REVISION) => missing(url, revision),
        () if says(&["HOST IDENTIFICATION HAS CHANGED"]) => {
            failed(&format!("`{host}` has another host key than the one that ssh knows")).help(format!(
                "somebody else may answer; if its owner says that the key is new: `ssh-keygen -R {}`, then as for a new one",
                literal(&host)
            ))
        }
        () if says(&["Host key verification failed"]) => {
            failed(&format!("`{host}` is a server that ssh does not know")).help(format!(
                "connect once by hand and compare the key with the one that its owner publishes: `ssh {}`",
                literal(&host)
            ))
        }
        () if says(&["Permission denied"]) => failed(&format!("`{host}` lets nobody in with the keys that ssh has"))
            .help("show the agent's keys: `ssh-add -l`; add one: `ssh-add`; a key with a passphrase works by the agent only"),
        () if says(&["Could not resolve host"]) => failed(&format!("`{host}` is not known to the network")).help(
            "look for a mistake in the address; behind a proxy, set `https_proxy`",
        ),
        () if says(UNREACHED) => {
            failed(&format!("`{host}` cannot be reached")).help("try again later; behind a proxy, set `https_proxy`")
        }
        () if says(LOGINS) => failed(&format!("`{shown}` wants a login, and sbc has none for `https://`"))
            .help("look for a mistake in the address; for a private repository, write `ssh://…` and use an agent"),
        () if says(NOTHING) => {
            failed(&format!("there is no repository at `{shown}`, or you may not know of it")).help("look for a mistake in it")
        }
        () if says(CERTIFICATES) => failed(&format!("nobody answers for the certificate of `{host}`")).help(
            "if it is one of your own network, name the file with its authority: `GIT_SSL_CAINFO=/path/to/ca.pem`",
        ),
        () => failed(&format!("`{shown}` could not be fetched")).help(format!(
            "see whether git can: `git ls-remote {}`",
            literal(url)
        )),
    };
    diagnostic.note(format!("git: {}", printable(line(complaint))))
}

/// What to say where a repository has no such revision.
pub fn missing(url: &str, revision: &str) -> Diagnostic {
    failed(&format!("`{}` has no revision `{}`", printable(url), printable(revision)))
        .help(format!("`git ls-remote {}` lists branches and tags", literal(url)))
}

/// The line that says most: git's last word, or the first of ssh without its frame.
fn line(complaint: &str) -> &str {
    let lines = || complaint.lines().map(str::trim).filter(|line| line.chars().any(char::is_alphanumeric));
    let fatal =
        lines().find_map(|line| line.strip_prefix("fatal: ")).filter(|line| !line.starts_with("Could not read"));
    fatal.or_else(|| lines().next()).unwrap_or("it did not say why")
}

/// The host in an address.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let place = rest.split('/').next().unwrap_or_default();
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    match place.split_once(']') {
        // An address of IPv6, with colons of its own.
        Some((number, _)) => number.trim_start_matches('['),
        None => place.split(':').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The host is the same in all forms of an address.
    #[test]
    fn hosts() {
        for url in ["https://h/x", "https://h:1/x", "ssh://me@h:22/x", "me@h:x/y", "h:x", "ssh://h"] {
            assert_eq!(host(url), "h", "{url}");
        }
        assert_eq!(host("ssh://me@[::1]:22/x"), "::1");
    }
}
