#include "model/lexer_block.h"
#include "model/lexer_state.h"

enum lexeme lexer_skip_string(struct lexer *lexer)
{
    while (lexer->at < lexer->end) {
        if (lexer->is_escaped) {
            lexer->is_escaped = false;
            lexer->at++;
            continue;
        }
        lexer->at = lexer_find_special(lexer->at, lexer->end);
        if (lexer->at == lexer->end)
            break;
        char c = *lexer->at++;
        if (c == '"') {
            lexer_end_value(lexer);
            return LEX_STRING;
        }
        lexer->is_escaped = c == '\\';
    }
    return LEX_MORE;
}

/* Where the brackets of a block may end the value, or go too deep: one at a time. */
static enum lexeme skip_brackets(struct lexer *lexer, uint64_t opens, uint64_t closes)
{
    for (uint64_t both = opens | closes; both; both &= both - 1) {
        uint64_t bit = both & -both;
        if (opens & bit) {
            if (lexer->depth + ++lexer->skip_depth > LEXER_DEPTH_MAX) {
                lexer->at += __builtin_ctzll(bit);
                return lexer_fail_depth(lexer);
            }
        } else if (--lexer->skip_depth == 0) {
            lexer->at += __builtin_ctzll(bit) + 1;
            lexer->in_string = lexer->is_escaped = false;
            lexer_end_value(lexer);
            return LEX_OBJECT_END;
        }
    }
    return LEX_MORE;
}

enum lexeme lexer_skip_nested(struct lexer *lexer)
{
    while (lexer->at < lexer->end) {
        size_t left = (size_t)(lexer->end - lexer->at);
        size_t len = left < LEXER_BLOCK_BYTES ? left : LEXER_BLOCK_BYTES;
        struct lexer_block block;
        if (len == LEXER_BLOCK_BYTES) {
            lexer_block_read(lexer->at, &block);
        } else {
            char padded[LEXER_BLOCK_BYTES];
            memset(padded, ' ', sizeof(padded));
            memcpy(padded, lexer->at, len);
            lexer_block_read(padded, &block);
        }
        bool next_escaped = false;
        if (block.backslashes || lexer->is_escaped) {
            uint64_t escaped = lexer_escaped(block.backslashes, lexer->is_escaped, &next_escaped);
            block.quotes &= ~escaped;
            if (len < LEXER_BLOCK_BYTES)
                next_escaped = escaped >> len & 1;
        }
        uint64_t inside = lexer_prefix_xor(block.quotes) ^ (lexer->in_string ? UINT64_MAX : 0);
        uint64_t opens = block.opens & ~inside, closes = block.closes & ~inside;
        uint32_t open_count = lexer_bit_count(opens), close_count = lexer_bit_count(closes);
        if (close_count < lexer->skip_depth &&
            lexer->depth + lexer->skip_depth + open_count <= LEXER_DEPTH_MAX) {
            lexer->skip_depth += open_count - close_count;
        } else {
            enum lexeme lexeme = skip_brackets(lexer, opens, closes);
            if (lexeme != LEX_MORE)
                return lexeme;
        }
        lexer->in_string = inside >> 63;
        lexer->is_escaped = next_escaped;
        lexer->at += len;
    }
    return LEX_MORE;
}

enum lexeme lexer_start_skip_nested(struct lexer *lexer)
{
    if (lexer->depth == LEXER_DEPTH_MAX)
        return lexer_fail_depth(lexer);
    lexer->at++;
    lexer->under_way = WAY_SKIP_NESTED;
    lexer->skip_depth = 1;
    return lexer_skip_nested(lexer);
}

enum lexeme lexer_start_skip_string(struct lexer *lexer)
{
    lexer->at++;
    lexer->under_way = WAY_SKIP_STRING;
    return lexer_skip_string(lexer);
}
