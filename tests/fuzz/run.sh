#!/bin/bash
# Fuzzes every tests/fuzz/fuzz_*.c for SECONDS each: clang's libFuzzer with ASan and UBSan, started
# from tests/fuzz/seeds/<name>. Inputs found are kept under build/fuzz/corpus for the next run.
#
#   tests/fuzz/run.sh [SECONDS [NAME...]]
#
# A target's first line may say what it needs: /* fuzz: links watch, max_len 80 */
# What several targets share is in tests/fuzz/*support*.c.
# BUILD is the Makefile's (build).
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-10}
shift || true
build=${BUILD:-build}/fuzz
san=fuzzer-no-link,address,undefined
cflags='-O1 -g'
case $seconds in '' | *[!0-9]*) echo "fuzz: SECONDS must be a number, not \"$seconds\"" >&2; exit 2 ;; esac

# Objects are made by the Makefile's own rules, with its warnings, in a build directory of their own.
compile() {
    make -s --no-print-directory -j2 BUILD="$build" CC=clang SAN=$san CFLAGS="$cflags" "$@"
}

# The value of a word in the first line's comment, empty when it is not there.
directive() {
    sed -n "1s|^/\* fuzz:.*$2 \([a-z0-9]*\).*|\1|p" "$1"
}

# The libraries that a folder stands for, beside model.
parts_of() {
    case $1 in
    sched) echo sched policy ;;
    *) echo "$1" ;;
    esac
}

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
    for source in tests/fuzz/fuzz_*.c; do
        name=$(basename "$source" .c)
        names+=("${name#fuzz_}")
    done
fi
supports=()
for source in tests/fuzz/*support*.c; do
    if [ -e "$source" ]; then supports+=("$build/obj/${source%.c}.o"); fi
done
wanted=("$build/libmodel.a" "${supports[@]}")
for name in "${names[@]}"; do
    [ -e "tests/fuzz/fuzz_$name.c" ] || { echo "fuzz: no tests/fuzz/fuzz_$name.c" >&2; exit 2; }
    wanted+=("$build/obj/tests/fuzz/fuzz_$name.o")
    folder=$(directive "tests/fuzz/fuzz_$name.c" links)
    for part in $(parts_of "$folder"); do wanted+=("$build/lib$part.a"); done
done
mkdir -p "$build"
compile "${wanted[@]}"

failed=0
for name in "${names[@]}"; do
    source=tests/fuzz/fuzz_$name.c
    libraries=()
    folder=$(directive "$source" links)
    for part in $(parts_of "$folder"); do libraries+=("$build/lib$part.a"); done
    # shellcheck disable=SC2046 # the words of pkg-config are words
    clang -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
        -o "$build/fuzz_$name" "$build/obj/tests/fuzz/fuzz_$name.o" "${supports[@]}" \
        -Wl,--as-needed -Wl,--start-group "${libraries[@]}" "$build/libmodel.a" -Wl,--end-group \
        $(pkg-config --libs libuv libcurl jansson openssl yaml-0.1 libnghttp2) -lm -lpthread

    corpus=$build/corpus/$name
    mkdir -p "$corpus" "tests/fuzz/seeds/$name"
    cp -f "tests/fuzz/seeds/$name"/* "$corpus"/ 2>/dev/null || true
    max_len=$(directive "$source" max_len)
    log=$build/$name.log
    if "$build/fuzz_$name" -max_total_time="$seconds" -max_len="${max_len:-16384}" -timeout=10 \
        -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$build/$name-" "$corpus" \
        >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        printf '  FUZZ  %-14s %10s inputs in %s s, corpus %s\n' "$name" "$runs" "$seconds" \
            "$(find "$corpus" -type f | wc -l)"
    else
        failed=1
        printf '  FUZZ  %-14s FAILED, log %s\n' "$name" "$log"
        grep -E 'spillway: bug|ERROR: |SUMMARY|runtime error' "$log" | head -n 5 || true
        sed -n "s|^.*Test unit written to |    reproducer: $build/fuzz_$name |p" "$log"
    fi
done
exit $failed
