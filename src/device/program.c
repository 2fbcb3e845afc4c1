// Programs: .cl files from the library or from a folder, compiled for the device with their options.
#include "device/program.h"

#include "base/file.h"
#include "base/log.h"
#include "base/sources.h"

#include <stdlib.h>
#include <string.h>

static const char common_file[] = "common.cl"; // stands before every other file

static void program_free(struct clg_program *p)
{
    if (p->program)
        clReleaseProgram(p->program);
    free(p->file);
    free(p->options);
    free(p);
}

int clg_program_get(struct clg_device *d, const char *file, const char *options, struct clg_program **program)
{
    struct clg_program **at = &d->programs; // new ones go to the end: built in the order of first use
    for (; *at; at = &(*at)->next) {
        if (strcmp((*at)->file, file) == 0 && strcmp((*at)->options, options) == 0) {
            *program = *at;
            return 0;
        }
    }
    struct clg_program *p = calloc(1, sizeof *p);
    if (p) {
        p->file = strdup(file);
        p->options = strdup(options);
    }
    if (!p || !p->file || !p->options) {
        if (p)
            program_free(p);
        return clg_fail(&d->log, CLG_ENOMEM, "out of memory for %s", file);
    }
    *at = *program = p;
    return 0;
}

// The text of a .cl file; the caller's: free().
static int source_read(struct clg_device *d, const char *name, char **text)
{
    if (d->kernels_dir) {
        char path[4096];
        size_t size;
        snprintf(path, sizeof path, "%s/%s", d->kernels_dir, name);
        if (clg_file_exists(path))
            return clg_file_read(path, 16 << 20, text, &size, &d->log);
    }
    for (const struct clg_source *s = clg_sources; s->name; s++) {
        if (strcmp(s->name, name) == 0) {
            *text = strdup(s->text);
            return *text ? 0 : clg_fail(&d->log, CLG_ENOMEM, "out of memory for %s", name);
        }
    }
    return clg_fail(&d->log, CLG_EBUILD, "no kernel file %s in the library", name);
}

// common.cl and the file, with #line marks so that the compiler's messages name the right file and line.
static int source_compose(struct clg_device *d, const char *file, char **source)
{
    char *common = NULL, *own = NULL;
    *source = NULL;
    int status = source_read(d, common_file, &common);
    if (!status)
        status = source_read(d, file, &own);
    if (!status) {
        size_t size = strlen(common) + strlen(own) + 256;
        *source = malloc(size);
        if (*source)
            snprintf(*source, size, "#line 1 \"%s\"\n%s\n#line 1 \"%s\"\n%s\n", common_file, common, file,
                     own);
        else
            status = clg_fail(&d->log, CLG_ENOMEM, "out of memory for %s", file);
    }
    free(common);
    free(own);
    return status;
}

static int build_fail(struct clg_device *d, const struct clg_program *p, cl_program program,
                      const char *options, cl_int error)
{
    size_t size = 0;
    clGetProgramBuildInfo(program, d->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
    char *text = calloc(1, size + 1);
    if (text)
        clGetProgramBuildInfo(program, d->id, CL_PROGRAM_BUILD_LOG, size, text, NULL);
    clg_fail(&d->log, CLG_EBUILD, "%s does not compile on %s: %s\noptions: %s\n%.3000s", p->file,
             d->info.name, clg_cl_text(error), options, text && text[0] ? text : "(the driver gave no log)");
    free(text);
    return CLG_EBUILD;
}

static int build_from_source(struct clg_device *d, struct clg_program *p, const char *source,
                             const char *options)
{
    cl_int error;
    cl_program program = clCreateProgramWithSource(d->context, 1, &source, NULL, &error);
    if (error)
        return clg_cl_fail(d, error, "cannot create program %s", p->file);
    error = clBuildProgram(program, 1, &d->id, options, NULL, NULL);
    if (error) {
        int status = build_fail(d, p, program, options, error);
        clReleaseProgram(program);
        return status;
    }
    p->program = program;
    return 0;
}

// What the compiler is given; false: too long.
static bool options_compose(const struct clg_device *d, const struct clg_program *p, char *options,
                            size_t size)
{
    return snprintf(options, size, "-cl-std=CL1.2 -DVF=%d -DWG=%d%s", d->vector, d->work_group, p->options) <
           (int)size;
}

static bool build_from_binary(struct clg_device *d, struct clg_program *p, const unsigned char *binary,
                              size_t size, const char *options)
{
    cl_int error, loaded = CL_SUCCESS;
    cl_program program = clCreateProgramWithBinary(d->context, 1, &d->id, &size, &binary, &loaded, &error);
    if (error || loaded) {
        if (!error)
            clReleaseProgram(program);
        return false;
    }
    if (clBuildProgram(program, 1, &d->id, options, NULL, NULL)) {
        clReleaseProgram(program);
        return false;
    }
    p->program = program;
    return true;
}

// From the disk cache; any trouble there means: not built.
static bool build_from_cache(struct clg_device *d, struct clg_program *p, const struct clg_cache_key *key,
                             const char *options)
{
    unsigned char *binary;
    size_t size;
    if (clg_cache_load(d, key, &binary, &size))
        return false;
    const bool built = build_from_binary(d, p, binary, size, options);
    free(binary);
    return built;
}

unsigned char *clg_program_binary(cl_program program, size_t *size)
{
    *size = 0;
    if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof *size, size, NULL) || !*size)
        return NULL;
    unsigned char *binary = malloc(*size);
    if (binary && clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL)) {
        free(binary);
        binary = NULL;
    }
    return binary;
}

int clg_program_reload(struct clg_device *d, struct clg_program *p)
{
    char options[2048];
    size_t size;
    const cl_program old = p->program;
    unsigned char *binary = clg_program_binary(old, &size);
    options_compose(d, p, options, sizeof options);
    const bool given = binary != NULL, built = given && build_from_binary(d, p, binary, size, options);
    free(binary);
    if (!built)
        return clg_fail(&d->log, CLG_EBUILD, "%s: the driver %s", p->file,
                        given ? "does not take its own binary" : "gives no binary");
    clReleaseProgram(old);
    return 0;
}

int clg_program_build(struct clg_device *d, struct clg_program *p)
{
    if (p->program)
        return 0;
    char options[2048];
    if (!options_compose(d, p, options, sizeof options))
        return clg_fail(&d->log, CLG_EBUILD, "options of %s are too long", p->file);
    char *source;
    int status = source_compose(d, p->file, &source);
    if (status)
        return status;
    struct clg_cache_key key;
    clg_cache_key_make(d, source, options, &key);
    if (!build_from_cache(d, p, &key, options)) {
        status = build_from_source(d, p, source, options);
        if (!status)
            clg_cache_save(d, &key, p->program);
    }
    free(source);
    return status;
}

void clg_programs_build_all(struct clg_device *d)
{
    const struct clg_log log = d->log;
    size_t total = 0, done = 0;
    for (struct clg_program *p = d->programs; p; p = p->next)
        total += !p->program;
    for (struct clg_program *p = d->programs; p; p = p->next) {
        if (p->program)
            continue;
        if (d->params.progress)
            d->params.progress(d->params.progress_user, p->file, done, total);
        d->log = clg_log_silent; // what fails is built again, and heard, where it is used
        clg_program_build(d, p);
        d->log = log;
        done++;
    }
    if (d->params.progress && total)
        d->params.progress(d->params.progress_user, "kernels", total, total);
}

void clg_programs_forget(struct clg_device *d)
{
    for (struct clg_program **at = &d->programs; *at;) {
        struct clg_program *p = *at;
        if (p->program) {
            at = &p->next;
        } else {
            *at = p->next;
            program_free(p);
        }
    }
}

void clg_programs_free(struct clg_device *d)
{
    while (d->kernels) {
        struct clg_kernel *k = d->kernels;
        d->kernels = k->next;
        clReleaseKernel(k->kernel);
        free(k);
    }
    while (d->programs) {
        struct clg_program *p = d->programs;
        d->programs = p->next;
        program_free(p);
    }
}
