#include "tests/real/oracle.h"

#include <string.h>

#include "model/base/check.h"

enum { MOST = 100 }; /* what a plug-in gives at most */

static const int64_t mebibyte = 1024 * 1024;

static const char *name_of(const json_t *node)
{
    return json_string_value(json_object_get(json_object_get(node, "metadata"), "name"));
}

/* ---- resources: free share, and balance of cpu and memory ---- */

struct usage {
    int64_t have[2]; /* cpu, memory */
    int64_t before[2];
    int64_t after[2];
};

static void read_usage(const json_t *cluster, const json_t *node, const json_t *pod, bool nonzero,
                       struct usage *ret_usage)
{
    static const char *const names[2] = {"cpu", "memory"};
    json_t *have = oracle_amounts(json_object_get(json_object_get(node, "status"), "allocatable"));
    json_t *used = oracle_used(cluster, name_of(node), nonzero);
    json_t *need = oracle_requests(pod, nonzero);
    for (size_t i = 0; i < 2; i++) {
        ret_usage->have[i] = oracle_amount(have, names[i]);
        ret_usage->before[i] = oracle_amount(used, names[i]);
        ret_usage->after[i] = ret_usage->before[i] + oracle_amount(need, names[i]);
    }
    json_decref(have);
    json_decref(used);
    json_decref(need);
}

/* kube-scheduler 1.37 overlooks the pod-level requests of the pod that comes (not of those that are
 * there): NewFit() does not tell its scorer about them. */
static int64_t score_free(const json_t *cluster, const json_t *node, const json_t *pod)
{
    struct usage usage;
    json_t *seen = json_deep_copy(pod);
    json_object_del(json_object_get(seen, "spec"), "resources");
    read_usage(cluster, node, seen, true, &usage);
    json_decref(seen);
    int64_t sum = 0;
    int64_t weights = 0;
    for (size_t i = 0; i < 2; i++) {
        if (usage.have[i] == 0)
            continue;
        weights++;
        if (usage.after[i] <= usage.have[i])
            sum += (usage.have[i] - usage.after[i]) * MOST / usage.have[i];
    }
    return weights ? sum / weights : 0;
}

static int64_t balance(const int64_t have[2], const int64_t used[2])
{
    if (have[0] == 0 || have[1] == 0)
        return MOST;
    double share[2];
    for (size_t i = 0; i < 2; i++) {
        share[i] = (double)used[i] / (double)have[i];
        share[i] = share[i] > 1 ? 1 : share[i];
    }
    double deviation = (share[0] - share[1]) / 2;
    return (int64_t)((1 - (deviation < 0 ? -deviation : deviation)) * MOST);
}

static int64_t score_balance(const json_t *cluster, const json_t *node, const json_t *pod)
{
    struct usage usage;
    read_usage(cluster, node, pod, false, &usage);
    if (usage.after[0] == usage.before[0] && usage.after[1] == usage.before[1])
        return 0; /* no node is better balanced than before */
    return 50 + (50 + balance(usage.have, usage.after) - balance(usage.have, usage.before)) / 2;
}

/* ---- images ---- */

static bool has_image(const json_t *node, const char *name, int64_t *ret_bytes)
{
    const json_t *image;
    size_t i;
    json_array_foreach(json_object_get(json_object_get(node, "status"), "images"), i, image)
    {
        const json_t *first = json_array_get(json_object_get(image, "names"), 0);
        if (strcmp(json_string_value(first), name) == 0) {
            *ret_bytes = json_integer_value(json_object_get(image, "sizeBytes"));
            return true;
        }
    }
    return false;
}

/* The size, less the fewer nodes have it. */
static int64_t image_value(const json_t *cluster, const json_t *node, const char *image)
{
    char name[256];
    const char *colon = strrchr(image, ':');
    const char *slash = strrchr(image, '/');
    bool tagged = colon && (!slash || colon > slash);
    CHECK(strlen(image) + sizeof(":latest") <= sizeof(name));
    memcpy(name, image, strlen(image) + 1);
    if (!tagged)
        memcpy(name + strlen(image), ":latest", sizeof(":latest"));

    int64_t bytes;
    int64_t ignored;
    if (!has_image(node, name, &bytes))
        return 0;
    const json_t *nodes = json_object_get(cluster, "nodes");
    const json_t *each;
    size_t i;
    size_t having = 0;
    json_array_foreach(nodes, i, each) having += has_image(each, name, &ignored);
    return (int64_t)((double)bytes * ((double)having / (double)json_array_size(nodes)));
}

static int64_t score_images(const json_t *cluster, const json_t *node, const json_t *pod)
{
    static const char *const lists[] = {"containers", "initContainers"};
    int64_t sum = 0;
    int64_t containers = 0;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        const json_t *container;
        size_t j;
        json_array_foreach(json_object_get(json_object_get(pod, "spec"), lists[i]), j, container)
        {
            const char *image = json_string_value(json_object_get(container, "image"));
            sum += image_value(cluster, node, image);
            containers++;
        }
    }
    int64_t least = 23 * mebibyte;
    int64_t most = 1000 * mebibyte * containers;
    sum = sum < least ? least : sum > most ? most : sum;
    return MOST * (sum - least) / (most - least);
}

/* ---- soft taints and preferences: raw, to be scaled by the best or worst node ---- */

static int64_t count_soft_taints(const json_t *node, const json_t *pod)
{
    const json_t *taint;
    size_t i;
    int64_t count = 0;
    json_array_foreach(json_object_get(json_object_get(node, "spec"), "taints"), i, taint)
    {
        const char *effect = json_string_value(json_object_get(taint, "effect"));
        count += strcmp(effect, "PreferNoSchedule") == 0 && !oracle_tolerates(pod, taint);
    }
    return count;
}

static int64_t sum_preferences(const json_t *node, const json_t *pod)
{
    const json_t *affinity = json_object_get(json_object_get(pod, "spec"), "affinity");
    const json_t *terms = json_object_get(json_object_get(affinity, "nodeAffinity"),
                                          "preferredDuringSchedulingIgnoredDuringExecution");
    const json_t *term;
    size_t i;
    int64_t sum = 0;
    json_array_foreach(terms, i, term)
    {
        if (oracle_term_matches(json_object_get(term, "preference"), node))
            sum += json_integer_value(json_object_get(term, "weight"));
    }
    return sum;
}

/* ---- the whole ---- */

static void judge_best(struct oracle *oracle, const int64_t taints[], const int64_t preferences[])
{
    int64_t most_taints = 0;
    int64_t most_preferred = 0;
    for (size_t i = 0; i < oracle->count; i++) {
        if (oracle->nodes[i].fits && taints[i] > most_taints)
            most_taints = taints[i];
        if (oracle->nodes[i].fits && preferences[i] > most_preferred)
            most_preferred = preferences[i];
    }
    oracle->best = -1;
    for (size_t i = 0; i < oracle->count; i++) {
        struct oracle_node *node = &oracle->nodes[i];
        if (!node->fits)
            continue;
        node->score += 3 * (most_taints ? MOST - MOST * taints[i] / most_taints : MOST);
        node->score += 2 * (most_preferred ? MOST * preferences[i] / most_preferred : 0);
        if (node->score > oracle->best)
            oracle->best = node->score;
    }
}

void oracle_judge(const json_t *cluster, const json_t *pod, struct oracle *ret_oracle)
{
    struct oracle oracle = {0};
    int64_t taints[ORACLE_NODES_MAX];
    int64_t preferences[ORACLE_NODES_MAX];
    const json_t *node;
    size_t i;
    CHECK(json_array_size(json_object_get(cluster, "nodes")) <= ORACLE_NODES_MAX);
    json_array_foreach(json_object_get(cluster, "nodes"), i, node)
    {
        struct oracle_node *judged = &oracle.nodes[oracle.count++];
        *judged =
            (struct oracle_node){.name = name_of(node), .fits = oracle_fits(cluster, node, pod)};
        taints[i] = count_soft_taints(node, pod);
        preferences[i] = sum_preferences(node, pod);
        if (!judged->fits)
            continue;
        oracle.fitting++;
        judged->score = score_free(cluster, node, pod) + score_balance(cluster, node, pod) +
                        score_images(cluster, node, pod);
    }
    judge_best(&oracle, taints, preferences);
    *ret_oracle = oracle;
}

bool oracle_allows(const struct oracle *oracle, const char *node, const char *nominated)
{
    const struct oracle_node *chosen = NULL;
    bool nominated_fits = false;
    for (size_t i = 0; i < oracle->count; i++) {
        const struct oracle_node *each = &oracle->nodes[i];
        if (strcmp(each->name, node) == 0)
            chosen = each;
        if (nominated && strcmp(each->name, nominated) == 0)
            nominated_fits = each->fits;
    }
    if (!chosen || !chosen->fits)
        return false;
    return nominated_fits ? strcmp(node, nominated) == 0 : chosen->score == oracle->best;
}
