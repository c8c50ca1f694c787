//! The fields that conditions read: of the user, of the environment, of the options.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::specs::compiled::condition::{FieldName, TopLevelField};
use crate::user::{Fields, StatsigUser};
use crate::value::text_of;

/// A user field. The search order is: own fields, custom fields, global custom fields, private
/// attributes, then own fields by their alternative names.
pub(super) fn user_field<'a>(
    user: &'a StatsigUser,
    global_custom_fields: &'a BTreeMap<String, Value>,
    field: &FieldName,
) -> Option<&'a Value> {
    let data = user.data();
    let own = field.top_level.and_then(|field| top_level(user, field));
    if let Some(value) = own
        && text_of(value).is_some_and(|text| !text.is_empty())
    {
        return Some(value);
    }
    let by_name = |fields: &'a Fields| {
        fields
            .get(field.exact.as_str())
            .or_else(|| fields.get(field.lower.as_str()))
    };
    data.custom
        .as_ref()
        .and_then(by_name)
        .or_else(|| by_name(global_custom_fields))
        .or_else(|| data.private_attributes.as_ref().and_then(by_name))
        .or_else(|| field.alias_of.and_then(|field| top_level(user, field)))
}

fn top_level(user: &StatsigUser, field: TopLevelField) -> Option<&Value> {
    let data = user.data();
    match field {
        TopLevelField::UserId => data.user_id.as_ref(),
        TopLevelField::Email => data.email.as_ref(),
        TopLevelField::Ip => data.ip.as_ref(),
        TopLevelField::Country => data.country.as_ref(),
        TopLevelField::Locale => data.locale.as_ref(),
        TopLevelField::AppVersion => data.app_version.as_ref(),
        TopLevelField::UserAgent => data.user_agent.as_ref(),
    }
}

/// An environment field: the user's own field by its exact name, else the SDK's field. The SDK has
/// only the tier.
pub(super) fn environment_field<'a>(
    user: &'a StatsigUser,
    tier: Option<&'a Value>,
    field: &FieldName,
) -> Option<&'a Value> {
    let own = user.data().statsig_environment.as_ref();
    own.and_then(|environment| environment.get(field.exact.as_str()))
        .or_else(|| tier.filter(|_| field.exact == "tier" || field.lower == "tier"))
}
