/*
 * A workload of some seconds in which nodes come and one goes, pods wait, run out and are deleted,
 * and of which it is clear which pods are bound in the end: by any scheduler, in virtual time as in
 * real time.
 */
#ifndef TESTS_SUPPORT_STORY_H
#define TESTS_SUPPORT_STORY_H

#include <stdint.h>

#include "bench/workload.h"

enum { STORY_SECONDS = 4, STORY_NAMES_MAX = 16, STORY_NAME_BYTES = 64 };

/* workload_fini() it. Once for each replay, which adds names to it. */
void story_make(struct workload *workload);

/* Pods that were bound. */
struct story_names {
    uint32_t count;
    char names[STORY_NAMES_MAX][STORY_NAME_BYTES];
};

void story_note(struct story_names *bound, const char *pod);
void story_read(const char *path, struct story_names *bound); /* lines of "pod node milliseconds" */

/* They are those of the story, each once. */
void story_expect(struct story_names *bound);

#endif
