#include "model/shape_key.h"

#include <stdlib.h>

#include "model/base/symbol.h"

/* Appends words; the key's buffer has no practical maximum: the decoder bounded the object. */
static void key_word(struct buf *key, uint32_t word)
{
    CHECK(buf_add_word(key, word));
}

static void key_amount(struct buf *key, int64_t amount)
{
    key_word(key, (uint32_t)((uint64_t)amount & UINT32_MAX));
    key_word(key, (uint32_t)((uint64_t)amount >> 32));
}

static int compare_labels(const void *a, const void *b)
{
    const struct label *x = a, *y = b;
    int by_key = symbol_compare(&x->key_sym, &y->key_sym);
    return by_key ? by_key : symbol_compare(&x->value_sym, &y->value_sym);
}

static void key_requests(struct buf *key, const struct pod_resources *resources)
{
    for (uint32_t i = 0; i < RESOURCE_FIXED_COUNT; i++)
        key_amount(key, resources->fixed[i]);
    key_amount(key, resources->nonzero_cpu_milli);
    key_amount(key, resources->nonzero_memory_bytes);
    key_amount(key, resources->fit_cpu_milli);
    key_amount(key, resources->fit_memory_bytes);
    key_word(key, resources->scalar_count);
    for (uint32_t i = 0; i < resources->scalar_count; i++) {
        key_word(key, resources->scalars[i].name_sym);
        key_amount(key, resources->scalars[i].amount);
    }
}

static void key_node_selector(struct buf *key, const struct pod_object *pod,
                              struct shape_sizes *sizes)
{
    key_word(key, pod->node_selector_count);
    size_t start = key->len;
    for (uint32_t i = 0; i < pod->node_selector_count; i++) {
        key_word(key, pod->node_selector[i].key_sym);
        key_word(key, pod->node_selector[i].value_sym);
    }
    if (pod->node_selector_count > 1)
        qsort(key->data + start, pod->node_selector_count, sizeof(struct label), compare_labels);
    sizes->array_bytes += pod->node_selector_count * sizeof(struct label);
}

static void key_requirement(struct buf *key, const struct requirement *requirement,
                            struct shape_sizes *sizes)
{
    key_word(key, requirement->key_sym);
    key_word(key, requirement->op);
    key_word(key, requirement->value_count);
    size_t start = key->len;
    for (uint32_t i = 0; i < requirement->value_count; i++)
        key_word(key, requirement->value_syms[i]);
    if (requirement->value_count > 1)
        qsort(key->data + start, requirement->value_count, sizeof(uint32_t), symbol_compare);
    sizes->array_bytes += sizeof(struct requirement) + requirement->value_count * sizeof(uint32_t);
}

static void key_term(struct buf *key, const struct node_term *term, struct shape_sizes *sizes)
{
    sizes->array_bytes +=
        2 * _Alignof(struct requirement); /* padding: both lists are behind values */
    key_word(key, term->expression_count);
    for (uint32_t i = 0; i < term->expression_count; i++)
        key_requirement(key, &term->expressions[i], sizes);
    key_word(key, term->field_count);
    for (uint32_t i = 0; i < term->field_count; i++)
        key_requirement(key, &term->fields[i], sizes);
}

static void key_affinity(struct buf *key, const struct pod_object *pod, struct shape_sizes *sizes)
{
    key_word(key, pod->has_required_terms);
    key_word(key, pod->required_term_count);
    for (uint32_t i = 0; i < pod->required_term_count; i++)
        key_term(key, &pod->required_terms[i], sizes);
    key_word(key, pod->preferred_term_count);
    for (uint32_t i = 0; i < pod->preferred_term_count; i++) {
        key_word(key, (uint32_t)pod->preferred_terms[i].weight);
        key_term(key, &pod->preferred_terms[i].term, sizes);
    }
    sizes->array_bytes += pod->required_term_count * sizeof(struct node_term) +
                          pod->preferred_term_count * sizeof(struct preferred_term);
}

static void key_tolerations(struct buf *key, const struct pod_object *pod,
                            struct shape_sizes *sizes)
{
    key_word(key, pod->toleration_count);
    for (uint32_t i = 0; i < pod->toleration_count; i++) {
        key_word(key, pod->tolerations[i].key_sym);
        key_word(key, pod->tolerations[i].value_sym);
        key_word(key, (uint32_t)pod->tolerations[i].op << 16 | pod->tolerations[i].effect);
    }
    sizes->array_bytes += pod->toleration_count * sizeof(struct toleration);
}

static uint32_t key_container_ports(struct buf *key, const struct container_object *container)
{
    for (uint32_t i = 0; i < container->port_count; i++) {
        key_word(key, container->ports[i].ip_sym);
        key_word(key, (uint32_t)container->ports[i].port << 16 | container->ports[i].protocol);
    }
    return container->port_count;
}

/* The order of host_port_compare(), over packed ports. */
static int compare_ports(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    int by_port = symbol_compare(&x[1], &y[1]);
    return by_port ? by_port : symbol_compare(&x[0], &y[0]);
}

/* Host ports of containers and sidecars: an ordinary init container has ended when they start. */
static void key_ports(struct buf *key, const struct pod_object *pod, struct shape_sizes *sizes)
{
    size_t count_at = key->len;
    uint32_t count = 0;
    key_word(key, 0);
    for (uint32_t i = 0; i < pod->init_container_count; i++)
        if (pod->init_containers[i].restart_always)
            count += key_container_ports(key, &pod->init_containers[i]);
    for (uint32_t i = 0; i < pod->container_count; i++)
        count += key_container_ports(key, &pod->containers[i]);
    memcpy(key->data + count_at, &count, sizeof(count));
    if (count > 1)
        qsort(key->data + count_at + sizeof(count), count, 2 * sizeof(uint32_t), compare_ports);
    sizes->array_bytes += count * sizeof(struct host_port);
}

static void key_images(struct buf *key, const struct pod_object *pod, struct shape_sizes *sizes)
{
    uint32_t count = pod->init_container_count + pod->container_count;
    key_word(key, count);
    for (uint32_t i = 0; i < pod->init_container_count; i++)
        key_word(key, pod->init_containers[i].image_sym);
    for (uint32_t i = 0; i < pod->container_count; i++)
        key_word(key, pod->containers[i].image_sym);
    sizes->array_bytes += count * sizeof(uint32_t);
}

void shape_key_build(const struct pod_object *pod, const struct pod_resources *resources,
                     struct buf *key, struct shape_sizes *ret_sizes)
{
    /* Each of the arrays outside of terms may need padding to 8 bytes. */
    struct shape_sizes sizes = {.array_bytes = 64};
    buf_clear(key);
    key_word(key, pod->scheduler_name_sym);
    key_word(key, pod->features);
    key_word(key, resources->is_over_limit);
    key_requests(key, resources);
    key_node_selector(key, pod, &sizes);
    key_affinity(key, pod, &sizes);
    key_tolerations(key, pod, &sizes);
    key_ports(key, pod, &sizes);
    key_images(key, pod, &sizes);
    key_word(key, pod->volume_count);
    key_word(key, pod->host_needs);
    *ret_sizes = sizes;
}
