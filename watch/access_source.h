/*
 * Where the access comes from, in this order: --kubeconfig; the files in KUBECONFIG; the service
 * account of the pod we run in; ~/.kube/config.
 */
#ifndef WATCH_ACCESS_SOURCE_H
#define WATCH_ACCESS_SOURCE_H

#include <stdint.h>

#include "model/base/err.h"
#include "watch/access.h"
#include "watch/kubeconfig.h"

/* Finds and reads it. In a pod the names of cluster and user stay NULL. The server is checked and
 * has no slash at its end. Environment: KUBECONFIG, KUBERNETES_SERVICE_HOST and _PORT, HOME. */
int access_source_load(const struct access_options *options, struct kubeconfig *ret_config,
                       struct err *err);

/* Splits a checked server's address; `ret_host` (yours) has no brackets. */
void access_source_split(const char *server, char **ret_host, uint16_t *ret_port);

#endif
