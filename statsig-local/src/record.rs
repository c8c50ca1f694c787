//! The record of what has arrived. Tests can wait for more.

use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use crate::events::{Batch, ReceivedBatch, ReceivedEvent};
use crate::limits::{
    MAX_KEPT_BATCHES, MAX_KEPT_EVENT_BYTES, MAX_KEPT_EVENTS, MAX_KEPT_OTHER_BYTES,
    MAX_KEPT_REQUESTS,
};
use crate::requests::{Endpoint, ReceivedRequest};
use crate::ring::Ring;
use crate::sync::lock;

/// How much has arrived. Event counts start at the last clearing, all others at the start of the
/// server.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) events: u64,
    pub(crate) requests: u64,
    by_endpoint: [u64; 6],
}

impl Counts {
    pub(crate) fn requests_to(&self, endpoint: Endpoint) -> u64 {
        self.by_endpoint
            .get(endpoint as usize)
            .copied()
            .unwrap_or(0)
    }
}

/// The server's bounded record.
#[derive(Debug)]
pub(crate) struct Record {
    kept: Mutex<Kept>,
    counts: watch::Sender<Counts>,
}

#[derive(Debug)]
struct Kept {
    events: Ring<ReceivedEvent>,
    batches: Ring<Arc<ReceivedBatch>>,
    requests: Ring<ReceivedRequest>,
    batches_seen: u64,
}

impl Record {
    pub(crate) fn new() -> Self {
        Self {
            kept: Mutex::new(Kept {
                events: Ring::new(MAX_KEPT_EVENTS, MAX_KEPT_EVENT_BYTES),
                batches: Ring::new(MAX_KEPT_BATCHES, MAX_KEPT_OTHER_BYTES),
                requests: Ring::new(MAX_KEPT_REQUESTS, MAX_KEPT_OTHER_BYTES),
                batches_seen: 0,
            }),
            counts: watch::Sender::default(),
        }
    }

    pub(crate) fn next_batch_number(&self) -> u64 {
        let mut kept = lock(&self.kept);
        kept.batches_seen += 1;
        kept.batches_seen
    }

    pub(crate) fn keep_batch(&self, batch: Batch) {
        let count = batch.events.len() as u64;
        {
            let mut kept = lock(&self.kept);
            kept.batches.push(batch.info, batch.info_bytes);
            for (bytes, event) in batch.events {
                kept.events.push(event, bytes);
            }
        }
        self.counts.send_modify(|counts| counts.events += count);
    }

    /// Numbers a request and records it.
    pub(crate) fn keep_request(&self, mut request: ReceivedRequest) {
        let endpoint = request.endpoint;
        self.counts.send_modify(|counts| {
            counts.requests += 1;
            request.number = counts.requests;
            let slot = endpoint.and_then(|to| counts.by_endpoint.get_mut(to as usize));
            if let Some(slot) = slot {
                *slot += 1;
            }
            let bytes = request.bytes();
            lock(&self.kept).requests.push(request, bytes);
        });
    }

    /// The recorded events, and how many were dropped because the record was full.
    pub(crate) fn events(&self) -> (Vec<ReceivedEvent>, u64) {
        let kept = lock(&self.kept);
        (kept.events.to_vec(), kept.events.forgotten())
    }

    pub(crate) fn batches(&self) -> Vec<Arc<ReceivedBatch>> {
        lock(&self.kept).batches.to_vec()
    }

    pub(crate) fn requests(&self) -> Vec<ReceivedRequest> {
        lock(&self.kept).requests.to_vec()
    }

    pub(crate) fn clear_events(&self) {
        {
            let mut kept = lock(&self.kept);
            kept.events.clear();
            kept.batches.clear();
        }
        self.counts.send_modify(|counts| counts.events = 0);
    }

    pub(crate) async fn wait_for(&self, reached: impl FnMut(&Counts) -> bool) {
        // This can fail only when the sender is dropped, and `self` owns the sender.
        let _ = self.counts.subscribe().wait_for(reached).await;
    }
}
