//! A request's path and query, decoded once. Routing sees segments, never a decoded path: a slash that was
//! escaped stays inside its segment.

use super::problem::Problem;

/// The path in decoded segments. One trailing slash is tolerated.
///
/// # Errors
/// 400 for a segment that is not UTF-8 after decoding, or holds a NUL.
pub fn segments(path: &str) -> Result<Vec<String>, Problem> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/').map(|segment| decode(segment, false).ok_or_else(not_text)).collect()
}

fn not_text() -> Problem {
    Problem::bad_request("the path is not UTF-8 text")
}

/// The parameters of a query, in order.
#[derive(Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Parameters that are no text are left out, as unknown ones are.
    pub fn read(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name, true)?, decode(value, true)?))
        });
        Self(pairs.collect())
    }

    /// The first value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The value of `name`, if there is one and it is not empty.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }
}

/// Percent-decoding, once. A percent sign without two digits stands for itself.
fn decode(text: &str, plus_is_space: bool) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        rest = after;
        out.push(match (first, after) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest = after;
                let digit = |hex: u8| char::from(hex).to_digit(16).unwrap_or(0) as u8;
                digit(*high) * 16 + digit(*low)
            }
            (b'+', _) if plus_is_space => b' ',
            _ => *first,
        });
    }
    String::from_utf8(out).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_split_before_they_are_decoded() {
        let read = |path| segments(path).expect("text");
        assert_eq!(read("/v1/customers/a%2Fb%20c/attributes/"), ["v1", "customers", "a/b c", "attributes"]);
        assert_eq!(read("/api/v1/customers/a+b%25%C3%A9"), ["api", "v1", "customers", "a+b%é"]);
        assert_eq!(read("/100%/%zz"), ["100%", "%zz"]);
        assert_eq!(read("/a//"), ["a", ""]);
        assert!(segments("/%ff").is_err());
        assert!(segments("/%00").is_err());
    }

    #[test]
    fn a_plus_in_a_query_is_a_space() {
        let query = Query::read("email=a%2Bb@x.org&q=a+b&empty=&flag&bad=%ff");
        assert_eq!(query.get("email"), Some("a+b@x.org"));
        assert_eq!(query.get("q"), Some("a b"));
        assert_eq!(query.filled("empty"), None);
        assert_eq!(query.get("flag"), Some(""));
        assert_eq!(query.get("bad"), None);
    }
}
