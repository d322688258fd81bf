#include "bench/perf_expression.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/perf_text.h"

enum { NUMBER_MAX = 1 << 30, NUMBER_BYTES = 32, NAME_BYTES = 64 };

typedef json_t *function(json_t **arguments, size_t count);

/* ---- values ---- */

bool perf_value_holds(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_TRUE:
        return true;
    case JSON_INTEGER:
        return json_integer_value(value) != 0;
    case JSON_REAL:
        return fpclassify(json_real_value(value)) != FP_ZERO;
    case JSON_STRING:
        return json_string_length(value) > 0;
    case JSON_ARRAY:
        return json_array_size(value) > 0;
    case JSON_OBJECT:
        return json_object_size(value) > 0;
    case JSON_FALSE:
    case JSON_NULL:
        break;
    }
    return false;
}

static int add_dumped(const char *bytes, size_t len, void *out)
{
    (void)buf_add(out, bytes, len);
    return 0;
}

void perf_value_print(const json_t *value, struct buf *out)
{
    if (json_is_string(value))
        (void)buf_add(out, json_string_value(value), json_string_length(value));
    else if (json_is_real(value))
        (void)buf_printf(out, "%g", json_real_value(value));
    else
        (void)json_dump_callback(value, add_dumped, out, JSON_ENCODE_ANY | JSON_COMPACT);
}

/* Numbers, and texts that are numbers: as the functions of scheduler_perf take them. */
static bool number_of(const json_t *value, double *ret_number)
{
    if (json_is_string(value)) {
        const char *text = json_string_value(value);
        char *end;
        *ret_number = strtod(text, &end);
        return *text && !*end;
    }
    *ret_number = json_number_value(value);
    return json_is_number(value);
}

/* ---- functions; NULL: the arguments are not right ---- */

static json_t *whole(double number)
{
    return fabs(number) < 9e15 ? json_integer((json_int_t)number) : NULL;
}

static json_t *fold(json_t **arguments, size_t count, bool multiplies)
{
    double result = multiplies ? 1 : 0;
    for (size_t i = 0; i < count; i++) {
        double number;
        if (!number_of(arguments[i], &number))
            return NULL;
        result = multiplies ? result * number : result + number;
    }
    return whole(result);
}

static json_t *add_int(json_t **arguments, size_t count)
{
    return fold(arguments, count, false);
}

static json_t *multiply_int(json_t **arguments, size_t count)
{
    return fold(arguments, count, true);
}

static bool two_numbers(json_t **arguments, size_t count, double *ret_left, double *ret_right)
{
    return count == 2 && number_of(arguments[0], ret_left) && number_of(arguments[1], ret_right);
}

static json_t *subtract_int(json_t **arguments, size_t count)
{
    double left, right;
    return two_numbers(arguments, count, &left, &right) ? whole(left - right) : NULL;
}

static json_t *divide_int(json_t **arguments, size_t count)
{
    double left, right;
    if (!two_numbers(arguments, count, &left, &right) || fpclassify(right) == FP_ZERO)
        return NULL;
    return whole(left / right);
}

static json_t *mod_int(json_t **arguments, size_t count)
{
    double left, right;
    if (!two_numbers(arguments, count, &left, &right) || fabs(right) < 1 || fabs(left) > 9e15 ||
        fabs(right) > 9e15)
        return NULL;
    return json_integer((json_int_t)left % (json_int_t)right);
}

static json_t *to_int(json_t **arguments, size_t count)
{
    double number;
    return count == 1 && number_of(arguments[0], &number) ? whole(number) : NULL;
}

static json_t *to_json(json_t **arguments, size_t count)
{
    if (count != 1)
        return NULL;
    char *text = json_dumps(arguments[0], JSON_ENCODE_ANY | JSON_COMPACT);
    json_t *value = text ? json_string(text) : NULL;
    free(text);
    return value;
}

/* -1, 0, 1 in *ret_order; false: these two cannot be compared. */
static bool compare(const json_t *left, const json_t *right, int *ret_order)
{
    if (json_is_string(left) && json_is_string(right)) {
        int order = strcmp(json_string_value(left), json_string_value(right));
        *ret_order = (order > 0) - (order < 0);
        return true;
    }
    if (json_is_number(left) && json_is_number(right)) {
        double l = json_number_value(left), r = json_number_value(right);
        *ret_order = (l > r) - (l < r);
        return true;
    }
    *ret_order = !json_equal(left, right);
    return json_typeof(left) == json_typeof(right) || json_is_null(left) || json_is_null(right) ||
           (json_is_boolean(left) && json_is_boolean(right));
}

/* Like any of those that follow. */
static json_t *equal(json_t **arguments, size_t count)
{
    int order = 1;
    if (count < 2)
        return NULL;
    for (size_t i = 1; i < count && order != 0; i++)
        if (!compare(arguments[0], arguments[i], &order))
            return NULL;
    return json_boolean(order == 0);
}

static json_t *not_equal(json_t **arguments, size_t count)
{
    int order;
    return count == 2 && compare(arguments[0], arguments[1], &order) ? json_boolean(order != 0)
                                                                     : NULL;
}

static bool ordered(json_t **arguments, size_t count, int *ret_order)
{
    return count == 2 && !json_is_null(arguments[0]) && !json_is_null(arguments[1]) &&
           compare(arguments[0], arguments[1], ret_order);
}

static json_t *less(json_t **arguments, size_t count)
{
    int order;
    return ordered(arguments, count, &order) ? json_boolean(order < 0) : NULL;
}

static json_t *less_or_equal(json_t **arguments, size_t count)
{
    int order;
    return ordered(arguments, count, &order) ? json_boolean(order <= 0) : NULL;
}

static json_t *greater(json_t **arguments, size_t count)
{
    int order;
    return ordered(arguments, count, &order) ? json_boolean(order > 0) : NULL;
}

static json_t *greater_or_equal(json_t **arguments, size_t count)
{
    int order;
    return ordered(arguments, count, &order) ? json_boolean(order >= 0) : NULL;
}

/* The first that holds (or does not), else the last. */
static json_t *first_that(json_t **arguments, size_t count, bool holds)
{
    for (size_t i = 0; i + 1 < count; i++)
        if (perf_value_holds(arguments[i]) == holds)
            return json_incref(arguments[i]);
    return count > 0 ? json_incref(arguments[count - 1]) : NULL;
}

static json_t *any_of(json_t **arguments, size_t count)
{
    return first_that(arguments, count, true);
}

static json_t *all_of(json_t **arguments, size_t count)
{
    return first_that(arguments, count, false);
}

static json_t *negation(json_t **arguments, size_t count)
{
    return count == 1 ? json_boolean(!perf_value_holds(arguments[0])) : NULL;
}

static const struct {
    const char *name;
    function *call;
} functions[] = {
    {"AddInt", add_int},
    {"SubtractInt", subtract_int},
    {"MultiplyInt", multiply_int},
    {"DivideInt", divide_int},
    {"Mod", mod_int},
    {"Int", to_int},
    {"JSON", to_json},
    {"eq", equal},
    {"ne", not_equal},
    {"lt", less},
    {"le", less_or_equal},
    {"gt", greater},
    {"ge", greater_or_equal},
    {"or", any_of},
    {"and", all_of},
    {"not", negation},
};

static function *function_named(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(functions); i++)
        if (str_is(name, functions[i].name))
            return functions[i].call;
    return NULL;
}

/* ---- the expression ---- */

/* A call whose arguments are being read; or a value alone, with no function. */
struct call {
    function *function;
    json_t *arguments[PERF_TEXT_ARGUMENTS_MAX]; /* owned */
    size_t count;
    json_t *piped; /* owned: its last argument, when it came before a bar; else NULL */
};

struct expression {
    struct str text;
    size_t at;
    const json_t *env;
    struct call calls[PERF_TEXT_CALLS_MAX];
    size_t depth;
    const char *wrong;
};

static void add_argument(struct expression *expression, struct call *call, json_t *owned_value)
{
    if (!owned_value || call->count == PERF_TEXT_ARGUMENTS_MAX) {
        if (!expression->wrong)
            expression->wrong = owned_value ? "too many arguments" : "a value cannot be read";
        json_decref(owned_value);
        return;
    }
    call->arguments[call->count++] = owned_value;
}

static struct call *innermost(struct expression *expression)
{
    return &expression->calls[expression->depth - 1];
}

static void open_call(struct expression *expression)
{
    if (expression->depth == PERF_TEXT_CALLS_MAX)
        expression->wrong = "calls are nested too deep";
    else
        expression->calls[expression->depth++] = (struct call){0};
}

/* Takes the innermost call off; its value, yours, or NULL with what is wrong. */
static json_t *close_call(struct expression *expression)
{
    struct call *call = innermost(expression);
    json_t *value = NULL;
    if (call->piped)
        add_argument(expression, call, call->piped);
    expression->depth--;
    if (call->function)
        value = call->function(call->arguments, call->count);
    else if (call->count == 1)
        value = json_incref(call->arguments[0]);
    if (!value && !expression->wrong)
        expression->wrong = call->function ? "the function cannot take these arguments"
                                           : "one value is expected here";
    for (size_t i = 0; i < call->count; i++)
        json_decref(call->arguments[i]);
    return value;
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || c == '+';
}

static struct str take_word(struct expression *expression)
{
    size_t start = expression->at;
    while (expression->at < expression->text.len &&
           is_word_byte(expression->text.ptr[expression->at]))
        expression->at++;
    return (struct str){expression->text.ptr + start, expression->at - start};
}

/* ".Field"; null when it is not there. */
static json_t *field_value(struct expression *expression, struct str word)
{
    char name[NAME_BYTES];
    if (word.len < 2 || word.len > sizeof(name) || memchr(word.ptr + 1, '.', word.len - 1)) {
        expression->wrong = "only fields of one name are supported";
        return NULL;
    }
    memcpy(name, word.ptr + 1, word.len - 1);
    name[word.len - 1] = '\0';
    json_t *value = json_object_get(expression->env, name);
    return value ? json_incref(value) : json_null();
}

static json_t *number_value(struct expression *expression, struct str word)
{
    char text[NUMBER_BYTES];
    if (word.len >= sizeof(text)) {
        expression->wrong = "the number is too long";
        return NULL;
    }
    memcpy(text, word.ptr, word.len);
    text[word.len] = '\0';
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (!*end && errno == 0 && llabs(number) <= NUMBER_MAX)
        return json_integer(number);
    double real = strtod(text, &end);
    if (!*end && fabs(real) <= NUMBER_MAX)
        return json_real(real);
    expression->wrong = "neither a number nor a function that is supported";
    return NULL;
}

static void take_name_or_number(struct expression *expression)
{
    struct call *call = innermost(expression);
    struct str word = take_word(expression);
    function *found = function_named(word);
    if (found && (call->count > 0 || call->function))
        expression->wrong = "a function among arguments needs parentheses";
    else if (found)
        call->function = found;
    else if (word.ptr[0] == '.')
        add_argument(expression, call, field_value(expression, word));
    else if (str_is(word, "true") || str_is(word, "false"))
        add_argument(expression, call, json_boolean(str_is(word, "true")));
    else if (str_is(word, "nil"))
        add_argument(expression, call, json_null());
    else
        add_argument(expression, call, number_value(expression, word));
}

/* "..." without escapes. */
static void take_text(struct expression *expression)
{
    const char *start = expression->text.ptr + expression->at + 1;
    size_t left = expression->text.len - expression->at - 1;
    const char *end = memchr(start, '"', left);
    if (!end || memchr(start, '\\', (size_t)(end - start))) {
        expression->wrong = "a text that does not end, or has escapes";
        return;
    }
    add_argument(expression, innermost(expression), json_stringn(start, (size_t)(end - start)));
    expression->at += (size_t)(end - start) + 2;
}

/* What came before the bar is the last argument of the call behind it. */
static void take_bar(struct expression *expression)
{
    json_t *value = close_call(expression);
    open_call(expression);
    struct call *call = innermost(expression);
    while (expression->at < expression->text.len && expression->text.ptr[expression->at] == ' ')
        expression->at++;
    call->function = function_named(take_word(expression));
    if (!call->function && !expression->wrong)
        expression->wrong = "a function is expected behind |";
    call->piped = value;
}

static void take_token(struct expression *expression)
{
    char c = expression->text.ptr[expression->at];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        expression->at++;
    } else if (c == '(') {
        expression->at++;
        open_call(expression);
    } else if (c == ')' && expression->depth > 1) {
        expression->at++;
        json_t *value = close_call(expression);
        if (value)
            add_argument(expression, innermost(expression), value);
    } else if (c == '|') {
        expression->at++;
        take_bar(expression);
    } else if (c == '"') {
        take_text(expression);
    } else if (is_word_byte(c)) {
        take_name_or_number(expression);
    } else {
        expression->wrong = c == '$' ? "variables are not supported" : "this cannot be read";
    }
}

json_t *perf_expression(struct str text, const json_t *env, const char **ret_wrong)
{
    struct expression expression = {.text = text, .env = env, .depth = 1};
    while (!expression.wrong && expression.at < text.len)
        take_token(&expression);
    if (!expression.wrong && expression.depth > 1)
        expression.wrong = "a parenthesis is not closed";
    json_t *value = NULL;
    while (expression.depth > 0) {
        json_decref(value);
        value = close_call(&expression);
    }
    if (expression.wrong) {
        json_decref(value);
        *ret_wrong = expression.wrong;
        return NULL;
    }
    return value;
}
