/*
 * The control plane's own kubectl against the simulated apiserver: what a user of `make demo-up`
 * types. Here and not in tests/sim because this folder's run brings the kubectl.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/process.h"

enum { PATIENCE_MS = 30000, MAX_ARGUMENTS = 16, MAX_EXPECTED = 8 };

struct rig {
    char dir[64], kubeconfig[128], bench[512], kubectl[512];
    struct process server, watcher;
};

static struct rig rig;

static void set_path(char *to, size_t size, const char *variable, const char *file)
{
    const char *dir = getenv(variable);
    cr_assert(dir, "%s is not set: run this by make test-real", variable);
    cr_assert_lt((size_t)snprintf(to, size, "%s/%s", dir, file), size);
}

static void setup(void)
{
    char log[128];
    static const char *const ready[] = {"ready https://127.0.0.1:", NULL};
    (void)snprintf(rig.dir, sizeof(rig.dir), "/tmp/kubectl-XXXXXX");
    cr_assert_not_null(mkdtemp(rig.dir));
    set_path(rig.kubectl, sizeof(rig.kubectl), "SPILLWAY_TEST_BIN", "kubectl");
    set_path(rig.bench, sizeof(rig.bench), "BUILD", "spillway-bench");
    (void)snprintf(rig.kubeconfig, sizeof(rig.kubeconfig), "%s/kubeconfig", rig.dir);
    (void)snprintf(log, sizeof(log), "%s/server.log", rig.dir);
    const char *const argv[] = {rig.bench, "apiserver", "--dir", rig.dir, NULL};
    process_start(&rig.server, argv, NULL, log);
    cr_assert(process_await_log(&rig.server, ready, PATIENCE_MS));
}

static void teardown(void)
{
    (void)process_stop(&rig.watcher, SIGKILL, PATIENCE_MS);
    int code = process_stop(&rig.server, SIGTERM, PATIENCE_MS);
    cr_assert_eq(code, 0, "the server ends cleanly, not with %d", code);
    struct process_result result;
    const char *const argv[] = {"/bin/rm", "-rf", rig.dir, NULL};
    process_run(&result, argv, NULL, PATIENCE_MS);
    process_result_fini(&result);
}

TestSuite(kubectl, .init = setup, .fini = teardown, .timeout = 300);

static const char cluster[] = "apiVersion: v1\n"
                              "kind: Node\n"
                              "metadata: {name: n1, labels: {zone: a}}\n"
                              "status:\n"
                              "  capacity: {cpu: '8', memory: 16Gi, pods: '110'}\n"
                              "  conditions: [{type: Ready, status: 'True'}]\n"
                              "---\n"
                              "apiVersion: v1\n"
                              "kind: Pod\n"
                              "metadata: {name: p1, labels: {app: x}}\n"
                              "spec: {schedulerName: spillway, containers: [{name: c, image: i}]}\n"
                              "---\n"
                              "apiVersion: v1\n"
                              "kind: Event\n"
                              "metadata: {name: p1.1, namespace: default}\n"
                              "involvedObject: {kind: Pod, name: p1, namespace: default}\n"
                              "type: Warning\n"
                              "reason: FailedScheduling\n"
                              "message: 0/1 nodes are available\n"
                              "reportingComponent: spillway\n"
                              "reportingInstance: spillway-1\n"
                              "eventTime: '2026-01-01T00:00:00.000000Z'\n"
                              "action: Scheduling\n";

/* One command, in the order a session would have them. */
struct step {
    const char *arguments[MAX_ARGUMENTS];
    const char *input;
    const char *expected[MAX_EXPECTED]; /* all are in the output */
};

static const struct step steps[] = {
    {{"create", "-f", "-"}, cluster, {"node/n1 created", "pod/p1 created"}},
    {{"get", "nodes"}, NULL, {"NAME", "STATUS", "n1", "Ready"}},
    {{"get", "pods", "-o", "wide"}, NULL, {"NOMINATED NODE", "p1", "Pending", "<none>"}},
    {{"get", "pod", "p1", "-o", "yaml"}, NULL, {"schedulerName: spillway", "phase: Pending"}},
    {{"get", "pods", "-l", "app in (x)", "-o", "name"}, NULL, {"pod/p1"}},
    {{"describe", "pod", "p1"}, NULL, {"Status:", "QoS Class:", "Events:"}},
    {{"get", "events"}, NULL, {"Warning", "FailedScheduling", "pod/p1"}},
    {{"describe", "node", "n1"}, NULL, {"Allocatable:", "16Gi", "Non-terminated Pods:"}},
    {{"cordon", "n1"}, NULL, {"node/n1 cordoned"}},
    {{"get", "nodes"}, NULL, {"Ready,SchedulingDisabled"}},
    {{"uncordon", "n1"}, NULL, {"node/n1 uncordoned"}},
    {{"taint", "node", "n1", "k=v:NoSchedule"}, NULL, {"node/n1 tainted"}},
    {{"taint", "node", "n1", "k-"}, NULL, {"node/n1 untainted"}},
    {{"label", "pod", "p1", "a=b"}, NULL, {"pod/p1 labeled"}},
    {{"create", "deployment", "web", "--image=nginx", "--replicas=3"},
     NULL,
     {"deployment.apps/web created"}},
    {{"scale", "deployment", "web", "--replicas=5"}, NULL, {"deployment.apps/web scaled"}},
    {{"get", "deploy", "web", "-o", "wide"}, NULL, {"0/5", "nginx", "app=web"}},
    {{"set", "image", "deploy/web", "nginx=nginx:2"}, NULL, {"image updated"}},
    {{"create", "namespace", "team"}, NULL, {"namespace/team created"}},
    {{"delete", "namespace", "team"}, NULL, {"\"team\" deleted"}},
    {{"apply", "-f", "-"}, cluster, {"node/n1 configured", "pod/p1 configured"}},
    {{"delete", "deployment", "web"}, NULL, {"\"web\" deleted"}},
    {{"delete", "pod", "p1"}, NULL, {"\"p1\" deleted"}},
    {{"api-resources"}, NULL, {"leases", "poddisruptionbudgets", "events.k8s.io/v1"}},
};

static void run_step(size_t index)
{
    const struct step *step = &steps[index];
    const char *argv[MAX_ARGUMENTS + 4] = {rig.kubectl, "--kubeconfig", rig.kubeconfig};
    for (size_t i = 0; i < MAX_ARGUMENTS && step->arguments[i]; i++)
        argv[3 + i] = step->arguments[i];
    struct process_result result;
    process_run(&result, argv, step->input, PATIENCE_MS);
    const char *out = result.out.data ? result.out.data : "";
    cr_expect_eq(result.exit_code, 0, "step %zu, %s: %s", index, step->arguments[0],
                 result.err.data ? result.err.data : "");
    for (size_t i = 0; i < MAX_EXPECTED && step->expected[i]; i++)
        cr_expect(strstr(out, step->expected[i]), "step %zu, %s: no %s in\n%s", index,
                  step->arguments[0], step->expected[i], out);
    process_result_fini(&result);
}

Test(kubectl, works_against_the_simulated_apiserver)
{
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        run_step(i);
}

Test(kubectl, get_w_shows_changes_as_they_come)
{
    char log[128];
    (void)snprintf(log, sizeof(log), "%s/watch.log", rig.dir);
    static const char *const before[] = {"default ", NULL}, *const after[] = {"later ", NULL};
    const char *const watch[] = {
        rig.kubectl, "--kubeconfig", rig.kubeconfig, "get", "namespaces", "-w", NULL};
    process_start(&rig.watcher, watch, NULL, log);
    cr_assert(process_await_log(&rig.watcher, before, PATIENCE_MS));
    const char *const create[] = {
        rig.kubectl, "--kubeconfig", rig.kubeconfig, "create", "namespace", "later", NULL};
    struct process_result result;
    process_run(&result, create, NULL, PATIENCE_MS);
    cr_assert_eq(result.exit_code, 0);
    process_result_fini(&result);
    cr_assert(process_await_log(&rig.watcher, after, PATIENCE_MS));
}
