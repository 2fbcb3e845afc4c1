// Identifies a file by its first bytes.
#include "data/kind.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct start {
    const uint8_t *bytes;
    size_t n;
};

static bool has(const struct start *s, size_t at, const void *magic, size_t n)
{
    return at + n <= s->n && memcmp(s->bytes + at, magic, n) == 0;
}

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

// --- fixed bytes at fixed places ---------------------------------------------------------------

#define MAGIC(at, bytes) at, bytes, sizeof(bytes) - 1
static const struct {
    enum clg_kind kind;
    size_t at;
    const char *bytes;
    size_t n;
} magics[] = {
    {CLG_KIND_JPEG, MAGIC(0, "\xff\xd8\xff")},
    {CLG_KIND_PNG, MAGIC(0, "\x89PNG\r\n\x1a\n")},
    {CLG_KIND_GIF, MAGIC(0, "GIF8")},
    {CLG_KIND_RAW, MAGIC(8, "CR\2\0")}, // of a TIFF file: Canon
    {CLG_KIND_RAW, MAGIC(0, "II\x1a\0\0\0HEAPCCDR")},
    {CLG_KIND_RAW, MAGIC(0, "IIRO")}, // Olympus
    {CLG_KIND_RAW, MAGIC(0, "IIRS")},
    {CLG_KIND_RAW, MAGIC(0, "MMOR")},
    {CLG_KIND_RAW, MAGIC(0, "IIU\0")}, // Panasonic
    {CLG_KIND_RAW, MAGIC(0, "FUJIFILMCCD-RAW")},
    {CLG_KIND_RAW, MAGIC(0, "\0MRM")}, // Minolta
    {CLG_KIND_RAW, MAGIC(0, "FOVb")},  // Sigma
    {CLG_KIND_TIFF, MAGIC(0, "II*\0")},
    {CLG_KIND_TIFF, MAGIC(0, "MM\0*")},
    {CLG_KIND_TIFF, MAGIC(0, "II+\0")},
    {CLG_KIND_TIFF, MAGIC(0, "MM\0+")},
    {CLG_KIND_JXR, MAGIC(0, "II\xbc")},
    {CLG_KIND_JXL, MAGIC(0, "\0\0\0\x0cJXL \r\n\x87\n")},
    {CLG_KIND_JXL, MAGIC(0, "\xff\x0a")},
    {CLG_KIND_JP2, MAGIC(0, "\0\0\0\x0cjP  \r\n\x87\n")},
    {CLG_KIND_JP2, MAGIC(0, "\xff\x4f\xff\x51")},
    {CLG_KIND_PSD, MAGIC(0, "8BPS")},
    {CLG_KIND_XCF, MAGIC(0, "gimp xcf")},
    {CLG_KIND_EXR, MAGIC(0, "\x76\x2f\x31\x01")},
    {CLG_KIND_HDR, MAGIC(0, "#?RADIANCE")},
    {CLG_KIND_HDR, MAGIC(0, "#?RGBE")},
    {CLG_KIND_DDS, MAGIC(0, "DDS ")},
    {CLG_KIND_QOI, MAGIC(0, "qoif")},
    {CLG_KIND_FITS, MAGIC(0, "SIMPLE  =")},
    {CLG_KIND_DICOM, MAGIC(128, "DICM")},
    {CLG_KIND_PS, MAGIC(0, "%!PS")},
    {CLG_KIND_PS, MAGIC(0, "\xc5\xd0\xd3\xc6")},
    {CLG_KIND_PDF, MAGIC(0, "%PDF-")},
    {CLG_KIND_DJVU, MAGIC(0, "AT&TFORM")},
    {CLG_KIND_MNG, MAGIC(0, "\x8aMNG\r\n\x1a\n")},
    {CLG_KIND_ICNS, MAGIC(0, "icns")},
    {CLG_KIND_EMF, MAGIC(40, " EMF")},
    {CLG_KIND_EMF, MAGIC(0, "\xd7\xcd\xc6\x9a")},
    {CLG_KIND_SUN, MAGIC(0, "\x59\xa6\x6a\x95")},
    {CLG_KIND_SGI, MAGIC(0, "\x01\xda\x00\x01")},
    {CLG_KIND_SGI, MAGIC(0, "\x01\xda\x01\x01")},
    {CLG_KIND_BPG, MAGIC(0, "BPG\xfb")},
    {CLG_KIND_ZIP, MAGIC(0, "PK\3\4")},
    {CLG_KIND_ZIP, MAGIC(0, "PK\5\6")},
    {CLG_KIND_ZIP, MAGIC(0, "PK\7\10")},
    {CLG_KIND_TAR, MAGIC(257, "ustar")},
    {CLG_KIND_GZIP, MAGIC(0, "\x1f\x8b")},
    {CLG_KIND_BZIP2, MAGIC(4, "1AY&SY")},
    {CLG_KIND_XZ, MAGIC(0, "\xfd\x37zXZ\0")},
    {CLG_KIND_ZSTD, MAGIC(0, "\x28\xb5\x2f\xfd")},
    {CLG_KIND_7Z, MAGIC(0, "7z\xbc\xaf\x27\x1c")},
    {CLG_KIND_RAR, MAGIC(0, "Rar!\x1a\x07")},
    {CLG_KIND_VIDEO, MAGIC(0, "\x1a\x45\xdf\xa3")}, // Matroska, WebM
    {CLG_KIND_VIDEO, MAGIC(0, "\0\0\1\xba")},       // MPEG
    {CLG_KIND_VIDEO, MAGIC(0, "\0\0\1\xb3")},
    {CLG_KIND_VIDEO, MAGIC(0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11")}, // Windows Media
    {CLG_KIND_VIDEO, MAGIC(0, "FLV\1")},
    {CLG_KIND_VIDEO, MAGIC(4, "moov")}, // old QuickTime
    {CLG_KIND_VIDEO, MAGIC(4, "mdat")},
    {CLG_KIND_VIDEO, MAGIC(4, "wide")},
    {CLG_KIND_LFS, MAGIC(0, "version https://git-lfs.github.com/spec/")},
    {CLG_KIND_ANNEX, MAGIC(0, "/annex/objects/")},
    {CLG_KIND_NPY, MAGIC(0, "\x93NUMPY")},
    {CLG_KIND_HDF5, MAGIC(0, "\x89HDF\r\n\x1a\n")},
    {CLG_KIND_TORCH, MAGIC(0, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")}, // before 1.6
    {CLG_KIND_PARQUET, MAGIC(0, "PAR1")},
    {CLG_KIND_ARROW, MAGIC(0, "ARROW1")},
    {CLG_KIND_MATLAB, MAGIC(0, "MATLAB 5.0 MAT-file")},
    {CLG_KIND_LMDB, MAGIC(16, "\xde\xc0\xef\xbe")},
    {CLG_KIND_IDX, MAGIC(0, "\0\0\x08\3")}, // MNIST's pictures
};

static enum clg_kind by_magic(const struct start *s)
{
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (has(s, magics[i].at, magics[i].bytes, magics[i].n))
            return magics[i].kind;
    return CLG_KIND_UNKNOWN;
}

// --- containers and weak signatures ------------------------------------------------------------

static enum clg_kind by_riff(const struct start *s)
{
    if (!has(s, 0, "RIFF", 4))
        return CLG_KIND_UNKNOWN;
    if (has(s, 8, "WEBP", 4))
        return CLG_KIND_WEBP;
    return has(s, 8, "AVI ", 4) ? CLG_KIND_VIDEO : CLG_KIND_UNKNOWN;
}

static enum clg_kind brand_kind(const uint8_t *brand)
{
    static const struct {
        char brand[5];
        enum clg_kind kind;
    } brands[] = {{"avif", CLG_KIND_AVIF}, {"avis", CLG_KIND_AVIF}, {"heic", CLG_KIND_HEIC},
                  {"heix", CLG_KIND_HEIC}, {"heim", CLG_KIND_HEIC}, {"heis", CLG_KIND_HEIC},
                  {"hevc", CLG_KIND_HEIC}, {"hevx", CLG_KIND_HEIC}, {"crx ", CLG_KIND_RAW}};
    for (size_t i = 0; i < sizeof brands / sizeof *brands; i++)
        if (memcmp(brand, brands[i].brand, 4) == 0)
            return brands[i].kind;
    return CLG_KIND_UNKNOWN;
}

// ISO base media files: HEIC, AVIF, Canon's CR3, MP4, MOV, told apart by their brands; sound is not video.
static enum clg_kind by_brand(const struct start *s)
{
    if (!has(s, 4, "ftyp", 4) || s->n < 12)
        return CLG_KIND_UNKNOWN;
    size_t end = be32(s->bytes);
    if (end > s->n)
        end = s->n;
    for (size_t at = 8; at + 4 <= end; at += 4) {
        if (at == 12)
            continue; // the minor version
        const enum clg_kind kind = brand_kind(s->bytes + at);
        if (kind != CLG_KIND_UNKNOWN)
            return kind;
    }
    if (has(s, 8, "mif1", 4) || has(s, 8, "msf1", 4))
        return CLG_KIND_HEIC;
    return has(s, 8, "M4A", 3) || has(s, 8, "M4B", 3) ? CLG_KIND_UNKNOWN : CLG_KIND_VIDEO;
}

static bool is_bmp(const struct start *s)
{
    if (!has(s, 0, "BM", 2) || s->n < 18)
        return false;
    const uint32_t header = le32(s->bytes + 14);
    return header >= 12 && header <= 255;
}

static bool is_icon(const struct start *s)
{
    return (has(s, 0, "\0\0\1\0", 4) || has(s, 0, "\0\0\2\0", 4)) && s->n >= 22 && s->bytes[4] > 0 &&
           s->bytes[5] == 0 && s->bytes[9] == 0;
}

static bool is_pnm(const struct start *s)
{
    return s->n >= 4 && s->bytes[0] == 'P' && s->bytes[1] >= '1' && s->bytes[1] <= '7' &&
           isspace(s->bytes[2]) && (isdigit(s->bytes[3]) || s->bytes[3] == '#' || s->bytes[1] == '7');
}

static bool is_pcx(const struct start *s)
{
    return s->n >= 128 && s->bytes[0] == 10 && s->bytes[1] <= 5 && s->bytes[2] == 1 &&
           (s->bytes[3] == 1 || s->bytes[3] == 2 || s->bytes[3] == 4 || s->bytes[3] == 8) &&
           s->bytes[64] == 0;
}

// Packets of 188 bytes, in .m2ts files preceded by a 4-byte timestamp.
static bool is_transport_stream(const struct start *s)
{
    return s->n >= 580 && ((s->bytes[0] == 0x47 && s->bytes[188] == 0x47 && s->bytes[376] == 0x47) ||
                           (s->bytes[4] == 0x47 && s->bytes[196] == 0x47 && s->bytes[388] == 0x47));
}

static bool is_pickle(const struct start *s)
{
    static const char first[] = "}](cX\x95"; // instructions
    return s->n >= 3 && s->bytes[0] == 0x80 && s->bytes[1] >= 2 && s->bytes[1] <= 5 &&
           memchr(first, s->bytes[2], sizeof first - 1);
}

static bool is_safetensors(const struct start *s)
{
    return s->n >= 10 && has(s, 8, "{\"", 2) && le32(s->bytes + 4) == 0;
}

static bool is_zeros(const struct start *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->bytes[i])
            return false;
    return true;
}

// --- text --------------------------------------------------------------------------------------

static bool is_text(const struct start *s)
{
    static const char controls[] = "\t\n\r\f\x1b";
    if (has(s, 0, "\xff\xfe", 2) || has(s, 0, "\xfe\xff", 2)) // UTF-16
        return true;
    for (size_t i = 0; i < s->n; i++)
        if (s->bytes[i] < 32 && !memchr(controls, s->bytes[i], sizeof controls - 1))
            return false;
    return true;
}

static bool contains(const struct start *s, const char *word)
{
    const size_t n = strlen(word);
    for (size_t at = 0; at + n <= s->n; at++)
        if (strncasecmp((const char *)s->bytes + at, word, n) == 0)
            return true;
    return false;
}

static bool begins(const struct start *s, const char *word)
{
    const size_t n = strlen(word);
    return n <= s->n && strncasecmp((const char *)s->bytes, word, n) == 0;
}

// `s` is text: which kind?
static enum clg_kind by_markup(const struct start *s)
{
    struct start from = *s;
    if (has(&from, 0, "\xef\xbb\xbf", 3)) // UTF-8's mark
        from = (struct start){from.bytes + 3, from.n - 3};
    for (; from.n && isspace(*from.bytes); from.n--)
        from.bytes++;
    if (!from.n || *from.bytes != '<')
        return CLG_KIND_TEXT;
    if (begins(&from, "<!doctype html") || begins(&from, "<html") || begins(&from, "<head"))
        return CLG_KIND_HTML;
    if (begins(&from, "<svg") || begins(&from, "<!doctype svg"))
        return CLG_KIND_SVG;
    if (!begins(&from, "<?xml") && !begins(&from, "<!--") && !begins(&from, "<!doctype"))
        return CLG_KIND_TEXT;
    if (contains(&from, "<svg"))
        return CLG_KIND_SVG;
    if (contains(&from, "<html"))
        return CLG_KIND_HTML;
    return begins(&from, "<?xml") ? CLG_KIND_XML : CLG_KIND_TEXT;
}

// --- all of it ---------------------------------------------------------------------------------

static enum clg_kind by_content(const struct start *s)
{
    if (s->n == 0)
        return CLG_KIND_EMPTY;
    enum clg_kind kind = by_magic(s);
    if (kind == CLG_KIND_UNKNOWN)
        kind = by_riff(s);
    if (kind == CLG_KIND_UNKNOWN)
        kind = by_brand(s);
    if (kind != CLG_KIND_UNKNOWN)
        return kind;
    if (is_bmp(s))
        return CLG_KIND_BMP;
    if (is_icon(s))
        return CLG_KIND_ICO;
    if (is_pnm(s))
        return CLG_KIND_PNM;
    if (is_pcx(s))
        return CLG_KIND_PCX;
    if (is_transport_stream(s))
        return CLG_KIND_VIDEO;
    if (is_pickle(s))
        return CLG_KIND_PICKLE;
    if (is_safetensors(s))
        return CLG_KIND_SAFETENSORS;
    if (is_zeros(s))
        return CLG_KIND_ZEROS;
    return is_text(s) ? by_markup(s) : CLG_KIND_UNKNOWN;
}

// Formats that begin alike.
static const struct {
    const char *ending;
    enum clg_kind content, kind;
} by_name[] = {
    {".nef", CLG_KIND_TIFF, CLG_KIND_RAW},    {".nrw", CLG_KIND_TIFF, CLG_KIND_RAW},
    {".cr2", CLG_KIND_TIFF, CLG_KIND_RAW},    {".arw", CLG_KIND_TIFF, CLG_KIND_RAW},
    {".srf", CLG_KIND_TIFF, CLG_KIND_RAW},    {".sr2", CLG_KIND_TIFF, CLG_KIND_RAW},
    {".dng", CLG_KIND_TIFF, CLG_KIND_RAW},    {".pef", CLG_KIND_TIFF, CLG_KIND_RAW},
    {".srw", CLG_KIND_TIFF, CLG_KIND_RAW},    {".3fr", CLG_KIND_TIFF, CLG_KIND_RAW},
    {".iiq", CLG_KIND_TIFF, CLG_KIND_RAW},    {".erf", CLG_KIND_TIFF, CLG_KIND_RAW},
    {".mef", CLG_KIND_TIFF, CLG_KIND_RAW},    {".mos", CLG_KIND_TIFF, CLG_KIND_RAW},
    {".kdc", CLG_KIND_TIFF, CLG_KIND_RAW},    {".dcr", CLG_KIND_TIFF, CLG_KIND_RAW},
    {".npz", CLG_KIND_ZIP, CLG_KIND_NPZ},     {".pth", CLG_KIND_ZIP, CLG_KIND_TORCH},
    {".pt", CLG_KIND_ZIP, CLG_KIND_TORCH},    {".ckpt", CLG_KIND_ZIP, CLG_KIND_TORCH},
    {".svgz", CLG_KIND_GZIP, CLG_KIND_SVG},   {".tga", CLG_KIND_UNKNOWN, CLG_KIND_TGA},
    {".tar", CLG_KIND_UNKNOWN, CLG_KIND_TAR}, // before POSIX, without a signature
};

enum clg_kind clg_kind_of(const uint8_t *bytes, size_t n, const char *name)
{
    const struct start start = {bytes, n < CLG_KIND_BYTES ? n : CLG_KIND_BYTES};
    const enum clg_kind content = by_content(&start);
    for (size_t i = 0; i < sizeof by_name / sizeof *by_name; i++)
        if (by_name[i].content == content && clg_path_ends(name, by_name[i].ending))
            return by_name[i].kind;
    return content;
}
