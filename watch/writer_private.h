/* The inside of the writer, shared by writer.c and the write_*.c of each kind. */
#ifndef WATCH_WRITER_PRIVATE_H
#define WATCH_WRITER_PRIVATE_H

#include "model/base/map.h"
#include "model/decode.h"
#include "watch/event_series.h"
#include "watch/log.h"
#include "watch/write_body.h"
#include "watch/write_class.h"
#include "watch/writer.h"

/* How a unit's labels reach the pod (elastic-policies 10.3). */
enum label_route {
    ROUTE_UNKNOWN,
    ROUTE_ASKED,   /* GET /version is under way */
    ROUTE_BINDING, /* the Binding carries them, as long as they are seen to arrive */
    ROUTE_PATCH,   /* a PATCH of the pod comes before */
};

struct writer {
    struct writer_options options; /* without `instance` */
    char *instance;                /* owned */
    struct write_class bind_class, status_class, event_class;
    struct map statuses; /* by UID: the STATUS write of a pod, waiting or under way */
    struct map policies; /* by UID: the POLICY write, waiting or in flight */
    enum label_route label_route;
    struct write *labelled, *labelled_last; /* binds that wait for the route, in order */
    uint32_t labelled_count;
    struct decoder *pod_decoder; /* for read_pod() */
    struct write *reading;       /* whose answer is being decoded */
    struct event_series *series;
    uv_timer_t series_timer;
    uv_timer_t calm_timer; /* active while binds are many, and until events may leave */
    struct mono_ms calm_at;
    struct rng rng;
    int64_t last_event_ns; /* names of events never repeat */
    struct writer_stats stats;
    bool is_draining, is_closing;
    uint32_t open_count;
    void (*on_closed)(void *ctx);
    void *closed_ctx;
};

/* The pod of a write in words; `uid_text` is where the UID's are put. */
struct write_pod writer_pod_words(const struct writer *writer, const struct pod_ref *pod,
                                  char uid_text[UID_TEXT_BYTES]);

/* Gives the core its answer: BIND_REPLY, STATUS_REPLY or POD_READ. */
void writer_answer(struct writer *writer, enum event_kind kind, const struct write *write,
                   const struct http_reply *reply, const struct pod_object *read_pod);

/* write_bind.c; the first two are the port's */
void writer_bind(void *ctx, const struct bind_request *request);
void writer_send_bind(struct writer *writer, struct write *write);
void writer_read_pod(void *ctx, const struct pod_ref *pod);
void writer_bind_answered(struct writer *writer, struct write *write,
                          const struct http_reply *reply);
void writer_read_answered(struct writer *writer, struct write *write,
                          const struct http_reply *reply);
struct decoder *writer_pod_decoder_new(struct writer *writer);

/* write_labels.c. True: the bind was taken and leaves when its labels may. */
bool writer_labels_first(struct writer *writer, struct write *bind,
                         const struct bind_request *request);
void writer_labels_answered(struct writer *writer, struct write *write,
                            const struct http_reply *reply);
void writer_version_answered(struct writer *writer, const struct http_reply *reply);
void writer_labels_missing(void *ctx, const struct pod_ref *pod); /* the port's */
void writer_labels_refuse_binds(struct writer *writer, const char *why);

/* write_evict.c */
void writer_evict(void *ctx, const struct evict_request *request);
void writer_disruption_answered(struct writer *writer, struct write *write,
                                const struct http_reply *reply);
void writer_delete_answered(struct writer *writer, struct write *write,
                            const struct http_reply *reply);

/* write_policy.c */
void writer_patch_policy(void *ctx, const struct policy_status *status);
void writer_policy_answered(struct writer *writer, struct write *write,
                            const struct http_reply *reply);

/* write_status.c */
void writer_patch_status(void *ctx, const struct status_request *request);
void writer_status_answered(struct writer *writer, struct write *write,
                            const struct http_reply *reply);
/* The bind has the last word about its pod: PATCHes that wait are not sent any more. True: one is
 * in flight, and the bind was taken, to leave behind it. */
bool writer_status_yields(struct writer *writer, struct write *bind);
void writer_status_refuse_binds(struct writer *writer, const char *why);

/* write_event.c */
void writer_emit_event(void *ctx, const struct event_request *request);
void writer_event_answered(struct writer *writer, struct write *write,
                           const struct http_reply *reply);
void writer_series_tick(struct writer *writer);

/* A bind left or waits: with many of them events stay behind until there have been few for
 * WRITER_EVENT_CALM_MS. Asked at each answer alone, a few would slip out between two batches of a
 * burst, and each costs the apiserver as much as a bind. */
void writer_note_bind(struct writer *writer);
bool writer_events_may_leave(void *ctx);
void writer_on_calm_timer(uv_timer_t *timer);

/* Microseconds and nanoseconds of the system's wall clock since 1970. */
int64_t writer_wall_us(void);
int64_t writer_wall_ns(void);

#endif
