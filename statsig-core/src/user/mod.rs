//! The user of an evaluation.

mod builder;
mod fields;
mod getters;
mod hashes;
mod json;
pub mod logged;
mod memberships;
mod once;
mod user_agent;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use once_cell::race::OnceBox;
use serde::Deserialize;
use serde_json::Value;

pub use self::builder::StatsigUserBuilder;
use self::memberships::{Memberships, bytes_of_memberships};
use self::once::OnceNumber;
use self::user_agent::UserAgent;
use crate::country::{Countries, CountryCode};
use crate::value::{bytes_of, bytes_of_fields};

/// A longer user agent counts as absent.
const MAX_USER_AGENT_BYTES: usize = 1000;

/// Custom fields, private attributes, custom IDs, environment: values by name.
pub type Fields = BTreeMap<String, Value>;

/// A user, or another unit such as a company. Gates, configs, experiments and layers are evaluated
/// for it.
///
/// A user has a user ID, custom IDs, or both. Stable bucketing needs the ID that an entity buckets
/// by. A clone copies one pointer. The fields of a user do not change after `build`;
/// [`to_builder`](Self::to_builder) starts a modified copy.
///
/// Only the evaluation uses [private attributes](StatsigUserBuilder::private). The SDK never sends,
/// logs, prints or serializes them.
///
/// A user deserializes from the usual Statsig user JSON (`userID`, `customIDs`, …,
/// `privateAttributes`; unknown fields are ignored). It serializes to the same JSON **without
/// private attributes**, so that they do not reach a log or another service. Two users are equal if
/// all of their fields are equal, including private attributes.
///
/// ```
/// use statsig::StatsigUser;
///
/// let user = StatsigUser::builder("a-user")
///     .custom_id("companyID", "c-9")
///     .email("a@example.com")
///     .custom("plan", "premium")
///     .custom("age", 25)
///     .private("card", "4111")
///     .build();
/// assert_eq!(user.user_id().as_deref(), Some("a-user"));
/// assert!(!format!("{user:?}").contains("4111"));
///
/// let older = user.to_builder().custom("age", 26).build();
/// assert_eq!(older.custom("plan"), user.custom("plan"));
/// assert_ne!(older, user);
/// ```
#[derive(Clone)]
pub struct StatsigUser {
    record: Arc<Record>,
}

/// The fields of a user.
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a user as a JSON object")]
pub(crate) struct UserData {
    #[serde(rename = "userID")]
    pub(crate) user_id: Option<Value>,
    #[serde(rename = "customIDs")]
    pub(crate) custom_ids: Option<Fields>,
    pub(crate) email: Option<Value>,
    pub(crate) ip: Option<Value>,
    pub(crate) user_agent: Option<Value>,
    pub(crate) country: Option<Value>,
    pub(crate) locale: Option<Value>,
    pub(crate) app_version: Option<Value>,
    pub(crate) custom: Option<Fields>,
    pub(crate) private_attributes: Option<Fields>,
    pub(crate) statsig_environment: Option<Fields>,
    /// The ID lists of each of the user's IDs, if the application knows them. The SDK's own lists
    /// then have no effect.
    #[serde(skip)]
    id_list_memberships: Option<Memberships>,
}

impl UserData {
    /// The fields that are single values, by their names in JSON.
    fn scalars(&self) -> [(&'static str, &Option<Value>); 7] {
        [
            ("userID", &self.user_id),
            ("email", &self.email),
            ("ip", &self.ip),
            ("userAgent", &self.user_agent),
            ("country", &self.country),
            ("locale", &self.locale),
            ("appVersion", &self.app_version),
        ]
    }

    fn maps(&self) -> [&Option<Fields>; 4] {
        [
            &self.custom_ids,
            &self.custom,
            &self.private_attributes,
            &self.statsig_environment,
        ]
    }
}

/// A user's fields, and the values that are derived from them once. No thread waits for a
/// derivation: after a fork, the child would wait forever for a thread of the parent.
#[derive(Default)]
struct Record {
    data: UserData,
    ids_hash: OnceNumber,
    exposure_hash_by_user_id: OnceNumber,
    fingerprint: OnceNumber,
    bytes: OnceNumber,
    parsed_user_agent: OnceBox<UserAgent>,
    looked_up_country: OnceBox<LookedUpCountry>,
}

/// Copies the fields only. Derived values are computed again, because the copy is about to change.
impl Clone for Record {
    fn clone(&self) -> Self {
        Self {
            data: self.data.clone(),
            ..Self::default()
        }
    }
}

/// The country of the user's IP address, and the lookup that found it.
#[derive(Debug)]
struct LookedUpCountry {
    by: u64,
    code: Option<CountryCode>,
}

impl StatsigUser {
    /// A user with only a user ID.
    #[must_use]
    pub fn with_user_id(user_id: impl Into<Value>) -> Self {
        Self::builder(user_id).build()
    }

    /// A user with only custom IDs.
    #[must_use]
    pub fn with_custom_ids<K, V>(ids: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<Value>,
    {
        Self::builder_with_custom_ids(ids).build()
    }

    /// A user without any ID. Percentages and buckets treat all such users as the same user.
    #[must_use]
    pub fn anonymous() -> Self {
        StatsigUserBuilder::default().build()
    }

    #[inline]
    pub(crate) fn data(&self) -> &UserData {
        &self.record.data
    }

    /// The ID of a type. For `userID` in any case, this is the user ID. Otherwise it is the custom
    /// ID with the exact name, else with the lower-cased name.
    #[must_use]
    pub fn unit_id(&self, is_user_id: bool, id_type: &str, lower: &str) -> Option<&Value> {
        if is_user_id {
            return self.data().user_id.as_ref();
        }
        let ids = self.data().custom_ids.as_ref()?;
        ids.get(id_type).or_else(|| ids.get(lower))
    }

    /// A part of the user agent. The user's own user agent is parsed once.
    pub fn user_agent_part(&self, user_agent: &str, part: &str) -> Option<Cow<'_, str>> {
        if user_agent.len() > MAX_USER_AGENT_BYTES {
            return None;
        }
        if is_text(&self.data().user_agent, user_agent) {
            let parsed = &self.record.parsed_user_agent;
            let parsed = parsed.get_or_init(|| Box::new(UserAgent::parse(user_agent)));
            return parsed.field(part).map(Cow::Borrowed);
        }
        // The text comes from a custom field, which may differ between clients.
        part_of_user_agent(user_agent, part).map(Cow::Owned)
    }

    /// The country of an IP address. The user's own address is looked up once.
    #[must_use]
    pub fn country_of_ip(&self, ip: &str, countries: &Countries) -> Option<Cow<'_, str>> {
        let look_up = || countries.country_of(ip);
        if is_text(&self.data().ip, ip) {
            let found = self.record.looked_up_country.get_or_init(|| {
                Box::new(LookedUpCountry {
                    by: countries.id(),
                    code: look_up(),
                })
            });
            if found.by == countries.id() {
                return found.code.as_ref().map(|code| Cow::Borrowed(code.as_str()));
            }
        }
        look_up().map(|code| Cow::Owned(code.to_string()))
    }

    /// The approximate memory use of the user, in bytes. It is computed once, for the first event.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.record.bytes.get_or_init(|| {
            let data = self.data();
            let scalars = data.scalars().into_iter();
            let scalars = scalars.filter_map(|(_, value)| Some(bytes_of(value.as_ref()?)));
            let maps = data.maps().into_iter().flatten().map(bytes_of_fields);
            let memberships = data.id_list_memberships.as_ref();
            let memberships = memberships.map_or(0, bytes_of_memberships);
            size_of::<Record>() as u64 + scalars.sum::<u64>() + maps.sum::<u64>() + memberships
        })
    }
}

fn is_text(field: &Option<Value>, text: &str) -> bool {
    field.as_ref().and_then(Value::as_str) == Some(text)
}

/// A part of a user agent of any length.
#[must_use]
pub fn part_of_user_agent(user_agent: &str, part: &str) -> Option<String> {
    UserAgent::parse(user_agent).field(part).map(str::to_owned)
}

impl fmt::Debug for StatsigUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = self.data();
        let mut out = f.debug_struct("StatsigUser");
        let scalars = [
            ("user_id", &data.user_id),
            ("email", &data.email),
            ("ip", &data.ip),
            ("user_agent", &data.user_agent),
            ("country", &data.country),
            ("locale", &data.locale),
            ("app_version", &data.app_version),
        ];
        for (name, value) in scalars {
            if let Some(value) = value {
                out.field(name, &format_args!("{value}"));
            }
        }
        let maps = [
            ("custom_ids", &data.custom_ids),
            ("custom", &data.custom),
            ("statsig_environment", &data.statsig_environment),
        ];
        for (name, fields) in maps {
            if let Some(fields) = fields {
                out.field(name, fields);
            }
        }
        if let Some(private) = &data.private_attributes {
            let hidden = format_args!("<{} hidden>", private.len());
            out.field("private_attributes", &hidden);
        }
        out.finish()
    }
}

impl PartialEq for StatsigUser {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.record, &other.record) || self.data() == other.data()
    }
}

impl AsRef<Self> for StatsigUser {
    fn as_ref(&self) -> &Self {
        self
    }
}
