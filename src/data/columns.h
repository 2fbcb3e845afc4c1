// Which columns of a table name the pictures and their labels.
#ifndef CLG_DATA_COLUMNS_H
#define CLG_DATA_COLUMNS_H

#include "data/match.h"
#include "data/table.h"

struct clg_columns {
    uint32_t first;       // the first row after the heading
    uint32_t file, label; // counted from 0
    char *name;           // what the labels are called: the heading's, or "column 2"
    bool named;           // by a heading
};

// Picks the columns that params name or number; without that, the only ones that fit. Several candidates:
// CLG_EINVAL with a list of them; a missing column: CLG_EDATA.
int clg_columns_choose(struct clg_columns *columns, const struct clg_table *table,
                       const struct clg_matcher *matcher, const struct clg_labels_params *params);
void clg_columns_free(struct clg_columns *columns); // accepts {0}

#endif
