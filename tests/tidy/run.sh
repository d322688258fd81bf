#!/bin/bash
# What a machine can say about the tree: layers, headers, banned functions, sizes, foreign paths, a build
# by the second compiler, static analysis, the hardening of the binaries as the ELF shows it, and the image.
#
#   tests/tidy/run.sh MAKE [STEP...]        all steps, or those named
#
# Every step runs, then the failed ones are named. Steps print only what is wrong.
set -uo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."
make=${1:-make}
shift || true
build=${BUILD:-build}

FILE_LINES_MAX=500
FUNCTION_LINES_MAX=70
folders=(model policy sched watch bench tests)

sources() { # name patterns
    local patterns=() pattern
    for pattern in "$@"; do patterns+=(-o -name "$pattern"); done
    find "${folders[@]}" -type f \( "${patterns[@]:1}" \) | sort
}

step_layers() {
    tests/tidy/selftest.sh && tests/tidy/layers.sh
}

# Each header alone, by both compilers: it includes what it needs and its guard is its path.
step_headers() {
    local flags guard header status=0
    flags="-std=c11 -D_GNU_SOURCE -I. -Wall -Wextra -Wpedantic -Werror -Wno-unused-function -fsyntax-only"
    flags+=" $(pkg-config --cflags libuv libcurl jansson openssl yaml-0.1 libnghttp2)"
    while read -r header; do
        guard=$(tr 'a-z/.-' 'A-Z___' <<<"$header")
        if [ "$(grep -m1 '^#ifndef' "$header")" != "#ifndef $guard" ]; then
            echo "$header: the guard is not $guard"
            status=1
        fi
    done < <(sources '*.h')
    # through a source that includes it twice: a header given as the main file is no header to gcc
    # shellcheck disable=SC2086 # flags are words
    sources '*.h' | xargs -P2 -I{} sh -c "
        for cc in gcc clang; do
            printf '#include \"%s\"\n#include \"%s\"\n' {} {} | \$cc $flags -x c - || { echo '{}: not self-contained'; exit 1; }
        done" || status=1
    return $status
}

# Unbounded, ambiguous or ending the process behind the caller's back.
step_banned() {
    local status=0
    if sources '*.c' '*.h' | xargs grep -nE \
        '(^|[^a-zA-Z0-9_])(strcpy|strcat|stpcpy|sprintf|vsprintf|strtok|atoi|atol|atoll|atof|strtol|gets|alloca|tmpnam|mktemp)[[:space:]]*\('; then
        status=1
    fi
    if sources '*.c' '*.h' | grep -v '/main\.c$' | xargs grep -nE '(^|[^a-zA-Z0-9_])exit[[:space:]]*\('; then
        echo 'exit() only in main.c'
        status=1
    fi
    return $status
}

step_sizes() {
    local status=0
    sources '*.c' '*.h' | xargs wc -l | awk -v most=$FILE_LINES_MAX \
        '$2 != "total" && $1 > most { print $2 ": " $1 " lines, at most " most; bad = 1 } END { exit bad }' ||
        status=1
    # ctags says where a function begins and ends; Criterion's Test() counts as one
    sources '*.c' '*.h' | ctags -L - --languages=C --map-C=+.h --kinds-C=f --fields=+ne --sort=no -f - |
        awk -F '\t' -v most=$FUNCTION_LINES_MAX '{
            first = last = 0
            for (i = 4; i <= NF; i++) {
                if ($i ~ /^line:/) first = substr($i, 6)
                if ($i ~ /^end:/) last = substr($i, 5)
            }
            functions++
            if (last - first + 1 > most) {
                print $2 ":" first ": " $1 "() has " last - first + 1 " lines, at most " most
                bad = 1
            }
        } END {
            if (functions < 100) { print "only " functions " functions found: is ctags broken?"; bad = 1 }
            exit bad
        }' || status=1
    return $status
}

# Nothing may depend on the machine it was written on: absolute paths of a workplace (a template for
# mkdtemp() is none), and the hosts that this machine's package clients are set up with.
step_paths() {
    local hosts pattern status=0
    hosts=$({
        cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null
        go env GOPROXY GOSUMDB 2>/dev/null
        echo "${GOPROXY:-} ${PIP_INDEX_URL:-} ${NPM_CONFIG_REGISTRY:-}"
    } | grep -oE '(https?://|[ ,]?(proxy|sum)\.)[a-zA-Z0-9@:.-]+' | sed 's|.*//||; s|.*@||; s|:.*||; s|^[ ,]||' |
        sort -u | grep -F . | sed 's/\./[.]/g' | paste -sd'|')
    pattern='/(work|shared|home|root|tmp)/[a-zA-Z0-9]'
    if git ls-files -z -co --exclude-standard |
        xargs -0 grep -sHnIE "(^|[^a-zA-Z0-9._}~-])$pattern${hosts:+|$hosts}" | grep -v 'XXXXXX"'; then
        status=1
    fi
    return $status
}

# Everything by clang, with the Makefile's own warnings: the other opinion.
step_clang() {
    "$make" --no-print-directory -k -j2 BUILD="$build/clang" CC=clang SAN= built >"$build/clang.log" 2>&1 || {
        grep -E 'error:|warning:|undefined reference|\*\*\*' "$build/clang.log" || tail -n 20 "$build/clang.log"
        return 1
    }
}

# Both compilers' builds decide alike.
step_replay() {
    "$make" --no-print-directory BUILD="$build" SAN= all >"$build/tidy-all.log" 2>&1 &&
        "$make" --no-print-directory BUILD="$build/clang" CC=clang SAN= all >>"$build/tidy-all.log" 2>&1 || {
        tail -n 20 "$build/tidy-all.log"
        return 1
    }
    tests/tidy/replay.sh "$build" "$build/clang" && tests/tidy/replay_hash.sh "$make" "$build"
}

step_cppcheck() {
    mkdir -p "$build/cppcheck"
    cppcheck -q -j2 --enable=warning,style,performance,portability --std=c11 --language=c -I. \
        -D_GNU_SOURCE -D__SSE2__ --inline-suppr --library=tests/tidy/cppcheck.xml \
        --suppressions-list=tests/tidy/cppcheck.suppress --cppcheck-build-dir="$build/cppcheck" \
        --error-exitcode=1 "${folders[@]}"
}

# The result, not the flags: what the linker really made.
step_hardening() {
    local status=0 binary
    "$make" --no-print-directory BUILD="$build" SAN= all >"$build/tidy-all.log" 2>&1 || {
        tail -n 20 "$build/tidy-all.log"
        return 1
    }
    for binary in "$build/spillway" "$build/spillway-bench"; do
        has() { # what, where readelf shows it, a pattern
            # not through a pipe: grep -q would end it early, and pipefail call that a failure
            grep -qE "$3" <<<"$(readelf -W "$2" "$binary" 2>/dev/null)" || { echo "$binary: no $1"; status=1; }
        }
        has 'position-independent executable' -h 'Type: +DYN'
        has 'PIE flag' -d 'FLAGS_1.*PIE'
        has 'RELRO segment' -l 'GNU_RELRO'
        has 'BIND_NOW' -d '\(FLAGS\).*BIND_NOW|FLAGS_1.*NOW'
        has 'stack that cannot execute' -l 'GNU_STACK .* RW +0x'
        has 'stack protector' --dyn-syms '__stack_chk_fail'
        has 'fortified function' --dyn-syms '__(snprintf|vsnprintf|memcpy|fprintf|vfprintf|read|printf)_chk'
        # Debian's crt files lack the CET note, so the linker drops it; the landing pads must be there
        if [ "$(uname -m)" = x86_64 ] && [ "$(objdump -d "$binary" | grep -c 'endbr64')" -lt 100 ]; then
            echo "$binary: no landing pads for indirect branches (CET)"
            status=1
        fi
        if readelf -Wd "$binary" | grep -E 'RPATH|RUNPATH'; then
            echo "$binary: searches libraries in a path of its own"
            status=1
        fi
    done
    return $status
}

step_image() {
    tests/tidy/image.sh
}

steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=(layers headers banned sizes paths cppcheck clang hardening replay image)
mkdir -p "$build"
failed=()
for step in "${steps[@]}"; do
    started=$(date +%s.%N)
    if "step_$step"; then verdict=ok; else
        verdict=FAILED
        failed+=("$step")
    fi
    printf '  TIDY  %-10s %-6s %5.1f s\n' "$step" "$verdict" "$(echo "$(date +%s.%N) $started" | awk '{ print $1 - $2 }')"
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "tidy: failed: ${failed[*]}" >&2
    exit 1
fi
