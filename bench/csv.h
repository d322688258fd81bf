/*
 * Tables in CSV files: a line of column names, then rows of as many fields. Columns are found by
 * their names, wherever they stand; others are passed over.
 *
 * Quoting is that of RFC 4180, except that a quoted field ends in the line it begins in. The traces
 * read today quote nothing; a library would be one more dependency for a split at commas, and
 * Debian's (libcsv) tells neither lines nor columns, which errors here are made of.
 *
 * What is wrong with a row is told as file, line, column, value and what is expected there. Such a
 * row is -EINVAL and has a fault; the reader may go on with the next one.
 */
#ifndef BENCH_CSV_H
#define BENCH_CSV_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "model/base/err.h"
#include "model/base/str.h"

enum {
    CSV_LINE_BYTES = 4096, /* the longest line of the traces has 130 */
    CSV_COLUMNS_MAX = 64,
    CSV_NUMBER_MAX = 2000000000, /* before the scale: what any number of a table may be */
};

/* Why a row is refused. */
enum csv_fault {
    CSV_LINE,   /* the line: too long, without its end, too few fields or too many, quotes */
    CSV_NUMBER, /* no number, or none that can be */
    CSV_NAME,   /* no name, or none that is known */
    CSV_TWICE,  /* a name that an earlier row has */
    CSV_TIMES,  /* times in an order that cannot be */
    CSV_FAULTS,
};

/* "lines cut, too long or with other columns" */
const char *csv_fault_text(enum csv_fault fault);

struct csv_column {
    const char *name;
    bool may_lack; /* its fields are then empty */
};

/* What a number has to be. */
struct csv_number {
    int64_t min, max; /* as in the file; max <= CSV_NUMBER_MAX */
    int64_t scale;    /* the result in so many a unit, rounded; 0: whole numbers ("16.0" is one) */
};

struct csv {
    const char *path;                 /* borrowed, for messages */
    uint32_t line;                    /* of the current row, from 1 */
    enum csv_fault fault;             /* of the row that was refused last */
    FILE *in;                         /* private, as all below */
    const struct csv_column *columns; /* borrowed */
    uint32_t column_count, field_count, width;
    uint32_t places[CSV_COLUMNS_MAX]; /* of each column; UINT32_MAX: the table lacks it */
    struct str fields[CSV_COLUMNS_MAX];
    char text[CSV_LINE_BYTES];
};

/* Opens a file and reads its first line. After an error there is nothing to close. */
int csv_open(struct csv *csv, const char *path, const struct csv_column *columns,
             uint32_t column_count, struct err *err) NODISCARD;
void csv_close(struct csv *csv);

/* 1: the next row is there; 0: the end; -EINVAL: this row is wrong; else the file cannot be read.
 */
int csv_next(struct csv *csv, struct err *err) NODISCARD;

/* Is the column in the table at all? */
bool csv_has(const struct csv *csv, uint32_t column);

/* A field of the current row, by the index of its column; valid until the next row. */
struct str csv_field(const struct csv *csv, uint32_t column);

/* How tables write that there is no value: nothing, "nan", "NaN". */
bool csv_is_missing(const struct csv *csv, uint32_t column);

/* The number in a field of the current row; -EINVAL when it is none. */
int csv_read_number(struct csv *csv, uint32_t column, const struct csv_number *wanted,
                    int64_t *ret_number, struct err *err) NODISCARD;

/* Refuses the current row: "FILE:LINE: COLUMN "VALUE": EXPECTED is expected". Returns -EINVAL. */
int csv_refuse(struct csv *csv, enum csv_fault fault, uint32_t column, const char *expected,
               struct err *err);

#endif
