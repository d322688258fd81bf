/*
 * build/spillway as a process of its own against a simulated apiserver inside the test: what an
 * operator reads, what ends up in the store, and what the server was asked. The test runs the
 * server's loop while it waits, so every wait is for an event and bounded.
 */
#ifndef TESTS_SIM_STAGE_H
#define TESTS_SIM_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "bench/apiserver.h"
#include "bench/store.h"
#include "tests/support/process.h"

/* How long anything may take that takes a few seconds on an idle machine. */
enum { SPILLWAY_PATIENCE_MS = 30000, SPILLWAY_ARGUMENTS_MAX = 16 };

/* ---- the program, with any server ---- */

/* Runs it with these flags (NULL-terminated) to its end. Release with process_result_fini(). */
void spillway_run(struct process_result *ret_result, const char *const flags[]);

/* Starts it; its output goes to DIR/spillway.log. */
void spillway_start(struct process *spillway, const char *dir, const char *const flags[]);

bool spillway_said(const struct process *spillway, const char *text);
size_t spillway_count_said(const struct process *spillway, const char *text);

/* Whether it has ended; then process_wait() does not block. */
bool spillway_has_ended(const struct process *spillway);

/* Peak of its resident memory so far. */
size_t spillway_peak_bytes(const struct process *spillway);

/* ---- a simulated cluster ---- */

struct stage {
    uv_loop_t loop;
    struct store *store;
    struct apiserver *server;
    struct process spillway;
    char dir[64]; /* the server's files, removed at the end */
    /* since the start, told by the store */
    uint64_t bindings; /* pods that got a node */
    uint64_t moves;    /* pods whose node changed after that: never */
    uint64_t deleted_pods;
    int patience_ms; /* of every wait; SPILLWAY_PATIENCE_MS unless the test sets it */
    /* private from here on */
    struct sim_clock clock;
    struct store_subscriber subscriber;
    uv_timer_t ticker;
};

/* The struct must stay where it is. */
void stage_open(struct stage *stage);
/* With a server of other habits; `options` NULL: the same. */
void stage_open_with(struct stage *stage, const struct apiserver_options *options,
                     const struct store_options *store);
void stage_close(struct stage *stage); /* kills what runs, removes the files */

/* Starts spillway with DIR/<kubeconfig> and more flags (NULL-terminated, may be NULL). */
void stage_start(struct stage *stage, const char *kubeconfig, const char *const flags[]);

/* SIGTERM; its exit code, PROCESS_KILLED when it does not end. */
int stage_stop(struct stage *stage);
int stage_await_exit(struct stage *stage);

/* Runs the server until is_done(); the test fails with `what` and the log's end when that does not
 * come about. */
void stage_await(struct stage *stage, bool (*is_done)(struct stage *stage, const void *ctx),
                 const void *ctx, const char *what);

void stage_await_said(struct stage *stage, const char *text);
void stage_await_bound(struct stage *stage, const char *pod); /* in namespace default */
void stage_await_bindings(struct stage *stage, uint64_t count);
void stage_await_requests(struct stage *stage, uint64_t count);

/* The message of the pod's condition PodScheduled=False, once there is one; yours. */
char *stage_await_refusal(struct stage *stage, const char *pod);

/* ---- the store ---- */

void stage_create(struct stage *stage, enum kind_id kind, const char *json);

/* A node with so much cpu, 100Gi of memory and room for 1000 pods. */
void stage_add_node(struct stage *stage, const char *name, const char *cpu);

/* A pod in namespace default; spec.schedulerName `scheduler`. */
void stage_add_pod_of(struct stage *stage, const char *name, const char *cpu,
                      const char *scheduler);
void stage_add_pod(struct stage *stage, const char *name, const char *cpu); /* spillway's */
void stage_add_pods(struct stage *stage, const char *prefix, size_t count, const char *cpu);

/* "" when it is not bound. Lent until the store changes. */
const char *stage_node_of(struct stage *stage, const char *pod);
size_t stage_pods_on(struct stage *stage, const char *node);

/* The next requests of a class meet this fault. */
void stage_fault(struct stage *stage, const struct fault *fault);
uint64_t stage_fired(struct stage *stage);

#endif
