/* UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef MODEL_BASE_UTF8_H
#define MODEL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length in bytes of the valid sequence at `text`, 0 when there is none within `len`. */
size_t utf8_sequence(const char *text, size_t len);

/* Whether all of `text` is valid. */
bool utf8_valid(const char *text, size_t len);

/* Writes a code point (at most 0x10FFFF, no surrogate) and returns its length, 1 to 4 bytes. */
size_t utf8_encode(uint32_t code_point, char ret_bytes[4]);

#endif
