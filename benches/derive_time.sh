#!/usr/bin/env bash
# How long it takes to compile derived structs: `./derive_time.sh [COUNT]`, 200 by default, of eight fields each.
# Prints the seconds of `cargo check` and `cargo build` for a crate of them, and for the same structs without the derive.
set -euo pipefail
cd "$(dirname "$0")"
count=${1:-200}
crate=target/derive_time
mkdir -p "$crate/src"

cat > "$crate/Cargo.toml" <<TOML
[package]
name = "derive-time"
version = "0.0.0"
edition = "2024"

[features]
derive = []

[dependencies]
statsig = { package = "statsig-actors", path = "../../../statsig" }

[workspace]
TOML
cp Cargo.lock "$crate/"

{
  echo '#![allow(unused)]'
  for number in $(seq "$count"); do
    cat <<RUST
#[cfg_attr(feature = "derive", derive(statsig::StatsigParams), statsig(layer = "layer_$number"))]
pub struct Params$number {
    #[cfg_attr(feature = "derive", statsig(default = "Welcome"))]
    pub title: String,
    #[cfg_attr(feature = "derive", statsig(default = 0.1, range = 0.0..=0.9))]
    pub discount: f64,
    #[cfg_attr(feature = "derive", statsig(default = 10))]
    pub limit: u32,
    #[cfg_attr(feature = "derive", statsig(default))]
    pub enabled: bool,
    pub call_to_action: Option<String>,
    #[cfg_attr(feature = "derive", statsig(default))]
    pub countries: Vec<String>,
    #[cfg_attr(feature = "derive", statsig(default = "red", one_of = ["red", "blue"]))]
    pub color: String,
    #[cfg_attr(feature = "derive", statsig(default = 1_500, unit = "ms"))]
    pub delay: std::time::Duration,
}

#[cfg(feature = "derive")]
pub fn load$number(statsig: &statsig::Statsig, user: &statsig::StatsigUser) -> statsig::Typed<Params$number> {
    statsig.get_typed(user)
}
RUST
  done
} > "$crate/src/lib.rs"

for command in check build; do
  for features in "" derive; do
    (cd "$crate" && cargo "$command" --quiet --features "$features" && touch src/lib.rs)
    began=$(date +%s%N)
    (cd "$crate" && cargo "$command" --quiet --features "$features")
    ended=$(date +%s%N)
    echo "cargo $command, $count structs, ${features:-no derive}: $(((ended - began) / 1000000)) ms"
  done
done
