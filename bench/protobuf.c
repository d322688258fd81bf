#include "bench/protobuf.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "model/base/mem.h"

enum field_type { TEXT, BOOL, INT, MESSAGE, MAP, MAP_QUANTITY, MAP_BYTES, INT_OR_TEXT, IGNORED };

struct message;

struct field {
    uint32_t number;
    const char *name;
    enum field_type type;
    bool repeated;
    const struct message *message; /* of MESSAGE */
};

struct message {
    const struct field *fields;
    size_t count;
};

#define MESSAGE_OF(fields)                                                                         \
    {                                                                                              \
        fields, ARRAY_LEN(fields)                                                                  \
    }
#define SUB(number, name, message)                                                                 \
    {                                                                                              \
        number, name, MESSAGE, false, &(message)                                                   \
    }
#define LIST(number, name, message)                                                                \
    {                                                                                              \
        number, name, MESSAGE, true, &(message)                                                    \
    }
#define ONE(number, name, type)                                                                    \
    {                                                                                              \
        number, name, type, false, NULL                                                            \
    }
#define TEXTS(number, name)                                                                        \
    {                                                                                              \
        number, name, TEXT, true, NULL                                                             \
    }

/* Field numbers: generated.proto of k8s.io/apimachinery/pkg/apis/meta/v1, api/core/v1, api/apps/v1,
 * api/policy/v1, api/scheduling/v1. No message contains itself, so the depth is bounded by the
 * tables. */
static const struct field owner_fields[] = {
    ONE(1, "kind", TEXT),       ONE(3, "name", TEXT),       ONE(4, "uid", TEXT),
    ONE(5, "apiVersion", TEXT), ONE(6, "controller", BOOL), ONE(7, "blockOwnerDeletion", BOOL)};
static const struct message owner = MESSAGE_OF(owner_fields);

static const struct field meta_fields[] = {ONE(1, "name", TEXT),
                                           ONE(2, "generateName", TEXT),
                                           ONE(3, "namespace", TEXT),
                                           ONE(5, "uid", TEXT),
                                           ONE(6, "resourceVersion", TEXT),
                                           ONE(7, "generation", IGNORED),
                                           ONE(8, "creationTimestamp", IGNORED),
                                           ONE(11, "labels", MAP),
                                           ONE(12, "annotations", MAP),
                                           LIST(13, "ownerReferences", owner),
                                           TEXTS(14, "finalizers"),
                                           ONE(17, "managedFields", IGNORED)};
static const struct message meta = MESSAGE_OF(meta_fields);

static const struct field expression_fields[] = {ONE(1, "key", TEXT), ONE(2, "operator", TEXT),
                                                 TEXTS(3, "values")};
static const struct message expression = MESSAGE_OF(expression_fields);
static const struct field selector_fields[] = {ONE(1, "matchLabels", MAP),
                                               LIST(2, "matchExpressions", expression)};
static const struct message label_selector = MESSAGE_OF(selector_fields);

static const struct field port_fields[] = {ONE(1, "name", TEXT), ONE(2, "hostPort", INT),
                                           ONE(3, "containerPort", INT), ONE(4, "protocol", TEXT),
                                           ONE(5, "hostIP", TEXT)};
static const struct message port = MESSAGE_OF(port_fields);
static const struct field env_fields[] = {ONE(1, "name", TEXT), ONE(2, "value", TEXT)};
static const struct message env = MESSAGE_OF(env_fields);
static const struct field resources_fields[] = {ONE(1, "limits", MAP_QUANTITY),
                                                ONE(2, "requests", MAP_QUANTITY)};
static const struct message resources = MESSAGE_OF(resources_fields);
static const struct field container_fields[] = {ONE(1, "name", TEXT),
                                                ONE(2, "image", TEXT),
                                                TEXTS(3, "command"),
                                                TEXTS(4, "args"),
                                                ONE(5, "workingDir", TEXT),
                                                LIST(6, "ports", port),
                                                LIST(7, "env", env),
                                                SUB(8, "resources", resources),
                                                ONE(13, "terminationMessagePath", TEXT),
                                                ONE(14, "imagePullPolicy", TEXT),
                                                ONE(16, "stdin", BOOL),
                                                ONE(17, "stdinOnce", BOOL),
                                                ONE(18, "tty", BOOL),
                                                ONE(20, "terminationMessagePolicy", TEXT)};
static const struct message container = MESSAGE_OF(container_fields);

static const struct field toleration_fields[] = {ONE(1, "key", TEXT), ONE(2, "operator", TEXT),
                                                 ONE(3, "value", TEXT), ONE(4, "effect", TEXT),
                                                 ONE(5, "tolerationSeconds", INT)};
static const struct message toleration = MESSAGE_OF(toleration_fields);
static const struct field gate_fields[] = {ONE(1, "name", TEXT)};
static const struct message gate = MESSAGE_OF(gate_fields);
static const struct message empty = {NULL, 0};
static const struct field pod_spec_fields[] = {LIST(2, "containers", container),
                                               ONE(3, "restartPolicy", TEXT),
                                               ONE(4, "terminationGracePeriodSeconds", INT),
                                               ONE(5, "activeDeadlineSeconds", INT),
                                               ONE(6, "dnsPolicy", TEXT),
                                               ONE(7, "nodeSelector", MAP),
                                               ONE(8, "serviceAccountName", TEXT),
                                               ONE(9, "serviceAccount", TEXT),
                                               ONE(10, "nodeName", TEXT),
                                               ONE(11, "hostNetwork", BOOL),
                                               SUB(14, "securityContext", empty),
                                               ONE(16, "hostname", TEXT),
                                               ONE(19, "schedulerName", TEXT),
                                               LIST(20, "initContainers", container),
                                               LIST(22, "tolerations", toleration),
                                               ONE(24, "priorityClassName", TEXT),
                                               ONE(25, "priority", INT),
                                               ONE(31, "preemptionPolicy", TEXT),
                                               LIST(38, "schedulingGates", gate)};
static const struct message pod_spec = MESSAGE_OF(pod_spec_fields);
static const struct field template_fields[] = {SUB(1, "metadata", meta), SUB(2, "spec", pod_spec)};
static const struct message template = MESSAGE_OF(template_fields);
static const struct field pod_fields[] = {SUB(1, "metadata", meta), SUB(2, "spec", pod_spec),
                                          ONE(3, "status", IGNORED)};

static const struct field rolling_fields[] = {ONE(1, "maxUnavailable", INT_OR_TEXT),
                                              ONE(2, "maxSurge", INT_OR_TEXT)};
static const struct message rolling = MESSAGE_OF(rolling_fields);
static const struct field strategy_fields[] = {ONE(1, "type", TEXT),
                                               SUB(2, "rollingUpdate", rolling)};
static const struct message strategy = MESSAGE_OF(strategy_fields);
static const struct field deployment_spec_fields[] = {
    ONE(1, "replicas", INT),        SUB(2, "selector", label_selector),
    SUB(3, "template", template),   SUB(4, "strategy", strategy),
    ONE(5, "minReadySeconds", INT), ONE(6, "revisionHistoryLimit", INT),
    ONE(7, "paused", BOOL),         ONE(9, "progressDeadlineSeconds", INT)};
static const struct message deployment_spec = MESSAGE_OF(deployment_spec_fields);
static const struct field deployment_fields[] = {
    SUB(1, "metadata", meta), SUB(2, "spec", deployment_spec), ONE(3, "status", IGNORED)};
static const struct field rs_spec_fields[] = {
    ONE(1, "replicas", INT), SUB(2, "selector", label_selector), SUB(3, "template", template),
    ONE(4, "minReadySeconds", INT)};
static const struct message rs_spec = MESSAGE_OF(rs_spec_fields);
static const struct field rs_fields[] = {SUB(1, "metadata", meta), SUB(2, "spec", rs_spec),
                                         ONE(3, "status", IGNORED)};

static const struct field namespace_fields[] = {SUB(1, "metadata", meta), ONE(2, "spec", IGNORED),
                                                ONE(3, "status", IGNORED)};
static const struct field config_map_fields[] = {SUB(1, "metadata", meta), ONE(2, "data", MAP),
                                                 ONE(3, "binaryData", MAP_BYTES),
                                                 ONE(4, "immutable", BOOL)};
static const struct field secret_fields[] = {SUB(1, "metadata", meta), ONE(2, "data", MAP_BYTES),
                                             ONE(3, "type", TEXT), ONE(4, "stringData", MAP),
                                             ONE(5, "immutable", BOOL)};
static const struct field account_fields[] = {SUB(1, "metadata", meta)};
static const struct field class_fields[] = {
    SUB(1, "metadata", meta), ONE(2, "value", INT), ONE(3, "globalDefault", BOOL),
    ONE(4, "description", TEXT), ONE(5, "preemptionPolicy", TEXT)};
static const struct field budget_spec_fields[] = {ONE(1, "minAvailable", INT_OR_TEXT),
                                                  SUB(2, "selector", label_selector),
                                                  ONE(3, "maxUnavailable", INT_OR_TEXT)};
static const struct message budget_spec = MESSAGE_OF(budget_spec_fields);
static const struct field budget_fields[] = {SUB(1, "metadata", meta), SUB(2, "spec", budget_spec),
                                             ONE(3, "status", IGNORED)};

static const struct field target_fields[] = {
    ONE(1, "kind", TEXT), ONE(2, "namespace", TEXT),  ONE(3, "name", TEXT),
    ONE(4, "uid", TEXT),  ONE(5, "apiVersion", TEXT), ONE(6, "resourceVersion", TEXT)};
static const struct message target = MESSAGE_OF(target_fields);
static const struct field binding_fields[] = {SUB(1, "metadata", meta), SUB(2, "target", target)};
static const struct field precondition_fields[] = {ONE(1, "uid", TEXT),
                                                   ONE(2, "resourceVersion", TEXT)};
static const struct message preconditions = MESSAGE_OF(precondition_fields);
static const struct field delete_fields[] = {
    ONE(1, "gracePeriodSeconds", INT), SUB(2, "preconditions", preconditions),
    ONE(3, "orphanDependents", BOOL), ONE(4, "propagationPolicy", TEXT)};
static const struct field scale_spec_fields[] = {ONE(1, "replicas", INT)};
static const struct message scale_spec = MESSAGE_OF(scale_spec_fields);
static const struct field scale_fields[] = {SUB(1, "metadata", meta), SUB(2, "spec", scale_spec),
                                            ONE(3, "status", IGNORED)};

static const struct {
    const char *kind;
    struct message message;
} kinds[] = {{"Pod", MESSAGE_OF(pod_fields)},
             {"Deployment", MESSAGE_OF(deployment_fields)},
             {"ReplicaSet", MESSAGE_OF(rs_fields)},
             {"Namespace", MESSAGE_OF(namespace_fields)},
             {"ConfigMap", MESSAGE_OF(config_map_fields)},
             {"Secret", MESSAGE_OF(secret_fields)},
             {"ServiceAccount", MESSAGE_OF(account_fields)},
             {"PriorityClass", MESSAGE_OF(class_fields)},
             {"PodDisruptionBudget", MESSAGE_OF(budget_fields)},
             {"Binding", MESSAGE_OF(binding_fields)},
             {"DeleteOptions", MESSAGE_OF(delete_fields)},
             {"Scale", MESSAGE_OF(scale_fields)}};

/* ---- the wire ---- */

/* One field as it comes: a number or bytes. */
struct wire {
    uint32_t number;
    bool is_bytes;
    uint64_t value;
    struct str bytes;
};

static bool read_varint(struct str *rest, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && rest->len > 0; shift += 7) {
        unsigned char byte = (unsigned char)rest->ptr[0];
        *rest = (struct str){rest->ptr + 1, rest->len - 1};
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static bool read_wire(struct str *rest, struct wire *ret_wire)
{
    uint64_t key;
    *ret_wire = (struct wire){0};
    if (!read_varint(rest, &key) || key >> 3 > 536870911)
        return false;
    ret_wire->number = (uint32_t)(key >> 3);
    if ((key & 7) == 0)
        return read_varint(rest, &ret_wire->value);
    ret_wire->is_bytes = true;
    uint64_t len;
    if ((key & 7) != 2 || !read_varint(rest, &len) || len > rest->len)
        return false; /* Kubernetes has no fixed-width fields in what is read here */
    ret_wire->bytes = (struct str){rest->ptr, (size_t)len};
    *rest = (struct str){rest->ptr + len, rest->len - (size_t)len};
    return true;
}

/* ---- values ---- */

static json_t *decode_message(const struct message *message, struct str bytes, struct err *err);

/* The text inside of a Quantity, which is a message with one string. */
static struct str quantity_text(struct str bytes)
{
    struct wire wire;
    while (bytes.len > 0 && read_wire(&bytes, &wire))
        if (wire.number == 1 && wire.is_bytes)
            return wire.bytes;
    return STR("");
}

static json_t *base64(struct str bytes)
{
    unsigned char *text = mem_zalloc(bytes.len / 3 * 4 + 8, 1);
    (void)EVP_EncodeBlock(text, (const unsigned char *)bytes.ptr, (int)bytes.len);
    json_t *json = json_string((const char *)text);
    free(text);
    return json;
}

static json_t *text_value(struct str bytes)
{
    return json_stringn(bytes.ptr, bytes.len); /* NULL when it is not UTF-8 */
}

/* An entry of a map: key 1, value 2. */
static bool add_entry(json_t *map, enum field_type type, struct str bytes)
{
    struct str key = STR(""), value = STR("");
    struct wire wire;
    while (bytes.len > 0) {
        if (!read_wire(&bytes, &wire))
            return false;
        if (wire.number == 1)
            key = wire.bytes;
        else if (wire.number == 2)
            value = wire.bytes;
    }
    json_t *json = type == MAP_BYTES      ? base64(value)
                   : type == MAP_QUANTITY ? text_value(quantity_text(value))
                                          : text_value(value);
    char *name = mem_strndup(key.ptr, key.len);
    bool done = json && json_object_set_new(map, name, json) == 0;
    free(name);
    return done;
}

static json_t *int_or_text(struct str bytes)
{
    struct wire wire;
    uint64_t type = 0, number = 0;
    struct str text = STR("");
    while (bytes.len > 0) {
        if (!read_wire(&bytes, &wire))
            return NULL;
        if (wire.number == 1)
            type = wire.value;
        else if (wire.number == 2)
            number = wire.value;
        else if (wire.number == 3)
            text = wire.bytes;
    }
    return type == 1 ? text_value(text) : json_integer((json_int_t)number);
}

static json_t *decode_value(const struct field *field, const struct wire *wire, struct err *err)
{
    switch (field->type) {
    case TEXT:
        return wire->is_bytes ? text_value(wire->bytes) : NULL;
    case BOOL:
        return wire->is_bytes ? NULL : json_boolean(wire->value != 0);
    case INT:
        return wire->is_bytes ? NULL : json_integer((json_int_t)wire->value);
    case MESSAGE:
        return wire->is_bytes ? decode_message(field->message, wire->bytes, err) : NULL;
    case INT_OR_TEXT:
        return wire->is_bytes ? int_or_text(wire->bytes) : NULL;
    case MAP:
    case MAP_QUANTITY:
    case MAP_BYTES:
    case IGNORED:
        break;
    }
    return NULL;
}

/* Go writes strings and numbers that are zero too: empty ones say nothing. */
static bool says_nothing(const struct field *field, const struct wire *wire)
{
    bool zero = wire->is_bytes ? wire->bytes.len == 0 : wire->value == 0;
    if (!field)
        return zero;
    return field->type == IGNORED || (zero && field->type == TEXT && !field->repeated);
}

static int add_field(json_t *object, const struct field *field, const struct wire *wire,
                     struct err *err)
{
    json_t *place = json_object_get(object, field->name);
    bool map = field->type == MAP || field->type == MAP_BYTES || field->type == MAP_QUANTITY;
    if ((map || field->repeated) && !place) {
        place = map ? json_object() : json_array();
        (void)json_object_set_new(object, field->name, place);
    }
    bool done;
    if (map) {
        done = wire->is_bytes && add_entry(place, field->type, wire->bytes);
    } else {
        json_t *value = decode_value(field, wire, err);
        done = value && (field->repeated ? json_array_append_new(place, value)
                                         : json_object_set_new(object, field->name, value)) == 0;
    }
    if (done)
        return 0;
    return err && err->code ? -err->code : err_set(err, EINVAL, "%s is malformed", field->name);
}

static json_t *decode_message(const struct message *message, struct str bytes, struct err *err)
{
    json_t *object = json_object();
    struct wire wire;
    while (bytes.len > 0) {
        if (!read_wire(&bytes, &wire)) {
            (void)err_set(err, EINVAL, "the protobuf message is malformed");
            break;
        }
        const struct field *field = NULL;
        for (size_t i = 0; i < message->count && !field; i++)
            if (message->fields[i].number == wire.number)
                field = &message->fields[i];
        if (says_nothing(field, &wire))
            continue;
        if (!field) {
            (void)err_set(err, ENOTSUP, "protobuf field %u is not known here: send JSON",
                          wire.number);
            break;
        }
        if (add_field(object, field, &wire, err) < 0)
            break;
    }
    if (err->code == 0)
        return object;
    json_decref(object);
    return NULL;
}

bool protobuf_is(struct str body)
{
    return body.len >= 4 && memcmp(body.ptr, "k8s\0", 4) == 0;
}

/* The envelope: runtime.Unknown with the type and the raw object. */
static bool read_envelope(struct str rest, struct str *ret_version, struct str *ret_kind,
                          struct str *ret_raw)
{
    struct wire wire;
    while (rest.len > 0) {
        if (!read_wire(&rest, &wire))
            return false;
        if (wire.number == 2)
            *ret_raw = wire.bytes;
        struct str type = wire.number == 1 ? wire.bytes : STR("");
        while (type.len > 0) {
            struct wire part;
            if (!read_wire(&type, &part))
                return false;
            if (part.number == 1)
                *ret_version = part.bytes;
            else if (part.number == 2)
                *ret_kind = part.bytes;
        }
    }
    return true;
}

json_t *protobuf_decode(struct str body, struct err *err)
{
    struct str version = STR(""), kind = STR(""), raw = STR("");
    struct err found = {0};
    json_t *object = NULL;
    CHECK(protobuf_is(body));
    struct str rest = {body.ptr + 4, body.len - 4};
    if (!read_envelope(rest, &version, &kind, &raw))
        (void)err_set(&found, EINVAL, "the protobuf envelope is malformed");
    else
        (void)err_set(&found, ENOTSUP,
                      "protobuf of kind \"" STR_FMT "\" is not known here: send JSON",
                      STR_ARG(kind));
    for (size_t i = 0; i < ARRAY_LEN(kinds) && found.code == ENOTSUP; i++) {
        if (!str_is(kind, kinds[i].kind))
            continue;
        found = (struct err){0};
        object = decode_message(&kinds[i].message, raw, &found);
        break;
    }
    if (object) {
        (void)json_object_set_new(object, "kind", json_stringn(kind.ptr, kind.len));
        (void)json_object_set_new(object, "apiVersion", json_stringn(version.ptr, version.len));
    } else if (err) {
        *err = found;
    }
    return object;
}
