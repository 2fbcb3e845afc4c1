// Identifies files by their first bytes: the pictures that clgan decodes, and what else is found in picture
// folders.
#ifndef CLG_DATA_KIND_H
#define CLG_DATA_KIND_H

#include <clgan/base.h>

// Bytes from the start of a file that are enough to identify it.
#define CLG_KIND_BYTES 4096

enum clg_kind {
    CLG_KIND_UNKNOWN,
    // decoded
    CLG_KIND_JPEG,
    CLG_KIND_PNG,
    CLG_KIND_WEBP,
    // pictures that are not decoded
    CLG_KIND_BMP,
    CLG_KIND_GIF,
    CLG_KIND_TIFF,
    CLG_KIND_HEIC,
    CLG_KIND_AVIF,
    CLG_KIND_JXL,
    CLG_KIND_JP2,
    CLG_KIND_JXR,
    CLG_KIND_PSD,
    CLG_KIND_SVG,
    CLG_KIND_ICO,
    CLG_KIND_RAW,
    CLG_KIND_XCF,
    CLG_KIND_EXR,
    CLG_KIND_HDR,
    CLG_KIND_DDS,
    CLG_KIND_PNM,
    CLG_KIND_PCX,
    CLG_KIND_TGA,
    CLG_KIND_QOI,
    CLG_KIND_FITS,
    CLG_KIND_DICOM,
    CLG_KIND_PS,
    CLG_KIND_DJVU,
    CLG_KIND_MNG,
    CLG_KIND_ICNS,
    CLG_KIND_EMF,
    CLG_KIND_SUN,
    CLG_KIND_SGI,
    CLG_KIND_BPG,
    CLG_KIND_PDF,
    CLG_KIND_VIDEO,
    CLG_KIND_ZIP,
    CLG_KIND_TAR,
    CLG_KIND_GZIP,
    CLG_KIND_BZIP2,
    CLG_KIND_XZ,
    CLG_KIND_ZSTD,
    CLG_KIND_7Z,
    CLG_KIND_RAR,
    CLG_KIND_LFS,
    CLG_KIND_ANNEX,
    CLG_KIND_HTML,
    CLG_KIND_XML,
    CLG_KIND_EMPTY,
    CLG_KIND_ZEROS,
    CLG_KIND_LINK, // a dangling symbolic link
    CLG_KIND_PIPE, // a named pipe, a socket, a device
    // data that is not a picture
    CLG_KIND_NPY,
    CLG_KIND_NPZ,
    CLG_KIND_HDF5,
    CLG_KIND_PARQUET,
    CLG_KIND_ARROW,
    CLG_KIND_MATLAB,
    CLG_KIND_LMDB,
    CLG_KIND_IDX,
    CLG_KIND_PICKLE,
    CLG_KIND_TORCH,
    CLG_KIND_SAFETENSORS,
    CLG_KIND_TEXT,
    CLG_KINDS
};

// The kind of a file called `name` that begins with these bytes: CLG_KIND_BYTES of them, or fewer if the file
// is shorter. The content decides; the name only separates formats with the same signature.
enum clg_kind clg_kind_of(const uint8_t *bytes, size_t n, const char *name);

bool clg_kind_is_decoded(enum clg_kind kind);
// Why a file of this kind is refused, and what to do: "a HEIC picture: convert it to PNG or JPEG".
enum { CLG_REFUSAL_BYTES = 160 };
const char *clg_kind_refusal(enum clg_kind kind, char text[CLG_REFUSAL_BYTES]);

// How a file that is not decoded is reported.
enum clg_notice {
    CLG_NOTICE_NONE,  // not at all: labels, settings
    CLG_NOTICE_COUNT, // counted by kind, in one line for all of them
    CLG_NOTICE_NAME,  // in a line of its own: the name claims a picture, the content is not one
};
enum clg_notice clg_kind_notice(enum clg_kind kind, const char *name);

// How many files of each kind were skipped.
struct clg_tally {
    uint64_t of[CLG_KINDS];
};
uint64_t clg_tally_sum(const struct clg_tally *tally);
// "8 bmp, 1 heic: convert them to PNG or JPEG; 2 zip: unpack them first"; returns text, truncated to size.
const char *clg_tally_text(const struct clg_tally *tally, char *text, size_t size);

// Does the path end with this, in any case, after at least one character?
bool clg_path_ends(const char *path, const char *ending);

#endif
