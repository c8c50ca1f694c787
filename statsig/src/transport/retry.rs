//! Decides from a response or an error whether to retry. Pure.

use std::time::Duration;

use super::headers::Headers;

/// The longest pause that the client accepts from `Retry-After`.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);

/// Statuses with which a server refuses a client: it also refuses the same request a moment later.
const REFUSALS: [u16; 3] = [401, 403, 429];

/// Statuses that another attempt with the same request cannot change.
const FINAL_STATUSES: [u16; 5] = [400, 403, 405, 413, 501];

/// Whether the service accepted a request.
pub(crate) fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Whether the same request may succeed later. 429 (too many requests) counts as temporary.
pub(crate) fn is_worth_retrying(status: u16) -> bool {
    !is_success(status) && !FINAL_STATUSES.contains(&status)
}

/// Whether the server refuses the client, temporarily or permanently.
pub(crate) fn is_refusal(status: u16) -> bool {
    REFUSALS.contains(&status)
}

/// The pause that a response asks for by `Retry-After`, in seconds or as a date; at most
/// [`MAX_RETRY_AFTER`].
pub(crate) fn retry_after(headers: &Headers, now_ms: u64) -> Option<Duration> {
    let text = headers.get("retry-after")?.trim();
    let asked = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = chrono::DateTime::parse_from_rfc2822(text).ok()?;
            let date_ms = u64::try_from(date.timestamp_millis()).ok()?;
            Duration::from_millis(date_ms.saturating_sub(now_ms))
        }
    };
    Some(asked.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_by_a_date_and_has_a_limit() {
        let now_ms = 784_111_777_000; // Sun, 06 Nov 1994 08:49:37 GMT
        let cases = [
            ("7", Some(7)),
            (" 300 ", Some(300)),
            ("86400", Some(300)),
            ("18446744073709551615", Some(300)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", Some(0)),
            ("Sat, 06 Nov 2094 08:48:37 GMT", Some(300)),
            ("-5", None),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let headers = Headers::from_iter([("Retry-After", text)]);
            let pause = retry_after(&headers, now_ms);
            assert_eq!(pause, expected.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&Headers::new(), now_ms), None);
    }

    #[test]
    fn statuses_are_judged_as_the_protocol_says() {
        for status in [400, 403, 405, 413, 501, 200, 202, 204] {
            assert!(!is_worth_retrying(status), "{status}");
        }
        for status in [304, 401, 404, 408, 429, 500, 502, 503, 504] {
            assert!(is_worth_retrying(status), "{status}");
        }
    }
}
