//! The trait that the derive implements.

use super::exposure_state::ExposureState;
use super::reader::ParamReader;
use super::schema::Schema;
use super::writer::ParamWriter;

/// A struct whose fields are parameters of one layer, parameter store, experiment or dynamic
/// config.
///
/// Derive it; see the [derive macro] for the attributes. By hand it takes a constant and a function
/// that reads the fields in the order of the constant, and three lines that say that the struct is
/// its own view:
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
    /// What a [`Typed`](super::Typed) of this struct derefs to: the struct itself, or with `expose
    /// = "read"` the generated view.
    type View: Send + Sync + 'static;

    /// The source and the parameters.
    const SCHEMA: &'static Schema;

    /// Decodes each field, or takes its default. The indices given to the reader are those of
    /// [`SCHEMA`](Self::SCHEMA).
    fn read(reader: &mut ParamReader<'_>) -> Self;

    /// Hands out the value of each field as JSON. Without it, overrides and reports of defaults do
    /// without the values.
    fn write(&self, _writer: &mut ParamWriter) {}

    /// Every field at its default, as if nothing was served.
    #[must_use]
    fn defaults() -> Self {
        Self::read(&mut ParamReader::unserved(Self::SCHEMA))
    }

    /// Wraps the struct into its view.
    #[doc(hidden)]
    fn into_view(self, exposures: &ExposureState) -> Self::View;

    /// Takes the struct out of its view, without exposing.
    #[doc(hidden)]
    fn from_view(view: Self::View) -> Self;

    /// Looks through the view, without exposing.
    #[doc(hidden)]
    fn peek(view: &Self::View) -> &Self;
}
