//! The user that everything is evaluated for.

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
use serde_json::Value;

pub use self::builder::StatsigUserBuilder;
use self::memberships::{Memberships, bytes_of_memberships};
use self::once::OnceNumber;
use self::user_agent::UserAgent;
use crate::country::{Countries, CountryCode};
use crate::value::{bytes_of, bytes_of_fields};

/// Longer user agents count as none.
const MAX_USER_AGENT_BYTES: usize = 1000;

/// Custom fields, private attributes, custom IDs, environment: values by name.
pub type Fields = BTreeMap<String, Value>;

/// Who (or what) gates, configs, experiments and layers are evaluated for.
///
/// A user has a user ID, custom IDs, or both; stable bucketing needs the ID that an entity buckets on. Cloning copies a
/// pointer. The fields are fixed once the user is built; [`to_builder`](Self::to_builder) starts a copy that differs.
///
/// [Private attributes](StatsigUserBuilder::private) take part in evaluation and in nothing else: they are never sent,
/// logged, printed or serialised.
///
/// A user is read from the usual Statsig user JSON (`userID`, `customIDs`, …, `privateAttributes`; unknown fields are ignored). It is
/// serialised to the same JSON **without private attributes**, so that they do not get into a log or another service.
/// Two users are equal if all of their fields are, private attributes included.
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
    data: Arc<UserData>,
}

/// The fields of a user, and what is derived from them once. Nobody waits for that: in a fork, one who waits for a thread of the
/// parent waits for ever.
#[derive(Default)]
pub(crate) struct UserData {
    pub(crate) user_id: Option<Value>,
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
    /// The ID lists that each of the user's IDs is in, when somebody else knows: then the SDK's own lists play no part.
    id_list_memberships: Option<Memberships>,
    ids_hash: OnceNumber,
    exposure_hash_by_user_id: OnceNumber,
    fingerprint: OnceNumber,
    bytes: OnceNumber,
    parsed_user_agent: OnceBox<UserAgent>,
    looked_up_country: OnceBox<LookedUpCountry>,
}

/// The country of the user's IP address, and whose lookup said so.
#[derive(Debug)]
struct LookedUpCountry {
    by: u64,
    code: Option<CountryCode>,
}

impl StatsigUser {
    /// A user with a user ID and nothing else.
    #[must_use]
    pub fn with_user_id(user_id: impl Into<Value>) -> Self {
        Self::builder(user_id).build()
    }

    /// A user with custom IDs and nothing else.
    #[must_use]
    pub fn with_custom_ids<K, V>(ids: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<Value>,
    {
        Self::builder_with_custom_ids(ids).build()
    }

    /// A user without any ID: percentages and buckets treat all of them as one and the same.
    #[must_use]
    pub fn anonymous() -> Self {
        StatsigUserBuilder::default().build()
    }

    pub(crate) fn data(&self) -> &UserData {
        &self.data
    }

    /// The ID of a type: `userID` in any case, else the custom ID by its name as written, else lower-cased.
    #[must_use]
    pub fn unit_id(&self, is_user_id: bool, id_type: &str, lower: &str) -> Option<&Value> {
        if is_user_id {
            return self.data.user_id.as_ref();
        }
        let ids = self.data.custom_ids.as_ref()?;
        ids.get(id_type).or_else(|| ids.get(lower))
    }

    /// What its own user agent says: parsed once.
    pub fn user_agent_part(&self, user_agent: &str, part: &str) -> Option<Cow<'_, str>> {
        if user_agent.len() > MAX_USER_AGENT_BYTES {
            return None;
        }
        if self.data.user_agent.as_ref().and_then(Value::as_str) != Some(user_agent) {
            // It stands in a custom field, which may differ between clients.
            return UserAgent::parse(user_agent)
                .field(part)
                .map(|text| Cow::Owned(text.to_owned()));
        }
        let parsed = self
            .data
            .parsed_user_agent
            .get_or_init(|| Box::new(UserAgent::parse(user_agent)));
        parsed.field(part).map(Cow::Borrowed)
    }

    /// The country of an IP address; of the user's own, looked up once.
    pub fn country_of_ip(&self, ip: &str, countries: &Countries) -> Option<Cow<'_, str>> {
        let look_up = || countries.country_of(ip);
        if self.data.ip.as_ref().and_then(Value::as_str) == Some(ip) {
            let found = self.data.looked_up_country.get_or_init(|| {
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

    /// About how many bytes the user takes in memory: estimated once, when the first event needs it.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let data = &*self.data;
        data.bytes.get_or_init(|| {
            let scalars = [
                &data.user_id,
                &data.email,
                &data.ip,
                &data.user_agent,
                &data.country,
                &data.locale,
                &data.app_version,
            ];
            let maps = [
                &data.custom_ids,
                &data.custom,
                &data.private_attributes,
                &data.statsig_environment,
            ];
            let scalars = scalars.into_iter().flatten().map(bytes_of);
            let maps = maps.into_iter().flatten().map(bytes_of_fields);
            let memberships = data
                .id_list_memberships
                .as_ref()
                .map_or(0, bytes_of_memberships);
            size_of::<UserData>() as u64 + scalars.sum::<u64>() + maps.sum::<u64>() + memberships
        })
    }
}

/// What a user agent says, however long it is.
#[must_use]
pub fn part_of_user_agent(user_agent: &str, part: &str) -> Option<String> {
    UserAgent::parse(user_agent).field(part).map(str::to_owned)
}

impl fmt::Debug for StatsigUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = &*self.data;
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
            out.field(
                "private_attributes",
                &format_args!("<{} hidden>", private.len()),
            );
        }
        out.finish()
    }
}

impl AsRef<Self> for StatsigUser {
    fn as_ref(&self) -> &Self {
        self
    }
}
