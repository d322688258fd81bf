#include "bench/crd.h"

#include <stdio.h>
#include <string.h>

#include "model/base/check.h"

/* What kubectl get shows of a policy: additionalPrinterColumns of the manifest. */
static const struct {
    enum kind_id kind;
    const char *name, *type, *path;
} columns[] = {
    {KIND_RESOURCE_POLICY, "Units", "string", ".status.summary.units"},
    {KIND_RESOURCE_POLICY, "Pods", "string", ".status.summary.pods"},
    {KIND_RESOURCE_POLICY, "Waiting", "integer", ".status.waiting"},
    {KIND_RESOURCE_POLICY, "Accepted", "string",
     ".status.conditions[?(@.type==\"Accepted\")].status"},
    {KIND_RESOURCE_POLICY, "Age", "date", ".metadata.creationTimestamp"},
};

static void definition_name(const struct kind *kind, char *ret_name, size_t size)
{
    (void)snprintf(ret_name, size, "%s.%s", kind->plural, kind->group);
}

const struct object *crd_find(const struct store *store, const struct kind *kind)
{
    char name[API_NAME_BYTES];
    if (!kind->is_custom)
        return NULL;
    definition_name(kind, name, sizeof(name));
    return store_get(store, KIND_CUSTOM_RESOURCE_DEFINITION, STR(""), str_from(name));
}

bool crd_serves(const struct store *store, const struct kind *kind)
{
    return !kind->is_custom || crd_find(store, kind);
}

static const struct kind *defined_by_name(struct str name)
{
    char text[API_NAME_BYTES];
    for (int i = 0; i < KIND_COUNT; i++) {
        const struct kind *kind = kind_get((enum kind_id)i);
        definition_name(kind, text, sizeof(text));
        if (kind->is_custom && str_is(name, text))
            return kind;
    }
    return NULL;
}

const struct kind *crd_defines(const struct object *definition)
{
    return defined_by_name(str_from(definition->ident->name));
}

/* ---- the manifest ---- */

static json_t *printer_columns(enum kind_id kind)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        if (columns[i].kind == kind)
            (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", columns[i].name,
                                                        "type", columns[i].type, "jsonPath",
                                                        columns[i].path));
    return list;
}

bool crd_install(struct store *store, enum kind_id kind_id, struct api_status *ret_status)
{
    const struct kind *kind = kind_get(kind_id);
    char name[API_NAME_BYTES], list[128];
    CHECK(kind->is_custom);
    definition_name(kind, name, sizeof(name));
    (void)snprintf(list, sizeof(list), "%sList", kind->kind);
    json_t *names = json_pack("{s:s, s:s, s:s, s:s}", "kind", kind->kind, "listKind", list,
                              "plural", kind->plural, "singular", kind->singular);
    if (kind->shorts[0])
        (void)json_object_set_new(names, "shortNames", json_pack("[s]", kind->shorts));
    json_t *version =
        json_pack("{s:s, s:b, s:b, s:{s:{}}, s:{s:{s:s, s:b}}}", "name", kind->version, "served", 1,
                  "storage", 1, "subresources", "status", "schema", "openAPIV3Schema", "type",
                  "object", "x-kubernetes-preserve-unknown-fields", 1);
    json_t *shown = printer_columns(kind_id);
    if (json_array_size(shown) > 0)
        (void)json_object_set(version, "additionalPrinterColumns", shown);
    json_decref(shown);
    json_t *body =
        json_pack("{s:{s:s}, s:{s:s, s:s, s:o, s:[o]}}", "metadata", "name", name, "spec", "group",
                  kind->group, "scope", "Namespaced", "names", names, "versions", version);
    CHECK(body != NULL);
    bool done =
        store_create(store, KIND_CUSTOM_RESOURCE_DEFINITION, STR(""), body, NULL, ret_status);
    json_decref(body);
    return done;
}

/* ---- admission ---- */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

bool crd_admit(json_t *definition, struct api_status *ret_status)
{
    const json_t *spec = json_object_get(definition, "spec");
    const json_t *names = json_object_get(spec, "names");
    const char *name = text_of(json_object_get(definition, "metadata"), "name");
    char wanted[API_NAME_BYTES];
    (void)snprintf(wanted, sizeof(wanted), "%s.%s", text_of(names, "plural"),
                   text_of(spec, "group"));
    if (strcmp(name, wanted) != 0)
        return api_invalid(ret_status, kind_get(KIND_CUSTOM_RESOURCE_DEFINITION), str_from(name),
                           "metadata.name: Invalid value: \"%s\": must be spec.names.plural+\".\"+"
                           "spec.group",
                           name);
    (void)json_object_del(definition, "status");
    if (!defined_by_name(str_from(name)))
        return true;
    json_t *status = json_pack(
        "{s:[{s:s, s:s, s:s}, {s:s, s:s, s:s}], s:O, s:[s]}", "conditions", "type", "NamesAccepted",
        "status", "True", "reason", "NoConflicts", "type", "Established", "status", "True",
        "reason", "InitialNamesAccepted", "acceptedNames", names, "storedVersions", "v1alpha1");
    (void)json_object_set_new(definition, "status", status);
    return true;
}
