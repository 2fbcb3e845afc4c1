// The names that programs give the tensors of a DCGAN.
#include "gan/names.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

// One part of a name, between two points.
struct part {
    const char *text;
    size_t length;
};

// The part at *name, which moves on to the next; length 0 and *name NULL behind the last.
static struct part next_part(const char **name)
{
    if (!*name)
        return (struct part){"", 0};
    const char *point = strchr(*name, '.');
    struct part part = {*name, point ? (size_t)(point - *name) : strlen(*name)};
    *name = point ? point + 1 : NULL;
    return part;
}

static bool in_list(struct part part, const char *const *list)
{
    for (; *list; list++)
        if (strlen(*list) == part.length && strncasecmp(part.text, *list, part.length) == 0)
            return true;
    return false;
}

// "netG_state_dict" is netG.
static struct part without_ending(struct part part)
{
    static const char ending[] = "_state_dict";
    const size_t length = sizeof ending - 1;
    if (part.length > length && strncasecmp(part.text + part.length - length, ending, length) == 0)
        part.length -= length;
    return part;
}

static bool is_wrapper(struct part part)
{
    static const char *const names[] = {"module", "_orig_mod", "_fsdp_wrapped_module", NULL};
    return in_list(part, names);
}

// What holds a net, or the layers of a net.
static bool is_container(struct part part)
{
    static const char *const names[] = {"state_dict", "model", "main", "net", "network", "layers", NULL};
    return is_wrapper(part) || in_list(part, names);
}

static enum clg_whose net_of(struct part part)
{
    static const char *const g[] = {"netG", "net_G", "generator", "gen", "G", NULL};
    static const char *const d[] = {"netD", "net_D", "discriminator", "disc", "D", NULL};
    if (in_list(part, g))
        return CLG_WHOSE_G;
    return in_list(part, d) ? CLG_WHOSE_D : CLG_WHOSE_NEITHER;
}

static bool is_number(struct part part)
{
    return part.length > 0 && part.length < 5 && strspn(part.text, "0123456789") >= part.length;
}

// "main.", the number and what follows it, without wrappers; "" when that is too long.
static void param_write(char *param, struct part number, const char *rest)
{
    size_t used = (size_t)snprintf(param, CLG_PARAM_NAME_MAX, "main.%.*s", (int)number.length, number.text);
    while (rest && used < CLG_PARAM_NAME_MAX) {
        struct part part = next_part(&rest);
        if (!is_wrapper(part))
            used += (size_t)snprintf(param + used, CLG_PARAM_NAME_MAX - used, ".%.*s", (int)part.length,
                                     part.text);
    }
    if (used >= CLG_PARAM_NAME_MAX)
        param[0] = 0;
}

struct clg_tensor_name clg_tensor_name_parse(const char *name)
{
    struct clg_tensor_name found = {CLG_WHOSE_NEITHER, ""};
    const char *rest = name;
    while (rest) {
        const struct part part = without_ending(next_part(&rest));
        const enum clg_whose net = net_of(part);
        if (is_number(part)) {
            if (found.whose == CLG_WHOSE_NEITHER)
                found.whose = CLG_WHOSE_EITHER;
            param_write(found.param, part, rest);
            return found;
        }
        if (net && (!found.whose || net == found.whose))
            found.whose = net;
        else if (!is_container(part))
            return found;
    }
    return found;
}
