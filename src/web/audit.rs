//! `/antiphon/audit`: what audits have found, and asking for one. `GET /metrics`: what is counted.

use serde_json::{Value as Json, json};
use warp::http::StatusCode;

use super::answer;
use super::json::object;
use super::problem::Problem;
use super::site::{Answer, Site};
use crate::rollout::audit::{Asked, Found, Report, Scope, Tally};

/// People of an audit, where the call does not say.
const SAMPLE: u64 = 1_000;

/// `GET /antiphon/audit`: the newest one that was asked for, and what the one that never ends has found.
pub fn latest(site: &Site) -> Answer {
    Ok(answer::found(&shown(site)))
}

/// `POST /antiphon/audit` `{"sample": N}` or `{"all": true}`, `"repair": true`: 202, and the audit as it stands;
/// 409 while one is under way.
pub fn begin(site: &Site, body: &[u8]) -> Answer {
    let asked = asked(body)?;
    let begun = site.audits.begin(asked, site.clock.second());
    begun.map_err(|_| Problem::conflict("an audit is under way; `GET /antiphon/audit` shows how far it is"))?;
    Ok(answer::json(StatusCode::ACCEPTED, &shown(site)))
}

/// `GET /metrics`
pub fn metrics(site: &Site) -> warp::reply::Response {
    answer::metrics(site.metrics.text())
}

fn asked(body: &[u8]) -> Result<Asked, Problem> {
    let mut asked = Asked { scope: Scope::Sample(SAMPLE), repair: false };
    let body = object(body)?;
    for (name, value) in &body {
        let wrong = |message: &str| Problem::field(name.clone(), "invalid", message);
        match name.as_str() {
            "sample" if body.contains_key("all") => return Err(wrong("say `sample` or `all`, not both")),
            "sample" => {
                let count = value.as_u64().filter(|count| *count > 0);
                asked.scope = Scope::Sample(count.ok_or_else(|| wrong("must be a number of people, 1 or more"))?);
            }
            "all" if *value == Json::Bool(true) => asked.scope = Scope::All,
            "all" => return Err(wrong("must be `true`")),
            "repair" => asked.repair = value.as_bool().ok_or_else(|| wrong("must be `true` or `false`"))?,
            _ => return Err(wrong("is not known; there are `sample`, `all` and `repair`")),
        }
    }
    Ok(asked)
}

fn shown(site: &Site) -> Json {
    json!({"audit": site.audits.latest().as_ref().map(report), "watch": tally(&site.audits.watch())})
}

fn report(report: &Report) -> Json {
    let mut shown = tally(&report.tally);
    if let Some(shown) = shown.as_object_mut() {
        let (sample, all) = match report.asked.scope {
            Scope::Sample(count) => (Some(count), false),
            Scope::All => (None, true),
        };
        shown.extend([
            ("number".to_owned(), json!(report.number)),
            ("sample".to_owned(), json!(sample)),
            ("all".to_owned(), json!(all)),
            ("repair".to_owned(), json!(report.asked.repair)),
            ("started".to_owned(), json!(report.started.rfc3339())),
            ("ended".to_owned(), json!(report.ended.map(|ended| ended.rfc3339()))),
            ("people".to_owned(), json!(report.people)),
            ("trouble".to_owned(), json!(report.trouble)),
        ]);
    }
    shown
}

fn tally(tally: &Tally) -> Json {
    json!({
        "looked": tally.looked, "too_long": tally.too_long, "busy": tally.busy, "failed": tally.failed,
        "drifts": tally.drifts, "repaired": tally.repaired, "found": tally.found.iter().map(found).collect::<Vec<_>>(),
    })
}

fn found(found: &Found) -> Json {
    let mut shown = crate::intake::told(&found.drift, found.repaired);
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("person".to_owned(), json!(format!("cio_{}", found.cio_id.to_string().to_lowercase())));
    }
    shown
}
