#include "tests/real/account.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "model/base/mem.h"

static void write_text(const char *dir, const char *name, const char *text)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *file = fopen(path, "we");
    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

void account_make(struct account *account, const struct world *world, const char *namespace)
{
    (void)snprintf(account->dir, sizeof(account->dir), "%s/%s-account", world->dir,
                   world->namespace);
    CHECK(mkdir(account->dir, 0700) == 0);
    account->token = world_kubectl(world, "create", "token", "spillway", "--namespace", namespace,
                                   "--duration=1h", NULL);
    account->token[strcspn(account->token, "\n")] = '\0';
    char *ca CLEANUP(mem_freep) = world_kubectl(world, "get", "configmap", "kube-root-ca.crt",
                                                "--output=jsonpath={.data.ca\\.crt}", NULL);
    write_text(account->dir, "token", account->token);
    write_text(account->dir, "ca.crt", ca);
    write_text(account->dir, "namespace", namespace);
}

void account_fini(struct account *account)
{
    free(account->token);
    *account = (struct account){0};
}

int account_apiserver_port(const struct world *world)
{
    const char *colon = strrchr(world->api.server, ':');
    CHECK(colon);
    return (int)strtoul(colon + 1, NULL, 10);
}

void account_start_spillway(const struct account *account, struct world *world, int port)
{
    char port_variable[64];
    (void)snprintf(port_variable, sizeof(port_variable), "KUBERNETES_SERVICE_PORT=%d", port);
    const char *const arguments[] = {"--service-account-dir", account->dir, NULL};
    const char *const environment[] = {"KUBERNETES_SERVICE_HOST=127.0.0.1", port_variable, NULL};
    world_start_spillway_with(world, arguments, environment);
}
