/*
 * A real control plane for a measurement: etcd and kube-apiserver, nothing else, on loopback, in a
 * directory of its own under TMPDIR, and a client of it. No controllers, no kubelets: nodes are
 * plain objects. For a program that does one thing after another: each call below runs the loop
 * until its own work is done.
 *
 * The processes die with this one, however it ends.
 */
#ifndef BENCH_CONTROL_PLANE_H
#define BENCH_CONTROL_PLANE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "bench/child.h"
#include "model/base/buf.h"
#include "watch/access.h"
#include "watch/http.h"
#include "watch/log.h"

enum { CONTROL_PLANE_PATH_BYTES = 256 };

struct control_plane {
    uv_loop_t loop;
    struct log log;
    struct access *access;      /* an administrator */
    struct http_client *client; /* for control_plane_call() and _post_many() */
    struct child_process etcd, apiserver;
    char dir[CONTROL_PLANE_PATH_BYTES];
    char kubeconfig[CONTROL_PLANE_PATH_BYTES + 32];     /* of the administrator */
    char kube_scheduler[CONTROL_PLANE_PATH_BYTES + 32]; /* a KubeSchedulerConfiguration with it */
    bool is_interrupted;                                /* a signal came */
    /* private */
    const char *bin;
    bool is_unprioritised;
    uint16_t port;
    bool is_attached; /* to a server of others: no processes, no directory */
    uv_timer_t tick;
    uv_signal_t signals[2];
};

/* Starts both from the folder `bin` and waits until they serve. An apiserver that never makes a
 * client wait on purpose: no priority and fairness, no authorisation, 3,000 requests in flight. On
 * an error nothing is left to close but the directory with its logs, which the error names. */
int control_plane_open(struct control_plane *plane, const char *bin, struct err *err) NODISCARD;

/* The same without admission plug-in Priority: a pod may say its priority as a number. */
int control_plane_open_unprioritised(struct control_plane *plane, const char *bin,
                                     struct err *err) NODISCARD;

/* The same client of a server that runs already; control_plane_init() makes the loop before, which
 * that server may run on too. After an error control_plane_close() all the same. */
void control_plane_init(struct control_plane *plane);
int control_plane_attach(struct control_plane *plane, const char *kubeconfig,
                         struct err *err) NODISCARD;

/* Ends both and waits for it; removes the directory unless it is to be looked at. */
void control_plane_close(struct control_plane *plane, bool keeps_files);

/* A program under the same loop that dies with this one; argv[0] is looked for in PATH when it is
 * no path. Its log is `name`.log in the directory. Ends by child_process_stop(). */
int control_plane_spawn(struct control_plane *plane, struct child_process *child, const char *name,
                        const char *const *arguments, struct err *err) NODISCARD;

/* kube-scheduler without a limit on its client, as the administrator; its metrics are served on the
 * port. */
int control_plane_start_kube_scheduler(struct control_plane *plane, struct child_process *child,
                                       uint16_t *ret_metrics_port, struct err *err) NODISCARD;

/* `program` NULL: the one beside this program. `more` arguments end with NULL, and may be NULL. */
int control_plane_start_spillway(struct control_plane *plane, struct child_process *child,
                                 const char *program, const char *const *more,
                                 struct err *err) NODISCARD;

/* The one whose pods say schedulerName `name`: "spillway" (with `program` and `more`) or
 * "default-scheduler". -EINVAL for any other, which control_plane_has_scheduler() tells before. */
bool control_plane_has_scheduler(const char *name);
int control_plane_start_scheduler(struct control_plane *plane, struct child_process *child,
                                  const char *name, const char *program, const char *const *more,
                                  struct err *err) NODISCARD;

/* Runs the loop until done(); -ETIMEDOUT, -EINTR (a signal) or -ECHILD (a process of the control
 * plane ended) when that does not come. `what` is for the error. */
int control_plane_await(struct control_plane *plane, bool (*done)(const void *ctx), const void *ctx,
                        uint32_t limit_seconds, const char *what, struct err *err) NODISCARD;

/* Runs the loop for so long. */
int control_plane_pass(struct control_plane *plane, int64_t ms, struct err *err) NODISCARD;

/* Ends a child and waits for that. */
void control_plane_end_child(struct control_plane *plane, struct child_process *child);

/* One request, to its end: its HTTP status, or a negative error. `body` NULL: none; `ret_body`
 * (initialised by the caller) may be NULL. */
int control_plane_call(struct control_plane *plane, const char *method, const char *path,
                       const struct buf *body, struct buf *ret_body, struct err *err) NODISCARD;

/* `count` POSTs, some at a time. `make` fills body and path (both empty) of number `index`. An
 * error when one is not answered 201. */
typedef void control_plane_make(void *ctx, uint32_t index, struct buf *path, struct buf *body);
int control_plane_post_many(struct control_plane *plane, uint32_t count, control_plane_make *make,
                            void *ctx, struct err *err) NODISCARD;

/* Programs cannot be told "any free port": one of loopback that is free now. */
int control_plane_find_port(uint16_t *ret_port, struct err *err) NODISCARD;

/* Runs tests/real/build.sh, which builds what is missing, for its last line: the folder of etcd,
 * kube-apiserver and kube-scheduler; yours. NULL: it failed, or this is not the root of the
 * sources.
 */
char *control_plane_programs(void);

/* ---- private: control_plane_files.c ---- */

/* Keys, certificates and the two configurations, for a server on plane->port. */
int control_plane_write_files(struct control_plane *plane, struct err *err) NODISCARD;

/* The directory and all that is in it. */
void control_plane_remove_files(const struct control_plane *plane);

#endif
