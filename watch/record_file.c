#include "watch/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/base/mem.h"
#include "model/record.h"

enum { HEAD_BYTES_MAX = 128 };

struct record_file {
    char *path, *old_path;
    uint64_t part_limit_bytes;
    struct record_head head; /* of the part under way */
    const struct log *log;
    int fd;         /* -1: nothing more is taken */
    uint64_t bytes; /* of the part */
};

static int write_all(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t written = write(fd, bytes.ptr, bytes.len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -EIO;
        bytes.ptr += written;
        bytes.len -= (size_t)written;
    }
    return 0;
}

/* Begins the next part: what is in FILE becomes FILE.1. */
static int begin_part(struct record_file *file, struct err *err)
{
    struct buf head CLEANUP(buf_fini);
    struct stat old;
    buf_init(&head, HEAD_BYTES_MAX);
    file->head.part++;
    if (lstat(file->path, &old) == 0 && !S_ISREG(old.st_mode)) /* not to move a device away */
        return err_set(err, EINVAL, "%s is no regular file", file->path);
    record_add_head(&head, &file->head);
    if (rename(file->path, file->old_path) < 0 && errno != ENOENT)
        return err_set(err, errno, "cannot rename %s to %s: %s", file->path, file->old_path,
                       strerror(errno));
    int fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, RECORD_FILE_MODE);
    if (fd < 0)
        return err_set(err, errno, "cannot create %s: %s", file->path, strerror(errno));
    int rc = write_all(fd, buf_str(&head));
    if (rc < 0) {
        (void)close(fd);
        return err_set(err, -rc, "cannot write %s: %s", file->path, strerror(-rc));
    }
    file->fd = fd;
    file->bytes = head.len;
    return 0;
}

int record_file_open(const char *path, uint64_t limit_bytes, uint64_t run, const struct log *log,
                     struct record_file **ret_file, struct err *err)
{
    struct record_file *file = mem_zalloc(1, sizeof(*file));
    size_t len = strlen(path);
    *file = (struct record_file){
        .path = mem_strndup(path, len),
        .old_path = mem_zalloc(len + sizeof(".1"), 1),
        .part_limit_bytes = limit_bytes / 2,
        .head = {.run = run},
        .log = log,
        .fd = -1,
    };
    (void)snprintf(file->old_path, len + sizeof(".1"), "%s.1", path);
    int rc = begin_part(file, err);
    if (rc < 0)
        record_file_close(file);
    else
        *ret_file = file;
    return rc;
}

static void give_up(struct record_file *file, const char *what)
{
    log_error(file->log, "The recording ends here; scheduling goes on", {"file", file->path},
              {"err", what});
    if (file->fd >= 0)
        (void)close(file->fd);
    file->fd = -1;
}

static bool rotate(struct record_file *file)
{
    struct err err = {0};
    (void)close(file->fd);
    file->fd = -1;
    if (begin_part(file, &err) < 0) {
        give_up(file, err.text);
        return false;
    }
    enum { FIRST_WITHOUT_START = 3 };
    if (file->head.part == FIRST_WITHOUT_START)
        log_warning(file->log,
                    "The start of the recording is gone, it cannot be replayed: begin a new one by "
                    "a restart, or with a higher --record-limit-mb",
                    {"file", file->path});
    return true;
}

bool record_file_write(void *ctx, struct str records)
{
    struct record_file *file = ctx;
    if (file->fd < 0)
        return false;
    if (records.len > file->part_limit_bytes - HEAD_BYTES_MAX) {
        give_up(file, "an object is larger than half of --record-limit-mb");
        return false;
    }
    if (file->bytes + records.len > file->part_limit_bytes && !rotate(file))
        return false;
    int rc = write_all(file->fd, records);
    if (rc < 0) {
        /* On a full disk nothing can be done when this fails too: the reader finds half a record */
        (void)!ftruncate(file->fd, (off_t)file->bytes);
        give_up(file, strerror(-rc));
        return false;
    }
    file->bytes += records.len;
    return true;
}

void record_file_close(struct record_file *file)
{
    if (!file)
        return;
    if (file->fd >= 0 && close(file->fd) < 0)
        log_error(file->log, "The recording may be incomplete", {"file", file->path},
                  {"err", strerror(errno)});
    free(file->path);
    free(file->old_path);
    free(file);
}
