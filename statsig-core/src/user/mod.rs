//! The user that everything is evaluated for.

mod fields;
mod getters;
mod json;
pub mod logged;
mod memberships;
mod once;
mod user_agent;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::Hasher;
use std::sync::Arc;

use once_cell::race::OnceBox;
use serde_json::Value;

use self::fields::{PRIVATE, add};
use self::memberships::{Memberships, bytes_of_memberships, hash_memberships};
use self::once::OnceNumber;
use self::user_agent::UserAgent;
use crate::country::{Countries, CountryCode};
use crate::hash::{mix, process_hasher, text_hash};
use crate::value::{bytes_of, bytes_of_fields, depth};

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
    /// Starts building a user with this user ID: text or a number.
    pub fn builder(user_id: impl Into<Value>) -> StatsigUserBuilder {
        let mut builder = StatsigUserBuilder::default();
        builder.data().user_id = present("userID", user_id);
        builder
    }

    /// Starts building a user without a user ID, for entities that bucket on a custom ID.
    pub fn builder_with_custom_ids<K, V>(
        ids: impl IntoIterator<Item = (K, V)>,
    ) -> StatsigUserBuilder
    where
        K: Into<String>,
        V: Into<Value>,
    {
        ids.into_iter()
            .fold(StatsigUserBuilder::default(), |builder, (id_type, id)| {
                builder.custom_id(id_type, id)
            })
    }

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

    /// Identifies the user for deduplication: over user ID, `stableID` and all custom IDs, and the user ID once more.
    #[inline]
    #[must_use]
    pub fn exposure_hash_by_user_id(&self) -> u64 {
        let hash = &self.data.exposure_hash_by_user_id;
        hash.get_or_init(|| {
            let user_id = self.user_id_hash();
            mix(self.hash_ids(user_id), user_id)
        })
    }

    /// Like [`exposure_hash_by_user_id`](Self::exposure_hash_by_user_id), with the ID of this type instead; `None` for no ID.
    pub fn exposure_hash_by(&self, id_type: Option<&str>) -> u64 {
        let unit = id_type.map(|id_type| self.unit_id(false, id_type, &id_type.to_lowercase()));
        let ids = &self.data.ids_hash;
        let ids = ids.get_or_init(|| self.hash_ids(self.user_id_hash()));
        mix(ids, unit.flatten().map_or(0, id_hash))
    }

    fn user_id_hash(&self) -> u64 {
        self.data.user_id.as_ref().map_or(0, id_hash)
    }

    fn hash_ids(&self, user_id: u64) -> u64 {
        let (stable_id, sum) = match &self.data.custom_ids {
            None => (0, 0),
            Some(ids) => (
                ids.get("stableID")
                    .or_else(|| ids.get("stableid"))
                    .map_or(0, id_hash),
                ids.values()
                    .fold(0, |sum: u64, id| sum.wrapping_add(id_hash(id))),
            ),
        };
        mix(mix(user_id, stable_id), sum)
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

    /// Identifies everything about the user that evaluation can see.
    #[inline]
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.data.fingerprint.get_or_init(|| {
            let data = &*self.data;
            let mut hasher = process_hasher();
            let scalars = [
                &data.user_id,
                &data.email,
                &data.ip,
                &data.user_agent,
                &data.country,
                &data.locale,
                &data.app_version,
            ];
            for value in scalars {
                match value {
                    None => hasher.write_u8(0),
                    Some(value) => hash_value(value, &mut hasher),
                }
            }
            let maps = [
                &data.custom_ids,
                &data.custom,
                &data.private_attributes,
                &data.statsig_environment,
            ];
            for fields in maps {
                match fields {
                    None => hasher.write_u8(0),
                    Some(fields) => hash_fields(fields.iter(), fields.len(), &mut hasher),
                }
            }
            match &data.id_list_memberships {
                None => hasher.write_u8(0),
                Some(memberships) => hash_memberships(memberships, &mut hasher),
            }
            hasher.finish()
        })
    }
}

/// What a user agent says, however long it is.
#[must_use]
pub fn part_of_user_agent(user_agent: &str, part: &str) -> Option<String> {
    UserAgent::parse(user_agent).field(part).map(str::to_owned)
}

fn id_hash(id: &Value) -> u64 {
    match id {
        Value::String(text) => text_hash(text),
        other => text_hash(&other.to_string()),
    }
}

fn hash_value(value: &Value, hasher: &mut impl Hasher) {
    match value {
        Value::Null => hasher.write_u8(1),
        Value::Bool(value) => hasher.write_u8(2 + u8::from(*value)),
        Value::Number(number) => {
            hasher.write_u8(4);
            // Numbers that differ in kind differ in their bits; 1 and 1.0 are two users to the memo, which is safe.
            match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => hasher.write_u64(number),
                (_, Some(number), _) => hasher.write_i64(number),
                (_, _, number) => hasher.write_u64(number.unwrap_or(f64::NAN).to_bits() ^ 1),
            }
        }
        Value::String(text) => hash_text(text, hasher),
        Value::Array(items) => {
            hasher.write_u8(6);
            hasher.write_usize(items.len());
            for item in items {
                hash_value(item, hasher);
            }
        }
        Value::Object(object) => hash_fields(object.iter(), object.len(), hasher),
    }
}

fn hash_text(text: &str, hasher: &mut impl Hasher) {
    hasher.write_u8(5);
    hasher.write_usize(text.len());
    hasher.write(text.as_bytes());
}

fn hash_fields<'a>(
    fields: impl Iterator<Item = (&'a String, &'a Value)>,
    len: usize,
    hasher: &mut impl Hasher,
) {
    hasher.write_u8(7);
    hasher.write_usize(len);
    for (name, value) in fields {
        hash_text(name, hasher);
        hash_value(value, hasher);
    }
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

/// Builds a [`StatsigUser`].
///
/// Values are text, numbers, booleans, lists or nested JSON; a JSON `null` given for a field other than a custom or private
/// one leaves the field unset. A value nested deeper than [`MAX_VALUE_DEPTH`](Self::MAX_VALUE_DEPTH) is left out, with a warning.
#[derive(Default)]
#[must_use = "a user is made by `build`"]
pub struct StatsigUserBuilder {
    /// Shared with the user that this copies, until the first change.
    data: Arc<UserData>,
}

impl fmt::Debug for StatsigUserBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StatsigUserBuilder")
    }
}

impl StatsigUserBuilder {
    fn data(&mut self) -> &mut UserData {
        Arc::make_mut(&mut self.data)
    }

    /// Sets the user ID: text or a number.
    pub fn user_id(mut self, user_id: impl Into<Value>) -> Self {
        self.data().user_id = present("userID", user_id);
        self
    }

    /// Adds a custom ID, such as `companyID` or `stableID`.
    pub fn custom_id(mut self, id_type: impl Into<String>, id: impl Into<Value>) -> Self {
        add(&mut self.data().custom_ids, "custom ID", id_type, id);
        self
    }

    /// Sets the e-mail address.
    pub fn email(mut self, email: impl Into<Value>) -> Self {
        self.data().email = present("email", email);
        self
    }

    /// Sets the IP address, from which the country is derived unless it is given.
    pub fn ip(mut self, ip: impl Into<Value>) -> Self {
        self.data().ip = present("ip", ip);
        self
    }

    /// Sets the user agent, from which browser and operating system are derived unless they are given as custom fields.
    pub fn user_agent(mut self, user_agent: impl Into<Value>) -> Self {
        self.data().user_agent = present("userAgent", user_agent);
        self
    }

    /// Sets the country, as two capital letters.
    pub fn country(mut self, country: impl Into<Value>) -> Self {
        self.data().country = present("country", country);
        self
    }

    /// Sets the locale, such as `en_US`.
    pub fn locale(mut self, locale: impl Into<Value>) -> Self {
        self.data().locale = present("locale", locale);
        self
    }

    /// Sets the version of the application.
    pub fn app_version(mut self, version: impl Into<Value>) -> Self {
        self.data().app_version = present("appVersion", version);
        self
    }

    /// Adds a custom field.
    pub fn custom(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        add(&mut self.data().custom, "custom field", name, value);
        self
    }

    /// Adds a private attribute: used in evaluation, and never sent, logged or printed.
    pub fn private(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        add(&mut self.data().private_attributes, PRIVATE, name, value);
        self
    }

    /// Sets the user's own environment tier, which beats the one of the options.
    pub fn environment_tier(mut self, tier: impl Into<Value>) -> Self {
        let environment = &mut self.data().statsig_environment;
        add(environment, "environment", "tier", tier);
        self
    }

    /// The user.
    #[must_use]
    pub fn build(self) -> StatsigUser {
        StatsigUser { data: self.data }
    }
}

fn present(field: &str, value: impl Into<Value>) -> Option<Value> {
    let value = depth::bounded(value.into(), field)?;
    (!value.is_null()).then_some(value)
}

impl AsRef<Self> for StatsigUser {
    fn as_ref(&self) -> &Self {
        self
    }
}
