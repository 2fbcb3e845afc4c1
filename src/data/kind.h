// What kind of file something is, by how it begins: the pictures that are decoded here, and what else lies in
// folders of pictures.
#ifndef CLG_DATA_KIND_H
#define CLG_DATA_KIND_H

#include <clgan/base.h>

// Bytes from the beginning of a file that tell its kind.
#define CLG_KIND_BYTES 4096

enum clg_kind {
    CLG_KIND_UNKNOWN,
    // decoded
    CLG_KIND_JPEG,
    CLG_KIND_PNG,
    CLG_KIND_WEBP,
    // pictures that are not
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
    CLG_KIND_LINK, // a symbolic link to nothing
    CLG_KIND_PIPE, // a named pipe, a socket, a device
    // data that is no picture
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

// The kind of a file called `name` that begins with these bytes: at most CLG_KIND_BYTES, fewer when the file
// is shorter. The content decides; the name only tells files apart that begin alike.
enum clg_kind clg_kind_of(const uint8_t *bytes, size_t n, const char *name);

bool clg_kind_is_decoded(enum clg_kind kind);
// Why a file of this kind is refused, and what to do: "a HEIC picture: convert it to PNG or JPEG".
enum { CLG_REFUSAL_BYTES = 160 };
const char *clg_kind_refusal(enum clg_kind kind, char text[CLG_REFUSAL_BYTES]);

// How much is said of a file in a folder of pictures that is not decoded.
enum clg_notice {
    CLG_NOTICE_NONE,  // plainly no picture: labels, settings
    CLG_NOTICE_COUNT, // counted by kind, in one line for all
    CLG_NOTICE_NAME,  // said to be a picture by its name, and not one: a line of its own
};
enum clg_notice clg_kind_notice(enum clg_kind kind, const char *name);

// How many files of each kind were left out.
struct clg_tally {
    uint64_t of[CLG_KINDS];
};
uint64_t clg_tally_sum(const struct clg_tally *tally);
// "8 bmp, 1 heic: convert them to PNG or JPEG; 2 zip: unpack them first"; returns text, cut off when the room
// is short.
const char *clg_tally_text(const struct clg_tally *tally, char *text, size_t size);

// Does the path end with this, in any case, after at least one character?
bool clg_path_ends(const char *path, const char *ending);

#endif
