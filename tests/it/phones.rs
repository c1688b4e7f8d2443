//! Telephone numbers: what people write into an attribute, what WhatsApp sends, and the other spellings.

use antiphon::model::phone::{NotUsable, Phone, Region, WRITTEN_BYTES_MAX};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read_in(region: &str, written: impl Into<Value>) -> Result<String, NotUsable> {
    let region = Region::read(region).expect("a country with numbers");
    Phone::from_attribute(&written.into(), region).map(|phone| phone.as_str().to_owned())
}

fn reads(region: &str, cases: &[(&str, &str)]) {
    for (written, number) in cases {
        assert_eq!(read_in(region, *written).as_deref(), Ok(*number), "{written:?} in {region}");
    }
}

#[test]
fn american_numbers_in_every_dress() {
    for written in [
        "+15551234567",
        "15551234567",
        "5551234567",
        "(555) 123-4567",
        "555.123.4567",
        "1-555-123-4567",
        "+1 (555) 123‑4567",
        "001 555 123 4567",
        "+1 1 555 123 4567",
        "  +1 555 123 4567  ",
        "phone: +1 555 123 4567",
        "＋１５５５１２３４５６７",
        "\u{202A}+1 555\u{200B} 123 4567\u{202C}",
        "+١٥٥٥١٢٣٤٥٦٧",
        "५५५१२३४५६७",
        "whatsapp:+15551234567",
        "WhatsApp:+15551234567",
        "tel:+1-555-123-4567",
        "15551234567@s.whatsapp.net",
        "15551234567@c.us",
        "+15551234567 ext. 89",
        "555 123 4567 x89",
        "tel:+15551234567;ext=89",
    ] {
        assert_eq!(read_in("US", written).as_deref(), Ok("+15551234567"), "{written:?}");
    }
    reads("US", &[("1-800-FLOWERS", "+18003569377"), ("+1 604 555 0100", "+16045550100")]);
}

#[test]
fn numbers_of_json_are_their_digits() {
    assert_eq!(read_in("US", json!(15_551_234_567_u64)).as_deref(), Ok("+15551234567"));
    assert_eq!(read_in("US", json!(447_911_123_456.0)).as_deref(), Ok("+447911123456"));
    for other in [
        json!(-15_551_234_567_i64),
        json!(5_551_234_567.5),
        json!(1e40),
        json!(null),
        json!(true),
        json!(["+15551234567"]),
    ] {
        assert_eq!(read_in("US", other.clone()), Err(NotUsable::Unreadable), "{other}");
    }
}

#[test]
fn numbers_of_the_world() {
    reads(
        "US",
        &[
            ("+44 7911 123456", "+447911123456"),
            ("0044 7911 123456", "+447911123456"),
            ("011 44 7911 123456", "+447911123456"),
            ("011 49 1511 2345678", "+4915112345678"),
            ("+44 (0)20 7946 0958", "+442079460958"),
            ("+49 (0)171 1234567", "+491711234567"),
            ("+49 151 23456789", "+4915123456789"),
            ("+39 02 3661 8300", "+390236618300"),
            ("+7 812 345 67 89", "+78123456789"),
            ("+7 800 555 35 35", "+78005553535"),
            ("+36 06 30 123 4567", "+36301234567"),
            ("+54 11 15 2345 6789", "+5491123456789"),
            ("+521 55 1234 5678", "+525512345678"),
            ("+52 55 1234 5678", "+525512345678"),
            ("+800 1234 5678", "+80012345678"),
            ("+229 01 97 12 34 56", "+2290197123456"),
        ],
    );
    reads(
        "GB",
        &[("07911 123456", "+447911123456"), ("020 7946 0958", "+442079460958"), ("+1 555 123 4567", "+15551234567")],
    );
    reads("DE", &[("0171 1234567", "+491711234567"), ("030 123456", "+4930123456")]);
    reads(
        "RU",
        &[("8 812 345-67-89", "+78123456789"), ("812 345-67-89", "+78123456789"), ("8 912 345 67 89", "+79123456789")],
    );
    reads("AR", &[("011 15 2345-6789", "+5491123456789"), ("011 2345-6789", "+541123456789")]);
    reads("BR", &[("0 31 11 98765-4321", "+5511987654321"), ("(11) 98765-4321", "+5511987654321")]);
}

#[test]
fn bare_digits_that_are_no_number_at_home_are_read_with_a_country_code() {
    reads(
        "US",
        &[("447911123456", "+447911123456"), ("5215512345678", "+525512345678"), ("4915123456789", "+4915123456789")],
    );
    // Ten digits are American, even if they could be Singapore's: that is the skew.
    reads("US", &[("6591234567", "+16591234567")]);
    reads("SG", &[("91234567", "+6591234567"), ("6591234567", "+6591234567")]);
    assert_eq!(read_in("US", "44 7911 123456"), Err(NotUsable::Impossible), "not bare");
}

#[test]
fn what_is_no_possible_number_makes_no_identity() {
    for written in
        ["5551234", "555-1234", "4912345", "+1 555 1234", "12345", "+44 791", "1234567890123456", "+15551234567890"]
    {
        assert_eq!(read_in("US", written), Err(NotUsable::Impossible), "{written:?}");
    }
    for written in ["5551234", "3101234"] {
        assert_eq!(read_in("CA", written), Err(NotUsable::Impossible), "{written:?} is dialled in one place only");
    }
    for written in [
        "",
        "+",
        "call me",
        "ana@example.com",
        "5551234567@example.com",
        "+0044 7911 123456",
        "+999 123456789",
        "n/a",
        "+49 1",
    ] {
        assert_eq!(read_in("US", written), Err(NotUsable::Unreadable), "{written:?}");
    }
}

#[test]
fn written_numbers_end_at_the_bound() {
    let padded = |bytes: usize| format!("{}+15551234567", " ".repeat(bytes - 12));
    assert_eq!(read_in("US", padded(WRITTEN_BYTES_MAX)).as_deref(), Ok("+15551234567"));
    assert_eq!(read_in("US", padded(WRITTEN_BYTES_MAX + 1)), Err(NotUsable::Unreadable));
}

#[test]
fn a_wa_id_is_taken_as_it_is() {
    for (wa_id, number) in [
        ("447911123456", Some("+447911123456")),
        ("+447911123456", Some("+447911123456")),
        ("5511987654321", Some("+5511987654321")),
        ("5215512345678", Some("+525512345678")),
        ("525512345678", Some("+525512345678")),
        ("52155123456", Some("+52155123456")),
        ("123", Some("+123")),
        ("12", None),
        ("12345678901234567890", Some("+12345678901234567890")),
        ("123456789012345678901", None),
        ("++447911123456", None),
        ("44 7911 123456", None),
        ("US.2041", None),
        ("", None),
    ] {
        assert_eq!(Phone::from_whatsapp(wa_id).as_ref().map(Phone::as_str), number, "{wa_id:?}");
    }
}

#[test]
fn other_spellings_only_where_a_country_has_them() {
    for (number, others) in [
        ("+5511987654321", vec!["+551187654321"]),
        ("+551187654321", vec!["+5511987654321"]),
        ("+551167654321", vec!["+5511967654321"]),
        ("+551133334444", vec![]),
        ("+5511933334444", vec![]),
        ("+5511887654321", vec![]),
        ("+525512345678", vec!["+5215512345678"]),
        ("+5215512345678", vec!["+525512345678"]),
        ("+5491123456789", vec!["+541123456789"]),
        ("+541123456789", vec![]),
        ("+2290197123456", vec!["+22997123456"]),
        ("+22997123456", vec!["+2290197123456"]),
        ("+2290297123456", vec![]),
        ("+2250112345678", vec!["+22512345678"]),
        ("+2250512345678", vec!["+22512345678"]),
        ("+2250712345678", vec!["+22512345678"]),
        ("+2252712345678", vec![]),
        ("+22512345678", vec![]),
        ("+15551234567", vec![]),
        ("+447911123456", vec![]),
        ("+123", vec![]),
    ] {
        let found = Phone::from_e164(number).unwrap().variants();
        assert_eq!(found.iter().map(Phone::as_str).collect::<Vec<_>>(), others, "{number}");
    }
}

#[test]
fn regions_are_countries() {
    assert_eq!(Region::default().as_str(), "US");
    assert_eq!(Region::read("DE").map(|region| region.as_str().to_owned()).as_deref(), Some("DE"));
    for no_country in ["", "us", "XX", "USA", "001", "Germany"] {
        assert_eq!(Region::read(no_country), None, "{no_country:?}");
    }
}

#[test]
fn a_stored_number_reads_back_and_shows_only_its_end() {
    let phone = Phone::from_e164("+15551234567").unwrap();
    assert_eq!(serde_json::to_value(&phone).unwrap(), json!("+15551234567"));
    assert_eq!(serde_json::from_value::<Phone>(json!("+15551234567")).unwrap(), phone);
    assert_eq!(format!("{phone:?}"), "Phone(…567)");
    for other in [json!("15551234567"), json!("+1 555"), json!("+12"), json!(15_551_234_567_u64)] {
        assert!(serde_json::from_value::<Phone>(other.clone()).is_err(), "{other}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_text_is_a_number_or_is_not(
        written in "\\PC{0,40}|[+]?[0-9]{1,20}|[+]?[0-9 ()./xX*#;=+-]{1,30}|00[0-9]{3,15}|[+]?[0-9]{4,8}[a-z ]{1,8}[0-9]{0,4}",
        region in prop::sample::select(vec!["US", "CA", "GB", "DE", "BR", "MX", "AR", "JP", "RU", "AG", "NF", "SM", "GA", "CX", "SG", "IT"]),
    ) {
        if let Ok(number) = read_in(region, written.as_str()) {
            prop_assert!(Phone::from_e164(&number).is_some());
            prop_assert!(read_in(region, number.as_str()).is_ok(), "what was a number is one");
            prop_assert!(Phone::from_e164(&number).unwrap().variants().iter().all(|other| other.as_str() != number));
        }
    }

    #[test]
    fn any_wa_id_is_a_number_or_is_not(text in "\\PC{0,30}|[+]?[0-9]{0,25}") {
        let shape = text.strip_prefix('+').unwrap_or(&text);
        let fits = (3..=20).contains(&shape.len()) && shape.bytes().all(|b| b.is_ascii_digit());
        prop_assert_eq!(Phone::from_whatsapp(&text).is_some(), fits);
    }
}
