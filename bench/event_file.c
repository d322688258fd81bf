#include "bench/event_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "model/base/mem.h"

enum { READ_BYTES = 64 * 1024 };

int event_file_wrong(const struct event_file *file, size_t at, const char *what, struct err *err)
{
    return err_set(err, EBADMSG, "%s: byte %" PRIu64 ": %s", file->in_path, file->body_offset + at,
                   what);
}

/* Reads on until `bytes` holds `wanted` or the part ends; false when it ends. */
static bool fill(struct event_file *file, size_t wanted)
{
    char chunk[READ_BYTES];
    while (file->bytes.len < wanted) {
        size_t len = fread(chunk, 1, sizeof(chunk), file->in);
        if (len == 0)
            return false;
        CHECK(buf_add(&file->bytes, chunk, len));
    }
    return true;
}

/* 1 and a record of the part, 0 at its end. */
static int next_of_part(struct event_file *file, struct str *ret_body, struct err *err)
{
    buf_consume(&file->bytes, file->frame_bytes);
    file->offset += file->frame_bytes;
    file->body_offset = file->offset;
    file->frame_bytes = 0;
    size_t frame_bytes = 1;
    struct str body;
    for (;;) {
        bool is_filled = fill(file, frame_bytes);
        if (!is_filled && ferror(file->in))
            return err_set(err, EIO, "cannot read %s", file->in_path);
        if (!is_filled && file->bytes.len == 0)
            return 0;
        if (!is_filled) {
            file->is_cut = true;
            return 0;
        }
        enum frame_result result = record_unframe(buf_str(&file->bytes), &body, &frame_bytes);
        if (result == FRAME_BAD)
            return event_file_wrong(file, 0, "this is no record: the recording is damaged", err);
        if (result == FRAME_WHOLE)
            break;
    }
    file->frame_bytes = frame_bytes;
    file->body_offset = file->offset + (uint64_t)(body.ptr - file->bytes.data);
    *ret_body = body;
    return 1;
}

static int open_part(struct event_file *file, const char *path, struct record_head *ret_head,
                     struct err *err)
{
    struct str body;
    if (file->in)
        (void)fclose(file->in);
    buf_clear(&file->bytes);
    file->offset = file->body_offset = 0;
    file->frame_bytes = 0;
    file->in_path = path;
    file->in = fopen(path, "re");
    if (!file->in)
        return err_set(err, errno, "cannot read %s: %s", path, strerror(errno));
    if (!fill(file, RECORD_MAGIC_BYTES) ||
        memcmp(file->bytes.data, RECORD_MAGIC, RECORD_MAGIC_BYTES) != 0)
        return err_set(err, EBADMSG, "%s is no recording of spillway --record", path);
    file->frame_bytes = RECORD_MAGIC_BYTES; /* passed over by the next */
    int rc = next_of_part(file, &body, err);
    if (rc < 0)
        return rc;
    struct codec codec = codec_reader(body, 0, NULL);
    uint32_t kind = RECORD_KIND_COUNT;
    if (rc > 0)
        codec_below(&codec, &kind, RECORD_KIND_COUNT);
    if (kind != RECORD_HEAD)
        codec_fail(&codec, "a recording begins with its head");
    if (!record_read_head(&codec, ret_head))
        return event_file_wrong(file, codec.at, codec.wrong, err);
    return 0;
}

/* The start is in FILE, or FILE is part 2 and the start in FILE.1. */
int event_file_open(struct event_file *file, const char *path, struct err *err)
{
    struct record_head last, first;
    size_t len = strlen(path);
    *file = (struct event_file){.path = path, .old_path = mem_zalloc(len + sizeof(".1"), 1)};
    (void)snprintf(file->old_path, len + sizeof(".1"), "%s.1", path);
    buf_init(&file->bytes, RECORD_BYTES_MAX + 2 * READ_BYTES);
    int rc = open_part(file, path, &last, err);
    file->head = last;
    file->is_last_part = true;
    if (rc < 0 || last.part == 1)
        return rc;
    if (last.part > 2)
        return err_set(err, ENODATA,
                       "%s is part %" PRIu32 " and the start of the recording is gone: only what "
                       "fits into --record-limit-mb is kept",
                       path, last.part);
    rc = open_part(file, file->old_path, &first, err);
    if (rc < 0)
        return err_wrap(err, "%s goes on where another file stops", path);
    if (first.run != last.run || first.part != 1)
        return err_set(err, ENODATA, "%s is no start of what goes on in %s: another recording",
                       file->old_path, path);
    file->head = first;
    file->is_last_part = false;
    return 0;
}

int event_file_next(struct event_file *file, struct str *ret_body, struct err *err)
{
    int rc = next_of_part(file, ret_body, err);
    if (rc != 0 || file->is_last_part)
        return rc;
    if (file->is_cut)
        return event_file_wrong(file, 0, "the file is cut, and another goes on after it", err);
    rc = open_part(file, file->path, &file->head, err);
    if (rc < 0)
        return rc;
    file->is_last_part = true;
    return next_of_part(file, ret_body, err);
}

void event_file_close(struct event_file *file)
{
    if (file->in)
        (void)fclose(file->in);
    free(file->old_path);
    buf_fini(&file->bytes);
    *file = (struct event_file){0};
}
