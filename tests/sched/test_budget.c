/* PodDisruptionBudgets: which pods they cover (kube-scheduler.md A14.4), and what lists and events
 * leave of them. */
#include "sched/budget.h"

#include <criterion/criterion.h>

#include "tests/sched/fixture.h"

static struct fixture fixture;
static struct budgets budgets;
static uint32_t namespace_sym;

static void setup(void)
{
    fixture_init(&fixture);
    budgets_init(&budgets);
    namespace_sym = fixture_sym(&fixture, "default");
}

static void teardown(void)
{
    budgets_fini(&budgets);
    fixture_fini(&fixture);
}

TestSuite(budget, .init = setup, .fini = teardown);

static struct budget_object named(const char *name, uint64_t uid)
{
    return (struct budget_object){
        .meta = {.namespace_sym = namespace_sym, .name = str_from(name), .uid = {1, uid}},
        .disruptions_allowed = 1,
    };
}

static struct label app(const char *value)
{
    return (struct label){fixture_sym(&fixture, "app"), fixture_sym(&fixture, value)};
}

static bool covers(struct budget_object *object, const char *labels)
{
    cr_assert(budgets_see(&budgets, object));
    const struct pod *pod =
        fixture_pod(&fixture, &(struct fixture_pod){.name = "a", .node = "n1", .labels = labels});
    return budget_covers(budgets_of(&budgets, namespace_sym), pod);
}

Test(budget, covers_pods_with_its_labels)
{
    struct label label = app("web");
    struct budget_object object = named("b", 1);
    object.selector = (struct label_selector_object){true, 1, &label, 0, NULL};
    cr_expect(covers(&object, "app=web, more"));
    cr_expect(!covers(&object, "app=db"));
    cr_expect(!covers(&object, NULL));
}

Test(budget, with_an_empty_selector_covers_nobody)
{
    struct budget_object object = named("b", 1);
    object.selector.is_set = true;
    cr_expect(!covers(&object, "app=web"));
}

/* A pod without labels is never counted, even where the selector would match it. */
Test(budget, with_an_absence_covers_only_pods_with_labels)
{
    struct requirement absent = {.key_sym = fixture_sym(&fixture, "app"),
                                 .op = SELECTOR_DOES_NOT_EXIST};
    struct budget_object object = named("b", 1);
    object.selector = (struct label_selector_object){true, 0, NULL, 1, &absent};
    cr_expect(covers(&object, "tier=x"));
    cr_expect(!covers(&object, "app=x"));
    cr_expect(!covers(&object, NULL));
}

Test(budget, does_not_count_those_that_are_disrupted_already)
{
    struct label label = app("web");
    struct str names[] = {STR("z"), STR("a")};
    struct budget_object object = named("b", 1);
    object.selector = (struct label_selector_object){true, 1, &label, 0, NULL};
    object.disrupted_count = 2;
    object.disrupted_pods = names;
    cr_expect(!covers(&object, "app=web"));
    object.disrupted_count = 1;
    cr_expect(covers(&object, "app=web"));
}

Test(budget, that_cannot_be_read_covers_nobody)
{
    struct label label = app("web");
    struct budget_object object = named("b", 1);
    object.selector = (struct label_selector_object){true, 1, &label, 0, NULL};
    object.problem = STR("spec.selector: is no object");
    cr_expect(!covers(&object, "app=web"));
}

Test(budget, of_another_namespace_is_not_asked)
{
    struct budget_object object = named("b", 1);
    cr_assert(budgets_see(&budgets, &object));
    cr_expect_null(budgets_of(&budgets, fixture_sym(&fixture, "other")));
}

Test(budget, is_replaced_by_its_next_version)
{
    struct budget_object object = named("b", 1);
    cr_assert(budgets_see(&budgets, &object));
    object.disruptions_allowed = 7;
    cr_assert(budgets_see(&budgets, &object));
    cr_expect_eq(budgets.count, 1);
    cr_expect_eq(budgets_of(&budgets, namespace_sym)->disruptions_allowed, 7);
}

Test(budget, goes_only_with_its_own_uid)
{
    struct budget_object object = named("b", 1), other = named("b", 2);
    cr_assert(budgets_see(&budgets, &object));
    budgets_drop(&budgets, &other);
    cr_expect_eq(budgets.count, 1);
    budgets_drop(&budgets, &object);
    cr_expect_eq(budgets.count, 0);
    cr_expect_null(budgets_of(&budgets, namespace_sym));
}

Test(budget, missing_in_a_list_is_gone)
{
    struct budget_object first = named("first", 1), second = named("second", 2);
    cr_assert(budgets_see(&budgets, &first));
    cr_assert(budgets_see(&budgets, &second));
    budgets_begin_list(&budgets);
    cr_assert(budgets_see(&budgets, &second));
    budgets_end_list(&budgets);
    cr_assert_eq(budgets.count, 1);
    cr_expect_str_eq(budgets_of(&budgets, namespace_sym)->name, "second");
}
