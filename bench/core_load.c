#include "bench/core_load.h"

#include <stdio.h>

#include "model/names.h"

static struct mono_ms load_now(void *ctx)
{
    return ((struct core_load *)ctx)->now;
}

static uint64_t load_random(void *ctx)
{
    return rng_next(&((struct core_load *)ctx)->rng);
}

static size_t load_bind_room(void *ctx)
{
    (void)ctx;
    return SIZE_MAX / 2; /* the decisions are measured, not the writes */
}

static void load_bind(void *ctx, const struct bind_request *request)
{
    (void)request;
    ((struct core_load *)ctx)->binds++;
}

static void load_read(void *ctx, const struct pod_ref *pod)
{
    (void)ctx;
    (void)pod;
}

static void load_status(void *ctx, const struct status_request *request)
{
    (void)request;
    ((struct core_load *)ctx)->refusals++;
}

static void load_event(void *ctx, const struct event_request *request)
{
    (void)ctx;
    (void)request;
}

static void load_evict(void *ctx, const struct evict_request *request)
{
    (void)request;
    ((struct core_load *)ctx)->evicted++;
}

static void load_policy(void *ctx, const struct policy_status *status)
{
    (void)ctx;
    (void)status;
}

static void load_owners(void *ctx)
{
    (void)ctx;
}

static void load_note(void *ctx, enum note_level level, const char *text)
{
    (void)ctx;
    (void)level;
    (void)text;
}

void core_load_init(struct core_load *load, uint64_t seed)
{
    core_load_init_with(load, seed, NULL);
}

/* The usual configuration. */
static void init_world(struct core_load *load, uint64_t seed, struct sched_config *ret_config)
{
    *load = (struct core_load){.symbols = names_symbols_new(seed), .shrink = 1, .row = 1};
    rng_init(&load->rng, seed);
    load->zone_key_sym = NAME_ZONE;
    load->arch_key_sym = symbol_intern(load->symbols, STR("kubernetes.io/arch"));
    load->arch_value_sym = symbol_intern(load->symbols, STR("amd64"));
    load->app_key_sym = symbol_intern(load->symbols, STR("app"));
    load->pool_key_sym = symbol_intern(load->symbols, STR("pool"));
    sched_config_init(ret_config, load->symbols);
    ret_config->hash_seed = ret_config->cycle.seed = seed;
}

static void init_core(struct core_load *load, const struct sched_config *config)
{
    const struct port port = {
        .ctx = load,
        .now = load_now,
        .random = load_random,
        .bind_room = load_bind_room,
        .bind = load_bind,
        .read_pod = load_read,
        .patch_status = load_status,
        .emit_event = load_event,
        .evict = load_evict,
        .patch_policy = load_policy,
        .watch_owners = load_owners,
        .note = load_note,
    };
    load->sched = sched_new(config, load->symbols, &port);
}

void core_load_init_with(struct core_load *load, uint64_t seed,
                         void (*change)(struct sched_config *config))
{
    struct sched_config config;
    init_world(load, seed, &config);
    if (change)
        change(&config);
    init_core(load, &config);
}

void core_load_init_search(struct core_load *load, uint64_t seed, const struct core_search *search)
{
    struct sched_config config;
    init_world(load, seed, &config);
    config.cycle.predicate_step = search->predicate_step;
    config.cycle.feasible_target = search->feasible_target;
    config.cycle.score.strategy = search->strategy;
    init_core(load, &config);
}

void core_load_fini(struct core_load *load)
{
    sched_free(load->sched);
    symbols_free(load->symbols);
}

static void send(struct core_load *load, enum event_kind kind)
{
    sched_on_event(load->sched, &(struct event){.kind = kind});
}

void core_load_begin(struct core_load *load)
{
    send(load, EVENT_NODE_LIST_BEGIN);
    send(load, EVENT_POD_LIST_BEGIN);
}

void core_load_end(struct core_load *load)
{
    send(load, EVENT_NODE_LIST_END);
    send(load, EVENT_POD_LIST_END);
}

static struct str print_number(char text[32], const char *prefix, uint64_t number)
{
    int len = snprintf(text, 32, "%s%llu", prefix, (unsigned long long)number);
    CHECK(len > 0 && len < 32);
    return (struct str){text, (size_t)len};
}

void core_load_node(struct core_load *load, uint32_t i)
{
    core_load_pool_node(load, i, NULL);
}

void core_load_pool_node(struct core_load *load, uint32_t i, const char *pool)
{
    enum { ZONES = 3, NODE_CPU_MILLI = 32000, NODE_PODS = 110 };
    char name[32], version[32], zone[32];
    struct node_object node = {.name = print_number(name, "node-", i),
                               .resource_version = print_number(version, "", ++load->version),
                               .uid = {1, i + 1}};
    node.name_sym = symbol_intern(load->symbols, node.name);
    struct label labels[] = {
        {NAME_HOSTNAME, node.name_sym},
        {load->zone_key_sym, symbol_intern(load->symbols, print_number(zone, "zone-", i % ZONES))},
        {load->arch_key_sym, load->arch_value_sym},
        {load->pool_key_sym, SYM_EMPTY},
    };
    if (pool)
        labels[ARRAY_LEN(labels) - 1].value_sym = symbol_intern(load->symbols, str_from(pool));
    struct scalar allocatable[] = {
        {NAME_CPU, NODE_CPU_MILLI},
        {NAME_MEMORY, INT64_C(128) << 30},
        {NAME_EPHEMERAL_STORAGE, INT64_C(200) << 30},
        {NAME_PODS, NODE_PODS},
    };
    node.labels = (struct labels){ARRAY_LEN(labels) - !pool, labels};
    node.allocatable = (struct amounts){ARRAY_LEN(allocatable), allocatable, true};
    sched_on_event(load->sched, &(struct event){.kind = EVENT_NODE_SEEN, .node = &node});
}

static const struct {
    int64_t cpu_milli, memory_mib;
} templates[] = {{250, 256}, {500, 1024}, {1000, 2048}, {2000, 4096}, {500, 512}, {250, 2048}};

/* What tells one pod from another. */
struct pod_kind {
    uint32_t app; /* UINT32_MAX: no label */
    int32_t priority;
    uint32_t request_count;
    struct scalar requests[2];
};

static void send_pod(struct core_load *load, enum event_kind event, uint32_t i, uint32_t node,
                     struct pod_kind *kind)
{
    char name[32], version[32], node_name[32], app[32];
    struct container_object container = {
        .name = STR("main"),
        .image_sym = symbol_intern(load->symbols, STR("registry.example/app:1")),
        .requests = {kind->request_count, kind->requests, true},
    };
    struct toleration tolerations[] = {
        {symbol_intern(load->symbols, STR("node.kubernetes.io/not-ready")), SYM_EMPTY,
         TOLERATION_EXISTS, TAINT_NO_EXECUTE},
        {symbol_intern(load->symbols, STR("node.kubernetes.io/unreachable")), SYM_EMPTY,
         TOLERATION_EXISTS, TAINT_NO_EXECUTE},
    };
    struct pod_object pod = {
        .name = print_number(name, "app-6d4cf56db6-", i),
        .namespace_sym = symbol_intern(load->symbols, STR("default")),
        .resource_version = print_number(version, "", ++load->version),
        .uid = {2, i + 1},
        .generation = 1,
        .priority = kind->priority,
        .scheduler_name_sym = symbol_intern(load->symbols, STR("spillway")),
        .containers = &container,
        .container_count = 1,
        .tolerations = tolerations,
        .toleration_count = ARRAY_LEN(tolerations),
    };
    struct label label = {load->app_key_sym, SYM_EMPTY};
    if (kind->app != UINT32_MAX) {
        label.value_sym = symbol_intern(load->symbols, print_number(app, "app-", kind->app));
        pod.labels = &label;
        pod.label_count = 1;
    }
    if (node != UINT32_MAX) {
        pod.node_name_sym = symbol_intern(load->symbols, print_number(node_name, "node-", node));
        pod.phase = PHASE_RUNNING;
    }
    sched_on_event(load->sched, &(struct event){.kind = event, .pod = &pod});
}

static struct pod_kind kind_of(const struct core_load *load, uint32_t i, uint32_t app)
{
    size_t template = i / load->row % ARRAY_LEN(templates);
    return (struct pod_kind){
        .app = app,
        .request_count = 2,
        .requests = {{NAME_CPU, templates[template].cpu_milli / load->shrink},
                     {NAME_MEMORY, (templates[template].memory_mib << 20) / load->shrink}}};
}

void core_load_pod(struct core_load *load, uint32_t i, uint32_t node)
{
    core_load_app_pod(load, i, node, UINT32_MAX);
}

void core_load_app_pod(struct core_load *load, uint32_t i, uint32_t node, uint32_t app)
{
    struct pod_kind kind = kind_of(load, i, app);
    send_pod(load, EVENT_POD_SEEN, i, node, &kind);
}

void core_load_app_pod_gone(struct core_load *load, uint32_t i, uint32_t node, uint32_t app)
{
    struct pod_kind kind = kind_of(load, i, app);
    send_pod(load, EVENT_POD_GONE, i, node, &kind);
}

void core_load_sized_pod(struct core_load *load, uint32_t i, uint32_t node, int64_t cpu_milli,
                         int32_t priority)
{
    struct pod_kind kind = {.app = UINT32_MAX,
                            .priority = priority,
                            .request_count = 1,
                            .requests = {{NAME_CPU, cpu_milli}}};
    send_pod(load, EVENT_POD_SEEN, i, node, &kind);
}

static struct pod_kind kind_asking(int64_t cpu_milli, int64_t memory_bytes)
{
    return (struct pod_kind){.app = UINT32_MAX,
                             .request_count = 2,
                             .requests = {{NAME_CPU, cpu_milli}, {NAME_MEMORY, memory_bytes}}};
}

void core_load_asking_pod(struct core_load *load, uint32_t i, uint32_t node, int64_t cpu_milli,
                          int64_t memory_bytes)
{
    struct pod_kind kind = kind_asking(cpu_milli, memory_bytes);
    send_pod(load, EVENT_POD_SEEN, i, node, &kind);
}

void core_load_asking_pod_gone(struct core_load *load, uint32_t i, uint32_t node, int64_t cpu_milli,
                               int64_t memory_bytes)
{
    struct pod_kind kind = kind_asking(cpu_milli, memory_bytes);
    send_pod(load, EVENT_POD_GONE, i, node, &kind);
}

void core_load_policy(struct core_load *load, uint32_t app, uint32_t max, int64_t max_cpu_milli)
{
    char name[32], version[32], max_text[32];
    struct label ecs = {load->pool_key_sym, symbol_intern(load->symbols, STR("ecs"))};
    struct label spot = {load->pool_key_sym, symbol_intern(load->symbols, STR("spot"))};
    struct scalar cpu = {NAME_CPU, max_cpu_milli};
    struct unit_object units[] = {
        {.name = STR("ecs"),
         .node_selector = &ecs,
         .node_selector_count = 1,
         .max = print_number(max_text, "", max)},
        {.name = STR("spot"),
         .node_selector = &spot,
         .node_selector_count = 1,
         .max_resources = {1, &cpu, true}},
        {.name = STR("eci"), .resource = STR("eci")},
    };
    struct label selector = {load->app_key_sym,
                             symbol_intern(load->symbols, print_number(name, "app-", app))};
    struct policy_object policy = {
        .meta = {.name = print_number(name, "app-", app),
                 .namespace = STR("default"),
                 .namespace_sym = symbol_intern(load->symbols, STR("default")),
                 .resource_version = print_number(version, "", ++load->version),
                 .uid = {3, app + 1},
                 .generation = 1,
                 .created_unix_s = 1},
        .source = POLICY_SOURCE_SPILLWAY,
        .selector = &selector,
        .selector_count = 1,
        .has_units = true,
        .unit_count = max_cpu_milli > 0 ? ARRAY_LEN(units) : 1,
        .units = units,
    };
    sched_on_event(load->sched, &(struct event){.kind = EVENT_POLICY_SEEN,
                                                .source = POLICY_SOURCE_SPILLWAY,
                                                .policy = &policy});
}
