use statsig::StatsigParams;

#[derive(StatsigParams)]
struct Bundle {
    #[statsig(gate = "a_gate")]
    gate: bool,
    #[statsig(gate = "a_gate", default)]
    no_bool: u8,
    #[statsig(gate = "b_gate", rename = "b")]
    renamed: bool,
    #[statsig(layer = "a_layer", config = "a_config")]
    two: Option<u8>,
    homeless: Option<u8>,
}

#[derive(StatsigParams)]
#[statsig(layer = "a_layer")]
struct Policies {
    #[statsig(expose = "read")]
    read: Option<u8>,
    #[statsig(expose = "never")]
    never: Option<u8>,
}

#[derive(StatsigParams)]
#[statsig(embedded, layer = "a_layer", expose = "load")]
struct Contradictory {
    #[statsig(gate = "a_gate")]
    gate: bool,
}

#[derive(StatsigParams)]
#[statsig(gate = "a_gate")]
struct GateOfStruct {
    a: Option<u8>,
}

fn main() {
    let _ = (Bundle::defaults(), Policies::defaults(), Contradictory::defaults(), GateOfStruct::defaults());
}
