#include "bench/replay_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { REASONS_SHOWN = 8, MS_PER_HOUR = 3600 * 1000 };

void replay_report_pods(struct report *report, const struct play_result *result,
                        const struct workload *workload, const struct replay_words *words)
{
    report_add(report, "replay.nodes", workload->node_count, "nodes, all that ever join");
    report_add(report, "replay.pods", (double)result->created, "pods");
    report_add(report, "replay.again", (double)result->again, "of them in the place of lost ones");
    report_add(report, "replay.bound", (double)result->bound, "pods");
    report_add(report, "replay.waiting", (double)result->waiting, "pods, at the end");
    report_add(report, "replay.done", (double)result->done, "pods that ran to their end");
    report_add(report, "replay.deleted", (double)result->deleted, "pods deleted, lost or evicted");
    report_add(report, "replay.evicted", (double)result->evicted, "pods, by preemption");
    report_add(report, "replay.refusals", (double)result->refusals, words->refusals);
    report_add(report, "replay.wait_p50_ms", (double)result->wait_p50_ms, words->wait);
    report_add(report, "replay.wait_p99_ms", (double)result->wait_p99_ms, words->wait);
    report_add(report, "replay.wait_max_ms", (double)result->wait_max_ms, words->wait);
}

static void add_percent(struct report *report, const char *name, const char *what, double share,
                        const char *unit)
{
    char key[REPORT_KEY_BYTES];
    int len = snprintf(key, sizeof(key), "replay.%.32s%s_percent", name, what);
    CHECK(len > 0 && len < REPORT_KEY_BYTES);
    report_add(report, key, 100 * share, unit);
}

const char *replay_short_name(const char *resource)
{
    const char *slash = strrchr(resource, '/');
    return slash ? slash + 1 : resource;
}

void replay_report_room(struct report *report, const struct play_meter *meter)
{
    uint32_t most_nodes = 0;
    struct play_sample now;
    play_meter_look(meter, &now);
    for (uint32_t r = 0; r < meter->resource_count; r++) {
        const char *name =
            replay_short_name(symbol_text(meter->workload->symbols, meter->resources[r]));
        double most = 0;
        for (uint32_t i = 0; i < meter->sample_count; i++)
            most = meter->samples[i].allocated[r] > most ? meter->samples[i].allocated[r] : most;
        add_percent(report, name, "", play_meter_allocated(meter, r),
                    "% allocated, mean over time");
        add_percent(report, name, "_peak", most, "% allocated, most");
        add_percent(report, name, "_end", now.allocated[r], "% allocated, at the end");
        add_percent(report, name, "_fragmented", play_meter_fragmented(meter, r),
                    "% of the free lies where pods do not fit");
    }
    for (uint32_t i = 0; i < meter->sample_count; i++)
        if (meter->samples[i].nodes_used > most_nodes)
            most_nodes = meter->samples[i].nodes_used;
    report_add(report, "replay.nodes_used", play_meter_nodes_used(meter), "nodes, mean over time");
    report_add(report, "replay.nodes_used_peak", most_nodes, "nodes");
    report_add(report, "replay.nodes_used_end", now.nodes_used, "nodes, at the end");
}

void replay_report_units(struct report *report, const struct play_meter *meter)
{
    char key[REPORT_KEY_BYTES];
    double all_ms = 0, cost = 0;
    for (uint32_t i = 0; i < meter->unit_count; i++)
        all_ms += (double)meter->units[i].pod_ms;
    for (uint32_t i = 0; i < meter->unit_count; i++) {
        const struct play_unit *unit = &meter->units[i];
        const char *name = unit->name_sym == SYM_EMPTY
                               ? "none"
                               : symbol_text(meter->workload->symbols, unit->name_sym);
        double unit_cost = play_unit_cost_micro(unit) / 1e6;
        cost += unit_cost;
        (void)snprintf(key, sizeof(key), "replay.unit.%.32s.bound", name);
        report_add(report, key, (double)unit->binds, "pods");
        (void)snprintf(key, sizeof(key), "replay.unit.%.32s.percent", name);
        report_add(report, key, all_ms > 0 ? 100 * (double)unit->pod_ms / all_ms : 0,
                   "% of the time of all pods");
        (void)snprintf(key, sizeof(key), "replay.unit.%.32s.cost", name);
        report_add(report, key, unit_cost, "of the price table");
    }
    report_add(report, "replay.cost", cost, "of the price table");
}

void replay_report_end(struct report *report, const struct play_result *result,
                       const struct replay_words *words)
{
    char hash[REPORT_TEXT_BYTES];
    report_add(report, "replay.hours", (double)result->span_ms / MS_PER_HOUR, words->hours);
    (void)snprintf(hash, sizeof(hash), "%016" PRIx64, result->bindings_hash);
    report_add_text(report, "replay.hash", hash, "of all bindings");
    report_add(report, "replay.is_partial", result->is_partial, "1: ended early");
}

void replay_print_reasons(const struct play_reasons *reasons)
{
    if (reasons->count > 0)
        (void)printf("  refusals   waiting  because (numbers left out)\n");
    for (uint32_t i = 0; i < reasons->count && i < REASONS_SHOWN; i++)
        (void)printf("%10" PRIu64 "%10" PRIu64 "  %s\n", reasons->items[i].refusals,
                     reasons->items[i].waiting, reasons->items[i].text);
    if (reasons->count > REASONS_SHOWN)
        (void)printf("%10s%10s  %" PRIu32 " more\n", "", "", reasons->count - REASONS_SHOWN);
    (void)fflush(stdout);
}
