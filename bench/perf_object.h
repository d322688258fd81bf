/* Objects for an apiserver from the templates of scheduler_perf. */
#ifndef BENCH_PERF_OBJECT_H
#define BENCH_PERF_OBJECT_H

#include "bench/perf_config.h"

enum {
    PERF_OBJECT_BYTES_MAX = 15 * 1024, /* as JSON: what control_plane_post_many() takes */
    PERF_PATH_BYTES_MAX = 1024,
};

/* One template, ready to make any number of objects. */
struct perf_maker {
    const struct perf_template *template; /* borrowed; NULL: the default of the kind */
    json_t *fixed;                        /* owned: the object, when all are alike; else NULL */
    json_t *env;                          /* owned: the fields */
};

/* Reads the template. `kind` is what it has to be, and NULL: any that perf_object_path() knows;
 * with no template a kind that has a default: Pod, Node, Namespace. `params` is borrowed for the
 * call. */
int perf_maker_init(struct perf_maker *maker, const struct perf_template *template,
                    const char *kind, const json_t *params, int64_t count,
                    struct err *err) NODISCARD;
void perf_maker_fini(struct perf_maker *maker); /* takes a zeroed struct too */

/* Object number `index`, yours; NULL: *err says file and line. */
json_t *perf_maker_make(const struct perf_maker *maker, int64_t index, struct err *err);

/* Its metadata, an object; made when there is none. Borrowed. */
json_t *perf_object_metadata(json_t *object);

/* Its name; without one "<generateName><suffix>" is set. "" when there is neither. Borrowed. */
const char *perf_object_name(json_t *object, const char *suffix);

/* metadata.labels[key] = value. */
void perf_object_label(json_t *object, const char *key, const char *value);

/* Appends the collection it is POSTed to; a namespaced one goes to `namespace`. -EINVAL for kinds
 * that are not known, and when one in a namespace gets none. */
int perf_object_path(const json_t *object, const char *namespace, struct buf *path,
                     struct err *err) NODISCARD;

/* Appends the JSON. -E2BIG when it is over PERF_OBJECT_BYTES_MAX. */
int perf_object_write(const json_t *object, struct buf *body, struct err *err) NODISCARD;

#endif
