//! The format of strace: one line, taken apart.
//!
//! Pure, and strict: what is no line of strace's is an error, never a guess. It reads what
//! `strace -f`, with or without `-o`, `-y`, `-t`, `-T` and the like, writes.

/// What keeps a text from being a line of strace's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It is something else.
    Foreign,
    /// It ends in the middle.
    CutOff,
}

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Nothing where strace traced one process and did not name it.
    pub process: Option<u32>,
    pub what: What<'a>,
}

/// What a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What<'a> {
    Call(Call<'a>),
    /// The first part of a call, whose second comes later.
    Unfinished(&'a str),
    /// The second part of a call, which belongs to this one.
    Resumed {
        name: &'a str,
        rest: &'a str,
    },
    /// The process has ended, and whether it failed.
    Ended {
        failed: bool,
    },
    /// A signal, or a word of strace's own.
    Nothing,
}

/// A finished call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    pub name: &'a str,
    pub arguments: &'a str,
    pub result: &'a str,
}

/// Takes a line apart.
pub fn line(text: &str) -> Result<Line<'_>, Malformed> {
    let text = text.trim_end();
    if text.is_empty() || text.starts_with("strace: ") {
        return Ok(Line { process: None, what: What::Nothing });
    }
    let (process, rest) = process(text);
    Ok(Line { process, what: what(without_time(rest))? })
}

/// The number in front, as `-f` writes it: `123 ` with `-o`, `[pid 123] ` without.
fn process(text: &str) -> (Option<u32>, &str) {
    if let Some((number, rest)) = text.strip_prefix("[pid ").and_then(|rest| rest.split_once("] ")) {
        return (number.trim().parse().ok(), rest.trim_start());
    }
    match text.split_once(' ') {
        Some((number, rest)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            (number.parse().ok(), rest.trim_start())
        }
        _ => (None, text),
    }
}

/// The line without the time that `-t` and `-r` put in front.
fn without_time(text: &str) -> &str {
    let is_time = |word: &str| {
        word.contains([':', '.']) && word.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'))
    };
    match text.split_once(' ') {
        Some((word, rest)) if is_time(word) => rest.trim_start(),
        _ => text,
    }
}

fn what(text: &str) -> Result<What<'_>, Malformed> {
    if let Some(rest) = text.strip_prefix("+++ ") {
        return ended(rest);
    }
    if let Some(rest) = text.strip_prefix("--- ") {
        return if rest.ends_with(" ---") { Ok(What::Nothing) } else { Err(Malformed::CutOff) };
    }
    if let Some(rest) = text.strip_prefix("<... ") {
        let (name, rest) = rest.split_once(" resumed>").ok_or(Malformed::CutOff)?;
        let is_known = is_name(name) || is_unknown(name);
        return if is_known { Ok(What::Resumed { name, rest }) } else { Err(Malformed::Foreign) };
    }
    let open = text.find('(').ok_or(if is_name(text) { Malformed::CutOff } else { Malformed::Foreign })?;
    let name = text.get(..open).unwrap_or_default();
    if !is_name(name) && !is_unknown(name) {
        return Err(Malformed::Foreign);
    }
    if let Some(start) = text.strip_suffix("<unfinished ...>").or_else(|| text.strip_suffix("<detached ...>")) {
        return Ok(What::Unfinished(start.trim_end()));
    }
    Ok(What::Call(call(text)?))
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether strace does not know which call it was: it had begun before strace came, or its process ended
/// at its start.
pub fn is_unknown(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte == b'?')
}

/// What stands between `+++ ` and ` +++`.
fn ended(rest: &str) -> Result<What<'_>, Malformed> {
    let rest = rest.strip_suffix(" +++").ok_or(Malformed::CutOff)?;
    if let Some(code) = rest.strip_prefix("exited with ") {
        let code: i32 = code.parse().map_err(|_| Malformed::Foreign)?;
        return Ok(What::Ended { failed: code != 0 });
    }
    match rest {
        _ if rest.starts_with("killed by ") => Ok(What::Ended { failed: true }),
        _ if rest.starts_with("superseded by ") => Ok(What::Nothing),
        _ => Err(Malformed::Foreign),
    }
}

/// A finished call: a name, arguments in brackets, a result.
pub fn call(text: &str) -> Result<Call<'_>, Malformed> {
    let (name, rest) = text.split_once('(').ok_or(Malformed::Foreign)?;
    let end = Scan::new(rest).find(|(_, byte, depth)| *byte == b')' && *depth == 0).ok_or(Malformed::CutOff)?.0;
    let arguments = rest.get(..end).unwrap_or_default();
    let after = rest.get(end + 1..).unwrap_or_default().trim_start();
    let result = match after.strip_prefix('=') {
        Some(result) => result.trim(),
        None if after.is_empty() || "= ".starts_with(after) => return Err(Malformed::CutOff),
        None => return Err(Malformed::Foreign),
    };
    if result.is_empty() { Err(Malformed::CutOff) } else { Ok(Call { name, arguments, result }) }
}

impl<'a> Call<'a> {
    /// The arguments, one by one.
    pub fn split(&self) -> Vec<&'a str> {
        let mut out = Vec::new();
        let mut start = 0;
        for (at, _, _) in Scan::new(self.arguments).filter(|(_, byte, depth)| *byte == b',' && *depth == 0) {
            out.extend(self.arguments.get(start..at).map(str::trim));
            start = at + 1;
        }
        out.extend(self.arguments.get(start..).map(str::trim).filter(|last| !last.is_empty()));
        out
    }

    /// The name of the error that the call ended with.
    pub fn error(&self) -> Option<&'a str> {
        let rest = self.result.strip_prefix("-1 ")?;
        rest.split(' ').next().filter(|name| name.starts_with('E'))
    }

    /// Whether the call did what it was to do.
    pub fn is_done(&self) -> bool {
        !self.result.starts_with(['-', '?'])
    }

    /// The process that a call made. In a namespace the number is the caller's, and strace's own stands
    /// in a comment.
    pub fn made(&self) -> Option<u32> {
        let number = match self.result.split_once("/* ") {
            Some((_, comment)) => comment.split(' ').next()?,
            None => self.result.split(' ').next()?,
        };
        number.parse().ok().filter(|number| *number > 0)
    }
}

/// Goes through a text and gives what lies outside of strings, paths of descriptors and comments, each
/// byte with the depth of its brackets.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Scan<'a> {
        Scan { bytes: text.as_bytes(), at: 0, depth: 0 }
    }

    /// Goes to behind the next such text; to the end where there is none.
    fn skip_to(&mut self, end: &[u8]) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.windows(end.len()).position(|window| window == end);
        self.at += length.map_or(rest.len(), |length| length + end.len());
    }

    fn skip_string(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += match byte {
                b'\\' => 2,
                b'"' => {
                    self.at += 1;
                    return;
                }
                _ => 1,
            };
        }
    }

    /// Whether `<` opens the path of a descriptor: it stands right behind a number or `AT_FDCWD`.
    fn opens_path(&self, at: usize) -> bool {
        let before = self.bytes.get(..at).unwrap_or_default();
        self.bytes.get(at + 1) != Some(&b'<')
            && (before.ends_with(b"AT_FDCWD") || before.last().is_some_and(u8::is_ascii_digit))
    }
}

impl Iterator for Scan<'_> {
    type Item = (usize, u8, usize);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let at = self.at;
            let byte = *self.bytes.get(at)?;
            self.at += 1;
            match byte {
                b'"' => self.skip_string(),
                b'<' if self.opens_path(at) => self.skip_to(b">"),
                b'/' if self.bytes.get(self.at) == Some(&b'*') => self.skip_to(b"*/"),
                b'(' | b'[' | b'{' => self.depth += 1,
                b')' | b']' | b'}' => {
                    let outside = self.depth;
                    self.depth = outside.saturating_sub(1);
                    return Some((at, byte, outside));
                }
                _ => return Some((at, byte, self.depth)),
            }
        }
    }
}

/// The bytes of a string, and whether strace has left out its end; nothing where there is no string.
pub fn string(argument: &str) -> Option<(Vec<u8>, bool)> {
    let (bytes, length) = unescape(argument.strip_prefix('"')?, b'"')?;
    Some((bytes, argument.get(1 + length..).is_some_and(|rest| rest.starts_with("..."))))
}

/// All strings in an argument, such as the parts of a `writev`.
pub fn strings(argument: &str) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = argument;
    while let Some((bytes, length)) = rest.split_once('"').and_then(|(_, inside)| {
        rest = inside;
        unescape(inside, b'"')
    }) {
        out.push(bytes);
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

/// The path that `-y` writes behind a descriptor.
pub fn path_of_descriptor(argument: &str) -> Option<Vec<u8>> {
    let (_, inside) = argument.split_once('<')?;
    let (bytes, _) = unescape(inside, b'>')?;
    let bytes = bytes.strip_suffix(b" (deleted)").map(<[u8]>::to_vec).unwrap_or(bytes);
    bytes.starts_with(b"/").then_some(bytes)
}

/// Bytes up to an end that is not escaped, and how long they are with it.
fn unescape(text: &str, end: u8) -> Option<(Vec<u8>, usize)> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    loop {
        let byte = *bytes.get(at)?;
        at += 1;
        match byte {
            _ if byte == end => return Some((out, at)),
            b'\\' => {
                let (byte, length) = escaped(bytes.get(at..)?)?;
                out.push(byte);
                at += length;
            }
            _ => out.push(byte),
        }
    }
}

/// The byte that stands behind a backslash, and how long its spelling is.
fn escaped(rest: &[u8]) -> Option<(u8, usize)> {
    let number = |digits: &[u8], radix| u8::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok();
    Some(match *rest.first()? {
        b'n' => (b'\n', 1),
        b't' => (b'\t', 1),
        b'r' => (b'\r', 1),
        b'v' => (0x0b, 1),
        b'f' => (0x0c, 1),
        b'x' => (number(rest.get(1..3)?, 16)?, 3),
        b'0'..=b'7' => {
            let length = rest.iter().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
            (number(rest.get(..length)?, 8)?, length)
        }
        byte @ (b'"' | b'\\' | b'>' | b'<') => (byte, 1),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(text: &str) -> (Option<u32>, Call<'_>) {
        match line(text) {
            Ok(Line { process, what: What::Call(call) }) => (process, call),
            // Nothing that a test looks for.
            _ => (None, Call { name: "", arguments: "", result: "" }),
        }
    }

    /// The ways in which strace names a process and a time.
    #[test]
    fn fronts() {
        for (text, process) in [
            ("access(\"/x\", F_OK) = 0", None),
            ("17 access(\"/x\", F_OK) = 0", Some(17)),
            ("[pid    17] access(\"/x\", F_OK) = 0", Some(17)),
            ("17    12:00:01.123456 access(\"/x\", F_OK) = 0", Some(17)),
            ("17 1700000000.123 access(\"/x\", F_OK) = 0 <0.000012>", Some(17)),
        ] {
            let (found, call) = called(text);
            assert_eq!((found, call.name, call.split()), (process, "access", vec!["\"/x\"", "F_OK"]), "{text}");
        }
    }

    /// Names of files can hold all that the format is made of.
    #[test]
    fn hostile_names() {
        let text = r#"9 openat(AT_FDCWD</a") = 0, (b>, "x\") = 3, \76\n", O_RDONLY) = 4</c)d>"#;
        let (_, call) = called(text);
        let arguments = call.split();
        assert_eq!(arguments.len(), 3);
        assert_eq!(path_of_descriptor(arguments[0]), Some(b"/a\") = 0, (b".to_vec()));
        assert_eq!(string(arguments[1]), Some((b"x\") = 3, >\n".to_vec(), false)));
        assert_eq!(call.result, "4</c)d>");
    }

    /// Escapes of every kind, and a string without its end.
    #[test]
    fn escapes() {
        assert_eq!(string(r#""a\0b\303\244\x41\\\"""#), Some((b"a\0b\xc3\xa4A\\\"".to_vec(), false)));
        assert_eq!(string(r#""abc"..."#), Some((b"abc".to_vec(), true)));
        assert_eq!(string(r#""a\q""#), None);
        assert_eq!(string("NULL"), None);
        assert_eq!(strings(r#"[{iov_base="a", iov_len=1}, {iov_base="b\n"}]"#), [b"a".to_vec(), b"b\n".to_vec()]);
    }

    /// What is not there and what goes wrong.
    #[test]
    fn results() {
        let (_, call) = called(r#"stat("/x", 0x7ffd) = -1 ENOENT (No such file or directory)"#);
        assert_eq!((call.error(), call.is_done()), (Some("ENOENT"), false));
        let (_, call) = called("clone(child_stack=NULL, flags=1<<4|SIGCHLD) = 2 /* 6845 in strace's PID NS */");
        assert_eq!(call.made(), Some(6845));
        assert_eq!(line("5 +++ exited with 3 +++").map(|line| line.what), Ok(What::Ended { failed: true }));
        assert_eq!(
            line("5 +++ killed by SIGKILL (core dumped) +++").map(|line| line.what),
            Ok(What::Ended { failed: true })
        );
        assert_eq!(line("--- SIGCHLD {si_signo=SIGCHLD} ---").map(|line| line.what), Ok(What::Nothing));
    }

    /// What is cut off or is something else is an error.
    #[test]
    fn errors() {
        for text in [
            "openat(AT_FDCWD, \"/etc/pas",
            "stat(\"/x\", {st_mode=",
            "5 stat(\"/x\") ",
            "5 stat(\"/x\") =",
            "5 +++ exited",
        ] {
            assert_eq!(line(text), Err(Malformed::CutOff), "{text}");
        }
        for text in ["hello world", "{\"json\": 1}", "5 Stat(\"/x\") = 0", "stat(\"/x\") is fine", "\u{1b}[31m(x) = 0"]
        {
            assert_eq!(line(text), Err(Malformed::Foreign), "{text}");
        }
    }
}
