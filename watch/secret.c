#include "watch/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/base/check.h"
#include "model/base/mem.h"

enum { READ_STEP_BYTES = 16 << 10 };

void secret_clear(struct secret *secret)
{
    if (secret->data)
        explicit_bzero(secret->data, secret->len);
    free(secret->data);
    *secret = (struct secret){0};
}

void secret_set(struct secret *secret, struct str bytes)
{
    struct secret copy = {mem_strndup(bytes.ptr, bytes.len), bytes.len};
    secret_move(secret, &copy);
}

void secret_move(struct secret *secret, struct secret *from)
{
    struct secret taken = *from;
    *from = (struct secret){0};
    secret_clear(secret);
    *secret = taken;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
    if (!a->data || !b->data)
        return a->data == b->data;
    return str_equal(secret_str(a), secret_str(b));
}

/* realloc() would leave an old copy behind: move by hand and wipe. */
static void grow(struct secret *secret, size_t *capacity)
{
    size_t larger = mem_grow(*capacity, *capacity + READ_STEP_BYTES);
    char *data = mem_zalloc(larger + 1, 1);
    if (secret->len > 0)
        memcpy(data, secret->data, secret->len);
    size_t len = secret->len;
    secret_clear(secret);
    *secret = (struct secret){data, len};
    *capacity = larger;
}

int secret_read_fd(int fd, size_t max_bytes, struct secret *ret_content)
{
    struct secret content = {0};
    size_t capacity = 0;
    ssize_t got;
    do {
        if (content.len == capacity)
            grow(&content, &capacity);
        got = read(fd, content.data + content.len, capacity - content.len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got > 0)
            content.len += (size_t)got;
        if (got < 0 || content.len > max_bytes) {
            int code = got < 0 ? errno : EFBIG;
            secret_clear(&content);
            return -code;
        }
    } while (got != 0);
    content.data[content.len] = '\0';
    secret_move(ret_content, &content);
    return 0;
}

int secret_read_file(const char *path, size_t max_bytes, struct secret *ret_content,
                     mode_t *ret_mode, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, errno, "%s: %s", path, strerror(errno));
    struct stat status = {0};
    int failed = fstat(fd, &status) == 0 ? secret_read_fd(fd, max_bytes, ret_content) : -errno;
    (void)close(fd);
    if (failed == -EFBIG)
        return err_set(err, EFBIG, "%s: larger than %zu KiB", path, max_bytes >> 10);
    if (failed)
        return err_set(err, -failed, "%s: %s", path, strerror(-failed));
    if (ret_mode)
        *ret_mode = status.st_mode;
    return 0;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int secret_from_base64(struct str text, struct secret *ret_bytes)
{
    struct secret bytes = {mem_zalloc(text.len / 4 * 3 + 4, 1), 0};
    uint32_t group = 0;
    size_t digits = 0, padding = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\n' || c == '\r')
            continue;
        int digit = base64_digit(c);
        if (c == '=')
            padding++;
        if ((digit < 0 && c != '=') || (digit >= 0 && padding > 0) || padding > 2)
            goto invalid;
        group = group << 6 | (digit > 0 ? (uint32_t)digit : 0);
        if (++digits % 4 != 0)
            continue;
        for (size_t byte = 0; byte < 3 - padding; byte++)
            bytes.data[bytes.len++] = (char)(group >> (16 - 8 * byte) & 0xff);
        group = 0;
    }
    if (digits % 4 != 0)
        goto invalid;
    secret_move(ret_bytes, &bytes);
    return 0;

invalid:
    secret_clear(&bytes);
    return -EINVAL;
}
