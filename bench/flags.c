#include "bench/flags.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_help(const struct flag *flags, uint32_t count, const char *summary,
                       const char *command)
{
    (void)printf("spillway-bench %s: %s\n\n", command, summary);
    for (uint32_t i = 0; i < count; i++) {
        char left[64];
        (void)snprintf(left, sizeof(left), "--%s%s%s", flags[i].name, flags[i].value ? " " : "",
                       flags[i].value ? flags[i].value : "");
        (void)printf("  %-22s %s", left, flags[i].help);
        if (flags[i].kind == FLAG_COUNT)
            (void)printf(" (default %u)", *(const uint32_t *)flags[i].target);
        (void)printf("\n");
    }
}

static const struct flag *find_flag(const struct flag *flags, uint32_t count, const char *name,
                                    size_t len)
{
    for (uint32_t i = 0; i < count; i++)
        if (strlen(flags[i].name) == len && strncmp(flags[i].name, name, len) == 0)
            return &flags[i];
    return NULL;
}

static bool set_count(const struct flag *flag, const char *value, const char *command)
{
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (*value == '\0' || *end != '\0' || errno || number < flag->min || number > flag->max) {
        (void)fprintf(stderr,
                      "spillway-bench %s: --%s \"%s\": a number from %u to %u is expected\n",
                      command, flag->name, value, flag->min, flag->max);
        return false;
    }
    *(uint32_t *)flag->target = (uint32_t)number;
    return true;
}

static bool set_flag(const struct flag *flag, const char *value, const char *command)
{
    if (flag->kind == FLAG_COUNT)
        return set_count(flag, value, command);
    *(const char **)flag->target = value;
    return true;
}

/* One argument, with its value behind `=` or in the next one. Returns how many were used, 0: wrong.
 */
static int parse_one(const struct flag *flags, uint32_t count, int left, char **argv,
                     const char *command)
{
    const char *text = argv[0];
    const char *name = strncmp(text, "--", 2) == 0 ? text + 2 : "";
    const char *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    const struct flag *flag = len > 0 ? find_flag(flags, count, name, len) : NULL;
    if (!flag) {
        (void)fprintf(stderr, "spillway-bench %s: unknown argument \"%s\"; see --help\n", command,
                      text);
        return 0;
    }
    if (flag->kind == FLAG_SWITCH && !equals) {
        *(bool *)flag->target = true;
        return 1;
    }
    const char *value = equals ? equals + 1 : left > 1 ? argv[1] : NULL;
    if (!value || flag->kind == FLAG_SWITCH) {
        (void)fprintf(stderr, "spillway-bench %s: --%s %s\n", command, flag->name,
                      value ? "takes no value" : "needs a value");
        return 0;
    }
    return set_flag(flag, value, command) ? (equals ? 1 : 2) : 0;
}

enum flags_result flags_parse(const struct flag *flags, uint32_t count, const char *summary,
                              int argc, char **argv)
{
    for (int i = 1; i < argc;) {
        if (strcmp(argv[i], "--help") == 0) {
            print_help(flags, count, summary, argv[0]);
            return FLAGS_HELP;
        }
        int used = parse_one(flags, count, argc - i, argv + i, argv[0]);
        if (used == 0)
            return FLAGS_WRONG;
        i += used;
    }
    return FLAGS_OK;
}
