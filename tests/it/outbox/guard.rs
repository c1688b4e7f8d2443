//! Which URLs of rule authors are called. One table; each row is a spelling.

use std::net::IpAddr;

use antiphon::outbox::{Allow, Refused};

fn judge(url: &str) -> Result<String, Refused> {
    Allow::default().judge(url).map(|destination| destination.host)
}

#[test]
fn spellings_of_what_is_not_public_are_refused() {
    for (url, kind) in [
        ("http://127.0.0.1", "loopback"),
        ("http://127.0.0.1:8080/x", "loopback"),
        ("https://127.1", "loopback"),
        ("http://127.0.1", "loopback"),
        ("http://2130706433", "loopback"),
        ("http://0x7f000001", "loopback"),
        ("http://0x7f.1", "loopback"),
        ("http://0177.0.0.1", "loopback"),
        ("http://017700000001", "loopback"),
        ("http://127.0.0.1.", "loopback"),
        ("http://127.255.255.254", "loopback"),
        ("http://１２７.０.０.１", "loopback"),
        ("http://127。0。0。1", "loopback"),
        ("http://①②⑦.0.0.1", "loopback"),
        ("http://%31%32%37.0.0.1", "loopback"),
        ("http:127.0.0.1", "loopback"),
        ("http:\\\\127.0.0.1\\", "loopback"),
        ("  http://127.0.0.1  ", "loopback"),
        ("http://127.0.\n0.1", "loopback"),
        ("HTTP://127.0.0.1", "loopback"),
        ("http://[::1]", "loopback"),
        ("http://[::1]:80", "loopback"),
        ("http://[0:0:0:0:0:0:0:1]", "loopback"),
        ("http://[::ffff:127.0.0.1]", "loopback"),
        ("http://[::ffff:7f00:1]", "loopback"),
        ("http://[0:0:0:0:0:ffff:127.0.0.1]", "loopback"),
        ("http://[::127.0.0.1]", "reserved"),
        ("http://[64:ff9b::127.0.0.1]", "loopback"),
        ("http://[64:ff9b::a9fe:a9fe]", "metadata"),
        ("http://[64:ff9b:1::1]", "reserved"),
        ("http://[2002:7f00:1::]", "6to4"),
        ("http://[2002:808:808::]", "6to4"),
        ("http://[2001::1]", "Teredo"),
        ("http://[2001:0:7f00:1::]", "Teredo"),
        ("http://0.0.0.0", "this network"),
        ("http://0", "this network"),
        ("http://0.1.2.3", "this network"),
        ("http://[::]", "this network"),
        ("http://10.0.0.1", "private"),
        ("http://10.255.255.255", "private"),
        ("http://0xa.0.0.1", "private"),
        ("http://172.16.0.1", "private"),
        ("http://172.31.255.255", "private"),
        ("http://192.168.0.1", "private"),
        ("http://3232235521", "private"),
        ("http://[fc00::1]", "private"),
        ("http://[fd12:3456::1]", "private"),
        ("http://[fec0::1]", "private"),
        ("http://[::ffff:10.0.0.1]", "private"),
        ("http://100.64.0.1", "shared by a carrier"),
        ("http://100.127.255.255", "shared by a carrier"),
        ("http://100.100.100.200", "shared by a carrier"),
        ("http://169.254.169.254/latest/meta-data", "metadata"),
        ("http://2852039166", "metadata"),
        ("http://0xa9fea9fe", "metadata"),
        ("http://[::ffff:169.254.169.254]", "metadata"),
        ("http://[fd00:ec2::254]", "private"),
        ("http://168.63.129.16", "metadata"),
        ("http://169.254.0.1", "link-local"),
        ("http://[fe80::1]", "link-local"),
        ("http://[febf::1]", "link-local"),
        ("http://192.0.0.192", "reserved"),
        ("http://192.0.2.1", "documentation"),
        ("http://198.51.100.1", "documentation"),
        ("http://203.0.113.1", "documentation"),
        ("http://[2001:db8::1]", "documentation"),
        ("http://[3fff::1]", "documentation"),
        ("http://198.18.0.1", "benchmarks"),
        ("http://198.19.255.255", "benchmarks"),
        ("http://192.88.99.1", "6to4"),
        ("http://224.0.0.1", "multicast"),
        ("http://239.255.255.250", "multicast"),
        ("http://[ff02::1]", "multicast"),
        ("http://240.0.0.1", "reserved"),
        ("http://255.255.255.255", "reserved"),
        ("http://[100::1]", "reserved"),
        ("http://[2001:20::1]", "reserved"),
        ("http://[5f00::1]", "reserved"),
        ("http://[4000::1]", "reserved"),
    ] {
        assert_eq!(judge(url), Err(Refused::Address(kind)), "{url:?}");
    }
}

#[test]
fn other_schemes_user_info_and_nonsense_are_refused() {
    for (url, why) in [
        ("ftp://example.org", Refused::Scheme),
        ("file:///etc/passwd", Refused::Scheme),
        ("gopher://example.org", Refused::Scheme),
        ("ws://example.org", Refused::Scheme),
        ("data:text/plain,x", Refused::Scheme),
        ("http://user@example.org", Refused::UserInfo),
        ("http://user:secret@example.org", Refused::UserInfo),
        ("http://:secret@example.org", Refused::UserInfo),
        ("http://example.org@127.0.0.1", Refused::UserInfo),
        ("http://example.org:80@127.0.0.1", Refused::UserInfo),
        ("", Refused::NotAUrl),
        ("example.org", Refused::NotAUrl),
        ("/path", Refused::NotAUrl),
        ("//example.org", Refused::NotAUrl),
        ("http://", Refused::NotAUrl),
        ("http://exa mple.org", Refused::NotAUrl),
        ("http://example.org:99999", Refused::NotAUrl),
        ("http://256.0.0.1", Refused::NotAUrl),
        ("http://1.2.3.4.5", Refused::NotAUrl),
        ("http://0x100000000", Refused::NotAUrl),
        ("http://[fe80::1%25eth0]", Refused::NotAUrl),
        ("http://[::1", Refused::NotAUrl),
    ] {
        assert_eq!(judge(url), Err(why), "{url:?}");
    }
}

#[test]
fn what_is_public_is_called() {
    for (url, host) in [
        ("https://hooks.example.org/x?y=1", "hooks.example.org:443"),
        ("http://HOOKS.example.org./", "hooks.example.org:80"),
        ("http://8.8.8.8:8080", "8.8.8.8:8080"),
        ("http://[2606:4700::1111]", "[2606:4700::1111]:80"),
        ("http://[64:ff9b::808:808]", "[64:ff9b::808:808]:80"),
        ("http://9.255.255.255", "9.255.255.255:80"),
        ("http://11.0.0.0", "11.0.0.0:80"),
        ("http://100.63.255.255", "100.63.255.255:80"),
        ("http://100.128.0.0", "100.128.0.0:80"),
        ("http://172.15.255.255", "172.15.255.255:80"),
        ("http://172.32.0.0", "172.32.0.0:80"),
        ("http://223.255.255.255", "223.255.255.255:80"),
        // A name is judged when it is looked up.
        ("http://localhost", "localhost:80"),
    ] {
        assert_eq!(judge(url).as_deref(), Ok(host), "{url:?}");
    }
}

#[test]
fn an_operator_can_allow_networks_and_hosts() {
    let allow = Allow::read(" 10.1.0.0/16, ::1 ,hooks.internal, 169.254.0.0/16,[fd00::]/8").unwrap();
    for url in [
        "http://10.1.2.3",
        "http://[::ffff:10.1.2.3]",
        "http://[::1]",
        "http://169.254.169.254",
        "http://[fd12::1]",
        "http://8.8.8.8",
    ] {
        assert!(allow.judge(url).is_ok(), "{url}");
    }
    for url in ["http://10.2.0.1", "http://127.0.0.1", "http://[fe80::1]"] {
        assert!(allow.judge(url).is_err(), "{url}");
    }
    let loopback: IpAddr = "127.0.0.1".parse().unwrap();
    assert!(allow.admits("Hooks.Internal.", loopback).is_ok());
    assert!(allow.admits("evil-hooks.internal", loopback).is_err());
    assert!(Allow::read("0.0.0.0/0").unwrap().admits("x", loopback).is_ok());
    assert!(Allow::read("").unwrap().admits("x", loopback).is_err());
}

#[test]
fn an_entry_that_is_none_is_named() {
    for entry in ["10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0", "http://x", "a b", "-x", "*", "10.0.0.0/-1"] {
        let complaint = Allow::read(&format!("::1,{entry}")).unwrap_err();
        assert_eq!(complaint.0, entry);
    }
}
