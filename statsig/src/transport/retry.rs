//! What a response, or the lack of one, means for another attempt. Pure.

/// Statuses that another attempt with the same request cannot change.
const FINAL_STATUSES: [u16; 5] = [400, 403, 405, 413, 501];

/// Whether the service accepted a request.
pub(crate) fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Whether the same request may succeed later. 429 (too many requests) counts as temporary: that is what it says.
pub(crate) fn is_worth_retrying(status: u16) -> bool {
    !is_success(status) && !FINAL_STATUSES.contains(&status)
}

#[cfg(test)]
mod tests {
    use super::*;

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
