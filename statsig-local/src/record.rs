//! The record of what has arrived. Tests can wait for more.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
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
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) events: u64,
    requests: u64,
    by_endpoint: HashMap<Endpoint, u64>,
}

impl Counts {
    pub(crate) fn requests_to(&self, endpoint: Endpoint) -> u64 {
        self.by_endpoint.get(&endpoint).copied().unwrap_or(0)
    }
}

/// The server's bounded record.
#[derive(Debug)]
pub(crate) struct Record {
    kept: Mutex<Kept>,
    batches_seen: AtomicU64,
    counts: watch::Sender<Counts>,
}

#[derive(Debug)]
struct Kept {
    events: Ring<ReceivedEvent>,
    batches: Ring<Arc<ReceivedBatch>>,
    requests: Ring<ReceivedRequest>,
}

impl Record {
    pub(crate) fn new() -> Self {
        Self {
            kept: Mutex::new(Kept {
                events: Ring::new(MAX_KEPT_EVENTS, MAX_KEPT_EVENT_BYTES),
                batches: Ring::new(MAX_KEPT_BATCHES, MAX_KEPT_OTHER_BYTES),
                requests: Ring::new(MAX_KEPT_REQUESTS, MAX_KEPT_OTHER_BYTES),
            }),
            batches_seen: AtomicU64::new(0),
            counts: watch::Sender::default(),
        }
    }

    pub(crate) fn next_batch_number(&self) -> u64 {
        self.batches_seen.fetch_add(1, Ordering::Relaxed) + 1
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
    pub(crate) fn keep_request(&self, request: &mut ReceivedRequest) {
        self.counts.send_modify(|counts| {
            counts.requests += 1;
            request.number = counts.requests;
            if let Some(endpoint) = request.endpoint {
                *counts.by_endpoint.entry(endpoint).or_default() += 1;
            }
            let bytes = request.bytes();
            let request = request.clone();
            lock(&self.kept).requests.push(request, bytes);
        });
    }

    /// The recorded events, and how many were dropped because the record was full.
    pub(crate) fn events(&self) -> (Vec<ReceivedEvent>, u64) {
        let kept = lock(&self.kept);
        (kept.events.to_vec(), kept.events.forgotten)
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
