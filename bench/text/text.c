/* See text.h. */
#include "bench/text/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *format_thousands(int64_t value, char to[NUMBER_BYTES])
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%" PRId64, value);
	int used = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && digits[i - 1] != '-' && (len - i) % 3 == 0)
			to[used++] = ',';
		to[used++] = digits[i];
	}
	to[used] = '\0';
	return to;
}

const char *format_bytes(int64_t bytes, char to[NUMBER_BYTES])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes;
	int unit = 0;

	while (value >= 1023.95 && unit < 4) {  /* values that one decimal would show as 1024.0 take the next unit */
		value /= 1024;
		unit++;
	}
	snprintf(to, NUMBER_BYTES, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
	return to;
}

/* Bytes of the well-formed UTF-8 character that text starts with, 0 if there is none (RFC 3629: no overlong forms, no
 * surrogates). */
static int utf8_len(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	int len = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
	unsigned low = at[0] == 0xe0 ? 0xa0 : at[0] == 0xf0 ? 0x90 : 0x80;      /* the second byte's range */
	unsigned high = at[0] == 0xed ? 0x9f : at[0] == 0xf4 ? 0x8f : 0xbf;

	for (int i = 1; i < len; i++, low = 0x80, high = 0xbf)
		if (at[i] < low || at[i] > high)
			return 0;
	return len;
}

/* C0, DEL, C1; the line separators and bidirectional overrides U+2028..U+202E, the isolates U+2066..U+2069; U+FFFE and
 * U+FFFF, which are no characters, and make an XML file none. */
static bool is_control(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	if (at[0] == 0xe2 && at[1] == 0x80)
		return at[2] >= 0xa8 && at[2] <= 0xae;
	if (at[0] == 0xe2 && at[1] == 0x81)
		return at[2] >= 0xa6 && at[2] <= 0xa9;
	if (at[0] == 0xef && at[1] == 0xbf)
		return at[2] >= 0xbe;
	return at[0] < 0x20 || at[0] == 0x7f || (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0);
}

bool text_has_control(const char *text)
{
	for (; *text; text++)
		if (is_control(text))
			return true;
	return false;
}

/* The number of the character of `len` bytes, 1 to 4. */
static unsigned code_point(const char *text, int len)
{
	unsigned code = (unsigned char)text[0] & (0xffu >> (len == 1 ? 0 : len + 1));

	for (int i = 1; i < len; i++)
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	return code;
}

/* The letter of a byte's short escape ("n" for a newline), or 0. `bytes` and `letters` have the same order. */
static char escape_letter(char byte, const char *bytes, const char *letters)
{
	const char *found = strchr(bytes, byte);

	return found ? letters[found - bytes] : '\0';
}

void print_json_text(const char *text, FILE *to)
{
	putc('"', to);
	for (int len; *text; text += len ? len : 1) {
		char letter = escape_letter(*text, "\"\\\b\f\n\r\t", "\"\\bfnrt");
		len = utf8_len(text);
		if (letter)
			fprintf(to, "\\%c", letter);
		else if (len == 0)
			fputs("\\ufffd", to);
		else if (is_control(text))
			fprintf(to, "\\u%04x", code_point(text, len));
		else
			fwrite(text, 1, (size_t)len, to);
	}
	putc('"', to);
}

/* Whether a spreadsheet would compute the cell. */
static bool is_formula(const char *text)
{
	char *end;

	if (!*text || !strchr("=+-@", *text) || !text[1])
		return false;
	(void)strtod(text, &end);
	return *end;
}

void print_tsv_text(const char *text, FILE *to)
{
	fputs(is_formula(text) ? " " : "", to);
	for (int len; *text; text += len ? len : 1) {
		char letter = escape_letter(*text, "\t\n\r\\", "tnr\\");
		len = utf8_len(text);
		if (letter)
			fprintf(to, "\\%c", letter);
		else if (len && is_control(text))
			fprintf(to, "\\u%04x", code_point(text, len));
		else
			fwrite(text, 1, len ? (size_t)len : 1, to);
	}
}

/* `control` stands for control characters. */
static void print_harmless(const char *text, char control, FILE *to)
{
	for (int len; *text; text += len ? len : 1) {
		len = utf8_len(text);
		if (len == 0 || is_control(text))
			putc(len ? control : '?', to);
		else
			fwrite(text, 1, (size_t)len, to);
	}
}

void print_plain_text(const char *text, FILE *to)
{
	print_harmless(text, '?', to);
}

void print_cell_text(const char *text, FILE *to)
{
	fputs(is_formula(text) ? " " : "", to);
	print_harmless(text, ' ', to);
}

void text_clean(char *text)
{
	char *to = text;

	for (int len; *text; text += len ? len : 1) {
		len = utf8_len(text);
		if (len == 0 || is_control(text)) {
			*to++ = '?';
		} else {
			memmove(to, text, (size_t)len);
			to += len;
		}
	}
	*to = '\0';
}

int text_width(const char *text)
{
	int width = 0;

	for (int len; *text; text += len ? len : 1, width++)
		len = utf8_len(text);
	return width;
}

bool wants_colour(FILE *to)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return isatty(fileno(to)) && !(no_colour && *no_colour) && terminal && strcmp(terminal, "dumb") != 0;
}
