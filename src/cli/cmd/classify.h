// Shared by the parts of `clgan classify`: options, what is open, the split, results.
#ifndef CLG_CLI_CMD_CLASSIFY_H
#define CLG_CLI_CMD_CLASSIFY_H

#include "cli/features.h"

struct classify_options {
    const char *model, *data, *crop, *labels, *column, *file_column, *classes, *threshold, *save, *classifier;
    int n, features; // features: enum cli_features
    float test, c;
    uint64_t seed;
    bool compare, json;
};

struct classify {
    struct classify_options options;
    struct cli_run *run;
    struct clg_gan *gan;
    struct clg_gan_params params;
    struct clg_crop crop;
    struct clg_pictures *pictures;
    struct cli_progress *progress;
    struct clg_log log;
};

// --- the two uses ------------------------------------------------------------------------------
int classify_train(struct classify *c);
int classify_apply(struct classify *c);

// Reads the model's parameters before a device is opened; then opens the device and the model.
int classify_check_model(struct classify *c);
int classify_open_model(struct classify *c);

// --- the split ---------------------------------------------------------------------------------
// Pictures to train on, then pictures to test on; both hold a share of each class.
struct classify_split {
    int *which, *of; // [train + test]: picture number, and class
    int train, test, classes;
    int *tests; // [classes]: number tested
    int *sizes; // [classes]: number in both parts
};
// n of each class (0: all that there are), `test` of them (0..1, at least one) for testing, drawn by the
// seed. A class with fewer than n or than three pictures: CLG_EDATA.
int classify_split_make(struct classify_split *split, const struct clg_labels *labels, int n, double test,
                        uint64_t seed, const struct clg_log *log);
void classify_split_free(struct classify_split *split);

// --- results -----------------------------------------------------------------------------------
// How a classifier does on the test pictures.
struct classify_result {
    enum cli_features kind;
    int64_t count;
    double c;
    int right, train_right;
    int *confusion; // [classes][classes]: of class i, answered j
    bool *hits;     // [test]
};
// Prints the results as text or JSON, with the confusion matrix of the first.
int classify_report(const struct classify *c, const struct clg_labels *labels,
                    const struct classify_split *split, const struct classify_result *results, int n);

// --- the classifier's file ---------------------------------------------------------------------
// Saves it with what is needed to use it again: the kind of features, the pictures' size, the model.
int classify_save(struct classify *c, enum cli_features kind, struct clg_gan *gan, const struct clg_svm *svm);
// Loads it, opens the pictures, and the model where its features need one: it must be the one that it was
// trained with.
int classify_load(struct classify *c, struct clg_svm **svm, struct cli_features_source *source);

// The model's architecture with weights drawn by the seed: shows what features are worth before training.
int classify_untrained(struct classify *c, uint64_t seed, struct clg_gan **gan);

#endif
