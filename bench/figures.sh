#!/bin/sh
# What was measured beside what is to be reached (bench/figures.txt). Usage: bench/figures.sh JSON,
# the file that bench/run.sh writes. Exit code 1 when a figure is missed; what was not measured is
# said and is no miss.
set -eu

json=${1:?usage: bench/figures.sh JSON}
awk '
    FNR == NR {
        if (match($0, /"[^"]*": /)) {
            key = substr($0, RSTART + 1, RLENGTH - 4)
            value = substr($0, RSTART + RLENGTH)
            sub(/,$/, "", value)
            seen[key] = value
        }
        next
    }
    /^#/ || NF < 4 { next }
    {
        words = $0
        sub(/^[^ ]+ +[^ ]+ +[^ ]+ +/, "", words)
        if (!($1 in seen)) {
            verdict = "not measured"
            shown = "-"
        } else {
            met = $2 == "<=" ? seen[$1] + 0 <= $3 + 0 : seen[$1] + 0 >= $3 + 0
            verdict = met ? "met" : "MISSED"
            missed += !met
            shown = sprintf("%.6g", seen[$1])
        }
        printf "%-33s %12s  %s %-10s %-12s  %s\n", $1, shown, $2, $3, verdict, words
    }
    END { exit missed > 0 }
' "$json" "$(dirname "$0")/figures.txt"
