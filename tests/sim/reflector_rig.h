/*
 * A reflector of nodes against a scripted apiserver: what it makes of the answers is kept as a
 * transcript, "BEGIN +a +b END SYNCED -a ".
 */
#ifndef TESTS_SIM_REFLECTOR_RIG_H
#define TESTS_SIM_REFLECTOR_RIG_H

#include "model/base/buf.h"
#include "tests/sim/script.h"
#include "watch/reflector.h"

/* ---- what the server says ---- */

#define NODE(name, rv)                                                                             \
    "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"" name                      \
    "\",\"uid\":\"00000000-0000-0000-0000-000000000001\",\"resourceVersion\":\"" rv "\"}}"
#define EVENT(type, name, rv) "{\"type\":\"" type "\",\"object\":" NODE(name, rv) "}\n"
#define ADDED(name, rv)       EVENT("ADDED", name, rv)
#define MODIFIED(name, rv)    EVENT("MODIFIED", name, rv)
#define DELETED(name, rv)     EVENT("DELETED", name, rv)
#define BOOKMARK(rv)                                                                               \
    "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{"    \
    "\"resourceVersion\":\"" rv "\"}}}\n"
#define LIST_END(rv)                                                                               \
    "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{"    \
    "\"resourceVersion\":\"" rv "\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n"
#define STATUS(code, message)                                                                      \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"" message     \
    "\",\"reason\":\"X\",\"code\":" #code "}"
#define ERROR_EVENT(code) "{\"type\":\"ERROR\",\"object\":" STATUS(code, "told so") "}\n"
#define LIST(rv, token, items)                                                                     \
    "{\"kind\":\"NodeList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"" rv         \
    "\",\"continue\":\"" token "\"},\"items\":[" items "]}"

#define HOLD(text)                                                                                 \
    {                                                                                              \
        200, text, SCRIPT_HOLDS, 0, NULL                                                           \
    }
#define WHOLE(text)                                                                                \
    {                                                                                              \
        200, text, SCRIPT_ENDS, 0, NULL                                                            \
    }
#define DROP(text)                                                                                 \
    {                                                                                              \
        200, text, SCRIPT_DROPS, 0, NULL                                                           \
    }
#define REFUSE(code, why)                                                                          \
    {                                                                                              \
        code, STATUS(code, why), SCRIPT_ENDS, 0, NULL                                              \
    }

struct reflector_rig {
    struct script script;
    struct symbols *symbols;
    struct http_client *client;
    struct reflector *reflector;
    struct buf transcript;
    struct err trouble; /* the last one */
    int troubles;
    bool is_stopped, is_client_closed;
};

void rig_open(struct reflector_rig *rig);
void rig_close(struct reflector_rig *rig);

/* For nodes, with waits of milliseconds. */
struct reflector_options rig_options(struct reflector_rig *rig);
void rig_start(struct reflector_rig *rig, const struct reflector_options *options);
void rig_start_streaming(struct reflector_rig *rig);
void rig_start_paging(struct reflector_rig *rig);
void rig_stop(struct reflector_rig *rig); /* and waits for it */

/* Also an on_event for options. `ctx` is the rig. */
void rig_on_event(void *ctx, const struct event *event);

void rig_await(struct reflector_rig *rig, const char *transcript);
void rig_await_requests(struct reflector_rig *rig, size_t count);
void rig_await_troubles(struct reflector_rig *rig, int count);
void rig_await_stop(struct reflector_rig *rig);

/* Whether the query of the n-th request has this parameter, as it was sent. */
void rig_expect_param(const struct reflector_rig *rig, size_t n, const char *param);
void rig_expect_no_param(const struct reflector_rig *rig, size_t n, const char *key);

#endif
