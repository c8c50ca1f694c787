//! The trait that the derive macro implements.

use super::exposure_state::ExposureState;
use super::reader::ParamReader;
use super::schema::Schema;
use super::writer::ParamWriter;

/// A struct whose fields are parameters of one layer, parameter store, experiment or dynamic
/// config.
///
/// Derive it; see the [derive macro] for the attributes. A manual implementation needs a constant,
/// a function that reads the fields in the order of the constant, and three lines that make the
/// struct its own view:
///
/// ```
/// use statsig::typed::{
///     ExposureState, FromParam, ParamReader, ParamSchema, Schema, ParamSource, StatsigParams,
/// };
///
/// #[derive(Debug)]
/// struct Promo {
///     title: String,
///     discount: f64,
/// }
///
/// impl StatsigParams for Promo {
///     type View = Self;
///
///     const SCHEMA: &'static Schema = &Schema::new(
///         "Promo",
///         &[
///             ParamSchema::of::<String>("title", "title").with_default(),
///             ParamSchema::of::<f64>("discount", "discount").with_default(),
///         ],
///     )
///     .source(ParamSource::layer("user_promo_experiments"));
///
///     fn read(reader: &mut ParamReader<'_>) -> Self {
///         Self {
///             title: reader.field(0, String::from_param, || "Welcome!".to_owned()),
///             discount: reader.field(1, f64::from_param, || 0.1),
///         }
///     }
///
///     fn into_view(self, _exposures: &ExposureState) -> Self {
///         self
///     }
///
///     fn from_view(view: Self) -> Self {
///         view
///     }
///
///     fn peek(view: &Self) -> &Self {
///         view
///     }
/// }
///
/// assert_eq!(Promo::defaults().title, "Welcome!");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a struct of Statsig parameters",
    label = "not a struct of Statsig parameters",
    note = "add `#[derive(StatsigParams)]` and `#[statsig(layer = \"…\")]` (or `param_store`, `experiment`, `config`) to it"
)]
pub trait StatsigParams: Sized + Send + Sync + 'static {
    /// The deref target of a [`Typed`](super::Typed) of this struct: the struct itself, or with
    /// `expose = "read"` the generated view.
    type View: Send + Sync + 'static;

    /// The source and the parameters.
    const SCHEMA: &'static Schema;

    /// Decodes each field, or takes its default. The reader's indices are those of
    /// [`SCHEMA`](Self::SCHEMA).
    fn read(reader: &mut ParamReader<'_>) -> Self;

    /// Writes the value of each field as JSON. By default, it writes nothing, and overrides and
    /// reports of defaults do not contain the values.
    fn write(&self, _writer: &mut ParamWriter) {}

    /// The struct with the default of every field, as if nothing was served.
    #[must_use]
    fn defaults() -> Self {
        Self::read(&mut ParamReader::unserved(Self::SCHEMA))
    }

    /// Wraps the struct in its view.
    #[doc(hidden)]
    fn into_view(self, exposures: &ExposureState) -> Self::View;

    /// Unwraps the struct from its view, without exposures.
    #[doc(hidden)]
    fn from_view(view: Self::View) -> Self;

    /// Returns the struct in the view, without exposures.
    #[doc(hidden)]
    fn peek(view: &Self::View) -> &Self;
}
