/*
 * A control plane of a test's own, to be hurt: etcd and kube-apiserver with the flags the test
 * wants, killed, stopped, started again, given other keys. No controllers and no kubelets: nodes
 * are plain objects and nobody runs the pods. Both die with the test, however it ends.
 */
#ifndef TESTS_REAL_PLANE_H
#define TESTS_REAL_PLANE_H

#include "tests/real/world.h"

enum { PLANE_PATH_BYTES = 256, PLANE_FLAGS_MAX = 16 };

struct plane {
    char dir[PLANE_PATH_BYTES]; /* as cluster.sh's folder: server, ca.crt, admin.crt, admin.key */
    char
        account_dir[PLANE_PATH_BYTES + 16]; /* token and ca.crt, as a kubelet gives them to a pod */
    int port;
    struct process etcd, apiserver;
    const char *const *flags; /* private, lent */
    struct pki *pki;          /* private */
    char *token;              /* private: in the file now */
    unsigned tokens;          /* private: made so far */
};

/* Starts both in the folder <SPILLWAY_TEST_DIR>/<name>, waits until they serve, and makes `world`
 * one of this control plane, with namespace "test-<name>". The apiserver's `flags` are added to the
 * usual ones (a NULL-terminated list of literals, may be NULL). */
void plane_open(struct plane *plane, struct world *world, const char *name,
                const char *const flags[]);

/* Ends spillway and both; the folder stays, but for the data of etcd. */
void plane_close(struct plane *plane, struct world *world);

/* SIGKILL, and the start of another one on the same port and data. */
void plane_kill_apiserver(struct plane *plane);
void plane_start_apiserver(struct plane *plane, struct world *world);

/* Another CA: the certificates of the apiserver and of the administrator are of it from now on, and
 * the apiserver knows no others once it runs again. While it is down. What the account's folder has
 * stays the old until it is published: ca.crt, or client.crt and client.key. */
void plane_rotate_ca(struct plane *plane, struct world *world);
void plane_publish_ca(const struct plane *plane);
void plane_publish_client(const struct plane *plane);

/* Gives service account "spillway" a new token, in place of the file by a rename as a kubelet does,
 * ends the old one, and awaits that the apiserver refuses it: it remembers a token for ten seconds.
 */
void plane_rotate_token(struct plane *plane, struct world *world);

/* Until etcd has forgotten all that was before now. */
void plane_await_compaction(struct world *world);

/* Starts build/spillway as a pod of that account, recorded to <dir>/events, each request logged.
 * `port` of 127.0.0.1 is where it finds the apiserver. */
void plane_start_spillway(const struct plane *plane, struct world *world, int port);

/* The same as the owner of the client's certificate. */
void plane_start_spillway_as_client(const struct plane *plane, struct world *world);

#endif
