/*
 * JSON (RFC 8259) as it arrives: bytes are pushed in pieces of any size, tokens are pulled out.
 * Stops and goes on at any byte; nothing depends on where the input was cut. No tree, no allocation
 * but one scratch buffer for strings that are escaped or cut in two.
 *
 * What the caller does not want is skipped 64 bytes at a time by counting brackets outside of
 * strings. Inside of what is skipped only brackets, quotes, depth and the end are checked, not
 * every comma.
 *
 * U+0000 is read as U+FFFD: the apiserver lets users write it into annotations and images, and a
 * text that has it must neither end the stream of everybody nor be cut short by it.
 */
#ifndef MODEL_LEXER_H
#define MODEL_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/base/buf.h"
#include "model/base/str.h"

enum {
    LEXER_DEPTH_MAX = 64,           /* one bit each in a word */
    LEXER_STRING_BYTES_MAX = 65536, /* of a string that is read; the rest is dropped and marked */
    LEXER_NUMBER_BYTES_MAX = 128,   /* likewise; no number we read has more than 20 digits */
    LEXER_ERROR_BYTES = 128,
};

enum lexeme {
    LEX_MORE,  /* the piece is used up: push the next */
    LEX_ERROR, /* see lexer->error; nothing can follow */
    LEX_KEY,   /* text: unescaped */
    LEX_STRING,
    LEX_NUMBER, /* text: as written */
    LEX_TRUE,
    LEX_FALSE,
    LEX_NULL,
    LEX_OBJECT,
    LEX_OBJECT_END,
    LEX_ARRAY,
    LEX_ARRAY_END,
};

struct lexer {
    struct str text; /* of KEY, STRING, NUMBER; valid until the next call */
    bool is_long;    /* text is only the beginning: over the limits above */
    uint32_t depth;  /* open objects and arrays */
    char error[LEXER_ERROR_BYTES];

    /* private */
    const char *piece, *at, *end;
    uint64_t piece_offset, token_offset; /* bytes from the start of the input */
    uint64_t is_array_bits;              /* bit 0: the innermost container */
    uint8_t expect, under_way;
    bool is_stream, is_key, is_skipping, has_high, in_string, is_escaped;
    uint8_t escape;      /* where inside of an escape sequence, 0 outside */
    uint16_t unit, high; /* of \uXXXX, and the first half of a pair */
    const char *literal; /* rest of true, false or null */
    enum lexeme literal_is;
    uint32_t skip_depth; /* brackets open inside of what is skipped */
    uint64_t text_bytes; /* of the token so far, also those beyond the limit */
    struct buf scratch;
};

/* A stream holds any number of top-level values, else there is exactly one. They must be objects.
 */
void lexer_init(struct lexer *lexer, bool is_stream);
void lexer_fini(struct lexer *lexer);
void lexer_reset(struct lexer *lexer); /* to the start of an input; keeps memory */

/* The next piece of input, borrowed until LEX_MORE. CHECKs that the last one is used up. */
void lexer_push(struct lexer *lexer, const char *bytes, size_t len);

enum lexeme lexer_next(struct lexer *lexer);

/* Right after LEX_KEY: its value is passed over, the next token is what follows it. */
void lexer_skip_value(struct lexer *lexer);

/* The rest of the `levels` innermost open objects and arrays is passed over, their ends included.
 */
void lexer_skip_rest(struct lexer *lexer, uint32_t levels);

/* Whether the input may end here. A single value has to have come; a stream may be empty. */
bool lexer_is_complete(const struct lexer *lexer);

/* Bytes taken since the start of the input. */
uint64_t lexer_offset(const struct lexer *lexer);

#endif
