#!/bin/bash
# Unit tests and the simulated-apiserver tests under ASan, UBSan and LSan.
#
#   tests/asan.sh MAKE [TARGET...]        default targets: test-unit test-sim
#
# Criterion runs each test in a child process and does not look at what a sanitizer says when that child
# ends: a leak is printed and the test passes. So the sanitizers write to files, and any file with
# something in it fails the run. That this trap works is proved first, by a test that leaks.
set -euo pipefail
cd "$(dirname "$0")/.."
make=${1:-make}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(test-unit test-sim)
build=${BUILD:-build}/asan
mkdir -p "$build"
logs=$(cd "$build" && pwd)/logs
flags='-fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=all -O1 -g'

# One report a process: $logs/<what>.<pid>
export ASAN_OPTIONS="detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1:check_initialization_order=1:log_path=$logs/asan"
export UBSAN_OPTIONS="print_stacktrace=1:log_path=$logs/ubsan"

reports() {
    find "$logs" -type f -size +0
}

forget_reports() {
    rm -rf "$logs"
    mkdir -p "$logs"
}

forget_reports
# shellcheck disable=SC2086 # flags are words
${CC:-cc} $flags -x c - -o "$build/leak" -lcriterion <<'LEAK'
#include <criterion/criterion.h>
#include <stdlib.h>
Test(planted, leak)
{
    char *volatile lost = malloc(7);
    lost = NULL;
    cr_assert_null(lost);
}
LEAK
"$build/leak" >/dev/null 2>&1 || true
if ! grep -qs 'LeakSanitizer: detected memory leaks' "$logs"/*; then
    echo "asan: a planted leak was not reported: the check below would prove nothing" >&2
    exit 1
fi
forget_reports

# -w: gcc's warnings depend on what it optimises, and instrumentation misleads them. The plain builds of
# both compilers judge warnings.
status=0
# One test at a time: Criterion 2.4.1 itself leaks a few bytes when it runs two.
"$make" --no-print-directory -j"$(nproc)" BUILD="$build" SAN=address,undefined CFLAGS='-O1 -g -w' \
    built
"$make" --no-print-directory BUILD="$build" TEST_JOBS=1 SAN=address,undefined CFLAGS='-O1 -g -w' "${targets[@]}" ||
    status=$?
mapfile -t found < <(reports)
for report in "${found[@]}"; do
    printf -- '---- %s\n' "$report" >&2
    head -n 60 "$report" >&2
done
if [ ${#found[@]} -gt 0 ]; then
    echo "asan: ${#found[@]} reports of the sanitizers (the test that made one may have \"passed\")" >&2
    exit 1
fi
exit $status
