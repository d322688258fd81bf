#include "watch/unit_types_file.h"

#include <errno.h>
#include <stdio.h>

#include "model/base/mem.h"
#include "model/object.h"
#include "model/quantity.h"
#include "watch/secret.h"
#include "watch/unit_types_private.h"
#include "watch/yaml.h"

enum {
    UNIT_TYPES_FILE_BYTES_MAX = 1 << 20,
    NAME_BYTES_MAX = 63,
    COUNT_MAX = 1000000, /* of maxContainers, maxVolumes: far over any real pod */
};

/* ---- numbers and switches ---- */

/* What is absent leaves *ret as it was. */
static int take_bool(struct place *place, const json_t *map, const char *key, bool *ret_flag)
{
    const json_t *value = json_object_get(map, key);
    if (!value || json_is_null(value))
        return 0;
    if (json_is_boolean(value)) {
        *ret_flag = json_is_true(value);
        return 0;
    }
    size_t outer = place_enter(place, "%s", key);
    int failed = place_fail(place, "must be true or false");
    place_leave(place, outer);
    return failed;
}

static int take_count(struct place *place, const json_t *map, const char *key, int max,
                      uint32_t *ret_count)
{
    const json_t *value = json_object_get(map, key);
    if (!value || json_is_null(value))
        return 0;
    json_int_t number = json_integer_value(value); /* 0 when it is none */
    if (number >= 1 && number <= max) {
        *ret_count = (uint32_t)number;
        return 0;
    }
    size_t outer = place_enter(place, "%s", key);
    int failed =
        place_fail(place, "must be a whole number from 1 to %d; leave it out for no limit", max);
    place_leave(place, outer);
    return failed;
}

/* "64", "500m", or a plain 64. */
static int take_cpu(struct place *place, const json_t *map, int64_t *ret_milli)
{
    const json_t *value = json_object_get(map, "maxCPU");
    if (!value || json_is_null(value))
        return 0;
    int64_t milli = 0;
    const char *text = json_string_value(value);
    char digits[32];
    if (json_is_integer(value)) {
        (void)snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        text = digits;
    }
    if (text && quantity_milli(str_from(text), &milli) && milli > 0) {
        *ret_milli = milli;
        return 0;
    }
    size_t outer = place_enter(place, "maxCPU");
    int failed = place_fail(place, "must be an amount of CPU above 0, as \"64\" or \"500m\"; leave "
                                   "it out for no limit");
    place_leave(place, outer);
    return failed;
}

static int take_pacing(struct place *place, const json_t *map, struct unit_type *type)
{
    static const char *const known[] = {"burst", "perSecond", NULL};
    const json_t *pacing = json_object_get(map, "bindPacing");
    if (!pacing || json_is_null(pacing))
        return 0;
    size_t outer = place_enter(place, "bindPacing");
    int failed = place_check_map(place, pacing, known);
    if (!failed)
        failed = take_count(place, pacing, "burst", UNIT_TYPE_BURST_MAX, &type->bind_burst);
    if (!failed)
        failed =
            take_count(place, pacing, "perSecond", UNIT_TYPE_BURST_MAX, &type->bind_per_second);
    if (!failed && (type->bind_burst == 0 || type->bind_per_second == 0))
        failed = place_fail(place, "needs both burst and perSecond");
    place_leave(place, outer);
    return failed;
}

/* As the fields of a pod are called; HOST_NEED_MAP's texts are for sentences. */
static const char *const need_names[HOST_NEED_COUNT] = {
    [HOST_NEED_NETWORK] = "hostNetwork",   [HOST_NEED_PID] = "hostPID",
    [HOST_NEED_PATH] = "hostPath",         [HOST_NEED_PORT] = "hostPort",
    [HOST_NEED_PRIVILEGED] = "privileged", [HOST_NEED_DAEMON] = "daemon",
};

static int take_need(struct place *place, const json_t *value, uint32_t *needs)
{
    const char *text = json_string_value(value);
    for (uint32_t need = 0; text && need < HOST_NEED_COUNT; need++) {
        if (strcmp(text, need_names[need]) == 0) {
            *needs |= UINT32_C(1) << need;
            return 0;
        }
    }
    return place_fail(place, "must be hostNetwork, hostPID, hostPath, hostPort, privileged or "
                             "daemon");
}

static int take_refuses(struct place *place, const json_t *map, struct unit_type *type)
{
    const json_t *list = json_object_get(map, "refuses");
    size_t outer = place_enter(place, "refuses");
    int count = place_check_list(place, list, HOST_NEED_COUNT);
    int failed = count < 0 ? count : 0;
    for (int i = 0; i < count && !failed; i++) {
        size_t element = place_enter(place, "[%d]", i);
        failed = take_need(place, json_array_get(list, (size_t)i), &type->refused_needs);
        place_leave(place, element);
    }
    place_leave(place, outer);
    return failed;
}

/* ---- one type ---- */

/* Small letters, digits and, inside, '-': a policy may spell the name in any case. */
static bool is_type_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= NAME_BYTES_MAX && name[0] != '-' && name[len - 1] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static uint32_t find_type(const struct unit_types *types, uint32_t name_sym)
{
    uint32_t i = 0;
    while (i < types->count && types->items[i].name_sym != name_sym)
        i++;
    return i;
}

static int take_name(struct place *place, const json_t *map, const struct unit_types *before,
                     struct unit_type *type)
{
    const char *name = NULL;
    int failed = place_text(place, map, "name", &name);
    if (failed)
        return failed;
    if (!name)
        return place_fail(place, "name is missing");
    size_t outer = place_enter(place, "name");
    if (!is_type_name(name))
        failed = place_fail(place,
                            "\"%.*s\" must be at most %d small letters, digits and, inside, "
                            "'-'",
                            PLACE_SHOWN_BYTES, name, NAME_BYTES_MAX);
    else if (strcmp(name, "any") == 0)
        failed = place_fail(place, "\"any\" is what units without a resource have and cannot be "
                                   "changed; choose another name");
    else
        failed = place_intern(place, name, &type->name_sym);
    if (!failed) {
        uint32_t other = find_type(before, type->name_sym);
        if (other < before->count)
            failed = place_fail(place, "\"%s\" is the name of types[%u] too; names must differ",
                                name, other);
    }
    place_leave(place, outer);
    return failed;
}

static int take_type(struct place *place, const json_t *map, const struct unit_types *before,
                     struct unit_type *type)
{
    static const char *const known[] = {
        "name",    "anyOf",         "tolerations", "virtual", "waits",      "obeysOnlyMax",
        "refuses", "maxContainers", "maxVolumes",  "maxCPU",  "bindPacing", "labels",
        NULL};
    int failed = place_check_map(place, map, known);
    if (!failed)
        failed = take_name(place, map, before, type);
    if (!failed)
        failed = unit_type_take_terms(place, map, type);
    if (!failed)
        failed = unit_type_take_tolerations(place, map, type);
    if (!failed)
        failed = take_bool(place, map, "virtual", &type->is_virtual);
    if (!failed)
        failed = take_bool(place, map, "waits", &type->waits);
    if (!failed)
        failed = take_bool(place, map, "obeysOnlyMax", &type->obeys_only_max);
    if (!failed)
        failed = take_refuses(place, map, type);
    if (!failed)
        failed = take_count(place, map, "maxContainers", COUNT_MAX, &type->containers_max);
    if (!failed)
        failed = take_count(place, map, "maxVolumes", COUNT_MAX, &type->volumes_max);
    if (!failed)
        failed = take_cpu(place, map, &type->cpu_max_milli);
    if (!failed)
        failed = take_pacing(place, map, type);
    return failed ? failed : unit_type_take_labels(place, map, type);
}

/* ---- the file ---- */

static int take_types(struct place *place, const json_t *root, struct unit_types *read)
{
    static const char *const known[] = {"types", NULL};
    int failed = place_check_map(place, root, known);
    if (failed)
        return failed;
    const json_t *list = json_object_get(root, "types");
    size_t outer = place_enter(place, "types");
    int count = place_check_list(place, list, UNIT_TYPES_MAX);
    failed = count < 0 ? count : 0;
    if (count == 0)
        failed = place_fail(place, "is empty; write at least one type or leave --unit-types out");
    for (int i = 0; i < count && !failed; i++) {
        size_t element = place_enter(place, "[%d]", i);
        struct unit_type *type = &read->items[read->count];
        failed = take_type(place, json_array_get(list, (size_t)i), read, type);
        if (failed)
            unit_type_fini(type);
        read->count += !failed;
        place_leave(place, element);
    }
    place_leave(place, outer);
    return failed;
}

/* Moves the types of `read` into `types`: those of a known name to its place, else to the end. */
static int merge(struct place *place, struct unit_types *read, struct unit_types *types)
{
    uint32_t count = types->count;
    for (uint32_t i = 0; i < read->count; i++)
        count += find_type(types, read->items[i].name_sym) == types->count;
    if (count > UNIT_TYPES_MAX)
        return place_fail(place, "makes %u types with the built-in ones, at most %d are possible",
                          count, UNIT_TYPES_MAX);
    for (uint32_t i = 0; i < read->count; i++) {
        uint32_t at = find_type(types, read->items[i].name_sym);
        if (at < types->count)
            unit_type_fini(&types->items[at]);
        types->count += at == types->count;
        types->items[at] = read->items[i];
    }
    read->count = 0;
    return 0;
}

int unit_types_load(const char *path, struct symbols *symbols, struct unit_types *types,
                    struct err *err)
{
    struct secret text = {0};
    int failed = secret_read_file(path, UNIT_TYPES_FILE_BYTES_MAX, &text, NULL, err);
    if (failed) {
        (void)err_wrap(err, "--unit-types");
        return failed;
    }
    json_t *root = yaml_to_json(secret_str(&text), err);
    secret_clear(&text);
    if (!root) {
        (void)err_wrap(err, "--unit-types: %.200s is not valid YAML", path);
        return -EINVAL;
    }
    struct unit_types read = {0};
    struct place place = {.file = path, .symbols = symbols, .err = err};
    failed = take_types(&place, root, &read);
    if (!failed)
        failed = merge(&place, &read, types);
    for (uint32_t i = 0; i < read.count; i++)
        unit_type_fini(&read.items[i]);
    json_decref(root);
    if (failed)
        (void)err_wrap(err, "--unit-types");
    return failed;
}
