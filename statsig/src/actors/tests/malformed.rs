//! A service that finds events malformed.

use super::*;
use crate::events::seal;
use crate::transport::{BoxFuture, Request, Response, Transport, TransportError};

/// Refuses every batch with an event of this name as malformed.
#[derive(Debug)]
pub(super) struct Picky {
    pub(super) network: Arc<ScriptedTransport>,
    pub(super) name: &'static str,
}

impl Transport for Picky {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let plain = seal::decompress(&request.body).unwrap_or_default();
            let is_refused = String::from_utf8_lossy(&plain).contains(self.name);
            let answer = self.network.send(request).await;
            let is_accepted = answer.as_ref().is_ok_and(|answer| answer.status < 300);
            if is_refused && is_accepted {
                return Ok(Response::new(400, "{}"));
            }
            answer
        })
    }
}

async fn picky_lab() -> Lab {
    let network = Arc::new(ScriptedTransport::new());
    network.serve_specs(specs(1));
    let picky = Picky {
        network: Arc::clone(&network),
        name: "poison",
    };
    let lab = Lab::start_on(network, |options| {
        options
            .transport(Arc::new(picky))
            .event_logging_max_queue_size(1_000)
            .event_queue_capacity(4_000)
    })
    .await;
    lab.handle.first_sync().await.unwrap();
    lab
}

#[tokio::test(start_paused = true)]
async fn a_malformed_event_costs_itself_and_not_its_batch() {
    let lab = picky_lab().await;
    for round in 1..=5 {
        lab.record(345);
        lab.record_named("poison");
        lab.record(654);
        sleep(secs(1)).await;
        let stats = lab.stats();
        assert_eq!(stats.dropped.refused, round);
        assert_eq!((stats.delivered, stats.pending), (999 * round, 0));
    }
    // A batch of a thousand is cut ten times.
    assert_eq!(lab.network.batches().len(), 5 * 21);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_finds_everything_malformed_is_not_asked_without_end() {
    let lab = picky_lab().await;
    for _ in 0..2_000 {
        lab.record_named("poison");
    }
    sleep(secs(1)).await;
    let posts = lab.network.batches().len();
    assert!(posts <= 102, "{posts} posts for two batches");
    let stats = lab.stats();
    assert_eq!((stats.dropped.refused, stats.pending), (2_000, 0));

    // And once it takes something again, so is cutting taken up again.
    lab.record(1_000);
    sleep(secs(1)).await;
    assert_eq!(lab.stats().delivered, 1_000);
}
