use statsig::StatsigParams;

#[derive(StatsigParams)]
#[statsig(layer = "a", open_feature)]
struct WithoutThePackage {
    a: Option<u8>,
}

#[derive(StatsigParams)]
#[statsig(layer = "a", open_feature = 5)]
struct WrongPath {
    a: Option<u8>,
}

#[derive(StatsigParams)]
#[statsig(layer = "a", openfeature)]
struct Misspelt {
    a: Option<u8>,
}

#[derive(StatsigParams)]
#[statsig(embedded, open_feature = statsig)]
struct Embedded {
    a: Option<u8>,
}

#[derive(StatsigParams)]
#[statsig(layer = "a", open_feature = statsig)]
struct SeveralFlags {
    a: Option<u8>,
    #[statsig(gate = "b", default = false)]
    b: bool,
    #[statsig(open_feature)]
    c: Option<u8>,
}

fn main() {}
