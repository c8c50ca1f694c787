//! `Debug` of clients: a few lines, for specs of any size.

use std::fmt;

use super::{ClientInner, PinnedStatsig, Statsig};
use crate::shared::Published;

impl fmt::Debug for Statsig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show("Statsig", &self.inner, &self.specs(), f)
    }
}

impl fmt::Debug for PinnedStatsig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show("PinnedStatsig", &self.inner, &self.specs(), f)
    }
}

impl fmt::Debug for ClientInner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show("ClientInner", self, &self.shared.published.load(), f)
    }
}

/// Takes no lock, so that it works everywhere, also in a forked process.
fn show(
    name: &str,
    client: &ClientInner,
    published: &Published,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    f.debug_struct(name)
        .field("sdk_key", &client.shared.identity.key)
        .field("is_running", &client.is_running())
        .field("specs", published)
        .finish_non_exhaustive()
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use crate::sources::{DataStoreBytesResponse, DataStoreResponse, SpecsPayload};
    use crate::testing::{OfflineClient, Specs};
    use crate::transport::Response;
    use crate::{Statsig, StatsigUser};

    const MAX_BYTES: usize = 2_000;
    const MAX_LINES: usize = 40;

    /// 500 gates.
    fn large_specs() -> String {
        let specs = Specs::new()
            .time(5)
            .layer("a_layer", |l| l)
            .store("a_store", |s| s);
        let specs = (0..500).fold(specs, |specs, index| {
            specs.gate(format!("a_gate_{index}"), |g| g)
        });
        specs.to_json().unwrap()
    }

    fn is_short(name: &str, shown: &dyn Debug) {
        let (line, lines) = (format!("{shown:?}"), format!("{shown:#?}"));
        assert!(line.len() <= MAX_BYTES, "{name}: {} bytes", line.len());
        let count = lines.lines().count();
        assert!(count <= MAX_LINES, "{name}: {count} lines: {lines}");
        assert!(!line.contains("a_gate_77"), "{name}: {line}");
    }

    #[test]
    fn what_holds_specs_is_shown_in_a_few_lines() {
        let specs = large_specs();
        let client = OfflineClient::new(&specs, None).unwrap();
        let user = StatsigUser::with_user_id("a-user");
        let _ = client.check_gate(&user, "a_gate_1");
        is_short("OfflineClient", &client);
        is_short("Statsig", &*client);
        is_short("PinnedStatsig", &client.pin());
        is_short("Layer", &client.get_layer(&user, "a_layer"));
        is_short(
            "ParameterStore",
            &client.get_parameter_store(&user, "a_store"),
        );
        is_short("SpecsWatch", &client.watch_specs());
        #[cfg(feature = "tracing-layer")]
        is_short(
            "LogLineLayer",
            &crate::log_lines::LogLineLayer::new(&client),
        );
        is_short("SpecsPayload", &SpecsPayload::new(specs.clone()));
        is_short(
            "DataStoreResponse",
            &DataStoreResponse::new(Some(specs.clone())),
        );
        is_short(
            "DataStoreBytesResponse",
            &DataStoreBytesResponse::new(Some(specs.clone().into())),
        );
        let response = Response::new(200, specs);
        is_short("Response", &response);
    }

    #[test]
    fn stored_assignments_are_not_shown() {
        use crate::storage::{
            FilePersistentStorage, InMemoryPersistentStorage, PersistentStorage, StickyValues,
        };

        let directory = tempfile::tempdir().unwrap();
        let in_file = FilePersistentStorage::open(directory.path().join("sticky.json")).unwrap();
        let in_memory = InMemoryPersistentStorage::new();
        let storages: [&dyn PersistentStorage; 2] = [&in_file, &in_memory];
        for storage in storages {
            storage.save(
                "ann@example.com:userID",
                "an_experiment",
                StickyValues::default(),
            );
            let shown = format!("{storage:?}");
            assert!(!shown.contains("ann@example.com"), "{shown}");
        }
    }

    #[test]
    fn a_client_says_what_it_serves_and_hides_its_key() {
        let client = OfflineClient::new(large_specs(), None).unwrap();
        let shown = format!("{:?}", client.pin());
        for expected in ["gates: 500", "layers: 1", "time: 5", "Bootstrap"] {
            assert!(shown.contains(expected), "{expected}: {shown}");
        }
        let shown = format!("{:?}", Statsig::new("secret-0123456789", None));
        assert!(!shown.contains("0123456789"), "{shown}");
    }
}
