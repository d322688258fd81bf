#include "tests/bench/trace_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void trace_fixture_init(struct trace_fixture *fixture, const char *folder)
{
    *fixture = (struct trace_fixture){.folder = folder};
    workload_init(&fixture->workload);
    snprintf(fixture->dir, sizeof(fixture->dir), "/tmp/spillway-test-XXXXXX");
    cr_assert_not_null(mkdtemp(fixture->dir));
    char path[TRACE_FIXTURE_PATH_BYTES];
    snprintf(path, sizeof(path), "%s/%s", fixture->dir, folder);
    for (char *slash = path + strlen(fixture->dir); (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    cr_assert_eq(mkdir(path, 0700), 0);
}

void trace_fixture_fini(struct trace_fixture *fixture)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", fixture->dir);
    cr_assert_eq(system(command), 0);
    workload_fini(&fixture->workload);
}

void trace_fixture_write(const struct trace_fixture *fixture, const char *file, const char *text)
{
    char path[TRACE_FIXTURE_PATH_BYTES];
    snprintf(path, sizeof(path), "%s/%s/%s", fixture->dir, fixture->folder, file);
    FILE *out = fopen(path, "w");
    cr_assert_not_null(out);
    fputs(text, out);
    fclose(out);
}

int trace_fixture_load(struct trace_fixture *fixture, const char *name)
{
    workload_fini(&fixture->workload);
    workload_init(&fixture->workload);
    fixture->err = (struct err){0};
    return trace_load(&fixture->workload, fixture->dir, name, &fixture->options, &fixture->loaded,
                      &fixture->err);
}

void trace_fixture_must_load(struct trace_fixture *fixture, const char *name)
{
    cr_assert_eq(trace_fixture_load(fixture, name), 0, "%s", fixture->err.text);
}

const char *trace_fixture_text(const struct trace_fixture *fixture, uint32_t sym)
{
    return symbol_text(fixture->workload.symbols, sym);
}

int64_t trace_fixture_extended(const struct trace_fixture *fixture,
                               const struct workload_amounts *amounts, const char *resource)
{
    for (uint32_t i = 0; i < amounts->extended_count; i++)
        if (strcmp(trace_fixture_text(fixture, amounts->extended[i].name_sym), resource) == 0)
            return amounts->extended[i].amount;
    return 0;
}

const char *trace_fixture_label(const struct trace_fixture *fixture,
                                const struct workload_label *labels, uint32_t count,
                                const char *key)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(trace_fixture_text(fixture, labels[i].key_sym), key) == 0)
            return trace_fixture_text(fixture, labels[i].value_sym);
    return "";
}

const struct workload_node_kind *trace_fixture_node(const struct trace_fixture *fixture,
                                                    uint32_t index)
{
    cr_assert_lt(index, fixture->workload.node_count);
    return &fixture->workload.node_kinds[fixture->workload.nodes[index].kind];
}

const struct workload_pod_kind *trace_fixture_pod(const struct trace_fixture *fixture,
                                                  uint32_t index)
{
    cr_assert_lt(index, fixture->workload.pod_count);
    return &fixture->workload.pod_kinds[fixture->workload.pods[index].kind];
}
