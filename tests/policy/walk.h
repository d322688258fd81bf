/* The state of a random walk, and the objects that its oracle's state stands for. */
#ifndef TESTS_POLICY_WALK_H
#define TESTS_POLICY_WALK_H

#include "model/base/rng.h"
#include "tests/policy/oracle.h"
#include "tests/policy/world.h"

struct walk {
    struct world *world;
    struct oracle oracle;
    struct rng rng;
    uint64_t seed, step;
    int64_t generations[ORACLE_POLICIES];
    uint64_t policy_uids[ORACLE_POLICIES];
    uint64_t uid_count;
    uint32_t placed, refused;
};

/* "n7"; lives in the world's arena, which is reset between steps. */
const char *walk_text(struct walk *walk, const char *prefix, int number);

/* Each makes the object of that number and has it seen. */
void walk_see_node(struct walk *walk, int index);
struct pod *walk_see_pod(struct walk *walk, struct world *world, int index);
void walk_see_policy(struct walk *walk, struct world *world, int index);

/* The policy with a field that is refused. */
void walk_see_bad_policy(struct walk *walk, int index);

struct policy_object walk_policy(struct walk *walk, struct world *world, int index);
struct pod *walk_find_pod(struct walk *walk, struct world *world, int index);

#endif
