//! The HTTP client of the verbs that ask a running server.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Client as Http, RequestBuilder, Response, Url};
use serde_json::Value as Json;

use super::exit::{Exit, failed};
use super::run::{block_on, given, settings};
use crate::settings::{Secret, Settings};

/// How long a server may take to accept a connection.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// How long a server may send nothing. A live stream sends a line every 15 seconds.
const READ_DEADLINE: Duration = Duration::from_secs(60);

/// Runs a verb that asks the server which the settings name. What goes wrong is told, and ends it.
pub fn ask_server(config: Option<&PathBuf>, verb: impl AsyncFnOnce(&Client) -> Result<Exit, String>) -> Exit {
    let settings = match settings(&given(config.cloned())) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    ask_server_with(&settings, verb)
}

/// The same where the settings are known.
pub fn ask_server_with(settings: &Settings, verb: impl AsyncFnOnce(&Client) -> Result<Exit, String>) -> Exit {
    block_on(&mut tokio::runtime::Builder::new_current_thread(), async {
        match Client::new(settings) {
            Ok(client) => verb(&client).await.unwrap_or_else(failed),
            Err(why) => failed(why),
        }
    })
}

/// A server, and the key that opens it.
pub struct Client {
    http: Http,
    url: String,
    key: Secret,
}

impl Client {
    /// The server that the settings name.
    ///
    /// # Errors
    /// There is no app key.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let key = settings.app_key.first().cloned().ok_or(
            "there is no app key: set ANTIPHON_APP_KEY, or run this where `antiphon serve` keeps its antiphon.keys",
        )?;
        // The server is the operator's own: nothing on the way has to know what is asked.
        let http = Http::builder().connect_timeout(CONNECT_DEADLINE).read_timeout(READ_DEADLINE).no_proxy();
        let http = http.build().map_err(|error| error.to_string())?;
        Ok(Self { http, url: settings.url.clone(), key })
    }

    /// A question that reads.
    ///
    /// # Errors
    /// The server's URL is none.
    pub fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Result<RequestBuilder, String> {
        let url = Url::parse_with_params(&format!("{}{path}", self.url), parameters);
        let url = url.map_err(|error| format!("{}: {error}", self.url))?;
        Ok(self.http.get(url).bearer_auth(self.key.reveal()))
    }

    /// A call that asks for something to be done.
    ///
    /// # Errors
    /// The server's URL is none.
    pub fn post(&self, path: &str, body: &Json) -> Result<RequestBuilder, String> {
        let url = Url::parse(&format!("{}{path}", self.url)).map_err(|error| format!("{}: {error}", self.url))?;
        Ok(self.http.post(url).bearer_auth(self.key.reveal()).json(body))
    }

    /// Sends a question.
    ///
    /// # Errors
    /// The server cannot be reached, or says no: in words for the person at the terminal.
    pub async fn send(&self, question: RequestBuilder) -> Result<Response, String> {
        let answer = self.reach(question).await?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status().as_u16();
        Err(self.refusal(status, &answer.json().await.unwrap_or_default()))
    }

    /// Sends a question and reads the answer, whatever its status is.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn ask(&self, question: RequestBuilder) -> Result<(u16, Json), String> {
        let answer = self.reach(question).await?;
        Ok((answer.status().as_u16(), answer.json().await.unwrap_or_default()))
    }

    async fn reach(&self, question: RequestBuilder) -> Result<Response, String> {
        question.send().await.map_err(|error| {
            format!("{} does not answer ({}); is `antiphon serve` running?", self.url, error.without_url())
        })
    }

    /// What the server's no says.
    #[must_use]
    pub fn refusal(&self, status: u16, body: &Json) -> String {
        let why = body["meta"]["error"].as_str().unwrap_or("no reason given");
        format!("{} answers {status}: {}", self.url, super::plain::plain(why))
    }
}

/// `text` as one segment of a path.
pub fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn whatever_names_a_person_is_one_segment() {
        assert_eq!(super::segment("+49 170/x?é"), "%2B49%20170%2Fx%3F%C3%A9");
        assert_eq!(super::segment("cio_01a.b-c~d"), "cio_01a.b-c~d");
    }
}
