/* A directory, two certificates, and an access loaded from a kubeconfig in it. */
#ifndef TESTS_WATCH_ACCESS_FIXTURE_H
#define TESTS_WATCH_ACCESS_FIXTURE_H

#include "tests/watch/scratch.h"
#include "watch/access.h"

struct access_world {
    struct scratch scratch; /* also $HOME */
    char *cert_a, *key_a, *cert_b, *key_b;
};

/* Also takes what the machine's environment says out of the way. */
void access_world_init(struct access_world *world);
void access_world_fini(struct access_world *world);

void access_put(const struct access_world *world, const char *name, const char *text);

/* Loads a kubeconfig whose one cluster "c" and one user "u" have these members. */
struct access *access_must_load(const struct access_world *world, const char *cluster,
                                const char *user);

/* The same, which must fail with all `texts` (NULL-ended) and without "s3cr3t" in the error. */
void access_expect_refused(const struct access_world *world, const char *cluster, const char *user,
                           const char *const texts[]);

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define SERVER     "server: \"https://h:6443\""

#endif
