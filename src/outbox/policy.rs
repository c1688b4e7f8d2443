//! Whether an effect may still be attempted, asked again each time it is claimed. Pure.

use crate::model::effect::{Body, Effect, Outgoing};
use crate::model::phone::Phone;
use crate::model::time::{Second, Span};
use crate::providers::whatsapp::write::Recipient;

/// A free text is not sent in the last minute of the window: it would arrive after it.
pub const WINDOW_MARGIN: Span = Span(60);

/// What is known of the person at the moment of the claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addressee {
    pub phone: Option<Phone>,
    /// WhatsApp's id of the person, where the number is hidden.
    pub user_id: Option<String>,
    pub unsubscribed: bool,
}

/// What is sent, and what instead if the provider says that the window is closed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan<'a> {
    pub to: Recipient<'a>,
    pub body: &'a Body,
    pub otherwise: Option<&'a Body>,
}

/// Past its expiry nothing is attempted.
#[must_use]
pub fn is_expired(effect: &Effect, now: Second) -> bool {
    now > effect.expires
}

/// What to send to whom at `now`. `addressee` is none for somebody who was erased.
///
/// # Errors
/// The reason why the message ends here.
pub fn plan<'a>(
    outgoing: &'a Outgoing,
    addressee: Option<&'a Addressee>,
    now: Second,
) -> Result<Plan<'a>, &'static str> {
    let addressee = addressee.ok_or("erased")?;
    if addressee.unsubscribed && !outgoing.even_if_unsubscribed {
        return Err("unsubscribed");
    }
    let to = recipient(addressee).ok_or("no number")?;
    let otherwise = outgoing.if_window_closed.as_ref();
    let open = outgoing.window_closes.is_some_and(|closes| now.plus(WINDOW_MARGIN) < closes);
    match &outgoing.body {
        body @ Body::Template { .. } => Ok(Plan { to, body, otherwise: None }),
        body @ Body::Text(_) if open => Ok(Plan { to, body, otherwise }),
        Body::Text(_) => {
            // A free text for the closed window would meet the same door.
            let body = otherwise.filter(|body| matches!(body, Body::Template { .. })).ok_or("window closed")?;
            Ok(Plan { to, body, otherwise: None })
        }
    }
}

/// The number, or the user id of somebody who hides it.
fn recipient(addressee: &Addressee) -> Option<Recipient<'_>> {
    let number = addressee.phone.as_ref().map(Recipient::Number);
    number.or_else(|| addressee.user_id.as_deref().map(Recipient::UserId))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOSES: Second = Second(100_000);

    fn text(even_if_unsubscribed: bool, window_closes: Option<Second>, otherwise: Option<Body>) -> Outgoing {
        let body = Body::Text("hello".to_owned());
        Outgoing { body, if_window_closed: otherwise, even_if_unsubscribed, window_closes }
    }

    fn template() -> Body {
        Body::Template { name: "hello".to_owned(), language: "en".to_owned(), params: Vec::new() }
    }

    fn ana() -> Addressee {
        Addressee { phone: Phone::from_e164("+447911123456"), ..Addressee::default() }
    }

    #[test]
    fn a_text_goes_out_until_a_minute_before_the_window_closes() {
        let outgoing = text(false, Some(CLOSES), None);
        assert!(plan(&outgoing, Some(&ana()), Second(CLOSES.0 - 61)).is_ok());
        assert_eq!(plan(&outgoing, Some(&ana()), Second(CLOSES.0 - 60)), Err("window closed"));
        assert_eq!(plan(&text(false, None, None), Some(&ana()), Second(0)), Err("window closed"));
    }

    #[test]
    fn a_template_needs_no_window_and_stands_in_for_a_text() {
        let only = Outgoing { body: template(), ..text(false, None, None) };
        assert_eq!(plan(&only, Some(&ana()), Second(0)).unwrap().body, &template());

        let either = text(false, Some(CLOSES), Some(template()));
        let open = plan(&either, Some(&ana()), Second(0)).map(|plan| (plan.body.clone(), plan.otherwise.cloned()));
        assert_eq!(open, Ok((Body::Text("hello".to_owned()), Some(template()))));
        let closed = plan(&either, Some(&ana()), CLOSES).map(|plan| (plan.body.clone(), plan.otherwise.cloned()));
        assert_eq!(closed, Ok((template(), None)));

        let no_help = text(false, None, Some(Body::Text("hi".to_owned())));
        assert_eq!(plan(&no_help, Some(&ana()), Second(0)), Err("window closed"));
    }

    #[test]
    fn people_who_are_gone_or_do_not_want_it_get_nothing() {
        let unsubscribed = Addressee { unsubscribed: true, ..ana() };
        assert_eq!(plan(&text(false, Some(CLOSES), None), None, Second(0)), Err("erased"));
        assert_eq!(plan(&text(false, Some(CLOSES), None), Some(&unsubscribed), Second(0)), Err("unsubscribed"));
        assert!(plan(&text(true, Some(CLOSES), None), Some(&unsubscribed), Second(0)).is_ok());
    }

    #[test]
    fn a_number_is_preferred_and_something_is_needed() {
        let outgoing = text(false, Some(CLOSES), None);
        let hidden = Addressee { user_id: Some("US.2041".to_owned()), ..Addressee::default() };
        let both = Addressee { user_id: Some("US.2041".to_owned()), ..ana() };
        assert_eq!(plan(&outgoing, Some(&hidden), Second(0)).unwrap().to, Recipient::UserId("US.2041"));
        assert!(matches!(plan(&outgoing, Some(&both), Second(0)).unwrap().to, Recipient::Number(_)));
        assert_eq!(plan(&outgoing, Some(&Addressee::default()), Second(0)), Err("no number"));
    }
}
