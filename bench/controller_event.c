/* The events controllers write, in the words of kube-controller-manager. */
#include <stdio.h>

#include "bench/controller_private.h"

void controller_emit(struct controllers *controllers, const struct object *about,
                     const char *component, const char *reason, const char *message)
{
    char name[API_NAME_BYTES], now[RFC3339_BYTES];
    struct api_status status;
    const struct sim_clock *clock = store_clock(controllers->store);
    sim_time_text(clock->wall_us / 1000000, now);
    (void)snprintf(name, sizeof(name), "%.200s.%llx%04llx", about->ident->name,
                   (unsigned long long)clock->wall_us,
                   (unsigned long long)(++controllers->seq & 0xffff));
    json_t *event = json_pack(
        "{s:s, s:s, s:{s:s, s:s}, s:{s:s, s:s, s:s, s:s, s:s}, s:s, s:s, s:s, s:{s:s}, s:s, s:s,"
        " s:i, s:s, s:s}",
        "apiVersion", "v1", "kind", "Event", "metadata", "name", name, "namespace",
        about->ident->ns, "involvedObject", "apiVersion", kind_api_version(about->kind, false),
        "kind", about->kind->kind, "namespace", about->ident->ns, "name", about->ident->name, "uid",
        about->ident->uid, "type", "Normal", "reason", reason, "message", message, "source",
        "component", component, "firstTimestamp", now, "lastTimestamp", now, "count", 1,
        "reportingComponent", component, "reportingInstance", "");
    CHECK(event != NULL);
    /* Best effort: a namespace that ends takes no more events. */
    (void)!store_create(controllers->store, KIND_EVENT, str_from(about->ident->ns), event, NULL,
                        &status);
    json_decref(event);
}
