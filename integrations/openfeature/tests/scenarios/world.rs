//! The application of one case: provider, client, contexts, and the last evaluation.

use std::sync::Arc;

use open_feature::provider::FeatureProvider;
use open_feature::{
    EvaluationContext, EvaluationDetails, EvaluationError, EvaluationOptions, FlagMetadata,
    OpenFeature, StructValue, Value,
};
use serde_json::Value as Json;
use statsig::testing::{self, Answer, Endpoint, ScriptedTransport, TestClient};
use statsig::{Statsig, StatsigOptions};
use statsig_openfeature::StatsigProvider;

use crate::flags;
use crate::hooks::{Calls, ContextHook, Recorder};

/// A flag to evaluate.
#[derive(Debug, Clone)]
pub(crate) struct Flag {
    pub(crate) kind: String,
    pub(crate) key: String,
    /// What the caller uses if there is an error.
    pub(crate) default: Value,
}

/// What a caller got, with its default in place of an error.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) key: String,
    pub(crate) value: Value,
    pub(crate) variant: String,
    pub(crate) reason: String,
    pub(crate) error_code: String,
    pub(crate) metadata: FlagMetadata,
}

/// The contexts of the levels.
#[derive(Debug, Default)]
pub(crate) struct Levels {
    pub(crate) api: EvaluationContext,
    pub(crate) client: EvaluationContext,
    pub(crate) invocation: EvaluationContext,
    pub(crate) before_hooks: Option<EvaluationContext>,
}

pub(crate) struct World<'a> {
    flags: &'a Json,
    pub(crate) provider: Option<StatsigProvider>,
    pub(crate) test: Option<TestClient>,
    pub(crate) flag: Option<Flag>,
    pub(crate) resolved: Option<Resolved>,
    pub(crate) levels: Levels,
    /// The levels of a table, from the lowest precedence to the highest.
    pub(crate) order: Vec<String>,
    pub(crate) calls: Calls,
    pub(crate) client_hook: bool,
    pub(crate) invocation_hooks: Vec<&'static str>,
}

impl<'a> World<'a> {
    pub(crate) fn new(flags: &'a Json) -> Self {
        Self {
            flags,
            provider: None,
            test: None,
            flag: None,
            resolved: None,
            levels: Levels::default(),
            order: Vec::new(),
            calls: Calls::default(),
            client_hook: false,
            invocation_hooks: Vec::new(),
        }
    }

    /// Gives the provider the state that a step asks for.
    pub(crate) async fn provide(&mut self, state: &str) -> Result<(), String> {
        let statsig = match state {
            "stable" | "stale" => {
                let test = testing::client(flags::specs(self.flags)).await;
                let statsig = test.statsig.clone();
                if state == "stale" {
                    statsig
                        .shutdown()
                        .await
                        .map_err(|error| error.to_string())?;
                }
                self.test = Some(test);
                statsig
            }
            "not ready" | "error" => {
                let network = Arc::new(ScriptedTransport::new());
                network.always(Endpoint::Specs, Answer::status(500));
                let options = StatsigOptions::builder().transport(network);
                let statsig = Statsig::new("secret-key", options.build().unwrap());
                if state == "error" {
                    let _ = statsig.initialize().await;
                }
                statsig
            }
            _ => return Err(format!("no provider is {state}")),
        };
        self.provider = Some(StatsigProvider::new(statsig));
        Ok(())
    }

    pub(crate) fn provider(&self) -> &StatsigProvider {
        self.provider.as_ref().expect("a provider")
    }

    pub(crate) fn resolved(&self) -> &Resolved {
        self.resolved.as_ref().expect("an evaluation")
    }

    /// The status as the specification writes it. The client does not have it, so this asks the
    /// provider.
    pub(crate) fn status(&self) -> String {
        let words = format!("{:?}", self.provider().status());
        if words == "NotReady" {
            return "NOT_READY".to_owned();
        }
        words.to_uppercase()
    }

    /// Evaluates the flag with the contexts and hooks so far.
    pub(crate) async fn evaluate(&self, flag: &Flag) -> Resolved {
        let mut api = OpenFeature::default();
        api.set_provider(self.provider().clone()).await;
        api.set_evaluation_context(self.levels.api.clone()).await;
        let mut client = api.create_client();
        client.set_evaluation_context(self.levels.client.clone());
        if self.client_hook {
            client = client.with_hook(self.recorder("client"));
        }
        if let Some(context) = &self.levels.before_hooks {
            client = client.with_hook(ContextHook(context.clone()));
        }
        let hooks = self.invocation_hooks.iter();
        let options = hooks.fold(EvaluationOptions::default(), |options, name| {
            options.with_hook(self.recorder(name))
        });
        let (key, context, options) = (&flag.key, Some(&self.levels.invocation), Some(&options));
        let details = match flag.kind.as_str() {
            "boolean" => value_of(client.get_bool_details(key, context, options).await),
            "integer" => value_of(client.get_int_details(key, context, options).await),
            "float" => value_of(client.get_float_details(key, context, options).await),
            "string" => value_of(client.get_string_details(key, context, options).await),
            _ => value_of(
                client
                    .get_struct_details::<StructValue>(key, context, options)
                    .await,
            ),
        };
        match details {
            Ok(details) => Resolved {
                key: details.flag_key,
                value: details.value,
                variant: details.variant.unwrap_or_default(),
                reason: details.reason.map(|it| it.to_string()).unwrap_or_default(),
                error_code: String::new(),
                metadata: details.flag_metadata,
            },
            Err(error) => Resolved {
                key: flag.key.clone(),
                value: flag.default.clone(),
                variant: String::new(),
                reason: "ERROR".to_owned(),
                error_code: error.code.to_string(),
                metadata: FlagMetadata::default(),
            },
        }
    }

    fn recorder(&self, name: &'static str) -> Recorder {
        Recorder {
            name,
            calls: Arc::clone(&self.calls),
        }
    }

    /// The custom fields of the user in the exposures, which is what the provider made of the
    /// merged context.
    pub(crate) async fn exposed_fields(&self) -> Vec<Json> {
        let test = self.test.as_ref().expect("a started client");
        test.statsig.flush_events().await.expect("events are sent");
        let events = test.network.events();
        events
            .iter()
            .map(|event| event["user"]["custom"].clone())
            .collect()
    }
}

fn value_of<T: Into<Value>>(
    details: Result<EvaluationDetails<T>, EvaluationError>,
) -> Result<EvaluationDetails<Value>, EvaluationError> {
    details.map(EvaluationDetails::into_value)
}
