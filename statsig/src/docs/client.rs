// Included by doctests, as hidden lines: a client with small specs, without network.
{
    const SPECS: &str = r#"{
        "has_updates": true, "time": 1790000000000, "experiment_to_layer": {},
        "feature_gates": {
            "a_gate": {"type": "feature_gate", "entity": "feature_gate", "salt": "a", "enabled": true, "idType": "userID",
                "defaultValue": false, "rules": [{"name": "all", "id": "all", "passPercentage": 100, "returnValue": true,
                "conditions": ["everyone"], "idType": "userID"}]}},
        "dynamic_configs": {
            "a_config": {"type": "dynamic_config", "entity": "dynamic_config", "salt": "b", "enabled": true, "idType": "userID",
                "defaultValue": {"limit": 25}, "rules": []},
            "an_experiment": {"type": "dynamic_config", "entity": "experiment", "salt": "d", "enabled": true, "idType": "userID",
                "isActive": true, "defaultValue": {}, "rules": [{"name": "control", "id": "control", "passPercentage": 100,
                "returnValue": {"color": "grey"}, "conditions": ["everyone"], "idType": "userID", "groupName": "Control",
                "isExperimentGroup": true}]}},
        "layer_configs": {
            "a_layer": {"type": "dynamic_config", "entity": "layer", "salt": "c", "enabled": true, "idType": "userID",
                "defaultValue": {"title": "Hello"}, "rules": []}},
        "condition_map": {"everyone": {"type": "public", "idType": "userID"}},
        "param_stores": {"a_store": {"parameters": {
            "color": {"ref_type": "static", "param_type": "string", "value": "red"}}}}
    }"#;
    let options = statsig::StatsigOptions::builder()
        .specs_adapter(std::sync::Arc::new(statsig::BootstrapSpecs::new(SPECS)))
        .disable_network(true)
        .build()
        .expect("valid options");
    let statsig = statsig::Statsig::new("secret-docs", options);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(statsig.initialize()).expect("valid specs");
    std::mem::forget(runtime);
    statsig
}
