/* ResourcePolicies that kubectl apply takes, and those that it refuses: the field and the rule. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/mem.h"
#include "tests/real/elastic.h"

#define RULES                                                                                      \
    "LackResourceOrExceedMax, ExceedMax, TimeoutOrExceedMax or LackResourceAndNoTerminating"
#define QUOTA "write a number of pods from 0 to 2147483647 or a share from 0% to 100%"
#define TIMES "write a duration of at most 168h, for example 90s, 15m or 1h30m"
#define ALONE "only goes with policy TimeoutOrExceedMax; set that policy or remove the timeout"
#define NAMES "no control characters, no \": \" or \"; \", no space or colon at an end"
#define KEYS  "a key is a name of at most 63 letters, digits"
#define PAIR  "a value is at most 63 letters, digits"

/* The spec as YAML, and what kubectl says: which field, and what would be right. */
static const struct {
    const char *spec, *field, *rule;
} refused[] = {
    {"{}", "spec.units", "Required value"},
    {"{units: []}", "spec.units", "at least 1 items"},
    {"{units: [{max: -1}]}", "spec.units[0].max", QUOTA},
    {"{units: [{}, {max: 101%}]}", "spec.units[1].max", QUOTA},
    {"{units: [{max: -5%}]}", "spec.units[0].max", QUOTA},
    {"{units: [{max: 2147483648}]}", "spec.units[0].max", QUOTA},
    {"{units: [{max: '2147483648'}]}", "spec.units[0].max", QUOTA},
    {"{units: [{max: many}]}", "spec.units[0].max", QUOTA},
    {"{units: [{max: 30 %}]}", "spec.units[0].max", QUOTA},
    {"{units: [{max: 4.5}]}", "spec.units[0].max", "must be of type integer"},
    {"{units: [{max: ''}]}", "spec.units[0].max", QUOTA},
    {"{units: [{min: -1}]}", "spec.units[0].min", QUOTA},
    {"{units: [{min: 5, max: 4}]}", "spec.units[0]", "min: is over max"},
    {"{units: [{min: 10, max: '9'}]}", "spec.units[0]", "min: is over max"},
    {"{units: [{min: 50%, max: 5%}]}", "spec.units[0]", "min: is over max"},
    {"{units: [{maxResources: {cpu: '-1'}}]}", "spec.units[0].maxResources[cpu]",
     "write a quantity that is not negative"},
    {"{units: [{maxResources: {memory: 4Gb}}]}", "spec.units[0].maxResources[memory]",
     "write a quantity that is not negative"},
    {"{units: [{name: a}, {name: b}, {name: a}]}", "spec.units", "names of units must differ"},
    {"{units: [{name: 'a: b'}]}", "spec.units[0].name", NAMES},
    {"{units: [{name: 'a '}]}", "spec.units[0].name", NAMES},
    {"{units: [{name: \"a\\tb\"}]}", "spec.units[0].name", NAMES},
    {"{units: [{nodeSelector: {a: true}}]}", "spec.units[0].nodeSelector.a", "of type string"},
    {"{units: [{podLabels: {'a b': c}}]}", "spec.units[0].podLabels", KEYS},
    {"{units: [{podLabels: {a: b c}}]}", "spec.units[0].podLabels", PAIR},
    {"{units: [{podAnnotations: {'a/b/c': d}}]}", "spec.units[0].podAnnotations", KEYS},
    {"{units: [{spotInstance: maybe}]}", "spec.units[0].spotInstance", "of type boolean"},
    {"{units: [{scaleInWeight: 2147483648}]}", "spec.units[0].scaleInWeight",
     "less than or equal to 2147483647"},
    {"{units: [{timeout: 5s}]}", "spec", "units[].timeout: only goes with whenTryNextUnits.policy"},
    {"{units: [{timeout: 60}], whenTryNextUnits: {policy: TimeoutOrExceedMax}}",
     "spec.units[0].timeout", "of type string"},
    {"{units: [{coolDown: 1d}]}", "spec.units[0].coolDown", TIMES},
    {"{units: [{coolDown: -1m}]}", "spec.units[0].coolDown", TIMES},
    {"{units: [{coolDown: 169h}]}", "spec.units[0].coolDown", TIMES},
    {"{units: [{}], whenTryNextUnits: {timeout: 1m}}", "spec.whenTryNextUnits", ALONE},
    {"{units: [{}], whenTryNextUnits: {policy: ExceedMax, timeout: 1m}}", "spec.whenTryNextUnits",
     ALONE},
    {"{units: [{}], whenTryNextUnits: {policy: TimeoutOrExceedMax, timeout: soon}}",
     "spec.whenTryNextUnits.timeout", TIMES},
    {"{units: [{}], whenTryNextUnits: {policy: Timeout}}", "spec.whenTryNextUnits.policy",
     "\"Timeout\" has no documented meaning; write TimeoutOrExceedMax"},
    {"{units: [{}], whenTryNextUnits: {policy: Never}}", "spec.whenTryNextUnits.policy", RULES},
    {"{units: [{}], strategy: strict}", "spec.strategy", "\"prefer\", \"required\""},
    {"{units: [{}], strategy: required, overflow: anywhere}", "spec",
     "overflow: \"anywhere\" contradicts strategy \"required\""},
    {"{units: [{}], overflow: nowhere}", "spec.overflow", "\"pending\", \"anywhere\""},
    {"{units: [{}], preemptPolicy: Never}", "spec.preemptPolicy",
     "\"AfterAllUnits\", \"BeforeNextUnit\""},
    /* YAML of 1.1: a bare off is false */
    {"{units: [{}], deletionCost: off}", "spec.deletionCost", "of type string"},
    {"{units: [{}], deletionCost: keep}", "spec.deletionCost",
     "\"respect\", \"overwrite\", \"off\""},
    {"{units: [{}], matchExpressions: [{key: a, operator: In}]}", "spec.matchExpressions[0]",
     "In and NotIn need some, Exists and DoesNotExist take none"},
    {"{units: [{}], matchExpressions: [{key: a, operator: Exists, values: [b]}]}",
     "spec.matchExpressions[0]", "In and NotIn need some, Exists and DoesNotExist take none"},
    {"{units: [{}], matchExpressions: [{key: a, operator: Gt, values: ['1']}]}",
     "spec.matchExpressions[0].operator", "\"In\", \"NotIn\", \"Exists\", \"DoesNotExist\""},
    {"{units: [{}], matchLabelKeys: ['']}", "spec.matchLabelKeys[0]", "at least 1 chars"},
    {"{units: [{}], selector: [app]}", "spec.selector", "of type object"},
};

static const char *const taken[] = {
    "{units: [{}]}",
    "{units: [{resource: ecs, max: 0, min: 0}]}",
    "{units: [{min: 10, max: '10'}, {min: 5%, max: 100%}, {min: 90%, max: 3}]}",
    "{units: [{max: 2147483647}, {max: '007'}]}",
    "{units: [{maxResources: {cpu: 16, memory: 64Gi, nvidia.com/gpu: '1e1'}}]}",
    "{units: [{podLabels: {k8s.aliyun.com/resource-policy-wait-for-ecs-scaling: 'true', a: ''}}]}",
    "{units: [{timeout: 5s, coolDown: 1h30m}], whenTryNextUnits: {policy: TimeoutOrExceedMax}}",
    "{units: [{}], whenTryNextUnits: {policy: timeoutOrExceedmax, timeout: 1.5m}}",
    "{units: [{}], whenTryNextUnits: {policy: LackResourceAndNoterminating}}",
    "{units: [{}], whenTryNextUnits: {policy: LackResourceAndNoTerminating}}",
    "{units: [{}], strategy: required, overflow: pending, preemptPolicy: BeforeNextUnit}",
    "{units: [{}], deletionCost: 'off', ignorePreviousPod: true, ignoreTerminatingPod: false}",
    "{units: [{}], matchExpressions: [{key: a, operator: NotIn, values: [b]}], selector: {}}",
    "{units: [{spotInstance: true, scaleInWeight: -5}], consumerRef: {kind: Web, name: news}}",
};

static void add_policy(struct buf *yaml, const char *prefix, size_t number, const char *spec)
{
    CHECK(buf_printf(yaml,
                     "---\napiVersion: scheduling.spillway.io/v1alpha1\nkind: ResourcePolicy\n"
                     "metadata: {name: %s-%zu-end}\nspec: %s\n",
                     prefix, number, spec));
}

/* Whether `said` has a line of its own on that object, with both texts in it. */
static bool says(const char *said, const char *name, const char *field, const char *rule)
{
    char *own CLEANUP(mem_freep) = NULL;
    char quoted[64], path[128];
    (void)snprintf(quoted, sizeof(quoted), "\"%s\" is invalid", name);
    (void)snprintf(path, sizeof(path), "%s: ", field);
    const char *start = strstr(said, quoted);
    if (!start)
        return false;
    own = mem_strndup(start, strcspn(start, "\n"));
    return strstr(own, path) && strstr(own, rule);
}

Test(policy_refused, at_apply_with_the_field_and_what_would_be_right, .timeout = 300)
{
    struct world world;
    world_open(&world, "refused");
    elastic_install(&world);
    struct buf yaml CLEANUP(buf_fini);
    buf_init(&yaml, 1 << 16);
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        add_policy(&yaml, "bad", i, refused[i].spec);

    struct process_result result;
    world_kubectl_input(&world, (const char *const[]){"apply", "--dry-run=server", "-f", "-", NULL},
                        yaml.data, &result);
    cr_expect_neq(result.exit_code, 0);
    cr_expect_str_eq(result.out.data ? result.out.data : "", "");
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "bad-%zu-end", i);
        cr_expect(says(result.err.data, name, refused[i].field, refused[i].rule), "%s: not %s: %s",
                  refused[i].spec, refused[i].field, refused[i].rule);
    }
    process_result_fini(&result);
    world_close(&world);
}

Test(policy_refused, not_when_it_can_be_understood, .timeout = 300)
{
    struct world world;
    world_open(&world, "taken");
    elastic_install(&world);
    struct buf yaml CLEANUP(buf_fini);
    buf_init(&yaml, 1 << 16);
    for (size_t i = 0; i < ARRAY_LEN(taken); i++)
        add_policy(&yaml, "good", i, taken[i]);
    struct process_result result;
    world_kubectl_input(&world, (const char *const[]){"apply", "--dry-run=server", "-f", "-", NULL},
                        yaml.data, &result);
    cr_expect_eq(result.exit_code, 0, "%s", result.err.data);
    process_result_fini(&result);
    free(world_kubectl(&world, "apply", "--dry-run=server", "-f", "manifests/example-policy.yaml",
                       NULL));
    world_close(&world);
}

/* What a user left out is written down in the object. */
Test(policy_refused, not_what_is_left_out_which_gets_its_default, .timeout = 300)
{
    struct world world;
    world_open(&world, "defaults");
    elastic_install(&world);
    elastic_apply(&world, "{apiVersion: scheduling.spillway.io/v1alpha1, kind: ResourcePolicy, "
                          "metadata: {name: short}, spec: {units: [{resource: ecs}]}}");
    char *spec CLEANUP(mem_freep) =
        world_kubectl(&world, "get", "rsp", "short", "-o", "jsonpath={.spec}", NULL);
    json_t *got = json_loads(spec, 0, NULL);
    json_t *wanted = json_loads("{\"deletionCost\":\"respect\",\"ignorePreviousPod\":false,"
                                "\"ignoreTerminatingPod\":true,\"overflow\":\"pending\","
                                "\"preemptPolicy\":\"AfterAllUnits\",\"strategy\":\"prefer\","
                                "\"units\":[{\"resource\":\"ecs\"}],\"whenTryNextUnits\":{"
                                "\"policy\":\"LackResourceOrExceedMax\"}}",
                                0, NULL);
    cr_expect(json_equal(got, wanted), "%s", spec);
    json_decref(got);
    json_decref(wanted);
    world_close(&world);
}
