#include "sched/options.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"

enum { WORDS_MAX = 24 };

/* The command line of the last parse: options borrow from it. */
static char *argv_kept[WORDS_MAX];
static int argc_kept;

static void forget_line(void)
{
    while (argc_kept > 0)
        free(argv_kept[--argc_kept]);
}

TestSuite(options, .fini = forget_line);

/* Parses one line, divided at blanks. */
static int parse(const char *line, struct options *options, struct err *err)
{
    forget_line();
    argv_kept[argc_kept++] = mem_strdup("spillway");
    while (*line) {
        size_t len = strcspn(line, " ");
        cr_assert_lt(argc_kept, WORDS_MAX - 1);
        argv_kept[argc_kept++] = mem_strndup(line, len);
        line += len + (line[len] == ' ');
    }
    *err = (struct err){0};
    return options_parse(argc_kept, argv_kept, options, err);
}

static struct options parse_well(const char *line)
{
    struct options options = {0};
    struct err err;
    cr_assert_eq(parse(line, &options, &err), 0, "%s: %s", line, err.text);
    return options;
}

Test(options, have_the_documented_defaults)
{
    struct options options = parse_well("");
    cr_expect_null(options.kubeconfig);
    cr_expect_null(options.context);
    cr_expect_null(options.service_account_dir);
    cr_expect_not(options.insecure_skip_tls_verify);
    cr_expect_eq(options.scheduler_name_count, 1);
    cr_expect_str_eq(options.scheduler_names[0], "spillway");
    cr_expect_eq(options.predicate_step, 64);
    cr_expect_eq(options.feasible_target, 100);
    cr_expect_eq(options.percentage_of_nodes_to_score, -1);
    cr_expect(options.batch);
    cr_expect_null(options.score_weights);
    cr_expect_null(options.score_strategy);
    cr_expect_null(options.score_resources);
    cr_expect_null(options.unit_types);
    cr_expect_not(options.preemption, "nobody is deleted unless the operator says so");
    cr_expect_eq(options.pod_initial_backoff_seconds, 1);
    cr_expect_eq(options.pod_max_backoff_seconds, 10);
    cr_expect_eq(options.v, 0);
    cr_expect_str_eq(options.logging_format, "text");
    cr_expect_not(options.help);
    cr_expect_not(options.version);
}

Test(options, take_every_flag)
{
    struct options options = parse_well(
        "--kubeconfig=/k --context c --service-account-dir=/sa --insecure-skip-tls-verify "
        "--predicate-step=32 --feasible-target 0 --score-weights=ImageLocality=0 "
        "--score-strategy=MostAllocated --score-resources=cpu=1,nvidia.com/gpu=5 --seed=7 "
        "--unit-types=/u.yaml --preemption "
        "--pod-initial-backoff-seconds=2 --pod-max-backoff-seconds=20 --v=4 --logging-format=json");
    cr_expect_str_eq(options.kubeconfig, "/k");
    cr_expect_str_eq(options.context, "c");
    cr_expect_str_eq(options.service_account_dir, "/sa");
    cr_expect(options.insecure_skip_tls_verify);
    cr_expect_eq(options.predicate_step, 32);
    cr_expect_eq(options.feasible_target, 0);
    cr_expect_str_eq(options.score_weights, "ImageLocality=0");
    cr_expect_str_eq(options.score_strategy, "MostAllocated");
    cr_expect_str_eq(options.score_resources, "cpu=1,nvidia.com/gpu=5");
    cr_expect_eq(options.seed, 7);
    cr_expect_str_eq(options.unit_types, "/u.yaml");
    cr_expect(options.preemption);
    cr_expect_eq(options.pod_initial_backoff_seconds, 2);
    cr_expect_eq(options.pod_max_backoff_seconds, 20);
    cr_expect_eq(options.v, 4);
    cr_expect_str_eq(options.logging_format, "json");
    cr_expect_not(parse_well("--batch=false").batch);
    cr_expect_eq(parse_well("--percentage-of-nodes-to-score=50").percentage_of_nodes_to_score, 50);
    cr_expect_eq(parse_well("--pod-max-backoff-seconds=0").pod_max_backoff_seconds, 0);
}

static const struct {
    const char *line;
    int64_t v;
} verbosities[] = {{"-v 4", 4},  {"-v4", 4},   {"-v=4", 4},
                   {"--v=4", 4}, {"--v 4", 4}, {"--v=2 -v6", 6}};

Test(options, take_verbosity_in_all_usual_forms)
{
    for (size_t i = 0; i < ARRAY_LEN(verbosities); i++)
        cr_expect_eq(parse_well(verbosities[i].line).v, verbosities[i].v, "%s",
                     verbosities[i].line);
}

Test(options, take_switches_bare_and_with_a_value)
{
    cr_expect(parse_well("--insecure-skip-tls-verify=true").insecure_skip_tls_verify);
    cr_expect_not(parse_well("--insecure-skip-tls-verify=false").insecure_skip_tls_verify);
    cr_expect(parse_well("--preemption=true").preemption);
    cr_expect_not(parse_well("--preemption --preemption=false").preemption);
    cr_expect(parse_well("--help").help);
    cr_expect(parse_well("-h").help);
    cr_expect(parse_well("--version").version);
}

Test(options, replace_the_default_name_by_those_given)
{
    struct options options = parse_well("--scheduler-name=a --scheduler-name b");
    cr_assert_eq(options.scheduler_name_count, 2);
    cr_expect_str_eq(options.scheduler_names[0], "a");
    cr_expect_str_eq(options.scheduler_names[1], "b");
}

/* What a person sees: every line says what is wrong, where, and what would be right. */
static const struct {
    const char *line, *text;
} wrongs[] = {
    {"--kubconfig=/k", "unknown flag --kubconfig: did you mean --kubeconfig?"},
    {"--kube /k", "unknown flag --kube: did you mean --kubeconfig?"},
    {"-kubeconfig /k", "unknown flag -kubeconfig: did you mean --kubeconfig?"},
    {"--scheduler-names=a", "unknown flag --scheduler-names: did you mean --scheduler-name?"},
    {"--predicate_step=3", "unknown flag --predicate_step: did you mean --predicate-step?"},
    {"--score=1", "unknown flag --score: did you mean --score-weights?"},
    {"--frobnicate", "unknown flag --frobnicate: --help lists all flags"},
    {"-x", "unknown flag -x: --help lists all flags"},
    {"run", "unexpected argument run: spillway takes only flags"},
    {"--v=2 run --v=3", "unexpected argument run: spillway takes only flags"},
    {"-- run", "unexpected argument run: spillway takes only flags"},
    {"--kubeconfig", "--kubeconfig needs a value: --kubeconfig=FILE"},
    {"--kubeconfig=", "--kubeconfig needs a value: --kubeconfig=FILE"},
    {"--seed", "--seed needs a value: --seed=N"},
    {"-v", "--v needs a value: --v=N"},
    {"--v=", "--v needs a value: --v=N"},
    {"--v=11", "--v=11: give a whole number from 0 to 10"},
    {"-v=x", "--v=x: give a whole number from 0 to 10"},
    {"--predicate-step=0", "--predicate-step=0: give a whole number from 1 to 16777216"},
    {"--predicate-step=64k", "--predicate-step=64k: give a whole number from 1 to 16777216"},
    {"--predicate-step=+4", "--predicate-step=+4: give a whole number from 1 to 16777216"},
    {"--feasible-target=-1", "--feasible-target=-1: give a whole number from 0 to 16777216"},
    {"--percentage-of-nodes-to-score=101",
     "--percentage-of-nodes-to-score=101: give a whole number from 0 to 100"},
    {"--seed=4294967296", "--seed=4294967296: give a whole number from 0 to 4294967295"},
    {"--seed=99999999999999999999",
     "--seed=99999999999999999999: give a whole number from 0 to 4294967295"},
    {"--pod-initial-backoff-seconds=0",
     "--pod-initial-backoff-seconds=0: give a whole number from 1 to 86400"},
    {"--logging-format=xml", "--logging-format=xml: give one of text|json"},
    {"--logging-format=tex", "--logging-format=tex: give one of text|json"},
    {"--logging-format=text|json", "--logging-format=text|json: give one of text|json"},
    {"--unit-types", "--unit-types needs a value: --unit-types=FILE"},
    {"--unit-type=/u", "unknown flag --unit-type: did you mean --unit-types?"},
    {"--preemption=yes", "--preemption=yes: give true or false, or --preemption alone"},
    {"--insecure-skip-tls-verify=yes",
     "--insecure-skip-tls-verify=yes: give true or false, or --insecure-skip-tls-verify alone"},
    {"--context=c", "--context=c: contexts are in a kubeconfig: give --kubeconfig=FILE too"},
    {"--pod-max-backoff-seconds=3 --pod-initial-backoff-seconds=4",
     "--pod-max-backoff-seconds=3 is below --pod-initial-backoff-seconds=4: give at least that, or "
     "0 for no backoff"},
    {"--percentage-of-nodes-to-score=0 --feasible-target=5",
     "--percentage-of-nodes-to-score takes the place of --predicate-step and --feasible-target: "
     "give the one or the others"},
};

Test(options, say_what_is_wrong_where_and_how_to_mend_it)
{
    for (size_t i = 0; i < ARRAY_LEN(wrongs); i++) {
        struct options options = {.v = 99};
        struct err err;
        cr_expect_eq(parse(wrongs[i].line, &options, &err), -EINVAL, "%s", wrongs[i].line);
        cr_expect_str_eq(err.text, wrongs[i].text);
        cr_expect_eq(options.v, 99, "%s: ret_options is written only on success", wrongs[i].line);
    }
}

Test(options, name_the_flag_whose_score_text_is_wrong)
{
    static const char *const flags[] = {"--score-weights", "--score-strategy", "--score-resources"};
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        char line[64];
        struct options options;
        struct err err;
        (void)snprintf(line, sizeof(line), "%s=nonsense", flags[i]);
        cr_expect_eq(parse(line, &options, &err), -EINVAL);
        cr_expect_eq(strncmp(err.text, flags[i], strlen(flags[i])), 0, "%s", err.text);
        cr_expect(strstr(err.text, "nonsense"), "%s", err.text);
    }
}

Test(options, limit_names_and_values)
{
    struct options options;
    struct err err;
    char line[8192] = "";
    for (int i = 0; i <= SCHED_NAMES_MAX; i++)
        (void)snprintf(line + strlen(line), sizeof(line) - strlen(line), "--scheduler-name=n%d ",
                       i);
    cr_expect_eq(parse(line, &options, &err), -EINVAL);
    cr_expect_str_eq(err.text, "--scheduler-name=n16: at most 16 names can be given");

    (void)snprintf(line, sizeof(line), "--kubeconfig=%05000d", 0);
    cr_expect_eq(parse(line, &options, &err), -EINVAL);
    cr_expect_str_eq(err.text, "--kubeconfig: its value is longer than 4096 bytes");

    (void)snprintf(line, sizeof(line), "--%05000d", 0);
    cr_expect_eq(parse(line, &options, &err), -EINVAL);
    cr_expect_lt(strlen(err.text), 200);
}

Test(options, help_and_version_print)
{
    static const char *const expected[] = {
        "--kubeconfig=FILE\n",
        "--scheduler-name=NAME\n",
        "(default spillway)\n",
        "(1 to 16777216, default 64)",
        "(0 to 16777216, default 100)",
        "(0 to 100)\n",
        "--logging-format=text|json\n        shape of the logs (default text)\n",
        "-v, --v=N\n",
        "-h, --help\n",
        "--insecure-skip-tls-verify\n",
    };
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    options_print_help(out);
    fclose(out);
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        cr_expect(strstr(text, expected[i]), "%s not in:\n%s", expected[i], text);
    free(text);

    out = open_memstream(&text, &len);
    options_print_version(out);
    fclose(out);
    cr_expect_eq(strncmp(text, "spillway ", 9), 0, "%s", text);
    cr_expect_gt(strlen(text), 10);
    free(text);
}
