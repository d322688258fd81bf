/* The inside of the apiserver, shared by its own files only (apiserver*.c). */
#ifndef BENCH_APISERVER_PRIVATE_H
#define BENCH_APISERVER_PRIVATE_H

#include <openssl/ssl.h>

#include "bench/apiserver.h"
#include "bench/h2server.h"
#include "bench/pki.h"
#include "bench/select.h"
#include "model/base/arena.h"

enum {
    MAX_USERS = 4,
    TOKEN_BYTES = 64,
    MAX_SNAPSHOTS = 64, /* lists that are being paged; the oldest goes first */
    WATCH_TICK_MS = 100,
};

enum role { ROLE_ADMIN, ROLE_READER, ROLE_NOBODY };

struct user {
    const char *name, *group;
    enum role role;
    char token[TOKEN_BYTES + 1];
};

/* The rest of a list at one resource version. */
struct snapshot {
    uint64_t id; /* 0: free */
    int64_t rv;
    int64_t made_ms; /* loop time */
    const struct kind *kind;
    struct object **objects; /* references, those that match, in order */
    size_t count;
};

struct watch;

struct apiserver {
    uv_loop_t *loop;
    struct store *store;
    struct apiserver_options options;
    struct h2_server *h2;
    SSL_CTX *tls;
    SSL_CTX *expired_tls; /* NULL until it is asked for */
    struct pki *pki;
    struct user users[MAX_USERS];
    char kubeconfig[512];
    struct fault_table faults;
    struct store_subscriber subscriber;
    struct watch *watches[KIND_COUNT]; /* open ones */
    struct snapshot snapshots[MAX_SNAPSHOTS];
    uint64_t snapshot_id;
    uv_timer_t ticker;
    struct arena arena; /* of the request being handled */
    struct buf scratch; /* of the text being rendered */
    struct apiserver_counts counts;
    int ends; /* what still has to end before the memory goes */
};

/* One request while it is being answered. Texts are in the server's arena. */
struct call {
    struct apiserver *server;
    struct h2_stream *stream;
    const struct user *user;
    const struct fault *fault; /* what goes wrong this time, NULL nothing */
    struct str path;           /* decoded, without the query */
    struct str query;          /* still encoded */
    const struct kind *kind;   /* NULL: no resource path */
    bool alt_form;
    struct str group, version, ns, name, sub;
    const char *verb; /* as RBAC names it */
};

/* apiserver_path.c */
bool call_parse(struct call *call, const char *path); /* false: cannot be decoded */
/* The decoded value of a query parameter, empty when absent. */
struct str call_param(const struct call *call, const char *name);
bool call_flag(const struct call *call, const char *name);
bool call_wants_table(const struct call *call);
enum fault_class call_fault_class(const struct call *call);

/* apiserver_auth.c */
int auth_init(struct apiserver *server, struct err *err);        /* users and their tokens */
int auth_write_files(struct apiserver *server, struct err *err); /* needs the port */
bool auth_user(struct call *call, struct api_status *ret_status);
bool auth_allows(const struct call *call, struct api_status *ret_status);

/* apiserver_answer.c */
void answer_text(struct call *call, int code, const char *type, struct str body);
void answer_json(struct call *call, int code, struct str body);
void answer_status(struct call *call, const struct api_status *status);
void answer_object(struct call *call, int code, const struct object *object);
void answer_success(struct call *call, int code);
/* 504: the server is behind the version asked for. */
bool refuse_too_large(struct api_status *ret_status, int64_t wanted, int64_t current);
void answer_too_large(struct call *call, int64_t wanted);
/* What the fault wants done instead of the request; true when nothing is left to do. */
bool answer_fault(struct call *call);

/* Whether the version that the server claims is at least v1.MINOR. */
bool version_at_least(const struct apiserver *server, int minor);

/* apiserver_discovery.c: true when the path was one of its own. */
bool discovery_handle(struct call *call);
/* Whether the group and version of the path are served, or it is no path of a group. */
bool discovery_knows(const struct call *call);

/* apiserver_list.c */
void list_handle(struct call *call);
void get_handle(struct call *call);
void list_forget(struct apiserver *server); /* all snapshots */

/* apiserver_watch.c */
void watch_handle(struct call *call);
void watch_dispatch(struct apiserver *server, const struct store_event *event);
void watch_tick(struct apiserver *server);
void watch_end_kind(struct apiserver *server, const struct kind *kind); /* it is served no more */
void watch_end_all(struct apiserver *server);

/* apiserver_write.c */
void write_handle(struct call *call);
/* Applies the binding of the body, without an answer. */
bool write_bind(struct call *call, struct api_status *ret_status);
struct str write_bind_node(const struct call *call); /* that the body names; lent */

/* apiserver_trick.c: what happens beside a bind. */
void trick_before(struct call *call);
void trick_after(struct call *call);

/* apiserver_past.c */
/* The version that a stale replica knows; the present one without such a fault. */
int64_t past_rv(const struct call *call);
/* All objects of a kind and namespace ("" all) as they were at `rv`; references, yours. */
struct object **past_objects(struct apiserver *server, enum kind_id kind, struct str ns, int64_t rv,
                             size_t *ret_count);
/* The line of an event or an item of a list with `spec` in it twice. Appends to `out`. */
void spoil_twice(struct str text, struct buf *out);

/* What hangs on a stream as `user` when its body is a source. */
struct body {
    struct h2_source source;
    void (*free)(struct body *body);
};

#endif
