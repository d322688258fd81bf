/* Columns of all kinds in one table; a cell is a function that appends one JSON value. The cells
 * that need more than a field are in table_cells.c. */
#include "bench/table.h"

#include <stdio.h>
#include <string.h>

#include "bench/clock.h"
#include "bench/table_cells.h"
#include "bench/table_custom.h"
#include "model/base/check.h"

struct column {
    enum kind_id kind;
    const char *name, *type, *format;
    int priority; /* 1: with -o wide only */
    cell *render;
    const char *path; /* for the generic cells */
};

#define NAME(kind)                                                                                 \
    {                                                                                              \
        kind, "Name", "string", "name", 0, cell_name, NULL                                         \
    }
#define AGE(kind)                                                                                  \
    {                                                                                              \
        kind, "Age", "string", "", 0, cell_age, NULL                                               \
    }

static const struct column columns[] = {
    NAME(KIND_POD),
    {KIND_POD, "Ready", "string", "", 0, cell_pod_ready, NULL},
    {KIND_POD, "Status", "string", "", 0, cell_pod_status, NULL},
    {KIND_POD, "Restarts", "string", "", 0, cell_pod_restarts, NULL},
    AGE(KIND_POD),
    {KIND_POD, "IP", "string", "", 1, cell_text, "status.podIP"},
    {KIND_POD, "Node", "string", "", 1, cell_text, "spec.nodeName"},
    {KIND_POD, "Nominated Node", "string", "", 1, cell_text, "status.nominatedNodeName"},
    {KIND_POD, "Readiness Gates", "string", "", 1, cell_text, "none"},
    NAME(KIND_NODE),
    {KIND_NODE, "Status", "string", "", 0, cell_node_status, NULL},
    {KIND_NODE, "Roles", "string", "", 0, cell_node_roles, NULL},
    AGE(KIND_NODE),
    {KIND_NODE, "Version", "string", "", 0, cell_plain, "status.nodeInfo.kubeletVersion"},
    {KIND_NODE, "Internal-IP", "string", "", 1, cell_node_address, "InternalIP"},
    {KIND_NODE, "External-IP", "string", "", 1, cell_node_address, "ExternalIP"},
    {KIND_NODE, "OS-Image", "string", "", 1, cell_unknown, "status.nodeInfo.osImage"},
    {KIND_NODE, "Kernel-Version", "string", "", 1, cell_unknown, "status.nodeInfo.kernelVersion"},
    {KIND_NODE, "Container-Runtime", "string", "", 1, cell_unknown,
     "status.nodeInfo.containerRuntimeVersion"},
    NAME(KIND_NAMESPACE),
    {KIND_NAMESPACE, "Status", "string", "", 0, cell_plain, "status.phase"},
    AGE(KIND_NAMESPACE),
    {KIND_EVENT, "Last Seen", "string", "", 0, cell_event_last, NULL},
    {KIND_EVENT, "Type", "string", "", 0, cell_plain, "type"},
    {KIND_EVENT, "Reason", "string", "", 0, cell_plain, "reason"},
    {KIND_EVENT, "Object", "string", "", 0, cell_event_object, NULL},
    {KIND_EVENT, "Subobject", "string", "", 1, cell_plain, "involvedObject.fieldPath"},
    {KIND_EVENT, "Source", "string", "", 1, cell_event_source, NULL},
    {KIND_EVENT, "Message", "string", "", 0, cell_plain, "message"},
    {KIND_EVENT, "First Seen", "string", "", 1, cell_event_first, NULL},
    {KIND_EVENT, "Count", "string", "", 1, cell_event_count, NULL},
    {KIND_EVENT, "Name", "string", "name", 1, cell_name, NULL},
    NAME(KIND_REPLICA_SET),
    {KIND_REPLICA_SET, "Desired", "integer", "", 0, cell_number, "spec.replicas"},
    {KIND_REPLICA_SET, "Current", "integer", "", 0, cell_number, "status.replicas"},
    {KIND_REPLICA_SET, "Ready", "integer", "", 0, cell_number, "status.readyReplicas"},
    AGE(KIND_REPLICA_SET),
    {KIND_REPLICA_SET, "Containers", "string", "", 1, cell_containers, "name"},
    {KIND_REPLICA_SET, "Images", "string", "", 1, cell_containers, "image"},
    {KIND_REPLICA_SET, "Selector", "string", "", 1, cell_selector, NULL},
    NAME(KIND_DEPLOYMENT),
    {KIND_DEPLOYMENT, "Ready", "string", "", 0, cell_deployment_ready, NULL},
    {KIND_DEPLOYMENT, "Up-to-date", "integer", "", 0, cell_number, "status.updatedReplicas"},
    {KIND_DEPLOYMENT, "Available", "integer", "", 0, cell_number, "status.availableReplicas"},
    AGE(KIND_DEPLOYMENT),
    {KIND_DEPLOYMENT, "Containers", "string", "", 1, cell_containers, "name"},
    {KIND_DEPLOYMENT, "Images", "string", "", 1, cell_containers, "image"},
    {KIND_DEPLOYMENT, "Selector", "string", "", 1, cell_selector, NULL},
    NAME(KIND_LEASE),
    {KIND_LEASE, "Holder", "string", "", 0, cell_plain, "spec.holderIdentity"},
    AGE(KIND_LEASE),
    NAME(KIND_SERVICE_ACCOUNT),
    AGE(KIND_SERVICE_ACCOUNT),
    NAME(KIND_CONFIG_MAP),
    {KIND_CONFIG_MAP, "Data", "integer", "", 0, cell_data_count, NULL},
    AGE(KIND_CONFIG_MAP),
    NAME(KIND_SECRET),
    {KIND_SECRET, "Type", "string", "", 0, cell_plain, "type"},
    {KIND_SECRET, "Data", "integer", "", 0, cell_data_count, NULL},
    AGE(KIND_SECRET),
    NAME(KIND_SERVICE),
    {KIND_SERVICE, "Type", "string", "", 0, cell_plain, "spec.type"},
    {KIND_SERVICE, "Cluster-IP", "string", "", 0, cell_text, "spec.clusterIP"},
    AGE(KIND_SERVICE),
    NAME(KIND_PRIORITY_CLASS),
    {KIND_PRIORITY_CLASS, "Value", "integer", "", 0, cell_number, "value"},
    AGE(KIND_PRIORITY_CLASS),
    NAME(KIND_POD_DISRUPTION_BUDGET),
    {KIND_POD_DISRUPTION_BUDGET, "Min Available", "string", "", 0, cell_any, "spec.minAvailable"},
    {KIND_POD_DISRUPTION_BUDGET, "Max Unavailable", "string", "", 0, cell_any,
     "spec.maxUnavailable"},
    {KIND_POD_DISRUPTION_BUDGET, "Allowed Disruptions", "integer", "", 0, cell_number,
     "status.disruptionsAllowed"},
    AGE(KIND_POD_DISRUPTION_BUDGET),
    NAME(KIND_STATEFUL_SET),
    {KIND_STATEFUL_SET, "Ready", "string", "", 0, cell_deployment_ready, NULL},
    AGE(KIND_STATEFUL_SET),
    {KIND_STATEFUL_SET, "Containers", "string", "", 1, cell_containers, "name"},
    {KIND_STATEFUL_SET, "Images", "string", "", 1, cell_containers, "image"},
    NAME(KIND_CUSTOM_RESOURCE_DEFINITION),
    {KIND_CUSTOM_RESOURCE_DEFINITION, "Created At", "string", "", 0, cell_plain,
     "metadata.creationTimestamp"},
    NAME(KIND_RESOURCE_POLICY), /* the rest is in its definition */
    NAME(KIND_ACK_RESOURCE_POLICY),
};

void table_columns(const struct kind *kind, const struct object *definition, struct buf *out)
{
    bool first = true;
    (void)buf_add_str(out, "[");
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        const struct column *column = &columns[i];
        if (column->kind != kind->id)
            continue;
        (void)buf_printf(
            out,
            "%s{\"name\":\"%s\",\"type\":\"%s\",\"format\":\"%s\",\"description\":\"\","
            "\"priority\":%d}",
            first ? "" : ",", column->name, column->type, column->format, column->priority);
        first = false;
    }
    if (definition)
        custom_columns(definition, out);
    (void)buf_add_str(out, "]");
}

void table_row(const struct object *object, const struct object *definition,
               const struct table_view *view, struct buf *out)
{
    json_t *json = object_json(object, false);
    const struct row row = {.object = object, .json = json, .now_s = view->now_s};
    bool first = true;
    (void)buf_add_str(out, "{\"cells\":[");
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        if (columns[i].kind != object->kind->id)
            continue;
        (void)buf_add_str(out, first ? "" : ",");
        columns[i].render(&row, columns[i].path, out);
        first = false;
    }
    if (definition)
        custom_cells(definition, &row, out);
    json_decref(json);
    (void)buf_add_str(out, "]");
    if (view->include == INCLUDE_METADATA) {
        (void)buf_add_str(out, ",\"object\":{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":"
                               "\"meta.k8s.io/v1\",");
        object_render_metadata(object, out);
        (void)buf_add_str(out, "}");
    } else if (view->include == INCLUDE_OBJECT) {
        (void)buf_add_str(out, ",\"object\":");
        object_render(object, view->alt_form, out);
    }
    (void)buf_add_str(out, "}");
}

/* A number and its unit, twice: "3h20m"; the second part is left out when it is 0. */
struct age {
    int64_t value;
    char unit;
    int64_t rest;
    char rest_unit;
};

/* The steps of apimachinery's duration.HumanDuration. */
static struct age age_parts(int64_t s)
{
    int64_t minutes = s / 60, hours = s / 3600, days = s / 86400;
    if (s < 120)
        return (struct age){s, 's', 0, 0};
    if (minutes < 10)
        return (struct age){minutes, 'm', s % 60, 's'};
    if (minutes < 180)
        return (struct age){minutes, 'm', 0, 0};
    if (hours < 8)
        return (struct age){hours, 'h', minutes % 60, 'm'};
    if (hours < 48)
        return (struct age){hours, 'h', 0, 0};
    if (hours < 192)
        return (struct age){days, 'd', hours % 24, 'h'};
    if (days < 730)
        return (struct age){days, 'd', 0, 0};
    return (struct age){days / 365, 'y', days % 365, 'd'};
}

void table_age(int64_t age_s, char *ret_text, size_t size)
{
    struct age age = age_parts(age_s < 0 ? 0 : age_s);
    if (age.rest > 0)
        (void)snprintf(ret_text, size, "%lld%c%lld%c", (long long)age.value, age.unit,
                       (long long)age.rest, age.rest_unit);
    else
        (void)snprintf(ret_text, size, "%lld%c", (long long)age.value, age.unit);
}
