/* A store in virtual time and short words for what tests do with it. */
#ifndef TESTS_BENCH_STORE_FIXTURE_H
#define TESTS_BENCH_STORE_FIXTURE_H

#include <stddef.h>

#include "bench/store.h"

enum { MAX_LOG = 256 };

struct log_line {
    enum store_change change;
    enum kind_id kind;
    char name[128];
    int64_t rv;
};

struct fixture {
    struct sim_clock clock;
    struct store *store;
    struct store_subscriber subscriber;
    struct log_line log[MAX_LOG]; /* what subscribers were told */
    size_t log_count;
    struct api_status status; /* of the last refusal */
};

void fixture_init(struct fixture *fixture, const struct store_options *options);
void fixture_fini(struct fixture *fixture);

/* Creates from JSON in namespace "default"; asserts that it works. Lent. */
const struct object *fixture_create(struct fixture *fixture, enum kind_id kind, const char *json);

/* The same, expected to be refused: returns the code, the text is in fixture->status. */
int fixture_refused(struct fixture *fixture, enum kind_id kind, const char *json);

/* A pod "name" with one container; `extra` is put into its spec ("" or ",\"k\":v"). */
const struct object *fixture_pod(struct fixture *fixture, const char *name, const char *extra);

const struct object *fixture_get(struct fixture *fixture, enum kind_id kind, const char *name);

/* 0, or the code of the refusal. */
int fixture_bind(struct fixture *fixture, const char *pod, const char *node);
int fixture_delete(struct fixture *fixture, enum kind_id kind, const char *name, int64_t grace_s,
                   enum propagation propagation);
int fixture_patch(struct fixture *fixture, enum kind_id kind, const char *name,
                  enum subresource sub, enum patch_kind patch_kind, const char *patch);

/* The rendered object; yours, free(). */
char *fixture_text(const struct object *object);

/* How many events of the log are of this change and kind. */
size_t fixture_count(const struct fixture *fixture, enum store_change change, enum kind_id kind);

#endif
