/*
 * When may the next unit be tried? The four rules of elastic-policies 1.5 over six facts. Pure.
 */
#ifndef POLICY_RULE_H
#define POLICY_RULE_H

#include "policy/policy.h"

struct unit_facts {
    bool is_full;         /* F: max or maxResources would be exceeded */
    bool lacks;           /* L: no node of the unit takes the pod */
    bool is_unlimited;    /* U: neither max nor maxResources */
    bool waits;           /* W: label or type that waits for new nodes */
    bool is_timed_out;    /* t: the pod has waited here for the timeout */
    bool has_terminating; /* T: a pod of the policy in the unit is being deleted */
};

enum unit_step {
    UNIT_PLACE, /* not full and some node takes it */
    UNIT_NEXT,
    UNIT_STAY, /* wait in this unit */
};

enum unit_step unit_rule(enum next_rule rule, struct unit_facts facts);

/* With UNIT_STAY: whether time alone will end the wait (TimeoutOrExceedMax). */
bool unit_rule_waits_on_time(enum next_rule rule, struct unit_facts facts);

#endif
