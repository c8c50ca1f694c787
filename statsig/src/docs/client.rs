// Included by doctests, as hidden lines: a client with small specs, without network.
{
    const SPECS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/specs.json"));
    let options = statsig::StatsigOptions::builder()
        .specs_adapter(std::sync::Arc::new(statsig::sources::BootstrapSpecs::new(SPECS)))
        .disable_network(true)
        .build()
        .expect("valid options");
    #[allow(unused_qualifications, reason = "some includers have imported it")]
    let statsig = statsig::Statsig::new("secret-docs", options);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(statsig.initialize()).expect("valid specs");
    std::mem::forget(runtime);
    statsig
}
