/* Objects as users write them, through the decoder: bytes to policy. */
#include <criterion/criterion.h>

#include "model/decode.h"
#include "tests/policy/make.h"

struct read {
    struct make make;
    struct policy *policy;
    struct err err;
};

static void on_policy(void *ctx, enum decode_verb verb, const struct policy_object *object)
{
    struct read *read = ctx;
    (void)verb;
    read->policy = policy_parse(object, &read->make.types, read->make.symbols, &read->err);
}

static void read_init(struct read *read, const char *json)
{
    *read = (struct read){0};
    make_init(&read->make);
    const struct decode_handler handler = {.ctx = read, .policy = on_policy};
    struct decoder *decoder =
        decoder_new(DECODE_POLICY, DECODE_OBJECT, read->make.symbols, &handler);
    cr_assert_eq(decoder_feed(decoder, json, strlen(json), &read->err), 0, "%s", read->err.text);
    cr_assert_eq(decoder_finish(decoder, &read->err), 0, "%s", read->err.text);
    decoder_free(decoder);
}

static void read_fini(struct read *read)
{
    policy_free(read->policy);
    make_fini(&read->make);
}

/* An object of ACK with most of its fields. */
static const char all_fields[] =
    "{\"apiVersion\":\"scheduling.alibabacloud.com/v1alpha1\",\"kind\":\"ResourcePolicy\","
    "\"metadata\":{\"name\":\"all-fields\",\"namespace\":\"default\",\"generation\":1,"
    "\"uid\":\"6f0f3ee2-9f26-4e0e-8d2a-6f2f5d3c0001\"},"
    "\"spec\":{\"selector\":{\"key1\":\"value1\"},\"strategy\":\"prefer\","
    "\"ignorePreviousPod\":false,\"ignoreTerminatingPod\":true,"
    "\"matchLabelKeys\":[\"pod-template-hash\"],\"preemptPolicy\":\"AfterAllUnits\","
    "\"units\":[{\"resource\":\"ecs\",\"nodeSelector\":{\"unit\":\"first\"}},"
    "{\"resource\":\"eci\"}],"
    "\"whenTryNextUnits\":{\"policy\":\"TimeoutOrExceedMax\",\"timeout\":\"1m\"}}}";

Test(examples, all_fields_of_ack_read_unchanged)
{
    struct read read;
    read_init(&read, all_fields);
    const struct policy *policy = read.policy;
    cr_assert_not_null(policy, "%s", read.err.text);
    cr_expect_eq(policy->name_sym, make_sym(&read.make, "all-fields"));
    cr_expect_eq(policy->namespace_sym, make_sym(&read.make, "default"));
    cr_expect(policy->next_rule == NEXT_TIMEOUT_OR_FULL && policy->unit_count == 2);
    cr_expect_eq(policy->units[0].timeout_ms, 60000);
    cr_expect(policy->key_count == 1 &&
              policy->key_syms[0] == make_sym(&read.make, "pod-template-hash"));
    cr_expect_eq(policy->units[1].name_sym, make_sym(&read.make, "eci-1"));
    read_fini(&read);
}

/* The rare burst: four replicas on subscribed nodes, the fifth and later to a pool that grows. */
static const char burst[] =
    "{\"apiVersion\":\"scheduling.alibabacloud.com/v1alpha1\",\"kind\":\"ResourcePolicy\","
    "\"metadata\":{\"name\":\"burst\",\"namespace\":\"default\",\"generation\":1,"
    "\"uid\":\"6f0f3ee2-9f26-4e0e-8d2a-6f2f5d3c0002\"},"
    "\"spec\":{\"selector\":{\"app\":\"news\"},\"strategy\":\"prefer\",\"units\":["
    "{\"resource\":\"ecs\",\"max\":4,\"nodeSelector\":{\"paidtype\":\"subscription\"}},"
    "{\"resource\":\"elastic\"}]}}";

Test(examples, the_burst_of_ack_reads_unchanged)
{
    struct read read;
    read_init(&read, burst);
    cr_assert_not_null(read.policy, "%s", read.err.text);
    cr_expect_eq(pod_quota_count(&read.policy->units[0].max, 0), 4);
    cr_expect(read.policy->units[1].waits && !read.policy->units[1].max.is_set);
    cr_expect_eq(read.policy->next_rule, NEXT_LACK_OR_FULL);
    read_fini(&read);
}

/* What goes beyond ACK, as text and as numbers. */
static const char beyond[] =
    "{\"apiVersion\":\"scheduling.spillway.io/v1alpha1\",\"kind\":\"ResourcePolicy\","
    "\"metadata\":{\"name\":\"beyond\",\"namespace\":\"default\",\"generation\":1,"
    "\"uid\":\"6f0f3ee2-9f26-4e0e-8d2a-6f2f5d3c0003\"},"
    "\"spec\":{\"overflow\":\"anywhere\",\"deletionCost\":\"overwrite\",\"units\":["
    "{\"name\":\"reserved\",\"max\":\"30%\",\"min\":\"10%\",\"timeout\":\"90s\","
    "\"maxResources\":{\"cpu\":\"1500m\",\"memory\":\"2Gi\"}},"
    "{\"name\":\"burst\",\"resource\":\"ECI\",\"min\":2,\"coolDown\":\"5m\"}],"
    "\"whenTryNextUnits\":{\"policy\":\"timeoutorexceedmax\"}}}";

Test(examples, what_goes_beyond_ack_is_read)
{
    struct read read;
    read_init(&read, beyond);
    const struct policy *policy = read.policy;
    cr_assert_not_null(policy, "%s", read.err.text);
    cr_expect(policy->overflow == OVERFLOW_ANYWHERE && policy->cost_mode == COST_OVERWRITE);
    cr_expect(policy->has_percent);
    cr_expect_eq(pod_quota_count(&policy->units[0].max, 11), 4);
    cr_expect_eq(pod_quota_count(&policy->units[0].min, 11), 2);
    cr_expect_eq(policy->units[0].timeout_ms, 90000);
    cr_assert_eq(policy->units[0].resource_count, 2);
    cr_expect_eq(policy->units[0].resources[0].amount, 1500, "cpu in milli-cores");
    cr_expect_eq(policy->units[0].resources[1].amount, INT64_C(2) << 30);
    cr_expect_eq(pod_quota_count(&policy->units[1].min, 0), 2);
    cr_expect_eq(policy->units[1].cool_down_ms, 300000);
    cr_expect_eq(policy->units[1].timeout_ms, 900000, "the policy's, by default 15 minutes");
    read_fini(&read);
}
