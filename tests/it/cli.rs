//! The verbs, as the shipped binary says and does them.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a case that cannot go on ends here")]

mod audit;
mod authoring;

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use snapbox::{assert_data_eq, str};

use super::live::{BASIC, BEARER, Client, Live, text_message};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A working folder for one case.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let name = format!("antiphon-cli-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_antiphon"));
        command.args(arguments).current_dir(&self.0).stdin(Stdio::null());
        command
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn complained(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn every_verb_says_what_it_does_and_shows_two_examples() {
    let folder = Folder::new();
    let verbs = said(&folder.run(&["--help"]));
    let listed = verbs.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A line that goes on from the one before is indented further.
    let listed = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let listed: Vec<_> = listed.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(listed.len() >= 4, "{verbs}");
    for verb in listed {
        let help = said(&folder.run(&[verb, "--help"]));
        let examples = help.split("Examples:\n").nth(1).unwrap_or_default();
        let shown = examples.lines().filter(|line| line.contains(&format!("antiphon {verb}"))).count();
        assert_eq!(shown, 2, "{help}");
    }
    assert_data_eq!(
        said(&folder.run(&["init", "--help"])),
        str![[r#"
Writes a small rule set to begin with: a schema, two segments, a draft campaign and a test.

Nothing that is there is overwritten.

Usage: antiphon init [DIR]

Arguments:
  [DIR]
          The rules folder
          
          [default: rules]

Options:
  -h, --help
          Print help (see a summary with '-h')

Examples:
  antiphon init
  antiphon init /etc/antiphon/rules

"#]]
    );
    assert_eq!(folder.run(&["nonsense"]).status.code(), Some(2));
    assert_eq!(folder.run(&["check", "--format", "xml"]).status.code(), Some(2));
}

#[test]
fn init_writes_rules_that_are_right_and_overwrites_nothing() {
    let folder = Folder::new();
    let first = folder.run(&["init"]);
    assert_eq!(first.status.code(), Some(0));
    assert_data_eq!(
        said(&first),
        str![[r#"
wrote rules/schema.yaml
wrote rules/segments/replies.yaml
wrote rules/campaigns/thanks.yaml
wrote rules/tests/replies.test.yaml

Next:
  antiphon check              # are the rules right?
  antiphon describe said-yes  # what does one of them mean?
  antiphon test               # do they do what they should?
  antiphon serve              # start the server
  antiphon activity --follow  # see what comes in

"#]]
    );
    let check = folder.run(&["check", "--deny-warnings"]);
    assert_data_eq!(said(&check), "4 files, 2 segments, 1 campaign: 0 errors, 0 warnings\n");
    assert_eq!(check.status.code(), Some(0));
    let test = folder.run(&["test", "--fail-on-empty"]);
    assert_data_eq!(said(&test), "1 test, 0 failed, 0 todo\n");
    assert_eq!(test.status.code(), Some(0));

    folder.write("rules/schema.yaml", "mine");
    std::fs::remove_file(folder.0.join("rules/campaigns/thanks.yaml")).unwrap();
    let second = folder.run(&["init"]);
    assert_eq!(second.status.code(), Some(1));
    assert_data_eq!(complained(&second), "antiphon: rules/schema.yaml is there already; nothing was written\n");
    assert_eq!(std::fs::read_to_string(folder.0.join("rules/schema.yaml")).unwrap(), "mine");
    assert!(!folder.0.join("rules/campaigns/thanks.yaml").exists());
}

const WRONG: &str = "version: 1\nsegments:\n  a:\n    when: |\n      repplied YES within 2 days\n";
const GOOD: &str = "version: 1\nsegments:\n  b:\n    when: |\n      replied NO in the last 2 days\n";

#[test]
fn check_says_everything_to_everybody_in_their_form() {
    let folder = Folder::new();
    folder.write("rules/wrong.yaml", WRONG);
    folder.write("rules/deep/er/good.yml", GOOD);
    folder.write("rules/notes.txt", "no rules");
    folder.write("rules/.hidden.yaml", "no rules either");

    let human = folder.run(&["check"]);
    assert_eq!(human.status.code(), Some(1));
    let text = said(&human);
    assert!(text.contains("rules/wrong.yaml:5:7") && text.contains("1 error"), "{text}");
    assert!(!text.contains('\u{1b}'), "piped, it is plain");

    let json: serde_json::Value = serde_json::from_str(&said(&folder.run(&["check", "--format", "json"]))).unwrap();
    assert_eq!(json["files"], 2);
    let all = json["diagnostics"].as_array().unwrap();
    let error = all.iter().find(|one| one["severity"] == "error").unwrap();
    assert_eq!((&error["file"], &error["line"], &error["column"]), (&"rules/wrong.yaml".into(), &5.into(), &7.into()));

    let github = said(&folder.run(&["check", "--format", "github"]));
    assert!(github.contains("::error file=rules/wrong.yaml,line=5,endLine=5,col=7,endColumn=15,title=E"), "{github}");
    assert_eq!(github.lines().count(), all.len(), "one line each: {github}");
}

const STORY: &str = r#"version: 1
test: a no is <heard> & kept
start: 2026-01-05T09:00:00Z
people: {ana: {}}
timeline:
  - {at: 0 seconds, who: ana, replied: $reply}
expect:
  - {at: 1 day, in: {b: [ana]}}
cases: [{reply: "No!"}, {reply: "yes"}]
"#;
const TODO: &str = "version: 1\ntest: later\ntodo: \"not yet: 100%\"\nstart: 2026-01-05T09:00:00Z\n";

#[test]
fn test_says_what_failed_to_everybody_in_their_form() {
    let folder = Folder::new();
    folder.write("rules/good.yaml", GOOD);
    folder.write("rules/tests/no.test.yaml", STORY);
    folder.write("rules/tests/todo.test.yaml", TODO);

    let human = folder.run(&["test"]);
    assert_eq!(human.status.code(), Some(1));
    assert_data_eq!(
        said(&human),
        str![[r#"
FAIL rules/tests/no.test.yaml: a no is <heard> & kept [reply: "yes"]
  at 1 day (Tue 6 Jan 09:00:00 UTC)   b: expected [ana], found []
  ana is out for as long as nothing happens: never was in
TODO rules/tests/todo.test.yaml: later
  not yet: 100%
3 tests, 1 failed, 1 todo

"#]]
    );

    let json: serde_json::Value = serde_json::from_str(&said(&folder.run(&["test", "--format", "json"]))).unwrap();
    assert_eq!(json["count"], serde_json::json!({"tests": 3, "failed": 1, "todo": 1}));
    let outcomes: Vec<_> = json["tests"].as_array().unwrap().iter().map(|one| one["outcome"].clone()).collect();
    assert_eq!(outcomes, ["passed", "failed", "todo"]);
    let failure = &json["tests"][1]["failures"][0];
    assert_eq!((&failure["code"], &failure["line"], &failure["column"]), (&"E1001".into(), &8.into(), &22.into()));
    assert_eq!((&failure["at"], &failure["found"]), (&"1 day".into(), &"[]".into()));

    let github = said(&folder.run(&["test", "--format", "github"]));
    let lines: Vec<_> = github.lines().collect();
    assert_eq!(lines.len(), 2, "{github}");
    assert!(
        lines[0]
            .starts_with("::error file=rules/tests/no.test.yaml,line=8,endLine=8,col=22,endColumn=23,title=E1001::"),
        "{github}"
    );
    assert!(lines[1].starts_with("::notice file=rules/tests/todo.test.yaml,line=2,title=todo::"), "{github}");
    assert!(lines[1].ends_with("later: not yet: 100%25"), "{github}");

    folder.write("more/good.yaml", GOOD);
    folder.write("more/todo.test.yaml", TODO);
    let junit = folder.run(&["test", "rules", "more", "--format", "junit"]);
    assert_eq!(junit.status.code(), Some(1));
    assert_data_eq!(
        said(&junit),
        str![[r#"
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="antiphon" tests="4" failures="1" errors="0" skipped="2" time="[..]">
  <testsuite name="more/todo.test.yaml" tests="1" failures="0" errors="0" skipped="1" time="[..]">
    <testcase classname="more/todo.test.yaml" name="later" file="more/todo.test.yaml" line="2" time="[..]">
      <skipped message="not yet: 100%"/>
    </testcase>
  </testsuite>
  <testsuite name="rules/tests/no.test.yaml" tests="2" failures="1" errors="0" skipped="0" time="[..]">
    <testcase classname="rules/tests/no.test.yaml" name="a no is &lt;heard&gt; &amp; kept [reply: &quot;No!&quot;]" file="rules/tests/no.test.yaml" line="2" time="[..]"/>
    <testcase classname="rules/tests/no.test.yaml" name="a no is &lt;heard&gt; &amp; kept [reply: &quot;yes&quot;]" file="rules/tests/no.test.yaml" line="2" time="[..]">
      <failure type="E1001" message="b: expected [ana], found []">at 1 day (Tue 6 Jan 09:00:00 UTC)   b: expected [ana], found []
ana is out for as long as nothing happens: never was in</failure>
    </testcase>
  </testsuite>
  <testsuite name="rules/tests/todo.test.yaml" tests="1" failures="0" errors="0" skipped="1" time="[..]">
    <testcase classname="rules/tests/todo.test.yaml" name="later" file="rules/tests/todo.test.yaml" line="2" time="[..]">
      <skipped message="not yet: 100%"/>
    </testcase>
  </testsuite>
</testsuites>

"#]]
    );
}

#[test]
fn test_plays_what_is_selected_and_says_when_that_is_nothing() {
    let folder = Folder::new();
    folder.write("rules/good.yaml", GOOD);
    let none = folder.run(&["test"]);
    assert_data_eq!(said(&none), "0 tests, 0 failed, 0 todo\n");
    assert_eq!(none.status.code(), Some(0));
    let none = folder.run(&["test", "--fail-on-empty"]);
    assert_data_eq!(complained(&none), "antiphon: error[E1004]: there is no test\n");
    assert_eq!(none.status.code(), Some(1));

    folder.write("rules/tests/no.test.yaml", STORY);
    folder.write("rules/tests/todo.test.yaml", TODO);
    let one = folder.run(&["test", "--run", "No!"]);
    assert_data_eq!(said(&one), "1 test, 0 failed, 0 todo\n");
    assert_eq!(one.status.code(), Some(0));
    let file = folder.run(&["test", "rules/tests/todo.test.yaml"]);
    assert!(said(&file).ends_with("1 test, 0 failed, 1 todo\n"), "{}", said(&file));
    assert_eq!(file.status.code(), Some(0));
    let missed = folder.run(&["test", "--run", "nothing like it"]);
    assert_data_eq!(
        complained(&missed),
        "antiphon: error[E1004]: no test has a name in which `nothing like it` is found\n"
    );
    assert_eq!(missed.status.code(), Some(1));
    assert_eq!(folder.run(&["test", "--run", "("]).status.code(), Some(2));

    let coverage = said(&folder.run(&["test", "--run", "No!", "--coverage"]));
    assert_data_eq!(
        coverage,
        str![[r#"
coverage
  segment   b   tested    never false      edges: none seen
1 test, 0 failed, 0 todo

"#]]
    );
}

#[test]
fn what_is_wrong_with_rules_or_tests_is_said_before_any_is_played() {
    let folder = Folder::new();
    folder.write("rules/good.yaml", GOOD);
    folder.write("rules/tests/no.test.yaml", STORY.replace("{b:", "{bb:"));
    for verb in ["check", "test"] {
        let output = folder.run(&[verb]);
        assert_eq!(output.status.code(), Some(1));
        let said = said(&output);
        assert!(said.contains("rules/tests/no.test.yaml:8:22") && said.contains("1 error"), "{said}");
        assert!(said.contains("error[E1002]: there is no segment `bb`"), "{said}");
    }
    let junit = folder.run(&["test", "--format", "junit"]);
    assert_eq!((said(&junit).as_str(), junit.status.code()), ("", Some(1)));
    assert!(complained(&junit).contains("E1002"), "{}", complained(&junit));
    folder.write("rules/wrong.yaml", WRONG);
    let output = folder.run(&["test"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("rules/wrong.yaml:5:7"), "{}", said(&output));
}

#[test]
fn check_of_a_file_looks_at_the_whole_set_and_reports_on_the_file() {
    let folder = Folder::new();
    folder.write("rules/wrong.yaml", WRONG);
    folder.write("rules/good.yaml", GOOD);
    let good = folder.run(&["check", "rules/good.yaml"]);
    assert_eq!(good.status.code(), Some(0), "{}", said(&good));
    let wrong = folder.run(&["check", "./rules/wrong.yaml"]);
    assert_eq!(wrong.status.code(), Some(1));
    let missing = folder.run(&["check", "rules/nowhere.yaml"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(complained(&missing).contains("there is no such file"), "{}", complained(&missing));
}

#[test]
fn check_names_what_is_no_rule_file() {
    let folder = Folder::new();
    let empty = folder.run(&["check"]);
    assert_eq!(empty.status.code(), Some(1));
    assert_data_eq!(
        complained(&empty),
        "antiphon: ./rules: there is no such folder; `antiphon init` writes a few rules\n"
    );
    folder.write("rules/good.yaml", GOOD);
    folder.write("outside.yaml", GOOD);
    std::os::unix::fs::symlink(folder.0.join("outside.yaml"), folder.0.join("rules/link.yaml")).unwrap();
    folder.write("rules/big.yaml", vec![b' '; (1 << 20) + 1]);
    folder.write("rules/fits.yaml", [b"#".as_slice(), &vec![b' '; (1 << 20) - 1]].concat());
    let pipe = folder.0.join("rules/pipe.yaml");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let refused = folder.run(&["check"]);
    assert_eq!(refused.status.code(), Some(1));
    assert_data_eq!(
        complained(&refused),
        str![[r#"
antiphon: ./rules/big.yaml: it is larger than 1048576 bytes
./rules/link.yaml: it is a link, and links are not followed: put the file itself here
./rules/pipe.yaml: it is not a regular file

"#]]
    );
}

#[test]
fn a_file_that_is_no_text_gets_its_diagnostic() {
    let folder = Folder::new();
    folder.write("rules/bytes.yaml", b"version: \xff\n");
    let output = folder.run(&["check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("this file is not UTF-8"), "{}", said(&output));
}

#[test]
fn settings_that_are_wrong_end_the_start_with_all_complaints() {
    let folder = Folder::new();
    let mut serve = folder.command(&["serve"]);
    let output = serve.env("ANTIPHON_LISTN", "x").env("ANTIPHON_API_KEY", "").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_data_eq!(
        complained(&output),
        str![[r#"
antiphon: ANTIPHON_API_KEY: it is blank; give it a value or take it out
antiphon: ANTIPHON_LISTN: there is no such setting; did you mean `ANTIPHON_LISTEN`?

"#]]
    );
    let shown = folder.command(&["serve", "--print-settings"]).env("ANTIPHON_APP_KEY", "planted").output().unwrap();
    assert_eq!(shown.status.code(), Some(0));
    assert!(!said(&shown).contains("planted"));
    assert!(!folder.0.join("antiphon.keys").exists(), "showing makes nothing");
}

#[test]
fn activity_needs_a_server_and_a_key() {
    let folder = Folder::new();
    let no_key = folder.run(&["activity"]);
    assert_eq!(no_key.status.code(), Some(1));
    assert!(complained(&no_key).contains("ANTIPHON_APP_KEY"));
    let mut nobody = folder.command(&["activity"]);
    let nobody = nobody.env("ANTIPHON_APP_KEY", "k").env("ANTIPHON_URL", "http://127.0.0.1:9").output().unwrap();
    assert_eq!(nobody.status.code(), Some(1));
    assert!(complained(&nobody).contains("is `antiphon serve` running?"), "{}", complained(&nobody));
}

/// A server with the rules of `init`, a person who said yes and a stranger.
fn lived_in(folder: &Folder) -> (Live, Client) {
    assert!(folder.run(&["init"]).status.success());
    let live = Live::start(&folder.0, &[]);
    let mut client = Client::open(live.address).unwrap();
    assert_eq!(client.identify("ana", r#"{"phone":"+12025550142","first_name":"Ana","vip":true}"#).unwrap(), 200);
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs().try_into().unwrap();
    assert_eq!(client.webhook(&text_message("wamid.1", "12025550142", now, "Yes!")).unwrap(), 200);
    assert_eq!(client.webhook(&text_message("wamid.2", "12025550199", now, "Hello?")).unwrap(), 200);
    (live, client)
}

/// An event of nobody, with a number.
fn tick(client: &mut Client, n: i64) -> u16 {
    let event = format!(r#"{{"name":"tick","id":"t{n}","data":{{"n":{n}}}}}"#);
    client.send("POST", "/api/v1/events", &[("authorization", BASIC)], &event).unwrap().0
}

/// The live activity, taken up at a place.
struct Stream(BufReader<std::net::TcpStream>);

impl Stream {
    fn open(live: &Live, place: &str) -> Self {
        let mut stream = std::net::TcpStream::connect(live.address).unwrap();
        let request = format!(
            "GET /antiphon/activity HTTP/1.1\r\nhost: x\r\nauthorization: {BEARER}\r\naccept: text/event-stream\r\nlast-event-id: {place}\r\n\r\n"
        );
        std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
        Self(BufReader::new(stream))
    }

    /// What stands behind `field` where it comes next.
    fn line(&mut self, field: &str) -> String {
        let mut lines = self.0.by_ref().lines().map(Result::unwrap);
        lines.find_map(|line| line.strip_prefix(field).map(|rest| rest.trim().to_owned())).unwrap()
    }

    fn item(&mut self) -> serde_json::Value {
        serde_json::from_str(&self.line("data:")).unwrap()
    }
}

fn get(client: &mut Client, path: &str) -> serde_json::Value {
    let (status, body) = client.send("GET", path, &[("authorization", BEARER)], "").unwrap();
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

#[test]
fn a_reply_is_seen_by_everybody_who_asks() {
    let folder = Folder::new();
    let (live, mut client) = lived_in(&folder);
    let segments = get(&mut client, "/v1/segments");
    let named = |name: &str| {
        let all = segments["segments"].as_array().unwrap();
        all.iter().find(|segment| segment["name"] == name).map(|segment| segment["id"].clone()).unwrap()
    };
    let yes = named("said-yes");
    assert_eq!(get(&mut client, &format!("/v1/segments/{yes}"))["segment"]["type"], "dynamic");
    assert_eq!(get(&mut client, &format!("/v1/segments/{yes}/customer_count"))["count"], 1);
    let members = get(&mut client, &format!("/v1/segments/{yes}/membership"));
    assert_eq!((&members["ids"], &members["next"]), (&serde_json::json!(["ana"]), &"".into()));
    assert_eq!(get(&mut client, "/v1/customers/ana/segments")["segments"][0]["name"], "said-yes");
    let attributes = &get(&mut client, "/v1/customers/ana/attributes")["customer"];
    assert_eq!(attributes["attributes"]["vip"], "true");
    assert_eq!(attributes["unsubscribed"], false);
    let cio_id = attributes["identifiers"]["cio_id"].as_str().unwrap().to_owned();
    for (id, kind) in
        [(cio_id.clone(), "cio_id"), (format!("cio_{cio_id}"), "cio_id"), ("%2B12025550142".into(), "phone")]
    {
        let same = get(&mut client, &format!("/v1/customers/{id}/attributes?id_type={kind}"));
        assert_eq!(same["customer"]["id"], "ana", "{id}");
    }
    assert_eq!(get(&mut client, "/v1/customers?phone=%2B1%20202%20555%200142")["results"][0]["id"], "ana");

    let events = get(&mut client, "/v1/activities?type=event&name=inbound_message");
    let of: Vec<_> = events["activities"].as_array().unwrap().iter().map(|one| one["customer_id"].clone()).collect();
    assert_eq!(of, [serde_json::Value::Null, "ana".into()], "newest first; the stranger is nobody");
    let entered = get(&mut client, "/v1/activities?type=segment_entered&customer_id=ana");
    assert_eq!(entered["activities"][0]["data"]["segment_name"], "said-yes");
    // A page at a time gives what one page gives.
    let all = get(&mut client, "/v1/activities?limit=100")["activities"].as_array().unwrap().clone();
    let (mut paged, mut start) = (Vec::new(), String::new());
    loop {
        let page = get(&mut client, &format!("/v1/activities?limit=1&start={start}"));
        paged.extend(page["activities"].as_array().unwrap().iter().map(|one| one["type"].clone()));
        start = page["next"].as_str().unwrap().to_owned();
        if start.is_empty() {
            break;
        }
    }
    assert_eq!(paged, all.iter().map(|one| one["type"].clone()).collect::<Vec<_>>());

    let url = format!("http://{}", live.address);
    let mut activity = folder.command(&["activity", "--person", "ana"]);
    let activity = activity.env("ANTIPHON_APP_KEY", "app").env("ANTIPHON_URL", &url).output().unwrap();
    let text = said(&activity);
    assert!(text.contains("ana  inbound_message “Yes!”\n"), "{text}");
    assert!(text.contains("└ entered segment said-yes\n"), "{text}");
    assert!(!text.contains("Hello?"), "{text}");
}

#[test]
fn a_number_without_a_country_is_one_of_the_region_in_the_rules() {
    let folder = Folder::new();
    folder.write("rules/schema.yaml", "version: 1\nphones: {default_region: GB}\n");
    let live = Live::start(&folder.0, &[]);
    let mut client = Client::open(live.address).unwrap();
    assert_eq!(client.identify("ben", r#"{"phone":"020 7946 0018"}"#).unwrap(), 200);
    for written in ["020%207946%200018", "%2B442079460018", "+442079460018"] {
        let found = get(&mut client, &format!("/v1/customers?phone={written}"));
        assert_eq!(found["results"][0]["id"], "ben", "{written}");
    }
    let path = "/v1/customers/020%207946%200018/attributes?id_type=phone";
    assert_eq!(get(&mut client, path)["customer"]["id"], "ben");
}

#[test]
fn following_shows_what_happens_as_it_happens() {
    let folder = Folder::new();
    let (live, mut client) = lived_in(&folder);
    let mut follow = folder.command(&["activity", "--follow", "--limit", "1", "--format", "json"]);
    follow.env("ANTIPHON_APP_KEY", "app").env("ANTIPHON_URL", format!("http://{}", live.address));
    let mut follow = follow.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(follow.stdout.take().unwrap()).lines();
    let mut next = || -> serde_json::Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["data"]["body"], "Hello?");
    // Whether it listens by now or not: nothing is lost between what was there and what comes.
    for n in 0..3 {
        assert_eq!(tick(&mut client, n), 200);
    }
    for n in 0..3 {
        let item = next();
        assert_eq!((&item["name"], &item["person"]), (&"tick".into(), &serde_json::Value::Null));
        assert_eq!(item["data"]["n"], n);
    }
    follow.kill().unwrap();
    follow.wait().unwrap();
}

#[test]
fn a_stream_goes_on_where_it_broke_off() {
    let folder = Folder::new();
    let (live, mut client) = lived_in(&folder);
    let newest = get(&mut client, "/antiphon/activity?limit=2");
    let cursor = newest["activity"][1]["cursor"].as_str().unwrap();
    let mut stream = Stream::open(&live, cursor);
    assert_eq!(stream.item()["data"]["body"], "Hello?");
}

#[test]
fn a_stream_that_resumes_after_everything_hears_what_comes() {
    let folder = Folder::new();
    let (live, mut client) = lived_in(&folder);
    let end = [i64::MAX.to_string().as_str(); 4].join(".");
    let mut stream = Stream::open(&live, &end);
    // The place where it would be taken up again is told before anything happens.
    let place = stream.line("id:");
    assert_eq!(tick(&mut client, 1), 200);
    assert_eq!(stream.item()["data"]["n"], 1);
    assert_eq!(Stream::open(&live, &place).item()["data"]["n"], 1);
}

#[test]
fn a_page_and_the_stream_from_its_live_tell_everything_once() {
    let folder = Folder::new();
    let (live, mut client) = lived_in(&folder);
    let page = get(&mut client, "/antiphon/activity?limit=1");
    assert_eq!(page["activity"][0]["data"]["body"], "Hello?");
    let next = get(&mut client, &format!("/antiphon/activity?limit=1&after={}", page["next"].as_str().unwrap()));
    assert!(next.get("live").is_none(), "what is live begins where the first page ends");
    assert_eq!(tick(&mut client, 1), 200);
    let mut stream = Stream::open(&live, page["live"].as_str().unwrap());
    assert_eq!(stream.item()["data"]["n"], 1);
}

#[test]
fn a_server_that_is_asked_to_end_ends_well() {
    let folder = Folder::new();
    let (mut live, _client) = lived_in(&folder);
    let id = live.process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert_eq!(live.process.wait().unwrap().code(), Some(0));
    assert!(!Path::new(&folder.0.join("antiphon.db-wal")).exists(), "everything is in the one file");
}
