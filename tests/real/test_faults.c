/* Faults of a real apiserver while pods are bound: nothing lost, nothing doubled, no busy loop. */
#include <criterion/criterion.h>

#include "tests/real/relay.h"
#include "tests/real/trial.h"

enum { PODS = 600 };

TestSuite(faults, .timeout = 300);

/* Half of the pods are there before spillway is, and a third of those is bound when this returns:
 * many binds are under way. */
static void open_in_a_burst(struct trial *trial, const char *name, const char *const flags[],
                            size_t pods)
{
    trial_open(trial, name, flags, pods);
    trial_add_pods(trial, pods / 2);
    trial_start_spillway(trial, 0);
    drain_await(&trial->drain, pods / 6, WORLD_PATIENCE_MS);
}

/* Pods are bound that no watch tells of: what the new apiserver knows begins after them. */
Test(faults, the_apiserver_is_killed_with_binds_under_way)
{
    static const char *const lost[] = {"client=\"bind\"", "was lost", NULL};
    static const char *const too_old[] = {"the stream ended with code 410", NULL};
    struct trial trial;
    open_in_a_burst(&trial, "killed", NULL, PODS);
    trial_take_away(&trial);
    (void)trial_await_requests(&trial, lost);
    trial_bring_back(&trial);
    trial_add_pods(&trial, PODS / 2);
    trial_check(&trial, true);
    cr_expect(trial_requests(&trial, too_old) > 0, "no watch was too old");
    trial_close(&trial);
}

/* As an upgrade does it: the watches are closed, what is under way is answered, and new requests
 * are asked to come again or find nobody. */
Test(faults, the_apiserver_is_restarted_in_good_order)
{
    static const char *const flags[] = {"--shutdown-send-retry-after=true",
                                        "--shutdown-watch-termination-grace-period=2s", NULL};
    static const char *const closed[] = {"client=\"watch\"", "status=\"200\"", NULL};
    struct trial trial;
    open_in_a_burst(&trial, "restarted", flags, PODS);
    trial_end_apiserver(&trial);
    trial_bring_back(&trial);
    trial_add_pods(&trial, PODS / 2);
    trial_check(&trial, true);
    cr_expect(trial_requests(&trial, closed) >= 2, "the watches of nodes and pods were not closed");
    trial_close(&trial);
}

/* Stopped, it still acknowledges what is sent: only spillway's own patience ends a request. When it
 * goes on, it does what it was told half a minute ago. */
Test(faults, the_apiserver_is_stopped_for_longer_than_a_request_may_take)
{
    static const char *const too_late[] = {"client=\"bind\"", "no complete answer", NULL};
    struct trial trial;
    open_in_a_burst(&trial, "stopped", NULL, PODS);
    trial_stop_apiserver(&trial);
    (void)trial_await_requests(&trial, too_late);
    trial_continue_apiserver(&trial);
    trial_add_pods(&trial, PODS / 2);
    trial_check(&trial, true);
    trial_close(&trial);
}

/* GOAWAY on one request of fifty, as often as it may be; then connections that break with a request
 * on them, which never arrives and may have for all that spillway knows. */
Test(faults, goaway_as_often_as_can_be_and_then_requests_are_lost)
{
    enum { LOST = 5, WITHOUT_FAULTS = 4 }; /* connections: watches, binds, events, the rest */
    static const char *const flags[] = {"--goaway-chance=0.02", NULL};
    struct trial trial;
    trial_open(&trial, "goaway", flags, PODS);
    struct relay *relay = relay_open(trial.plane.port);
    trial_add_pods(&trial, PODS / 2);
    trial_start_spillway(&trial, relay_port(relay));
    drain_await(&trial.drain, PODS / 2, WORLD_PATIENCE_MS);
    relay_lose(relay, LOST);
    trial_add_pods(&trial, PODS / 2);
    trial_check(&trial, false);
    cr_expect_eq(relay_lost(relay), LOST);
    int made = relay_made(relay); /* now that the events, which leave last, have theirs */
    cr_expect(made > WITHOUT_FAULTS + LOST, "%d connections", made);
    trial_close(&trial);
    relay_close(relay);
}

/* Without priority and fairness, which would let requests wait instead. */
Test(faults, more_requests_than_the_apiserver_takes)
{
    enum { FEW_PODS = 200 };
    static const char *const flags[] = {"--enable-priority-and-fairness=false",
                                        "--max-requests-inflight=4",
                                        "--max-mutating-requests-inflight=8", NULL};
    static const char *const throttled[] = {"client=\"bind\"", "status=\"429\"", NULL};
    struct trial trial;
    open_in_a_burst(&trial, "throttled", flags, FEW_PODS);
    trial_add_pods(&trial, FEW_PODS / 2);
    trial_check(&trial, true);
    cr_expect(trial_requests(&trial, throttled) > 0, "nothing was throttled");
    trial_close(&trial);
}

/* Without the cache of the apiserver each watch reads the history of etcd, which is forgotten every
 * second: a watch that broke a few seconds ago cannot go on. */
Test(faults, etcd_is_compacted_while_the_watches_are_broken)
{
    static const char *const flags[] = {"--watch-cache=false", "--etcd-compaction-interval=1s",
                                        NULL};
    static const char *const too_old[] = {"the stream ended with code 410", NULL};
    struct trial trial;
    open_in_a_burst(&trial, "compacted", flags, PODS);
    trial_pause_spillway(&trial);
    trial_add_pods(&trial, PODS / 2);
    trial_take_away(&trial);
    trial_bring_back(&trial);
    plane_await_compaction(&trial.world);
    trial_resume_spillway(&trial);
    trial_check(&trial, true);
    cr_expect(trial_requests(&trial, too_old) > 0, "no watch was too old");
    trial_close(&trial);
}

/* The apiserver's certificate is of another CA before spillway's ca.crt is, and spillway's is of
 * the old one after that: nothing is sent to a server it does not know, and each file heals without
 * a restart. */
Test(faults, the_ca_is_rotated_and_then_the_client_certificate)
{
    static const char *const stranger[] = {"signed by an unknown authority", NULL};
    static const char *const refused[] = {"client=\"watch\"", "status=\"401\"", NULL};
    struct trial trial;
    trial_open(&trial, "rotated", NULL, PODS);
    trial_add_pods(&trial, PODS / 2);
    plane_start_spillway_as_client(&trial.plane, &trial.world);
    drain_await(&trial.drain, PODS / 6, WORLD_PATIENCE_MS);
    trial_take_away(&trial);
    plane_rotate_ca(&trial.plane, &trial.world);
    trial_bring_back(&trial);
    (void)trial_await_requests(&trial, stranger);
    trial_add_pods(&trial, PODS / 2);
    plane_publish_ca(&trial.plane);
    (void)trial_await_requests(&trial, refused);
    plane_publish_client(&trial.plane);
    trial_check(&trial, true);
    trial_close(&trial);
}

/* As a kubelet does it, and the old token is none any more. */
Test(faults, the_token_is_rotated)
{
    static const char *const refused[] = {"status=\"401\"", NULL};
    static const char *const told[] = {"refuses our credentials", NULL};
    struct trial trial;
    open_in_a_burst(&trial, "token", NULL, PODS);
    plane_rotate_token(&trial.plane, &trial.world);
    trial_add_pods(&trial, PODS / 2);
    trial_check(&trial, true);
    cr_expect(trial_requests(&trial, refused) > 0, "the old token was not used");
    cr_expect_eq(trial_requests(&trial, told), 0, "an operator was called for nothing");
    trial_close(&trial);
}
