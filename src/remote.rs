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
    let (host, shown) = (printable(parts(url).1), printable(url));
    let diagnostic = match () {
        () if says(NO_REVISION) => missing(url, revision),
        () if says(&["HOST IDENTIFICATION HAS CHANGED"]) => {
            failed(&format!("`{host}` has another host key than the one that ssh knows")).help(format!(
                "somebody else may answer; if its owner says that the key is new: `ssh-keygen -R {}`, then as for a new one",
                literal(&known_as(url))
            ))
        }
        () if says(&["Host key verification failed"]) => {
            failed(&format!("`{host}` is a server that ssh does not know")).help(format!(
                "connect once by hand and compare the key with the one that its owner publishes: `{}`",
                connect(url)
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

/// The user with an `@` behind, the host, and the port in an address.
fn parts(url: &str) -> (&str, &str, Option<&str>) {
    let (place, is_url) = match url.split_once("://") {
        Some((_, rest)) => (rest.split('/').next().unwrap_or_default(), true),
        None => (url.split('/').next().unwrap_or_default(), false),
    };
    let (user, place) = place.split_at(place.rfind('@').map_or(0, |at| at + 1));
    // An address of IPv6 has colons of its own.
    let (host, rest) = match place.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((host, rest)) => (host, rest),
        None => place.split_at(place.find(':').unwrap_or(place.len())),
    };
    (user, host, rest.strip_prefix(':').filter(|port| is_url && !port.is_empty()))
}

/// The command that connects by hand.
fn connect(url: &str) -> String {
    let (user, host, port) = parts(url);
    let port = port.map(|port| format!("-p {} ", literal(port)));
    format!("ssh {}{}", port.unwrap_or_default(), literal(&format!("{user}{host}")))
}

/// The name by which ssh keeps a server's key.
fn known_as(url: &str) -> String {
    match parts(url) {
        (_, host, Some(port)) => format!("[{host}]:{port}"),
        (_, host, None) => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All forms of an address lead to the same host, and to the command that connects with it.
    #[test]
    fn addresses() {
        for (url, command, name) in [
            ("ssh://h/x", "ssh h", "h"),
            ("ssh://me@h:22/x", "ssh -p 22 me@h", "[h]:22"),
            ("me@h:x/y", "ssh me@h", "h"),
            ("h:22/y", "ssh h", "h"),
            ("ssh://me@[::1]:22/x", "ssh -p 22 me@::1", "[::1]:22"),
            ("https://h:1/x", "ssh -p 1 h", "[h]:1"),
        ] {
            assert_eq!((connect(url).as_str(), known_as(url).as_str()), (command, name), "{url}");
        }
    }
}
