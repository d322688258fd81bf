/* The two schedulers that a measurement starts, as children of the control plane's client. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/control_plane.h"

enum { MORE_MAX = 8 };

int control_plane_start_kube_scheduler(struct control_plane *plane, struct child_process *child,
                                       uint16_t *ret_metrics_port, struct err *err)
{
    char program[CONTROL_PLANE_PATH_BYTES + 32], config[CONTROL_PLANE_PATH_BYTES + 64], text[32];
    uint16_t port = 0;
    int rc = control_plane_find_port(&port, err);
    if (rc < 0)
        return rc;
    (void)snprintf(program, sizeof(program), "%s/kube-scheduler", plane->bin);
    (void)snprintf(config, sizeof(config), "--config=%s", plane->kube_scheduler);
    (void)snprintf(text, sizeof(text), "--secure-port=%u", port);
    const char *const arguments[] = {program,
                                     config,
                                     text,
                                     "--bind-address=127.0.0.1",
                                     "--authorization-always-allow-paths=/metrics",
                                     NULL};
    rc = control_plane_spawn(plane, child, "kube-scheduler", arguments, err);
    if (rc == 0)
        *ret_metrics_port = port;
    return rc;
}

int control_plane_start_spillway(struct control_plane *plane, struct child_process *child,
                                 const char *program, const char *const *more, struct err *err)
{
    char *beside = program ? NULL : program_beside("spillway");
    const char *arguments[MORE_MAX + 4] = {program ? program : beside, "--kubeconfig",
                                           plane->kubeconfig};
    for (size_t i = 0; more && more[i]; i++) {
        CHECK(i < MORE_MAX);
        arguments[3 + i] = more[i];
    }
    int rc = control_plane_spawn(plane, child, "spillway", arguments, err);
    free(beside);
    return rc;
}

#define KUBE_SCHEDULER "default-scheduler"
#define OURS           "spillway"

bool control_plane_has_scheduler(const char *name)
{
    return strcmp(name, OURS) == 0 || strcmp(name, KUBE_SCHEDULER) == 0;
}

int control_plane_start_scheduler(struct control_plane *plane, struct child_process *child,
                                  const char *name, const char *program, const char *const *more,
                                  struct err *err)
{
    uint16_t port;
    if (!control_plane_has_scheduler(name))
        return err_set(err, EINVAL,
                       "--scheduler %s: --control-plane can start " OURS " or " KUBE_SCHEDULER,
                       name);
    if (strcmp(name, OURS) == 0)
        return control_plane_start_spillway(plane, child, program, more, err);
    return control_plane_start_kube_scheduler(plane, child, &port, err);
}
