//! Numbers as the language writes them: text, because a policy holds nothing else.

/// How a kind of number is read and spoken of.
#[derive(Clone, Copy)]
pub struct Reader<T> {
    pub parse: fn(&str) -> Option<T>,
    pub what: &'static str,
    pub example: &'static str,
    /// One of this kind.
    pub sample: &'static str,
}

/// Bytes.
pub const SIZE: Reader<u64> = Reader {
    parse: parse_size,
    what: "a size",
    example: "a number of bytes with `K`, `M`, `G` or `T`, such as `\"512M\"`",
    sample: "512M",
};

/// How many of something, at least one.
pub const COUNT: Reader<u64> =
    Reader { parse: parse_count, what: "a count", example: "a number above zero, such as `\"512\"`", sample: "512" };

/// Permission bits.
pub const MODE: Reader<u32> = Reader {
    parse: parse_mode,
    what: "a mode",
    example: "permission bits in octal, such as `\"0700\"`",
    sample: "0700",
};

fn parse_count(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number > 0)
}

fn parse_size(text: &str) -> Option<u64> {
    let unit = text.chars().last().and_then(|last| "KMGT".find(last));
    let (digits, shift) = match unit {
        Some(power) => (text.get(..text.len() - 1)?, 10 * (power + 1)),
        None => (text, 0),
    };
    // bubblewrap and the kernel take sizes as signed 64-bit numbers.
    parse_count(digits)?.checked_mul(1 << shift).filter(|bytes| *bytes <= i64::MAX as u64)
}

fn parse_mode(text: &str) -> Option<u32> {
    let octal = (3..=4).contains(&text.len()) && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    u32::from_str_radix(text, 8).ok().filter(|_| octal)
}

/// What a number in the spelling of other tools was to be: `512MB`, `8 GiB`, `1_024`, `0o755`, `unlimited`.
pub fn meant(text: &str) -> Option<String> {
    if matches!(text, "unlimited" | "infinity" | "-1" | "max") {
        return Some("none".to_owned());
    }
    let plain = text.replace(['_', ',', ' '], "").to_uppercase();
    let plain = plain.trim_start_matches("0O");
    let plain = plain.trim_end_matches("IB").trim_end_matches('B');
    let digits = plain.trim_end_matches(['K', 'M', 'G', 'T']);
    let good = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (good && plain.len() <= digits.len() + 1).then(|| plain.to_owned())
}
