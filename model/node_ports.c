#include "model/node_ports.h"

#include <stddef.h>

#include "model/base/mem.h"
#include "model/names.h"

static int compare(uint32_t a, uint32_t b)
{
    return a < b ? -1 : a > b;
}

/* Port and protocol only. */
static int compare_socket(const struct host_port *a, const struct host_port *b)
{
    int by_port = compare(a->port, b->port);
    return by_port ? by_port : compare(a->protocol, b->protocol);
}

int host_port_compare(const struct host_port *a, const struct host_port *b)
{
    int by_socket = compare_socket(a, b);
    return by_socket ? by_socket : compare(a->ip_sym, b->ip_sym);
}

/* Counts the uses of ports that are there already; how many different ones are not. */
static uint32_t count_uses(struct node *node, const struct host_port *ports, uint32_t count)
{
    uint32_t fresh = 0, at = 0;
    for (uint32_t i = 0; i < count; i++) {
        while (at < node->port_count && host_port_compare(&node->ports[at].port, &ports[i]) < 0)
            at++;
        if (at < node->port_count && host_port_compare(&node->ports[at].port, &ports[i]) == 0)
            node->ports[at].pods++;
        else
            fresh += i == 0 || host_port_compare(&ports[i - 1], &ports[i]) != 0;
    }
    return fresh;
}

void node_add_ports(struct node *node, const struct host_port *ports, uint32_t count)
{
    uint32_t fresh = count_uses(node, ports, count);
    if (fresh == 0)
        return;
    uint32_t old = node->port_count;
    if (old + fresh > node->port_capacity) {
        node->port_capacity = (uint32_t)mem_grow(node->port_capacity, (size_t)old + fresh);
        node->ports = mem_resize(node->ports, node->port_capacity, sizeof(*node->ports));
    }
    node->port_count += fresh;
    /* From the back, so that each moves once; ends when all that are new have their place. */
    for (uint32_t left = count; fresh > 0;) {
        const struct host_port *port = &ports[left - 1];
        int order = old > 0 ? host_port_compare(&node->ports[old - 1].port, port) : -1;
        if (order > 0) {
            node->ports[old - 1 + fresh] = node->ports[old - 1];
            old--;
        } else if (order == 0) {
            left--; /* counted above */
        } else {
            struct used_port used = {*port, 0};
            for (; left > 0 && host_port_compare(&ports[left - 1], port) == 0; left--)
                used.pods++;
            node->ports[old - 1 + fresh--] = used;
        }
    }
}

void node_remove_ports(struct node *node, const struct host_port *ports, uint32_t count)
{
    uint32_t removed = 0, kept = 0;
    if (count == 0)
        return;
    for (uint32_t i = 0; i < node->port_count; i++) {
        struct used_port used = node->ports[i];
        for (; removed < count && host_port_compare(&ports[removed], &used.port) == 0; removed++) {
            CHECK(used.pods > 0);
            used.pods--;
        }
        if (used.pods > 0)
            node->ports[kept++] = used;
    }
    CHECK(removed == count);
    node->port_count = kept;
}

/* A sorted array of ports, or of structs that begin with one. */
struct port_list {
    const void *items;
    uint32_t count;
    size_t item_bytes;
};

_Static_assert(offsetof(struct used_port, port) == 0, "port_at() looks there");

static const struct host_port *port_at(const struct port_list *list, uint32_t i)
{
    return (const void *)((const char *)list->items + i * list->item_bytes);
}

static bool ip_is_any(uint32_t ip_sym)
{
    return ip_sym == SYM_EMPTY || ip_sym == NAME_ANY_IPV4 || ip_sym == NAME_ANY_IPV6;
}

/* The ports from `first` on that share its port and protocol end there. */
static uint32_t socket_end(const struct port_list *list, uint32_t first, bool *any)
{
    uint32_t end = first;
    for (; end < list->count && compare_socket(port_at(list, first), port_at(list, end)) == 0;
         end++)
        *any |= ip_is_any(port_at(list, end)->ip_sym);
    return end;
}

static bool lists_conflict(const struct port_list *a, const struct port_list *b)
{
    for (uint32_t i = 0, k = 0; i < a->count && k < b->count;) {
        int order = compare_socket(port_at(a, i), port_at(b, k));
        if (order != 0) {
            *(order < 0 ? &i : &k) += 1;
            continue;
        }
        bool any = false;
        uint32_t i_end = socket_end(a, i, &any), k_end = socket_end(b, k, &any);
        if (any)
            return true;
        while (i < i_end && k < k_end) {
            order = compare(port_at(a, i)->ip_sym, port_at(b, k)->ip_sym);
            if (order == 0)
                return true;
            *(order < 0 ? &i : &k) += 1;
        }
        i = i_end;
        k = k_end;
    }
    return false;
}

bool host_ports_conflict(const struct host_port *a, uint32_t a_count, const struct host_port *b,
                         uint32_t b_count)
{
    return lists_conflict(&(struct port_list){a, a_count, sizeof(*a)},
                          &(struct port_list){b, b_count, sizeof(*b)});
}

bool node_ports_conflict(const struct node *node, const struct host_port *ports, uint32_t count)
{
    return lists_conflict(&(struct port_list){node->ports, node->port_count, sizeof(*node->ports)},
                          &(struct port_list){ports, count, sizeof(*ports)});
}
