#include "tests/sched/fixture.h"

#include <string.h>

#include "model/base/hash.h"
#include "model/names.h"
#include "model/quantity.h"

enum { FIXTURE_SEED = 7 };

void fixture_init(struct fixture *fixture)
{
    *fixture = (struct fixture){.symbols = names_symbols_new(FIXTURE_SEED)};
    cluster_init(&fixture->cluster, fixture->symbols, FIXTURE_SEED);
    arena_init(&fixture->arena);
}

void fixture_fini(struct fixture *fixture)
{
    cluster_fini(&fixture->cluster);
    symbols_free(fixture->symbols);
    arena_fini(&fixture->arena);
}

/* Text cutting ----------------------------------------------------------------------------------
 */

static struct str trim(struct str text)
{
    while (text.len > 0 && text.ptr[0] == ' ')
        text = (struct str){text.ptr + 1, text.len - 1};
    while (text.len > 0 && text.ptr[text.len - 1] == ' ')
        text.len--;
    return text;
}

/* Cuts off what stands before `mark` and leaves the rest in *rest; all of it when there is no mark.
 */
static struct str cut(struct str *rest, char mark)
{
    const char *at = rest->len > 0 ? memchr(rest->ptr, mark, rest->len) : NULL;
    struct str head = *rest;
    if (at != NULL)
        head.len = (size_t)(at - rest->ptr);
    size_t taken = at != NULL ? head.len + 1 : head.len;
    *rest = (struct str){rest->ptr + taken, rest->len - taken};
    return trim(head);
}

static bool has(struct str text, char mark)
{
    return text.len > 0 && memchr(text.ptr, mark, text.len) != NULL;
}

/* How many pieces `mark` divides the text into; none when it is NULL or blank. */
static uint32_t piece_count(const char *text, char mark)
{
    if (text == NULL || trim(str_from(text)).len == 0)
        return 0;
    uint32_t count = 1;
    for (; *text != '\0'; text++)
        count += *text == mark;
    return count;
}

static uint32_t intern(struct fixture *fixture, struct str text)
{
    uint32_t symbol = symbol_intern(fixture->symbols, text);
    CHECK(symbol != SYM_FULL);
    return symbol;
}

uint32_t fixture_sym(struct fixture *fixture, const char *text)
{
    return intern(fixture, str_from(text));
}

static uint32_t number(struct str text)
{
    int64_t value;
    CHECK(quantity_value(text, &value) && value >= 0 && value <= UINT32_MAX);
    return (uint32_t)value;
}

/* Parts both kinds of object share --------------------------------------------------------------
 */

static struct amounts amounts_parse(struct fixture *fixture, struct str text)
{
    uint32_t count = trim(text).len > 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == ',';
    struct amounts amounts = {.items = arena_zalloc(&fixture->arena, count, sizeof(struct scalar)),
                              .is_set = true};
    while (amounts.count < count) {
        struct str value = cut(&text, ',');
        struct str name = cut(&value, '=');
        struct scalar *scalar = &amounts.items[amounts.count++];
        scalar->name_sym = intern(fixture, name);
        value = trim(value);
        CHECK(scalar->name_sym == NAME_CPU ? quantity_milli(value, &scalar->amount)
                                           : quantity_value(value, &scalar->amount));
    }
    return amounts;
}

static struct label *labels_parse(struct fixture *fixture, const char *text, uint32_t *ret_count)
{
    uint32_t count = piece_count(text, ',');
    struct label *items = arena_zalloc(&fixture->arena, count, sizeof(*items));
    struct str rest = str_from(text);
    for (uint32_t i = 0; i < count; i++) {
        struct str value = cut(&rest, ',');
        struct str key = cut(&value, '=');
        items[i] = (struct label){intern(fixture, key), intern(fixture, trim(value))};
    }
    *ret_count = count;
    return items;
}

/* The UID that belongs to a name: made of it, so that a later object of that name is the same one.
 */
static struct uid uid_of(const char *kind, const char *name)
{
    return (struct uid){hash_bytes(1, kind, strlen(kind)) >> 1, hash_bytes(2, name, strlen(name))};
}

static struct str next_version(struct fixture *fixture)
{
    char *digits = arena_zalloc(&fixture->arena, 21, 1);
    size_t at = 20;
    for (uint64_t left = ++fixture->version; left > 0; left /= 10)
        digits[--at] = (char)('0' + left % 10);
    return str_from(digits + at);
}

/* Nodes -----------------------------------------------------------------------------------------
 */

static struct taints taints_parse(struct fixture *fixture, const char *text)
{
    struct taints taints = {.count = piece_count(text, ',')};
    taints.items = arena_zalloc(&fixture->arena, taints.count, sizeof(struct taint));
    struct str rest = str_from(text);
    for (uint32_t i = 0; i < taints.count; i++) {
        struct str effect = cut(&rest, ',');
        struct str value = cut(&effect, ':');
        struct str key = cut(&value, '=');
        taints.items[i] = (struct taint){intern(fixture, key), intern(fixture, trim(value)),
                                         taint_effect_parse(trim(effect))};
    }
    return taints;
}

static void images_parse(struct fixture *fixture, const char *text, struct node_object *object)
{
    object->image_count = piece_count(text, ',');
    object->images =
        arena_zalloc(&fixture->arena, object->image_count, sizeof(struct image_object));
    struct str rest = str_from(text);
    for (uint32_t i = 0; i < object->image_count; i++) {
        struct image_object *image = &object->images[i];
        struct str size = cut(&rest, ',');
        image->name_count = 1;
        image->name_syms = arena_zalloc(&fixture->arena, 1, sizeof(uint32_t));
        image->name_syms[0] = intern(fixture, cut(&size, '='));
        CHECK(quantity_value(trim(size), &image->size_bytes));
    }
}

struct node_object *fixture_node_object(struct fixture *fixture, const struct fixture_node *node)
{
    struct node_object *object = arena_zalloc(&fixture->arena, 1, sizeof(*object));
    object->name = str_from(node->name);
    object->name_sym = fixture_sym(fixture, node->name);
    object->uid = uid_of("node", node->name);
    object->resource_version = next_version(fixture);
    object->is_unschedulable = node->is_unschedulable;
    object->labels.items = labels_parse(fixture, node->labels, &object->labels.count);
    object->taints = taints_parse(fixture, node->taints);
    object->problem = str_from(node->problem);
    images_parse(fixture, node->images, object);
    if (node->allocatable == NULL)
        return object;
    const char *text = node->allocatable;
    if (strstr(text, "pods=") == NULL) {
        size_t len = strlen(text);
        char *with_pods = arena_zalloc(&fixture->arena, len + sizeof(", pods=110"), 1);
        memcpy(with_pods, text, len);
        memcpy(with_pods + len, len > 0 ? ", pods=110" : "  pods=110", sizeof(", pods=110"));
        text = with_pods;
    }
    object->allocatable = amounts_parse(fixture, str_from(text));
    return object;
}

uint32_t fixture_change_node(struct fixture *fixture, const struct fixture_node *node,
                             struct node_change *ret_change)
{
    cluster_see_node(&fixture->cluster, fixture_node_object(fixture, node), ret_change);
    CHECK(ret_change->node != NULL);
    return ret_change->node->slot;
}

uint32_t fixture_node(struct fixture *fixture, const struct fixture_node *node)
{
    struct node_change change;
    uint32_t slot = fixture_change_node(fixture, node, &change);
    node_change_fini(&change);
    return slot;
}

void fixture_drop_node(struct fixture *fixture, const char *name)
{
    struct node_change change;
    cluster_drop_node(&fixture->cluster, fixture_sym(fixture, name), uid_of("node", name), &change);
    CHECK(change.bits == NODE_REMOVED);
    node_change_fini(&change);
}

/* Pods ------------------------------------------------------------------------------------------
 */

static struct container_object *containers_parse(struct fixture *fixture, const char *text,
                                                 uint32_t *ret_count)
{
    uint32_t count = piece_count(text, ';');
    struct container_object *items = arena_zalloc(&fixture->arena, count, sizeof(*items));
    struct str rest = str_from(text);
    for (uint32_t i = 0; i < count; i++)
        items[i].requests = amounts_parse(fixture, cut(&rest, ';'));
    *ret_count = count;
    return items;
}

static enum port_protocol protocol_parse(struct str text)
{
    return str_is(text, "TCP")    ? PROTOCOL_TCP
           : str_is(text, "UDP")  ? PROTOCOL_UDP
           : str_is(text, "SCTP") ? PROTOCOL_SCTP
                                  : PROTOCOL_OTHER;
}

/* "TCP/80", "10.0.0.1:UDP/53", ":::TCP/80" (the IP may hold colons: the last one divides). */
static void ports_parse(struct fixture *fixture, const char *text,
                        struct container_object *container)
{
    container->port_count = piece_count(text, ',');
    container->ports =
        arena_zalloc(&fixture->arena, container->port_count, sizeof(struct host_port));
    struct str rest = str_from(text);
    for (uint32_t i = 0; i < container->port_count; i++) {
        struct str port = cut(&rest, ',');
        struct str protocol = cut(&port, '/');
        size_t colon = protocol.len;
        while (colon > 0 && protocol.ptr[colon - 1] != ':')
            colon--;
        struct str ip = {protocol.ptr, colon > 0 ? colon - 1 : 0};
        protocol = (struct str){protocol.ptr + colon, protocol.len - colon};
        container->ports[i] = (struct host_port){
            .ip_sym = intern(fixture, ip),
            .port = (uint16_t)number(trim(port)),
            .protocol = (uint16_t)protocol_parse(protocol),
        };
    }
}

/* "key Op a|b" */
static struct requirement requirement_parse(struct fixture *fixture, struct str text)
{
    struct str key = cut(&text, ' ');
    text = trim(text);
    struct str op = cut(&text, ' ');
    struct str values = trim(text);
    uint32_t count = values.len > 0;
    for (size_t i = 0; i < values.len; i++)
        count += values.ptr[i] == '|';
    struct requirement requirement = {
        .key_sym = intern(fixture, key),
        .op = selector_op_parse(op),
        .value_syms = arena_zalloc(&fixture->arena, count, sizeof(uint32_t)),
    };
    while (requirement.value_count < count) { /* kept ascending */
        uint32_t value = intern(fixture, cut(&values, '|'));
        uint32_t i = requirement.value_count++;
        for (; i > 0 && requirement.value_syms[i - 1] > value; i--)
            requirement.value_syms[i] = requirement.value_syms[i - 1];
        requirement.value_syms[i] = value;
    }
    return requirement;
}

static struct node_term term_parse(struct fixture *fixture, struct str text)
{
    struct node_term term = {0};
    if (str_is(text, "-"))
        return term;
    uint32_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '&';
    term.expressions = arena_zalloc(&fixture->arena, count, sizeof(struct requirement));
    term.fields = arena_zalloc(&fixture->arena, count, sizeof(struct requirement));
    for (uint32_t i = 0; i < count; i++) {
        struct str one = cut(&text, '&');
        bool is_field = one.len > 0 && one.ptr[0] == '@';
        if (is_field)
            term.fields[term.field_count++] =
                requirement_parse(fixture, (struct str){one.ptr + 1, one.len - 1});
        else
            term.expressions[term.expression_count++] = requirement_parse(fixture, one);
    }
    return term;
}

static void affinity_parse(struct fixture *fixture, const struct fixture_pod *pod,
                           struct pod_object *object)
{
    object->has_required_terms = pod->required != NULL;
    object->required_term_count = piece_count(pod->required, ';');
    object->required_terms =
        arena_zalloc(&fixture->arena, object->required_term_count, sizeof(struct node_term));
    struct str rest = str_from(pod->required);
    for (uint32_t i = 0; i < object->required_term_count; i++)
        object->required_terms[i] = term_parse(fixture, cut(&rest, ';'));
    object->preferred_term_count = piece_count(pod->preferred, ';');
    object->preferred_terms =
        arena_zalloc(&fixture->arena, object->preferred_term_count, sizeof(struct preferred_term));
    rest = str_from(pod->preferred);
    for (uint32_t i = 0; i < object->preferred_term_count; i++) {
        struct str term = cut(&rest, ';');
        object->preferred_terms[i].weight = (int32_t)number(cut(&term, ':'));
        object->preferred_terms[i].term = term_parse(fixture, trim(term));
    }
}

static void tolerations_parse(struct fixture *fixture, const char *text, struct pod_object *object)
{
    object->toleration_count = piece_count(text, ',');
    object->tolerations =
        arena_zalloc(&fixture->arena, object->toleration_count, sizeof(struct toleration));
    struct str rest = str_from(text);
    for (uint32_t i = 0; i < object->toleration_count; i++) {
        struct str effect = cut(&rest, ',');
        struct str value = cut(&effect, ':');
        bool is_equal = has(value, '=');
        struct str key = cut(&value, '=');
        object->tolerations[i] = (struct toleration){
            .key_sym = str_is(key, "*") ? SYM_EMPTY : intern(fixture, key),
            .value_sym = intern(fixture, trim(value)),
            .op = is_equal ? TOLERATION_EQUAL : TOLERATION_EXISTS,
            .effect = (uint16_t)taint_effect_parse(trim(effect)),
        };
    }
}

static void containers_fill(struct fixture *fixture, const struct fixture_pod *pod,
                            struct pod_object *object)
{
    object->containers = containers_parse(fixture, pod->containers, &object->container_count);
    if (object->container_count == 0) {
        object->containers = arena_zalloc(&fixture->arena, 1, sizeof(struct container_object));
        object->container_count = 1;
    }
    object->init_containers =
        containers_parse(fixture, pod->init_containers, &object->init_container_count);
    if (pod->pod_level)
        object->pod_requests = amounts_parse(fixture, str_from(pod->pod_level));
    ports_parse(fixture, pod->ports, &object->containers[0]);
    uint32_t image_count = piece_count(pod->images, ',');
    CHECK(image_count <= object->container_count);
    struct str rest = str_from(pod->images);
    for (uint32_t i = 0; i < image_count; i++)
        object->containers[i].image_sym = intern(fixture, cut(&rest, ','));
}

struct pod_object *fixture_pod_object(struct fixture *fixture, const struct fixture_pod *pod)
{
    struct pod_object *object = arena_zalloc(&fixture->arena, 1, sizeof(*object));
    object->name = str_from(pod->name);
    object->namespace = STR("default");
    object->namespace_sym = fixture_sym(fixture, "default");
    object->uid = uid_of("pod", pod->name);
    object->resource_version = next_version(fixture);
    object->scheduler_name_sym = fixture_sym(fixture, pod->scheduler ? pod->scheduler : "spillway");
    object->node_name_sym = pod->node ? fixture_sym(fixture, pod->node) : SYM_EMPTY;
    object->nominated_node_sym = pod->nominated ? fixture_sym(fixture, pod->nominated) : SYM_EMPTY;
    object->priority = pod->priority;
    object->gate_count = pod->gates;
    object->phase = PHASE_PENDING;
    object->is_deleting = pod->is_deleting;
    object->is_preempted = pod->is_preempted;
    object->preempts_never = pod->preempts_never;
    object->started_unix_s = pod->started_s;
    object->labels = labels_parse(fixture, pod->labels, &object->label_count);
    object->node_selector = labels_parse(fixture, pod->selector, &object->node_selector_count);
    containers_fill(fixture, pod, object);
    affinity_parse(fixture, pod, object);
    tolerations_parse(fixture, pod->tolerations, object);
    return object;
}

struct pod *fixture_pod(struct fixture *fixture, const struct fixture_pod *pod)
{
    struct pod_change change;
    bool is_ours = pod->scheduler == NULL;
    cluster_see_pod(&fixture->cluster, fixture_pod_object(fixture, pod), is_ours, &change);
    return change.pod;
}
