/* Prints numbers and foreign bytes for people, tables, JSON and shells: one function for each destination. Floor 4a. */
#ifndef BENCH_TEXT_TEXT_H
#define BENCH_TEXT_TEXT_H

#include "bench/text/words.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* 12339 as 12,339. Returns `to`. */
const char *format_thousands(int64_t value, char to[NUMBER_BYTES]);
/* Bytes for people: 512 B, 1.5 MiB. Returns `to`. */
const char *format_bytes(int64_t bytes, char to[NUMBER_BYTES]);

/* A JSON string with its quotes; control characters as \u001b, a byte that is not UTF-8 becomes U+FFFD. */
void print_json_text(const char *text, FILE *to);
/* A TSV field: \t, \n, \r and \\, other control characters as \u001b, everything else unchanged, but for a space in
 * front of what a spreadsheet would take for a formula: a text that begins with = + - @ and is no number. */
void print_tsv_text(const char *text, FILE *to);
/* The same for tables that gnuplot reads too, and which know no escapes: control characters become spaces, bytes that
 * are not UTF-8 "?". */
void print_cell_text(const char *text, FILE *to);
/* What a terminal can show safely: control characters, those that turn the direction of writing, and bytes that
 * are not UTF-8 become "?". */
void print_plain_text(const char *text, FILE *to);
/* Makes of a text, in its place, what print_plain_text prints. */
void text_clean(char *text);
/* Whether print_plain_text would replace a character, one that is not UTF-8 aside. */
bool text_has_control(const char *text);
/* Number of characters that print_plain_text prints. */
int text_width(const char *text);

/* Whether colour is welcome: a terminal, no NO_COLOR in the environment, TERM not "dumb". */
bool wants_colour(FILE *to);

#endif
