#include "bench/perf_object.h"

#include <errno.h>
#include <string.h>

#include "bench/perf_text.h"
#include "watch/yaml.h"

/* What scheduler_perf takes when a step names no file: 4 cores, 32 GiB and 110 pods; a pod that
 * asks for 100m and 500 MiB. */
static const struct {
    const char *kind, *text;
} defaults[] = {
    {"Node", "{apiVersion: v1, kind: Node, metadata: {generateName: node-}, status: {capacity: "
             "{cpu: '4', memory: 32Gi, pods: '110'}, allocatable: {cpu: '4', memory: 32Gi, pods: "
             "'110'}, conditions: [{type: Ready, status: 'True'}]}}"},
    {"Pod",
     "{apiVersion: v1, kind: Pod, metadata: {generateName: pod-}, spec: {containers: [{name: "
     "pause, image: 'registry.k8s.io/pause:3.10', ports: [{containerPort: 80}], resources: "
     "{limits: {cpu: 100m, memory: 500Mi}, requests: {cpu: 100m, memory: 500Mi}}}]}}"},
    {"Namespace", "{apiVersion: v1, kind: Namespace, metadata: {generateName: namespace-}}"},
};

static const struct {
    const char *kind, *plural;
    bool is_namespaced;
} kinds[] = {
    {"Pod", "pods", true},
    {"Node", "nodes", false},
    {"Namespace", "namespaces", false},
    {"Service", "services", true},
    {"ConfigMap", "configmaps", true},
    {"Secret", "secrets", true},
    {"ServiceAccount", "serviceaccounts", true},
    {"PersistentVolume", "persistentvolumes", false},
    {"PersistentVolumeClaim", "persistentvolumeclaims", true},
    {"PriorityClass", "priorityclasses", false},
    {"PodDisruptionBudget", "poddisruptionbudgets", true},
    {"StorageClass", "storageclasses", false},
    {"CSINode", "csinodes", false},
    {"Deployment", "deployments", true},
    {"ReplicaSet", "replicasets", true},
    {"Job", "jobs", true},
    {"DeviceClass", "deviceclasses", false},
    {"ResourceSlice", "resourceslices", false},
    {"ResourceClaim", "resourceclaims", true},
    {"ResourceClaimTemplate", "resourceclaimtemplates", true},
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* ---- from the template ---- */

static const char *path_of(const struct perf_maker *maker)
{
    return maker->template ? maker->template->path : "the default object";
}

static json_t *read_object(const struct perf_maker *maker, struct str text, struct err *err)
{
    json_t *object = yaml_to_json(text, err);
    if (!object) {
        (void)err_wrap(err, "%s", path_of(maker));
        return NULL;
    }
    if (json_is_object(object) && *text_of(object, "kind") && *text_of(object, "apiVersion"))
        return object;
    json_decref(object);
    (void)err_set(err, EINVAL, "%s: an object with apiVersion and kind is expected",
                  path_of(maker));
    return NULL;
}

static const char *default_text(const char *kind)
{
    for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
        if (strcmp(defaults[i].kind, kind) == 0)
            return defaults[i].text;
    return NULL;
}

int perf_maker_init(struct perf_maker *maker, const struct perf_template *template,
                    const char *kind, const json_t *params, int64_t count, struct err *err)
{
    *maker = (struct perf_maker){.template = template, .env = json_deep_copy(params)};
    (void)json_object_set_new(maker->env, "Count", json_integer(count));
    const char *plain = template ? NULL : default_text(kind);
    CHECK(template || plain);
    struct str text = template ? (struct str){template->text, template->len} : str_from(plain);
    json_t *first = NULL;
    if (perf_text_is_template(text))
        first = perf_maker_make(maker, 0, err);
    else
        first = maker->fixed = read_object(maker, text, err);
    if (!first) {
        perf_maker_fini(maker);
        return -err->code;
    }
    int rc = 0;
    if (kind && strcmp(text_of(first, "kind"), kind) != 0)
        rc = err_set(err, EINVAL, "%s: a %s is expected, not a %.60s", path_of(maker), kind,
                     text_of(first, "kind"));
    if (!maker->fixed)
        json_decref(first);
    if (rc < 0)
        perf_maker_fini(maker);
    return rc;
}

void perf_maker_fini(struct perf_maker *maker)
{
    json_decref(maker->fixed);
    json_decref(maker->env);
    *maker = (struct perf_maker){0};
}

json_t *perf_maker_make(const struct perf_maker *maker, int64_t index, struct err *err)
{
    if (maker->fixed)
        return json_deep_copy(maker->fixed);
    struct buf text;
    buf_init(&text, YAML_BYTES_MAX);
    (void)json_object_set_new(maker->env, "Index", json_integer(index));
    json_t *object = NULL;
    if (perf_text_render((struct str){maker->template->text, maker->template->len}, maker->env,
                         &text, err) < 0)
        (void)err_wrap(err, "%s", path_of(maker));
    else
        object = read_object(maker, buf_str(&text), err);
    buf_fini(&text);
    return object;
}

/* ---- the object ---- */

json_t *perf_object_metadata(json_t *object)
{
    json_t *metadata = json_object_get(object, "metadata");
    if (json_is_object(metadata))
        return metadata;
    metadata = json_object();
    (void)json_object_set_new(object, "metadata", metadata);
    return metadata;
}

const char *perf_object_name(json_t *object, const char *suffix)
{
    json_t *metadata = perf_object_metadata(object);
    const char *prefix = text_of(metadata, "generateName");
    if (!*text_of(metadata, "name") && *prefix)
        (void)json_object_set_new(metadata, "name", json_sprintf("%s%s", prefix, suffix));
    return text_of(metadata, "name");
}

void perf_object_label(json_t *object, const char *key, const char *value)
{
    json_t *metadata = perf_object_metadata(object);
    json_t *labels = json_object_get(metadata, "labels");
    if (!json_is_object(labels)) {
        labels = json_object();
        (void)json_object_set_new(metadata, "labels", labels);
    }
    (void)json_object_set_new(labels, key, json_string(value));
}

int perf_object_path(const json_t *object, const char *namespace, struct buf *path, struct err *err)
{
    const char *kind = text_of(object, "kind"), *version = text_of(object, "apiVersion");
    size_t i = 0;
    while (i < ARRAY_LEN(kinds) && strcmp(kinds[i].kind, kind) != 0)
        i++;
    if (i == ARRAY_LEN(kinds))
        return err_set(err, EINVAL, "objects of kind %.60s are not supported", kind);
    if (kinds[i].is_namespaced && !namespace)
        return err_set(err, EINVAL, "a %s needs a namespace", kind);
    if (strspn(version, "abcdefghijklmnopqrstuvwxyz0123456789./-") != strlen(version))
        return err_set(err, EINVAL, "apiVersion \"%.60s\" is none", version);
    (void)buf_printf(path, "%s/%s/", strcmp(version, "v1") == 0 ? "/api" : "/apis", version);
    if (kinds[i].is_namespaced)
        (void)buf_printf(path, "namespaces/%s/", namespace);
    (void)buf_add_str(path, kinds[i].plural);
    return buf_overflowed(path) ? err_set(err, EINVAL, "a path is too long") : 0;
}

static int add_bytes(const char *bytes, size_t len, void *body)
{
    struct buf *into = body;
    return into->len + len <= PERF_OBJECT_BYTES_MAX && buf_add(into, bytes, len) ? 0 : -1;
}

int perf_object_write(const json_t *object, struct buf *body, struct err *err)
{
    if (json_dump_callback(object, add_bytes, body, JSON_COMPACT) == 0)
        return 0;
    return err_set(err, E2BIG, "an object is larger than %d bytes", PERF_OBJECT_BYTES_MAX);
}
