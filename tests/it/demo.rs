//! The demo is a test of its own: it ends with an error at the first fact that does not hold.

use std::process::{Command, Stdio};

#[test]
fn the_story_is_told_to_its_end() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_antiphon"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ANTIPHON_")) {
        command.env_remove(name);
    }
    let told = command.args(["demo", "--exit"]).stdin(Stdio::null()).output().expect("the binary starts");
    let (said, complained) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    assert!(told.status.success(), "{said}\n{complained}");
    for fact in [
        "Ana is in segment yes-in-time",
        "the same body  → 200; nothing changed",
        "its message is refused: anonymous",
        "wrong signature  → 401",
        "on the second, with no event and no poll",
        "the reminder is accepted",
    ] {
        assert!(said.contains(fact), "`{fact}` is not in\n{said}");
    }
}
