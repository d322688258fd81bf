/* What a control plane needs as files: a CA, the server's and the administrator's keys,
 * kubeconfigs. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/control_plane.h"
#include "bench/pki.h"

enum { TEXT_BYTES_MAX = 16 * 1024, TREE_DESCRIPTORS = 16 };

static int write_text(const struct control_plane *plane, const char *name, const char *text,
                      struct err *err)
{
    char path[CONTROL_PLANE_PATH_BYTES + 32];
    (void)snprintf(path, sizeof(path), "%s/%s", plane->dir, name);
    return pki_write_file(path, text, err);
}

static int write_pair(const struct control_plane *plane, const struct pki_pair *pair,
                      const char *cert_name, const char *key_name, struct err *err)
{
    char *cert = pki_cert_pem(pair), *key = pki_key_pem(pair);
    int rc = write_text(plane, cert_name, cert, err);
    if (rc == 0)
        rc = write_text(plane, key_name, key, err);
    free(cert);
    free(key);
    return rc;
}

static int write_server_pair(const struct control_plane *plane, struct pki *pki, struct err *err)
{
    SSL_CTX *context = pki_server_context(pki, err);
    if (!context)
        return -EIO;
    const struct pki_pair lent = {SSL_CTX_get0_certificate(context),
                                  SSL_CTX_get0_privatekey(context)};
    int rc = write_pair(plane, &lent, "apiserver.crt", "apiserver.key", err);
    SSL_CTX_free(context);
    return rc;
}

static int write_keys(const struct control_plane *plane, struct err *err)
{
    struct pki *pki = pki_new(err);
    struct pki_pair admin = {0};
    if (!pki)
        return -EIO;
    char *ca = pki_ca_pem(pki);
    int rc = write_text(plane, "ca.crt", ca, err);
    free(ca);
    if (rc == 0)
        rc = write_server_pair(plane, pki, err);
    if (rc == 0)
        rc = pki_issue_client(pki, "admin", "system:masters", false, &admin, err);
    if (rc == 0)
        rc = write_pair(plane, &admin, "admin.crt", "admin.key", err);
    pki_pair_fini(&admin);
    pki_free(pki);
    return rc;
}

static int write_configs(struct control_plane *plane, struct err *err)
{
    struct buf text;
    buf_init(&text, TEXT_BYTES_MAX);
    (void)buf_printf(&text,
                     "apiVersion: v1\nkind: Config\ncurrent-context: bench\nclusters:\n"
                     "- name: bench\n  cluster:\n    server: https://127.0.0.1:%u\n"
                     "    certificate-authority: %s/ca.crt\nusers:\n- name: admin\n  user:\n"
                     "    client-certificate: %s/admin.crt\n    client-key: %s/admin.key\n"
                     "contexts:\n- name: bench\n  context:\n    cluster: bench\n    user: admin\n",
                     plane->port, plane->dir, plane->dir, plane->dir);
    int rc = pki_write_file(plane->kubeconfig, text.data, err);
    buf_clear(&text);
    (void)buf_printf(&text,
                     "apiVersion: kubescheduler.config.k8s.io/v1\n"
                     "kind: KubeSchedulerConfiguration\nleaderElection:\n  leaderElect: false\n"
                     "clientConnection:\n  kubeconfig: %s\n  qps: 10000\n  burst: 10000\n"
                     "  contentType: application/vnd.kubernetes.protobuf\n",
                     plane->kubeconfig);
    if (rc == 0)
        rc = pki_write_file(plane->kube_scheduler, text.data, err);
    buf_fini(&text);
    return rc;
}

int control_plane_write_files(struct control_plane *plane, struct err *err)
{
    (void)snprintf(plane->kubeconfig, sizeof(plane->kubeconfig), "%s/kubeconfig", plane->dir);
    (void)snprintf(plane->kube_scheduler, sizeof(plane->kube_scheduler), "%s/kube-scheduler.yaml",
                   plane->dir);
    int rc = write_keys(plane, err);
    return rc < 0 ? rc : write_configs(plane, err);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
    (void)status;
    (void)kind;
    (void)ftw;
    (void)remove(path);
    return 0;
}

void control_plane_remove_files(const struct control_plane *plane)
{
    (void)nftw(plane->dir, remove_entry, TREE_DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}
