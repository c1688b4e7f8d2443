//! The shipped binary as a process of its own, and a client that speaks HTTP over one socket.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The app secret of every test server.
pub const SECRET: &str = "harbour-light-71";
/// `site:key` of every test server, as Basic credentials.
pub const BASIC: &str = "Basic c2l0ZTprZXk=";
/// The app key of every test server, as bearer credentials.
pub const BEARER: &str = "Bearer app";

/// A running `antiphon serve`. Dropped, it is killed without warning.
pub struct Live {
    pub process: Child,
    pub address: SocketAddr,
}

impl Live {
    /// Starts a server in `folder` with its rules in `folder/rules`; returns when it says that it listens.
    pub fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_antiphon"));
        // Whoever runs the tests may have settings of their own.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ANTIPHON_")) {
            command.env_remove(name);
        }
        let mut process = command
            .arg("serve")
            .current_dir(folder)
            .env("ANTIPHON_LISTEN", "127.0.0.1:0")
            .env("ANTIPHON_WHATSAPP_APP_SECRET", SECRET)
            .env("ANTIPHON_WHATSAPP_VERIFY_TOKEN", "token")
            .env("ANTIPHON_SITE_ID", "site")
            .env("ANTIPHON_API_KEY", "key")
            .env("ANTIPHON_APP_KEY", "app")
            .env("ANTIPHON_LOG", "warn")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(process.stdout.take().expect("its output is piped"));
        let address = loop {
            let mut line = String::new();
            assert!(lines.read_line(&mut line).expect("its output is text") > 0, "the server ended before it listened");
            let found = line.split("http://").nth(1).and_then(|rest| rest.split(['/', ' ', '\n']).next());
            if let Some(address) = found.and_then(|text| text.parse().ok()) {
                break address;
            }
        };
        // Nobody else reads what it says; a full pipe would stop it.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Self { process, address }
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.kill();
    }
}

/// One keep-alive connection.
pub struct Client(TcpStream);

impl Client {
    pub fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }

    /// Sends one request and reads its answer: status and body.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> std::io::Result<(u16, String)> {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        write!(
            self.0,
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n{headers}\r\n{body}",
            body.len()
        )?;
        let mut got = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let n = self.0.read(&mut chunk)?;
            if n == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            got.extend_from_slice(&chunk[..n]);
            let text = String::from_utf8_lossy(&got);
            let Some((head, rest)) = text.split_once("\r\n\r\n") else { continue };
            let length =
                head.to_lowercase().split("content-length: ").nth(1).map_or(0, |rest| {
                    rest.split("\r\n").next().and_then(|length| length.trim().parse().ok()).unwrap_or(0)
                });
            if rest.len() >= length {
                let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
                return Ok((status.ok_or(std::io::ErrorKind::InvalidData)?, rest.to_owned()));
            }
        }
    }

    /// Posts a signed webhook; returns the status.
    pub fn webhook(&mut self, body: &str) -> std::io::Result<u16> {
        let signature = signature(body);
        Ok(self.send("POST", "/webhooks/whatsapp", &[("x-hub-signature-256", &signature)], body)?.0)
    }

    /// Makes or changes a person; returns the status.
    pub fn identify(&mut self, id: &str, attributes: &str) -> std::io::Result<u16> {
        Ok(self.send("PUT", &format!("/api/v1/customers/{id}"), &[("authorization", BASIC)], attributes)?.0)
    }
}

/// The header that Meta would send with `body`.
pub fn signature(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(body.as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

/// A body with one text message.
pub fn text_message(id: &str, from: &str, at: i64, text: &str) -> String {
    serde_json::json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "330011002200", "changes": [{ "field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "15550100900", "phone_number_id": "770011002200" },
            "contacts": [{ "profile": { "name": "Ada L." }, "wa_id": from }],
            "messages": [{ "from": from, "id": id, "timestamp": at.to_string(), "type": "text", "text": { "body": text } }],
        } }] }],
    })
    .to_string()
}
