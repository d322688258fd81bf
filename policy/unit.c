#include "policy/unit.h"

void unit_init_all(struct unit *unit, const struct cluster *cluster)
{
    *unit = (struct unit){.name = "all nodes", .nodes = &cluster->nodes.present};
}
