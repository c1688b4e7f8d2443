//! The database schema, step by step. This crate must not see the types of the product.
