/*
 * The port in memory: remembers what the core asked of the world, and lets a test give the answers.
 * Time stands still until the test moves it.
 */
#ifndef TESTS_SCHED_MEM_PORT_H
#define TESTS_SCHED_MEM_PORT_H

#include "model/port.h"

enum { MEM_PORT_CALLS_MAX = 4096, MEM_PORT_TEXT_BYTES = 512 };

enum mem_call_kind {
    MEM_BIND,
    MEM_READ,
    MEM_STATUS,
    MEM_EVENT,
    MEM_EVICT,
    MEM_POLICY, /* patch_policy(): `pod` is the policy's name */
    MEM_LABELS, /* labels_missing() */
    MEM_OWNERS, /* watch_owners() */
    MEM_NOTE,
    MEM_KIND_COUNT
};

struct mem_call {
    enum mem_call_kind kind;
    uint32_t namespace_sym;
    struct uid uid;
    uint32_t node_name_sym;      /* BIND; STATUS: nominated */
    bool is_warning;             /* EVENT */
    bool clears_nomination;      /* STATUS */
    bool was_false;              /* STATUS */
    uint32_t controller_sym;     /* EVENT */
    int64_t observed_generation; /* STATUS, EVICT, POLICY */
    char pod[64];
    char reason[32];  /* STATUS, EVENT; POLICY: of Accepted */
    char action[32];  /* EVENT */
    char version[24]; /* EVENT: resourceVersion of the pod */
    /* Message, note; cut. POLICY: "accepted=true ready=false waiting=3 ecs=2/4 eci=0 <messages>".
     */
    char text[MEM_PORT_TEXT_BYTES];
    size_t text_len;                                                    /* uncut */
    char annotations[MEM_PORT_TEXT_BYTES], labels[MEM_PORT_TEXT_BYTES]; /* BIND: "k=v,k=v" */
};

struct mem_port {
    struct mono_ms now;
    size_t room; /* what bind_room() answers; each bind takes one, each reply gives one back */
    uint32_t count;
    uint32_t counts[MEM_KIND_COUNT]; /* by kind */
    struct mem_call calls[MEM_PORT_CALLS_MAX];
};

struct mem_port *mem_port_new(void);
struct port mem_port_port(struct mem_port *port);

/* The n-th call of a kind, from 0; the last one with n = -1. CHECKs that it is there. */
const struct mem_call *mem_port_call(const struct mem_port *port, enum mem_call_kind kind, int n);

/* Forgets the calls, keeps time and room. */
void mem_port_clear(struct mem_port *port);

#endif
