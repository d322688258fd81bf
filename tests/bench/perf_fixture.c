#include "perf_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/base/check.h"

static const struct {
    const char *name, *text;
} templates[] = {
    {"templates/node.yaml", "apiVersion: v1\nkind: Node\nmetadata:\n  name: box-{{.Index}}\n"
                            "status:\n  allocatable: {cpu: '4', memory: 8Gi, pods: '110'}\n"},
    {"templates/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  generateName: work-\n"
                           "  labels: {color: '{{if eq (Mod .Index 2) 0}}red{{else}}blue{{end}}'}\n"
                           "spec:\n  terminationGracePeriodSeconds: 0\n"
                           "  containers: [{name: main, image: x}]\n"},
    {"templates/gated.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {generateName: gated-}\n"
                             "spec:\n  schedulingGates: [{name: example.com/wait}]\n"
                             "  containers: [{name: main, image: x}]\n"},
    {"templates/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: map-}\n"
                           "data: {number: '{{.Index}}', size: '{{.size}}'}\n"},
    {"templates/bad.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{.absent}}\n"},
};

static void path_of(const struct perf_files *files, const char *name, char path[256])
{
    (void)snprintf(path, 256, "%s/%s", files->dir, name);
}

void perf_files_write(struct perf_files *files, const char *name, const char *text)
{
    char path[256];
    path_of(files, name, path);
    FILE *out = fopen(path, "we");
    cr_assert(out, "%s", path);
    cr_assert(fputs(text, out) >= 0);
    cr_assert_eq(fclose(out), 0);
}

void perf_files_init(struct perf_files *files)
{
    char path[256];
    *files = (struct perf_files){.dir = "/tmp/perf-XXXXXX"};
    cr_assert(mkdtemp(files->dir));
    (void)snprintf(files->config, sizeof(files->config), "%s/config.yaml", files->dir);
    path_of(files, "templates", path);
    cr_assert_eq(mkdir(path, 0700), 0);
    for (size_t i = 0; i < ARRAY_LEN(templates); i++)
        perf_files_write(files, templates[i].name, templates[i].text);
}

void perf_files_load(struct perf_files *files, const char *config, const char *case_name,
                     const char *name)
{
    perf_workload_fini(&files->workload);
    files->err = (struct err){0};
    perf_files_write(files, "config.yaml", config);
    files->rc = perf_workload_load(&files->workload, files->config, case_name, name, &files->err);
}

void perf_files_fini(struct perf_files *files)
{
    char path[256];
    perf_workload_fini(&files->workload);
    for (size_t i = 0; i < ARRAY_LEN(templates); i++) {
        path_of(files, templates[i].name, path);
        (void)unlink(path);
    }
    (void)unlink(files->config);
    path_of(files, "templates", path);
    (void)rmdir(path);
    cr_expect_eq(rmdir(files->dir), 0);
}
