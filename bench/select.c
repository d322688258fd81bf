#include "bench/select.h"

#include <errno.h>
#include <stdlib.h>

#include "bench/json_scan.h"
#include "model/base/mem.h"

/* Fields a kind can be selected by, as kube's field label conversions know them; an error else, so
 * that a wrong selector is never taken for "all". metadata.name and .namespace are known to all. */
static const struct {
    enum kind_id kind;
    const char *field;
    const char *path; /* where it is in the stored object; NULL: the same */
} fields[] = {
    {KIND_POD, "spec.nodeName", NULL},
    {KIND_POD, "status.phase", NULL},
    {KIND_POD, "spec.schedulerName", NULL},
    {KIND_POD, "spec.restartPolicy", NULL},
    {KIND_POD, "spec.serviceAccountName", NULL},
    {KIND_POD, "spec.hostNetwork", NULL},
    {KIND_POD, "status.podIP", NULL},
    {KIND_POD, "status.nominatedNodeName", NULL},
    {KIND_NODE, "spec.unschedulable", NULL},
    {KIND_NAMESPACE, "status.phase", NULL},
    {KIND_REPLICA_SET, "status.replicas", NULL},
    {KIND_SECRET, "type", NULL},
    {KIND_EVENT, "involvedObject.kind", NULL},
    {KIND_EVENT, "involvedObject.namespace", NULL},
    {KIND_EVENT, "involvedObject.name", NULL},
    {KIND_EVENT, "involvedObject.uid", NULL},
    {KIND_EVENT, "involvedObject.apiVersion", NULL},
    {KIND_EVENT, "involvedObject.resourceVersion", NULL},
    {KIND_EVENT, "involvedObject.fieldPath", NULL},
    {KIND_EVENT, "regarding.kind", "involvedObject.kind"},
    {KIND_EVENT, "regarding.namespace", "involvedObject.namespace"},
    {KIND_EVENT, "regarding.name", "involvedObject.name"},
    {KIND_EVENT, "regarding.uid", "involvedObject.uid"},
    {KIND_EVENT, "regarding.apiVersion", "involvedObject.apiVersion"},
    {KIND_EVENT, "regarding.resourceVersion", "involvedObject.resourceVersion"},
    {KIND_EVENT, "regarding.fieldPath", "involvedObject.fieldPath"},
    {KIND_EVENT, "reason", NULL},
    {KIND_EVENT, "type", NULL},
    {KIND_EVENT, "reportingController", "reportingComponent"},
    {KIND_EVENT, "reportingComponent", NULL},
};

/* The stored path of a field, or NULL. */
static const char *field_path(const struct kind *kind, struct str field)
{
    static const char *const common[] = {"metadata.name", "metadata.namespace"};
    for (size_t i = 0; i < ARRAY_LEN(common); i++)
        if (str_is(field, common[i]))
            return common[i];
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (fields[i].kind == kind->id && str_is(field, fields[i].field))
            return fields[i].path ? fields[i].path : fields[i].field;
    return NULL;
}

static struct str trim(struct str text)
{
    while (text.len > 0 && text.ptr[0] == ' ')
        text = (struct str){text.ptr + 1, text.len - 1};
    while (text.len > 0 && text.ptr[text.len - 1] == ' ')
        text.len--;
    return text;
}

static struct str slice(struct str text, size_t from, size_t to)
{
    return trim((struct str){text.ptr + from, to - from});
}

/* "key in (a,b)" or "key notin (a,b)": the text between the key and the bracket says which. */
static bool parse_set(struct str term, struct select_term *ret_term)
{
    const char *open = memchr(term.ptr, '(', term.len);
    if (!open || term.ptr[term.len - 1] != ')')
        return false;
    size_t bracket = (size_t)(open - term.ptr);
    struct str head = slice(term, 0, bracket);
    static const struct {
        const char *word;
        enum select_op op;
    } words[] = {{" notin", SELECT_NOT_IN}, {" in", SELECT_IN}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        size_t len = strlen(words[i].word);
        if (head.len <= len || memcmp(head.ptr + head.len - len, words[i].word, len) != 0)
            continue;
        ret_term->op = words[i].op;
        ret_term->key = slice(head, 0, head.len - len);
        ret_term->value = slice(term, bracket + 1, term.len - 1);
        return true;
    }
    return false;
}

static bool parse_term(struct str term, struct select_term *ret_term)
{
    const char *equals = memchr(term.ptr, '=', term.len);
    if (equals) {
        size_t at = (size_t)(equals - term.ptr);
        size_t past = at + 1 < term.len && term.ptr[at + 1] == '=' ? at + 2 : at + 1;
        bool negated = at > 0 && term.ptr[at - 1] == '!';
        ret_term->op = negated ? SELECT_NOT_EQUALS : SELECT_EQUALS;
        ret_term->key = slice(term, 0, negated ? at - 1 : at);
        ret_term->value = slice(term, past, term.len);
        return ret_term->key.len > 0;
    }
    if (parse_set(term, ret_term))
        return true;
    bool negated = term.ptr[0] == '!';
    ret_term->op = negated ? SELECT_NOT_EXISTS : SELECT_EXISTS;
    ret_term->key = slice(term, negated ? 1 : 0, term.len);
    return ret_term->key.len > 0 && !memchr(ret_term->key.ptr, ' ', ret_term->key.len) &&
           !memchr(ret_term->key.ptr, '(', ret_term->key.len);
}

static int add_term(struct selector *selector, struct str text, const struct kind *field_kind,
                    struct err *err)
{
    struct select_term term = {.field = field_kind != NULL};
    text = trim(text);
    if (text.len == 0)
        return 0;
    if (selector->count == MAX_TERMS)
        return err_set(err, EINVAL, "selector has more than %d terms", MAX_TERMS);
    if (!parse_term(text, &term) || (field_kind && term.op > SELECT_NOT_EQUALS))
        return err_set(err, EINVAL, "unable to parse requirement: \"" STR_FMT "\"", STR_ARG(text));
    if (field_kind) {
        const char *path = field_path(field_kind, term.key);
        if (!path)
            return err_set(err, EINVAL, "field label not supported: " STR_FMT, STR_ARG(term.key));
        term.key = str_from(path);
    }
    selector->terms[selector->count++] = term;
    return 0;
}

/* Splits at commas outside of brackets. */
static int add_terms(struct selector *selector, struct str text, const struct kind *field_kind,
                     struct err *err)
{
    size_t from = 0;
    int depth = 0, rc = 0;
    for (size_t i = 0; i <= text.len && rc == 0; i++) {
        char c = i < text.len ? text.ptr[i] : ',';
        depth += (c == '(') - (c == ')');
        if (i < text.len && (c != ',' || depth > 0))
            continue;
        rc = add_term(selector, slice(text, from, i), field_kind, err);
        from = i + 1;
    }
    return rc;
}

int selector_parse(struct str labels, struct str field_text, const struct kind *kind,
                   struct selector **ret_selector, struct err *err)
{
    if (labels.len + field_text.len == 0) {
        *ret_selector = NULL;
        return 0;
    }
    if (labels.len + field_text.len > MAX_SELECTOR_BYTES)
        return err_set(err, EINVAL, "selector longer than %d bytes", MAX_SELECTOR_BYTES);
    struct selector *selector = mem_zalloc(1, sizeof(*selector));
    selector->text = mem_zalloc(labels.len + field_text.len, 1);
    if (labels.len > 0)
        memcpy(selector->text, labels.ptr, labels.len);
    if (field_text.len > 0)
        memcpy(selector->text + labels.len, field_text.ptr, field_text.len);
    struct str own_labels = {selector->text, labels.len};
    struct str own_fields = {selector->text + labels.len, field_text.len};
    int rc = add_terms(selector, own_labels, NULL, err);
    if (rc == 0)
        rc = add_terms(selector, own_fields, kind, err);
    if (rc < 0) {
        selector_free(selector);
        return rc;
    }
    *ret_selector = selector;
    return 0;
}

void selector_free(struct selector *selector)
{
    if (!selector)
        return;
    free(selector->text);
    free(selector);
}

/* The value of a field as a string; booleans and numbers as they are written, absent ones are ""
 * but a missing boolean, which is "false". */
static struct str field_value(const struct object *object, struct str path)
{
    char text[128];
    if (path.len >= sizeof(text))
        return STR("");
    memcpy(text, path.ptr, path.len);
    text[path.len] = '\0';
    struct str value = object_field_text(object, text), raw;
    if (value.len == 0 && object_field(object, text, &raw) && raw.ptr[0] != '"')
        value = raw;
    bool flag = str_is(path, "spec.unschedulable") || str_is(path, "spec.hostNetwork");
    return value.len == 0 && flag ? STR("false") : value;
}

static bool list_has(struct str list, struct str value)
{
    size_t from = 0;
    for (size_t i = 0; i <= list.len; i++) {
        if (i < list.len && list.ptr[i] != ',')
            continue;
        if (str_equal(slice(list, from, i), value))
            return true;
        from = i + 1;
    }
    return false;
}

static bool term_matches(const struct select_term *term, const struct object *object)
{
    struct str value = {0};
    bool present = true;
    if (term->field)
        value = field_value(object, term->key);
    else
        present = object_label(object, term->key, &value);
    switch (term->op) {
    case SELECT_EQUALS:
        return present && str_equal(value, term->value);
    case SELECT_NOT_EQUALS:
        return !present || !str_equal(value, term->value);
    case SELECT_IN:
        return present && list_has(term->value, value);
    case SELECT_NOT_IN:
        return !present || !list_has(term->value, value);
    case SELECT_EXISTS:
        return present;
    case SELECT_NOT_EXISTS:
        return !present;
    }
    return false;
}

bool selector_matches(const struct selector *selector, const struct object *object)
{
    for (size_t i = 0; selector && i < selector->count; i++)
        if (!term_matches(&selector->terms[i], object))
            return false;
    return true;
}

/* ---- the selectors of objects ---- */

static bool add_expression(struct str expression, struct buf *out)
{
    static const struct {
        const char *op, *format;
    } plain[] = {{"Exists", ""}, {"DoesNotExist", "!"}};
    struct str raw, key, op, list, item, text;
    if (!json_find(expression, STR("key"), &raw) || !json_plain(raw, &key) ||
        !json_find(expression, STR("operator"), &raw) || !json_plain(raw, &op))
        return false;
    const char *comma = out->len > 0 ? "," : "";
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        if (str_is(op, plain[i].op)) {
            (void)buf_printf(out, "%s%s" STR_FMT, comma, plain[i].format, STR_ARG(key));
            return true;
        }
    }
    bool in = str_is(op, "In");
    if ((!in && !str_is(op, "NotIn")) || !json_find(expression, STR("values"), &list) ||
        list.ptr[0] != '[' || list.len <= 2)
        return false;
    (void)buf_printf(out, "%s" STR_FMT " %s (", comma, STR_ARG(key), in ? "in" : "notin");
    struct json_iter iter = json_items(list);
    for (bool first = true; json_next_item(&iter, &item); first = false) {
        if (!json_plain(item, &text))
            return false;
        (void)buf_printf(out, "%s" STR_FMT, first ? "" : ",", STR_ARG(text));
    }
    (void)buf_add_str(out, ")");
    return true;
}

bool selector_text(struct str label_selector, struct buf *out)
{
    struct str raw, key, value, text;
    if (label_selector.len == 0 || label_selector.ptr[0] != '{')
        return false;
    if (json_find(label_selector, STR("matchLabels"), &raw) && raw.ptr[0] == '{') {
        struct json_iter iter = json_members(raw);
        while (json_next_member(&iter, &key, &value)) {
            if (!json_plain(value, &text))
                return false;
            (void)buf_printf(out, "%s" STR_FMT "=" STR_FMT, out->len > 0 ? "," : "", STR_ARG(key),
                             STR_ARG(text));
        }
    }
    if (json_find(label_selector, STR("matchExpressions"), &raw) && raw.ptr[0] == '[') {
        struct json_iter iter = json_items(raw);
        while (json_next_item(&iter, &value))
            if (!add_expression(value, out))
                return false;
    }
    return !buf_overflowed(out);
}
