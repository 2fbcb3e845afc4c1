// The paper's figure 1: nets drawn as stacks of feature maps, as SVG.
#ifndef CLG_REPORT_FIGURE_H
#define CLG_REPORT_FIGURE_H

#include <clgan/base.h>

// One stage of a net: the feature maps, and what leads to them from the stage before.
struct clg_figure_stage {
    int h, w, c;
    char maps[32]; // "z", "512 @ 4x4", "picture": written below the stack
    char op[64];   // "conv 4x4 / 2, BN, ReLU": written on the way to it; "" for the first
};
struct clg_figure_net {
    const char *title;
    const struct clg_figure_stage *stages;
    int n;
};
int clg_figure_save(const char *path, const struct clg_figure_net *nets, int n, const struct clg_log *log);

#endif
