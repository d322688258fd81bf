#!/bin/sh
# Counts the instructions of the fixed workloads of `spillway-bench count` under callgrind and
# compares them with bench/counts.txt: exit 1 when one grew by more than 5 %.
#
#   bench/counts.sh BUILD [--update]     --update: the file is rewritten instead
#
# What could make counts differ from run to run or from machine to machine is taken away: callgrind's
# processor has no features beyond this one's, so that glibc is told to use its plain variants of
# memcpy() and the like; seeds are fixed; addresses are valgrind's.
set -eu
cd "$(dirname "$0")/.."

build=${1:?usage: bench/counts.sh BUILD [--update]}
bench=$build/spillway-bench
kept=bench/counts.txt
command -v valgrind >/dev/null || {
    echo 'counts: valgrind is not there: `make deps` installs it' >&2
    exit 1
}
parts=$(mktemp -d)
trap 'rm -rf "$parts"' EXIT
trap 'exit 130' INT TERM

# Names as of glibc 2.36; it ignores those it does not know.
plain=glibc.cpu.hwcaps=-AVX512VL,-AVX512BW,-AVX512F,-AVX2,-AVX,-BMI1,-BMI2,-LZCNT,-MOVBE,-RTM
plain=$plain,-ERMS,-FSRM,-SSE4_2,-SSE4_1,-SSSE3,-AVX_Fast_Unaligned_Load,-Fast_Unaligned_Copy
plain=$plain,-Fast_Copy_Backward,-Prefer_No_VZEROUPPER,-Prefer_ERMS,-Prefer_FSRM

for name in $("$bench" count --list | cut -d ' ' -f 1); do
    env -i PATH="$PATH" GLIBC_TUNABLES="$plain" LC_ALL=C valgrind --tool=callgrind \
        --collect-atstart=no --toggle-collect=counted_work \
        --callgrind-out-file="$parts/$name.out" --log-file="$parts/$name.log" \
        "$bench" count "$name" >"$parts/$name.units" || {
        echo "counts: the workload $name failed:" >&2
        cat "$parts/$name.log" >&2
        exit 1
    }
    total=$(sed -n 's/^totals: *//p' "$parts/$name.out")
    [ "${total:-0}" -gt 0 ] || {
        echo "counts: callgrind counted nothing in $name: is counted_work() a function?" >&2
        exit 1
    }
    echo "$name $total $(cat "$parts/$name.units")" >>"$parts/measured"
done
"$bench" count --judge "$kept" --measured "$parts/measured" ${2:+"$2"}
