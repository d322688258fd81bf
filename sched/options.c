#include "sched/options.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "model/names.h"

#ifndef SPILLWAY_VERSION
#define SPILLWAY_VERSION "unknown" /* the Makefile says it for this file */
#endif

enum {
    FLAG_TEXT_BYTES_MAX = 4096, /* of a value; a path at most */
    FLAG_NAME_BYTES_MAX = 64,   /* compared when a name is looked for among ours */
    VERBOSITY_MAX = 10,
    RECORD_LIMIT_MB_MIN = 2,
    RECORD_LIMIT_MB_DEFAULT = 1024, /* about a million pods */
    RECORD_LIMIT_MB_MAX = 1 << 20,
    RELIST_SECONDS = 3600,
    RELIST_SECONDS_MAX = 7 * 24 * 3600,
    BACKOFF_SECONDS_MAX = QUEUE_BACKOFF_LIMIT_MS / 1000,
    LONG_FLAG_BASE = 256, /* getopt's number of flag i is this + i: no character has it */
};

enum flag_kind {
    FLAG_SWITCH, /* bool: bare, or =true, =false */
    FLAG_TEXT,   /* const char * */
    FLAG_NAMES,  /* scheduler_names; repeatable */
    FLAG_NUMBER, /* int64_t, `min` to `max` */
    FLAG_CHOICE, /* const char *, one of `value` divided by "|" */
};

struct flag {
    const char *name;
    enum flag_kind kind;
    size_t offset;     /* of the field in struct options */
    int64_t min, max;  /* FLAG_NUMBER */
    const char *value; /* placeholder for the help */
    const char *help;
    char brief; /* the one-letter form, 0: none */
};

#define ROW(flag_name, flag_kind, field)                                                           \
    .name = (flag_name), .kind = (flag_kind), .offset = offsetof(struct options, field)
#define TEXT_FLAG(name, field, placeholder, text)                                                  \
    {                                                                                              \
        ROW(name, FLAG_TEXT, field), .value = (placeholder), .help = (text)                        \
    }
#define NUMBER_FLAG(name, field, lowest, highest, text)                                            \
    {                                                                                              \
        ROW(name, FLAG_NUMBER, field), .min = (lowest), .max = (highest), .value = "N",            \
                                       .help = (text)                                              \
    }
#define SWITCH_FLAG(name, field, text)                                                             \
    {                                                                                              \
        ROW(name, FLAG_SWITCH, field), .help = (text)                                              \
    }

static const struct flag flags[] = {
    TEXT_FLAG("kubeconfig", kubeconfig, "FILE",
              "how to reach the apiserver; without it, the service-account files of a pod"),
    TEXT_FLAG("context", context, "NAME",
              "context of the kubeconfig, instead of its current-context"),
    TEXT_FLAG("service-account-dir", service_account_dir, "DIR",
              "where a pod's token and ca.crt are, instead of the usual place"),
    SWITCH_FLAG("insecure-skip-tls-verify", insecure_skip_tls_verify,
                "do not check the apiserver's certificate: anybody in between can read the token"),
    {ROW("scheduler-name", FLAG_NAMES, scheduler_names), .value = "NAME",
     .help = "schedule pods with this spec.schedulerName; may be given again"},
    NUMBER_FLAG("predicate-step", predicate_step, 1, NODES_MAX,
                "nodes examined between two looks at --feasible-target"),
    NUMBER_FLAG("feasible-target", feasible_target, 0, NODES_MAX,
                "stop looking for a better node after so many fit; 0: look at all"),
    NUMBER_FLAG("percentage-of-nodes-to-score", percentage_of_nodes_to_score, 0, 100,
                "kube-scheduler's rule instead of the two above; 0: adaptive"),
    SWITCH_FLAG("batch", batch,
                "let consecutive pods that ask the same share a search (on unless --batch=false)"),
    TEXT_FLAG("score-weights", score_weights, "LIST",
              "weights of score plug-ins, as TaintToleration=3,ImageLocality=0"),
    TEXT_FLAG("score-strategy", score_strategy, "NAME",
              "of NodeResourcesFit: LeastAllocated, MostAllocated, or "
              "RequestedToCapacityRatio:0=0,100=10 (utilisation=score)"),
    TEXT_FLAG("score-resources", score_resources, "LIST",
              "resources that NodeResourcesFit scores, as cpu=1,memory=1,nvidia.com/gpu=5"),
    NUMBER_FLAG("seed", seed, 0, UINT32_MAX,
                "decides among equal nodes: the same events and seed give the same bindings"),
    NUMBER_FLAG("pod-initial-backoff-seconds", pod_initial_backoff_seconds, 1, BACKOFF_SECONDS_MAX,
                "wait of a pod after its first failure; doubles with each"),
    NUMBER_FLAG("pod-max-backoff-seconds", pod_max_backoff_seconds, 0, BACKOFF_SECONDS_MAX,
                "never wait longer than that; 0: never wait"),
    NUMBER_FLAG("relist-seconds", relist_seconds, 0, RELIST_SECONDS_MAX,
                "list nodes and pods anew so often, in case a watch has lost something; 0: never"),
    TEXT_FLAG(
        "unit-types", unit_types, "FILE",
        "YAML: what `resource` of a ResourcePolicy's unit means here, beside the built-in types"),
    SWITCH_FLAG(
        "preemption", preemption,
        "let pods of higher priority take the room of others, as kube-scheduler does; needs "
        "the rights of manifests/preemption"),
    TEXT_FLAG(
        "record", record, "FILE",
        "write all that the scheduler learns and decides, for spillway-bench replay --events; "
        "when full it becomes FILE.1 and a new FILE begins"),
    NUMBER_FLAG("record-limit-mb", record_limit_mb, RECORD_LIMIT_MB_MIN, RECORD_LIMIT_MB_MAX,
                "MiB that FILE and FILE.1 take together at most"),
    {ROW("v", FLAG_NUMBER, v), .max = VERBOSITY_MAX, .value = "N", .brief = 'v',
     .help = "log more: 2 state changes, 4 debugging, 6 each request"},
    {ROW("logging-format", FLAG_CHOICE, logging_format), .value = "text|json",
     .help = "shape of the logs"},
    {ROW("help", FLAG_SWITCH, help), .brief = 'h', .help = "this text"},
    SWITCH_FLAG("version", version, "the version"),
};

enum { FLAG_COUNT = ARRAY_LEN(flags) };

static struct options options_default(void)
{
    return (struct options){
        .scheduler_name_count = 1,
        .scheduler_names = {"spillway"},
        .predicate_step = CYCLE_PREDICATE_STEP,
        .feasible_target = CYCLE_FEASIBLE_TARGET,
        .percentage_of_nodes_to_score = -1,
        .batch = true,
        .pod_initial_backoff_seconds = QUEUE_INITIAL_BACKOFF_MS / 1000,
        .pod_max_backoff_seconds = QUEUE_MAX_BACKOFF_MS / 1000,
        .relist_seconds = RELIST_SECONDS,
        .record_limit_mb = RECORD_LIMIT_MB_DEFAULT,
        .logging_format = "text",
    };
}

static const struct flag *flag_find(const char *name)
{
    size_t i = 0;
    while (strcmp(flags[i].name, name) != 0) {
        i++;
        CHECK(i < FLAG_COUNT);
    }
    return &flags[i];
}

/* The flag that getopt means by its `val` or `optopt`; NULL when it is none of ours. */
static const struct flag *flag_by_code(int code)
{
    if (code >= LONG_FLAG_BASE)
        return &flags[code - LONG_FLAG_BASE];
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        if (flags[i].brief != 0 && flags[i].brief == code)
            return &flags[i];
    }
    return NULL;
}

static void *flag_field(const struct flag *flag, struct options *options)
{
    return (char *)options + flag->offset;
}

/* ---- reading ---- */

struct parse {
    struct options options;
    bool is_given[FLAG_COUNT];
    struct err *err;
};

static bool is_given(const struct parse *parse, const char *name)
{
    return parse->is_given[flag_find(name) - flags];
}

static int read_number(struct parse *parse, const struct flag *flag, const char *text)
{
    errno = 0;
    char *end = NULL;
    long long number = strtoll(text, &end, 10);
    bool is_number = (*text >= '0' && *text <= '9') || *text == '-';
    if (!is_number || *end != '\0' || errno != 0 || number < flag->min || number > flag->max)
        return err_set(parse->err, EINVAL,
                       "--%s=%s: give a whole number from %" PRId64 " to %" PRId64, flag->name,
                       text, flag->min, flag->max);
    *(int64_t *)flag_field(flag, &parse->options) = number;
    return 0;
}

static int read_switch(struct parse *parse, const struct flag *flag, const char *text)
{
    bool is_true = !text || strcmp(text, "true") == 0;
    if (!is_true && strcmp(text, "false") != 0)
        return err_set(parse->err, EINVAL, "--%s=%s: give true or false, or --%s alone", flag->name,
                       text, flag->name);
    *(bool *)flag_field(flag, &parse->options) = is_true;
    return 0;
}

static int read_choice(struct parse *parse, const struct flag *flag, const char *text)
{
    size_t len = strlen(text);
    for (const char *at = flag->value; at;) {
        size_t choice_len = strcspn(at, "|");
        if (choice_len == len && memcmp(at, text, len) == 0) {
            *(const char **)flag_field(flag, &parse->options) = text;
            return 0;
        }
        at = at[choice_len] ? at + choice_len + 1 : NULL;
    }
    return err_set(parse->err, EINVAL, "--%s=%s: give one of %s", flag->name, text, flag->value);
}

/* The first name takes the place of the default. */
static int read_name(struct parse *parse, const struct flag *flag, const char *text)
{
    struct options *options = &parse->options;
    if (!parse->is_given[flag - flags])
        options->scheduler_name_count = 0;
    if (options->scheduler_name_count == SCHED_NAMES_MAX)
        return err_set(parse->err, EINVAL, "--%s=%s: at most %d names can be given", flag->name,
                       text, SCHED_NAMES_MAX);
    options->scheduler_names[options->scheduler_name_count++] = text;
    return 0;
}

static int read_value(struct parse *parse, const struct flag *flag, const char *text)
{
    if (flag->kind != FLAG_SWITCH && *text == '\0')
        return err_set(parse->err, EINVAL, "--%s needs a value: --%s=%s", flag->name, flag->name,
                       flag->value);
    if (text && strlen(text) > FLAG_TEXT_BYTES_MAX)
        return err_set(parse->err, EINVAL, "--%s: its value is longer than %d bytes", flag->name,
                       FLAG_TEXT_BYTES_MAX);
    switch (flag->kind) {
    case FLAG_SWITCH:
        return read_switch(parse, flag, text);
    case FLAG_NAMES:
        return read_name(parse, flag, text);
    case FLAG_NUMBER:
        return read_number(parse, flag, text);
    case FLAG_CHOICE:
        return read_choice(parse, flag, text);
    case FLAG_TEXT:
        break;
    }
    *(const char **)flag_field(flag, &parse->options) = text;
    return 0;
}

/* ---- flags that are none ---- */

/* Letters to insert, drop or replace to make one of the other. Both at most FLAG_NAME_BYTES_MAX. */
static uint32_t edit_distance(struct str a, struct str b)
{
    uint32_t row[FLAG_NAME_BYTES_MAX + 1];
    for (uint32_t k = 0; k <= b.len; k++)
        row[k] = k;
    for (uint32_t i = 1; i <= a.len; i++) {
        uint32_t diagonal = row[0];
        row[0] = i;
        for (uint32_t k = 1; k <= b.len; k++) {
            uint32_t replaced = diagonal + (a.ptr[i - 1] != b.ptr[k - 1]);
            uint32_t shorter = row[k] < row[k - 1] ? row[k] : row[k - 1];
            diagonal = row[k];
            row[k] = shorter + 1 < replaced ? shorter + 1 : replaced;
        }
    }
    return row[b.len];
}

/* The flag that was probably meant: it starts so, or at most a third of its letters differ. */
static const struct flag *flag_nearest(struct str name)
{
    const struct flag *nearest = NULL;
    uint32_t least = UINT32_MAX;
    if (name.len == 0 || name.len > FLAG_NAME_BYTES_MAX)
        return NULL;
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        struct str known = str_from(flags[i].name);
        bool is_start =
            name.len > 1 && known.len >= name.len && memcmp(known.ptr, name.ptr, name.len) == 0;
        uint32_t distance = is_start ? 1 : edit_distance(name, known);
        if (distance < least && distance * 3 <= known.len) {
            least = distance;
            nearest = &flags[i];
        }
    }
    return nearest;
}

/* `text` is the word of the command line, with dashes and perhaps a value. */
static int unknown_flag(struct parse *parse, const char *text)
{
    const char *name = text + strspn(text, "-");
    const struct flag *nearest = flag_nearest((struct str){name, strcspn(name, "=")});
    int shown = (int)strcspn(text, "=");
    shown = shown < FLAG_NAME_BYTES_MAX ? shown : FLAG_NAME_BYTES_MAX;
    if (nearest)
        return err_set(parse->err, EINVAL, "unknown flag %.*s: did you mean --%s?", shown, text,
                       nearest->name);
    return err_set(parse->err, EINVAL, "unknown flag %.*s: --help lists all flags", shown, text);
}

/* ---- the whole ---- */

static int check_scores(struct parse *parse)
{
    struct options *options = &parse->options;
    struct score_config config;
    score_config_init(&config);
    if (options->score_weights &&
        score_config_set_weights(&config, options->score_weights, parse->err) < 0)
        return err_wrap(parse->err, "--score-weights");
    if (options->score_strategy &&
        score_config_set_strategy(&config, options->score_strategy, parse->err) < 0)
        return err_wrap(parse->err, "--score-strategy");
    if (!options->score_resources)
        return 0;
    struct symbols *symbols = names_symbols_new(0);
    int rc = score_config_set_resources(&config, symbols, options->score_resources, parse->err);
    symbols_free(symbols);
    return rc < 0 ? err_wrap(parse->err, "--score-resources") : 0;
}

static int check_all(struct parse *parse)
{
    const struct options *options = &parse->options;
    if (options->context && !options->kubeconfig)
        return err_set(parse->err, EINVAL,
                       "--context=%s: contexts are in a kubeconfig: give --kubeconfig=FILE too",
                       options->context);
    if (is_given(parse, "percentage-of-nodes-to-score") &&
        (is_given(parse, "predicate-step") || is_given(parse, "feasible-target")))
        return err_set(parse->err, EINVAL,
                       "--percentage-of-nodes-to-score takes the place of --predicate-step and "
                       "--feasible-target: give the one or the others");
    if (is_given(parse, "record-limit-mb") && !options->record)
        return err_set(parse->err, EINVAL, "--record-limit-mb limits --record: give --record=FILE");
    if (options->pod_max_backoff_seconds > 0 &&
        options->pod_max_backoff_seconds < options->pod_initial_backoff_seconds)
        return err_set(parse->err, EINVAL,
                       "--pod-max-backoff-seconds=%" PRId64
                       " is below --pod-initial-backoff-seconds=%" PRId64
                       ": give at least that, or 0 for no backoff",
                       options->pod_max_backoff_seconds, options->pod_initial_backoff_seconds);
    return check_scores(parse);
}

struct getopt_tables {
    struct option longs[FLAG_COUNT + 1];
    char shorts[2 * FLAG_COUNT + 3];
};

static void getopt_tables_init(struct getopt_tables *tables)
{
    char *shorts = tables->shorts;
    *shorts++ = '+'; /* stop at the first word that is no flag */
    *shorts++ = ':'; /* tell a missing value from an unknown flag */
    for (int i = 0; i < FLAG_COUNT; i++) {
        bool is_switch = flags[i].kind == FLAG_SWITCH;
        tables->longs[i] = (struct option){
            .name = flags[i].name,
            .has_arg = is_switch ? optional_argument : required_argument,
            .val = LONG_FLAG_BASE + i,
        };
        if (flags[i].brief != 0)
            *shorts++ = flags[i].brief;
        if (flags[i].brief != 0 && !is_switch)
            *shorts++ = ':';
    }
    *shorts = '\0';
    tables->longs[FLAG_COUNT] = (struct option){0};
}

/* What getopt found at `word`. */
static int read_found(struct parse *parse, int found, const char *word)
{
    const struct flag *flag = flag_by_code(found == ':' ? optopt : found);
    if (!flag)
        return unknown_flag(parse, word);
    if (found == ':')
        return err_set(parse->err, EINVAL, "--%s needs a value: --%s=%s", flag->name, flag->name,
                       flag->value);
    /* getopt takes a beginning for the whole name: a flag added later would change its meaning. */
    if (found >= LONG_FLAG_BASE && strcspn(word + 2, "=") != strlen(flag->name))
        return unknown_flag(parse, word);
    const char *text = optarg;
    if (found < LONG_FLAG_BASE && text && *text == '=')
        text++; /* -v=4, as Go programs take it */
    int rc = read_value(parse, flag, text);
    parse->is_given[flag - flags] = true;
    return rc;
}

int options_parse(int argc, char *const argv[], struct options *ret_options, struct err *err)
{
    struct parse parse = {.options = options_default(), .err = err};
    struct getopt_tables tables;
    getopt_tables_init(&tables);
    opterr = 0;
    optind = 0; /* GNU: start anew */
    int at = 1;
    for (int found; (found = getopt_long(argc, argv, tables.shorts, tables.longs, NULL)) != -1;) {
        int rc = read_found(&parse, found, argv[at]);
        if (rc < 0)
            return rc;
        at = optind;
    }
    if (optind < argc)
        return err_set(err, EINVAL, "unexpected argument %.*s: spillway takes only flags",
                       FLAG_NAME_BYTES_MAX, argv[optind]);
    if (!parse.options.help && !parse.options.version) {
        int rc = check_all(&parse);
        if (rc < 0)
            return rc;
    }
    *ret_options = parse.options;
    return 0;
}

/* ---- help ---- */

/* " (0 to 100, default 64)" */
static void print_limits(FILE *out, const struct flag *flag)
{
    struct options options = options_default();
    const void *field = flag_field(flag, &options);
    switch (flag->kind) {
    case FLAG_NUMBER:
        fprintf(out, " (%" PRId64 " to %" PRId64, flag->min, flag->max);
        if (*(const int64_t *)field >= flag->min)
            fprintf(out, ", default %" PRId64, *(const int64_t *)field);
        fprintf(out, ")");
        break;
    case FLAG_CHOICE:
    case FLAG_NAMES:
        fprintf(out, " (default %s)", *(const char *const *)field);
        break;
    case FLAG_SWITCH:
    case FLAG_TEXT:
        break;
    }
}

void options_print_help(FILE *out)
{
    fprintf(out,
            "spillway: a Kubernetes scheduler\n\n"
            "usage: spillway --kubeconfig=FILE [FLAG...]   from anywhere\n"
            "       spillway [FLAG...]                     in a pod, as its service account\n\n");
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        const struct flag *flag = &flags[i];
        fprintf(out, "  ");
        if (flag->brief != 0)
            fprintf(out, "-%c, ", flag->brief);
        fprintf(out, "--%s%s%s\n        %s", flag->name, flag->value ? "=" : "",
                flag->value ? flag->value : "", flag->help);
        print_limits(out, flag);
        fprintf(out, "\n");
    }
}

void options_print_version(FILE *out)
{
    fprintf(out, "spillway %s\n", SPILLWAY_VERSION);
}
