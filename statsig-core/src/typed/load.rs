//! Loads a struct from its source.

use serde_json::{Map, Value};

use super::bit_set::BitSet;
use super::exposure_state::ExposureState;
use super::handle::Typed;
use super::misfit::Misfit;
use super::params::StatsigParams;
use super::reader::{Inside, ParamReader};
use super::report::{ParamProblem, ParamsError, problems, unknown_sources};
use super::served::ServedParams;

/// Loads a struct. A field takes its default if its value does not fit, and the problem is
/// reported.
pub fn load<P, S>(source: S, report: impl FnOnce(&[ParamProblem])) -> Typed<P>
where
    P: StatsigParams,
    S: ServedParams + 'static,
{
    let (params, served, misfits) = read::<P>(&source);
    if !misfits.is_empty() || P::SCHEMA.id_type.is_some() {
        report(&problems(P::SCHEMA, &source, misfits));
    }
    Typed::new(params, ExposureState::new(P::SCHEMA, served, source))
}

/// Loads a struct. Fails if its source is unknown, if the user lacks the required ID, or if a
/// served value does not fit. A failed load exposes nothing.
pub fn try_load<P, S>(source: S) -> Result<Typed<P>, ParamsError>
where
    P: StatsigParams,
    S: ServedParams + 'static,
{
    let (params, served, misfits) = read::<P>(&source);
    let mut found = unknown_sources(P::SCHEMA, &source);
    found.extend(problems(P::SCHEMA, &source, misfits));
    ParamsError::unless_none(found)?;
    let exposures = ExposureState::new(P::SCHEMA, served, source);
    Ok(Typed::new(params, exposures))
}

/// Reads a struct from its parameters. Fails if a value does not fit. Exposes nothing.
pub fn from_object<P: StatsigParams>(object: &Map<String, Value>) -> Result<P, ParamsError> {
    let source = Inside(object);
    let (params, _, misfits) = read::<P>(&source);
    ParamsError::unless_none(problems(P::SCHEMA, &source, misfits))?;
    Ok(params)
}

fn read<P: StatsigParams>(source: &dyn ServedParams) -> (P, BitSet, Vec<Misfit>) {
    const {
        assert!(
            P::SCHEMA.has_sources(),
            "this struct is only a part of others: it has no source to be loaded from"
        );
    }
    let mut reader = ParamReader::new(P::SCHEMA, source);
    let params = P::read(&mut reader);
    (params, reader.served, reader.misfits)
}
