/*
 * One resource at a time, by the formula of component-helpers resource/helpers.go:
 *
 *   1. main = sum over containers and sidecars
 *   2. peak = the most that init containers need, each beside the sidecars started before it
 *   3. max(main, peak); a pod-level request replaces it (cpu, memory, hugepages-*)
 *   4. plus overhead
 *
 * A container of a pod on a node counts what it may hold while a resize goes on: the maximum of
 * what is wanted, what is allocated and what is in force.
 */
#include "model/pod_resources.h"

#include "model/base/check.h"
#include "model/names.h"

/* The lists of amounts that a container's or a pod's request is the maximum of. */
struct ask {
    uint32_t count;
    const struct amounts *lists[3];
};

/* The largest amount of a resource, -1 when no list has it. Bad (negative) amounts count as 0. */
static int64_t ask_amount(const struct ask *ask, uint32_t name_sym)
{
    int64_t most = -1;
    for (uint32_t i = 0; i < ask->count; i++) {
        const struct amounts *list = ask->lists[i];
        for (uint32_t j = 0; j < list->count; j++) {
            if (list->items[j].name_sym != name_sym)
                continue;
            int64_t amount = list->items[j].amount > 0 ? list->items[j].amount : 0;
            most = amount > most ? amount : most;
        }
    }
    return most;
}

static int64_t amounts_get(const struct amounts *amounts, uint32_t name_sym)
{
    struct ask ask = {1, {amounts}};
    return ask_amount(&ask, name_sym);
}

/* The status of a container by name; the search starts where it most likely is. */
static const struct container_status_object *
status_find(const struct container_status_object *statuses, uint32_t count, uint32_t likely,
            struct str name)
{
    for (uint32_t step = 0; step < count; step++) {
        const struct container_status_object *status = &statuses[(likely + step) % count];
        if (str_equal(status->name, name))
            return status;
    }
    return NULL;
}

/* What is wanted, allocated and in force. An infeasible resize will not happen: then the wanted
 * does not count, unless nothing else is known. */
static struct ask ask_of(const struct amounts *wanted, const struct amounts *allocated,
                         const struct amounts *actual, bool is_infeasible)
{
    struct ask ask = {0};
    if (allocated->is_set)
        ask.lists[ask.count++] = allocated;
    if (actual->is_set)
        ask.lists[ask.count++] = actual;
    if (!is_infeasible || ask.count == 0)
        ask.lists[ask.count++] = wanted;
    return ask;
}

struct pod_walk {
    const struct pod_object *pod;
    enum pod_resources_view view;
};

static struct ask ask_of_container(const struct pod_walk *walk, bool is_init, uint32_t i)
{
    const struct pod_object *pod = walk->pod;
    const struct container_object *container =
        is_init ? &pod->init_containers[i] : &pod->containers[i];
    const struct container_status_object *status = NULL;
    if (walk->view == POD_RESOURCES_ON_NODE)
        status =
            status_find(is_init ? pod->init_statuses : pod->statuses,
                        is_init ? pod->init_status_count : pod->status_count, i, container->name);
    if (!status)
        return (struct ask){1, {&container->requests}};
    return ask_of(&container->requests, &status->allocated, &status->requests,
                  pod->resize_infeasible);
}

/* Calls `visit` with every list of amounts that can matter, until it says true. */
static bool walk_lists(const struct pod_walk *walk,
                       bool (*visit)(void *ctx, const struct amounts *amounts), void *ctx)
{
    const struct pod_object *pod = walk->pod;
    for (uint32_t i = 0; i < pod->container_count + pod->init_container_count; i++) {
        bool is_init = i >= pod->container_count;
        struct ask ask = ask_of_container(walk, is_init, is_init ? i - pod->container_count : i);
        for (uint32_t j = 0; j < ask.count; j++)
            if (visit(ctx, ask.lists[j]))
                return true;
    }
    return visit(ctx, &pod->overhead) || visit(ctx, &pod->pod_requests);
}

/* Steps 1 to 3 without the pod level; a container that lacks the resource counts `missing`. */
static int64_t containers_amount(const struct pod_walk *walk, uint32_t name_sym, int64_t missing)
{
    const struct pod_object *pod = walk->pod;
    int64_t main = 0, sidecars = 0, peak = 0;
    for (uint32_t i = 0; i < pod->init_container_count; i++) {
        struct ask ask = ask_of_container(walk, true, i);
        int64_t amount = ask_amount(&ask, name_sym);
        int64_t running = resource_add(amount < 0 ? missing : amount, sidecars);
        if (pod->init_containers[i].restart_always)
            sidecars = running;
        peak = running > peak ? running : peak;
    }
    main = sidecars;
    for (uint32_t i = 0; i < pod->container_count; i++) {
        struct ask ask = ask_of_container(walk, false, i);
        int64_t amount = ask_amount(&ask, name_sym);
        main = resource_add(main, amount < 0 ? missing : amount);
    }
    return main > peak ? main : peak;
}

static bool is_pod_level(uint32_t name_sym, const struct symbols *symbols)
{
    return name_sym == NAME_CPU || name_sym == NAME_MEMORY ||
           str_starts(symbol_str(symbols, name_sym), "hugepages-");
}

/* The pod-level request of a resource, -1 when there is none. */
static int64_t pod_level_amount(const struct pod_walk *walk, uint32_t name_sym,
                                const struct symbols *symbols)
{
    const struct pod_object *pod = walk->pod;
    int64_t wanted = amounts_get(&pod->pod_requests, name_sym);
    if (wanted < 0 || !is_pod_level(name_sym, symbols))
        return -1;
    if (walk->view == POD_RESOURCES_INCOMING)
        return wanted;
    struct ask ask = {2, {&pod->pod_allocated, &pod->pod_actual}};
    int64_t held = ask_amount(&ask, name_sym);
    if (held < 0)
        return wanted;
    return pod->resize_infeasible || held > wanted ? held : wanted;
}

static int64_t with_overhead(const struct pod_walk *walk, uint32_t name_sym, int64_t amount)
{
    int64_t overhead = amounts_get(&walk->pod->overhead, name_sym);
    return overhead > 0 ? resource_add(amount, overhead) : amount;
}

static int64_t pod_amount(const struct pod_walk *walk, uint32_t name_sym, int64_t missing,
                          const struct symbols *symbols)
{
    int64_t amount = pod_level_amount(walk, name_sym, symbols);
    if (amount < 0)
        amount = containers_amount(walk, name_sym, missing);
    return with_overhead(walk, name_sym, amount);
}

/* util/pod_resources.go names them: extended, hugepages-*, attachable-volumes-*, and native ones
 * with a prefix. "requests.*" is how quotas write them. What has a column of its own is none of
 * these. */
static bool is_scalar(uint32_t name_sym, const struct symbols *symbols)
{
    struct str name = symbol_str(symbols, name_sym);
    if (str_starts(name, "hugepages-") || str_starts(name, "attachable-volumes-"))
        return true;
    return strstr(name.ptr, "kubernetes.io/") != NULL ||
           (memchr(name.ptr, '/', name.len) != NULL && !str_starts(name, "requests."));
}

struct scalar_names {
    const struct symbols *symbols;
    struct pod_resources *resources; /* gets the names, sorted, with amount 0 */
};

static bool scalar_names_add(void *ctx, const struct amounts *amounts)
{
    const struct scalar_names *names = ctx;
    struct pod_resources *resources = names->resources;
    for (uint32_t i = 0; i < amounts->count; i++) {
        uint32_t name_sym = amounts->items[i].name_sym;
        if (amounts->items[i].amount <= 0 || !is_scalar(name_sym, names->symbols))
            continue;
        uint32_t place = resources->scalar_count;
        while (place > 0 && resources->scalars[place - 1].name_sym >= name_sym)
            place--;
        if (place < resources->scalar_count && resources->scalars[place].name_sym == name_sym)
            continue;
        if (resources->scalar_count == RESOURCE_SCALARS_MAX) {
            resources->is_over_limit = true;
            return true;
        }
        memmove(&resources->scalars[place + 1], &resources->scalars[place],
                (resources->scalar_count - place) * sizeof(resources->scalars[0]));
        resources->scalars[place] = (struct scalar){.name_sym = name_sym};
        resources->scalar_count++;
    }
    return false;
}

static void compute_scalars(const struct pod_walk *walk, const struct symbols *symbols,
                            struct pod_resources *resources)
{
    struct scalar_names names = {symbols, resources};
    (void)walk_lists(walk, scalar_names_add, &names);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < resources->scalar_count; i++) {
        struct scalar scalar = resources->scalars[i];
        scalar.amount = pod_amount(walk, scalar.name_sym, 0, symbols);
        if (scalar.amount > 0)
            resources->scalars[kept++] = scalar;
    }
    resources->scalar_count = kept;
}

struct name_search {
    uint32_t name_sym;
};

static bool name_search_visit(void *ctx, const struct amounts *amounts)
{
    const struct name_search *search = ctx;
    return amounts_get(amounts, search->name_sym) >= 0;
}

/* The request of the scoring view. A pod with pod-level requests gets stand-ins only when it says
 * nothing at all about the resource (scheduler framework/types.go). */
static int64_t nonzero_amount(const struct pod_walk *walk, uint32_t name_sym, int64_t missing,
                              const struct symbols *symbols)
{
    const struct amounts *pod_level = &walk->pod->pod_requests;
    for (uint32_t i = 0; i < pod_level->count; i++) {
        struct name_search search = {name_sym};
        if (!is_pod_level(pod_level->items[i].name_sym, symbols))
            continue;
        if (walk_lists(walk, name_search_visit, &search))
            missing = 0;
        break;
    }
    return pod_amount(walk, name_sym, missing, symbols);
}

void pod_resources_compute(const struct pod_object *pod, enum pod_resources_view view,
                           const struct symbols *symbols, struct pod_resources *ret_resources)
{
    const struct pod_walk walk = {pod, view};
    struct pod_resources *resources = ret_resources;
    resources->scalar_count = 0;
    resources->is_over_limit = false;
    resources->fixed[RESOURCE_CPU] = pod_amount(&walk, NAME_CPU, 0, symbols);
    resources->fixed[RESOURCE_MEMORY] = pod_amount(&walk, NAME_MEMORY, 0, symbols);
    resources->fixed[RESOURCE_EPHEMERAL_STORAGE] =
        pod_amount(&walk, NAME_EPHEMERAL_STORAGE, 0, symbols);
    resources->fixed[RESOURCE_PODS] = 1;
    resources->nonzero_cpu_milli = nonzero_amount(&walk, NAME_CPU, NONZERO_CPU_MILLI, symbols);
    resources->nonzero_memory_bytes =
        nonzero_amount(&walk, NAME_MEMORY, NONZERO_MEMORY_BYTES, symbols);
    resources->fit_cpu_milli =
        with_overhead(&walk, NAME_CPU, containers_amount(&walk, NAME_CPU, NONZERO_CPU_MILLI));
    resources->fit_memory_bytes = with_overhead(
        &walk, NAME_MEMORY, containers_amount(&walk, NAME_MEMORY, NONZERO_MEMORY_BYTES));
    compute_scalars(&walk, symbols, resources);
}
