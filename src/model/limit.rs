//! Every bound that more than one room has to know. The unit stands last in the name.

/// A condition's text.
pub const CONDITION_BYTES_MAX: usize = 8 * 1024;
/// Atoms in one rule.
pub const ATOMS_PER_RULE_MAX: usize = 64;
/// Counts in rules: `at least 1000 times`.
pub const COUNT_MAX: u32 = 1_000;
/// Entries of one list.
pub const LIST_ENTRIES_MAX: usize = 1_000;
/// A pattern's source.
pub const PATTERN_CHARS_MAX: usize = 512;
/// A pattern's compiled form.
pub const PATTERN_COMPILED_BYTES_MAX: usize = 1 << 20;

/// An inbound text is cut here, at a character boundary.
pub const TEXT_BYTES_MAX: usize = 65_536;
/// An external id, e-mail address or attribute name.
pub const IDENTIFIER_BYTES_MAX: usize = 150;
/// One attribute's value, as text or JSON.
pub const ATTRIBUTE_VALUE_BYTES_MAX: usize = 1_000;
/// Attributes of one person.
pub const ATTRIBUTES_PER_PERSON_MAX: usize = 300;
/// An event's name.
pub const EVENT_NAME_BYTES_MAX: usize = 100;
/// An event's data, as JSON.
pub const EVENT_DATA_BYTES_MAX: usize = 100_000;

/// Transitions may cause transitions, and steps events, this many rounds deep.
pub const CASCADE_ROUNDS_MAX: u32 = 16;
/// The next flip of a condition is looked for over this many candidates, then a wake is set anyway.
pub const FLIP_CANDIDATES_MAX: usize = 64;
