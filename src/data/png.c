// PNG by libpng: the only file that knows it.
#include "data/picture.h"

#include "base/log.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum {
    DEFLATE_MAX = 1032, // times as much as the compressed bytes, no more
    SIGNATURE_BYTES = 8,
};

// --- the header --------------------------------------------------------------------------------

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

// Reads an eXIf chunk of n bytes; a damaged one is ignored. `name` is the chunk's.
static int chunk_orientation(FILE *file, const uint8_t *name, size_t n)
{
    struct stat info;
    if (fstat(fileno(file), &info) || n > (size_t)info.st_size)
        return 1; // longer than the file
    uint8_t *bytes = malloc(n + 4);
    int orientation = 1;
    if (bytes && fread(bytes, 1, n + 4, file) == n + 4 &&
        crc32_z(crc32(0, name, 4), bytes, n) == be32(bytes + n))
        orientation = clg_exif_orientation(bytes, n);
    free(bytes);
    return orientation;
}

// The orientation in the first eXIf chunk before a chunk called `end`. Stops at damaged chunks.
static int orientation_before(FILE *file, const char *end)
{
    off_t at = SIGNATURE_BYTES;
    uint8_t head[8]; // length and name
    while (fseeko(file, at, SEEK_SET) == 0 && fread(head, 1, sizeof head, file) == sizeof head) {
        const uint32_t n = be32(head);
        if (memcmp(head + 4, "eXIf", 4) == 0)
            return chunk_orientation(file, head + 4, n);
        if (memcmp(head + 4, end, 4) == 0)
            break;
        at += (off_t)n + 12;
    }
    return 1;
}

int clg_png_late_orientation(FILE *file)
{
    return orientation_before(file, "IEND");
}

int clg_png_probe(FILE *file, struct clg_picture_header *header, const char *path, const struct clg_log *log)
{
    uint8_t bytes[24];
    if (fread(bytes, 1, sizeof bytes, file) != sizeof bytes)
        return clg_fail(log, CLG_EFORMAT, "%s is not a usable picture: the file ends inside its header",
                        path);
    const uint32_t w = be32(bytes + 16), h = be32(bytes + 20);
    if (memcmp(bytes + 12, "IHDR", 4) != 0 || w == 0 || h == 0 || w > INT32_MAX || h > INT32_MAX)
        return clg_fail(log, CLG_EFORMAT, "%s is not a usable picture: a PNG with a damaged header", path);
    header->w = (int)w;
    header->h = (int)h;
    header->orientation = orientation_before(file, "IDAT");
    return 0;
}

// --- pixels ------------------------------------------------------------------------------------

// State that must survive libpng's longjmp on an error.
struct job {
    png_structp png;
    png_infop info;
    const struct clg_picture_header *header; // reading
    const uint8_t *bytes;
    size_t n, at;
    uint8_t *pixels; // [h][w][depth]
    int w, h, depth;
    char reason[128];
};

static void on_error(png_structp png, png_const_charp message)
{
    struct job *job = png_get_error_ptr(png);
    snprintf(job->reason, sizeof job->reason, "%s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message; // warnings about the pixels count as errors
}

static void on_read(png_structp png, png_bytep to, size_t n)
{
    struct job *job = png_get_io_ptr(png);
    if (n > job->n - job->at)
        png_error(png, "the file ends early");
    memcpy(to, job->bytes + job->at, n);
    job->at += n;
}

static void decoder_configure(struct job *job, int channels)
{
    png_set_read_fn(job->png, job, on_read);
    png_set_user_limits(job->png, INT32_MAX, INT32_MAX); // the product has been checked already
    png_set_chunk_malloc_max(job->png, 16 << 20);
    png_set_keep_unknown_chunks(job->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1); // only chunks that affect pixels
    png_read_info(job->png, job->info);
    job->w = (int)png_get_image_width(job->png, job->info);
    job->h = (int)png_get_image_height(job->png, job->info);
    if (!clg_header_fits(job->header, job->w, job->h))
        png_error(job->png, "it changed while it was read");
    if ((uint64_t)job->h * png_get_rowbytes(job->png, job->info) / DEFLATE_MAX > job->n)
        png_error(job->png, "the file is too short for its size"); // before memory is allocated
    png_set_expand(job->png); // palettes and 1 to 4 bits to 8, transparent colours to alpha
    png_set_scale_16(job->png);
    if (channels == 3)
        png_set_gray_to_rgb(job->png);
}

// Everything that may longjmp; true if pixels were decoded.
static bool decode(struct job *job, int channels)
{
    if (setjmp(png_jmpbuf(job->png)))
        return false;
    decoder_configure(job, channels);
    int passes = png_set_interlace_handling(job->png);
    png_read_update_info(job->png, job->info);
    job->depth = png_get_channels(job->png, job->info);
    size_t row = png_get_rowbytes(job->png, job->info);
    if (png_get_bit_depth(job->png, job->info) != 8 || row != (size_t)job->w * (size_t)job->depth)
        png_error(job->png, "an unexpected pixel format");
    job->pixels = calloc((size_t)job->h, row);
    if (!job->pixels)
        return false;
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < job->h; y++)
            png_read_row(job->png, job->pixels + (size_t)y * row, NULL);
    return true;
}

int clg_png_decode(const uint8_t *bytes, size_t n, const struct clg_picture_header *header, int channels,
                   struct clg_image *image, const char *path, const struct clg_log *log)
{
    struct job job = {.header = header, .bytes = bytes, .n = n};
    job.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &job, on_error, on_warning);
    job.info = job.png ? png_create_info_struct(job.png) : NULL;
    bool ok = job.info && decode(&job, channels);
    png_destroy_read_struct(&job.png, &job.info, NULL);
    if (!ok) {
        free(job.pixels);
        if (!job.reason[0])
            return clg_fail(log, CLG_ENOMEM, "out of memory decoding %s (%d x %d)", path, header->w,
                            header->h);
        return clg_fail(log, CLG_EFORMAT, "%s is a broken PNG: %s", path, job.reason);
    }
    clg_pixels_flatten(job.pixels, (size_t)job.w * (size_t)job.h, job.depth, channels);
    *image = (struct clg_image){.w = job.w, .h = job.h, .channels = channels, .pixels = job.pixels};
    return 0;
}

// --- writing -----------------------------------------------------------------------------------

static bool encode(struct job *job, FILE *stream, const uint8_t *pixels)
{
    if (setjmp(png_jmpbuf(job->png)))
        return false;
    png_init_io(job->png, stream);
    png_set_IHDR(job->png, job->info, (png_uint_32)job->w, (png_uint_32)job->h, 8,
                 job->depth == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(job->png, job->info);
    for (int y = 0; y < job->h; y++)
        png_write_row(job->png, pixels + (size_t)y * (size_t)job->w * (size_t)job->depth);
    png_write_end(job->png, NULL);
    return true;
}

int clg_png_write(FILE *stream, const uint8_t *pixels, int w, int h, int channels, const char *path,
                  const struct clg_log *log)
{
    struct job job = {.w = w, .h = h, .depth = channels};
    job.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &job, on_error, on_warning);
    job.info = job.png ? png_create_info_struct(job.png) : NULL;
    bool ok = job.info && encode(&job, stream, pixels);
    png_destroy_write_struct(&job.png, &job.info);
    if (!ok)
        return clg_fail(log, job.reason[0] ? CLG_EIO : CLG_ENOMEM, "cannot write %s: %s", path,
                        job.reason[0] ? job.reason : "out of memory");
    return 0;
}
