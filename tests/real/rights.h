/*
 * Rights as words, "create pods/binding" or "patch events.k8s.io/events": those a ClusterRole
 * grants, and those that the apiserver's audit log saw used.
 */
#ifndef TESTS_REAL_RIGHTS_H
#define TESTS_REAL_RIGHTS_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

enum { RIGHTS_MAX = 64, RIGHT_BYTES = 96 };

struct rights {
    char words[RIGHTS_MAX][RIGHT_BYTES]; /* sorted, each once */
    size_t count;
};

/* Of a ClusterRole: rules times groups times resources times verbs. */
void rights_of_role(struct rights *ret_rights, const json_t *role);

/* Of the audit events from the file's position to its end. A request for no resource is listed by
 * its path. What was not answered 2xx goes to *ret_refused, with its status before it. */
void rights_of_audit(struct rights *ret_used, struct rights *ret_refused, FILE *audit);

/* Fails the test for each that only one of the two has. */
void rights_expect_equal(const struct rights *granted, const struct rights *used);

/* A ClusterRole with all rights of `role` but one. Release with json_decref(). */
json_t *rights_role_without(const json_t *role, const char *words, const char *name);

#endif
