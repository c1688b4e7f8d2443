//! The table of routes: which key opens each, how large its body may be, who answers. What is not here is 404.

use warp::http::Method;

/// A body of a webhook; Meta's stated maximum is 3 MB.
pub const WEBHOOK_BODY_BYTES_MAX: usize = 4 << 20;
/// A body of the Track and App APIs, and of our own calls.
pub const API_BODY_BYTES_MAX: usize = 1 << 20;

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Open,
    /// Whoever signed the body; without the provider's secret the route does not exist.
    Signed,
    /// The site id with the API key.
    Track,
    /// The app key.
    App,
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    WhatsAppHandshake,
    WhatsAppDelivery,
    Health,
    Ready,
    Region,
    Identify,
    Erase,
    Track,
    TrackAnonymous,
    JoinSegment,
    LeaveSegment,
    FindPeople,
    PersonAttributes,
    PersonSegments,
    Segments,
    Segment,
    SegmentCount,
    SegmentMembership,
    Activities,
    Activity,
    Audit,
    BeginAudit,
    Metrics,
    Rules,
    Schema,
    /// A call that Customer.io has and we do not: this sentence says so.
    Absent(&'static str),
}

/// One row.
#[derive(Clone, Debug)]
pub struct Route {
    /// None: any method. Only for calls that are absent.
    pub method: Option<Method>,
    /// Segments; `{}` stands for one, `{*}` at the end for any number, also none.
    pub path: &'static str,
    pub access: Access,
    pub body_bytes_max: usize,
    pub(super) endpoint: Endpoint,
}

const fn row(method: Method, path: &'static str, access: Access, endpoint: Endpoint) -> Route {
    Route { method: Some(method), path, access, body_bytes_max: API_BODY_BYTES_MAX, endpoint }
}

const fn absent(method: Method, path: &'static str, access: Access, sentence: &'static str) -> Route {
    row(method, path, access, Endpoint::Absent(sentence))
}

const fn absent_all(path: &'static str, access: Access, sentence: &'static str) -> Route {
    Route { method: None, path, access, body_bytes_max: API_BODY_BYTES_MAX, endpoint: Endpoint::Absent(sentence) }
}

const DEVICES: &str = "devices are not kept here: messages go out by WhatsApp";
const FORMS: &str = "forms are not taken here: send an event";
const SUPPRESSION: &str = "suppression is not here yet; DELETE erases a person";
const MERGE: &str = "merging people is not here yet";
const BATCHES: &str = "Track API v2 is not here yet; v1 is";
const METRICS: &str = "delivery metrics come from the providers here, not from callers";
const UNSUBSCRIBE: &str = "unsubscribe links are not here yet; set the attribute `unsubscribed`";
const PEOPLE_LISTS: &str = "searching people by a filter is not here yet; `GET /v1/customers?email=` finds one";
const PERSON_LISTS: &str = "this list of a person is not here yet; `/antiphon/activity?person=` shows what happened";
const SUBSCRIPTIONS: &str = "subscription topics are not kept here";
const SEGMENT_EDITS: &str = "segments are declared in rule files; making and deleting them here is not possible yet";
const CAMPAIGNS: &str = "campaigns are declared in rule files; calls about them are not here yet";
const MESSAGES: &str = "calls about messages are not here yet; `/antiphon/activity` shows what was sent";
const COLLECTIONS: &str = "collections are not kept here";
const REPORTING: &str = "reporting webhooks are not here yet";
const SENDERS: &str = "the sender is set in the settings; listing senders is not here yet";
const WORKSPACES: &str = "there is one workspace, and no call about it yet";
const NEVER: &str = "this is not part of Antiphon";

/// Every route. The first row whose path and method fit answers.
pub static ROUTES: &[Route] = &[
    Route {
        method: Some(Method::POST),
        path: "webhooks/whatsapp",
        access: Access::Signed,
        body_bytes_max: WEBHOOK_BODY_BYTES_MAX,
        endpoint: Endpoint::WhatsAppDelivery,
    },
    row(Method::GET, "webhooks/whatsapp", Access::Open, Endpoint::WhatsAppHandshake),
    row(Method::GET, "health", Access::Open, Endpoint::Health),
    row(Method::GET, "ready", Access::Open, Endpoint::Ready),
    row(Method::GET, "metrics", Access::App, Endpoint::Metrics),
    // Track API
    row(Method::PUT, "api/v1/customers/{}", Access::Track, Endpoint::Identify),
    row(Method::DELETE, "api/v1/customers/{}", Access::Track, Endpoint::Erase),
    row(Method::POST, "api/v1/customers/{}/events", Access::Track, Endpoint::Track),
    row(Method::POST, "api/v1/events", Access::Track, Endpoint::TrackAnonymous),
    row(Method::POST, "api/v1/segments/{}/add_customers", Access::Track, Endpoint::JoinSegment),
    row(Method::POST, "api/v1/segments/{}/remove_customers", Access::Track, Endpoint::LeaveSegment),
    row(Method::GET, "api/v1/accounts/region", Access::Track, Endpoint::Region),
    absent(Method::PUT, "api/v1/customers/{}/devices", Access::Track, DEVICES),
    absent(Method::DELETE, "api/v1/customers/{}/devices/{}", Access::Track, DEVICES),
    absent(Method::POST, "api/v1/customers/{}/suppress", Access::Track, SUPPRESSION),
    absent(Method::POST, "api/v1/customers/{}/unsuppress", Access::Track, SUPPRESSION),
    absent(Method::POST, "api/v1/merge_customers", Access::Track, MERGE),
    absent(Method::POST, "api/v1/forms/{}/submit", Access::Track, FORMS),
    absent_all("api/v2/{*}", Access::Track, BATCHES),
    absent(Method::POST, "api/v1/metrics", Access::Open, METRICS),
    absent(Method::POST, "api/v1/push/events", Access::Open, DEVICES),
    absent(Method::POST, "push/events", Access::Open, DEVICES),
    absent(Method::POST, "unsubscribe/{}", Access::Open, UNSUBSCRIBE),
    // App API
    row(Method::GET, "v1/customers", Access::App, Endpoint::FindPeople),
    row(Method::GET, "v1/customers/{}/attributes", Access::App, Endpoint::PersonAttributes),
    row(Method::GET, "v1/customers/{}/segments", Access::App, Endpoint::PersonSegments),
    row(Method::GET, "v1/segments", Access::App, Endpoint::Segments),
    row(Method::GET, "v1/segments/{}", Access::App, Endpoint::Segment),
    row(Method::GET, "v1/segments/{}/customer_count", Access::App, Endpoint::SegmentCount),
    row(Method::GET, "v1/segments/{}/membership", Access::App, Endpoint::SegmentMembership),
    row(Method::GET, "v1/activities", Access::App, Endpoint::Activities),
    absent(Method::POST, "v1/customers", Access::App, PEOPLE_LISTS),
    absent(Method::POST, "v1/customers/attributes", Access::App, PEOPLE_LISTS),
    absent(Method::GET, "v1/customers/{}/messages", Access::App, PERSON_LISTS),
    absent(Method::GET, "v1/customers/{}/activities", Access::App, PERSON_LISTS),
    absent(Method::GET, "v1/customers/{}/optouts", Access::App, PERSON_LISTS),
    absent(Method::PUT, "v1/customers/{}/optouts", Access::App, PERSON_LISTS),
    absent(Method::GET, "v1/customers/{}/relationships", Access::App, PERSON_LISTS),
    absent(Method::GET, "v1/customers/{}/subscription_preferences", Access::App, SUBSCRIPTIONS),
    absent(Method::GET, "v1/subscription_topics", Access::App, SUBSCRIPTIONS),
    absent(Method::GET, "v1/optouts", Access::App, PERSON_LISTS),
    absent(Method::POST, "v1/segments", Access::App, SEGMENT_EDITS),
    absent(Method::DELETE, "v1/segments/{}", Access::App, SEGMENT_EDITS),
    absent(Method::GET, "v1/segments/{}/used_by", Access::App, SEGMENT_EDITS),
    absent_all("v1/campaigns/{*}", Access::App, CAMPAIGNS),
    absent_all("v1/api/campaigns/{*}", Access::App, CAMPAIGNS),
    absent_all("v1/broadcasts/{*}", Access::App, CAMPAIGNS),
    absent_all("v1/messages/{*}", Access::App, MESSAGES),
    absent_all("v1/transactional/{*}", Access::App, MESSAGES),
    absent_all("v1/send/{*}", Access::App, MESSAGES),
    absent_all("v1/reporting_webhooks/{*}", Access::App, REPORTING),
    absent_all("v1/sender_identities/{*}", Access::App, SENDERS),
    absent(Method::GET, "v1/workspaces", Access::App, WORKSPACES),
    absent_all("v1/collections/{*}", Access::App, COLLECTIONS),
    absent_all("v1/newsletters/{*}", Access::App, NEVER),
    absent_all("v1/objects/{*}", Access::App, NEVER),
    absent_all("v1/snippets/{*}", Access::App, NEVER),
    absent_all("v1/exports/{*}", Access::App, NEVER),
    absent_all("v1/imports/{*}", Access::App, NEVER),
    absent_all("v1/esp/{*}", Access::App, NEVER),
    // Our own
    row(Method::GET, "antiphon/activity", Access::App, Endpoint::Activity),
    row(Method::GET, "antiphon/audit", Access::App, Endpoint::Audit),
    row(Method::POST, "antiphon/audit", Access::App, Endpoint::BeginAudit),
    row(Method::GET, "antiphon/rules", Access::App, Endpoint::Rules),
    row(Method::GET, "antiphon/schema", Access::App, Endpoint::Schema),
];

/// What the table says about a request.
pub(super) enum Found {
    Route(&'static Route),
    /// The path is there, not for this method; for these.
    OtherMethods(Vec<&'static Method>),
    Nothing,
}

/// The row of `method` and the decoded `segments`.
pub(super) fn find(method: &Method, segments: &[String]) -> Found {
    let mut methods: Vec<&'static Method> = Vec::new();
    for route in ROUTES.iter().filter(|route| fits(route.path, segments)) {
        match &route.method {
            Some(other) if other != method => methods.push(other),
            _ => return Found::Route(route),
        }
    }
    if methods.is_empty() { Found::Nothing } else { Found::OtherMethods(methods) }
}

fn fits(pattern: &str, segments: &[String]) -> bool {
    let mut left = segments.iter();
    for part in pattern.split('/') {
        if part == "{*}" {
            return true;
        }
        match left.next() {
            Some(segment) if part == "{}" || part == segment => {}
            _ => return false,
        }
    }
    left.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(method: Method, path: &str) -> Option<Endpoint> {
        let segments: Vec<_> = path.split('/').map(str::to_owned).collect();
        match find(&method, &segments) {
            Found::Route(route) => Some(route.endpoint),
            _ => None,
        }
    }

    #[test]
    fn fixed_words_win_over_places() {
        assert_eq!(endpoint(Method::POST, "api/v1/events"), Some(Endpoint::TrackAnonymous));
        assert_eq!(endpoint(Method::PUT, "api/v1/customers/events"), Some(Endpoint::Identify));
        assert_eq!(endpoint(Method::POST, "v1/customers/attributes"), Some(Endpoint::Absent(PEOPLE_LISTS)));
        assert_eq!(endpoint(Method::POST, "v1/api/campaigns/7/triggers"), Some(Endpoint::Absent(CAMPAIGNS)));
        assert_eq!(endpoint(Method::GET, "v1/collections"), Some(Endpoint::Absent(COLLECTIONS)));
        assert_eq!(endpoint(Method::GET, "v2/collections"), None);
        assert_eq!(endpoint(Method::GET, "health/"), None);
    }

    #[test]
    fn no_row_hides_another() {
        for (n, route) in ROUTES.iter().enumerate() {
            let method = route.method.clone().unwrap_or(Method::GET);
            let path = route.path.replace("{}", "7").replace("{*}", "7");
            let segments: Vec<_> = path.split('/').map(str::to_owned).collect();
            let Found::Route(found) = find(&method, &segments) else { panic!("{path} is not found") };
            assert!(std::ptr::eq(found, &ROUTES[n]), "{method} {path} is answered by `{}`", found.path);
        }
    }
}
