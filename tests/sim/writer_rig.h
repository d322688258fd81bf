/* The writer against a scripted apiserver: every answer it gives the core is kept. */
#ifndef TESTS_SIM_WRITER_RIG_H
#define TESTS_SIM_WRITER_RIG_H

#include "tests/sim/script.h"
#include "watch/writer.h"

enum { RIG_REPLIES_MAX = 2048 };

#define STATUS(code, message)                                                                      \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"" message     \
    "\",\"reason\":\"X\",\"code\":" #code "}"
#define REFUSE(code, why)                                                                          \
    {                                                                                              \
        code, STATUS(code, why), SCRIPT_ENDS, 0, NULL                                              \
    }
#define CREATED                                                                                    \
    {                                                                                              \
        201, "{\"kind\":\"Status\",\"status\":\"Success\",\"code\":201}", SCRIPT_ENDS, 0, NULL     \
    }
#define OK(text)                                                                                   \
    {                                                                                              \
        200, text, SCRIPT_ENDS, 0, NULL                                                            \
    }

struct rig_reply {
    enum event_kind kind;
    enum outcome outcome;
    int32_t http_status;
    char pod[64], message[256], read_node[64];
};

struct writer_rig {
    struct script script;
    struct symbols *symbols;
    struct writer *writer;
    struct port port;
    struct rig_reply replies[RIG_REPLIES_MAX];
    size_t reply_count;
    int64_t event_calm_ms; /* set before writer_rig_open(); 0: the writer's own */
    bool is_closed;
};

void writer_rig_open(struct writer_rig *rig);
void writer_rig_close(struct writer_rig *rig);
void rig_close_writer(struct writer_rig *rig); /* and waits for it */

/* Calls of the port: pods of namespace "shop"; `uid` is the second half of theirs. */
struct pod_ref rig_pod(struct writer_rig *rig, const char *name, uint64_t uid);
void rig_bind(struct writer_rig *rig, const char *name, uint64_t uid); /* to node-1 */
void rig_patch(struct writer_rig *rig, const char *message, bool clears_nomination, bool was_false);
void rig_emit(struct writer_rig *rig, uint64_t uid, bool is_warning, const char *note);

void rig_await_replies(struct writer_rig *rig, size_t count); /* exactly so many */
/* Exactly so many requests whose "METHOD path" holds the text. */
void rig_await_count(struct writer_rig *rig, const char *text, size_t count);
void rig_await_events(struct writer_rig *rig, uint64_t sent);
void rig_await_failed_events(struct writer_rig *rig, uint64_t failed);

/* The string at a path of dots in the body of the n-th request. */
void rig_expect_text(const struct writer_rig *rig, size_t n, const char *path, const char *want);

#endif
