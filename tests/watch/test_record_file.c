/* Where a recording goes: two files of bounded size, and a world in which that fails. */
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/base/mem.h"
#include "model/record.h"
#include "tests/watch/scratch.h"
#include "watch/record_file.h"

enum { RECORD_BYTES = 1000, LIMIT_BYTES = 10000 };

static struct scratch scratch;
static char *path, *old_path;
static struct record_file *file;
static struct err err;

static void set_up(void)
{
    scratch_init(&scratch);
    path = scratch_path(&scratch, "events");
    old_path = scratch_path(&scratch, "events.1");
}

static void tear_down(void)
{
    record_file_close(file);
    free(path);
    free(old_path);
    scratch_fini(&scratch);
}

TestSuite(record_file, .init = set_up, .fini = tear_down);

static void open_file(uint64_t run)
{
    cr_assert_eq(record_file_open(path, LIMIT_BYTES, run, &scratch.log, &file, &err), 0, "%s",
                 err.text);
}

static bool write_record(char filling)
{
    char record[RECORD_BYTES];
    memset(record, filling, sizeof(record));
    return record_file_write(file, (struct str){record, sizeof(record)});
}

/* -1 when it is not there. */
static off_t size_of(const char *name)
{
    struct stat now;
    return stat(name, &now) == 0 ? now.st_size : -1;
}

/* The head of a part; the test fails when there is none. */
static struct record_head head_of(const char *name)
{
    char bytes[RECORD_BYTES];
    struct record_head head = {0};
    struct str body;
    size_t frame_bytes;
    FILE *in = fopen(name, "re");
    cr_assert_not_null(in, "%s", name);
    size_t len = fread(bytes, 1, sizeof(bytes), in);
    (void)fclose(in);
    cr_assert(len > RECORD_MAGIC_BYTES && memcmp(bytes, RECORD_MAGIC, RECORD_MAGIC_BYTES) == 0);
    struct str rest = {bytes + RECORD_MAGIC_BYTES, len - RECORD_MAGIC_BYTES};
    cr_assert_eq(record_unframe(rest, &body, &frame_bytes), FRAME_WHOLE);
    cr_assert_eq(body.ptr[0], RECORD_HEAD);
    struct codec codec = codec_reader((struct str){body.ptr + 1, body.len - 1}, 0, NULL);
    cr_assert(record_read_head(&codec, &head));
    return head;
}

Test(record_file, both_files_together_never_pass_the_limit)
{
    open_file(7);
    for (int i = 0; i < 100; i++) {
        cr_assert(write_record('a'));
        off_t old = size_of(old_path);
        cr_assert_leq(size_of(path) + (old > 0 ? old : 0), LIMIT_BYTES);
    }
    cr_expect_eq(head_of(path).run, 7);
    cr_expect_eq(head_of(old_path).run, 7);
    cr_expect_eq(head_of(path).part, head_of(old_path).part + 1);
    cr_expect(strstr(scratch.log_text, "The start of the recording is gone") != NULL);
}

Test(record_file, the_start_is_kept_until_the_second_part_is_full)
{
    open_file(7);
    for (int i = 0; i < 8; i++)
        cr_assert(write_record('a'));
    cr_expect_eq(head_of(old_path).part, 1);
    cr_expect_eq(head_of(path).part, 2);
    cr_expect_eq(scratch.log_len, 0, "%s", scratch.log_text);
}

Test(record_file, what_a_crashed_run_left_is_kept)
{
    open_file(7);
    cr_assert(write_record('a'));
    record_file_close(file);
    open_file(8);
    cr_expect_eq(head_of(old_path).run, 7);
    cr_expect_eq(head_of(path).run, 8);
    cr_expect_eq(head_of(path).part, 1);
}

Test(record_file, others_cannot_read_it)
{
    struct stat now;
    open_file(7);
    cr_assert_eq(stat(path, &now), 0);
    cr_expect_eq(now.st_mode & 0777, 0600);
}

/* A disk that is full, for certain: the size of files is limited, and the record is half written.
 */
Test(record_file, a_full_disk_ends_the_recording_with_its_last_whole_record)
{
    struct rlimit limit = {.rlim_cur = 2 * RECORD_BYTES + RECORD_BYTES / 2,
                           .rlim_max = RLIM_INFINITY};
    (void)signal(SIGXFSZ, SIG_IGN);
    open_file(7);
    off_t head_bytes = size_of(path);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    cr_expect(write_record('a'));
    cr_expect(write_record('b'));
    cr_expect(!write_record('c'));
    cr_expect(!write_record('d'), "nothing more is taken");
    cr_expect_eq(size_of(path), head_bytes + 2 * RECORD_BYTES);
    cr_expect(strstr(scratch.log_text, "The recording ends here; scheduling goes on") != NULL);
    cr_expect(strstr(scratch.log_text, path) != NULL);
    cr_expect(strstr(scratch.log_text, strerror(EFBIG)) != NULL, "%s", scratch.log_text);
}

Test(record_file, the_folder_that_went_away_ends_the_recording_at_the_next_part)
{
    open_file(7);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkdir(path, 0700), 0); /* in its place */
    bool is_taken = true;
    for (int i = 0; i < 6 && is_taken; i++)
        is_taken = write_record('a');
    cr_expect(!is_taken);
    cr_expect(strstr(scratch.log_text, "is no regular file") != NULL, "%s", scratch.log_text);
    cr_assert_eq(rmdir(path), 0);
}

Test(record_file, an_object_larger_than_a_part_ends_the_recording)
{
    char *huge = mem_zalloc(LIMIT_BYTES / 2, 1);
    open_file(7);
    cr_expect(!record_file_write(file, (struct str){huge, LIMIT_BYTES / 2}));
    cr_expect(strstr(scratch.log_text, "--record-limit-mb") != NULL, "%s", scratch.log_text);
    free(huge);
}

/* Root would move the device away. */
Test(record_file, what_is_no_file_is_left_alone)
{
    static const char *const names[] = {"/dev/null", "/dev/full", "/"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct record_file *none = NULL;
        int rc = record_file_open(names[i], LIMIT_BYTES, 1, &scratch.log, &none, &err);
        cr_expect_lt(rc, 0);
        cr_expect_null(none);
        cr_expect(strstr(err.text, "is no regular file") != NULL, "%s", err.text);
        cr_expect_eq(access(names[i], F_OK), 0);
    }
}
