// A trained linear classifier: planes, and the names of the classes on their positive sides.
#ifndef CLG_EXPLORE_SVM_H
#define CLG_EXPLORE_SVM_H

#include <clgan/svm.h>

struct clg_svm {
    int classes;
    int64_t count;
    double c;
    char **names;  // [classes]
    float *weight; // [classes][count]
    float *bias;   // [classes]
};

// Allocates everything, zeroed, and copies the names (NULL: none yet).
int clg_svm_new(struct clg_svm **svm, int classes, int64_t count, const char *const *names,
                const struct clg_log *log);

#endif
