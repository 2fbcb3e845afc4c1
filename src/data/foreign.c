// Model files of other formats: their names, and a line of Python that converts each.
#include "data/foreign.h"

#include "base/log.h"
#include "data/kind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct content {
    const char *bytes;
    size_t size;
    enum clg_kind kind; // by its beginning, whatever its name
};

static bool has_at(struct content c, size_t at, const char *text, size_t length)
{
    return c.size >= at + length && memcmp(c.bytes + at, text, length) == 0;
}

static bool starts(struct content c, const char *text)
{
    return has_at(c, 0, text, strlen(text));
}

static bool holds(struct content c, const char *text)
{
    return memmem(c.bytes, c.size, text, strlen(text)) != NULL;
}

// --- the formats -------------------------------------------------------------------------------
static bool is_zip(struct content c)
{
    return c.kind == CLG_KIND_ZIP;
}

static bool is_pickle(struct content c)
{
    return c.kind == CLG_KIND_PICKLE;
}

// torch.save makes a zip file; before version 1.6 a pickle.
static bool is_torch(struct content c)
{
    return c.kind == CLG_KIND_TORCH || (is_zip(c) && holds(c, "/data.pkl"));
}

static bool is_torch_script(struct content c)
{
    return is_torch(c) && holds(c, "/constants.pkl") && holds(c, "/code/");
}

// A whole module instead of its state dict: the pickle names classes of modules.
static bool is_torch_module(struct content c)
{
    return is_torch(c) && holds(c, "torch.nn.modules.");
}

static bool is_npz(struct content c)
{
    return is_zip(c) && holds(c, ".npy");
}

static bool is_keras(struct content c)
{
    return is_zip(c) && holds(c, "model.weights.h5");
}

static bool is_hdf5(struct content c)
{
    return c.kind == CLG_KIND_HDF5;
}

static bool is_gguf(struct content c)
{
    return starts(c, "GGUF");
}

// A protobuf message that begins with ir_version, then a text or the graph. A safetensors file that begins so
// has zeros in the upper half of its header's length.
static bool is_onnx(struct content c)
{
    static const char zeros[4] = "";
    return c.size > 16 && c.bytes[0] == 8 && c.bytes[1] > 0 && c.bytes[1] < 64 && c.bytes[2] &&
           strchr("\x12\x1a\x22\x32\x3a\x42", c.bytes[2]) && !has_at(c, 4, zeros, 4);
}

static bool is_npy(struct content c)
{
    return c.kind == CLG_KIND_NPY;
}

static bool is_tflite(struct content c)
{
    return has_at(c, 4, "TFL3", 4);
}

static bool is_packed(struct content c)
{
    return c.kind >= CLG_KIND_TAR && c.kind <= CLG_KIND_RAR;
}

static bool is_lfs(struct content c)
{
    return c.kind == CLG_KIND_LFS;
}

static bool is_page(struct content c)
{
    return c.kind == CLG_KIND_HTML;
}

static bool is_picture(struct content c)
{
    return c.kind >= CLG_KIND_JPEG && c.kind < CLG_KIND_PDF;
}

#define TORCH(weights)                                                                                       \
    "import torch, safetensors.torch as s; s.save_file({k: v.clone().contiguous() for k, v in " weights      \
    ".items()}, \"{out}\")"

// The first match counts. `line` is Python with {in} and {out} in place of file names, or NULL.
static const struct {
    bool (*is)(struct content c);
    const char *name, *advice, *line;
} formats[] = {
    {is_torch_script, "a TorchScript file", "convert it with",
     TORCH("torch.jit.load(\"{in}\", map_location=\"cpu\").state_dict()")},
    {is_torch_module, "a whole module pickled by PyTorch",
     "convert it where its class can be imported, and only if you trust it, as loading it runs its code:",
     TORCH("torch.load(\"{in}\", map_location=\"cpu\", weights_only=False).state_dict()")},
    {is_torch, "a PyTorch file (.pth, .pt, .ckpt)",
     "convert it (of several state dicts take the right one: torch.load(...)[\"netG\"] or [\"state_dict\"], "
     "say) with",
     TORCH("torch.load(\"{in}\", map_location=\"cpu\", weights_only=True)")},
    {is_keras, "a Keras file",
     "its layers are not laid out as clgan's; save its weights under the names of PyTorch's DCGAN example",
     NULL},
    {is_npz, "a NumPy archive (.npz)", "convert it with",
     "import numpy as np, safetensors.numpy as s; s.save_file(dict(np.load(\"{in}\")), \"{out}\")"},
    {is_zip, "a zip archive", "unpack it, and give the model in it", NULL},
    {is_pickle, "a Python pickle",
     "if it is a dict of arrays, and you trust it, as loading it runs its code, convert it with",
     "import pickle, numpy as np, safetensors.numpy as s; s.save_file({k: np.array(v, order=\"C\") for k, v "
     "in "
     "pickle.load(open(\"{in}\", \"rb\")).items()}, \"{out}\")"},
    {is_hdf5, "an HDF5 file",
     "convert it with (Keras lays out its layers differently from PyTorch, whose layout clgan takes):",
     "import h5py, numpy as np, safetensors.numpy as s; d = {}; h5py.File(\"{in}\").visititems(lambda n, o: "
     "d.update({n.replace(\"/\", \".\"): np.array(o)}) if isinstance(o, h5py.Dataset) else None); "
     "s.save_file(d, "
     "\"{out}\")"},
    {is_gguf, "a GGUF file", "convert it with (needs the package gguf)",
     "import gguf, safetensors.numpy as s; s.save_file({t.name: t.data.copy() for t in "
     "gguf.GGUFReader(\"{in}\").tensors}, \"{out}\")"},
    {is_onnx, "an ONNX file", "convert it with",
     "import onnx, onnx.numpy_helper as h, safetensors.numpy as s; s.save_file({i.name: h.to_array(i).copy() "
     "for i "
     "in onnx.load(\"{in}\").graph.initializer}, \"{out}\")"},
    {is_npy, "a NumPy array (.npy)",
     "one array is no model; save all of them with safetensors.numpy.save_file", NULL},
    {is_tflite, "a TensorFlow Lite file", "save its weights with safetensors.numpy.save_file", NULL},
    {is_packed, "a compressed file or archive", "unpack it, and give the model in it", NULL},
    {is_lfs, "a pointer of Git LFS, not the file itself", "`git lfs pull` fetches it", NULL},
    {is_page, "a web page", "the download went wrong: fetch the file itself", NULL},
    {is_picture, "a picture", "a model is needed here", NULL},
};

// The file's name with another extension, or a placeholder if it cannot be quoted.
static void names_choose(const char *path, char *in, char *out, size_t size)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    const bool ending = dot && dot > (slash ? slash + 1 : path);
    const bool plain = !strpbrk(path, "'\"\\") && strlen(path) + 20 < size;
    if (!plain)
        path = "FILE";
    snprintf(in, size, "%s", path);
    snprintf(out, size, "%.*s.safetensors", (int)(plain && ending ? dot - path : (long)strlen(path)), path);
}

static char *line_make(const char *line, const char *path)
{
    char in[1024], out[1024], *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (!stream)
        return NULL;
    names_choose(path, in, out, sizeof in);
    for (; *line; line++) {
        const bool is_in = strncmp(line, "{in}", 4) == 0, is_out = strncmp(line, "{out}", 5) == 0;
        if (is_in || is_out) {
            fputs(is_in ? in : out, stream);
            line += is_in ? 3 : 4;
        } else {
            fputc(*line, stream);
        }
    }
    return fclose(stream) ? NULL : text;
}

bool clg_foreign_refuse(const char *content, size_t size, const char *path, const struct clg_log *log)
{
    const size_t beginning = size < CLG_KIND_BYTES ? size : CLG_KIND_BYTES;
    const struct content c = {content, size, clg_kind_of((const uint8_t *)content, beginning, "")};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (!formats[i].is(c))
            continue;
        char *line = formats[i].line ? line_make(formats[i].line, path) : NULL;
        clg_fail(log, CLG_EFORMAT, "%s is %s, not safetensors: %s%s%s%s", path, formats[i].name,
                 formats[i].advice, line ? " python3 -c '" : "", line ? line : "", line ? "'" : "");
        free(line);
        return true;
    }
    return false;
}
