//! Connections: how long they may wait, how many there may be, how they end.

use std::sync::Arc;
use std::time::Duration;

use antiphon::web::Deadlines;
use tokio::sync::Notify;

use super::harness::{Intake, Server, patient};
use super::webhooks::{MESSAGE, signed};

const SHORT: Duration = Duration::from_millis(60);

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let server = Server::with(Intake::Takes, Deadlines { body: SHORT, ..patient() }, true).await;
    let mut client = server.connect().await;
    client.write(b"POST /webhooks/whatsapp HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf").await;
    let answer = client.read().await;
    assert_eq!((answer.status, answer.header("connection")), (408, Some("close")));
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn headers_that_do_not_end_are_given_up() {
    let server = Server::with(Intake::Takes, Deadlines { headers: SHORT, ..patient() }, true).await;
    // From the first connection on, and between two requests of one connection.
    let mut silent = server.connect().await;
    assert!(silent.is_closed().await);
    let mut slow = server.connect().await;
    assert_eq!(slow.ask("GET /health", &[], "").await.status, 200);
    slow.write(b"GET /health HTTP/1.1\r\nhost:").await;
    assert!(slow.is_closed().await);
}

#[tokio::test]
async fn a_connection_on_which_nothing_moves_is_closed_and_not_before() {
    let server = Server::with(Intake::Takes, Deadlines { headers: SHORT, idle: SHORT * 5, ..patient() }, true).await;
    let mut client = server.connect().await;
    assert_eq!(client.ask("GET /health", &[], "").await.status, 200);
    // Longer than headers may take: between requests another deadline holds.
    tokio::time::timeout(SHORT * 2, client.is_closed()).await.expect_err("it is open");
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    for _ in 0..50 {
        assert_eq!(client.ask("POST /webhooks/whatsapp", &[&signed(MESSAGE)], MESSAGE).await.status, 200);
        assert_eq!(client.ask("GET /health", &["content-length: 0"], "").await.status, 200);
    }
    assert_eq!(server.bodies().len(), 50);
}

#[tokio::test]
async fn an_old_client_is_served_and_let_go() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    client.write(b"GET /health HTTP/1.0\r\n\r\n").await;
    let answer = client.read().await;
    assert_eq!(answer.status, 200);
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_its_others_are_closed() {
    let server = Server::start().await;
    let mut clients = Vec::new();
    for _ in 0..256 {
        let mut client = server.connect().await;
        assert_eq!(client.ask("GET /health", &[], "").await.status, 200);
        clients.push(client);
    }
    let mut one_more = server.connect().await;
    assert!(one_more.is_closed().await);
    // The others are served on, and a place that is left is taken.
    assert_eq!(clients[0].ask("GET /health", &[], "").await.status, 200);
    drop(clients);
    loop {
        let mut client = server.connect().await;
        client.write(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let mut first = [0; 1];
        if tokio::io::AsyncReadExt::read(&mut client.0, &mut first).await.unwrap_or(0) == 1 {
            break;
        }
    }
}

#[tokio::test]
async fn a_server_that_stops_finishes_what_is_under_way() {
    let committed = Arc::new(Notify::new());
    let mut server = Server::with(Intake::Waits(Arc::clone(&committed)), patient(), true).await;
    let mut client = server.connect().await;
    let head = format!(
        "POST /webhooks/whatsapp HTTP/1.1\r\nhost: x\r\n{}\r\ncontent-length: {}\r\n\r\n{MESSAGE}",
        signed(MESSAGE),
        MESSAGE.len()
    );
    client.write(head.as_bytes()).await;
    let mut idle = server.connect().await;
    assert_eq!(idle.ask("GET /health", &[], "").await.status, 200);
    while server.bodies().is_empty() {
        tokio::task::yield_now().await;
    }
    server.stop();
    assert!(idle.is_closed().await);
    assert!(tokio::net::TcpStream::connect(server.address).await.is_err(), "nobody listens any more");
    assert!(!server.serving.is_finished());
    committed.notify_one();
    assert_eq!(client.read().await.status, 200);
    (&mut server.serving).await.unwrap();
}

#[tokio::test]
async fn a_server_that_stops_waits_only_so_long() {
    let never = Intake::Waits(Arc::new(Notify::new()));
    let mut server = Server::with(never, Deadlines { drain: SHORT, ..patient() }, true).await;
    let mut client = server.connect().await;
    let head = format!(
        "POST /webhooks/whatsapp HTTP/1.1\r\nhost: x\r\n{}\r\ncontent-length: {}\r\n\r\n{MESSAGE}",
        signed(MESSAGE),
        MESSAGE.len()
    );
    client.write(head.as_bytes()).await;
    while server.bodies().is_empty() {
        tokio::task::yield_now().await;
    }
    server.stop();
    (&mut server.serving).await.unwrap();
    assert!(client.is_closed().await);
}
