use statsig::ParamEnum;

#[derive(ParamEnum)]
#[statsig(rename_all = "snakecase", rename = "x")]
enum Tone {
    Friendly,
    #[statsig(other, rename = "x")]
    Formal,
    #[statsig(other)]
    Second,
    Data(u8),
    #[statsig(alias = "Friendly")]
    Taken,
    #[statsig(renam = "x")]
    Typo,
}

#[derive(ParamEnum)]
struct NotAnEnum;

#[derive(ParamEnum)]
enum Empty {}

fn main() {}
