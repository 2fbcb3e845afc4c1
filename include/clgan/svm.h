// A linear classifier on features: the L2-regularised linear support vector machine of section
// 5.1 (liblinear).
#ifndef CLGAN_SVM_H
#define CLGAN_SVM_H

#include <clgan/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct clg_svm;

struct clg_svm_params {
    double c; // misclassification's cost; 0: the best of 1e-3, 1e-2 .. 10 on a fifth of the data held out
    uint64_t seed; // of that fifth
    struct clg_log log;
    clg_progress_fn *progress; // may be NULL
    void *user;
};
CLG_API struct clg_svm_params clg_svm_params_default(void);

// features [n][count], labels [n] in 0..classes-1, each class at least twice; names [classes]. Features are
// standardised (mean 0, variance 1 / count over the n) before they are trained on, which the kept weights
// include. Minimises (|w|^2 + b^2) / 2 + c * sum max(0, 1 - y (w.x + b))^2, one class against the rest when
// there are more than two. Reruns are equal bit for bit. A class with fewer than two examples, a single
// class, or a feature that is not finite: CLG_EDATA. Takes 16 bytes per feature value beside: CLG_ENOMEM when
// they are short.
CLG_API int clg_svm_train(struct clg_svm **svm, const float *features, int n, int64_t count,
                          const int *labels, int classes, const char *const *names,
                          const struct clg_svm_params *params);
CLG_API void clg_svm_free(struct clg_svm **svm);

CLG_API int clg_svm_classes(const struct clg_svm *svm);
CLG_API const char *clg_svm_name(const struct clg_svm *svm, int i);
CLG_API int64_t clg_svm_count(const struct clg_svm *svm); // features it expects
CLG_API double clg_svm_c(const struct clg_svm *svm);      // the cost that was taken

// scores [n][classes]: w.x + b, signed distances from the classes' planes where 1 is the margin, larger is
// more so; the largest is the answer. With two classes the second is the first's negative.
CLG_API void clg_svm_scores(const struct clg_svm *svm, const float *features, int n, float *scores);

// A safetensors file: weight [classes][count], bias [classes], and the names in the metadata "classes" (a
// JSON list), with `extra` (n pairs key, value; may be NULL) beside.
CLG_API int clg_svm_save(const struct clg_svm *svm, const char *path, const char *const (*extra)[2], int n,
                         const struct clg_log *log);
CLG_API int clg_svm_load(struct clg_svm **svm, const char *path, const struct clg_log *log);

#ifdef __cplusplus
}
#endif
#endif
