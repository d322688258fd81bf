#include <criterion/criterion.h>

#include "model/base/arena.h"
#include "model/names.h"
#include "model/pod_meta.h"

struct rig {
    struct pod_meta_table table;
    struct label labels[3];
    uint64_t hashes[3];
    struct pod_object pod;
};

static void rig_init(struct rig *rig)
{
    *rig = (struct rig){.labels = {{30, 1}, {10, 2}, {20, 3}}, .hashes = {7, 5, UINT64_MAX}};
    rig->pod = (struct pod_object){.labels = rig->labels,
                                   .label_count = 3,
                                   .annotation_hashes = rig->hashes,
                                   .annotation_count = 3,
                                   .owner_uid = {1, 2},
                                   .owner_kind = OWNER_REPLICA_SET};
    pod_meta_table_init(&rig->table, 9);
}

Test(pod_meta, is_sorted_whatever_the_order_in_the_object)
{
    struct rig rig;
    rig_init(&rig);
    struct pod_meta *meta = pod_meta_intern(&rig.table, &rig.pod);
    cr_assert_eq(meta->labels.count, 3);
    cr_expect_eq(meta->labels.items[0].key_sym, 10);
    cr_expect_eq(meta->labels.items[2].key_sym, 30);
    cr_expect_eq(labels_get(&meta->labels, 20), 3);
    cr_expect_eq(labels_get(&meta->labels, 25), SYM_ABSENT);
    cr_expect(pod_meta_has_annotation(meta, 5) && pod_meta_has_annotation(meta, UINT64_MAX));
    cr_expect(!pod_meta_has_annotation(meta, 6) && !pod_meta_has_annotation(meta, 0));
    cr_expect(meta->owner_kind == OWNER_REPLICA_SET &&
              uid_equal(meta->owner_uid, rig.pod.owner_uid));
    cr_expect_eq(rig.labels[0].key_sym, 30, "the object is lent");
    pod_meta_unref(&rig.table, meta);
    pod_meta_table_fini(&rig.table);
}

Test(pod_meta, equal_metadata_is_shared_and_goes_with_the_last)
{
    struct rig rig;
    rig_init(&rig);
    struct pod_meta *one = pod_meta_intern(&rig.table, &rig.pod);
    rig.labels[0] = (struct label){10, 2};
    rig.labels[1] = (struct label){30, 1};
    rig.hashes[0] = 5;
    rig.hashes[1] = 7;
    struct pod_meta *other = pod_meta_intern(&rig.table, &rig.pod);
    cr_expect_eq(one, other);
    cr_expect_eq(rig.table.metas.count, 1);
    pod_meta_unref(&rig.table, one);
    cr_expect_eq(rig.table.metas.count, 1);
    pod_meta_unref(&rig.table, other);
    cr_expect_eq(rig.table.metas.count, 0);
    pod_meta_table_fini(&rig.table);
}

static void another_value(struct rig *rig)
{
    rig->labels[1].value_sym = 99;
}
static void another_label(struct rig *rig)
{
    rig->pod.label_count = 2;
}
static void another_hash(struct rig *rig)
{
    rig->hashes[2] = 8;
}
static void no_annotation(struct rig *rig)
{
    rig->pod.annotation_count = 0;
}
static void another_owner(struct rig *rig)
{
    rig->pod.owner_uid.lo = 3;
}
static void another_kind(struct rig *rig)
{
    rig->pod.owner_kind = OWNER_STATEFUL_SET;
}

Test(pod_meta, whatever_differs_is_another_one)
{
    static void (*const changes[])(struct rig *) = {another_value, another_label, another_hash,
                                                    no_annotation, another_owner, another_kind};
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        struct rig rig;
        rig_init(&rig);
        struct pod_meta *one = pod_meta_intern(&rig.table, &rig.pod);
        changes[i](&rig);
        struct pod_meta *other = pod_meta_intern(&rig.table, &rig.pod);
        cr_expect_neq(one, other, "change %zu", i);
        pod_meta_unref(&rig.table, one);
        pod_meta_unref(&rig.table, other);
        pod_meta_table_fini(&rig.table);
    }
}

Test(pod_meta, a_pod_without_any_has_one_too)
{
    struct pod_meta_table table;
    pod_meta_table_init(&table, 9);
    struct pod_meta *meta = pod_meta_intern(&table, &(struct pod_object){0});
    cr_expect(meta->labels.count == 0 && meta->annotation_count == 0);
    cr_expect(uid_is_zero(meta->owner_uid) && meta->owner_kind == OWNER_NONE);
    cr_expect(!pod_meta_has_annotation(meta, 0));
    pod_meta_unref(&table, meta);
    pod_meta_table_fini(&table);
}
