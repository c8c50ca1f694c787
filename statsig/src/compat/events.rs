//! The official signatures of events and of client initialize responses.

use std::collections::HashMap;

use serde_json::Value;

use super::call_options::ClientInitResponseOptions;
use super::client::Statsig;
use crate::user::StatsigUser;
use crate::{Event, EventValue, Layer};

/// Defines one method for each type of value and of metadata.
macro_rules! log_event {
    ($name:ident, $value:ty, $metadata:ty, $what:literal) => {
        #[doc = concat!("Records a custom event", $what, ". See the native [`log_event`](crate::Statsig::log_event).")]
        pub fn $name(
            &self,
            user: &StatsigUser,
            event_name: &str,
            value: Option<$value>,
            metadata: Option<HashMap<String, $metadata>>,
        ) {
            self.record(user, event_name, value, metadata);
        }
    };
}

impl Statsig {
    log_event!(log_event, String, String, "");
    log_event!(
        log_event_with_number,
        f64,
        String,
        " whose value is a number"
    );
    log_event!(
        log_event_with_typed_metadata,
        String,
        Value,
        " with metadata of any type"
    );
    log_event!(
        log_event_with_number_and_typed_metadata,
        f64,
        Value,
        " whose value is a number, with metadata of any type"
    );

    fn record<V: Into<EventValue>, M: Into<Value>>(
        &self,
        user: &StatsigUser,
        name: &str,
        value: Option<V>,
        metadata: Option<HashMap<String, M>>,
    ) {
        let mut event = Event::new(name);
        if let Some(value) = value {
            event = event.value(value);
        }
        if let Some(metadata) = metadata {
            let entries = metadata.into_iter();
            event = event.metadata_map(entries.map(|(key, value)| (key, value.into())).collect());
        }
        (**self).log_event(user, event);
    }

    /// Logs the exposure of a parameter of a layer.
    pub fn log_layer_param_exposure_with_layer(&self, layer: Layer, parameter_name: String) {
        (**self).log_layer_param_exposure_with_layer(&layer, &parameter_name);
    }

    /// Logs the exposure of a layer's parameter. Uses the current evaluation.
    pub fn manually_log_layer_parameter_exposure(
        &self,
        user: &StatsigUser,
        layer_name: &str,
        parameter_name: String,
    ) {
        (**self).manually_log_layer_parameter_exposure(user, layer_name, &parameter_name);
    }

    /// The response that initialises a client SDK, as JSON.
    #[must_use]
    pub fn get_client_init_response_with_options(
        &self,
        user: &StatsigUser,
        options: &ClientInitResponseOptions,
    ) -> Value {
        (**self).get_client_init_response_with_options(user, &options.into())
    }

    /// The response that initialises a client SDK, as text.
    #[must_use]
    pub fn get_client_init_response_with_options_as_string(
        &self,
        user: &StatsigUser,
        options: &ClientInitResponseOptions,
    ) -> String {
        (**self).get_client_init_response_as_string_with_options(user, &options.into())
    }
}
