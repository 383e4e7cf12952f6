/* See shell_word.h. */
#include "bench/text/shell_word.h"

#include <string.h>

void print_shell_word(const char *word, FILE *to)
{
	static const char plain_characters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-=/,:@%+";

	if (*word && !word[strspn(word, plain_characters)]) {
		fputs(word, to);
		return;
	}
	fputc('\'', to);
	for (const char *c = word; *c; c++)
		fputs(*c == '\'' ? "'\\''" : (char[]){ *c, '\0' }, to);
	fputc('\'', to);
}
