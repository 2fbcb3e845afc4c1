// A growing list of keys and values, both texts of any length.
#include "gan/texts.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY_FIRST = 32 };

static int capacity_grow(struct clg_texts *t)
{
    if (t->n < t->capacity)
        return 0;
    const int capacity = t->capacity ? 2 * t->capacity : CAPACITY_FIRST;
    struct clg_metadata *list = realloc(t->list, (size_t)capacity * sizeof *list);
    if (!list)
        return CLG_ENOMEM;
    t->list = list;
    t->capacity = capacity;
    return 0;
}

int clg_texts_add(struct clg_texts *t, const char *key, const char *value)
{
    if (capacity_grow(t))
        return CLG_ENOMEM;
    char *k = strdup(key), *v = strdup(value);
    if (!k || !v) {
        free(k);
        free(v);
        return CLG_ENOMEM;
    }
    t->list[t->n++] = (struct clg_metadata){k, v};
    return 0;
}

// An option's value as text, however long; free() it.
static char *value_of(const struct clg_option *o, const void *params)
{
    const size_t size = clg_option_get(o, params, NULL, 0) + 1;
    char *text = malloc(size);
    if (text)
        clg_option_get(o, params, text, size);
    return text;
}

int clg_texts_add_options(struct clg_texts *t, const struct clg_option *table, const void *params,
                          const char *prefix)
{
    int status = 0;
    for (const struct clg_option *o = table; o->name && !status; o++) {
        const size_t size = strlen(prefix) + strlen(o->name) + 1;
        char *key = malloc(size), *value = value_of(o, params);
        if (key)
            snprintf(key, size, "%s%s", prefix, o->name);
        if (!key || !value)
            status = CLG_ENOMEM;
        else if (*value)
            status = clg_texts_add(t, key, value);
        free(key);
        free(value);
    }
    return status;
}

const char *clg_texts_find(const struct clg_texts *t, const char *key)
{
    for (int i = 0; i < t->n; i++)
        if (strcmp(t->list[i].key, key) == 0)
            return t->list[i].value;
    return NULL;
}

void clg_texts_free(struct clg_texts *t)
{
    for (int i = 0; i < t->n; i++) {
        free((char *)t->list[i].key);
        free((char *)t->list[i].value);
    }
    free(t->list);
    *t = (struct clg_texts){0};
}
