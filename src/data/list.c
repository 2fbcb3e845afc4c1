// Names in one line, for messages.
#include "data/list.h"

#include <stdio.h>
#include <string.h>

void clg_list_add(struct clg_list *list, const char *name)
{
    size_t used = strlen(list->text), space = sizeof list->text - used;
    if (list->left_out || strlen(name) + sizeof ", , ..." > space)
        list->left_out++;
    else
        snprintf(list->text + used, space, "%s%s", used ? ", " : "", name);
}

const char *clg_list_text(struct clg_list *list)
{
    if (list->left_out)
        memcpy(list->text + strlen(list->text), ", ...", sizeof ", ..."); // clg_list_add left space
    return list->text;
}
