#include "watch/log.h"

#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "model/base/buf.h"
#include "model/base/utf8.h"

/* A longer line is cut: a log line is for reading, and values may come from tenants. */
enum { LINE_BYTES_MAX = 16 << 10, VALUE_BYTES_MAX = 4 << 10 };

static const char level_letters[] = {[LOG_ERROR] = 'E', [LOG_WARNING] = 'W', [LOG_INFO] = 'I'};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static size_t value_len(const char *value)
{
    return strnlen(value, VALUE_BYTES_MAX);
}

/* Go's strconv.Quote: what a terminal or a second log line could be made of is written as an
 * escape. */
static void add_quoted(struct buf *line, const char *value)
{
    size_t len = value_len(value);
    (void)buf_add_str(line, "\"");
    for (size_t i = 0; i < len;) {
        unsigned char byte = (unsigned char)value[i];
        size_t sequence = utf8_sequence(value + i, len - i);
        if (byte == '"' || byte == '\\')
            (void)buf_printf(line, "\\%c", byte);
        else if (byte == '\n' || byte == '\t' || byte == '\r')
            (void)buf_printf(line, "\\%c", byte == '\n' ? 'n' : byte == '\t' ? 't' : 'r');
        else if (byte < 0x20 || byte == 0x7f || sequence == 0)
            (void)buf_printf(line, "\\x%02x", byte);
        else if (byte == 0xc2 && (unsigned char)value[i + 1] < 0xa0) /* C1 controls: 8-bit CSI */
            (void)buf_printf(line, "\\u00%02x", (unsigned char)value[i + 1]);
        else
            (void)buf_add(line, value + i, sequence);
        i += sequence ? sequence : 1;
    }
    (void)buf_add_str(line, "\"");
}

static void format_text(struct buf *line, const struct timeval *now, enum log_level level,
                        const char *file, int line_number, const char *msg,
                        const struct log_pair *pairs)
{
    struct tm local;
    (void)localtime_r(&now->tv_sec, &local);
    (void)buf_printf(line, "%c%02d%02d %02d:%02d:%02d.%06ld %7ld %s:%d] ", level_letters[level],
                     local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec,
                     (long)now->tv_usec, (long)getpid(), base_name(file), line_number);
    add_quoted(line, msg);
    for (; pairs->key; pairs++) {
        (void)buf_printf(line, " %s=", pairs->key);
        add_quoted(line, pairs->value ? pairs->value : "");
    }
}

static void add_json_pair(struct buf *line, const char *key, const char *value)
{
    (void)buf_add_str(line, ",\"");
    (void)buf_add_json(line, key, strlen(key));
    (void)buf_add_str(line, "\":\"");
    (void)buf_add_json(line, value, value_len(value));
    (void)buf_add_str(line, "\"");
}

static void format_json(struct buf *line, const struct timeval *now, enum log_level level, int v,
                        const char *caller, const char *msg, const struct log_pair *pairs)
{
    int64_t now_us = (int64_t)now->tv_sec * 1000000 + now->tv_usec;
    (void)buf_printf(line, "{\"ts\":%lld.%03lld", (long long)(now_us / 1000),
                     (long long)(now_us % 1000));
    add_json_pair(line, "caller", caller);
    add_json_pair(line, "msg", msg);
    if (level == LOG_INFO)
        (void)buf_printf(line, ",\"v\":%d", v);
    else
        add_json_pair(line, "level", level == LOG_ERROR ? "error" : "warning");
    for (; pairs->key; pairs++)
        add_json_pair(line, pairs->key, pairs->value ? pairs->value : "");
    (void)buf_add_str(line, "}");
}

void log_emit(const struct log *log, enum log_level level, int v, const char *file, int line,
              const char *msg, const struct log_pair *pairs)
{
    if (v > log->verbosity || !log->out)
        return;
    struct timeval now;
    (void)gettimeofday(&now, NULL);

    /* One byte is kept for the newline; escapes may make a value up to six times as long. */
    struct buf text;
    buf_init(&text, LINE_BYTES_MAX);
    char caller[128];
    (void)snprintf(caller, sizeof(caller), "%s:%d", file, line);
    if (log->format == LOG_JSON)
        format_json(&text, &now, level, v, caller, msg, pairs);
    else
        format_text(&text, &now, level, file, line, msg, pairs);
    if (buf_overflowed(&text) && log->format == LOG_JSON) {
        buf_clear(&text); /* a cut object is no JSON: keep what identifies the line */
        format_json(&text, &now, level, v, caller, "message too long for the log",
                    &(struct log_pair){0});
    }
    if (text.data) {
        /* One write of one line: stderr is unbuffered and lines of others must not come between. */
        text.data[text.len] = '\n';
        (void)fwrite(text.data, 1, text.len + 1, log->out);
        (void)fflush(log->out);
    }
    buf_fini(&text);
}

const char *log_number(long long number, char ret_text[24])
{
    (void)snprintf(ret_text, 24, "%lld", number);
    return ret_text;
}
