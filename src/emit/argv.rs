//! The bubblewrap command line of one host, for people to read and run.

use super::shell;
use crate::arguments::{Argument, Data};
use crate::invocation::Invocation;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// The options that start a line of their own with all that belongs to them.
const MODIFIERS: [&str; 2] = ["--perms", "--size"];

/// Shell text: the environment by `env -i`, one option a line. Variables without a fixed value are
/// named and not shown; contents come from `/proc/self/fd` redirections.
pub fn emit(invocation: &Invocation, secret: &dyn Fn(&OsStr) -> bool) -> Vec<u8> {
    let mut out = b"env -i".to_vec();
    for (name, value) in &invocation.env {
        out.extend_from_slice(b" \\\n    ");
        out.extend_from_slice(name.as_bytes());
        out.push(b'=');
        if secret(name) {
            out.extend_from_slice(b"\"$");
            out.extend_from_slice(name.as_bytes());
            out.push(b'"');
        } else {
            out.extend(quote(value));
        }
    }
    out.extend_from_slice(b" \\\nbwrap");
    let mut redirections: Vec<u8> = Vec::new();
    let mut fd = 10;
    let mut after_modifier = false;
    for argument in &invocation.options {
        match argument {
            Argument::Word(word) => {
                let starts = word.as_bytes().starts_with(b"--") && !after_modifier;
                out.extend_from_slice(if starts { b" \\\n    " } else { b" " });
                out.extend(quote(word));
                let modifies = MODIFIERS.iter().any(|modifier| word == modifier);
                after_modifier = modifies || after_modifier && !word.as_bytes().starts_with(b"--");
            }
            Argument::Source { option, source } => {
                out.extend_from_slice(b" \\\n    ");
                out.extend_from_slice(option.as_bytes());
                out.push(b' ');
                out.extend(quote(source.path.as_os_str()));
                after_modifier = false;
            }
            Argument::Data(data) => {
                out.extend(format!(" {fd}").bytes());
                redirections.extend_from_slice(format!(" \\\n    {fd}< ").as_bytes());
                redirections.extend(source(data));
                fd += 1;
            }
        }
    }
    out.extend_from_slice(b" \\\n    --");
    for word in &invocation.command {
        out.push(b' ');
        out.extend(quote(word));
    }
    out.extend(redirections);
    out.push(b'\n');
    out
}

/// Where the shell reads contents from.
fn source(data: &Data) -> Vec<u8> {
    match data {
        Data::File(file) => quote(file.path.as_os_str()),
        // No word of a shell holds a zero byte, and no text of a policy does.
        Data::Bytes(bytes) if bytes.contains(&0) => format!("<(printf '{}')", shell::octal(bytes)).into_bytes(),
        Data::Bytes(text) => [b"<(printf %s ".as_slice(), &quote(OsStr::from_bytes(text)), b")"].concat(),
    }
}

/// One word of a shell, whatever its bytes.
fn quote(word: &OsStr) -> Vec<u8> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_./,:@%+=-".contains(byte);
    if !word.is_empty() && word.as_bytes().iter().all(plain) {
        return word.as_bytes().to_vec();
    }
    let mut out = vec![b'\''];
    for byte in word.as_bytes() {
        match byte {
            b'\'' => out.extend_from_slice(b"'\\''"),
            byte => out.push(*byte),
        }
    }
    out.push(b'\'');
    out
}
