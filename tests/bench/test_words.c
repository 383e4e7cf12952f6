/* Words for messages: the nearest of the accepted ones, what is shown of a foreign text, numbers at their shortest. */
#include "bench/text/words.h"
#include "tests/helpers/test.h"

#include <stdio.h>

static const char *accepted(const char *wrong)
{
	static char text[ACCEPTED_BYTES];
	struct words words = { 0 };

	words_add(&words, "epochs");
	words_add(&words, "batch");
	words_add(&words, "he");
	return words_accepted(&words, wrong, text);
}

TEST(words_ask_for_the_nearest)
{
	CHECK_TEXT(accepted("epoch"), "accepted: epochs, batch, he; did you mean \"epochs\"?");
	CHECK_TEXT(accepted("ehpocs"), "accepted: epochs, batch, he; did you mean \"epochs\"?");
	CHECK_TEXT(accepted("bach"), "accepted: epochs, batch, he; did you mean \"batch\"?");
	CHECK_TEXT(accepted("h"), "accepted: epochs, batch, he; did you mean \"he\"?");
	CHECK_TEXT(accepted("x"), "accepted: epochs, batch, he");
	CHECK_TEXT(accepted("match up"), "accepted: epochs, batch, he");
}

TEST(words_have_room_for_a_limited_number)
{
	static char texts[70][24];
	char text[ACCEPTED_BYTES];
	struct words words = { 0 };

	CHECK_TEXT(words_accepted(&words, "x", text), "accepted: none");
	for (int i = 0; i < 70; i++) {
		snprintf(texts[i], sizeof texts[i], "%021d", i);
		words_add(&words, texts[i]);
	}
	CHECK_INT(words.count, WORDS_MAX);
	CHECK_INT(words.left_out, 70 - WORDS_MAX);
	words_accepted(&words, "000000000000000000003", text);
	CHECK_TEXT(text + 645, "00, ...; did you mean \"000000000000000000003\"?");
}

TEST(words_show_one_short_line)
{
	static const char letters[] = "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefg";  /* 67 */
	char shown[SHOWN_BYTES], text[128];

	CHECK_TEXT(words_show("plain", shown), "plain");
	CHECK_TEXT(words_show("a\nb\x1b[31m\x7f", shown), "a?b?[31m?");
	CHECK_TEXT(words_show(letters, shown), letters);
	snprintf(text, sizeof text, "%sh", letters);
	CHECK_TEXT(words_show(text, shown), "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefgh...");
	snprintf(text, sizeof text, "%s\xc3\xa9\xc3\xa9", letters);
	CHECK_TEXT(words_show(text, shown), "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefg...");
}

TEST(words_print_numbers_at_their_shortest)
{
	char text[NUMBER_BYTES];

	CHECK_TEXT(words_number(48, text), "48");
	CHECK_TEXT(words_number(0.1, text), "0.1");
	CHECK_TEXT(words_number(0.05, text), "0.05");
	CHECK_TEXT(words_number(1.0 / 3, text), "0.3333333333333333");
	CHECK_TEXT(words_number(0.1 + 0.2, text), "0.30000000000000004");
	CHECK_TEXT(words_number(120, text), "120");
	CHECK_TEXT(words_number(100, text), "100");
	CHECK_TEXT(words_number(300000, text), "300000");
	CHECK_TEXT(words_number(-2.5e-7, text), "-2.5e-07");
}

TEST(words_tell_names)
{
	CHECK(words_is_name("mobilenet-v1"));
	CHECK(words_is_name("_"));
	CHECK(!words_is_name(""));
	CHECK(!words_is_name(".."));
	CHECK(!words_is_name("a/b"));
	CHECK(!words_is_name("a b"));
	CHECK(words_is_name("a23456789012345678901234567890123456789012345678901234567890123"));
	CHECK(!words_is_name("a234567890123456789012345678901234567890123456789012345678901234"));
}
