// Which pictures a classifier is trained on and which it is tested on: shuffled within each class.
#include "cli/cmd/classify.h"

#include <math.h>
#include <stdlib.h>

// splitmix64 (Steele, Lea and Flood 2014).
static uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void shuffle(int *items, int n, uint64_t *random)
{
    for (int i = n - 1; i > 0; i--) {
        const int j = (int)(random_next(random) % (uint64_t)(i + 1)), item = items[i];
        items[i] = items[j];
        items[j] = item;
    }
}

// Chooses how many pictures of each class to take, and how many of them to test on.
static int sizes_choose(struct classify_split *split, const struct clg_labels *labels, int n, double test,
                        const struct clg_log *log)
{
    for (int i = 0; i < labels->n; i++)
        if (labels->of[i] >= 0)
            split->sizes[labels->of[i]]++;
    for (int k = 0; k < split->classes; k++) {
        const int there = split->sizes[k], least = n > 3 ? n : 3;
        if (there < least)
            return cli_fail(log, CLG_EDATA, "the class \"%s\" has %d picture%s, fewer than the %d that %s",
                            labels->names[k], there, there == 1 ? "" : "s", least,
                            n > 3 ? "--n asks for"
                                  : "training and testing need: leave it out with --classes");
        const int take = n ? n : there, most = take - 2, tests = (int)lround(take * test);
        split->sizes[k] = take;
        split->tests[k] = tests < 1 ? 1 : tests > most ? most : tests;
        split->test += split->tests[k];
        split->train += take - split->tests[k];
    }
    return 0;
}

// The first pictures of each shuffled class are for testing, the next for training.
static void fill(struct classify_split *split, const struct clg_labels *labels, int *members, uint64_t seed)
{
    int train = 0, test = split->train;
    for (int k = 0; k < split->classes; k++) {
        uint64_t random = seed + (uint64_t)k * 0x632be59bd9b4e019u;
        int n = 0;
        for (int i = 0; i < labels->n; i++)
            if (labels->of[i] == k)
                members[n++] = i;
        shuffle(members, n, &random);
        for (int i = 0; i < split->sizes[k]; i++) {
            const int at = i < split->tests[k] ? test++ : train++;
            split->which[at] = members[i];
            split->of[at] = k;
        }
    }
}

int classify_split_make(struct classify_split *split, const struct clg_labels *labels, int n, double test,
                        uint64_t seed, const struct clg_log *log)
{
    *split = (struct classify_split){.classes = labels->classes};
    if (labels->classes < 2)
        return cli_fail(log, CLG_EDATA,
                        "all pictures are of one class, \"%s\": a classifier needs at least two",
                        labels->classes ? labels->names[0] : "");
    const size_t all = (size_t)labels->n, classes = (size_t)labels->classes;
    int *members = malloc(all * sizeof *members);
    split->which = malloc(all * sizeof *split->which);
    split->of = malloc(all * sizeof *split->of);
    split->sizes = calloc(classes, sizeof *split->sizes);
    split->tests = calloc(classes, sizeof *split->tests);
    int status = members && split->which && split->of && split->sizes && split->tests
                     ? 0
                     : cli_fail(log, CLG_ENOMEM, "out of memory for %d pictures", labels->n);
    if (!status)
        status = sizes_choose(split, labels, n, test, log);
    if (!status)
        fill(split, labels, members, seed);
    free(members);
    if (status)
        classify_split_free(split);
    return status;
}

void classify_split_free(struct classify_split *split)
{
    free(split->which);
    free(split->of);
    free(split->sizes);
    free(split->tests);
    *split = (struct classify_split){0};
}
