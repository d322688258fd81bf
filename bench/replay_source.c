#include "bench/replay_source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench/generate.h"
#include "bench/prices.h"

enum { MS_PER_HOUR = 3600 * 1000, NAMES_BYTES = 1024, NOTES_BYTES = 1 << 16 };

void replay_source_describe(struct buf *text)
{
    const struct generator *generator;
    for (uint32_t i = 0; (generator = generator_at(i)); i++)
        (void)buf_printf(text, "  %-14s %s (%" PRIu32 " nodes, %" PRIu32 " pods)\n",
                         generator->name, generator->help, generator->usual.nodes,
                         generator->usual.pods);
    (void)buf_add_str(text, "Public traces (--set):\n");
    trace_describe(text);
}

static int unknown_generator(const char *name, struct err *err)
{
    const struct generator *generator;
    struct buf names CLEANUP(buf_fini);
    buf_init(&names, NAMES_BYTES);
    for (uint32_t i = 0; (generator = generator_at(i)); i++)
        (void)buf_printf(&names, "%s%s", i > 0 ? ", " : "", generator->name);
    return err_set(err, EINVAL, "--workload \"%s\": one of %s is expected", name, names.data);
}

static int generate(const struct replay_source *source, struct workload *workload,
                    struct replay_loaded *loaded, struct err *err)
{
    const struct generator *generator = generator_find(source->workload);
    if (!generator)
        return unknown_generator(source->workload, err);
    struct generate_options options = generator->usual;
    options.nodes = source->nodes > 0 ? source->nodes : options.nodes;
    options.pods = source->pods > 0 ? source->pods : options.pods;
    options.hours = source->hours > 0 ? source->hours : options.hours;
    options.seed = source->seed;
    generator_run(generator, &options, workload);
    loaded->preempts = generator->preempts;
    loaded->until_ms = (int64_t)options.hours * MS_PER_HOUR;
    return 0;
}

static int load_trace(const struct replay_source *source, struct workload *workload,
                      struct replay_loaded *loaded, struct err *err)
{
    struct trace_loaded trace;
    struct trace_options options = source->trace;
    options.seed = source->seed;
    int rc = trace_load(workload, source->traces, source->set ? source->set : "openb", &options,
                        &trace, err);
    if (rc < 0)
        return rc;
    trace_describe_skipped(&trace.skipped, &loaded->notes);
    if (source->hours > 0)
        loaded->until_ms = (int64_t)source->hours * MS_PER_HOUR;
    return 0;
}

static int read_prices(const struct replay_source *source, struct workload *workload,
                       struct err *err)
{
    FILE *in = fopen(source->prices, "re");
    if (!in)
        return err_set(err, errno, "cannot read %s: %s", source->prices, strerror(errno));
    int rc = prices_read(workload, in, source->prices, err);
    (void)fclose(in);
    return rc;
}

int replay_source_load(const struct replay_source *source, struct workload *workload,
                       struct replay_loaded *ret_loaded, struct err *err)
{
    struct replay_loaded loaded = {.until_ms = INT64_MAX};
    buf_init(&loaded.notes, NOTES_BYTES);
    int rc = source->traces ? load_trace(source, workload, &loaded, err)
                            : generate(source, workload, &loaded, err);
    if (rc == 0 && source->prices)
        rc = read_prices(source, workload, err);
    if (rc == 0)
        *ret_loaded = loaded;
    else
        buf_fini(&loaded.notes);
    return rc;
}
