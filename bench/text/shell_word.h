/* Words of a command line as a POSIX shell reads them back. Floor 4a. */
#ifndef BENCH_TEXT_SHELL_WORD_H
#define BENCH_TEXT_SHELL_WORD_H

#include <stdio.h>

/* The word, in single quotes where it has any character that could mean something to a shell. */
void print_shell_word(const char *word, FILE *to);

#endif
