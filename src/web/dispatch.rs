//! One request from its path to its answer: route, key, body, handler. Nothing gets past this order.

use bytes::Buf;
use futures_util::Stream;
use warp::http::{HeaderMap, Method};
use warp::reply::Response;

use super::body::Held;
use super::policy::{Access, Endpoint, Found, Route, find};
use super::problem::Problem;
use super::request::{Query, segments};
use super::site::{Answer, Site};
use super::{answer, app_api, audit, health, own_api, survey, track_api, webhooks};

/// Answers a request. `path` and `query` are as they were sent.
pub async fn answer<S, B, E>(
    site: &Site,
    method: Method,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    body: S,
) -> Response
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    match route(site, &method, path, query, headers, body).await {
        Ok(response) => response,
        Err(problem) => {
            tracing::debug!(status = problem.status(), "refused");
            problem.into_response()
        }
    }
}

async fn route<S, B, E>(site: &Site, method: &Method, path: &str, query: &str, headers: &HeaderMap, body: S) -> Answer
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let segments = segments(path)?;
    let route = match find(method, &segments) {
        Found::Route(route) => route,
        Found::OtherMethods(methods) => return Err(Problem::method(&methods)),
        Found::Nothing => return Err(Problem::no_such("route")),
    };
    tracing::debug!(%method, route = route.path, "asked");
    authorize(site, route, headers)?;
    let read = site.bodies.read(headers, body, route.body_bytes_max, site.deadlines.body).await;
    let body = read.inspect_err(|problem| {
        if route.access == Access::Signed && problem.is_too_large() {
            webhooks::was_too_large(site);
        }
    })?;
    let query = Query::read(query);
    // What stands in the path's one place, if it has one.
    let place = route.path.split('/').position(|part| part == "{}").and_then(|at| segments.get(at));
    let place = place.map_or("", String::as_str);
    match route.endpoint {
        Endpoint::WhatsAppDelivery => return Ok(webhooks::delivery(site, headers, &body.bytes).await),
        Endpoint::WhatsAppHandshake => webhooks::handshake(site, &query),
        Endpoint::Health => Ok(health::health()),
        Endpoint::Ready => Ok(health::ready(site).await),
        Endpoint::Absent(sentence) => Err(Problem::absent(sentence)),
        endpoint => api(site, endpoint, place, &query, headers, body).await,
    }
}

async fn api(site: &Site, endpoint: Endpoint, place: &str, query: &Query, headers: &HeaderMap, body: Held) -> Answer {
    match endpoint {
        Endpoint::Region => Ok(track_api::region(site)),
        Endpoint::Identify => track_api::identify(site, place, &body.bytes).await,
        Endpoint::Erase => track_api::erase(site, place).await,
        Endpoint::Track => track_api::track(site, Some(place), &body.bytes).await,
        Endpoint::TrackAnonymous => track_api::track(site, None, &body.bytes).await,
        Endpoint::JoinSegment => track_api::move_people(site, place, query, &body.bytes, true).await,
        Endpoint::LeaveSegment => track_api::move_people(site, place, query, &body.bytes, false).await,
        Endpoint::FindPeople => app_api::people(site, query).await,
        Endpoint::PersonAttributes => app_api::attributes(site, place, query).await,
        Endpoint::PersonSegments => app_api::segments_of(site, place, query).await,
        Endpoint::Segments => app_api::segments(site).await,
        Endpoint::Segment => app_api::segment(site, place).await,
        Endpoint::SegmentCount => app_api::count(site, place).await,
        Endpoint::SegmentMembership => app_api::membership(site, place, query).await,
        Endpoint::Activities => app_api::activities(site, query).await,
        Endpoint::Activity => own_api::activity(site, query, headers).await,
        Endpoint::Audit => audit::latest(site),
        Endpoint::BeginAudit => audit::begin(site, &body.bytes),
        Endpoint::Metrics => Ok(audit::metrics(site)),
        Endpoint::Rules => own_api::rules(site).await,
        Endpoint::Schema => survey::schema(site).await,
        // Answered before, without a key or with another.
        Endpoint::WhatsAppDelivery
        | Endpoint::WhatsAppHandshake
        | Endpoint::Health
        | Endpoint::Ready
        | Endpoint::Absent(_) => Ok(answer::empty(warp::http::StatusCode::NOT_FOUND)),
    }
}

/// Refuses whoever does not have the key. Before the body is read: a stranger's body costs nothing.
fn authorize(site: &Site, route: &Route, headers: &HeaderMap) -> Result<(), Problem> {
    match route.access {
        Access::Open => Ok(()),
        Access::Signed if site.whatsapp.is_none() => Err(Problem::no_such("route")),
        Access::Signed => Ok(()),
        Access::Track if site.keys.opens_track(headers) => Ok(()),
        Access::Track => Err(Problem::no_track_key()),
        Access::App if site.keys.opens_app(headers) => Ok(()),
        Access::App => Err(Problem::no_app_key()),
    }
}
