#include "tests/support/story.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/check.h"

enum { LINE_BYTES = 4096 };

static uint32_t intern(struct workload *workload, const char *text)
{
    return symbol_intern(workload->symbols, str_from(text));
}

static void add_node(struct workload *workload, const char *name, int64_t cores, int64_t joins_ms,
                     int64_t leaves_ms)
{
    struct workload_node_kind kind = {
        .offers = {.cpu_milli = cores * 1000, .memory_bytes = INT64_C(8) << 30}, .pods = 20};
    kind.label_count = 1;
    kind.labels[0] = (struct workload_label){intern(workload, "size"),
                                             intern(workload, cores > 4 ? "large" : "small")};
    workload_add_node(workload, &(struct workload_node){intern(workload, name),
                                                        workload_add_node_kind(workload, &kind),
                                                        joins_ms, leaves_ms});
}

static const struct {
    const char *name, *size; /* node selector, NULL: none */
    int64_t cores, created_ms, runs_ms, gone_ms;
} story[] = {
    {"first", NULL, 3, 0, INT64_MAX, INT64_MAX},          /* its node leaves: comes again */
    {"large", NULL, 8, 100, INT64_MAX, INT64_MAX},        /* waits for the large node */
    {"never", NULL, 20, 200, INT64_MAX, INT64_MAX},       /* fits nowhere */
    {"no-such", "huge", 1, 200, INT64_MAX, INT64_MAX},    /* no such node */
    {"early", NULL, 20, 300, INT64_MAX, 1500},            /* deleted while it waits */
    {"short", "small", 1, 400, 1000, INT64_MAX},          /* done, long before the end */
    {"after", "small", 4, 2400, INT64_MAX, INT64_MAX},    /* the only one that n4 has room for */
    {"too-late", "small", 4, 4000, INT64_MAX, INT64_MAX}, /* and this one nothing */
};

static const char *const expected[] = {"after", "first", "first-r1", "large", "short"};

void story_make(struct workload *workload)
{
    workload_init(workload);
    add_node(workload, "n1", 4, 0, 2000);
    add_node(workload, "n2", 9, 1000, INT64_MAX);
    add_node(workload, "n3", 3, 2200, INT64_MAX);
    add_node(workload, "n4", 4, 2300, INT64_MAX);
    for (size_t i = 0; i < ARRAY_LEN(story); i++) {
        struct workload_pod_kind kind = {.asks = {.cpu_milli = story[i].cores * 1000}};
        if (story[i].size) {
            kind.selector_count = 1;
            kind.selector[0] =
                (struct workload_label){intern(workload, "size"), intern(workload, story[i].size)};
        }
        workload_add_pod(workload, &(struct workload_pod){intern(workload, story[i].name),
                                                          workload_add_pod_kind(workload, &kind),
                                                          story[i].created_ms, story[i].runs_ms,
                                                          story[i].gone_ms});
    }
    workload_sort(workload);
}

void story_note(struct story_names *bound, const char *pod)
{
    cr_assert_lt(bound->count, STORY_NAMES_MAX);
    snprintf(bound->names[bound->count++], STORY_NAME_BYTES, "%s", pod);
}

void story_read(const char *path, struct story_names *bound)
{
    char line[LINE_BYTES];
    FILE *in = fopen(path, "r");
    cr_assert_not_null(in, "%s", path);
    while (fgets(line, sizeof(line), in)) {
        line[strcspn(line, " ")] = '\0';
        story_note(bound, line);
    }
    fclose(in);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

void story_expect(struct story_names *bound)
{
    qsort(bound->names, bound->count, sizeof(bound->names[0]), compare_names);
    cr_assert_eq(bound->count, ARRAY_LEN(expected), "%u pods were bound", bound->count);
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        cr_expect_str_eq(bound->names[i], expected[i]);
}
