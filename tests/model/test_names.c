#include <criterion/criterion.h>

#include "model/names.h"

Test(names, the_constants_are_the_symbols_of_their_texts)
{
    static const struct {
        enum name_symbol name;
        const char *text;
    } rows[] = {
        {NAME_EMPTY, ""},
        {NAME_CPU, "cpu"},
        {NAME_EPHEMERAL_STORAGE, "ephemeral-storage"},
        {NAME_METADATA_NAME, "metadata.name"},
        {NAME_TAINT_UNSCHEDULABLE, "node.kubernetes.io/unschedulable"},
        {NAME_HOSTNAME, "kubernetes.io/hostname"},
        {NAME_ANY_IPV4, "0.0.0.0"},
    };
    struct symbols *symbols = names_symbols_new(99);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_assert_eq(symbol_find(symbols, str_from(rows[i].text)), rows[i].name, "%s",
                     rows[i].text);
    cr_assert_eq(symbols_count(symbols), NAME_COUNT);
    symbols_free(symbols);
}

Test(names, the_table_takes_ten_million_more, .timeout = 60)
{
    struct symbols *symbols = names_symbols_new(1);
    for (uint32_t i = 0; i < 10000000; i++) {
        char text[24];
        size_t len = 0;
        for (uint32_t rest = i; len == 0 || rest > 0; rest /= 10)
            text[len++] = (char)('0' + rest % 10);
        memcpy(text + len, "-replica-set", 12);
        uint32_t symbol = symbol_intern(symbols, (struct str){text, len + 12});
        cr_assert_eq(symbol, NAME_COUNT + i);
    }
    cr_assert_str_eq(symbol_text(symbols, NAME_COUNT + 1234567), "7654321-replica-set");
    cr_assert_eq(symbol_find(symbols, STR("99999999-replica-set")), SYM_ABSENT);
    cr_assert_lt(symbols_bytes(symbols), NAMES_LIMIT_BYTES);
    symbols_free(symbols);
}
