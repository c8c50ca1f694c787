#!/usr/bin/env bash
# Instructions a call, of all threads together: the difference of two callgrind runs that make a different number of calls, so
# that whatever both do (start, specs, users) cancels out. Each side is built without the other, whose features would change
# its dependencies. Valgrind has no SHA-NI: what hashes costs more instructions here than on most machines.
#
#     ./count.sh CASE [ours|peer|both] [FEWER MORE]      names: cargo run --release -- --list
#
# SPECS=FILE measures with other specs.
set -euo pipefail
cd "$(dirname "$0")"

case_name=${1:?"usage: ./count.sh CASE [ours|peer|both] [FEWER MORE]"}
sides=${2:-both}
fewer=${3:-4000}
more=${4:-16000}
target=${CARGO_TARGET_DIR:-target}
specs=${SPECS:+--specs "$SPECS"}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

folder() { # side
    if [ "$1" = ours ]; then echo "$target"; else echo "$target/$1"; fi
}

build() { # side
    cargo build --quiet --release --no-default-features --features "$1" --bin side --target-dir "$(folder "$1")" 2>"$log" \
        || { cat "$log" >&2; exit 1; }
}

instructions() { # side, calls
    local out
    out=$(mktemp -d)
    # shellcheck disable=SC2086
    valgrind --tool=callgrind --callgrind-out-file="$out/profile" "$(folder "$1")/release/side" "$case_name" $specs \
        --iterations "$2" --pool "$more" >"$out/log" 2>&1 || { cat "$out/log" >&2; exit 1; }
    awk '/^summary:|^totals:/ {print $2; exit}' "$out/profile"
    rm -rf "$out"
}

for side in ours peer; do
    [ "$sides" = both ] || [ "$sides" = "$side" ] || continue
    build "$side"
    low=$(instructions "$side" "$fewer")
    high=$(instructions "$side" "$more")
    echo "$case_name $side $(((high - low) / (more - fewer)))"
done
