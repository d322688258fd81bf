/*
 * The host ports in use on a node. Sorted on both sides, so that a pod's ports are added, taken off
 * and compared in one walk over both: objects from outside may name a hundred thousand.
 */
#ifndef MODEL_NODE_PORTS_H
#define MODEL_NODE_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/node_table.h"

/* By port, protocol, address. */
int host_port_compare(const struct host_port *a, const struct host_port *b);

/* Ports of a pod, ascending, as a shape has them; one that is there twice counts twice. The cost is
 * linear in what both have. */
void node_add_ports(struct node *node, const struct host_port *ports, uint32_t count);

/* CHECKs that they were added. */
void node_remove_ports(struct node *node, const struct host_port *ports, uint32_t count);

/*
 * Whether a port of `a` and one of `b` cannot be in use at once: port and protocol are the same,
 * and the address is the same or one of the two is a wildcard ("", 0.0.0.0, ::). Both ascending;
 * linear.
 */
bool host_ports_conflict(const struct host_port *a, uint32_t a_count, const struct host_port *b,
                         uint32_t b_count);

/* The same against what a node has in use. */
bool node_ports_conflict(const struct node *node, const struct host_port *ports, uint32_t count);

#endif
