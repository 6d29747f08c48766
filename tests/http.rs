//! As much of HTTP as a stand-in for a service needs: one request of each connection, and its answer.

use std::io::{self, BufRead, Read, Write};

use serde_json::Value;

/// One HTTP request, as far as the stand-in looks at it.
pub struct Request {
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// The first line and the headers.
    pub head: String,
    pub body: String,
}

impl Request {
    /// Reads a request with a body of known length or in chunks.
    pub fn read(reader: &mut impl BufRead) -> io::Result<Request> {
        let start = read_line(reader)?;
        let mut head = start.clone();
        let mut words = start.split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default().to_owned();

        let (mut length, mut chunked) = (0, false);
        loop {
            let line = read_line(reader)?;
            head = format!("{head}\n{line}");
            let line = line.to_ascii_lowercase();
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            match (name, value.trim()) {
                ("content-length", value) => length = value.parse().map_err(io::Error::other)?,
                ("transfer-encoding", "chunked") => chunked = true,
                _ => {}
            }
        }
        let body = if chunked { read_chunks(reader)? } else { read_bytes(reader, length)? };
        Ok(Request { method, path, head, body: String::from_utf8_lossy(&body).into_owned() })
    }
}

/// Reads one line without its line end.
fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    line.truncate(line.trim_end().len());
    Ok(line)
}

/// Reads exactly `length` bytes.
fn read_bytes(reader: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = reader.take(length).read_to_end(&mut bytes)?;
    if read as u64 == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Reads a body in chunks up to the empty chunk that ends it.
fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(reader)?;
        let size = line.split(';').next().unwrap_or_default();
        let size = u64::from_str_radix(size, 16).map_err(io::Error::other)?;
        body.append(&mut read_bytes(reader, size)?);
        read_line(reader)?;
        if size == 0 {
            return Ok(body);
        }
    }
}

/// A successful answer to a request.
pub struct Answer {
    content_type: &'static str,
    body: String,
}

impl Answer {
    /// An answer of one JSON value.
    pub fn json(value: &Value) -> Answer {
        Answer { content_type: "application/json", body: value.to_string() }
    }

    /// An answer that streams events, each with its kind where it has one.
    pub fn events(events: &[Value], end: &str) -> Answer {
        let lines = events.iter().map(|event| match event["type"].as_str() {
            Some(kind) => format!("event: {kind}\ndata: {event}\n\n"),
            None => format!("data: {event}\n\n"),
        });
        Answer { content_type: "text/event-stream", body: lines.chain([end.to_owned()]).collect() }
    }

    /// Writes the answer, without its body to a request for the head only.
    pub fn write(&self, mut out: impl Write, head_only: bool) -> io::Result<()> {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            self.content_type,
            self.body.len(),
        );
        out.write_all(head.as_bytes())?;
        if !head_only {
            out.write_all(self.body.as_bytes())?;
        }
        out.flush()
    }
}
