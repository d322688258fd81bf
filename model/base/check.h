/*
 * The words every file uses: CHECK for bugs, attributes, small macros.
 *
 * CHECK is on in release builds: a failed one means that the program itself is wrong, and going on
 * would act on a wrong picture of the cluster. All state can be listed again, so aborting is the
 * safe answer. Never CHECK what comes from outside (a flag, a file, an object, a socket).
 */
#ifndef MODEL_BASE_CHECK_H
#define MODEL_BASE_CHECK_H

#include <stddef.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            check_failed(__FILE__, __LINE__, __func__, #condition);                                \
    } while (0)

/* A place that no input can reach. */
#define CHECK_NEVER(what) check_failed(__FILE__, __LINE__, __func__, what)

#define NODISCARD           __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, a) __attribute__((format(printf, fmt, a)))
#define CLEANUP(function)   __attribute__((cleanup(function)))
#define UNUSED              __attribute__((unused))

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* The struct that embeds `member` at `pointer`. */
#define container_of(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* Prints the place and the condition to stderr and aborts. */
void check_failed(const char *file, int line, const char *function, const char *condition)
    __attribute__((noreturn, cold));

#endif
