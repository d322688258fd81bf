#include "tests/real/admission.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/check.h"

enum { ADMISSION_PATH_BYTES = 512 };

static const json_t *member(const json_t *object, const char *name)
{
    return json_object_get(object, name);
}

static void copy_text(char *to, size_t size, const json_t *text)
{
    const char *from = json_string_value(text);
    CHECK(from && strlen(from) < size);
    memcpy(to, from, strlen(from) + 1);
}

/* "300m" or "3". */
static int64_t cpu_milli_of(const json_t *pod)
{
    const json_t *container;
    size_t i;
    int64_t sum = 0;
    json_array_foreach(member(member(pod, "spec"), "containers"), i, container)
    {
        const char *text =
            json_string_value(member(member(member(container, "resources"), "requests"), "cpu"));
        char *unit;
        int64_t value = text ? strtoll(text, &unit, 10) : 0;
        sum += text && strcmp(unit, "m") == 0 ? value : value * 1000;
    }
    return sum;
}

static size_t find_pod(const struct admission *admission, const char *uid)
{
    size_t i = 0;
    while (i < admission->pod_count && strcmp(admission->pods[i].uid, uid) != 0)
        i++;
    return i;
}

static bool is_living(const struct admission_pod *pod)
{
    return pod->node[0] && !pod->is_refused && !pod->is_gone;
}

/* What the pods on a node ask for; `for_pod` not NULL: of those only that its scheduler had seen or
 * made itself when it decided. */
static int64_t used_milli(const struct admission *admission, const char *node,
                          const struct admission_pod *for_pod)
{
    int64_t sum = 0;
    for (size_t i = 0; i < admission->pod_count; i++) {
        const struct admission_pod *pod = &admission->pods[i];
        bool counts = !for_pod || pod->bound_version < for_pod->created_version ||
                      strcmp(pod->scheduler, for_pod->scheduler) == 0;
        if (counts && is_living(pod) && strcmp(pod->node, node) == 0)
            sum += pod->cpu_milli;
    }
    return sum;
}

static void say_failed_later(struct admission *admission, size_t number)
{
    for (size_t i = 0; i < admission->unsaid_count; i++)
        if (admission->unsaid[i] == number)
            return;
    CHECK(admission->unsaid_count < ADMISSION_PODS_MAX);
    admission->unsaid[admission->unsaid_count++] = number;
}

static uint64_t version_of(const json_t *object)
{
    const char *text = json_string_value(member(member(object, "metadata"), "resourceVersion"));
    CHECK(text);
    return strtoull(text, NULL, 10);
}

static struct admission_pod *add_pod(struct admission *admission, const char *type,
                                     const json_t *object)
{
    CHECK(admission->pod_count < ADMISSION_PODS_MAX);
    struct admission_pod *pod = &admission->pods[admission->pod_count++];
    *pod = (struct admission_pod){.cpu_milli = cpu_milli_of(object)};
    copy_text(pod->uid, sizeof(pod->uid), member(member(object, "metadata"), "uid"));
    copy_text(pod->name, sizeof(pod->name), member(member(object, "metadata"), "name"));
    copy_text(pod->scheduler, sizeof(pod->scheduler),
              member(member(object, "spec"), "schedulerName"));
    pod->created_version = strcmp(type, "ADDED") == 0 ? version_of(object) : 0;
    return pod;
}

/* The pod came to its node. */
static void admit(struct admission *admission, struct admission_pod *pod, const json_t *object)
{
    char node[sizeof(pod->node)];
    copy_text(node, sizeof(node), member(member(object, "spec"), "nodeName"));
    int64_t room = admission->node_cpu_milli - pod->cpu_milli;
    pod->is_refused = used_milli(admission, node, NULL) > room;
    pod->is_blind = used_milli(admission, node, pod) > room;
    admission->refused += pod->is_refused;
    pod->bound_version = version_of(object);
    memcpy(pod->node, node, sizeof(node));
}

static void on_pod(void *context, const char *type, const json_t *object)
{
    struct admission *admission = context;
    const char *uid = json_string_value(member(member(object, "metadata"), "uid"));
    const char *phase = json_string_value(member(member(object, "status"), "phase"));
    CHECK(uid && phase);
    bool is_over = strcmp(type, "DELETED") == 0 || strcmp(phase, "Failed") == 0 ||
                   strcmp(phase, "Succeeded") == 0;
    size_t number = find_pod(admission, uid);
    struct admission_pod *pod =
        number < admission->pod_count ? &admission->pods[number] : add_pod(admission, type, object);
    if (!is_over && !pod->node[0] && member(member(object, "spec"), "nodeName"))
        admit(admission, pod, object);
    admission->failed += pod->is_refused && is_over && !pod->is_gone;
    pod->is_gone = pod->is_gone || is_over;
    /* kwok makes each pod Running. If that came behind Failed, the pod would be back for a moment,
     * and its owner would have one too many. */
    if (pod->is_refused && !pod->is_gone && strcmp(phase, "Pending") != 0)
        say_failed_later(admission, number);
}

void admission_start(struct admission *admission, struct world *world, int64_t node_cpu_milli)
{
    *admission = (struct admission){.world = world, .node_cpu_milli = node_cpu_milli};
    /* From a version on, each event is told in its order; without one, what is there by the time
     * the watch is open would come first, as one heap. */
    char path[ADMISSION_PATH_BYTES];
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods?limit=1", world->namespace);
    json_t *list = api_get(&world->api, path);
    (void)snprintf(path, sizeof(path),
                   "/api/v1/namespaces/%s/pods?watch=1&resourceVersion=%" PRIu64, world->namespace,
                   version_of(list));
    json_decref(list);
    api_watch_start(&world->api, &admission->watch, path, on_pod, admission);
}

void admission_fini(struct admission *admission)
{
    api_watch_stop(&admission->world->api, &admission->watch);
}

static void say_failed(struct admission *admission, const struct admission_pod *pod)
{
    char path[ADMISSION_PATH_BYTES], body[ADMISSION_PATH_BYTES];
    (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods/%s/status",
                   admission->world->namespace, pod->name);
    (void)snprintf(body, sizeof(body),
                   "{\"metadata\":{\"uid\":\"%s\"},\"status\":{\"phase\":\"Failed\","
                   "\"reason\":\"OutOfcpu\",\"message\":\"Pod was rejected: Node didn't have "
                   "enough resource: cpu\"}}",
                   pod->uid);
    long status = api_call(&admission->world->api, "PATCH", path, body, NULL);
    /* 404, 409: deleted meanwhile */
    cr_assert(status == 200 || status == 404 || status == 409, "PATCH %s: status %ld", path,
              status);
}

struct wait {
    const struct admission *admission;
    bool (*done)(const void *context);
    const void *context;
};

static bool has_work_or_is_done(const void *context)
{
    const struct wait *wait = context;
    const struct admission *admission = wait->admission;
    return admission->unsaid_count > 0 ||
           (admission->failed == admission->refused && wait->done(wait->context));
}

void admission_run(struct admission *admission, bool (*done)(const void *context),
                   const void *context, const char *what)
{
    const struct wait wait = {admission, done, context};
    do {
        while (admission->unsaid_count > 0)
            say_failed(admission, &admission->pods[admission->unsaid[--admission->unsaid_count]]);
        cr_assert(api_await(&admission->world->api, has_work_or_is_done, &wait, WORLD_PATIENCE_MS),
                  "%s: it did not come; spillway's log is %s", what,
                  admission->world->spillway.log_path);
    } while (admission->unsaid_count > 0);
}

size_t admission_living(const struct admission *admission, const char *scheduler)
{
    size_t count = 0;
    for (size_t i = 0; i < admission->pod_count; i++)
        count +=
            is_living(&admission->pods[i]) && strcmp(admission->pods[i].scheduler, scheduler) == 0;
    return count;
}

size_t admission_refused(const struct admission *admission, const char *scheduler)
{
    size_t count = 0;
    for (size_t i = 0; i < admission->pod_count; i++)
        count +=
            admission->pods[i].is_refused && strcmp(admission->pods[i].scheduler, scheduler) == 0;
    return count;
}

/* Pods of the scheduler that came to the node and were refused, or admitted. */
static size_t count_on(const struct admission *admission, const char *node, const char *scheduler,
                       bool is_refused)
{
    size_t count = 0;
    for (size_t i = 0; i < admission->pod_count; i++) {
        const struct admission_pod *pod = &admission->pods[i];
        count += pod->is_refused == is_refused && strcmp(pod->node, node) == 0 &&
                 strcmp(pod->scheduler, scheduler) == 0;
    }
    return count;
}

void admission_check(const struct admission *admission, const char *scheduler, const char *rival)
{
    for (size_t i = 0; i < admission->pod_count; i++) {
        const char *node = admission->pods[i].node;
        size_t refused = count_on(admission, node, scheduler, true);
        size_t rivals = count_on(admission, node, rival, false);
        cr_expect(!admission->pods[i].is_blind ||
                      strcmp(admission->pods[i].scheduler, scheduler) != 0,
                  "%s sent pod %s to %s, which it had seen to be full", scheduler,
                  admission->pods[i].name, node);
        cr_expect(refused <= rivals, "node %s: %zu pods of %s were refused beside %zu of %s", node,
                  refused, scheduler, rivals, rival);
    }
}
