//! Receivers on loopback that behave as they are told. Raw sockets and threads, so that they can behave badly.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What a receiver does with a connection.
#[derive(Clone, Debug)]
pub enum Manner {
    /// Reads the request and writes this, whatever it is.
    Says(String),
    /// The same for the first, the second … request; the last for all that follow.
    SaysInTurn(Vec<String>),
    /// Reads the request, writes this and leaves the connection open.
    SaysAndHangs(String),
    /// Reads so many bytes and closes.
    CutsAfter(usize),
    /// Reads the request and writes for as long as somebody listens.
    Floods,
}

/// A receiver, with what it was asked.
pub struct Toy {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Toy {
    pub fn start(manner: Manner) -> Self {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), manner).expect("loopback can be listened on")
    }

    /// Two on one port, at `first` and `second`.
    pub fn start_two(first: Ipv4Addr, second: Ipv4Addr, manner: &Manner) -> (Self, Self) {
        loop {
            let one = Self::start_at((first, 0).into(), manner.clone()).expect("loopback can be listened on");
            // Somebody else may have this port at the other address.
            if let Ok(two) = Self::start_at((second, one.address.port()).into(), manner.clone()) {
                return (one, two);
            }
        }
    }

    fn start_at(address: SocketAddr, manner: Manner) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (manner, seen) = (manner.clone(), Arc::clone(&seen));
                thread::spawn(move || serve(stream, &manner, &seen));
            }
        });
        Ok(Self { address, requests })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far, headers and body as they came.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// An answer that ends the connection.
pub fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

fn serve(mut stream: TcpStream, manner: &Manner, seen: &Mutex<Vec<String>>) {
    if let Manner::CutsAfter(bytes) = manner {
        let mut buffer = vec![0; *bytes];
        let _ = stream.read_exact(&mut buffer);
        seen.lock().unwrap().push(String::from_utf8_lossy(&buffer).into_owned());
        return;
    }
    let Some(request) = request(&mut stream) else { return };
    let turn = {
        let mut seen = seen.lock().unwrap();
        seen.push(request);
        seen.len() - 1
    };
    let _ = match manner {
        Manner::Says(answer) => stream.write_all(answer.as_bytes()),
        Manner::SaysInTurn(answers) => stream.write_all(answers[turn.min(answers.len() - 1)].as_bytes()),
        Manner::SaysAndHangs(answer) => {
            stream.write_all(answer.as_bytes()).and_then(|()| wait_for_the_end(&mut stream))
        }
        Manner::Floods => flood(&mut stream),
        Manner::CutsAfter(_) => Ok(()),
    };
}

fn flood(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n")?;
    loop {
        stream.write_all(&[b'x'; 8192])?;
    }
}

/// Until the other side closes.
fn wait_for_the_end(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut byte = [0];
    loop {
        match stream.read(&mut byte) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Headers and as much body as they announce.
fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    bytes.extend(body);
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
