//! What the steps of the scenarios do and expect.

use std::fmt::Debug;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use open_feature::{EvaluationContextFieldValue, FlagMetadataValue, StructValue, Value};
use serde_json::Value as Json;

use crate::gherkin::{Step, shape};
use crate::world::{Flag, World};

type Outcome = Result<(), String>;

fn expect<T: PartialEq + Debug>(found: &T, expected: &T) -> Outcome {
    if found == expected {
        Ok(())
    } else {
        Err(format!("expected {expected:?}, found {found:?}"))
    }
}

/// A value of a type, from its text.
fn value(kind: &str, text: &str) -> Result<Value, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("{text:?} as {kind}: {error}");
    Ok(match kind {
        "boolean" => Value::Bool(text.parse().map_err(|error| wrong(&error))?),
        "integer" => Value::Int(text.parse().map_err(|error| wrong(&error))?),
        "float" => Value::Float(text.parse().map_err(|error| wrong(&error))?),
        "string" => Value::String(text.to_owned()),
        _ => {
            let json: Json = serde_json::from_str(text).map_err(|error| wrong(&error))?;
            let fields = json.as_object().ok_or("expected an object")?;
            let fields = fields.iter().map(|(name, value)| {
                let value = match value {
                    Json::Bool(value) => Value::Bool(*value),
                    Json::String(text) => Value::String(text.clone()),
                    number => Value::Int(number.as_i64().expect("an integer")),
                };
                (name.clone(), value)
            });
            Value::Struct(StructValue {
                fields: fields.collect(),
            })
        }
    })
}

fn field(kind: &str, text: &str) -> Result<EvaluationContextFieldValue, String> {
    Ok(match value(&kind.to_lowercase(), text)? {
        Value::Bool(value) => value.into(),
        Value::Int(value) => value.into(),
        Value::Float(value) => value.into(),
        Value::String(text) => text.into(),
        other => return Err(format!("no field is {other:?}")),
    })
}

pub(crate) async fn run(world: &mut World<'_>, step: &Step) -> Outcome {
    let (shape, arguments) = shape(&step.text);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let Some(outcome) = given(world, &shape, &arguments, step).await {
        return outcome;
    }
    if let Some(outcome) = evaluated(world, &shape, &arguments).await {
        return outcome;
    }
    match then(world, &shape, &arguments, step).await {
        Some(outcome) => outcome,
        None => Err(format!("no code for the step {shape:?}")),
    }
}

async fn given(
    world: &mut World<'_>,
    shape: &str,
    arguments: &[&str],
    step: &Step,
) -> Option<Outcome> {
    let context = &mut world.levels.invocation;
    match (shape, arguments) {
        ("a stable provider with retrievable context is registered", _) => {
            return Some(world.provide("stable").await);
        }
        ("a client with added hook", _) => world.client_hook = true,
        ("evaluation options containing specific hooks", _) => {
            world.invocation_hooks = vec!["first", "second"];
        }
        ("an evaluation context with modifiable data", _) => {
            context.add_custom_field("plan", "gold")
        }
        ("a context containing a key {}, with type {} and with value {}", [key, kind, text]) => {
            match field(kind, text) {
                Ok(value) => context.add_custom_field(*key, value),
                Err(problem) => return Some(Err(problem)),
            }
        }
        // OpenFeature for Rust has no null. A JSON value can be one.
        ("a context containing a key {} with null value", [key]) => {
            context.add_custom_field(*key, EvaluationContextFieldValue::new_struct(Json::Null));
        }
        (
            "context contains keys {}, {}, {}, {} with values {}, {}, {}, {}",
            [k1, k2, k3, k4, v1, v2, v3, v4],
        ) => {
            for (key, value) in [(k1, v1), (k2, v2), (k3, v3), (k4, v4)] {
                context.add_custom_field(*key, *value);
            }
        }
        (
            "A context entry with key {} and value {} is added to the {} level",
            [key, value, level],
        ) => {
            return Some(add(world, level, key, value));
        }
        ("A table with levels of increasing precedence", _) => {
            world.order = step.table.concat();
        }
        (
            "Context entries for each level from API level down to the {} level, with key {} and value {}",
            [last, key, value],
        ) => {
            let levels = world.order.clone();
            let end = levels.iter().position(|level| level == last);
            for level in levels.iter().take(end.map_or(0, |end| end + 1)) {
                // Every level has a value of its own, so that the last one has to win.
                let value = if level == last { value } else { level.as_str() };
                if let Err(problem) = add(world, level, key, value) {
                    return Some(Err(problem));
                }
            }
        }
        _ => {
            if let Some(state) = shape
                .strip_prefix("a ")
                .and_then(|it| it.strip_suffix(" provider"))
            {
                return Some(world.provide(state).await);
            }
            let (kind, rest) = shape.split_once("-flag with key ")?;
            let kind = kind.strip_prefix("a ")?.to_lowercase();
            let ("{} and a fallback value {}", [key, default]) = (rest, arguments) else {
                return None;
            };
            return Some(value(&kind, default).map(|default| {
                world.flag = Some(Flag {
                    kind,
                    key: (*key).to_owned(),
                    default,
                });
            }));
        }
    }
    Some(Ok(()))
}

fn add(world: &mut World<'_>, level: &str, key: &str, value: &str) -> Outcome {
    let levels = &mut world.levels;
    let context = match level {
        "API" => &mut levels.api,
        "Client" => &mut levels.client,
        "Invocation" => &mut levels.invocation,
        "Before Hooks" => levels.before_hooks.get_or_insert_default(),
        _ => return Err(format!("no context of the level {level}")),
    };
    context.add_custom_field(key, value);
    Ok(())
}

async fn evaluated(world: &mut World<'_>, shape: &str, arguments: &[&str]) -> Option<Outcome> {
    let flag = |kind: &str, key: &str, default: &str| {
        let default = value(kind, default).expect("a default of the type");
        Flag {
            kind: kind.to_owned(),
            key: key.to_owned(),
            default,
        }
    };
    let flag = match (shape, arguments) {
        (
            "the flag was evaluated with details"
            | "the flag was evaluated with details using the evaluation options",
            _,
        ) => world.flag.clone().expect("a flag"),
        ("the flag was evaluated with details asynchronously", _) => {
            let flag = world.flag.clone().expect("a flag");
            let polled = {
                let evaluation = pin!(world.evaluate(&flag));
                evaluation.poll(&mut Context::from_waker(Waker::noop()))
            };
            return Some(match polled {
                Poll::Ready(resolved) => {
                    world.resolved = Some(resolved);
                    Ok(())
                }
                Poll::Pending => Err("the evaluation waits for something".to_owned()),
            });
        }
        ("Some flag was evaluated", _) => flag("boolean", "boolean-flag", "false"),
        ("a flag with key {} is evaluated with default value {}", [key, default]) => {
            flag("string", key, default)
        }
        (
            "a string flag with key {} is evaluated as an integer, with details and a fallback value {}",
            [key, default],
        ) => flag("integer", key, default),
        (
            "a non-existent string flag with key {} is evaluated with details and a fallback value {}",
            [key, default],
        ) => flag("string", key, default),
        (_, [key, rest @ ..]) => {
            let words = shape.strip_prefix("an ").or(shape.strip_prefix("a "))?;
            let (kind, rest_of_text) = words.split_once(" flag with key {} is evaluated with ")?;
            let rest_of_text = rest_of_text
                .strip_prefix("details and ")
                .unwrap_or(rest_of_text);
            match (rest_of_text, rest) {
                ("default value {}", [default]) => flag(kind, key, default),
                ("a null default value", []) => flag(kind, key, "{}"),
                _ => return None,
            }
        }
        _ => return None,
    };
    world.resolved = Some(world.evaluate(&flag).await);
    world.flag = Some(flag);
    Some(Ok(()))
}

async fn then(
    world: &mut World<'_>,
    shape: &str,
    arguments: &[&str],
    step: &Step,
) -> Option<Outcome> {
    if let Some(rest) = shape.strip_prefix("the resolved ")
        && let Some((kind, rest)) = rest.split_once(' ')
        && ["boolean", "string", "integer", "float", "object"].contains(&kind)
    {
        return resolved(world, kind, rest, arguments);
    }
    let text = |argument: &&str| (*argument).to_owned();
    Some(match (shape, arguments) {
        ("the resolved details value should be {}", [expected]) => {
            let kind = &world.flag.as_ref().expect("a flag").kind;
            value(kind, expected).and_then(|expected| expect(&world.resolved().value, &expected))
        }
        ("the reason should be {}", [reason]) => expect(&world.resolved().reason, &text(reason)),
        ("the variant should be {}", [variant]) => {
            expect(&world.resolved().variant, &text(variant))
        }
        ("the variant should be {}, and the reason should be {}", [variant, reason]) => {
            expect(&world.resolved().variant, &text(variant))
                .and_then(|()| expect(&world.resolved().reason, &text(reason)))
        }
        ("the flag key should be {}", [key]) => expect(&world.resolved().key, &text(key)),
        ("the error-code should be {}", [code]) => {
            expect(&world.resolved().error_code, &text(code))
        }
        (
            "the default string value should be returned"
            | "the default integer value should be returned",
            _,
        ) => {
            let default = world.flag.as_ref().expect("a flag").default.clone();
            expect(&world.resolved().value, &default)
        }
        (
            "the reason should indicate an error and the error code should indicate a missing flag with {}"
            | "the reason should indicate an error and the error code should indicate a type mismatch with {}",
            [code],
        ) => expect(&world.resolved().reason, &"ERROR".to_owned())
            .and_then(|()| expect(&world.resolved().error_code, &text(code))),
        ("the resolved flag value is {} when the context is empty", [expected]) => {
            world.levels.invocation = Default::default();
            let flag = world.flag.clone().expect("a flag");
            expect(&world.evaluate(&flag).await.value, &Value::from(*expected))
        }
        ("the provider status should be {}", [status]) => expect(&world.status(), &text(status)),
        ("the resolved metadata is empty", _) => {
            expect(&world.resolved().metadata, &Default::default())
        }
        ("the resolved metadata should contain", _) => metadata(world, &step.table),
        // The client returned after one poll.
        ("the evaluation should complete without blocking", _) => Ok(()),
        ("the original evaluation context should remain unmodified", _) => {
            let expected =
                open_feature::EvaluationContext::default().with_custom_field("plan", "gold");
            expect(&world.levels.invocation, &expected)
        }
        // The caller owns them, and nobody else has a reference.
        ("the evaluation details should be immutable", _) => Ok(()),
        ("The merged context contains an entry with key {} and value {}", [key, expected]) => {
            let fields = world.exposed_fields().await;
            let found = fields.first().and_then(|fields| fields[*key].as_str());
            expect(&found, &Some(*expected))
        }
        _ => return hooks(world, shape, arguments, step),
    })
}

fn resolved(world: &World<'_>, kind: &str, rest: &str, arguments: &[&str]) -> Option<Outcome> {
    let found = world.resolved();
    let is =
        |expected: &str| value(kind, expected).and_then(|expected| expect(&found.value, &expected));
    Some(match (rest, arguments) {
        ("value should be {}" | "response should be {}", [expected]) => is(expected),
        (
            "details value should be {}, the variant should be {}, and the reason should be {}",
            [expected, variant, reason],
        ) => is(expected)
            .and_then(|()| expect(&found.variant, &(*variant).to_owned()))
            .and_then(|()| expect(&found.reason, &(*reason).to_owned())),
        (
            "value should be contain fields {}, {}, and {}, with values {}, {} and {}, respectively"
            | "details value should be contain fields {}, {}, and {}, with values {}, {} and {}, respectively",
            [f1, f2, f3, v1, v2, v3],
        ) => {
            let expected = StructValue::default()
                .with_field(*f1, *v1 == "true")
                .with_field(*f2, *v2)
                .with_field(*f3, v3.parse::<i64>().expect("an integer"));
            expect(&found.value, &Value::Struct(expected))
        }
        _ => return None,
    })
}

fn metadata(world: &World<'_>, table: &[Vec<String>]) -> Outcome {
    for row in table.iter().skip(1) {
        let [key, kind, text] = row.as_slice() else {
            return Err(format!("no entry is {row:?}"));
        };
        let expected = match value(&kind.to_lowercase(), text)? {
            Value::Bool(value) => FlagMetadataValue::Bool(value),
            Value::Int(value) => FlagMetadataValue::Int(value),
            Value::Float(value) => FlagMetadataValue::Float(value),
            _ => FlagMetadataValue::String(text.clone()),
        };
        expect(&world.resolved().metadata.values.get(key), &Some(&expected))?;
    }
    Ok(())
}

fn hooks(world: &World<'_>, shape: &str, arguments: &[&str], step: &Step) -> Option<Outcome> {
    let calls = world.calls.lock().unwrap().clone();
    let of_stage = |stage: &str| {
        calls
            .iter()
            .filter(move |call| call.stage == stage)
            .collect::<Vec<_>>()
    };
    Some(match (shape, arguments) {
        ("the {} hook should have been executed", [stage]) => expect(&of_stage(stage).len(), &1),
        ("the specified hooks should execute during evaluation", _) => {
            let stages = ["before", "after", "finally"];
            expect(&stages.map(|stage| of_stage(stage).len()), &[2; 3])
        }
        ("the hook order should be maintained", _) => {
            let names: Vec<_> = calls.iter().map(|call| (call.stage, call.hook)).collect();
            let expected = vec![
                ("before", "first"),
                ("before", "second"),
                ("after", "second"),
                ("after", "first"),
                ("finally", "second"),
                ("finally", "first"),
            ];
            expect(&names, &expected)
        }
        ("the {} hooks should be called with evaluation details", [stages]) => {
            let check = |stage: &str| {
                let found = of_stage(stage);
                let details = found.first().and_then(|call| call.details.as_ref());
                let details = details.ok_or_else(|| format!("no call of {stage}"))?;
                for row in step.table.iter().skip(1) {
                    let [kind, key, expected] = row.as_slice() else {
                        return Err(format!("no detail is {row:?}"));
                    };
                    let text =
                        |found: Option<&str>| expect(&found.unwrap_or("null"), &expected.as_str());
                    match key.as_str() {
                        "flag_key" => text(Some(&details.flag_key)),
                        "value" => expect(&details.value, &value(kind, expected)?),
                        "variant" => text(details.variant.as_deref()),
                        "reason" => text(details.reason.as_deref()),
                        // The details of the SDK for Rust have no error code.
                        _ => text(None),
                    }?;
                }
                Ok(())
            };
            stages.split(", ").try_for_each(check)
        }
        _ => return None,
    })
}
