//! The service of the page that reads everything.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::Html;
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Long enough for a busy machine. No test waits for its end.
const PATIENCE: Duration = Duration::from_secs(120);

/// A service that knows its address and does not answer yet.
#[derive(Debug)]
pub(crate) struct Service {
    listener: TcpListener,
    origin: String,
}

impl Service {
    pub(crate) async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        Self { listener, origin }
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Serves the page with this policy, its work and the JavaScript client. The result is what the
    /// page reports.
    pub(crate) fn serve(
        self,
        work: &Value,
        policy: String,
        javascript: &Path,
    ) -> impl Future<Output = Value> {
        let work = work.to_string();
        let javascript = std::fs::read(javascript).unwrap();
        let (report, reported) = oneshot::channel();
        let report = Arc::new(Mutex::new(Some(report)));
        let page = move || async move {
            (
                [(CONTENT_SECURITY_POLICY, policy)],
                Html(include_str!("page.html")),
            )
        };
        let receive = move |body: String| async move {
            let report = report.lock().unwrap().take();
            report.expect("one report").send(body).unwrap();
        };
        let app = Router::new()
            .route("/", get(page))
            .route(
                "/client.js",
                get(async || ([(CONTENT_TYPE, "text/javascript")], javascript)),
            )
            .route(
                "/cases",
                get(async || ([(CONTENT_TYPE, "application/json")], work)),
            )
            .route("/report", post(receive))
            .layer(DefaultBodyLimit::disable());
        tokio::spawn(async { axum::serve(self.listener, app).await });
        async {
            let report = tokio::time::timeout(PATIENCE, reported).await;
            let report = report.expect("a report of the page").unwrap();
            report.parse().unwrap()
        }
    }
}
