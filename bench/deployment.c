/*
 * Deployment -> ReplicaSets (kubernetes pkg/controller/deployment): one ReplicaSet for each
 * template, a rolling update or Recreate from the old ones to the new one, revisions and history.
 * Not here: proportional scaling in the middle of a rollout; it converges by the rolling rules.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/controller_private.h"
#include "bench/deployment.h"
#include "bench/json_scan.h"
#include "model/base/hash.h"
#include "model/base/mem.h"

enum { HASH_BYTES = 16, RETRY_MS = 1000, MAX_HISTORY = 1000 };

/* ---- the ReplicaSet of a template ---- */

/* The text without members that are false: clients that went through Go's types leave them out, and
 * `kubectl rollout undo` must find the template it came from. `text` is compact. Returns the
 * length.
 */
static size_t drop_false(char *text, size_t len)
{
    static const char gone[] = ":false";
    size_t to = 0;
    for (size_t from = 0; from < len;) {
        size_t end = from + 1; /* behind this string, or this other character */
        if (text[from] == '"') {
            while (end < len && text[end] != '"')
                end += text[end] == '\\' ? 2 : 1;
            end++;
        }
        CHECK(end <= len);
        if (text[from] == '"' && len - end >= sizeof(gone) - 1 &&
            memcmp(text + end, gone, sizeof(gone) - 1) == 0) {
            from = end + sizeof(gone) - 1;
            if (to > 0 && text[to - 1] == ',')
                to--;
            else if (text[from] == ',')
                from++;
            continue;
        }
        memmove(text + to, text + from, end - from);
        to += end - from;
        from = end;
    }
    return to;
}

/* As apimachinery's rand.SafeEncodeString of a 32-bit hash in decimal; the hash itself is ours. */
static void template_hash(struct str template, char ret_hash[HASH_BYTES])
{
    static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
    char *text = mem_strndup(template.ptr, template.len);
    uint32_t hash = (uint32_t)hash_bytes(0, text, drop_false(text, template.len));
    free(text);
    (void)snprintf(ret_hash, HASH_BYTES, "%u", hash);
    for (char *at = ret_hash; *at; at++)
        *at = alphabet[(size_t)(unsigned char)*at % (sizeof(alphabet) - 1)];
}

static struct item *find_by_hash(const struct item *deployment, const char *hash)
{
    struct str label;
    for (struct item *at = deployment->children; at; at = at->next)
        if (object_label(at->object, STR("pod-template-hash"), &label) && str_is(label, hash))
            return at;
    return NULL;
}

static int64_t revision_of(const struct object *object)
{
    struct str text;
    return object_annotation(object, STR(REVISION_ANNOTATION), &text) ? json_int(text, 0) : 0;
}

static int64_t next_revision(const struct item *deployment, const struct item *except)
{
    int64_t most = 0;
    for (const struct item *at = deployment->children; at; at = at->next)
        if (at != except && revision_of(at->object) > most)
            most = revision_of(at->object);
    return most + 1;
}

static void set_revision(struct controllers *controllers, const struct object *object,
                         int64_t revision)
{
    if (revision_of(object) == revision)
        return;
    char text[24];
    struct api_status status;
    (void)snprintf(text, sizeof(text), "%lld", (long long)revision);
    const struct store_target target = {.kind = object->kind->id,
                                        .ns = str_from(object->ident->ns),
                                        .name = str_from(object->ident->name)};
    json_t *patch =
        json_pack("{s:{s:{s:s}}}", "metadata", "annotations", REVISION_ANNOTATION, text);
    CHECK(store_patch(controllers->store, &target, PATCH_MERGE, patch, NULL, &status));
    json_decref(patch);
}

static json_t *load_field(const struct object *object, const char *path)
{
    struct str raw;
    json_t *json = object_field(object, path, &raw) ? json_loadb(raw.ptr, raw.len, 0, NULL) : NULL;
    return json ? json : json_object();
}

static json_t *member_object(json_t *object, const char *key)
{
    if (!json_object_get(object, key))
        (void)json_object_set_new(object, key, json_object());
    return json_object_get(object, key);
}

/* The body of a new ReplicaSet with no replicas yet: how many is the strategy's to say. */
static json_t *replicaset_body(const struct object *deployment, const char *hash, int64_t revision)
{
    char name[API_NAME_BYTES], number[24];
    (void)snprintf(name, sizeof(name), "%.200s-%s", deployment->ident->name, hash);
    (void)snprintf(number, sizeof(number), "%lld", (long long)revision);
    json_t *template = load_field(deployment, "spec.template");
    json_t *selector = load_field(deployment, "spec.selector");
    json_t *labels = member_object(member_object(template, "metadata"), "labels");
    (void)json_object_set_new(labels, "pod-template-hash", json_string(hash));
    (void)json_object_set_new(member_object(selector, "matchLabels"), "pod-template-hash",
                              json_string(hash));
    json_t *body = json_pack(
        "{s:s, s:s, s:{s:s, s:O, s:{s:s}, s:[{s:s, s:s, s:s, s:s, s:b, s:b}]},"
        " s:{s:i, s:I, s:o, s:O}}",
        "apiVersion", "apps/v1", "kind", "ReplicaSet", "metadata", "name", name, "labels", labels,
        "annotations", REVISION_ANNOTATION, number, "ownerReferences", "apiVersion", "apps/v1",
        "kind", "Deployment", "name", deployment->ident->name, "uid", deployment->ident->uid,
        "controller", 1, "blockOwnerDeletion", 1, "spec", "replicas", 0, "minReadySeconds",
        (json_int_t)object_field_int(deployment, "spec.minReadySeconds", 0), "selector", selector,
        "template", template);
    CHECK(body != NULL);
    json_decref(template);
    return body;
}

/* The ReplicaSet of the present template, made when it is new; NULL when it could not be. */
static struct item *current_replicaset(struct controllers *controllers, struct item *deployment)
{
    char hash[HASH_BYTES];
    struct str template, ns = str_from(deployment->object->ident->ns);
    struct api_status status;
    const struct object *made = NULL;
    if (!object_field(deployment->object, "spec.template", &template))
        return NULL;
    template_hash(template, hash);
    struct item *found = find_by_hash(deployment, hash);
    int64_t revision = next_revision(deployment, found);
    if (!found) {
        json_t *body = replicaset_body(deployment->object, hash, revision);
        if (store_create(controllers->store, KIND_REPLICA_SET, ns, body, &made, &status))
            found = item_find(controllers, str_from(made->ident->uid));
        else /* the namespace ends, or the name is somebody else's */
            item_wake(controllers, deployment, RETRY_MS);
        json_decref(body);
    } else if (revision_of(found->object) < revision) { /* a roll-back */
        set_revision(controllers, found->object, revision);
    }
    if (found)
        set_revision(controllers, deployment->object, revision_of(found->object));
    return found;
}

/* ---- the strategy ---- */

/* A number or a percentage of the replicas. */
static int64_t resolve(const struct object *deployment, const char *path, int64_t replicas,
                       bool round_up)
{
    struct str raw = STR("\"25%\""), text;
    (void)object_field(deployment, path, &raw);
    if (!json_plain(raw, &text))
        return json_int(raw, 0);
    if (text.len < 2 || text.ptr[text.len - 1] != '%')
        return 0;
    text.len--;
    int64_t percent = json_int(text, 0);
    return (replicas * percent + (round_up ? 99 : 0)) / 100;
}

struct rollout rollout_read(const struct object *deployment)
{
    struct rollout rollout = {.replicas = object_field_int(deployment, "spec.replicas", 1)};
    if (str_is(object_field_text(deployment, "spec.strategy.type"), "Recreate")) {
        rollout.is_recreate = true;
        return rollout;
    }
    rollout.surge =
        resolve(deployment, "spec.strategy.rollingUpdate.maxSurge", rollout.replicas, true);
    rollout.unavailable =
        resolve(deployment, "spec.strategy.rollingUpdate.maxUnavailable", rollout.replicas, false);
    if (rollout.surge == 0 && rollout.unavailable == 0)
        rollout.unavailable = 1; /* ResolveFenceposts: else nothing could ever move */
    return rollout;
}

static int64_t wanted(const struct item *replicaset)
{
    return object_field_int(replicaset->object, "spec.replicas", 0);
}

static int64_t available(const struct item *replicaset)
{
    return object_field_int(replicaset->object, "status.availableReplicas", 0);
}

static void set_wanted(struct controllers *controllers, struct item *replicaset, int64_t replicas)
{
    char message[512];
    int64_t before = wanted(replicaset);
    if (before == replicas)
        return;
    workload_scale(controllers, replicaset->object, replicas);
    (void)snprintf(message, sizeof(message), "Scaled %s replica set %s from %lld to %lld",
                   replicas > before ? "up" : "down", replicaset->object->ident->name,
                   (long long)before, (long long)replicas);
    controller_emit(controllers, replicaset->owner->object, "deployment-controller",
                    "ScalingReplicaSet", message);
}

/* Takes up to `count` from the old ReplicaSets; those that are not available first. */
static void shrink_old(struct controllers *controllers, struct item *deployment,
                       const struct item *current, int64_t count)
{
    for (int healthy = 0; healthy < 2; healthy++) {
        for (struct item *at = deployment->children; at && count > 0; at = at->next) {
            int64_t spare = wanted(at) - (healthy ? 0 : available(at));
            if (at == current || spare <= 0)
                continue;
            int64_t taken = spare < count ? spare : count;
            set_wanted(controllers, at, wanted(at) - taken);
            count -= taken;
        }
    }
}

static void roll(struct controllers *controllers, struct item *deployment, struct item *current,
                 const struct rollout *rollout)
{
    int64_t total = 0;
    for (const struct item *at = deployment->children; at; at = at->next)
        total += wanted(at);
    int64_t now = wanted(current), room = rollout->replicas + rollout->surge - total;
    if (now >= rollout->replicas)
        set_wanted(controllers, current, rollout->replicas);
    else if (room > 0)
        set_wanted(controllers, current,
                   now + room < rollout->replicas ? now + room : rollout->replicas);
    total += wanted(current) - now;
    int64_t fresh_missing = wanted(current) - available(current);
    int64_t least = rollout->replicas - rollout->unavailable;
    shrink_old(controllers, deployment, current,
               total - least - (fresh_missing > 0 ? fresh_missing : 0));
}

static void recreate(struct controllers *controllers, struct item *deployment, struct item *current,
                     const struct rollout *rollout)
{
    bool old_pods = false;
    for (struct item *at = deployment->children; at; at = at->next) {
        if (at == current)
            continue;
        set_wanted(controllers, at, 0);
        old_pods = old_pods || at->children;
    }
    if (!old_pods)
        set_wanted(controllers, current, rollout->replicas);
}

/* Deletes the oldest empty ReplicaSets beyond the history limit. */
static void clean_history(struct controllers *controllers, struct item *deployment,
                          const struct item *current)
{
    int64_t limit = object_field_int(deployment->object, "spec.revisionHistoryLimit", 10);
    for (int round = 0; round < MAX_HISTORY; round++) {
        int64_t count = 0;
        const struct item *oldest = NULL;
        for (const struct item *at = deployment->children; at; at = at->next) {
            if (at == current || wanted(at) > 0 || at->children)
                continue;
            count++;
            if (!oldest || revision_of(at->object) < revision_of(oldest->object))
                oldest = at;
        }
        if (count <= limit)
            return;
        struct api_status status;
        const struct store_target target = {.kind = KIND_REPLICA_SET,
                                            .ns = str_from(oldest->object->ident->ns),
                                            .name = str_from(oldest->object->ident->name)};
        CHECK(store_delete(controllers->store, &target, NULL, NULL, &status));
    }
}

void deployment_sync(struct controllers *controllers, struct item *deployment)
{
    if (deployment->object->deleted_s > 0)
        return;
    struct rollout rollout = rollout_read(deployment->object);
    struct str paused;
    bool is_paused =
        object_field(deployment->object, "spec.paused", &paused) && str_is(paused, "true");
    struct item *current = current_replicaset(controllers, deployment);
    if (!current)
        return;
    if (rollout.is_recreate)
        recreate(controllers, deployment, current, &rollout);
    else if (!is_paused)
        roll(controllers, deployment, current, &rollout);
    clean_history(controllers, deployment, current);
    deployment_write_status(controllers, deployment, current, &rollout);
}
