/* The status of a Deployment (kubernetes pkg/controller/deployment/sync.go, progress.go). */
#include <stdio.h>

#include "bench/controller_read.h"
#include "bench/deployment.h"
#include "model/timestamp.h"

struct counts {
    int64_t replicas, updated, ready, available;
};

static struct counts count_all(const struct item *deployment, const struct item *current)
{
    struct counts counts = {0};
    for (const struct item *at = deployment->children; at; at = at->next) {
        counts.replicas += object_field_int(at->object, "status.replicas", 0);
        counts.ready += object_field_int(at->object, "status.readyReplicas", 0);
        counts.available += object_field_int(at->object, "status.availableReplicas", 0);
    }
    counts.updated = object_field_int(current->object, "status.replicas", 0);
    return counts;
}

static bool is_complete(const struct counts *counts, const struct rollout *rollout)
{
    return counts->updated == rollout->replicas && counts->replicas == rollout->replicas &&
           counts->available == rollout->replicas;
}

/* Whether the numbers moved since the status that is written now. */
static bool has_moved(const struct object *object, const struct counts *counts)
{
    return counts->updated > object_field_int(object, "status.updatedReplicas", 0) ||
           counts->ready > object_field_int(object, "status.readyReplicas", 0) ||
           counts->available > object_field_int(object, "status.availableReplicas", 0) ||
           counts->replicas < object_field_int(object, "status.replicas", 0);
}

/* When the Progressing condition was written last; 0: never. */
static int64_t progress_us(const struct condition_view *before)
{
    int64_t us;
    return timestamp_parse(before->updated, &us) ? us : 0;
}

/* complete -> NewReplicaSetAvailable, and stays until the next template; moving ->
 * ReplicaSetUpdated; nothing moved for progressDeadlineSeconds -> ProgressDeadlineExceeded. */
static void add_progressing(struct controllers *controllers, struct item *deployment,
                            const struct item *current, const struct counts *counts,
                            const struct rollout *rollout, struct buf *list)
{
    const struct object *object = deployment->object;
    int64_t now_us = store_clock(controllers->store)->wall_us;
    int64_t deadline_s = object_field_int(object, "spec.progressDeadlineSeconds", 600);
    struct condition_view before = {0};
    char message[512];
    (void)object_condition(object, "Progressing", &before);
    bool same_spec = object_field_int(object, "status.observedGeneration", 0) == object->generation;
    bool moved = has_moved(object, counts) || !same_spec || before.status.len == 0;
    bool complete =
        is_complete(counts, rollout) || (str_is(before.reason, "NewReplicaSetAvailable") && !moved);
    bool was_late = str_is(before.reason, "ProgressDeadlineExceeded");
    bool late =
        !complete && !moved && (was_late || now_us - progress_us(&before) > deadline_s * 1000000);
    const char *rest = complete ? "has successfully progressed"
                       : late   ? "has timed out progressing"
                                : "is progressing";
    (void)snprintf(message, sizeof(message), "ReplicaSet \"%s\" %s.", current->object->ident->name,
                   rest);
    const struct condition_text text = {.type = "Progressing",
                                        .status = late ? "False" : "True",
                                        .reason = complete ? "NewReplicaSetAvailable"
                                                  : late   ? "ProgressDeadlineExceeded"
                                                           : "ReplicaSetUpdated",
                                        .message = message,
                                        .has_update_time = true,
                                        .is_updated = moved};
    condition_add(list, object, &text, now_us / 1000000);
    if (!complete && !late && deadline_s < INT32_MAX)
        item_wake(controllers, deployment, deadline_s * 1000 + 1000);
}

static void add_available(const struct controllers *controllers, const struct item *deployment,
                          const struct counts *counts, const struct rollout *rollout,
                          struct buf *list)
{
    bool enough = counts->available >= rollout->replicas - rollout->unavailable;
    const struct condition_text text = {
        .type = "Available",
        .status = enough ? "True" : "False",
        .reason = enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
        .message = enough ? "Deployment has minimum availability."
                          : "Deployment does not have minimum availability.",
        .has_update_time = true};
    condition_add(list, deployment->object, &text,
                  store_clock(controllers->store)->wall_us / 1000000);
}

void deployment_write_status(struct controllers *controllers, struct item *deployment,
                             const struct item *current, const struct rollout *rollout)
{
    struct counts counts = count_all(deployment, current);
    struct buf text, list;
    buf_init(&text, 1024);
    buf_init(&list, 8192);
    (void)buf_add_str(&list, "[");
    add_available(controllers, deployment, &counts, rollout, &list);
    add_progressing(controllers, deployment, current, &counts, rollout, &list);
    (void)buf_add_str(&list, "]");
    int64_t missing = rollout->replicas - counts.available;
    const struct {
        const char *name;
        int64_t value;
    } members[] = {{"availableReplicas", counts.available},
                   {"readyReplicas", counts.ready},
                   {"replicas", counts.replicas},
                   {"unavailableReplicas", missing},
                   {"updatedReplicas", counts.updated}};
    (void)buf_printf(&text, "\"observedGeneration\":%lld",
                     (long long)deployment->object->generation);
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (members[i].value > 0) /* omitempty */
            (void)buf_printf(&text, ",\"%s\":%lld", members[i].name, (long long)members[i].value);
    CHECK(!buf_overflowed(&text) && !buf_overflowed(&list));
    const struct status_text status = {.conditions = buf_str(&list), .rest = buf_str(&text)};
    store_set_status(controllers->store, deployment->object, &status, NULL);
    buf_fini(&text);
    buf_fini(&list);
}
