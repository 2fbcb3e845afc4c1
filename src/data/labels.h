// What the parts of reading labels share.
#ifndef CLG_DATA_LABELS_H
#define CLG_DATA_LABELS_H

#include <clgan/pictures.h>

// One text for every picture, which becomes its class.
struct clg_label_values {
    const struct clg_pictures *pictures;
    const struct clg_labels_params *params;
    const struct clg_log *log;
    char *column; // what they are called: "expression", "folder"
    bool named;   // by a table's heading
    char **of;    // [n]; NULL: not known
    int n;
};

int clg_label_memory(const struct clg_label_values *v); // logs CLG_ENOMEM

// The values from the table of the params; no label at all is CLG_EDATA. Then, when nothing went wrong: _tell
// warns of pictures that the table does not tell of, and of rows of other pictures, once each.
struct clg_label_table;
int clg_label_table_read(struct clg_label_table **table, struct clg_label_values *v);
void clg_label_table_tell(const struct clg_label_table *table);
void clg_label_table_close(struct clg_label_table **table); // NULL in it is fine

// The classes that the values make.
int clg_labels_classify(struct clg_labels **labels, const struct clg_label_values *v);

#endif
