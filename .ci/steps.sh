# Steps of a run, and the tools that more than one run needs, for the scripts beside this file, which source it from the root of the repository.
#
# A step that fails does not keep the others from running; one is enough for the run to fail. The last line counts the steps.

# What is installed privately. It is kept from run to run.
TOOLS=${SOCKLESS_TOOLS:-$HOME/.cache/sockless-ci}
CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")
export PATH=$TOOLS/bin:$PATH
export CARGO_TARGET_DIR CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never DEBIAN_FRONTEND=noninteractive
# Two thirds of what the tests take on disk would be for a debugger. A panic names its line without it.
export CARGO_PROFILE_DEV_DEBUG=none

# The functions of the steps that are to run; without any, all of them do.
only=()
passed=0
failed=()

step() { # HEADING COMMAND…
    local heading=$1 from=$SECONDS status
    shift
    if [ "${#only[@]}" -gt 0 ] && [[ " ${only[*]} " != *" $1 "* ]]; then
        return
    fi
    printf '\n══ %s\n' "$heading"
    # In a condition, bash would not stop a step at its first error.
    set +e
    (
        set -e
        "$@"
    ) < /dev/null 2>&1
    status=$?
    set -e
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
        printf '── passed in %s s\n' "$((SECONDS - from))"
    else
        failed+=("$heading")
        printf '── FAILED with status %s in %s s\n' "$status" "$((SECONDS - from))"
    fi
}

# A full disk shows as whatever fails to be written first: a linker that is killed, a database that is damaged. What an earlier run has
# built need not be built again; but there is no more of that than a run builds, and what else lies there is old.
room() { # MEGABYTES TO BUILD, MEGABYTES TO SPARE
    local free built missing
    mkdir -p "$CARGO_TARGET_DIR"
    free=$(df --output=avail --block-size=1M "$CARGO_TARGET_DIR" | tail -n 1)
    # Another build may take files away meanwhile.
    built=$(du --summarize --block-size=1M "$CARGO_TARGET_DIR" 2> /dev/null | cut -f 1) || true
    missing=$((built < $1 ? $1 - built : 0))
    echo "$missing of $1 MB are not built yet, and $2 are to spare; $((free)) are free"
    if [ "$((free))" -lt "$((missing + $2))" ]; then
        echo "that is too little"
        return 1
    fi
}

# For a step without which no other one makes sense.
or_stop() {
    if [ "${#failed[@]}" -gt 0 ]; then
        report
        exit 1
    fi
}

report() {
    printf '\n'
    for heading in "${failed[@]}"; do
        printf 'failed: %s\n' "$heading"
    done
    printf '%s passed, %s failed\n' "$passed" "${#failed[@]}"
    # A name that no step has is no success.
    [ "$passed" -gt 0 ] && [ "${#failed[@]}" -eq 0 ]
}

RUST_1_85=$TOOLS/rust-1.85
# All features but `simd`, which needs Rust 1.89.
ALL_ON_1_85=deflate,getrandom,http

# Left half-way by a run that was stopped, it is made anew.
install_rust_1_85() {
    if [ ! -e "$RUST_1_85/complete" ] || [ ! -e "$RUST_1_85/rustdoc" ] || [ ! -e /usr/lib/gcc/x86_64-linux-gnu/12/32/libgcc.a ]; then
        rm -rf "$RUST_1_85"
        .ci/install_rust_1_85.sh "$RUST_1_85"
        touch "$RUST_1_85/complete"
    fi
}

on_rust_1_85() {
    RUSTC=$RUST_1_85/rustc RUSTDOC=$RUST_1_85/rustdoc CARGO_TARGET_DIR=$CARGO_TARGET_DIR/rust-1.85 "$@"
}

# Left half-way by a run that was stopped, it is made anew.
install_autobahn() {
    if [ ! -e "$TOOLS/autobahn/complete" ]; then
        rm -rf "$TOOLS/autobahn"
        .ci/install_autobahn.sh "$TOOLS/autobahn"
        touch "$TOOLS/autobahn/complete"
    fi
}

has_nightly() {
    cargo +nightly --version > /dev/null 2>&1
}

install_cargo_fuzz() {
    if ! command -v cargo-fuzz > /dev/null; then
        cargo install --quiet --locked --root "$TOOLS" cargo-fuzz
    fi
}

# Runs fuzz targets, two at a time; that one fails does not keep the others from running.
fuzz_each() { # LINES OF TARGET SECONDS [ARGUMENTS OF cargo fuzz]…
    [ -n "$1" ]
    xargs -P 2 -L 1 .ci/fuzz <<< "$1"
}
