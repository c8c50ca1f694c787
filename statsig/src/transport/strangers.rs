//! Answers from another server than the service: a proxy, the login page of a network, or the
//! server at a wrong URL.

use super::error::TransportError;
use super::request::Method;
use super::response::Response;
use super::{address, retry};

const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];
const HTML: [&str; 2] = ["text/html", "application/xhtml+xml"];

/// Returns the answer, or an error for a redirect that the transport has not followed and for an
/// HTML page.
pub(super) fn check(method: Method, response: Response) -> Result<Response, TransportError> {
    let status = response.status;
    if REDIRECTS.contains(&status) {
        let target = response.headers.get("location").map(address::shown);
        return Err(TransportError::Redirected {
            status,
            target: target.unwrap_or_else(|| "nowhere".to_owned()),
        });
    }
    if retry::is_success(status) && is_page(method, &response) {
        return Err(TransportError::Html { status });
    }
    Ok(response)
}

/// Whether this is a page of HTML. A download may be valid although a server sends the wrong type,
/// so its first characters decide. The body of an answer to a post decides nothing.
fn is_page(method: Method, response: &Response) -> bool {
    let Some(content_type) = response.headers.get("content-type") else {
        return false;
    };
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is_html = HTML.iter().any(|html| essence.eq_ignore_ascii_case(html));
    let begins_like_html = || response.body.trim_ascii_start().starts_with(b"<");
    is_html && (method == Method::Post || begins_like_html())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &'static str) -> Response {
        Response::new(status, body).headers(headers.iter().copied().collect())
    }

    #[test]
    fn a_redirect_is_an_error_that_says_where_it_leads() {
        for (status, location, shown) in [
            (
                302,
                "https://portal.example/login",
                "https://portal.example/login",
            ),
            (308, "/v2/log_event", "/v2/log_event"),
            (
                301,
                "https://u:pw@h/secret-abc?k=secret-abc",
                "https://h/*****?*****",
            ),
        ] {
            let answer = answer(status, &[("location", location)], "");
            let error = check(Method::Post, answer).unwrap_err();
            let expected = TransportError::Redirected {
                status,
                target: shown.to_owned(),
            };
            assert_eq!(error, expected);
            assert!(error.to_string().contains(shown), "{error}");
        }
        assert!(check(Method::Get, answer(303, &[], "")).is_err());
        assert!(check(Method::Get, answer(304, &[], "")).is_ok());
    }

    #[test]
    fn a_page_of_html_is_an_error_where_a_success_is_expected() {
        let html = [("Content-Type", "Text/HTML; charset=utf-8")];
        let page = || answer(200, &html, " <!doctype html><p>Please log in");
        for method in [Method::Get, Method::Post] {
            let error = check(method, page()).unwrap_err();
            assert_eq!(error, TransportError::Html { status: 200 });
        }
        assert!(check(Method::Post, answer(200, &html, "")).is_err());
        assert!(check(Method::Post, answer(503, &html, "<p>")).is_ok());
        assert!(check(Method::Get, answer(200, &html, r#"{"has_updates":true}"#)).is_ok());
        assert!(
            check(
                Method::Post,
                answer(202, &[("content-type", "text/plain")], "OK")
            )
            .is_ok()
        );
    }
}
