// How each kind of file is reported, and what its name has to do with it.
#include "data/kind.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

// What the user can do about a file that is not decoded.
enum remedy { NONE, CONVERT, PAGES, FRAMES, UNPACK, LFS, ANNEX, FETCH, COPY, LINKS, EXPORT, REMEDIES };

static const struct {
    const char *one, *many;
} remedies[REMEDIES] = {
    [CONVERT] = {"convert it to PNG or JPEG", "convert them to PNG or JPEG"},
    [PAGES] = {"take the pictures out of it (pdfimages)", "take the pictures out of them (pdfimages)"},
    [FRAMES] = {"take frames out of it first (ffmpeg)", "take frames out of them first (ffmpeg)"},
    [UNPACK] = {"unpack it first", "unpack them first"},
    [LFS] = {"fetch the file it stands for: git lfs pull", "fetch the files they stand for: git lfs pull"},
    [ANNEX] = {"fetch the file it stands for: git annex get",
               "fetch the files they stand for: git annex get"},
    [FETCH] = {"a failed download? Fetch it again", "failed downloads? Fetch them again"},
    [COPY] = {"copy or download it again", "copy or download them again"},
    [LINKS] = {"the file it points to is gone", "the files they point to are gone"},
    [EXPORT] = {"write its pictures as PNG or JPEG files", "write their pictures as PNG or JPEG files"},
};

static const struct {
    const char *name;  // counted: "8 bmp"
    const char *title; // one alone: "a BMP picture"
    enum remedy remedy;
} kinds[CLG_KINDS] = {
    [CLG_KIND_UNKNOWN] = {"of unknown kinds", "neither JPEG, PNG nor WebP", NONE},
    [CLG_KIND_JPEG] = {"jpeg", "a JPEG picture", NONE},
    [CLG_KIND_PNG] = {"png", "a PNG picture", NONE},
    [CLG_KIND_WEBP] = {"webp", "a WebP picture", NONE},
    [CLG_KIND_BMP] = {"bmp", "a BMP picture", CONVERT},
    [CLG_KIND_GIF] = {"gif", "a GIF picture", CONVERT},
    [CLG_KIND_TIFF] = {"tiff", "a TIFF picture", CONVERT},
    [CLG_KIND_HEIC] = {"heic", "a HEIC picture", CONVERT},
    [CLG_KIND_AVIF] = {"avif", "an AVIF picture", CONVERT},
    [CLG_KIND_JXL] = {"jpeg xl", "a JPEG XL picture", CONVERT},
    [CLG_KIND_JP2] = {"jpeg 2000", "a JPEG 2000 picture", CONVERT},
    [CLG_KIND_JXR] = {"jpeg xr", "a JPEG XR picture", CONVERT},
    [CLG_KIND_PSD] = {"psd", "a Photoshop picture", CONVERT},
    [CLG_KIND_SVG] = {"svg", "an SVG drawing", CONVERT},
    [CLG_KIND_ICO] = {"ico", "an icon", CONVERT},
    [CLG_KIND_RAW] = {"camera raw", "a camera's raw picture", CONVERT},
    [CLG_KIND_XCF] = {"xcf", "a GIMP picture", CONVERT},
    [CLG_KIND_EXR] = {"exr", "an OpenEXR picture", CONVERT},
    [CLG_KIND_HDR] = {"hdr", "a Radiance HDR picture", CONVERT},
    [CLG_KIND_DDS] = {"dds", "a DDS texture", CONVERT},
    [CLG_KIND_PNM] = {"pnm", "a PBM, PGM or PPM picture", CONVERT},
    [CLG_KIND_PCX] = {"pcx", "a PCX picture", CONVERT},
    [CLG_KIND_TGA] = {"tga", "a TGA picture", CONVERT},
    [CLG_KIND_QOI] = {"qoi", "a QOI picture", CONVERT},
    [CLG_KIND_FITS] = {"fits", "a FITS picture", CONVERT},
    [CLG_KIND_DICOM] = {"dicom", "a DICOM picture", CONVERT},
    [CLG_KIND_PS] = {"postscript", "a PostScript document", CONVERT},
    [CLG_KIND_DJVU] = {"djvu", "a DjVu document", CONVERT},
    [CLG_KIND_MNG] = {"mng", "an MNG animation", CONVERT},
    [CLG_KIND_ICNS] = {"icns", "a macOS icon", CONVERT},
    [CLG_KIND_EMF] = {"wmf", "a Windows metafile", CONVERT},
    [CLG_KIND_SUN] = {"sun raster", "a Sun raster picture", CONVERT},
    [CLG_KIND_SGI] = {"sgi", "an SGI picture", CONVERT},
    [CLG_KIND_BPG] = {"bpg", "a BPG picture", CONVERT},
    [CLG_KIND_PDF] = {"pdf", "a PDF document", PAGES},
    [CLG_KIND_VIDEO] = {"video", "a video", FRAMES},
    [CLG_KIND_ZIP] = {"zip", "a zip archive", UNPACK},
    [CLG_KIND_TAR] = {"tar", "a tar archive", UNPACK},
    [CLG_KIND_GZIP] = {"gzip", "a gzip archive", UNPACK},
    [CLG_KIND_BZIP2] = {"bzip2", "a bzip2 archive", UNPACK},
    [CLG_KIND_XZ] = {"xz", "an xz archive", UNPACK},
    [CLG_KIND_ZSTD] = {"zstd", "a zstd archive", UNPACK},
    [CLG_KIND_7Z] = {"7z", "a 7z archive", UNPACK},
    [CLG_KIND_RAR] = {"rar", "a rar archive", UNPACK},
    [CLG_KIND_LFS] = {"git lfs pointer", "a Git LFS pointer, not the file itself", LFS},
    [CLG_KIND_ANNEX] = {"git-annex pointer", "a git-annex pointer, not the file itself", ANNEX},
    [CLG_KIND_HTML] = {"html", "an HTML page", FETCH},
    [CLG_KIND_XML] = {"xml", "an XML document", FETCH},
    [CLG_KIND_EMPTY] = {"empty", "the file is empty", COPY},
    [CLG_KIND_ZEROS] = {"all zeros", "nothing but zeros where its header should be", COPY},
    [CLG_KIND_LINK] = {"broken link", "a link to nothing", LINKS},
    [CLG_KIND_PIPE] = {"pipe or device", "not a regular file", NONE},
    [CLG_KIND_NPY] = {"npy", "a NumPy array", EXPORT},
    [CLG_KIND_NPZ] = {"npz", "an archive of NumPy arrays", EXPORT},
    [CLG_KIND_HDF5] = {"hdf5", "an HDF5 file", EXPORT},
    [CLG_KIND_PARQUET] = {"parquet", "a Parquet table", EXPORT},
    [CLG_KIND_ARROW] = {"arrow", "an Arrow table", EXPORT},
    [CLG_KIND_MATLAB] = {"mat", "a MATLAB file", EXPORT},
    [CLG_KIND_LMDB] = {"lmdb", "an LMDB database", EXPORT},
    [CLG_KIND_IDX] = {"idx", "an IDX file, as of MNIST", EXPORT},
    [CLG_KIND_PICKLE] = {"pickle", "a Python pickle", EXPORT},
    [CLG_KIND_TORCH] = {"pytorch", "a PyTorch file", NONE},
    [CLG_KIND_SAFETENSORS] = {"safetensors", "a safetensors file", NONE},
    [CLG_KIND_TEXT] = {"text", "it holds text", NONE},
};

bool clg_kind_is_decoded(enum clg_kind kind)
{
    return kind == CLG_KIND_JPEG || kind == CLG_KIND_PNG || kind == CLG_KIND_WEBP;
}

const char *clg_kind_refusal(enum clg_kind kind, char text[CLG_REFUSAL_BYTES])
{
    const char *remedy = remedies[kinds[kind].remedy].one;
    snprintf(text, CLG_REFUSAL_BYTES, "%s%s%s", kinds[kind].title, remedy ? ": " : "", remedy ? remedy : "");
    return text;
}

// --- names -------------------------------------------------------------------------------------

bool clg_path_ends(const char *path, const char *ending)
{
    size_t n = strlen(path), m = strlen(ending);
    return n > m && strcasecmp(path + n - m, ending) == 0;
}

static bool ends_with_any(const char *name, const char *const *endings)
{
    for (; *endings; endings++)
        if (clg_path_ends(name, *endings))
            return true;
    return false;
}

static bool has_suffix(const char *name)
{
    const char *slash = strrchr(name, '/'), *dot = strrchr(slash ? slash : name, '.');
    return dot && dot[1];
}

// Does the name claim that this is a picture?
static bool name_is_picture(const char *name)
{
    static const char *const endings[] = {
        ".jpg", ".jpeg", ".jpe", ".jfif", ".jif",  ".pjpeg", ".pjp",  ".png", ".apng", ".webp",
        ".bmp", ".dib",  ".gif", ".tif",  ".tiff", ".ico",   ".heic", ".hif", ".heif", ".avif",
        ".jxl", ".jp2",  ".j2k", ".psd",  ".tga",  ".ppm",   ".pgm",  ".pbm", ".exr",  ".svg",
        ".cr2", ".cr3",  ".nef", ".arw",  ".dng",  ".raf",   ".orf",  ".rw2", NULL};
    return ends_with_any(name, endings);
}

static bool name_is_archive(const char *name)
{
    static const char *const endings[] = {".zip", ".tar", ".gz",   ".tgz", ".bz2", ".tbz", ".tbz2", ".xz",
                                          ".txz", ".zst", ".tzst", ".7z",  ".rar", ".cbz", ".cbr",  NULL};
    return ends_with_any(name, endings);
}

enum clg_notice clg_kind_notice(enum clg_kind kind, const char *name)
{
    const bool picture = name_is_picture(name);
    if (kind >= CLG_KIND_BMP && kind <= CLG_KIND_VIDEO)
        return CLG_NOTICE_COUNT;
    if (clg_kind_is_decoded(kind))
        return CLG_NOTICE_NAME; // of this kind, but damaged
    switch (kind) {
    case CLG_KIND_UNKNOWN:
    case CLG_KIND_TEXT:
    case CLG_KIND_ZEROS: return picture ? CLG_NOTICE_NAME : CLG_NOTICE_NONE;
    case CLG_KIND_EMPTY:
    case CLG_KIND_LINK:
    case CLG_KIND_PIPE: return picture ? CLG_NOTICE_COUNT : CLG_NOTICE_NONE;
    default: // archives, failed downloads: other suffixes are documents, checkpoints, reports
        return picture || !has_suffix(name) || name_is_archive(name) ? CLG_NOTICE_COUNT : CLG_NOTICE_NONE;
    }
}

// --- counts ------------------------------------------------------------------------------------

uint64_t clg_tally_sum(const struct clg_tally *tally)
{
    uint64_t sum = 0;
    for (int kind = 0; kind < CLG_KINDS; kind++)
        sum += tally->of[kind];
    return sum;
}

static void CLG_PRINTF(3, 4) append(char *text, size_t size, const char *format, ...)
{
    const size_t used = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, size - used, format, args);
    va_end(args);
}

// Kinds that share a remedy, then the remedy.
static void remedy_append(const struct clg_tally *tally, enum remedy remedy, char *text, size_t size)
{
    uint64_t sum = 0;
    for (int kind = 0; kind < CLG_KINDS; kind++) {
        if (!tally->of[kind] || kinds[kind].remedy != remedy)
            continue;
        const char *gap = *text ? "; " : "";
        append(text, size, "%s%llu %s", sum ? ", " : gap, (unsigned long long)tally->of[kind],
               kinds[kind].name);
        sum += tally->of[kind];
    }
    if (sum && remedy != NONE)
        append(text, size, ": %s", sum == 1 ? remedies[remedy].one : remedies[remedy].many);
}

const char *clg_tally_text(const struct clg_tally *tally, char *text, size_t size)
{
    *text = 0;
    for (enum remedy remedy = CONVERT; remedy < REMEDIES; remedy++)
        remedy_append(tally, remedy, text, size);
    remedy_append(tally, NONE, text, size);
    return text;
}
