#[automatically_derived]
#[allow(deprecated, clippy::unnecessary_cast, clippy::useless_conversion)]
impl ::statsig::typed::StatsigParams for Promo {
    type View = Self;
    const SCHEMA: &'static ::statsig::typed::Schema = &::statsig::typed::Schema::new(
            "Promo",
            &[
                <String as ::statsig::typed::FromParam>::PARAM
                    .called("title", "title")
                    .with_default(),
                <f64 as ::statsig::typed::FromParam>::PARAM
                    .called("discount", "discount")
                    .with_default(),
                <String as ::statsig::typed::FromParam>::PARAM
                    .called("call_to_action", "call_to_action")
                    .with_default(),
            ],
        )
        .source(::statsig::typed::ParamSource::layer("user_promo_experiments"))
        .defaults(::statsig::typed::default_values::<Self>);
    fn read(reader: &mut ::statsig::typed::ParamReader<'_>) -> Self {
        Self {
            title: reader
                .field(
                    0,
                    <String as ::statsig::typed::FromParam>::from_param,
                    || <String as ::core::convert::From<
                        &'static ::core::primitive::str,
                    >>::from("Welcome"),
                ),
            discount: reader
                .field(1, <f64 as ::statsig::typed::FromParam>::from_param, || 0.0),
            call_to_action: reader
                .field(
                    2,
                    <String as ::statsig::typed::FromParam>::from_param,
                    || <String as ::core::convert::From<
                        &'static ::core::primitive::str,
                    >>::from("Browse"),
                ),
        }
    }
    fn write(&self, writer: &mut ::statsig::typed::ParamWriter) {
        writer.field(0, <String as ::statsig::typed::FromParam>::to_param(&self.title));
        writer.field(1, <f64 as ::statsig::typed::FromParam>::to_param(&self.discount));
        writer
            .field(
                2,
                <String as ::statsig::typed::FromParam>::to_param(&self.call_to_action),
            );
    }
    fn into_view(self, _exposures: &::statsig::typed::ExposureState) -> Self {
        self
    }
    fn from_view(view: Self) -> Self {
        view
    }
    fn peek(view: &Self) -> &Self {
        view
    }
}
::statsig::__register_params!(Promo);
