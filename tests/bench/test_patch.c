#include "bench/patch.h"

#include <criterion/criterion.h>
#include <errno.h>

/* Each row: what is there, the patch, what must come out; NULL: refused. */
struct row {
    enum patch_kind kind;
    const char *before, *patch, *after;
};

static const struct row rows[] = {
    /* RFC 7386, appendix A */
    {PATCH_MERGE, "{'a':'b'}", "{'a':'c'}", "{'a':'c'}"},
    {PATCH_MERGE, "{'a':'b'}", "{'b':'c'}", "{'a':'b','b':'c'}"},
    {PATCH_MERGE, "{'a':'b','b':'c'}", "{'a':null}", "{'b':'c'}"},
    {PATCH_MERGE, "{'a':['b']}", "{'a':'c'}", "{'a':'c'}"},
    {PATCH_MERGE, "{'a':{'b':'c'}}", "{'a':{'b':'d','c':null}}", "{'a':{'b':'d'}}"},
    {PATCH_MERGE, "{'a':[{'b':'c'}]}", "{'a':[1]}", "{'a':[1]}"},
    {PATCH_MERGE, "{}", "{'a':{'bb':{'ccc':null}}}", "{'a':{'bb':{}}}"},
    {PATCH_MERGE, "{'a':1}", "['c']", NULL},
    /* RFC 6902, appendix A */
    {PATCH_JSON, "{'foo':'bar'}", "[{'op':'add','path':'/baz','value':'q'}]",
     "{'foo':'bar','baz':'q'}"},
    {PATCH_JSON, "{'foo':['a','c']}", "[{'op':'add','path':'/foo/1','value':'b'}]",
     "{'foo':['a','b','c']}"},
    {PATCH_JSON, "{'foo':['a']}", "[{'op':'add','path':'/foo/-','value':'b'}]",
     "{'foo':['a','b']}"},
    {PATCH_JSON, "{'foo':['a','b']}", "[{'op':'remove','path':'/foo/0'}]", "{'foo':['b']}"},
    {PATCH_JSON, "{'a':1}", "[{'op':'replace','path':'/a','value':2}]", "{'a':2}"},
    {PATCH_JSON, "{'a':{'b':1},'c':{}}", "[{'op':'move','from':'/a/b','path':'/c/d'}]",
     "{'a':{},'c':{'d':1}}"},
    {PATCH_JSON, "{'a':1}", "[{'op':'copy','from':'/a','path':'/b'}]", "{'a':1,'b':1}"},
    {PATCH_JSON, "{'a/b':1,'m~n':2}",
     "[{'op':'test','path':'/a~1b','value':1},{'op':'test','path':'/m~0n','value':2}]",
     "{'a/b':1,'m~n':2}"},
    {PATCH_JSON, "{'a':1}", "[{'op':'test','path':'/a','value':2}]", NULL},
    {PATCH_JSON, "{'a':1}", "[{'op':'remove','path':'/b'}]", NULL},
    {PATCH_JSON, "{'a':1}", "[{'op':'replace','path':'/b','value':2}]", NULL},
    {PATCH_JSON, "{'a':[1]}", "[{'op':'add','path':'/a/3','value':2}]", NULL},
    {PATCH_JSON, "{'a':1}", "[{'op':'jump','path':'/a'}]", NULL},
    {PATCH_JSON, "{'a':1}", "{'op':'add'}", NULL},
    /* strategic: lists by their merge keys */
    {PATCH_STRATEGIC, "{'conditions':[{'type':'A','status':'x'},{'type':'B','status':'y'}]}",
     "{'conditions':[{'type':'B','status':'z'},{'type':'C','status':'n'}]}",
     "{'conditions':[{'type':'A','status':'x'},{'type':'B','status':'z'},"
     "{'type':'C','status':'n'}]}"},
    {PATCH_STRATEGIC, "{'taints':[{'key':'a'},{'key':'b'}]}",
     "{'taints':[{'$patch':'delete','key':'a'}]}", "{'taints':[{'key':'b'}]}"},
    {PATCH_STRATEGIC, "{'taints':[{'key':'a'}]}", "{'taints':[{'key':'b'},{'$patch':'replace'}]}",
     "{'taints':[{'key':'b'}]}"},
    {PATCH_STRATEGIC, "{'taints':[{'key':'a'}]}", "{'taints':null}", "{}"},
    {PATCH_STRATEGIC, "{'containers':[{'name':'c','image':'1','env':[{'name':'k','value':'v'}]}]}",
     "{'containers':[{'name':'c','image':'2'}],'$setElementOrder/containers':[{'name':'c'}]}",
     "{'containers':[{'name':'c','image':'2','env':[{'name':'k','value':'v'}]}]}"},
    {PATCH_STRATEGIC, "{'tolerations':[{'key':'a'}]}", "{'tolerations':[{'key':'b'}]}",
     "{'tolerations':[{'key':'b'}]}"},
    {PATCH_STRATEGIC, "{'finalizers':['a','b']}", "{'finalizers':['b','c']}",
     "{'finalizers':['a','b','c']}"},
    {PATCH_STRATEGIC, "{'finalizers':['a','b']}", "{'$deleteFromPrimitiveList/finalizers':['a']}",
     "{'finalizers':['b']}"},
    {PATCH_STRATEGIC, "{'strategy':{'type':'RollingUpdate','rollingUpdate':{'maxSurge':1}}}",
     "{'strategy':{'$retainKeys':['type'],'type':'Recreate'}}", "{'strategy':{'type':'Recreate'}}"},
    {PATCH_STRATEGIC, "{'a':{'b':1,'c':2}}", "{'a':{'$patch':'replace','d':3}}", "{'a':{'d':3}}"},
    {PATCH_STRATEGIC, "{'a':{'b':1}}", "{'a':{'$patch':'delete'}}", "{}"},
    {PATCH_STRATEGIC, "{'conditions':[]}", "{'conditions':[{'status':'z'}]}", NULL},
    /* a later member of the patch takes away what an earlier one still has to merge into */
    {PATCH_STRATEGIC, "{'m':{'a':{'x':1},'b':2}}", "{'m':{'a':{'y':2},'$retainKeys':['b']}}",
     "{'m':{'b':2}}"},
};

static json_t *load(const char *text)
{
    char copy[1024];
    size_t len = strlen(text);
    cr_assert(len < sizeof(copy));
    for (size_t i = 0; i <= len; i++)
        copy[i] = text[i] == '\'' ? '"' : text[i];
    json_t *json = json_loads(copy, 0, NULL);
    cr_assert(json, "%s", copy);
    return json;
}

Test(patch, every_row_gives_its_result)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        json_t *json = load(rows[i].before), *patch = load(rows[i].patch);
        int rc = patch_apply(&json, rows[i].kind, patch, &err);
        cr_expect_eq(rc, rows[i].after ? 0 : -EINVAL, "row %zu: %s", i, err.text);
        if (rows[i].after) {
            json_t *wanted = load(rows[i].after);
            cr_expect(json_equal(json, wanted), "row %zu: %s", i, rows[i].patch);
            json_decref(wanted);
        } else {
            cr_expect_gt(strlen(err.text), 0);
        }
        json_decref(json);
        json_decref(patch);
    }
}
