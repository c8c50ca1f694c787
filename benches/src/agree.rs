//! Both sides must give the same answers before it makes sense to compare how fast they are.

use crate::cases::Sides;

/// Users whose answers are compared.
#[cfg(feature = "peer")]
const USERS: usize = 200;

/// Compares the answers of both sides for all entities that the cases use.
///
/// # Errors
/// Says which answers differ.
#[cfg(not(feature = "peer"))]
pub fn check(_: &Sides) -> Result<(), String> {
    Ok(())
}

/// Compares the answers of both sides for all entities that the cases use.
///
/// # Errors
/// Says which answers differ.
#[cfg(feature = "peer")]
pub fn check(sides: &Sides) -> Result<(), String> {
    use serde_json::json;

    use crate::{ours, peer};

    let (ours, peer, roles) = (&sides.ours.client, &sides.peer.client, &sides.roles);
    for id in (0..USERS).map(|number| format!("user-{number}")) {
        let (our_user, peer_user) = (ours::user(id.clone()), peer::user(id.clone()));
        let same = |name: &str, ours: serde_json::Value, peer: serde_json::Value| {
            if ours == peer {
                Ok(())
            } else {
                Err(format!("{name} for {id}: we say {ours}, the peer {peer}"))
            }
        };
        for gate in [roles.public_gate, roles.percentage_gate, roles.nested_gate] {
            let Some(gate) = gate else { continue };
            let a = ours.get_feature_gate(&our_user, gate);
            let b = peer.get_feature_gate(&peer_user, gate);
            same(
                gate,
                json!([a.value, &*a.rule_id, a.details.reason.to_string()]),
                json!([b.value, b.rule_id, b.details.reason]),
            )?;
        }
        for config in [roles.config, roles.large_config] {
            let Some(config) = config else { continue };
            let a = ours.get_dynamic_config(&our_user, config);
            let b = peer.get_dynamic_config(&peer_user, config);
            same(
                config,
                json!([a.value(), &*a.rule_id]),
                json!([b.value, b.rule_id]),
            )?;
        }
        for experiment in [roles.experiment, roles.large_experiment] {
            let Some(experiment) = experiment else {
                continue;
            };
            let a = ours.get_experiment(&our_user, experiment);
            let b = peer.get_experiment(&peer_user, experiment);
            same(
                experiment,
                json!([a.value(), &*a.rule_id, a.group_name.as_deref()]),
                json!([b.value, b.rule_id, b.group_name]),
            )?;
        }
        if let Some((layer, parameter)) = roles.layer {
            let a = ours.get_layer(&our_user, layer);
            let b = peer.get_layer(&peer_user, layer);
            same(
                layer,
                json!([a.get_string(parameter, ""), &*a.rule_id]),
                json!([b.get_string(parameter, String::new()), b.rule_id]),
            )?;
        }
    }
    Ok(())
}
