use statsig::StatsigParams;

#[derive(StatsigParams)]
#[statsig(layer = "promos")]
struct Generic<T, U: From<u8> + From<&'static str>> {
    #[statsig(default = 1)]
    number: T,
    #[statsig(default = "text")]
    text: Option<T>,
    #[statsig(default = 60 * 60)]
    product: U,
    #[statsig(default = "from")]
    converted: U,
    #[statsig(default = "text")]
    concrete: String,
}

fn main() {}
