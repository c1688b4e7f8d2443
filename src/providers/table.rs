//! The table of providers: what each is called, where its webhooks come in, and which settings switch it on.

use super::whatsapp;

/// One provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provider {
    pub name: &'static str,
    /// Where its webhooks come in; none: nothing comes in from it.
    pub webhook_path: Option<&'static str>,
    /// Without these settings it receives nothing: its route does not exist.
    pub needs_to_receive: &'static [&'static str],
    /// Without these settings it sends nothing.
    pub needs_to_send: &'static [&'static str],
}

/// All providers.
pub const PROVIDERS: &[Provider] = &[
    Provider {
        name: whatsapp::NAME,
        webhook_path: Some("/webhooks/whatsapp"),
        needs_to_receive: &["ANTIPHON_WHATSAPP_APP_SECRET"],
        needs_to_send: &["ANTIPHON_WHATSAPP_PHONE_NUMBER_ID", "ANTIPHON_WHATSAPP_ACCESS_TOKEN"],
    },
    Provider {
        name: "webhook",
        webhook_path: None,
        needs_to_receive: &[],
        needs_to_send: &["ANTIPHON_WEBHOOK_SECRET"],
    },
];
