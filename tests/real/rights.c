#include "tests/real/rights.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/check.h"
#include "model/base/mem.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static bool rights_have(const struct rights *rights, const char *words)
{
    for (size_t i = 0; i < rights->count; i++) {
        if (strcmp(rights->words[i], words) == 0)
            return true;
    }
    return false;
}

static void rights_add(struct rights *rights, const char *words)
{
    if (rights_have(rights, words))
        return;
    CHECK(rights->count < RIGHTS_MAX);
    size_t at = rights->count++;
    for (; at > 0 && strcmp(rights->words[at - 1], words) > 0; at--)
        memcpy(rights->words[at], rights->words[at - 1], RIGHT_BYTES);
    (void)snprintf(rights->words[at], RIGHT_BYTES, "%s", words);
}

struct right {
    const char *verb;
    const char *group;    /* "" for the core's */
    const char *resource; /* with its subresource */
};

static void right_print(char words[RIGHT_BYTES], const struct right *right)
{
    int len = snprintf(words, RIGHT_BYTES, "%s %s%s%s", right->verb, right->group,
                       right->group[0] ? "/" : "", right->resource);
    CHECK(len > 0 && len < RIGHT_BYTES);
}

/* ---- what is granted ---- */

typedef void right_visit(void *context, const struct right *right);

static void each_verb(const json_t *rule, const char *group, const char *resource,
                      right_visit *visit, void *context)
{
    const json_t *verb;
    size_t i;
    json_array_foreach(json_object_get(rule, "verbs"), i, verb)
    {
        const struct right right = {json_string_value(verb), group, resource};
        CHECK(right.verb && right.group && right.resource);
        visit(context, &right);
    }
}

static void each_right(const json_t *role, right_visit *visit, void *context)
{
    const json_t *rule;
    const json_t *group;
    const json_t *resource;
    size_t at, g, r;
    json_array_foreach(json_object_get(role, "rules"), at, rule)
    {
        json_array_foreach(json_object_get(rule, "apiGroups"), g, group)
        {
            json_array_foreach(json_object_get(rule, "resources"), r, resource)
            {
                each_verb(rule, json_string_value(group), json_string_value(resource), visit,
                          context);
            }
        }
    }
}

static void add_right(void *context, const struct right *right)
{
    char words[RIGHT_BYTES];
    right_print(words, right);
    rights_add(context, words);
}

void rights_of_role(struct rights *ret_rights, const json_t *role)
{
    *ret_rights = (struct rights){.count = 0};
    each_right(role, add_right, ret_rights);
}

struct remainder {
    const char *without;
    json_t *rules;
};

static void keep_right(void *context, const struct right *right)
{
    struct remainder *remainder = context;
    char words[RIGHT_BYTES];
    right_print(words, right);
    if (strcmp(words, remainder->without) == 0)
        return;
    json_t *rule = json_pack("{s:[s], s:[s], s:[s]}", "apiGroups", right->group, "resources",
                             right->resource, "verbs", right->verb);
    CHECK(rule && json_array_append_new(remainder->rules, rule) == 0);
}

json_t *rights_role_without(const json_t *role, const char *words, const char *name)
{
    struct remainder remainder = {.without = words, .rules = json_array()};
    each_right(role, keep_right, &remainder);
    json_t *less =
        json_pack("{s:s, s:s, s:{s:s}, s:o}", "apiVersion", "rbac.authorization.k8s.io/v1", "kind",
                  "ClusterRole", "metadata", "name", name, "rules", remainder.rules);
    CHECK(less);
    return less;
}

/* ---- what was used ---- */

static void add_request(const json_t *request, struct rights *used, struct rights *refused)
{
    const json_t *object = json_object_get(request, "objectRef");
    const char *sub = text_of(object, "subresource");
    char resource[RIGHT_BYTES];
    char words[RIGHT_BYTES];
    if (object)
        (void)snprintf(resource, sizeof(resource), "%.30s%s%.15s", text_of(object, "resource"),
                       sub[0] ? "/" : "", sub);
    else
        (void)snprintf(resource, sizeof(resource), "%.45s", text_of(request, "requestURI"));
    const struct right right = {text_of(request, "verb"), text_of(object, "apiGroup"), resource};
    right_print(words, &right);

    json_int_t status =
        json_integer_value(json_object_get(json_object_get(request, "responseStatus"), "code"));
    if (status >= 200 && status < 300) {
        rights_add(used, words);
        return;
    }
    char with_status[RIGHT_BYTES];
    (void)snprintf(with_status, sizeof(with_status), "%d %.80s", (int)status, words);
    rights_add(refused, with_status);
}

void rights_of_audit(struct rights *ret_used, struct rights *ret_refused, FILE *audit)
{
    *ret_used = *ret_refused = (struct rights){.count = 0};
    char *line CLEANUP(mem_freep) = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, audit) > 0) {
        json_t *request = json_loads(line, 0, NULL);
        cr_assert(request, "a line of the audit log is no JSON: %s", line);
        add_request(request, ret_used, ret_refused);
        json_decref(request);
    }
}

void rights_expect_equal(const struct rights *granted, const struct rights *used)
{
    for (size_t i = 0; i < granted->count; i++)
        cr_expect(rights_have(used, granted->words[i]), "the right to %s is not used",
                  granted->words[i]);
    for (size_t i = 0; i < used->count; i++)
        cr_expect(rights_have(granted, used->words[i]), "%s was done, but the role does not say so",
                  used->words[i]);
}
