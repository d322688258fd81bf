/*
 * The kinds of objects the simulated cluster knows: one table. Routes, discovery documents, OpenAPI
 * and printed tables all follow from it; a new kind is one row (and its columns in table.c).
 */
#ifndef BENCH_KIND_H
#define BENCH_KIND_H

#include <stdbool.h>
#include <stdint.h>

#include "model/base/str.h"

enum kind_id {
    KIND_POD,
    KIND_NODE,
    KIND_NAMESPACE,
    KIND_EVENT,
    KIND_REPLICA_SET,
    KIND_DEPLOYMENT,
    KIND_STATEFUL_SET,
    KIND_LEASE,
    KIND_SERVICE_ACCOUNT,
    KIND_CONFIG_MAP,
    KIND_SECRET,
    KIND_SERVICE,
    KIND_PRIORITY_CLASS,
    KIND_POD_DISRUPTION_BUDGET,
    KIND_CUSTOM_RESOURCE_DEFINITION,
    KIND_RESOURCE_POLICY,     /* of our own group */
    KIND_ACK_RESOURCE_POLICY, /* of Alibaba Cloud's */
    KIND_COUNT,
};

/* What hangs below an object's path; bits of kind.subresources. */
enum subresource {
    SUB_NONE = 0,
    SUB_STATUS = 1,
    SUB_SCALE = 2,
    SUB_BINDING = 4,
};

struct kind {
    enum kind_id id;
    const char *kind;     /* "Pod" */
    const char *plural;   /* "pods" */
    const char *singular; /* "pod" */
    const char *group;    /* "" is core */
    const char *version;  /* "v1" */
    const char *type;     /* the apiVersion: "v1", "apps/v1" */
    const char *shorts;   /* short names joined by ',', "" none */
    const char *category; /* "all" or "" */
    bool namespaced;
    uint32_t subresources; /* bits of enum subresource */
    bool is_custom;        /* served only while its CustomResourceDefinition is there: crd.h */
};

/* The row of a kind. */
const struct kind *kind_get(enum kind_id id);

/* The row served under a group, version and plural; NULL when there is none. Events answer to
 * "events.k8s.io" as well: *ret_alt_form says that this other view was asked for. */
const struct kind *kind_by_path(struct str group, struct str version, struct str plural,
                                bool *ret_alt_form);

/* The row of a kind name inside an apiVersion ("apps/v1", "Deployment"), or NULL. */
const struct kind *kind_by_type(struct str api_version, struct str kind_name);

/* "v1" or "apps/v1". In the other form of an event: "events.k8s.io/v1". */
const char *kind_api_version(const struct kind *kind, bool alt_form);

#endif
