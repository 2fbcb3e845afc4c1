// Names in one line, for messages.
#include "data/list.h"

#include <stdio.h>
#include <string.h>

void clg_list_add(struct clg_list *list, const char *name)
{
    size_t used = strlen(list->text), room = sizeof list->text - used;
    if (list->left_out || strlen(name) + sizeof ", , ..." > room)
        list->left_out++;
    else
        snprintf(list->text + used, room, "%s%s", used ? ", " : "", name);
}

const char *clg_list_text(struct clg_list *list)
{
    if (list->left_out)
        memcpy(list->text + strlen(list->text), ", ...", sizeof ", ..."); // clg_list_add left space
    return list->text;
}
