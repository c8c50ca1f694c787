//! The client initialize response: all evaluations for one user, in the JSON format that client
//! SDKs start with.
//!
//! This module is pure: `(snapshot, user, options, now) -> JSON`. It first evaluates all entities,
//! because one failed evaluation makes the response blank. It then writes the JSON directly from
//! the evaluations. It logs no exposures.

mod about_user;
mod checksum;
mod compact;
mod evaluated;
mod exposures;
mod full;
mod json;
mod names;
mod options;
mod param_stores;
mod response;
mod selection;
mod session;
#[cfg(test)]
mod tests;
mod values;

use self::about_user::{EvaluatedKeys, private_attributes_hash};
use self::checksum::checksum_of;
use self::compact::Compact;
use self::evaluated::Evaluated;
use self::exposures::{ExposureTable, Keys};
use self::full::Full;
use self::json::Json;
use self::names::Names;
pub use self::options::{
    ClientInitResponseFormat, ClientInitResponseOptions, UnknownResponseFormat,
};
use self::param_stores::ParamStores;
use self::response::{Content, Empty, Frame, SdkInfo};
use self::selection::{Selection, selected_app};
use self::session::SessionRecording;
use self::values::ValueTable;
use crate::evaluation::{EvaluationContext, Series};
use crate::overrides::OverrideAdapter;
use crate::specs::snapshot::Snapshot;
use crate::user::StatsigUser;
use crate::user::logged::LoggedUser;

/// The inputs of a response.
#[derive(Debug, Clone, Copy)]
pub struct ClientInit<'a> {
    /// The specs.
    pub snapshot: &'a Snapshot,
    /// The user who gets the response.
    pub user: &'a StatsigUser,
    /// What the response contains.
    pub options: &'a ClientInitResponseOptions,
    /// Epoch milliseconds.
    pub now_ms: u64,
    /// The seed for random draws: of bandits, and of recorded sessions.
    pub seed: u64,
    /// The overrides. Used only if the options include them.
    pub overrides: Option<&'a dyn OverrideAdapter>,
    /// The client's session.
    pub session_id: &'a str,
}

impl<'a> ClientInit<'a> {
    /// The response as JSON.
    #[must_use]
    pub fn respond(&self) -> String {
        let Some((evaluated, content)) = self.content() else {
            return self.blank();
        };
        let rendered = &self.snapshot.specs.rendered;
        let mut json = Json::with_capacity(rendered.expected_bytes());
        json.open();
        self.write_entities(&mut json, &evaluated);
        let mut frame = self.frame();
        if let Some(previous) = self.options.previous_response_hash.as_ref()
            && self.is_v1()
        {
            let full_checksum = checksum_of(json.as_str(), &content);
            if full_checksum == *previous {
                return self.no_updates();
            }
            frame.full_checksum = Some(full_checksum);
        }
        json.entries_of(&content);
        json.entries_of(&frame);
        json.close();
        let json = json.finish();
        rendered.note_bytes(json.len());
        json
    }

    /// `None` without specs, or if a limit stops an evaluation.
    fn content(&self) -> Option<(Evaluated, Content<'a>)> {
        let Self {
            snapshot, options, ..
        } = *self;
        if !snapshot.has_specs() {
            return None;
        }
        let specs = &*snapshot.specs;
        let app = selected_app(specs, options);
        let selection = Selection::new(options, app.as_deref());
        let overrides = self.overrides.filter(|_| options.include_local_overrides);
        let mut draws = fastrand::Rng::with_seed(self.seed);
        let forced = snapshot.request_overrides.as_deref();
        let scope = EvaluationContext {
            app_id: app.as_deref(),
            forced: forced.filter(|_| options.include_local_overrides),
            ..EvaluationContext::of(snapshot, self.now_ms, draws.u64(..)).with_overrides(overrides)
        };
        let mut series = Series::new(scope, self.user);
        let evaluated = Evaluated::new(specs, &selection, &mut series)?;
        let names = self.names();
        let session_recording =
            specs.for_clients.session_replay.as_ref().map(|replay| {
                SessionRecording::new(specs, replay, names, &mut series, draws.f64())
            });
        let content = Content {
            param_stores: ParamStores::new(names, &selection),
            evaluated_keys: EvaluatedKeys(Some(self.user)),
            session_recording,
        };
        Some((evaluated, content))
    }

    fn write_entities(&self, json: &mut Json, evaluated: &Evaluated) {
        let names = self.names();
        let options = self.options;
        let full = |exposures| Full {
            names,
            options,
            exposures,
        };
        match options.response_format {
            ClientInitResponseFormat::V1 => full(None).write(json, evaluated),
            ClientInitResponseFormat::V2 => {
                let exposures = ExposureTable::new(names, Keys::ByContent, evaluated);
                full(Some(&exposures)).write(json, evaluated);
            }
            ClientInitResponseFormat::InitV2 => {
                let compact = Compact {
                    names,
                    options,
                    exposures: &ExposureTable::new(names, Keys::Numbered, evaluated),
                    values: &ValueTable::new(names.specs, evaluated),
                };
                compact.write(json, evaluated);
            }
        }
    }

    /// The response without content. Clients keep their data.
    fn blank(&self) -> String {
        let whole = self.frame();
        self.without_content(&Frame {
            pa_hash: whole.pa_hash.filter(|_| self.is_v1()),
            user: whole.user,
            sdk_info: whole.sdk_info,
            ..Frame::default()
        })
    }

    /// The response for a client that is up to date.
    fn no_updates(&self) -> String {
        self.without_content(&Frame::default())
    }

    fn without_content(&self, frame: &Frame<'_>) -> String {
        let mut json = Json::default();
        json.open();
        self.write_entities(&mut json, &Evaluated::default());
        json.entries_of(&Content {
            param_stores: ParamStores::none(self.names()),
            evaluated_keys: EvaluatedKeys(None),
            session_recording: None,
        });
        json.entries_of(frame);
        json.close();
        json.finish()
    }

    fn is_v1(&self) -> bool {
        self.options.response_format == ClientInitResponseFormat::V1
    }

    fn names(&self) -> Names<'a> {
        Names {
            specs: &self.snapshot.specs,
            algorithm: self.options.hash_algorithm,
        }
    }

    fn frame(&self) -> Frame<'a> {
        Frame {
            time: self.snapshot.specs.time,
            has_updates: true,
            hash_used: self.options.hash_algorithm.as_str(),
            user: Some(LoggedUser {
                user: self.user,
                tier: self.snapshot.tier_text(),
                global_custom_fields: &self.snapshot.global_custom_fields,
            }),
            sdk_params: Empty {},
            sdk_info: Some(SdkInfo::new(self.session_id)),
            pa_hash: private_attributes_hash(self.user),
            full_checksum: None,
        }
    }
}
