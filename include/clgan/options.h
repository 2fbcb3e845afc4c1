// Options: one table per params struct, read by the command line, its --help, and checkpoint metadata.
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
    CLG_OPTION_PATH,   // const char *, kept as given: of a file or folder, the command takes ~ for a home
};

// A row; tables end in {0}.
struct clg_option {
    const char *name; // "batch" is --batch on the command line
    enum clg_option_type type;
    size_t offset;       // of the field in its struct
    double min, max;     // of numbers
    const char *choices; // CHOICE: "normal|uniform"; INT: allowed values "16|32|64", or NULL
    const char *value;   // what --help calls the value: "N", "DIR"
    const char *help;
};

CLG_API extern const struct clg_option clg_gan_options[];   // struct clg_gan_params
CLG_API extern const struct clg_option clg_train_options[]; // struct clg_train_params

// Sets one field from text. CLG_EINVAL and a line naming the option, the value and what is allowed.
CLG_API int clg_option_set(const struct clg_option *option, void *params, const char *text,
                           const struct clg_log *log);
// The field as text that clg_option_set reads back to the same value.
CLG_API void clg_option_get(const struct clg_option *option, const void *params, char *text, size_t size);
// The row called `name`, or NULL.
CLG_API const struct clg_option *clg_option_find(const struct clg_option *table, const char *name);
// One aligned line per row for --help, with the defaults that `params` holds.
CLG_API void clg_options_help(const struct clg_option *table, const void *params, FILE *file);

#ifdef __cplusplus
}
#endif
#endif
