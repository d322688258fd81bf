#include "watch/event_backlog.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/check.h"
#include "model/base/mem.h"

/* 80 bytes, the text behind them. */
struct backlog_entry {
    struct backlog_entry *next;
    const char *reason, *action;
    struct uid uid;
    int64_t unix_us, name_ns;
    uint32_t namespace_sym, scheduler_name_sym;
    uint32_t name_len, version_len, note_len;
    char text[]; /* name, resource version, note */
};

static char *put(char *to, struct str text)
{
    if (text.len > 0)
        memcpy(to, text.ptr, text.len);
    return to + text.len;
}

void event_backlog_push(struct event_backlog *backlog, const struct backlog_event *event)
{
    const struct event_request *request = &event->request;
    CHECK(!request->related && !request->is_warning);
    size_t text_len = request->pod.name.len + request->resource_version.len + request->note.len;
    struct backlog_entry *entry = mem_zalloc(1, sizeof(*entry) + text_len);
    entry->reason = request->reason;
    entry->action = request->action;
    entry->uid = request->pod.uid;
    entry->unix_us = event->unix_us;
    entry->name_ns = event->name_ns;
    entry->namespace_sym = request->pod.namespace_sym;
    entry->scheduler_name_sym = request->scheduler_name_sym;
    entry->name_len = (uint32_t)request->pod.name.len;
    entry->version_len = (uint32_t)request->resource_version.len;
    entry->note_len = (uint32_t)request->note.len;
    (void)put(put(put(entry->text, request->pod.name), request->resource_version), request->note);
    *(backlog->tail ? &backlog->tail->next : &backlog->head) = entry;
    backlog->tail = entry;
    backlog->count++;
}

bool event_backlog_first(const struct event_backlog *backlog, struct backlog_event *ret_event)
{
    const struct backlog_entry *entry = backlog->head;
    if (!entry)
        return false;
    const char *version = entry->text + entry->name_len;
    *ret_event = (struct backlog_event){
        .request = {.pod = {.namespace_sym = entry->namespace_sym,
                            .name = {entry->text, entry->name_len},
                            .uid = entry->uid},
                    .resource_version = {version, entry->version_len},
                    .scheduler_name_sym = entry->scheduler_name_sym,
                    .reason = entry->reason,
                    .action = entry->action,
                    .note = {version + entry->version_len, entry->note_len}},
        .unix_us = entry->unix_us,
        .name_ns = entry->name_ns,
    };
    return true;
}

void event_backlog_drop(struct event_backlog *backlog)
{
    struct backlog_entry *entry = backlog->head;
    CHECK(entry != NULL);
    backlog->head = entry->next;
    if (!backlog->head)
        backlog->tail = NULL;
    backlog->count--;
    free(entry);
}

void event_backlog_fini(struct event_backlog *backlog)
{
    while (backlog->head)
        event_backlog_drop(backlog);
}
