// A first kernel, to see whether a compiler works at all.
#ifndef CLG_DEVICE_FIRST_KERNEL_H
#define CLG_DEVICE_FIRST_KERNEL_H

// Compiles and runs a kernel on PoCL's devices, where there are any: PoCL ends the program when it does
// not find a linker. It keeps the kernel, so that only the first time takes long. Other drivers report
// such trouble.
void clg_first_kernel(void);

#endif
