/*
 * What a kubelet gives to a pod of manifests/deployment.yaml: the files of its service
 * account, and the variables that say where the apiserver is.
 */
#ifndef TESTS_REAL_ACCOUNT_H
#define TESTS_REAL_ACCOUNT_H

#include "tests/real/world.h"

struct account {
    char dir[256]; /* of the files token, ca.crt and namespace */
    char *token;
};

/* Of service account "spillway" in that namespace: a folder of its own in the world's, and a token
 * for an hour. Release with _fini. */
void account_make(struct account *account, const struct world *world, const char *namespace);
void account_fini(struct account *account);

/* The port of 127.0.0.1 at which the apiserver listens. */
int account_apiserver_port(const struct world *world);

/* Starts build/spillway as that pod; `port` of 127.0.0.1 is where it finds its apiserver. */
void account_start_spillway(const struct account *account, struct world *world, int port);

#endif
