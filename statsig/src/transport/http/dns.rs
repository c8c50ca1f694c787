//! Looks up names on separate threads, so that no runtime waits for them.
//!
//! The system's resolver blocks, for minutes if no server answers, and cannot be stopped. On the
//! runtime's threads for blocking work, it would delay the end of the runtime. A separate thread
//! delays nothing: a caller that stops waiting abandons it.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex};
use std::thread;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::aside;
use crate::process::lock;

/// The limit of concurrent lookups, each on a thread. Further lookups fail. Many wait only while no
/// server answers.
const MAX_LOOKUPS: usize = 32;

type Lookup = dyn Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync;
/// The result of a lookup: the addresses, or the system's error.
type Found = Result<Arc<[SocketAddr]>, Arc<io::Error>>;
type RunningLookup = aside::Running<Found>;

/// The system's resolver, with one lookup for each name at a time. Concurrent lookups of a name
/// share the thread and the result.
#[derive(Clone)]
pub(super) struct Resolver {
    lookup: Arc<Lookup>,
    under_way: Arc<Mutex<HashMap<String, RunningLookup>>>,
}

impl Resolver {
    /// A resolver that asks the system.
    pub(super) fn of_system() -> Self {
        Self::asking(|name| Ok((name, 0).to_socket_addrs()?.collect()))
    }

    fn asking(
        lookup: impl Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            lookup: Arc::new(lookup),
            under_way: Arc::default(),
        }
    }

    /// Starts a lookup, or joins a running one.
    fn start(&self, name: &str) -> io::Result<RunningLookup> {
        self.start_on(thread::Builder::new(), name)
    }

    fn start_on(&self, thread: thread::Builder, name: &str) -> io::Result<RunningLookup> {
        let mut under_way = lock(&self.under_way);
        under_way.retain(|_, lookup| aside::is_running(lookup));
        if let Some(running) = under_way.get(name) {
            return Ok(running.clone());
        }
        if under_way.len() >= MAX_LOOKUPS {
            return Err(io::Error::other(format!(
                "{MAX_LOOKUPS} names are being looked up, and no server answers"
            )));
        }
        let (lookup, owned) = (Arc::clone(&self.lookup), name.to_owned());
        let running = aside::start(thread.name("statsig-dns".to_owned()), move || {
            lookup(&owned).map(Arc::from).map_err(Arc::new)
        })?;
        under_way.insert(name.to_owned(), running.clone());
        Ok(running)
    }

    async fn addresses(&self, name: &str) -> io::Result<Arc<[SocketAddr]>> {
        match aside::result(self.start(name)?).await {
            Some(Ok(addresses)) => Ok(addresses),
            Some(Err(error)) => Err(io::Error::new(error.kind(), error)),
            None => Err(io::Error::other("the lookup ended without an answer")),
        }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.addresses(name.as_str()).await?;
            let addresses: Vec<_> = addresses.iter().copied().collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    fn address() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 0))
    }

    /// A resolver whose lookups each wait for a signal, and the number of lookups.
    fn blocked() -> (Resolver, mpsc::Sender<()>, Arc<AtomicUsize>) {
        let (release, released) = mpsc::channel();
        let released = Mutex::new(released);
        let lookups = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&lookups);
        let resolver = Resolver::asking(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            let _ = released.lock().unwrap().recv();
            Ok(vec![address()])
        });
        (resolver, release, lookups)
    }

    #[test]
    fn a_lookup_that_hangs_does_not_hold_up_the_end_of_the_runtime() {
        let (resolver, release, _) = blocked();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let waiting = runtime.spawn(async move { resolver.addresses("a.test").await });
        drop(runtime);
        // Otherwise this test would hang, because nothing has released the lookup.
        assert!(waiting.is_finished());
        drop(release);
    }

    #[tokio::test]
    async fn lookups_of_a_name_share_one_thread_and_the_next_one_asks_anew() {
        let (resolver, release, lookups) = blocked();
        for round in 1..=2 {
            let (one, two) = tokio::join!(async { resolver.addresses("a.test").await }, async {
                let waiting = resolver.start("a.test").unwrap();
                release.send(()).unwrap();
                drop(waiting);
                resolver.addresses("a.test").await
            },);
            assert_eq!(*one.unwrap(), [address()]);
            drop(two);
            // The second lookup may have started after the answer to the first.
            let asked = lookups.swap(0, Ordering::Relaxed);
            assert!((1..=2).contains(&asked), "round {round}: {asked}");
            if asked == 2 {
                return;
            }
        }
    }

    #[tokio::test]
    async fn lookups_are_bounded() {
        let (resolver, release, _) = blocked();
        for number in 0..MAX_LOOKUPS {
            resolver.start(&format!("{number}.test")).unwrap();
        }
        let error = resolver.addresses("one-more.test").await.unwrap_err();
        assert!(error.to_string().contains("no server answers"), "{error}");
        drop(release);
    }

    #[tokio::test]
    async fn a_lookup_without_a_thread_fails_and_the_next_one_asks_anew() {
        let (resolver, release, lookups) = blocked();
        let impossible = thread::Builder::new().stack_size(1 << (usize::BITS - 4));
        resolver.start_on(impossible, "a.test").unwrap_err();
        assert!(lock(&resolver.under_way).is_empty());
        release.send(()).unwrap();
        assert_eq!(*resolver.addresses("a.test").await.unwrap(), [address()]);
        assert_eq!(lookups.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn what_the_system_says_is_handed_on() {
        let resolver = Resolver::asking(|_| Err(io::Error::other("no such name")));
        let error = resolver.addresses("a.test").await.unwrap_err();
        assert!(error.to_string().contains("no such name"), "{error}");
    }
}
