#!/bin/bash
# Plants one violation of each rule of layers.sh into a small tree, and expects it to be found: a check
# that finds nothing must not look like a tree that is clean.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

plant() { # file, include
    rm -rf "${tree:?}"/*
    mkdir -p "$tree"/{model/base,policy,sched/filter,sched/score,watch,bench}
    touch "$tree"/model/base/buf.h "$tree"/model/cluster.h "$tree"/policy/unit.h "$tree"/sched/queue.h \
        "$tree"/sched/filter.h "$tree"/sched/score.h "$tree"/watch/http.h "$tree"/bench/store.h
    printf '/* planted */\n#include %s\n' "$2" >"$tree/$1"
}

failed=0
while read -r verdict file include; do
    plant "$file" "$include"
    if "$here/layers.sh" "$tree" >/dev/null 2>&1; then found=ok; else found=bad; fi
    if [ "$found" != "$verdict" ]; then
        echo "layers selftest: $file with #include $include is $found, must be $verdict" >&2
        failed=1
    fi
done <<'ROWS'
ok  model/base/map.c    "model/base/buf.h"
ok  model/base/map.c    <string.h>
bad model/base/map.c    "model/cluster.h"
bad model/base/map.c    <jansson.h>
ok  model/base/map.c    <sanitizer/asan_interface.h>
bad model/cluster.c     <sanitizer/asan_interface.h>
ok  model/cluster.c     "model/base/buf.h"
bad model/cluster.c     <jansson.h>
bad model/cluster.c     "policy/unit.h"
bad model/cluster.c     "sched/queue.h"
bad model/cluster.c     "watch/http.h"
bad model/cluster.c     <time.h>
bad model/cluster.c     <unistd.h>
bad model/cluster.c     <sys/socket.h>
bad model/cluster.c     "base/buf.h"
ok  policy/walk.c       "model/cluster.h"
bad policy/walk.c       "sched/queue.h"
bad policy/walk.c       <uv.h>
ok  sched/cycle.c       "policy/unit.h"
ok  sched/cycle.c       "sched/queue.h"
bad sched/cycle.c       "watch/http.h"
bad sched/cycle.c       <uv.h>
bad sched/cycle.c       <curl/curl.h>
bad sched/cycle.c       "bench/store.h"
bad sched/cycle.h       "watch/http.h"
ok  sched/filter/name.c "sched/filter.h"
ok  sched/filter/name.c "model/cluster.h"
bad sched/filter/name.c "sched/queue.h"
bad sched/filter/name.c "policy/unit.h"
ok  sched/score/least.c "sched/score.h"
bad sched/score/least.c "sched/queue.h"
ok  sched/main.c        "watch/http.h"
ok  sched/main.c        <uv.h>
bad sched/main.c        "bench/store.h"
ok  watch/multi.c       <curl/curl.h>
ok  watch/multi.c       <openssl/ssl.h>
bad watch/multi.c       "sched/queue.h"
bad watch/multi.c       "policy/unit.h"
bad watch/multi.c       "bench/store.h"
bad watch/multi.c       <glib.h>
ok  bench/store.c       "sched/queue.h"
ok  bench/store.c       <nghttp2/nghttp2.h>
bad bench/store.c       <microhttpd.h>
bad bench/store.c       "store.h"
ROWS
exit $failed
