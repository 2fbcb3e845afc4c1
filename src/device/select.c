// Which device does the user mean? A pure function of the list.
#include <clgan/device.h>

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// The answer in words, written piece by piece into the caller's room (which may be none).
struct words {
    char *text;
    size_t size, used;
};

static void say(struct words *why, const char *format, ...) CLG_PRINTF(2, 3);
static void say(struct words *why, const char *format, ...)
{
    if (!why->text || why->used >= why->size)
        return;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(why->text + why->used, why->size - why->used, format, args);
    va_end(args);
    why->used += n > 0 ? (size_t)n : 0;
}

static const char *const type_names[] = {"GPU", "CPU", "other device"};

// --- the best of some --------------------------------------------------------------------------
static double power(const struct clg_device_info *d)
{
    return (double)d->compute_units * (double)d->memory;
}

static bool is_pocl(const struct clg_device_info *d)
{
    return strstr(d->platform_name, "Portable Computing Language") != NULL;
}

// Devices of one type. CPU devices are the same cores and the same memory as different programs see them:
// what they say about the memory decides last, PoCL (which clgan is tuned on) before it.
static bool is_better(const struct clg_device_info *a, const struct clg_device_info *b)
{
    if (a->type != CLG_DEVICE_CPU)
        return power(a) > power(b);
    if (a->compute_units != b->compute_units)
        return a->compute_units > b->compute_units;
    if (is_pocl(a) != is_pocl(b))
        return is_pocl(a);
    return a->memory > b->memory;
}

static void say_why_best(struct words *why, const struct clg_device_info *list, int count, int best,
                         int usable)
{
    const struct clg_device_info *d = &list[best];
    if (usable == 1) {
        say(why, "the only usable %s", type_names[d->type]);
        return;
    }
    bool by_platform = false;
    for (int i = 0; i < count && d->type == CLG_DEVICE_CPU && is_pocl(d); i++)
        by_platform = by_platform || (list[i].available && list[i].type == d->type && !is_pocl(&list[i]) &&
                                      list[i].compute_units == d->compute_units);
    if (by_platform)
        say(why, "PoCL goes before other CPU platforms with as many compute units");
    else
        say(why, "the best of %d %ss (compute units %s memory: %u, %.1f GiB)", usable, type_names[d->type],
            d->type == CLG_DEVICE_CPU ? "before" : "x", d->compute_units, (double)d->memory / (1 << 30));
}

// The best usable device of a type, or CLG_ENODEV. Of equals, the first in the list.
static int select_type(const struct clg_device_info *list, int count, enum clg_device_type type,
                       struct words *why)
{
    int best = CLG_ENODEV, usable = 0;
    for (int i = 0; i < count; i++) {
        if (list[i].type != type || !list[i].available)
            continue;
        usable++;
        if (best < 0 || is_better(&list[i], &list[best]))
            best = i;
    }
    if (best >= 0)
        say_why_best(why, list, count, best, usable);
    return best;
}

static int select_auto(const struct clg_device_info *list, int count, struct words *why)
{
    static const enum clg_device_type order[] = {CLG_DEVICE_GPU, CLG_DEVICE_OTHER, CLG_DEVICE_CPU};
    for (int i = 0; i < 3; i++) {
        int best = select_type(list, count, order[i], why);
        if (best < 0)
            continue;
        if (i > 0)
            say(why, "; there is no usable GPU");
        return best;
    }
    say(why, "none of the %d OpenCL devices is available with a compiler for OpenCL C 1.2", count);
    return CLG_ENODEV;
}

// --- one by number -----------------------------------------------------------------------------
// Decimal digits alone, up to `end`; a number that no list is long enough for is INT_MAX.
static bool is_number(const char *text, const char *end, int *number)
{
    *number = 0;
    if (text == end)
        return false;
    for (; text < end; text++) {
        if (!isdigit((unsigned char)*text))
            return false;
        *number = *number > INT_MAX / 10 - 1 ? INT_MAX : *number * 10 + (*text - '0');
    }
    return true;
}

static bool name_has(const struct clg_device_info *d, const char *part)
{
    return strcasestr(d->name, part) != NULL;
}

static int take_if_usable(const struct clg_device_info *list, int at, const char *reason, struct words *why)
{
    const struct clg_device_info *d = &list[at];
    if (d->available) {
        say(why, "%s", reason);
        return at;
    }
    say(why, "device %d (%s, %s) is not available with a compiler for OpenCL C 1.2", d->index, d->name,
        d->version);
    return CLG_ENODEV;
}

static int select_index(const struct clg_device_info *list, int count, const char *spec, int index,
                        struct words *why)
{
    int last = 0;
    for (int i = 0; i < count; i++) {
        if (list[i].index == index)
            return take_if_usable(list, i, "chosen by its index", why);
        last = list[i].index > last ? list[i].index : last;
    }
    say(why, "no device has the index %s: %s %d", spec, last ? "they go from 0 to" : "the only one is", last);
    for (int i = 0; i < count; i++) {
        if (name_has(&list[i], spec)) {
            say(why, " (to choose \"%s\" by its name, give more of it than a number)", list[i].name);
            break;
        }
    }
    return CLG_ENODEV;
}

static int select_pair(const struct clg_device_info *list, int count, const char *spec, int platform,
                       int device, struct words *why)
{
    for (int i = 0; i < count; i++)
        if (list[i].platform == platform && list[i].device == device)
            return take_if_usable(list, i, "chosen by platform and device", why);
    say(why, "no device is at platform:device %s; there are", spec);
    for (int i = 0; i < count; i++)
        say(why, "%s %d:%d", i ? "," : "", list[i].platform, list[i].device);
    return CLG_ENODEV;
}

// --- one by name -------------------------------------------------------------------------------
// Counts the devices whose name is (whole) or has the text, and those of them that can be used.
struct matches {
    int n, first, usable, first_usable;
};

static bool name_matches(const struct clg_device_info *d, const char *spec, bool whole)
{
    return whole ? strcasecmp(d->name, spec) == 0 : name_has(d, spec);
}

static struct matches find_matches(const struct clg_device_info *list, int count, const char *spec,
                                   bool whole)
{
    struct matches m = {0};
    for (int i = 0; i < count; i++) {
        if (!name_matches(&list[i], spec, whole))
            continue;
        if (m.n++ == 0)
            m.first = i;
        if (list[i].available && m.usable++ == 0)
            m.first_usable = i;
    }
    return m;
}

static int select_name(const struct clg_device_info *list, int count, const char *spec, struct words *why)
{
    bool whole = true;
    struct matches m = find_matches(list, count, spec, whole);
    if (m.n == 0) {
        whole = false;
        m = find_matches(list, count, spec, whole);
    }
    if (m.usable == 1)
        return take_if_usable(list, m.first_usable, "chosen by its name", why);
    if (m.n == 1)
        return take_if_usable(list, m.first, "", why);
    if (m.n == 0) {
        say(why, "no device has \"%s\" in its name; there are", spec);
        for (int i = 0; i < count; i++)
            say(why, "%s %d \"%s\"", i ? "," : "", list[i].index, list[i].name);
        return CLG_ENODEV;
    }
    say(why, "\"%s\" matches %d devices:", spec, m.n);
    const char *comma = "";
    for (int i = 0; i < count; i++) {
        if (!name_matches(&list[i], spec, whole))
            continue;
        say(why, "%s %d \"%s\"", comma, list[i].index, list[i].name);
        comma = ",";
    }
    say(why, "; choose one by its index");
    return CLG_ENODEV;
}

// --- all of it ---------------------------------------------------------------------------------
int clg_devices_select(const struct clg_device_info *list, int count, const char *spec, char *why,
                       size_t why_size)
{
    struct words words = {why_size ? why : NULL, why_size, 0};
    if (words.text)
        *words.text = 0;
    if (count <= 0) {
        say(&words, "there is no OpenCL device");
        return CLG_ENODEV;
    }
    if (!spec || !*spec || !strcasecmp(spec, "auto"))
        return select_auto(list, count, &words);
    if (!strcasecmp(spec, "gpu") || !strcasecmp(spec, "cpu")) {
        enum clg_device_type type = tolower((unsigned char)*spec) == 'g' ? CLG_DEVICE_GPU : CLG_DEVICE_CPU;
        int best = select_type(list, count, type, &words);
        if (best < 0)
            say(&words, "there is no usable %s among the %d OpenCL devices", type_names[type], count);
        return best;
    }
    const char *end = spec + strlen(spec), *colon = strchr(spec, ':');
    int index, platform, device;
    if (is_number(spec, end, &index))
        return select_index(list, count, spec, index, &words);
    if (colon && is_number(spec, colon, &platform) && is_number(colon + 1, end, &device))
        return select_pair(list, count, spec, platform, device, &words);
    return select_name(list, count, spec, &words);
}

const char *clg_devices_advice(void)
{
    return "No OpenCL device found. What to install (names for Debian and Ubuntu):\n"
           "  any CPU      apt install pocl-opencl-icd\n"
           "  Intel GPU    apt install intel-opencl-icd\n"
           "  NVIDIA GPU   NVIDIA's driver, with its OpenCL part: apt install nvidia-opencl-icd (Debian),\n"
           "               or libnvidia-compute-NNN of the installed driver's number NNN (Ubuntu)\n"
           "  AMD GPU      ROCm's OpenCL: apt install rocm-opencl-icd (AMD's repository, or the "
           "distribution's\n"
           "               where it has it); or Mesa's: apt install mesa-opencl-icd, then "
           "RUSTICL_ENABLE=radeonsi\n"
           "A GPU that still does not show: the user may have to be in the groups `render` and `video`;\n"
           "`clinfo -l` lists what the OpenCL loader finds (an OCL_ICD_VENDORS in the environment misleads "
           "it).\n";
}
