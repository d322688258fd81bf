/*
 * ImageLocality (kube-scheduler plugins/imagelocality; kube-scheduler.md A11): prefers nodes that
 * hold the pod's images already, less so for images that few nodes hold, so that they do not
 * attract everything.
 *
 * The rule:
 *   1. each image on the node gives its size * (nodes that hold it / all nodes), cut to an integer
 *   2. sum over init and regular containers; one image of two containers counts twice
 *   3. clamp to [23 MiB, 1000 MiB * containers], then 100 * (sum - low) / (high - low)
 *
 * Step 1 is done in doubles and once an image, not once a node: the cut must fall where kube's
 * does. Deviation: skipped when no node holds any of the images, which gives the same zeros.
 */
#include "sched/score.h"

#define MIB                  (INT64_C(1024) * 1024)
#define IMAGES_LOW_BYTES     (23 * MIB)
#define CONTAINER_HIGH_BYTES (1000 * MIB)

/* Larger than any image; keeps the double within an int64. */
#define IMAGE_BYTES_MAX (INT64_C(1) << 62)

static const struct image *held_image(const struct score_input *in, uint32_t name_sym)
{
    const struct image *image = cluster_image(in->cluster, name_sym);
    return image != NULL && image->node_count > 0 ? image : NULL;
}

static bool image_applies(const struct score_input *in)
{
    for (uint32_t i = 0; i < in->shape->image_count; i++)
        if (held_image(in, in->shape->image_syms[i]) != NULL)
            return true;
    return false;
}

/* Step 1. */
static int64_t image_worth(const struct image *image, uint32_t present_count)
{
    CHECK(present_count >= image->node_count);
    int64_t size_bytes = image->size_bytes < IMAGE_BYTES_MAX ? image->size_bytes : IMAGE_BYTES_MAX;
    double spread = (double)image->node_count / (double)present_count;
    return (int64_t)((double)size_bytes * spread);
}

static bool node_holds(const struct node *node, uint32_t image_sym)
{
    uint32_t low = 0, high = node->image_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (node->image_syms[middle] == image_sym)
            return true;
        if (node->image_syms[middle] < image_sym)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* Step 3. */
static int64_t sum_to_score(int64_t sum_bytes, uint32_t container_count)
{
    const int64_t high_bytes = CONTAINER_HIGH_BYTES * (container_count > 0 ? container_count : 1);
    if (sum_bytes < IMAGES_LOW_BYTES)
        sum_bytes = IMAGES_LOW_BYTES;
    if (sum_bytes > high_bytes)
        sum_bytes = high_bytes;
    return SCORE_MAX * (sum_bytes - IMAGES_LOW_BYTES) / (high_bytes - IMAGES_LOW_BYTES);
}

static void image_run(const struct score_input *in, int64_t *ret_scores)
{
    struct node *const *nodes = in->cluster->nodes.nodes;
    for (uint32_t i = 0; i < in->count; i++)
        ret_scores[i] = 0;
    for (uint32_t k = 0; k < in->shape->image_count; k++) { /* 2 */
        const struct image *image = held_image(in, in->shape->image_syms[k]);
        if (image == NULL)
            continue;
        int64_t worth = image_worth(image, in->cluster->nodes.present_count);
        for (uint32_t i = 0; i < in->count; i++)
            if (node_holds(nodes[in->slots[i]], image->name_sym))
                ret_scores[i] = resource_add(ret_scores[i], worth);
    }
    for (uint32_t i = 0; i < in->count; i++)
        ret_scores[i] = sum_to_score(ret_scores[i], in->shape->container_count);
}

const struct score score_image_locality = {
    .name = "ImageLocality",
    .basis = SCORE_BY_NODE,
    .applies = image_applies,
    .run = image_run,
};
