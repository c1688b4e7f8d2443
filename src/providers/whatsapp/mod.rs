//! The WhatsApp Business Cloud API, as Meta speaks it.

pub mod answer;
pub mod handshake;
pub mod read;
pub mod signature;
pub mod write;

/// The provider's name in items, in properties and under dedupe keys.
pub const NAME: &str = "whatsapp";
