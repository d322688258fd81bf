/* What becomes of pods and nodes: the world's side of the player. */
#include "bench/play_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/base/mem.h"
#include "model/cluster.h"

enum { NAME_BYTES = 320, MS_PER_S = 1000 };

/* ---- telling the core ---- */

static void tell_pod(struct play *play, enum event_kind kind, uint32_t number)
{
    const struct play_pod *pod = &play->pods[number];
    const struct workload *workload = play->workload;
    char version[PLAY_VERSION_BYTES];
    struct pod_object object = play->parts[pod->kind].pod;
    object.name = symbol_str(workload->symbols, pod->name_sym);
    object.uid = (struct uid){PLAY_UID_POD, (uint64_t)number + 1};
    object.resource_version = play_version_text(version, ++play->version);
    object.created_unix_s = PLAY_EPOCH_UNIX_S + pod->created_ms / MS_PER_S;
    if (pod->state == PLAY_RUNNING || pod->state == PLAY_LEAVING) {
        object.node_name_sym = workload->nodes[pod->node].name_sym;
        object.phase = PHASE_RUNNING;
        object.is_ready = true;
        object.is_deleting = pod->state == PLAY_LEAVING;
        object.started_unix_s = PLAY_EPOCH_UNIX_S + play->now.ms / MS_PER_S;
        object.scheduled = (struct scheduled_condition){.is_set = true,
                                                        .is_true = true,
                                                        .observed_generation = 1,
                                                        .transition_unix_s = object.started_unix_s};
    }
    sched_on_event(play->sched, &(struct event){.kind = kind, .pod = &object});
}

static void tell_reply(struct play *play, enum event_kind kind, uint32_t number,
                       enum outcome outcome)
{
    const struct play_pod *pod = &play->pods[number];
    const struct reply reply = {
        .pod = {play->parts[pod->kind].pod.namespace_sym,
                symbol_str(play->workload->symbols, pod->name_sym),
                {PLAY_UID_POD, (uint64_t)number + 1}},
        .outcome = outcome,
        .http_status = outcome == OUTCOME_DONE ? 201 : 404,
    };
    sched_on_event(play->sched, &(struct event){.kind = kind, .reply = &reply});
}

/* ---- pods ---- */

static uint32_t add_pod(struct play *play, const struct play_pod *pod)
{
    if (play->pod_count == play->pod_capacity) {
        play->pod_capacity = (uint32_t)mem_grow(play->pod_capacity, (size_t)play->pod_count + 1);
        play->pods = mem_resize(play->pods, play->pod_capacity, sizeof(*play->pods));
    }
    play->pods[play->pod_count] = *pod;
    play->result.created++;
    play->waiting++;
    return play->pod_count++;
}

static void begin_pod(struct play *play, uint32_t number)
{
    int64_t gone_ms = play->workload->pods[play->pods[number].origin].gone_ms;
    tell_pod(play, EVENT_POD_SEEN, number);
    if (gone_ms != INT64_MAX)
        agenda_add(&play->agenda, gone_ms, PLAY_POD_DELETED, number);
}

void play_pod_create(struct play *play, uint32_t number)
{
    const struct workload_pod *made = &play->workload->pods[number];
    begin_pod(play, add_pod(play, &(struct play_pod){.name_sym = made->name_sym,
                                                     .kind = made->kind,
                                                     .node = PLAY_NO_NODE,
                                                     .origin = number,
                                                     .state = PLAY_WAITING,
                                                     .reason = PLAY_NO_REASON,
                                                     .created_ms = play->now.ms}));
}

/* The name of the first one with how many there were before. A full table of names ends it: such a
 * pod does not come again. */
static void create_again(struct play *play, uint32_t lost)
{
    struct play_pod pod = play->pods[lost];
    const struct workload_pod *origin = &play->workload->pods[pod.origin];
    char name[NAME_BYTES];
    pod.lives++;
    int len = snprintf(name, sizeof(name), "%s-r%" PRIu32,
                       symbol_text(play->workload->symbols, origin->name_sym), pod.lives);
    CHECK(len > 0 && len < NAME_BYTES);
    pod.name_sym = symbol_intern(play->workload->symbols, (struct str){name, (size_t)len});
    if (pod.name_sym == SYM_FULL || play->now.ms >= origin->gone_ms)
        return;
    pod.node = PLAY_NO_NODE;
    pod.state = PLAY_WAITING;
    pod.reason = PLAY_NO_REASON;
    pod.created_ms = play->now.ms;
    play->result.again++;
    begin_pod(play, add_pod(play, &pod));
}

static void come_again(struct play *play, uint32_t number)
{
    agenda_add(&play->agenda, play->now.ms + PLAY_AGAIN_MS, PLAY_POD_AGAIN, number);
}

/* Off its node, or never on one; the core is told. */
static void end_pod(struct play *play, uint32_t number)
{
    struct play_pod *pod = &play->pods[number];
    if (pod->state == PLAY_RUNNING || pod->state == PLAY_LEAVING)
        play_meter_pod(&play->result.meter, pod->kind, pod->node, false);
    play->waiting -= pod->state == PLAY_WAITING || pod->state == PLAY_BINDING;
    pod->state = PLAY_OVER;
    tell_pod(play, EVENT_POD_GONE, number);
}

static void note_wait(struct play *play, int64_t waited_ms)
{
    if (play->wait_count == play->wait_capacity) {
        play->wait_capacity = mem_grow(play->wait_capacity, play->wait_count + 1);
        play->waits_ms = mem_resize(play->waits_ms, play->wait_capacity, sizeof(*play->waits_ms));
    }
    play->waits_ms[play->wait_count++] = waited_ms < UINT32_MAX ? (uint32_t)waited_ms : UINT32_MAX;
}

static void bind_answered(struct play *play, uint32_t number)
{
    struct play_pod *pod = &play->pods[number];
    play->binds_open--;
    if (pod->state == PLAY_OVER) {
        tell_reply(play, EVENT_BIND_REPLY, number, OUTCOME_GONE);
        return;
    }
    const struct workload_pod *origin = &play->workload->pods[pod->origin];
    tell_reply(play, EVENT_BIND_REPLY, number, OUTCOME_DONE);
    play->waiting--;
    play->result.bound++;
    note_wait(play, play->now.ms - pod->created_ms);
    pod->state = PLAY_RUNNING;
    play_meter_pod(&play->result.meter, pod->kind, pod->node, true);
    tell_pod(play, EVENT_POD_SEEN, number);
    if (play->options.on_bound)
        play->options.on_bound(
            play->options.ctx, symbol_text(play->workload->symbols, pod->name_sym),
            symbol_text(play->workload->symbols, play->workload->nodes[pod->node].name_sym),
            play->now.ms);
    if (!play->node_is_there[pod->node]) { /* it left while the bind was under way */
        play->result.deleted++;
        end_pod(play, number);
        come_again(play, number);
    } else if (origin->runs_ms < INT64_MAX - play->now.ms) {
        agenda_add(&play->agenda, play->now.ms + origin->runs_ms, PLAY_POD_DONE, number);
    }
}

/* Deleted by its owner, or on the scheduler's behalf. */
static void delete_pod(struct play *play, uint32_t number)
{
    struct play_pod *pod = &play->pods[number];
    play->result.deleted++;
    if (pod->state != PLAY_RUNNING) {
        end_pod(play, number);
        return;
    }
    pod->state = PLAY_LEAVING;
    tell_pod(play, EVENT_POD_SEEN, number);
    agenda_add(&play->agenda, play->now.ms + PLAY_GRACE_MS, PLAY_POD_LEFT, number);
}

static void evict_pod(struct play *play, uint32_t number)
{
    bool is_running = play->pods[number].state == PLAY_RUNNING;
    tell_reply(play, EVENT_EVICT_REPLY, number, is_running ? OUTCOME_DONE : OUTCOME_GONE);
    if (!is_running)
        return;
    play->result.evicted++;
    delete_pod(play, number);
    come_again(play, number);
}

void play_pod_event(struct play *play, enum play_what what, uint32_t number)
{
    enum play_pod_state state = (enum play_pod_state)play->pods[number].state;
    switch (what) {
    case PLAY_BIND_ANSWERED:
        bind_answered(play, number);
        return;
    case PLAY_POD_DONE:
        if (state == PLAY_RUNNING) {
            play->result.done++;
            end_pod(play, number);
        }
        return;
    case PLAY_POD_DELETED:
        if (state != PLAY_OVER && state != PLAY_LEAVING)
            delete_pod(play, number);
        return;
    case PLAY_POD_LEFT:
        if (state == PLAY_LEAVING)
            end_pod(play, number);
        return;
    case PLAY_POD_EVICTED:
        evict_pod(play, number);
        return;
    case PLAY_POD_AGAIN:
        create_again(play, number);
        return;
    case PLAY_NODE_LEAVES:
        break;
    }
    CHECK_NEVER("something that happens to pods");
}

/* ---- nodes ---- */

void play_node_joins(struct play *play, uint32_t node)
{
    struct play_node_parts parts;
    const struct workload_node *joins = &play->workload->nodes[node];
    uint32_t *place = &play->node_of_name[joins->name_sym];
    if (*place > 0 && play->node_is_there[*place - 1]) /* another one of that name is still there */
        play_node_leaves(play, *place - 1);
    *place = node + 1;
    play->node_is_there[node] = true;
    play_meter_node(&play->result.meter, node, true);
    play_node_parts_init(&parts, play->workload, node, ++play->version);
    sched_on_event(play->sched, &(struct event){.kind = EVENT_NODE_SEEN, .node = &parts.node});
    if (joins->leaves_ms != INT64_MAX)
        agenda_add(&play->agenda, joins->leaves_ms, PLAY_NODE_LEAVES, node);
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Numbers of the pods the core has on the node, ascending; yours, free(). */
static uint32_t *pods_on(const struct play *play, uint32_t name_sym, uint32_t *ret_count)
{
    const struct node *node = node_table_find(&sched_cluster(play->sched)->nodes, name_sym);
    uint32_t *numbers = mem_zalloc(node ? node->pod_count : 0, sizeof(*numbers));
    uint32_t count = 0;
    for (const struct pod *pod = node ? node->pods : NULL; pod; pod = pod->node_next)
        numbers[count++] = (uint32_t)(pod->uid.lo - 1);
    qsort(numbers, count, sizeof(*numbers), compare_numbers);
    *ret_count = count;
    return numbers;
}

void play_node_leaves(struct play *play, uint32_t node)
{
    struct play_node_parts parts;
    uint32_t count;
    uint32_t name_sym = play->workload->nodes[node].name_sym;
    if (!play->node_is_there[node])
        return;
    play->node_is_there[node] = false;
    play_node_parts_init(&parts, play->workload, node, ++play->version);
    sched_on_event(play->sched, &(struct event){.kind = EVENT_NODE_GONE, .node = &parts.node});
    uint32_t *numbers = pods_on(play, name_sym, &count);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t state = play->pods[numbers[i]].state;
        if (state != PLAY_RUNNING && state != PLAY_LEAVING)
            continue; /* its bind is under way, or paced: that comes first */
        play->result.deleted += state == PLAY_RUNNING;
        end_pod(play, numbers[i]);
        if (state == PLAY_RUNNING)
            come_again(play, numbers[i]);
    }
    free(numbers);
    play_meter_node(&play->result.meter, node, false);
}
