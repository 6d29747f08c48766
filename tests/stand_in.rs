//! A stand-in for the services of agents on loopback.
//!
//! It lets a test run a full turn of a real agent without the network: a request that offers the
//! tool of the script's next call is answered with that call, and when all results are back, with a
//! closing text that quotes them. Which service it stands for is told by the path of a request.
//!
//! Every connection carries one request and is closed after the answer.

use std::io::{self, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

use crate::dialects::Dialect;
use crate::http::{Answer, Request};

/// How many characters of the results the closing text quotes.
const QUOTED_CHARS: usize = 4000;

/// How long a connection may stay silent before its thread gives up.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the stand-in says in one turn.
#[derive(Clone, Default)]
pub struct Script {
    /// The tools that are called, one after the other.
    pub calls: Vec<Call>,
    /// What is said instead of the results: for an agent that has no tools.
    pub closing: Option<String>,
}

/// One call of a tool of the agent.
#[derive(Clone)]
pub struct Call {
    pub tool: String,
    pub input: Value,
}

/// What one request holds.
pub struct Asked {
    pub model: Value,
    pub stream: bool,
    /// The tools that may be called.
    pub tools: Vec<String>,
    /// What the calls before gave.
    pub results: Vec<String>,
}

/// What is said next.
pub enum Said {
    Text(String),
    /// A call, and how many came before it.
    Call(Call, usize),
}

/// A running stand-in; it stops when dropped.
pub struct StandIn {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

/// What the threads of one stand-in have in common.
struct Shared {
    script: Script,
    requests: Mutex<Vec<String>>,
    stopping: AtomicBool,
}

impl StandIn {
    /// Starts a stand-in on a free loopback port.
    pub fn start(script: Script) -> StandIn {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bind a free loopback port");
        let address = listener.local_addr().expect("read the bound address");
        let shared = Arc::new(Shared { script, requests: Mutex::default(), stopping: AtomicBool::new(false) });
        let for_acceptor = Arc::clone(&shared);
        let acceptor = thread::spawn(move || accept(&listener, &for_acceptor));
        StandIn { address, shared, acceptor: Some(acceptor) }
    }

    /// Where it listens, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests received so far, to whatever path: first line, headers and body.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for StandIn {
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

impl Script {
    /// One call of one tool.
    pub fn call(tool: &str, input: Value) -> Script {
        Script { calls: vec![Call { tool: tool.to_owned(), input }], closing: None }
    }

    /// What is said in reply to a request.
    fn reply(&self, asked: &Asked) -> Said {
        if let Some(closing) = &self.closing {
            return Said::Text(closing.clone());
        }
        let done = asked.results.len();
        match self.calls.get(done) {
            Some(call) if asked.tools.contains(&call.tool) => Said::Call(call.clone(), done),
            // Such as a title for the session.
            _ if done == 0 => Said::Text("ok".to_owned()),
            _ => Said::Text(format!("DONE: {}", asked.results.join("\n")).chars().take(QUOTED_CHARS).collect()),
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
    let text = format!("{}\n{}", request.head, request.body);
    shared.requests.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    shared.answer(&request).write(connection, request.method == "HEAD")
}

impl Shared {
    /// Decides what to answer to `request`.
    fn answer(&self, request: &Request) -> Answer {
        let Some(dialect) = Dialect::of(&request.path) else {
            // As those who count tokens want it; to others it says nothing.
            return Answer::json(&json!({ "input_tokens": 1, "totalTokens": 1 }));
        };
        let asked = dialect.read(&request.path, &serde_json::from_str(&request.body).unwrap_or_default());
        dialect.write(&asked, &self.script.reply(&asked))
    }
}
