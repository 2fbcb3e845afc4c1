// A growing list of keys and values, both of any length.
#ifndef CLG_GAN_TEXTS_H
#define CLG_GAN_TEXTS_H

#include "data/safetensors.h"

#include <clgan/options.h>

struct clg_texts {
    struct clg_metadata *list; // n pairs, owned
    int n, capacity;
};

// These return 0, or CLG_ENOMEM without a line in the log.
int clg_texts_add(struct clg_texts *texts, const char *key, const char *value);
// Every option of a table that has a value, under its name with `prefix` before it.
int clg_texts_add_options(struct clg_texts *texts, const struct clg_option *table, const void *params,
                          const char *prefix);
const char *clg_texts_find(const struct clg_texts *texts, const char *key); // or NULL
void clg_texts_free(struct clg_texts *texts);                               // and empties it

#endif
