// Options: one table for each params struct. Command lines, their --help, checkpoints, reports and bindings
// read the tables; an option is a field, its row here, and its use.
//
// A binding to another language needs no mirror of a params struct: it allocates clg_gan_params_size() bytes,
// fills them with clg_options_default(clg_gan_options, buffer), and reads and writes options as text with
// clg_option_get and clg_option_set. Functions that take a params struct take that buffer.
#ifndef CLGAN_OPTIONS_H
#define CLGAN_OPTIONS_H

#include <clgan/base.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

enum clg_option_type {
    CLG_OPTION_INT,    // int, min..max
    CLG_OPTION_INT64,  // int64_t, min..max
    CLG_OPTION_UINT64, // uint64_t
    CLG_OPTION_FLOAT,  // float, min..max
    CLG_OPTION_BOOL,   // bool: present means true
    CLG_OPTION_TEXT,   // const char *, kept as given
    CLG_OPTION_CHOICE, // int: index into choices, "a|b|c"
    CLG_OPTION_CROP,   // struct clg_crop
    CLG_OPTION_PATH,   // const char *, the path of a file or folder; the command expands ~
};

// One option. A table ends with a row whose name is NULL.
struct clg_option {
    const char *name; // "z-dist" is --z-dist on the command line and z_dist in Python
    enum clg_option_type type;
    size_t offset;       // of the field in its struct
    double min, max;     // of INT, INT64 and FLOAT, both allowed
    const char *choices; // CHOICE: "normal|uniform"; INT: the allowed values, "16|32|64", or NULL
    const char *metavar; // what --help calls the value, "N" or "DIR"; NULL: the choices
    const char *help;
    const char *default_text; // NULL: zero, false or no text
};

CLG_API extern const struct clg_option clg_gan_options[];   // struct clg_gan_params
CLG_API extern const struct clg_option clg_train_options[]; // struct clg_train_params
CLG_API size_t clg_gan_params_size(void);                   // sizeof(struct clg_gan_params)
CLG_API size_t clg_train_params_size(void);

// Sets every option of the table to its default. Other fields of the struct stay as they are.
CLG_API void clg_options_default(const struct clg_option *table, void *params);
// Sets one field from text. CLG_EINVAL after a line that names the option, the value and what is allowed. TEXT
// and PATH keep the pointer, so the text has to outlive the params; "" is NULL.
CLG_API int clg_option_set(const struct clg_option *option, void *params, const char *text,
                           const struct clg_log *log);
// The field as text that clg_option_set reads back to the same value, cut to fit into `size` bytes. Returns
// the length of the whole text, as snprintf does.
CLG_API size_t clg_option_get(const struct clg_option *option, const void *params, char *text, size_t size);
// The row called `name`, or NULL.
CLG_API const struct clg_option *clg_option_find(const struct clg_option *table, const char *name);
// One aligned line per row for --help, with the values in `params` as the defaults.
CLG_API void clg_options_help(const struct clg_option *table, const void *params, FILE *file);

#ifdef __cplusplus
}
#endif
#endif
