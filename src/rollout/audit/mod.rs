//! The audit: what is stored of people, held against what the definition makes of their log.

mod auditor;
mod lives;
mod recheck;
mod report;

pub use auditor::{AuditError, Auditor, Manner, Slice, WATCHED_PER_MINUTE};
pub use lives::{Life, Lives, read};
pub use recheck::{recheck_due, rechecks};
pub use report::{Asked, Audits, Busy, DRIFTS_SHOWN_MAX, Found, Report, Scope, Tally};
