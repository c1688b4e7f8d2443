//! Diagnostics as workflow commands: GitHub shows them beside the lines of a pull request.

use super::code::Severity;
use super::diagnostic::Diagnostic;
use super::span::Sources;

/// One complaint as one line. `file` is its path from the root of the repository.
#[must_use]
pub fn command(diagnostic: &Diagnostic, sources: &Sources, file: &str) -> String {
    let span = diagnostic.span();
    let (line, column) = sources.place(span);
    let (end_line, end_column) = sources.place(span.after());
    let level = match diagnostic.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "notice",
    };
    // Columns are only understood on one line.
    let columns = if line == end_line { format!(",col={column},endColumn={end_column}") } else { String::new() };
    format!(
        "::{level} file={},line={line},endLine={end_line}{columns},title={}::{}",
        property(file),
        diagnostic.code,
        data(&message(diagnostic)),
    )
}

/// What a person would read in the frame, line by line.
fn message(diagnostic: &Diagnostic) -> String {
    let label = diagnostic.labels.first().map(|label| label.text.as_str()).filter(|text| !text.is_empty());
    let notes = diagnostic.notes.iter().map(String::as_str);
    let mut lines: Vec<String> =
        std::iter::once(diagnostic.message.as_str()).chain(label).chain(notes).map(str::to_owned).collect();
    lines.extend(diagnostic.fixes.iter().map(|fix| format!("help: {}", fix.message)));
    lines.join("\n")
}

/// The text of a command: what would end its line is written in percent, and so is the sign of that.
#[must_use]
pub fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command: so is what would end that.
#[must_use]
pub fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Span};

    #[test]
    fn what_the_syntax_uses_is_escaped() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", "é one\ntwo\n");
        let of = |start, end| Diagnostic::new(Code::E0100, Span::new(file, start, end), "50%: a,\r\nb").label("here");
        let path = "rules/50%, c:\n.yaml";
        assert_eq!(
            command(&of(3, 6).fix("do, it", Span::new(file, 3, 6), "x"), &sources, path),
            "::error file=rules/50%25%2C c%3A%0A.yaml,line=1,endLine=1,col=3,endColumn=6,title=E0100\
             ::50%25: a,%0D%0Ab%0Ahere%0Ahelp: do, it"
        );
        assert_eq!(
            command(&of(3, 10).note("so"), &sources, "a.yaml"),
            "::error file=a.yaml,line=1,endLine=2,title=E0100::50%25: a,%0D%0Ab%0Ahere%0Aso"
        );
        let levels = [(Code::W0702, "::warning "), (Code::A0801, "::notice ")];
        for (code, level) in levels {
            let said = command(&Diagnostic::new(code, Span::new(file, 0, 1), "no"), &sources, "a.yaml");
            assert!(said.starts_with(level), "{said}");
        }
    }
}
