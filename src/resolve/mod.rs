//! Who wrote, and which message of ours they answer. Pure: what is stored is looked up by the caller and passed in.

pub mod attribution;
pub mod identity;
