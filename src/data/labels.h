// Shared by the files that read labels.
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

// The values from the table that params name; no label at all is CLG_EDATA. On success, _tell then warns
// once about pictures missing from the table and once about rows without a picture.
struct clg_label_table;
int clg_label_table_read(struct clg_label_table **table, struct clg_label_values *v);
void clg_label_table_tell(const struct clg_label_table *table);
void clg_label_table_close(struct clg_label_table **table); // accepts a zeroed struct

// The classes that the values make.
int clg_labels_classify(struct clg_labels **labels, const struct clg_label_values *v);

#endif
