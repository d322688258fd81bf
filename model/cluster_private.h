/* What the cluster_*.c files share; nobody else includes this. */
#ifndef MODEL_CLUSTER_PRIVATE_H
#define MODEL_CLUSTER_PRIVATE_H

#include "model/cluster.h"

/* A record with its identity, in the map, PENDING. */
struct pod *cluster_new_pod(struct cluster *cluster, const struct pod_object *object);

/* PENDING -> `place` on a node; takes the reference to what the pod holds there. */
void cluster_put_on(struct cluster *cluster, struct pod *pod, struct node *node,
                    enum pod_place place, struct requests *owned_held);

/* Back to PENDING. Releases the node when it was a ghost kept for this pod. */
void cluster_take_off(struct cluster *cluster, struct pod *pod);

/* The node's images are added to (sign 1) or taken from (-1) the cluster's counts. */
void cluster_count_images(struct cluster *cluster, const struct node *node, int sign);

#endif
