/* The Scale view of an object: what kubectl scale reads and writes (autoscaling/v1). */
#include "bench/object.h"

#include "model/base/check.h"
#include "bench/json_scan.h"

/* "a=b,c=d" from matchLabels. */
static void selector_text(const struct object *object, struct buf *out)
{
    struct str labels, key, value, text;
    if (!object_field(object, "spec.selector.matchLabels", &labels))
        return;
    struct json_iter iter = json_members(labels);
    while (json_next_member(&iter, &key, &value))
        if (json_plain(value, &text))
            (void)buf_printf(out, "%s" STR_FMT "=" STR_FMT, out->len > 0 ? "," : "", STR_ARG(key),
                             STR_ARG(text));
}

json_t *object_scale_json(const struct object *object)
{
    struct buf selector, rv;
    buf_init(&selector, 1 << 16);
    buf_init(&rv, 64);
    selector_text(object, &selector);
    (void)buf_printf(&rv, "%lld", (long long)object->rv);
    json_t *json = json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s}, s:{s:I}, s:{s:I, s:s}}", "kind",
                             "Scale", "apiVersion", "autoscaling/v1", "metadata", "name",
                             object->ident->name, "namespace", object->ident->ns, "uid",
                             object->ident->uid, "resourceVersion", rv.data, "spec", "replicas",
                             (json_int_t)object_field_int(object, "spec.replicas", 0), "status",
                             "replicas", (json_int_t)object_field_int(object, "status.replicas", 0),
                             "selector", selector.data ? selector.data : "");
    CHECK(json != NULL);
    buf_fini(&selector);
    buf_fini(&rv);
    return json;
}
