// Names in one line, for messages.
#ifndef CLG_DATA_LIST_H
#define CLG_DATA_LIST_H

// The first ones where there are many.
struct clg_list {
    char text[256];
    int left_out;
};
void clg_list_add(struct clg_list *list, const char *name);
const char *clg_list_text(struct clg_list *list);

#endif
