//! Who may ask: the keys of a request compared in constant time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use warp::http::HeaderMap;
use warp::http::header::AUTHORIZATION;

use crate::settings::Secrets;

/// The keys that open the APIs. Each may be two while it is rotated.
#[derive(Clone, Debug)]
pub struct Keys {
    pub site_id: Secrets,
    pub api_key: Secrets,
    pub app_key: Secrets,
}

impl Keys {
    /// Whether the request carries `site id:API key` as Basic credentials.
    pub fn opens_track(&self, headers: &HeaderMap) -> bool {
        let Some(pair) = credentials(headers, "basic").and_then(decoded) else { return false };
        let colon = pair.iter().position(|byte| *byte == b':').unwrap_or(pair.len());
        let (site_id, api_key) = pair.split_at(colon);
        // Both are compared, whatever the first says.
        let site_id = self.site_id.accept(site_id);
        let api_key = self.api_key.accept(api_key.get(1..).unwrap_or_default());
        site_id & api_key
    }

    /// Whether the request carries the app key as a Bearer token.
    pub fn opens_app(&self, headers: &HeaderMap) -> bool {
        credentials(headers, "bearer").is_some_and(|key| self.app_key.accept(key.as_bytes()))
    }
}

/// What stands behind the scheme's word, in the one `Authorization` header.
fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (word, rest) = value.trim().split_once(' ')?;
    word.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

/// Standard or URL-safe base64, padded or not: clients differ.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let plain: String = text
        .trim_end_matches('=')
        .chars()
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        })
        .collect();
    STANDARD_NO_PAD.decode(plain).ok()
}

#[cfg(test)]
mod tests {
    use warp::http::HeaderValue;

    use super::*;

    fn keys() -> Keys {
        let read = |list| Secrets::read(list).expect("not blank");
        Keys { site_id: read("site"), api_key: read("key?>,next"), app_key: read("app") }
    }

    fn with(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(value).expect("a header"));
        headers
    }

    #[test]
    fn basic_credentials_come_in_every_spelling_of_base64() {
        // `site:key?>` and `site:next`
        for value in ["Basic c2l0ZTprZXk/Pg==", "basic c2l0ZTprZXk_Pg", "BASIC c2l0ZTprZXk_Pg==", "Basic c2l0ZTpuZXh0"]
        {
            assert!(keys().opens_track(&with(value)), "{value}");
        }
        for value in ["Basic", "Basic !!", "Basic c2l0ZQ==", "Bearer c2l0ZTpuZXh0", "Basic c2l0ZTp3cm9uZw==", ""] {
            assert!(!keys().opens_track(&with(value)), "{value}");
        }
    }

    #[test]
    fn the_app_key_is_a_bearer_token() {
        assert!(keys().opens_app(&with("bearer app")));
        assert!(keys().opens_app(&with("Bearer  app ")));
        for value in ["app", "Bearer", "Bearer appx", "Basic app"] {
            assert!(!keys().opens_app(&with(value)), "{value}");
        }
        let mut two = with("Bearer app");
        two.append(AUTHORIZATION, HeaderValue::from_static("Bearer app"));
        assert!(!keys().opens_app(&two));
        assert!(!keys().opens_app(&HeaderMap::new()));
    }
}
