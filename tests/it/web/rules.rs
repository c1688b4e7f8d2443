//! Rule sets by HTTP: published whole or not at all, listed, planned.

use serde_json::{Value as Json, json};

use antiphon::web::RULES_BODY_BYTES_MAX;

use super::harness::{APP, Answer, Server};

const FIRST: &str = "version: 1\nsegments:\n  said-yes:\n    when: |\n      replied YES ever\n";
const WRONG: &str = "version: 1\nsegments:\n  said-yes:\n    when: |\n      replied yes ever\n";

async fn post(server: &Server, path: &str, body: &Json) -> (u16, Json) {
    read(server.ask(&format!("POST {path}"), &[APP], &body.to_string()).await)
}

async fn get(server: &Server, path: &str) -> (u16, Json) {
    read(server.ask(&format!("GET {path}"), &[APP], "").await)
}

fn read(answer: Answer) -> (u16, Json) {
    (answer.status, serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}")))
}

fn publication(text: &str, activate: bool) -> Json {
    json!({"files": {"replies.yaml": text}, "activate": activate})
}

#[tokio::test]
async fn a_rule_set_becomes_the_active_version() {
    let server = Server::start().await;
    let (status, answer) = post(&server, "/antiphon/rules", &publication(FIRST, true)).await;
    let expected = json!({
        "outcome": "activated", "version": 1, "active": 1, "files": 1, "segments": 1, "campaigns": 0, "schedules": 0,
    });
    assert_eq!((status, answer), (200, expected));
    let (_, again) = post(&server, "/antiphon/rules", &publication(FIRST, true)).await;
    assert_eq!((again["outcome"].as_str(), again["version"].as_u64()), (Some("unchanged"), Some(1)));

    let second = FIRST.replace("YES", "NO");
    let (_, stored) = post(&server, "/antiphon/rules", &publication(&second, false)).await;
    assert_eq!(
        (stored["outcome"].as_str(), &stored["version"], &stored["active"]),
        (Some("stored"), &2.into(), &1.into())
    );
    post(&server, "/antiphon/rules", &publication(&second, true)).await;

    let (status, older) = post(&server, "/antiphon/rules", &publication(FIRST, true)).await;
    assert_eq!((status, &older["version"], &older["active"]), (409, &1.into(), &2.into()));
    assert_eq!(older["errors"][0]["reason"], "older_version");
    let mut forced = publication(FIRST, true);
    forced["force"] = json!(true);
    let (status, forced) = post(&server, "/antiphon/rules", &forced).await;
    assert_eq!((status, &forced["outcome"], &forced["version"]), (200, &"activated".into(), &3.into()));
}

#[tokio::test]
async fn one_that_does_not_load_is_refused_with_everything_that_is_wrong() {
    let server = Server::start().await;
    post(&server, "/antiphon/rules", &publication(FIRST, true)).await;
    for (path, body) in [
        ("/antiphon/rules", publication(WRONG, true)),
        ("/antiphon/rules", publication(WRONG, false)),
        ("/antiphon/plan", json!({"files": {"replies.yaml": WRONG}})),
    ] {
        let (status, refused) = post(&server, path, &body).await;
        assert_eq!((status, refused["errors"][0]["reason"].as_str()), (422, Some("rules")), "{path}");
        let errors: Vec<&Json> =
            refused["diagnostics"].as_array().unwrap().iter().filter(|one| one["severity"] == "error").collect();
        assert_eq!(errors.len(), 1, "{refused}");
        let place = (&errors[0]["code"], &errors[0]["file"], &errors[0]["line"], &errors[0]["column"]);
        assert_eq!(place, (&"E0103".into(), &"replies.yaml".into(), &5.into(), &15.into()));
        assert!(refused["rendered"].as_str().unwrap().contains("replies.yaml:5:15"), "{refused}");
    }
    let (_, page) = get(&server, "/antiphon/rules").await;
    assert_eq!((page["rules"].as_array().unwrap().len(), &page["rules"][0]["active"]), (1, &true.into()));
}

#[tokio::test]
async fn versions_are_listed_a_page_at_a_time_and_shown_with_their_sources() {
    let server = Server::start().await;
    for n in 1..=5 {
        let rules = FIRST.replace("YES", &format!("YES{n}"));
        assert_eq!(post(&server, "/antiphon/rules", &publication(&rules, true)).await.0, 200);
    }
    let (mut numbers, mut next) = (Vec::new(), String::new());
    loop {
        let (_, page) = get(&server, &format!("/antiphon/rules?limit=2&after={next}")).await;
        numbers.extend(page["rules"].as_array().unwrap().iter().map(|row| row["version"].as_u64().unwrap()));
        next = page["next"].as_str().unwrap().to_owned();
        if next.is_empty() {
            break;
        }
    }
    assert_eq!(numbers, [5, 4, 3, 2, 1]);
    assert_eq!(get(&server, "/antiphon/rules?after=x").await.0, 400);
    let (status, third) = get(&server, "/antiphon/rules/3").await;
    assert_eq!((status, &third["active"], &third["segments"]), (200, &false.into(), &1.into()));
    assert_eq!(third["sources"]["replies.yaml"], FIRST.replace("YES", "YES3"));
    for missing in ["6", "0", "x", "-1"] {
        assert_eq!(get(&server, &format!("/antiphon/rules/{missing}")).await.0, 404, "{missing}");
    }
}

#[tokio::test]
async fn what_is_no_rule_set_is_no_question() {
    let server = Server::start().await;
    let of = |path: &str| json!({"files": {path: FIRST}, "activate": true});
    for body in [
        json!({}),
        json!([]),
        json!({"files": {}, "activate": true}),
        json!({"files": {"a.yaml": 1}, "activate": true}),
        json!({"files": {"a.yaml": FIRST}}),
        json!({"files": {"a.yaml": FIRST}, "activate": true, "forced": true}),
        json!({"files": {"a.yaml": FIRST}, "activate": false, "force": true}),
        of("../a.yaml"),
        of("/etc/a.yaml"),
        of(".a.yaml"),
        of("a.txt"),
        of("a\u{1b}.yaml"),
    ] {
        let (status, answer) = post(&server, "/antiphon/rules", &body).await;
        assert_eq!(status, 400, "{body}: {answer}");
    }
    assert_eq!(post(&server, "/antiphon/plan", &of("a.yaml")).await.0, 400, "a plan activates nothing");
    assert_eq!(get(&server, "/antiphon/rules").await.1["rules"], json!([]));
}

#[tokio::test]
async fn a_rule_set_may_have_as_much_as_a_folder() {
    let server = Server::start().await;
    // Comments: a file of a mebibyte, and many of them.
    let large = format!("{FIRST}# {}\n", "x".repeat((1 << 20) - FIRST.len() - 3));
    let two = json!({"files": {"a.yaml": large, "b.yaml": "version: 1\nsegments: {}\n"}, "activate": false});
    let (status, answer) = post(&server, "/antiphon/rules", &two).await;
    assert_eq!(status, 200, "{}", answer["rendered"]);
    let larger = json!({"files": {"a.yaml": format!("{large}\n")}, "activate": false});
    assert_eq!(post(&server, "/antiphon/rules", &larger).await.0, 422, "a file has a bound of its own");
    let mut client = server.connect().await;
    let past = RULES_BODY_BYTES_MAX + 1;
    let head = format!(
        "POST /antiphon/rules HTTP/1.1\r\nhost: x\r\n{APP}\r\nexpect: 100-continue\r\ncontent-length: {past}\r\n\r\n"
    );
    client.write(head.as_bytes()).await;
    assert_eq!(client.read().await.status, 413, "who asks before sending too much is told");
    let fits = format!("{}{}", publication(FIRST, false), " ".repeat(RULES_BODY_BYTES_MAX));
    let fits = &fits[..RULES_BODY_BYTES_MAX];
    assert_eq!(server.ask("POST /antiphon/rules", &[APP], fits).await.status, 200);
}

#[tokio::test]
async fn a_plan_is_asked_for_and_looked_after() {
    let server = Server::start().await;
    post(&server, "/antiphon/rules", &publication(FIRST, true)).await;
    let (status, started) =
        post(&server, "/antiphon/plan", &json!({"files": {"a.yaml": FIRST.replace("YES", "NO")}})).await;
    assert_eq!(status, 202);
    let id = started["id"].as_str().unwrap();
    let plan = loop {
        let (status, shown) = get(&server, &format!("/antiphon/plan/{id}")).await;
        assert_eq!((status, &shown["id"]), (200, &id.into()));
        if shown["state"] != "running" {
            break shown;
        }
    };
    assert_eq!((plan["state"].as_str(), &plan["plan"]["against"]), (Some("done"), &1.into()), "{plan}");
    let change = &plan["plan"]["changes"][0];
    assert_eq!(
        (&change["kind"], &change["name"], &change["what"]),
        (&"segment".into(), &"said-yes".into(), &"changed".into())
    );
    for missing in ["x", "01jd0z8xk3f09a2d11b7q4m5n6"] {
        assert_eq!(get(&server, &format!("/antiphon/plan/{missing}")).await.0, 404);
    }
}
