//! The HTTP client of the verbs that ask a running server.

use std::time::Duration;

use reqwest::{Client as Http, RequestBuilder, Response, Url};

use crate::settings::{Secret, Settings};

/// How long a server may take to accept a connection.
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// How long a server may send nothing. A live stream sends a line every 15 seconds.
const READ_DEADLINE: Duration = Duration::from_secs(60);

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
    pub fn post(&self, path: &str, body: &serde_json::Value) -> Result<RequestBuilder, String> {
        let url = Url::parse(&format!("{}{path}", self.url)).map_err(|error| format!("{}: {error}", self.url))?;
        Ok(self.http.post(url).bearer_auth(self.key.reveal()).json(body))
    }

    /// Sends a question.
    ///
    /// # Errors
    /// The server cannot be reached, or says no: in words for the person at the terminal.
    pub async fn send(&self, question: RequestBuilder) -> Result<Response, String> {
        let answer = question.send().await.map_err(|error| {
            format!("{} does not answer ({}); is `antiphon serve` running?", self.url, error.without_url())
        })?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let body: serde_json::Value = answer.json().await.unwrap_or_default();
        let why = body["meta"]["error"].as_str().unwrap_or("no reason given");
        Err(format!("{} answers {}: {}", self.url, status.as_u16(), super::plain::plain(why)))
    }
}
