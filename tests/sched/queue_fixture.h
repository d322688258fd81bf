/*
 * A queue with pods and shapes made by hand, without a cluster: events carry no node
 * (NODE_SLOT_NONE), to which every hint that listens says yes. Only NodePorts says no when a pod is
 * removed that frees no port.
 */
#ifndef TESTS_SCHED_QUEUE_FIXTURE_H
#define TESTS_SCHED_QUEUE_FIXTURE_H

#include "sched/queue.h"

enum { FIXTURE_PODS = 32, FIXTURE_SHAPES = 4 };

/* The plug-ins as rejector bits. */
enum {
    BY_GATES = 1 << PLUGIN_SCHEDULING_GATES,
    BY_FEATURES = 1 << PLUGIN_FEATURES,
    BY_PROBLEM = 1 << PLUGIN_NODE_PROBLEM,
    BY_CORDON = 1 << PLUGIN_NODE_UNSCHEDULABLE,
    BY_NAME = 1 << PLUGIN_NODE_NAME,
    BY_TAINT = 1 << PLUGIN_TAINT_TOLERATION,
    BY_AFFINITY = 1 << PLUGIN_NODE_AFFINITY,
    BY_PORTS = 1 << PLUGIN_NODE_PORTS,
    BY_FIT = 1 << PLUGIN_NODE_RESOURCES_FIT,
};

struct queue_fixture {
    struct queue *queue;
    struct cluster cluster; /* zero: nobody asks it */
    struct requests *asks_nothing;
    struct shape shapes[FIXTURE_SHAPES];
    struct pod pods[FIXTURE_PODS]; /* all of shape 0, priority 0, ungated */
};

void queue_fixture_init(struct queue_fixture *fixture, int64_t initial_ms, int64_t max_ms);
void queue_fixture_fini(struct queue_fixture *fixture);

void queue_fixture_add(struct queue_fixture *fixture, uint32_t pod, int64_t now_ms);
void queue_fixture_return(struct queue_fixture *fixture, uint32_t pod, uint32_t rejectors,
                          int64_t now_ms);
uint32_t queue_fixture_count(const struct queue_fixture *fixture, enum queue_place place);

/* The number of the next pod that pops, -1 when none does. */
int queue_fixture_pop(struct queue_fixture *fixture, int64_t now_ms);

/* Adds a pod, pops it (nobody else may be ready) and refuses it. */
void queue_fixture_park(struct queue_fixture *fixture, uint32_t pod, uint32_t rejectors,
                        int64_t now_ms);

/* An event without a node; returns how many woke. */
uint32_t queue_fixture_wake(struct queue_fixture *fixture, enum wake_kind kind, int64_t now_ms);

static inline struct mono_ms at_ms(int64_t ms)
{
    return (struct mono_ms){ms};
}

#endif
