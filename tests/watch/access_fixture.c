#include "tests/watch/access_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

void access_world_init(struct access_world *world)
{
    static const char *const variables[] = {"KUBECONFIG",
                                            "KUBERNETES_SERVICE_HOST",
                                            "KUBERNETES_SERVICE_PORT",
                                            "HTTPS_PROXY",
                                            "https_proxy",
                                            "NO_PROXY",
                                            "no_proxy"};
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        (void)unsetenv(variables[i]);
    scratch_init(&world->scratch);
    (void)setenv("HOME", world->scratch.dir, 1);
    make_certificate("a", 10, &world->cert_a, &world->key_a);
    make_certificate("b", 10, &world->cert_b, &world->key_b);
}

void access_world_fini(struct access_world *world)
{
    free(world->cert_a);
    free(world->key_a);
    free(world->cert_b);
    free(world->key_b);
    scratch_fini(&world->scratch);
}

void access_put(const struct access_world *world, const char *name, const char *text)
{
    free(scratch_write(&world->scratch, name, text));
}

/* Loads a kubeconfig with these bodies of its one cluster and its one user. */
static struct access *load(const struct access_world *world, const char *cluster, const char *user,
                           struct err *err)
{
    const char *const pairs[] = {"CLUSTER", cluster, "USER", user, NULL};
    char *text = fill_in("current-context: x\n"
                         "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
                         "clusters: [{name: c, cluster: {@CLUSTER@}}]\n"
                         "users: [{name: u, user: {@USER@}}]\n",
                         pairs);
    char *path = scratch_write(&world->scratch, "config", text);
    struct access *access =
        access_load(&(struct access_options){.kubeconfig = path}, &world->scratch.log, err);
    free(path);
    free(text);
    return access;
}

struct access *access_must_load(const struct access_world *world, const char *cluster,
                                const char *user)
{
    struct err err = {0};
    struct access *access = load(world, cluster, user, &err);
    cr_assert_not_null(access, "%s", err.text);
    return access;
}

void access_expect_refused(const struct access_world *world, const char *cluster, const char *user,
                           const char *const texts[])
{
    struct err err = {0};
    struct access *access = load(world, cluster, user, &err);
    cr_expect_null(access);
    for (; *texts; texts++)
        cr_expect(strstr(err.text, *texts), "\"%s\" is not in: %s", *texts, err.text);
    cr_expect_null(strstr(err.text, "s3cr3t"), "%s", err.text);
    access_free(access);
}
