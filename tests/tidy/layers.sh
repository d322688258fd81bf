#!/bin/bash
# Who may include whom (ARCHITECTURE.md), executed.
#
#   tests/tidy/layers.sh [ROOT]           prints each violation as file:line: why; fails when there is one
set -euo pipefail
export LC_ALL=C
cd "${1:-.}"

# What pure code may ask of libc: no clock, no I/O, no threads. Time and chance come through
# model/port.h, so that the same events give the same bindings. (stdio.h is for snprintf, emmintrin.h are
# the compiler's own vector types.)
pure='assert emmintrin errno inttypes limits math stdalign stdarg stdbool stddef stdint stdio stdlib string strings'
any="$pure ctype dirent fcntl float ftw getopt grp ifaddrs locale malloc netdb poll pthread pwd sched setjmp
     signal spawn termios time unistd"

# For a file: the project's folders and files it may include | its libraries | how much of libc.
rules() {
    case $1 in
    model/base/*) echo 'model/base/|sanitizer|pure' ;; # its macros are nothing in a plain build
    model/*) echo 'model/||pure' ;;
    policy/*) echo 'model/ policy/||pure' ;;
    sched/main.c) echo 'model/ policy/ sched/ watch/|uv|any' ;;
    sched/options.*) echo 'model/ policy/ sched/||any' ;; # flags come from outside
    sched/filter/*) echo 'model/ sched/filter.h||pure' ;;
    sched/score/*) echo 'model/ sched/score.h||pure' ;;
    sched/*) echo 'model/ policy/ sched/||pure' ;;
    watch/*) echo 'model/ watch/|uv curl openssl nghttp2 yaml jansson|any' ;;
    bench/*) echo 'model/ policy/ sched/ watch/ bench/|uv curl openssl yaml jansson nghttp2|any' ;;
    esac
}

# Whether a header is one of the words, or lies in a folder that is one (a word that ends in "/").
is_listed() { # header, words
    local word
    for word in $2; do
        if [ "$1" = "$word" ] || { [[ $word == */ ]] && [[ $1 == "$word"* ]]; }; then return 0; fi
    done
    return 1
}

is_libc() { # header, pure or any
    if [ "$2" = any ] && is_listed "$1" 'sys/ net/ netinet/ arpa/ linux/'; then return 0; fi
    [[ $1 != */* ]] && is_listed "${1%.h}" "${!2}"
}

violations=0
say() {
    echo "$1"
    violations=$((violations + 1))
}

while IFS=: read -r file line include; do
    header=${include#*[\"<]}
    header=${header%%[\">]*}
    IFS='|' read -r projects libraries libc < <(rules "$file")
    if [[ $include == *\"* ]]; then
        [ -e "$header" ] || say "$file:$line: \"$header\" is no path from the root"
        is_listed "$header" "$projects" ||
            say "$file:$line: includes \"$header\"; may include only $projects"
    else
        library=${header%%/*}
        is_libc "$header" "$libc" || is_listed "${library%.h}" "$libraries" ||
            say "$file:$line: includes <$header>; libraries here: ${libraries:-none}; of libc: ${!libc//$'\n'/}"
    fi
done < <(find model policy sched watch bench -name '*.[ch]' -print0 |
    sort -z | xargs -0 -r grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' /dev/null)

if [ "$violations" -gt 0 ]; then
    echo "layers: $violations violations" >&2
    exit 1
fi
