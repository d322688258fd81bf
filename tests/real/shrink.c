#include "tests/real/shrink.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"

struct shrinker {
    struct duel *duel;
    struct shrink_case *best;
    unsigned tries; /* left */
    struct buf *why;
};

/* Takes `cluster` and `pod` over in the place of the best when the two still disagree on them. */
static bool try_case(struct shrinker *shrinker, json_t *owned_cluster, json_t *owned_pod)
{
    struct shrink_case *best = shrinker->best;
    struct buf why;
    buf_init(&why, shrinker->why->max_bytes);
    bool smaller = false;
    if (shrinker->tries > 0) {
        shrinker->tries--;
        if (!json_equal(owned_cluster, best->cluster))
            duel_enter(shrinker->duel, owned_cluster);
        smaller = duel_fight(shrinker->duel, owned_cluster, owned_pod, best->kube_first, &why) ==
                  DUEL_DISAGREED;
        if (!smaller && !json_equal(owned_cluster, best->cluster))
            duel_enter(shrinker->duel, best->cluster);
    }
    if (smaller) {
        json_decref(best->cluster);
        json_decref(best->pod);
        *best = (struct shrink_case){owned_cluster, owned_pod, best->kube_first};
        buf_clear(shrinker->why);
        (void)buf_add(shrinker->why, why.data, why.len);
    } else {
        json_decref(owned_cluster);
        json_decref(owned_pod);
    }
    buf_fini(&why);
    return smaller;
}

/* ---- the cluster: runs of elements, the longest first ---- */

static const char *text_at(const json_t *object, const char *first, const char *second)
{
    const char *text = json_string_value(json_object_get(json_object_get(object, first), second));
    return text ? text : "";
}

static void drop_pods_without_node(json_t *cluster)
{
    json_t *bound = json_object_get(cluster, "bound");
    const json_t *node;
    size_t j;
    for (size_t i = json_array_size(bound); i-- > 0;) {
        const char *at = text_at(json_array_get(bound, i), "spec", "nodeName");
        bool found = false;
        json_array_foreach(json_object_get(cluster, "nodes"), j, node)
        {
            found = found || strcmp(text_at(node, "metadata", "name"), at) == 0;
        }
        if (!found)
            json_array_remove(bound, i);
    }
}

static size_t element_count(const struct shrinker *shrinker, const char *list)
{
    return json_array_size(json_object_get(shrinker->best->cluster, list));
}

static bool drop_run(struct shrinker *shrinker, const char *list, size_t from, size_t count)
{
    json_t *cluster = json_deep_copy(shrinker->best->cluster);
    json_t *elements = json_object_get(cluster, list);
    for (size_t i = 0; i < count && from < json_array_size(elements); i++)
        json_array_remove(elements, from);
    drop_pods_without_node(cluster);
    if (json_array_size(json_object_get(cluster, "nodes")) == 0) {
        json_decref(cluster); /* both would say so in words that need no test here */
        return false;
    }
    return try_case(shrinker, cluster, json_incref(shrinker->best->pod));
}

static void shrink_list(struct shrinker *shrinker, const char *list)
{
    for (size_t run = element_count(shrinker, list); run > 0; run /= 2) {
        size_t from = 0;
        while (from < element_count(shrinker, list) && shrinker->tries > 0) {
            if (!drop_run(shrinker, list, from, run))
                from += run;
        }
    }
}

/* ---- the pod: every member and element, outer ones first ---- */

/* Drops the n-th in the order of reading; counts `n` down. The values are ours and a few levels
 * deep. */
static bool drop_nth(json_t *value, size_t *n)
{
    const char *key;
    json_t *child;
    void *next;
    size_t i;
    json_object_foreach_safe(value, next, key, child)
    {
        if (*n == 0)
            return json_object_del(value, key) == 0;
        --*n;
        if (drop_nth(child, n))
            return true;
    }
    json_array_foreach(value, i, child)
    {
        if (*n == 0)
            return json_array_remove(value, i) == 0;
        --*n;
        if (drop_nth(child, n))
            return true;
    }
    return false;
}

static void shrink_pod(struct shrinker *shrinker)
{
    for (size_t next = 0; shrinker->tries > 0;) {
        json_t *pod = json_deep_copy(shrinker->best->pod);
        size_t n = next;
        if (!drop_nth(pod, &n)) {
            json_decref(pod);
            return;
        }
        if (!try_case(shrinker, json_incref(shrinker->best->cluster), pod))
            next++;
    }
}

bool shrink_run(struct duel *duel, struct shrink_case *shrink, unsigned tries, struct buf *why)
{
    struct shrinker shrinker = {.duel = duel, .best = shrink, .tries = tries, .why = why};
    duel_enter(duel, shrink->cluster);
    if (!try_case(&shrinker, json_incref(shrink->cluster), json_incref(shrink->pod)))
        return false;
    shrink_list(&shrinker, "bound");
    shrink_list(&shrinker, "nodes");
    shrink_pod(&shrinker);
    return true;
}

/* ---- YAML: blocks, with the scalars as JSON writes them ---- */

static void print_value(FILE *out, json_t *value, int indent);

static void print_member(FILE *out, json_t *value, int indent)
{
    bool is_block = json_object_size(value) > 0 || json_array_size(value) > 0;
    if (is_block) {
        (void)fputc('\n', out);
        print_value(out, value, indent + 2);
    } else {
        char *text CLEANUP(mem_freep) = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        (void)fprintf(out, " %s\n", text);
    }
}

static void print_value(FILE *out, json_t *value, int indent)
{
    const char *key;
    json_t *child;
    size_t i;
    json_object_foreach(value, key, child)
    {
        (void)fprintf(out, "%*s%s:", indent, "", key);
        print_member(out, child, indent);
    }
    json_array_foreach(value, i, child)
    {
        (void)fprintf(out, "%*s-", indent, "");
        print_member(out, child, indent);
    }
}

void shrink_print(FILE *out, const struct shrink_case *shrink)
{
    print_value(out, shrink->cluster, 0);
    (void)fprintf(out, "pod:\n");
    print_value(out, shrink->pod, 2);
}
