// Expressions on noise: what they mean, and where they are wrong.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "main.h"

#include "cli/expression.h"
#include "cli/noise.h"

// "1*class:smiling woman -1*numbers:3,8 [3 8] ..." for an expression, or what is wrong with it.
static const char *meaning(const char *text)
{
    static const char *const kinds[] = {"numbers", "file", "class"};
    static char out[1024];
    struct cli_expression e;
    int status = cli_expression_parse(&e, text, out, sizeof out);
    if (status) {
        assert_int_equal(status, CLG_EINVAL);
        assert_int_equal(e.n, 0);
        return out;
    }
    size_t at = 0;
    for (int i = 0; i < e.n; i++) {
        const struct cli_term *t = &e.term[i];
        at += (size_t)snprintf(out + at, sizeof out - at, "%s%g*%s:%s", i ? " " : "", t->scale,
                               kinds[t->kind], t->name);
        for (int j = 0; j < t->n; j++)
            at += (size_t)snprintf(out + at, sizeof out - at, "%s%llu%s", j ? " " : " [",
                                   (unsigned long long)t->numbers[j], j + 1 < t->n ? "" : "]");
    }
    cli_expression_free(&e);
    return out;
}

static void terms_of_every_kind(void **state)
{
    (void)state;
    assert_string_equal(meaning("smile"), "1*class:smile");
    assert_string_equal(meaning("  smile  "), "1*class:smile");
    assert_string_equal(meaning("smiling woman - neutral woman + neutral man"),
                        "1*class:smiling woman -1*class:neutral woman 1*class:neutral man");
    assert_string_equal(meaning("12,15,19 - 3-5 + 7"),
                        "1*numbers:12,15,19 [12 15 19] -1*numbers:3-5 [3 4 5] 1*numbers:7 [7]");
    assert_string_equal(meaning("3-5, 9 ,1"), "1*numbers:3-5, 9 ,1 [3 4 5 9 1]");
    assert_string_equal(meaning("18446744073709551600"),
                        "1*numbers:18446744073709551600 [18446744073709551600]");
    assert_string_equal(meaning("a/b c.npy - f.npy[0-2] + g.npy[7]"),
                        "1*file:a/b c.npy -1*file:f.npy [0 1 2] 1*file:g.npy [7]");
    assert_string_equal(meaning("2024.npy"), "1*file:2024.npy");
    assert_string_equal(meaning("- no-glasses + x-y+z"), "-1*class:no-glasses 1*class:x-y+z");
    assert_string_equal(meaning("glasses > 0.5 - glasses <= 0.5"),
                        "1*class:glasses > 0.5 -1*class:glasses <= 0.5");
    assert_string_equal(meaning("'a - b' - '3'"), "1*class:a - b -1*class:3");
    assert_string_equal(meaning(".npy"), "1*class:.npy");
}

static void scales(void **state)
{
    (void)state;
    assert_string_equal(meaning("0.5*smile"), "0.5*class:smile");
    assert_string_equal(meaning("2 * 3,4 - .25* 'x'"), "2*numbers:3,4 [3 4] -0.25*class:x");
    assert_string_equal(meaning("a - 1e1*b.npy[1]"), "1*class:a -10*file:b.npy [1]");
    assert_string_equal(meaning("0*a"), "0*class:a");
    assert_string_equal(meaning("5_o_Clock_Shadow - 2*not 5_o_Clock_Shadow"),
                        "1*class:5_o_Clock_Shadow -2*class:not 5_o_Clock_Shadow");
}

static void wrong_ones_say_where(void **state)
{
    (void)state;
    static const char term[] = "a term is missing: numbers of noise vectors, a .npy file, or a class";
    static const char list[] = "numbers go like 3,8,12-15; signs between terms have a space on both sides";
    char expected[256];
    const char *const cases[][3] = {
        {"", "at its end", term},
        {"   ", "at its end", term},
        {"A -", "at its end", term},
        {"A - + C", "at letter 5, \"+ C\"", term},
        {"0.5* - B", "at letter 6, \"- B\"", term},
        {"'' + a", "at letter 1, \"'' + a\"", term},
        {"é - - x", "at letter 5, \"- x\"", term},
        {"1,2,3-4+5", "at letter 8, \"+5\"", list},
        {"3 eyes", "at letter 2, \" eyes\"", list},
        {"f.npy[0-2,]", "at letter 11, \"]\"", "a number is missing"},
        {"f.npy[]", "at letter 7, \"]\"", "a number is missing"},
        {"f.npy[1 2]", "at letter 8, \" 2]\"", list},
        {"1,,2", "at letter 3, \",2\"", "a number is missing"},
        {"5 + 9-3", "at letter 5, \"9-3\"", "the range runs backwards"},
        {"0-100000", "at letter 1, \"0-100000\"", "more than 100000 numbers"},
        {"99999999999999999999", "at letter 20, \"9\"", "the number is too large"},
        {"1e999*a", "at letter 1, \"1e999*a\"", "the scale is not finite"},
        {"'a - b", "at letter 1, \"'a - b\"", "the quote does not end"},
        {"'a' b", "at letter 5, \"b\"", "a + or - with spaces around is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(expected, sizeof expected, "%s: %s", cases[i][1], cases[i][2]);
        assert_string_equal(meaning(cases[i][0]), expected);
    }
}

static void sixteen_terms_are_enough(void **state)
{
    (void)state;
    char text[200] = "a";
    for (int i = 1; i < CLI_TERMS; i++)
        strcat(text, " + a");
    assert_non_null(strstr(meaning(text), "class:a 1*class:a"));
    strcat(text, " + b");
    assert_string_equal(meaning(text), "at letter 63, \"+ b\": more than 16 terms");
}

static void numbers_end_where_they_end(void **state)
{
    (void)state;
    uint64_t *numbers;
    int n;
    const char *end, text[] = "7,3-4 x";
    assert_null(cli_numbers_read(text, &end, &numbers, &n));
    assert_int_equal(n, 3);
    assert_int_equal(numbers[0], 7);
    assert_int_equal(numbers[2], 4);
    assert_string_equal(end, " x");
    free(numbers);
    assert_non_null(cli_numbers_read("x", &end, &numbers, &n));
    assert_null(numbers);
    assert_null(cli_numbers_read("0-99999", &end, &numbers, &n));
    assert_int_equal(n, 100000);
    free(numbers);
}

TEST_MAIN("expression", NULL, NULL, TEST(terms_of_every_kind), TEST(scales), TEST(wrong_ones_say_where),
          TEST(sixteen_terms_are_enough), TEST(numbers_end_where_they_end))
