//! Who wrote, which message of ours they answer, and whether they want to hear from us. Pure: what is stored is
//! looked up by the caller and passed in.

pub mod attribution;
pub mod consent;
pub mod identity;
