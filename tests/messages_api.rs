//! A stand-in for the Anthropic Messages API on loopback.
//!
//! It lets a test run one full turn of the real Claude Code without the
//! network: the first request that offers a `Bash` tool is answered with a
//! call of that tool, and the request that brings the tool's result back is
//! answered with a closing text which quotes the result.
//!
//! Every connection carries one request and is closed after the answer.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

/// The tool the stand-in asks the client to run.
const TOOL: &str = "Bash";

/// How many characters of the tool's result the closing text quotes.
const QUOTED_CHARS: usize = 2000;

/// How long a connection may stay silent before its thread gives up.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running stand-in; it stops when dropped.
pub struct MessagesApi {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

/// What the threads of one stand-in have in common.
struct Shared {
    command: String,
    requests: Mutex<Vec<String>>,
    stopping: AtomicBool,
}

impl MessagesApi {
    /// Starts a stand-in on a free loopback port which asks for `command`.
    pub fn start(command: &str) -> MessagesApi {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bind a free loopback port");
        let address = listener.local_addr().expect("read the bound address");
        let shared = Arc::new(Shared {
            command: command.to_owned(),
            requests: Mutex::new(Vec::new()),
            stopping: AtomicBool::new(false),
        });
        let for_acceptor = Arc::clone(&shared);
        let acceptor = thread::spawn(move || accept(&listener, &for_acceptor));
        MessagesApi { address, shared, acceptor: Some(acceptor) }
    }

    /// The value for `ANTHROPIC_BASE_URL`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests received so far, to whatever path: first line, headers and body.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for MessagesApi {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // The acceptor sees the flag only when a connection wakes it.
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(acceptor) = self.acceptor.take().filter(|_| woken) {
            // A panic of the acceptor has already been printed.
            let _ = acceptor.join();
        }
    }
}

/// Serves every connection on a thread of its own until told to stop.
fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for connection in listener.incoming() {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let Ok(connection) = connection else { continue };
        let shared = Arc::clone(shared);
        // A client that goes away in the middle is no failure of the stand-in.
        thread::spawn(move || serve(&connection, &shared).ok());
    }
}

/// Reads one request from `connection` and answers it.
fn serve(connection: &TcpStream, shared: &Shared) -> io::Result<()> {
    connection.set_read_timeout(Some(PATIENCE))?;
    let request = Request::read(&mut BufReader::new(connection))?;
    shared.keep(&request);
    let answer = shared.answer(&request);
    answer.write(connection, request.method == "HEAD")
}

impl Shared {
    /// Decides what to answer to `request`.
    fn answer(&self, request: &Request) -> Answer {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/v1/messages") => self.answer_message(&request.body),
            ("POST", "/v1/messages/count_tokens") => Answer::json(&json!({ "input_tokens": 1 })),
            _ => Answer::json(&json!({})),
        }
    }

    /// Notes what came in.
    fn keep(&self, request: &Request) {
        let text = format!("{}\n{}", request.head, request.body);
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// Answers a request to `/v1/messages`.
    fn answer_message(&self, body: &str) -> Answer {
        let request: Value = serde_json::from_str(body).unwrap_or_default();
        let block = self.reply(&request);
        if request["stream"] == json!(true) {
            Answer::events(&request["model"], &block)
        } else {
            Answer::json(&message(&request["model"], &json!([block]), &block))
        }
    }

    /// The one content block the stand-in says in reply to `request`.
    fn reply(&self, request: &Value) -> Value {
        if !offers_tool(request) {
            return json!({ "type": "text", "text": "ok" });
        }
        if let Some(result) = tool_result(request) {
            let quoted: String = result.chars().take(QUOTED_CHARS).collect();
            return json!({ "type": "text", "text": format!("DONE: {quoted}") });
        }
        json!({
            "type": "tool_use",
            "id": "toolu_stand_in_1",
            "name": TOOL,
            "input": {
                "command": self.command,
                "description": "Run the command of the test",
            },
        })
    }
}

/// Whether `request` lets the model call [`TOOL`].
fn offers_tool(request: &Value) -> bool {
    let tools = request["tools"].as_array();
    tools.is_some_and(|tools| tools.iter().any(|tool| tool["name"] == TOOL))
}

/// The text of the last tool result in `request`, if it carries one.
fn tool_result(request: &Value) -> Option<String> {
    let mut blocks =
        request["messages"].as_array()?.iter().filter_map(|message| message["content"].as_array()).flatten();
    let result = blocks.rfind(|block| block["type"] == "tool_result")?;
    Some(text_of(&result["content"]))
}

/// The text of a `content` field, which is a string or a list of blocks.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => blocks.iter().filter_map(|block| block["text"].as_str()).collect(),
        _ => String::new(),
    }
}

/// Why the model stops after saying `block`.
fn stop_reason(block: &Value) -> &'static str {
    if block["type"] == "tool_use" { "tool_use" } else { "end_turn" }
}

/// A complete message of the assistant with `content`, whose last block is `block`.
fn message(model: &Value, content: &Value, block: &Value) -> Value {
    json!({
        "id": "msg_stand_in",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_reason(block),
        "stop_sequence": null,
        "usage": { "input_tokens": 1, "output_tokens": 1 },
    })
}

/// The server-sent events that stream a message of the one `block`.
fn events(model: &Value, block: &Value) -> Vec<Value> {
    let mut opening = message(model, &json!([]), block);
    opening["stop_reason"] = Value::Null;
    let mut empty = block.clone();
    let delta = if block["type"] == "tool_use" {
        empty["input"] = json!({});
        json!({ "type": "input_json_delta", "partial_json": block["input"].to_string() })
    } else {
        empty["text"] = json!("");
        json!({ "type": "text_delta", "text": block["text"] })
    };
    let closing = json!({ "stop_reason": stop_reason(block), "stop_sequence": null });
    vec![
        json!({ "type": "message_start", "message": opening }),
        json!({ "type": "content_block_start", "index": 0, "content_block": empty }),
        json!({ "type": "content_block_delta", "index": 0, "delta": delta }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta", "delta": closing, "usage": { "output_tokens": 1 } }),
        json!({ "type": "message_stop" }),
    ]
}

/// One HTTP request, as far as the stand-in looks at it.
struct Request {
    method: String,
    /// The path without its query.
    path: String,
    /// The first line and the headers.
    head: String,
    body: String,
}

impl Request {
    /// Reads a request with a body of known length or in chunks.
    fn read(reader: &mut impl BufRead) -> io::Result<Request> {
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
struct Answer {
    content_type: &'static str,
    body: String,
}

impl Answer {
    /// An answer of one JSON value.
    fn json(value: &Value) -> Answer {
        Answer { content_type: "application/json", body: value.to_string() }
    }

    /// An answer that streams a message of the one `block`.
    fn events(model: &Value, block: &Value) -> Answer {
        let lines = events(model, block).into_iter().map(|event| {
            let kind = event["type"].as_str().unwrap_or_default();
            format!("event: {kind}\ndata: {event}\n\n")
        });
        Answer { content_type: "text/event-stream", body: lines.collect() }
    }

    /// Writes the answer, without its body to a request for the head only.
    fn write(&self, mut out: impl Write, head_only: bool) -> io::Result<()> {
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
