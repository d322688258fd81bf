/* The inside of a watch, shared by apiserver_watch.c (life, queue) and apiserver_watch_line.c. */
#ifndef BENCH_APISERVER_WATCH_H
#define BENCH_APISERVER_WATCH_H

#include "bench/apiserver_private.h"
#include "bench/table.h"

struct watch_item {
    struct blob *line;     /* the whole event, or NULL: */
    struct object *object; /* still to be rendered, as `change` */
    enum store_change change;
};

struct watch {
    struct body body;
    struct apiserver *server;
    struct h2_stream *stream;
    struct watch *next, *previous; /* of the same kind */
    const struct kind *kind;
    char *ns; /* owned; "" all */
    struct selector *selector;
    bool alt_form, table, columns_sent, bookmarks, initial_mark, ending, registered;
    enum table_include include;
    enum fault_action spoil;
    struct object **initial; /* references still to be sent */
    size_t initial_count, initial_at;
    int64_t initial_rv;
    struct watch_item *items; /* ring */
    size_t head, count, capacity;
    struct blob *line; /* being sent */
    size_t sent;
    int64_t deadline_ms, bookmark_ms; /* loop time */
    int64_t after_rv;                 /* it shows no event up to this version */
    uint64_t seen;                    /* events of the queue */
};

/* The bytes of an event; yours. */
struct blob *watch_render(struct watch *watch, enum store_change change,
                          const struct object *object);
/* The same as every watcher sees it that asked for no table. */
struct blob *watch_render_plain(struct apiserver *server, enum store_change change,
                                const struct object *object, bool alt_form);
struct blob *watch_render_bookmark(const struct watch *watch, int64_t rv, bool initial_end);

/* The line as the fault of the watch leaves it. Takes the reference and gives one. */
struct blob *watch_spoil_line(struct watch *watch, struct blob *owned_line);

#endif
