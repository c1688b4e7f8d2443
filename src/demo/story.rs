//! The story: what is done through the server's front door, and what the server says came of it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value as Json, json};
use sha2::Sha256;

use super::facts::{Facts, about, followed, names};
use super::stand_ins::{StandIn, wamid};
use crate::clock::Clock;
use crate::model::time::Second;

/// What the demo's server is run with, and its client asks with.
pub const APP_SECRET: &str = "demo-app-secret";
pub const SITE_ID: &str = "demo-site";
pub const API_KEY: &str = "demo-api-key";
pub const APP_KEY: &str = "demo-app-key";
pub const OUR_NUMBER_ID: &str = "770011002200";

const ANA: &str = "15550100142";
const BO: &str = "15550100143";
const CLEO: &str = "15550100144";
const STRANGER: &str = "15550100199";
/// The window of segment `yes-lately`.
const WINDOW_SECONDS: i64 = 6;

/// Everything the story needs: the server, its words, and the stand-ins for the world.
pub struct Story {
    pub http: reqwest::Client,
    pub url: String,
    pub facts: Facts,
    pub graph: StandIn,
    pub desk: StandIn,
    pub clock: Clock,
}

type Told = Result<(), String>;

impl Story {
    /// Tells it from beginning to end.
    ///
    /// # Errors
    /// The first fact that does not hold.
    pub async fn tell(&mut self) -> Told {
        self.asked().await?;
        let yes = self.answered().await?;
        self.repeated(&yes).await?;
        self.declined().await?;
        self.stranger().await?;
        self.forged().await?;
        self.window_closed(&yes).await?;
        self.reminded().await
    }

    async fn asked(&mut self) -> Told {
        chapter("Ana, Bo and Cleo book an appointment; a campaign asks each of them to confirm.");
        for (id, name, number) in [("ana", "Ana", ANA), ("bo", "Bo", BO), ("cleo", "Cleo", CLEO)] {
            let attributes = json!({ "first_name": name, "phone": format!("+{number}") });
            self.call(reqwest::Method::PUT, &format!("/api/v1/customers/{id}"), &attributes).await?;
            let event = json!({ "name": "appointment_booked", "data": { "time": "Tuesday, 9 am" } });
            let status = self.call(reqwest::Method::POST, &format!("/api/v1/customers/{id}/events"), &event).await?;
            line(1, format!("POST /api/v1/customers/{id}/events  appointment_booked  → {status}"));
            let booked = self
                .facts
                .wait("the campaign starts", |item| about(item, id) && item["name"] == "appointment_booked")
                .await?;
            line(
                2,
                format!("{name}: campaign {} starts, step ask asks for a message", names(&booked, "journey_started")),
            );
            let sent =
                self.facts.wait("the message is accepted", |item| about(item, id) && is_sent(item, "ask")).await?;
            line(3, format!("WhatsApp accepts template appt_confirm at {}: that is an event too", clock(&sent)));
        }
        Ok(())
    }

    async fn answered(&mut self) -> Result<Json, String> {
        chapter("Ana answers \"Yes!\", quoting our message.");
        let quoted = self.message_to(ANA).await?;
        let body = message("wamid.ANA1", ANA, "Yes!", Some(&quoted), self.clock.second());
        let status = self.webhook(&body, &sign(&body)).await?;
        line(1, format!("POST /webhooks/whatsapp, signed  → {status}"));
        let yes = self.facts.wait("her answer", |item| about(item, "ana") && item["data"]["body"] == "Yes!").await?;
        check("it is attributed by the quote", yes["data"]["reason"] == "quoted")?;
        line(2, format!("Ana said \"Yes!\"; it answers our question ({})", text(&yes["data"]["reason"])));
        // Read back by another call: the 200 was a commit, so there is nothing to wait for.
        for segment in self.segments_of("ana").await? {
            line(2, format!("Ana is in segment {segment}"));
        }
        check("Ana is in both segments", names(&yes, "segment_entered").split(", ").count() == 2)?;
        line(3, format!("campaign {} starts", names(&yes, "journey_started")));
        let status = self.attribute("ana", "appointment_status").await?;
        line(4, format!("her attribute appointment_status is \"{status}\""));
        let is_thanks = |body: &Json| body["text"]["body"].as_str().is_some_and(|text| text.contains("Ana"));
        let (_, thanks) = self.graph.wait_for("the message of thanks", is_thanks).await?;
        line(4, format!("a message goes out: \"{}\"", text(&thanks["text"]["body"])));
        Ok(yes)
    }

    async fn repeated(&mut self, yes: &Json) -> Told {
        chapter("WhatsApp delivers the same webhook again, as it does.");
        let before = (self.segments_of("ana").await?, self.graph.got().len());
        let quoted = self.message_to(ANA).await?;
        let body = message("wamid.ANA1", ANA, "Yes!", Some(&quoted), second(yes));
        let status = self.webhook(&body, &sign(&body)).await?;
        check("a duplicate changes nothing", before == (self.segments_of("ana").await?, self.graph.got().len()))?;
        line(1, format!("POST /webhooks/whatsapp, the same body  → {status}; nothing changed"));
        Ok(())
    }

    async fn declined(&mut self) -> Told {
        chapter("Bo says \"no\". He quotes nothing: his answer is matched to the newest message he was sent.");
        let body = message("wamid.BO1", BO, "no", None, self.clock.second());
        let status = self.webhook(&body, &sign(&body)).await?;
        line(1, format!("POST /webhooks/whatsapp, signed  → {status}"));
        let no = self.facts.wait("his answer", |item| about(item, "bo") && item["data"]["body"] == "no").await?;
        check("it is attributed to the newest message", no["data"]["reason"] == "inferred")?;
        check("it starts campaign desk", names(&no, "journey_started") == "desk")?;
        line(2, format!("it answers our question ({})", text(&no["data"]["reason"])));
        line(
            2,
            format!(
                "Bo enters segment {}; campaign {} starts",
                names(&no, "segment_entered"),
                names(&no, "journey_started")
            ),
        );
        let (_, told) = self.desk.wait_for("the webhook", |body| body["status"] == "declined").await?;
        line(3, format!("the desk gets a signed webhook: {told}"));
        Ok(())
    }

    async fn stranger(&mut self) -> Told {
        chapter("A number that belongs to nobody writes \"Hello!\".");
        let body = message("wamid.X1", STRANGER, "Hello!", None, self.clock.second());
        let status = self.webhook(&body, &sign(&body)).await?;
        line(1, format!("POST /webhooks/whatsapp, signed  → {status}"));
        let hello = self.facts.wait("the stranger", |item| item["data"]["body"] == "Hello!").await?;
        check("it is anonymous", hello["person"].is_null())?;
        line(2, "it is kept as an anonymous event, and stays one".to_owned());
        let skipped = followed(&hello, "step_skipped").next().ok_or("the send was not refused")?;
        line(
            2,
            format!(
                "campaign {} starts all the same; its message is refused: {}",
                names(&hello, "journey_started"),
                text(&skipped["data"]["reason"])
            ),
        );
        Ok(())
    }

    async fn forged(&mut self) -> Told {
        chapter("Somebody forges a \"Yes!\" of Cleo's.");
        let body = message("wamid.FORGED", CLEO, "Yes!", None, self.clock.second());
        let status = self.webhook(&body, &format!("sha256={}", "0".repeat(64))).await?;
        check("a forged body is refused", status == 401)?;
        check("nothing of it is stored", self.segments_of("cleo").await?.is_empty())?;
        line(1, format!("POST /webhooks/whatsapp, wrong signature  → {status}; nothing is stored"));
        Ok(())
    }

    async fn window_closed(&mut self, yes: &Json) -> Told {
        chapter("Now nobody sends anything, and time passes.");
        let left = self
            .facts
            .wait("Ana leaves", |item| {
                about(item, "ana") && item["kind"] == "segment_left" && item["name"] == "yes-lately"
            })
            .await?;
        let expected = Second(second(yes).0 + WINDOW_SECONDS);
        check("she leaves on the second", text(&left["at"]) == expected.rfc3339())?;
        line(1, format!("Ana said yes at {}, and `replied … within {WINDOW_SECONDS} seconds` lapses", clock(yes)));
        line(2, format!("she leaves segment yes-lately at {}: on the second, with no event and no poll", clock(&left)));
        check("she is still in yes-in-time", self.segments_of("ana").await? == ["yes-in-time"])?;
        line(2, "she stays in yes-in-time: her answer came in time, and that stays true".to_owned());
        Ok(())
    }

    async fn reminded(&mut self) -> Told {
        chapter("Cleo never answered.");
        let sent = self.facts.wait("the reminder", |item| about(item, "cleo") && is_sent(item, "remind")).await?;
        let is_reminder = |body: &Json| body["template"]["name"] == "appt_reminder";
        let (_, reminder) = self.graph.wait_for("the reminder", is_reminder).await?;
        check("the reminder is hers", reminder["to"] == format!("+{CLEO}"))?;
        line(
            1,
            format!("8 seconds after the question her campaign goes on; at {} the reminder is accepted", clock(&sent)),
        );
        let reminders = self.graph.got().iter().filter(|body| is_reminder(body)).count();
        check("nobody else is reminded", reminders == 1)?;
        line(1, "Ana and Bo answered, so nobody reminds them".to_owned());
        Ok(())
    }

    /// The provider's id of the first message to `number`: the question.
    async fn message_to(&mut self, number: &str) -> Result<String, String> {
        let to = format!("+{number}");
        let (place, _) = self.graph.wait_for("the question", |body| body["to"] == to).await?;
        Ok(wamid(place))
    }

    async fn call(&self, method: reqwest::Method, path: &str, body: &Json) -> Result<u16, String> {
        let question = self.http.request(method, format!("{}{path}", self.url)).basic_auth(SITE_ID, Some(API_KEY));
        let answer = question.json(body).send().await.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        check(&format!("{path} is answered with 200"), status == 200)?;
        Ok(status)
    }

    async fn webhook(&self, body: &str, signature: &str) -> Result<u16, String> {
        let question = self.http.post(format!("{}/webhooks/whatsapp", self.url));
        let question = question.header("x-hub-signature-256", signature).body(body.to_owned());
        Ok(question.send().await.map_err(|error| error.to_string())?.status().as_u16())
    }

    async fn read(&self, path: &str) -> Result<Json, String> {
        let question = self.http.get(format!("{}{path}", self.url)).bearer_auth(APP_KEY);
        let answer = question.send().await.and_then(reqwest::Response::error_for_status);
        answer.map_err(|error| error.to_string())?.json().await.map_err(|error| error.to_string())
    }

    async fn segments_of(&self, id: &str) -> Result<Vec<String>, String> {
        let found = self.read(&format!("/v1/customers/{id}/segments")).await?;
        let segments = found["segments"].as_array().ok_or("no segments are listed")?;
        Ok(segments.iter().map(|segment| text(&segment["name"])).collect())
    }

    async fn attribute(&self, id: &str, name: &str) -> Result<String, String> {
        let found = self.read(&format!("/v1/customers/{id}/attributes")).await?;
        Ok(text(&found["customer"]["attributes"][name]))
    }
}

fn is_sent(item: &Json, step: &str) -> bool {
    item["kind"] == "sent_whatsapp" && item["data"]["step"] == step
}

fn check(what: &str, holds: bool) -> Told {
    if holds { Ok(()) } else { Err(format!("this does not hold: {what}")) }
}

fn chapter(title: &str) {
    anstream::println!("\n{title}");
}

#[expect(clippy::needless_pass_by_value, reason = "every caller has just made the text")]
fn line(depth: usize, text: String) {
    anstream::println!("{:indent$}{text}", "", indent = depth * 3);
}

fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The wall clock part of an item's instant.
fn clock(item: &Json) -> String {
    text(&item["at"]).get(11..19).unwrap_or_default().to_owned()
}

fn second(item: &Json) -> Second {
    let at = chrono::DateTime::parse_from_rfc3339(&text(&item["at"]));
    Second(at.map_or(0, |at| at.timestamp()))
}

/// A webhook body as Meta sends it.
fn message(id: &str, from: &str, body: &str, quotes: Option<&str>, at: Second) -> String {
    let mut message = json!({
        "from": from, "id": id, "timestamp": at.0.to_string(), "type": "text", "text": { "body": body },
    });
    if let Some(quoted) = quotes {
        message["context"] = json!({ "id": quoted });
    }
    json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "330011002200", "changes": [{ "field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "15550100900", "phone_number_id": OUR_NUMBER_ID },
            "contacts": [{ "profile": { "name": "A friend" }, "wa_id": from }],
            "messages": [message],
        } }] }],
    })
    .to_string()
}

/// The signature that Meta would put on `body`.
pub fn sign(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(body.as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}
