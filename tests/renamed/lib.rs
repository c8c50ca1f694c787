//! Derives in a package that renames `statsig`: they find it without an attribute.

#[cfg(test)]
mod tests {
    use feature_flags::testing::OfflineClient;
    use feature_flags::typed::registered_schemas;
    use feature_flags::{ParamEnum, StatsigParams, StatsigUser};

    #[derive(Debug, PartialEq, Default, ParamEnum)]
    #[statsig(rename_all = "snake_case")]
    enum Tone {
        #[default]
        Friendly,
    }

    #[derive(Debug, StatsigParams)]
    #[statsig(layer = "renamed", open_feature)]
    struct Renamed {
        #[statsig(default = "Welcome")]
        title: String,
        #[statsig(default)]
        tone: Tone,
    }

    #[test]
    fn the_renamed_provider_of_openfeature_is_found() {
        let value = flags_api::StructValue::default().with_field("title", "Hello");
        assert_eq!(Renamed::try_from(value).unwrap().title, "Hello");
    }

    #[test]
    fn a_renamed_package_is_found() {
        let client = OfflineClient::without_specs(None);
        let promo = client.get_typed::<Renamed>(&StatsigUser::with_user_id("a-user"));
        assert_eq!((&*promo.title, &promo.tone), ("Welcome", &Tone::Friendly));
        let mut registered = registered_schemas();
        assert!(registered.any(|schema| schema.struct_name == "Renamed"));
    }
}
