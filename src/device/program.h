// Kernels: .cl files compiled with options, and their binaries on disk.
#ifndef CLG_DEVICE_PROGRAM_H
#define CLG_DEVICE_PROGRAM_H

#include "device/device.h"

// A compiled .cl file with its options. Built lazily, or all at once by clg_record.
struct clg_program {
    char *file, *options;
    cl_program program; // NULL: not built yet
    struct clg_program *next;
};

// Kernel objects for eager launches, one per (program, name).
struct clg_kernel {
    const struct clg_program *program;
    char name[64];
    cl_kernel kernel;
    struct clg_kernel *next;
};

int clg_program_get(struct clg_device *d, const char *file, const char *options,
                    struct clg_program **program);
int clg_program_build(struct clg_device *d, struct clg_program *program);
// A program in the place of one that was just built, from that one's binary: as if it came from the disk.
int clg_program_reload(struct clg_device *d, struct clg_program *program);
// The binary of a built program, the caller's: free(). NULL: the driver gives none.
unsigned char *clg_program_binary(cl_program program, size_t *size);
// Those not built yet, with progress; one that does not compile is left, to fail where it is used.
void clg_programs_build_all(struct clg_device *d);
void clg_programs_forget(struct clg_device *d); // those not built yet: unused, or they do not compile
void clg_programs_free(struct clg_device *d);

// A compiled program's place on disk (cache.c). Load: 0 and a binary, or 1: nothing usable there.
struct clg_cache_key {
    char text[1024];
    uint64_t hash[2];
};
void clg_cache_key_make(struct clg_device *d, const char *source, const char *options,
                        struct clg_cache_key *key);
int clg_cache_load(struct clg_device *d, const struct clg_cache_key *key, unsigned char **binary,
                   size_t *size);
void clg_cache_save(struct clg_device *d, const struct clg_cache_key *key, cl_program program);

#endif
