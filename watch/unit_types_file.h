/*
 * The operator's own unit types, from YAML (--unit-types):
 *
 *     types:
 *     - name: ecs                  # replaces the preset of that name
 *       anyOf:                     # a node is of the type when all expressions of one entry match
 *       - matchExpressions:        # as in nodeAffinity: In, NotIn, Exists, DoesNotExist, Gt, Lt
 *         - {key: type, operator: NotIn, values: [virtual-kubelet]}
 *       - matchLabels: {pool: reserved}
 *       tolerations:               # of NoSchedule taints, for pods placed in such a unit
 *       - {key: virtual-kubelet.io/provider, operator: Exists}
 *       virtual: true              # allocatable is nominal
 *       waits: true                # a pool that grows: W of the walk
 *       obeysOnlyMax: true         # no timeouts, no preemption (ACS)
 *       refuses: [hostNetwork, hostPID, hostPath, hostPort, privileged, daemon]
 *       maxContainers: 20
 *       maxVolumes: 20
 *       maxCPU: "64"
 *       bindPacing: {burst: 100, perSecond: 20}
 *       labels: {team: a}          # written on pods placed there
 *
 * Absent keys: false, empty, unlimited. Unknown keys, unknown names and more than the limits of
 * model/unit_type.h are errors that say file, path in the file, what is wrong and what would be
 * right.
 */
#ifndef WATCH_UNIT_TYPES_FILE_H
#define WATCH_UNIT_TYPES_FILE_H

#include "model/base/err.h"
#include "model/base/symbol.h"
#include "model/unit_type.h"

/* Adds the file's types to `types` (those of policy/unit_presets.h), replacing types of equal names.
 * Arrays are allocated as unit_presets.h says, for unit_types_fini(). 0, or -errno; then `types` is
 * as before. */
NODISCARD int unit_types_load(const char *path, struct symbols *symbols, struct unit_types *types,
                              struct err *err);

#endif
