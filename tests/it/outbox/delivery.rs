//! One request, carried out once: how it ends with receivers of every manner.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use antiphon::outbox::{ANSWER_BYTES_MAX, Allow, Courier, Ending, Refused, Trouble, Written};
use antiphon::providers::{Method, Request};

use super::toy::{Manner, Toy, answer};

const LONG: Duration = Duration::from_secs(15);
/// Long enough for loopback, short enough to wait for.
const SHORT: Duration = Duration::from_millis(300);

fn courier(allow: &str) -> Courier {
    Courier::new(Allow::read(allow).unwrap(), Courier::system_lookup()).unwrap()
}

fn request(url: String) -> Request {
    Request { method: Method::Post, url, headers: vec![("webhook-id", "one".to_owned())], body: "{\"a\":1}".to_owned() }
}

async fn carry(toy: &Toy, deadline: Duration) -> Ending {
    courier("127.0.0.0/8").carry(&request(toy.url()), Written::ByAuthor, deadline).await
}

fn status(ending: &Ending) -> Option<u16> {
    match ending {
        Ending::Answered { status, .. } => Some(*status),
        _ => None,
    }
}

#[tokio::test]
async fn bytes_and_headers_arrive_as_they_are() {
    let toy = Toy::start(Manner::Says(answer("200 OK", "", "fine")));
    let ending = carry(&toy, LONG).await;
    assert_eq!(ending, Ending::Answered { status: 200, retry_after: None, body: b"fine".to_vec() });
    let [request] = &toy.requests()[..] else { panic!("asked once") };
    assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("webhook-id: one\r\n") && request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
    assert!(!request.contains("accept-encoding"), "{request}");
}

#[tokio::test]
async fn a_status_is_an_answer_whatever_it_is() {
    for (line, expected) in [("500 No", 500), ("429 Slow", 429), ("404 Where", 404), ("204 Fine", 204)] {
        let toy = Toy::start(Manner::Says(answer(line, "retry-after: 7\r\n", "")));
        let ending = carry(&toy, LONG).await;
        assert_eq!(
            ending,
            Ending::Answered { status: expected, retry_after: Some("7".to_owned()), body: Vec::new() },
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Toy::start(Manner::Says(answer("200 OK", "", "")));
    let location = format!("location: {}\r\n", elsewhere.url());
    for line in ["301 Moved", "302 Found", "307 There", "308 There"] {
        let toy = Toy::start(Manner::Says(answer(line, &location, "")));
        assert_eq!(status(&carry(&toy, LONG).await), line[..3].parse().ok());
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn one_deadline_covers_headers_and_body() {
    for said in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-len",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx",
        "HTTP/1.1 100 Continue\r\n\r\n",
    ] {
        let toy = Toy::start(Manner::SaysAndHangs(said.to_owned()));
        assert_eq!(carry(&toy, SHORT).await, Ending::Cut(Trouble::TimedOut), "{said:?}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_read_up_to_the_bound() {
    let toy = Toy::start(Manner::Floods);
    let Ending::Answered { status: 200, body, .. } = carry(&toy, LONG).await else { panic!("it answered") };
    assert_eq!(body.len(), ANSWER_BYTES_MAX);
}

#[tokio::test]
async fn an_answer_at_the_bound_is_whole_and_a_longer_one_is_not() {
    for (length, read) in [(ANSWER_BYTES_MAX, ANSWER_BYTES_MAX), (ANSWER_BYTES_MAX + 1, ANSWER_BYTES_MAX)] {
        let toy = Toy::start(Manner::Says(answer("200 OK", "", &"x".repeat(length))));
        let Ending::Answered { body, .. } = carry(&toy, LONG).await else { panic!("it answered") };
        assert_eq!(body.len(), read);
    }
}

#[tokio::test]
async fn a_cut_is_not_knowing() {
    for bytes in [0, 1, 20, 100] {
        let toy = Toy::start(Manner::CutsAfter(bytes));
        assert_eq!(carry(&toy, LONG).await, Ending::Cut(Trouble::Closed), "after {bytes}");
    }
    for said in ["HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx", "HTTP/1.1 20", "SSH-2.0-OpenSSH\r\n\r\n"] {
        let toy = Toy::start(Manner::Says(said.to_owned()));
        assert_eq!(carry(&toy, LONG).await, Ending::Cut(Trouble::Closed), "{said:?}");
    }
}

#[tokio::test]
async fn an_answer_with_huge_headers_is_cut() {
    let headers = format!("x: {}\r\n", "x".repeat(1 << 20));
    let toy = Toy::start(Manner::Says(answer("200 OK", &headers, "")));
    assert_eq!(carry(&toy, LONG).await, Ending::Cut(Trouble::Closed));
}

#[tokio::test]
async fn before_the_first_byte_it_is_known_that_nothing_left() {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let refused = courier("127.0.0.0/8").carry(&request(format!("http://{nobody}")), Written::ByAuthor, LONG).await;
    assert_eq!(refused, Ending::NotSent(Trouble::Connect));

    let nowhere =
        Courier::new(Allow::default(), Arc::new(|_| Box::pin(async { Err(std::io::Error::other("no such name")) })));
    let unknown = nowhere.unwrap().carry(&request("http://hooks.test".to_owned()), Written::ByAuthor, LONG).await;
    assert_eq!(unknown, Ending::NotSent(Trouble::Resolve));
}

#[tokio::test]
async fn a_header_that_could_forge_another_is_not_written() {
    let toy = Toy::start(Manner::Says(answer("200 OK", "", "")));
    for value in ["a\r\nx-evil: 1", "a\nb", "a\rb", "a\0b"] {
        let request = Request { headers: vec![("webhook-id", value.to_owned())], ..request(toy.url()) };
        let ending = courier("127.0.0.0/8").carry(&request, Written::ByAuthor, LONG).await;
        assert_eq!(ending, Ending::NotSent(Trouble::Unwritable), "{value:?}");
    }
    assert!(toy.requests().is_empty());
}

#[tokio::test]
async fn addresses_behind_names_are_judged_where_the_connection_is_made() {
    let toy = Toy::start(Manner::Says(answer("200 OK", "", "")));
    for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "10.0.0.1", "169.254.169.254", "0.0.0.0"]
    {
        let found = SocketAddr::new(address.parse().unwrap(), 0);
        let courier =
            Courier::new(Allow::default(), Arc::new(move |_| Box::pin(async move { Ok(vec![found, found]) })));
        let url = format!("http://hooks.test:{}", toy.address.port());
        let ending = courier.unwrap().carry(&request(url), Written::ByAuthor, LONG).await;
        assert!(matches!(ending, Ending::Refused(Refused::Address(_))), "{address}: {ending:?}");
    }
    let literal = courier("").carry(&request(toy.url()), Written::ByAuthor, LONG).await;
    assert_eq!(literal, Ending::Refused(Refused::Address("loopback")));
    assert!(toy.requests().is_empty());
}

#[tokio::test]
async fn a_name_that_flips_its_address_reaches_nothing_new() {
    let fine = Manner::Says(answer("200 OK", "", ""));
    let (open, guarded) = Toy::start_two(Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::LOCALHOST, &fine);
    let port = open.address.port();
    let turn = AtomicUsize::new(0);
    let flip = move |_| -> antiphon::outbox::Looking {
        let last = if turn.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) { 2 } else { 1 };
        Box::pin(async move { Ok(vec![SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0))]) })
    };
    let courier = Courier::new(Allow::read("127.0.0.2").unwrap(), Arc::new(flip)).unwrap();
    let mut reached = 0;
    for _ in 0..300 {
        let ending = courier.carry(&request(format!("http://hooks.test:{port}/")), Written::ByAuthor, LONG).await;
        reached += usize::from(status(&ending) == Some(200));
    }
    assert_eq!((reached, open.requests().len(), guarded.requests().len()), (150, 150, 0));
}

#[tokio::test]
async fn an_operator_s_url_is_not_judged() {
    let toy = Toy::start(Manner::Says(answer("200 OK", "", "")));
    let ending = courier("").carry(&request(toy.url()), Written::ByOperator, LONG).await;
    assert_eq!(status(&ending), Some(200));
}
