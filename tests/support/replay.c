#include "tests/support/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"

enum { PATH_BYTES = 512, REPLAY_PATIENCE_MS = 60000 };

static void run(const char *const flags[], const char *recording, struct process_result *ret_result)
{
    enum { ARGUMENTS_MAX = 8 };
    const char *build = getenv("BUILD");
    char program[PATH_BYTES];
    (void)snprintf(program, sizeof(program), "%s/spillway-bench", build ? build : "build");
    const char *argv[ARGUMENTS_MAX] = {program, "replay", "--events", recording};
    for (size_t i = 0; flags[i]; i++)
        argv[4 + i] = flags[i];
    process_run(ret_result, argv, NULL, REPLAY_PATIENCE_MS);
}

void replay_run(const char *recording, struct process_result *ret_result)
{
    run((const char *const[]){NULL}, recording, ret_result);
}

void replay_run_state(const char *recording, struct process_result *ret_result)
{
    run((const char *const[]){"--summary", "--state", NULL}, recording, ret_result);
}

char *replay_node_of(const struct process_result *result, const char *pod)
{
    size_t len = strlen(pod);
    const char *found = "";
    for (const char *line = result->out.data; line && *line; line = strchr(line, '\n') + 1) {
        if (strncmp(line, pod, len) == 0 && line[len] == ' ')
            found = line + len + 1;
        if (!strchr(line, '\n'))
            break;
    }
    return mem_strndup(found, strcspn(found, "\n"));
}
