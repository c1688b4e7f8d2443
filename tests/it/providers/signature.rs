//! Signatures and the handshake: only what Meta signed with one of our secrets comes in.

use antiphon::providers::whatsapp::handshake::{self, CHALLENGE_BYTES_MAX, Handshake, VerifyToken};
use antiphon::providers::whatsapp::signature::{AppSecret, verify};
use proptest::prelude::*;

const SECRET: &str = "harbour-light-71";
const PLAIN: &str = r#"{"object":"whatsapp_business_account","entry":[],"note":"sí 👍"}"#;
const PLAIN_SIGNED: &str = "632759ab876c6c8d5be18e979f1442bec946cc292a636b16cc7957c2c798f92c";
const ESCAPED: &str = r#"{"object":"whatsapp_business_account","entry":[],"note":"s\u00ed \ud83d\udc4d"}"#;
const ESCAPED_SIGNED: &str = "ff174481fb0c5e4762cfd598f77091aa1ea4cff5b713615311dc41d958605b98";

fn secrets(texts: &[&str]) -> Vec<AppSecret> {
    texts.iter().map(|text| AppSecret::new(text).unwrap()).collect()
}

fn accepts(header: &str, body: &[u8]) -> bool {
    verify(&secrets(&[SECRET]), &[header.as_bytes()], body)
}

#[test]
fn the_bytes_are_signed_and_not_what_they_mean() {
    let header = |hex: &str| format!("sha256={hex}");
    assert!(accepts(&header(PLAIN_SIGNED), PLAIN.as_bytes()));
    assert!(accepts(&header(ESCAPED_SIGNED), ESCAPED.as_bytes()));
    assert!(!accepts(&header(PLAIN_SIGNED), ESCAPED.as_bytes()));
    assert!(!accepts(&header(ESCAPED_SIGNED), PLAIN.as_bytes()));
}

#[test]
fn the_header_is_taken_in_one_form_only() {
    let upper = PLAIN_SIGNED.to_uppercase();
    assert!(accepts(&format!("sha256={upper}"), PLAIN.as_bytes()));
    for header in [
        PLAIN_SIGNED.to_owned(),
        format!("SHA256={PLAIN_SIGNED}"),
        format!("sha1={PLAIN_SIGNED}"),
        format!("sha256= {PLAIN_SIGNED}"),
        format!("sha256={PLAIN_SIGNED} "),
        format!("sha256={PLAIN_SIGNED}00"),
        format!("sha256={}", &PLAIN_SIGNED[..62]),
        format!("sha256={}", &PLAIN_SIGNED[..63]),
        format!("sha256=+{}", &PLAIN_SIGNED[1..]),
        "sha256=".to_owned(),
        String::new(),
    ] {
        assert!(!accepts(&header, PLAIN.as_bytes()), "{header}");
    }
    let good = format!("sha256={PLAIN_SIGNED}");
    let secrets = secrets(&[SECRET]);
    assert!(!verify(&secrets, &[], PLAIN.as_bytes()));
    assert!(!verify(&secrets, &[good.as_bytes(), good.as_bytes()], PLAIN.as_bytes()));
}

#[test]
fn any_configured_secret_will_do_and_none_will_not() {
    let header = format!("sha256={PLAIN_SIGNED}");
    for (texts, expected) in
        [(&["old", SECRET][..], true), (&[SECRET, "new"], true), (&["old", "new"], false), (&[], false)]
    {
        assert_eq!(verify(&secrets(texts), &[header.as_bytes()], PLAIN.as_bytes()), expected, "{texts:?}");
    }
}

#[test]
fn there_is_no_blank_secret() {
    for blank in ["", " ", "\n\t"] {
        assert!(AppSecret::new(blank).is_none());
        assert!(VerifyToken::new(blank).is_none());
    }
    assert_eq!(format!("{:?}", AppSecret::new(SECRET).unwrap()), "AppSecret(…)");
    assert_eq!(format!("{:?}", VerifyToken::new(SECRET).unwrap()), "VerifyToken(…)");
}

proptest! {
    #[test]
    fn a_changed_body_is_never_accepted(at in 0..PLAIN.len(), to in any::<u8>()) {
        let mut body = PLAIN.as_bytes().to_vec();
        let same = body[at] == to;
        body[at] = to;
        prop_assert_eq!(accepts(&format!("sha256={PLAIN_SIGNED}"), &body), same);
    }

    #[test]
    fn a_changed_header_is_never_accepted(at in 0..71_usize, to in any::<u8>()) {
        let mut header = format!("sha256={PLAIN_SIGNED}").into_bytes();
        // Case of a hex digit is the one freedom.
        let same = header[at] == to || (at >= 7 && header[at].eq_ignore_ascii_case(&to));
        header[at] = to;
        prop_assert_eq!(verify(&secrets(&[SECRET]), &[&header], PLAIN.as_bytes()), same);
    }

    #[test]
    fn any_other_bytes_are_never_accepted(header in any::<Vec<u8>>(), body in any::<Vec<u8>>()) {
        prop_assert!(!verify(&secrets(&[SECRET]), &[&header], &body));
    }
}

#[test]
fn a_handshake_is_answered_with_its_challenge() {
    let tokens = [VerifyToken::new("old-token").unwrap(), VerifyToken::new("t0ken").unwrap()];
    let good = Handshake { mode: Some("subscribe"), token: Some("t0ken"), challenge: Some("1158201444") };
    let longest = "c".repeat(CHALLENGE_BYTES_MAX);
    let too_long = "c".repeat(CHALLENGE_BYTES_MAX + 1);
    assert_eq!(handshake::answer(&tokens, good), Some("1158201444"));
    assert_eq!(handshake::answer(&tokens, Handshake { token: Some("old-token"), ..good }), Some("1158201444"));
    assert_eq!(handshake::answer(&tokens, Handshake { challenge: Some("aZ0._~-"), ..good }), Some("aZ0._~-"));
    assert_eq!(handshake::answer(&tokens, Handshake { challenge: Some(&longest), ..good }), Some(&*longest));
    for bad in [
        Handshake { mode: Some("unsubscribe"), ..good },
        Handshake { mode: None, ..good },
        Handshake { token: Some("t0ken "), ..good },
        Handshake { token: Some(""), ..good },
        Handshake { token: None, ..good },
        Handshake { challenge: Some("<script>"), ..good },
        Handshake { challenge: Some("a b"), ..good },
        Handshake { challenge: Some(""), ..good },
        Handshake { challenge: Some(&too_long), ..good },
        Handshake { challenge: None, ..good },
    ] {
        assert_eq!(handshake::answer(&tokens, bad), None);
    }
    assert_eq!(handshake::answer(&[], good), None);
}
