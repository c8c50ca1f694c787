//! Loading a struct from its source.

use super::handle::Typed;
use super::lease::ExposureLease;
use super::marks::Marks;
use super::params::StatsigParams;
use super::reader::{Misfit, ParamReader};
use super::report::{MismatchLog, ParamsError, check, mismatches};
use super::source::ParamSource;

/// Loads a struct. What does not fit takes its default and goes to the log.
pub(crate) fn load<P, S>(source: S, log: &MismatchLog) -> Typed<P>
where
    P: StatsigParams,
    S: ParamSource + 'static,
{
    let (params, served, misfits) = read::<P>(&source);
    if !misfits.is_empty() {
        log.report(&mismatches(P::SCHEMA, &source, misfits));
    }
    Typed::new(params, ExposureLease::new(P::SCHEMA, served, source))
}

/// Loads a struct, unless its source is unknown or a served value does not fit; nothing is exposed then.
pub(crate) fn try_load<P, S>(source: S) -> Result<Typed<P>, ParamsError>
where
    P: StatsigParams,
    S: ParamSource + 'static,
{
    let (params, served, misfits) = read::<P>(&source);
    check(P::SCHEMA, &source, misfits)?;
    Ok(Typed::new(
        params,
        ExposureLease::new(P::SCHEMA, served, source),
    ))
}

fn read<P: StatsigParams>(source: &dyn ParamSource) -> (P, Marks, Vec<Misfit>) {
    let mut reader = ParamReader::new(P::SCHEMA, source);
    let params = P::read(&mut reader);
    let (served, misfits) = reader.finish();
    (params, served, misfits)
}
