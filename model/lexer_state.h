/* Shared by the parts of the lexer: model/lexer*.c. */
#ifndef MODEL_LEXER_STATE_H
#define MODEL_LEXER_STATE_H

#include "model/lexer.h"

enum expect {
    EXPECT_TOP,       /* an object at top level, or the end */
    EXPECT_NOTHING,   /* only white space: the one value is complete */
    EXPECT_FIRST_KEY, /* or } */
    EXPECT_KEY,       /* after a comma */
    EXPECT_COLON,
    EXPECT_FIRST_ITEM, /* or ] */
    EXPECT_VALUE,
    EXPECT_COMMA, /* or the closing bracket */
};

/* What a piece may end in the middle of. */
enum under_way {
    WAY_BETWEEN,
    WAY_STRING,
    WAY_NUMBER,
    WAY_LITERAL,
    WAY_SKIP_STRING,
    WAY_SKIP_NESTED,
    WAY_FAILED,
};

/* Steps of an escape sequence: after \, four digits after \u, then the second half of a pair. */
enum escape {
    ESCAPE_NONE,
    ESCAPE_LETTER,
    ESCAPE_DIGITS, /* 4 steps */
    ESCAPE_PAIR_BACKSLASH = ESCAPE_DIGITS + 4,
    ESCAPE_PAIR_U,
    ESCAPE_PAIR_DIGITS, /* 4 steps */
};

/* A value is complete: what may follow. */
static inline void lexer_end_value(struct lexer *lexer)
{
    lexer->under_way = WAY_BETWEEN;
    lexer->is_skipping = false;
    lexer->expect = lexer->depth > 0   ? EXPECT_COMMA
                    : lexer->is_stream ? EXPECT_TOP
                                       : EXPECT_NOTHING;
}

/* lexer_offset(), for each token. */
static inline uint64_t lexer_here(const struct lexer *lexer)
{
    return lexer->piece_offset + (uint64_t)(lexer->at - lexer->piece);
}

enum lexeme lexer_fail_at(struct lexer *lexer, uint64_t offset, const char *what);
enum lexeme lexer_fail_expected(struct lexer *lexer,
                                const char *expected); /* at the present byte */
enum lexeme lexer_fail_depth(struct lexer *lexer);

/* lexer_text.c: at the opening quote, at the first digit; the others go on in a new piece. */
enum lexeme lexer_start_string(struct lexer *lexer, bool is_key);
enum lexeme lexer_collect_string(struct lexer *lexer);
enum lexeme lexer_start_number(struct lexer *lexer);
enum lexeme lexer_read_number(struct lexer *lexer);

/* lexer_skip.c: at the opening quote or bracket; the others go on in a new piece. */
enum lexeme lexer_start_skip_string(struct lexer *lexer);
enum lexeme lexer_skip_string(struct lexer *lexer);
enum lexeme lexer_start_skip_nested(struct lexer *lexer);
enum lexeme lexer_skip_nested(struct lexer *lexer);

#endif
