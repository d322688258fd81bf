#include "model/uid.h"

#include <inttypes.h>
#include <stdio.h>

#include "model/base/check.h"

enum { UUID_TEXT_LEN = 36 }; /* 8-4-4-4-12 hex digits */

/* `hi` of a UID that is kept as a symbol. */
#define UID_HI_SYMBOL UINT64_MAX

/* The value of a digit as the canonical form writes it (lower case), or -1. */
static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False when the text is no canonical UUID, or one whose bits already mean something else. */
static bool uuid_parse(struct str text, struct uid *ret_uid)
{
    if (text.len != UUID_TEXT_LEN)
        return false;
    uint64_t words[2] = {0, 0};
    unsigned digit_count = 0;
    for (size_t i = 0; i < UUID_TEXT_LEN; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text.ptr[i] != '-')
                return false;
            continue;
        }
        int digit = hex_digit(text.ptr[i]);
        if (digit < 0)
            return false;
        words[digit_count / 16] = words[digit_count / 16] << 4 | (uint64_t)digit;
        digit_count++;
    }
    struct uid uid = {.hi = words[0], .lo = words[1]};
    if (uid_is_zero(uid) || uid.hi == UID_HI_SYMBOL)
        return false;
    *ret_uid = uid;
    return true;
}

bool uid_parse(struct symbols *symbols, struct str text, struct uid *ret_uid)
{
    if (text.len == 0) {
        *ret_uid = (struct uid){0, 0};
        return true;
    }
    if (uuid_parse(text, ret_uid))
        return true;
    if (text.len >= UID_TEXT_BYTES)
        return false;
    uint32_t symbol = symbol_intern(symbols, text);
    if (symbol == SYM_FULL)
        return false;
    *ret_uid = (struct uid){.hi = UID_HI_SYMBOL, .lo = symbol};
    return true;
}

size_t uid_format(const struct symbols *symbols, struct uid uid, char ret_text[UID_TEXT_BYTES])
{
    if (uid_is_zero(uid)) {
        ret_text[0] = '\0';
        return 0;
    }
    if (uid.hi == UID_HI_SYMBOL) {
        CHECK(uid.lo <= UINT32_MAX);
        struct str text = symbol_str(symbols, (uint32_t)uid.lo);
        CHECK(text.len < UID_TEXT_BYTES);
        memcpy(ret_text, text.ptr, text.len + 1);
        return text.len;
    }
    int len = snprintf(ret_text, UID_TEXT_BYTES,
                       "%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%012" PRIx64,
                       uid.hi >> 32, uid.hi >> 16 & 0xffff, uid.hi & 0xffff, uid.lo >> 48,
                       uid.lo & 0xffffffffffff);
    CHECK(len == UUID_TEXT_LEN);
    return UUID_TEXT_LEN;
}
