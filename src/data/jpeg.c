// JPEG by libjpeg-turbo: the only file that knows it.
#include "data/picture.h"

#include "base/log.h"

#include <jpeglib.h>

#include <jerror.h>

#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

enum { QUALITY = 95, SCANS_MAX = 500 };

// libjpeg reports errors through a call that must not return, so it longjmps.
struct trap {
    struct jpeg_error_mgr errors; // first: libjpeg's `err` points here
    jmp_buf out;
    char reason[JMSG_LENGTH_MAX];
};

struct reader {
    struct jpeg_decompress_struct jpeg;
    struct trap trap;
    struct jpeg_source_mgr source;
    FILE *file; // where more bytes come from, in pieces; NULL: everything is in memory
    JOCTET piece[4096];
    uint8_t *pixels;               // [output_height][output_width][output_components]
    char warning[JMSG_LENGTH_MAX]; // the first one; "": none
    bool in_scan;                  // reading pixels, not markers
    bool ended;                    // the file ended before its end marker
    bool garbled;                  // invalid codes were read
    bool lacking;                  // parts of the picture are not in the file
    uint64_t lost;                 // upper bound of truncated blocks (MCUs)
    bool complete;                 // all pixels have been read
};

// --- errors and warnings -----------------------------------------------------------------------

static void on_error(j_common_ptr common)
{
    struct trap *trap = (struct trap *)common->err;
    common->err->format_message(common, trap->reason);
    longjmp(trap->out, 1);
}

static void refuse(struct reader *r, const char *reason)
{
    snprintf(r->trap.reason, sizeof r->trap.reason, "%s", reason);
    longjmp(r->trap.out, 1);
}

static void refuse_precision(struct reader *r)
{
    snprintf(r->trap.reason, sizeof r->trap.reason, "a JPEG of %d bits per colour: only 8 bits are supported",
             r->jpeg.data_precision);
    longjmp(r->trap.out, 1);
}

// Formats that libjpeg-turbo 2 refuses when it reads the header, and version 3 only in part.
static void on_read_error(j_common_ptr common)
{
    struct reader *r = common->client_data;
    if (r->jpeg.data_precision > 8)
        refuse_precision(r);
    if (common->err->msg_code == JERR_SOF_UNSUPPORTED)
        refuse(r, "a lossless or hierarchical JPEG, which this libjpeg cannot read");
    on_error(common);
}

// The decoder hit a marker before part of the scan was complete. A missing refinement of a progressive file
// is not a loss: the first values are there.
static void segment_cut(struct reader *r)
{
    const struct jpeg_decompress_struct *jpeg = &r->jpeg;
    if (jpeg->progressive_mode && jpeg->Ah > 0)
        return;
    const bool restarts = jpeg->restart_interval > 0 && jpeg->unread_marker >= JPEG_RST0 &&
                          jpeg->unread_marker <= JPEG_RST0 + 7;
    const JDIMENSION rows = jpeg->total_iMCU_rows - jpeg->input_iMCU_row;
    r->lost += restarts ? jpeg->restart_interval : (uint64_t)rows * jpeg->MCUs_per_row;
    // Damaged codes can swallow the bits of those that follow; otherwise the data was cut off.
    r->lacking |= r->ended || (!r->garbled && r->lost > jpeg->MCUs_per_row);
}

static void on_message(j_common_ptr common, int level)
{
    struct reader *r = common->client_data;
    if (level >= 0)
        return; // a trace
    if (common->err->msg_code == JWRN_HUFF_BAD_CODE)
        r->garbled = true;
    if (common->err->msg_code == JWRN_HIT_MARKER)
        segment_cut(r);
    if (!r->warning[0])
        common->err->format_message(common, r->warning);
}

static void on_output(j_common_ptr common)
{
    (void)common; // nothing is printed
}

static struct jpeg_error_mgr *trap_set(struct trap *trap)
{
    struct jpeg_error_mgr *errors = jpeg_std_error(&trap->errors);
    errors->error_exit = on_error;
    errors->output_message = on_output;
    return errors;
}

// --- where the bytes come from -----------------------------------------------------------------

static void on_source(j_decompress_ptr jpeg)
{
    (void)jpeg;
}

// The next piece. After the last one, feeds an end marker while pixels are read, so that those before it are
// decoded; inside markers FALSE makes libjpeg stop.
static boolean on_empty(j_decompress_ptr jpeg)
{
    static const JOCTET end[] = {0xff, JPEG_EOI};
    struct reader *r = jpeg->client_data;
    const size_t n = r->file ? fread(r->piece, 1, sizeof r->piece, r->file) : 0;
    if (n) {
        r->source.next_input_byte = r->piece;
        r->source.bytes_in_buffer = n;
        return TRUE;
    }
    r->ended = true;
    if (!r->in_scan)
        return FALSE;
    r->lacking |= jpeg->arith_code; // arithmetic coding does not mark the end of its data
    r->source.next_input_byte = end;
    r->source.bytes_in_buffer = sizeof end;
    return TRUE;
}

static void on_skip(j_decompress_ptr jpeg, long bytes)
{
    struct jpeg_source_mgr *source = jpeg->src;
    while (bytes > (long)source->bytes_in_buffer) {
        bytes -= (long)source->bytes_in_buffer;
        source->bytes_in_buffer = 0;
        if (!on_empty(jpeg))
            return;
    }
    if (bytes > 0) {
        source->next_input_byte += bytes;
        source->bytes_in_buffer -= (size_t)bytes;
    }
}

// Reads from `bytes`, then from `file`. May longjmp.
static void reader_start(struct reader *r, const uint8_t *bytes, size_t n, FILE *file)
{
    jpeg_create_decompress(&r->jpeg);
    r->file = file;
    r->source = (struct jpeg_source_mgr){
        .next_input_byte = bytes,
        .bytes_in_buffer = n,
        .init_source = on_source,
        .fill_input_buffer = on_empty,
        .skip_input_data = on_skip,
        .resync_to_restart = jpeg_resync_to_restart,
        .term_source = on_source,
    };
    r->jpeg.src = &r->source;
}

static void reader_prepare(struct reader *r)
{
    r->jpeg.err = trap_set(&r->trap);
    r->jpeg.err->error_exit = on_read_error;
    r->jpeg.err->emit_message = on_message;
    r->jpeg.client_data = r;
}

// --- the header --------------------------------------------------------------------------------

static void header_read(struct reader *r)
{
    if (jpeg_read_header(&r->jpeg, TRUE) != JPEG_HEADER_OK)
        refuse(r, "the file ends inside its header");
    const int n = r->jpeg.num_components;
    if (r->jpeg.data_precision != 8)
        refuse_precision(r);
    if (n != 1 && n != 3 && n != 4)
        refuse(r, "a JPEG with an unusual number of colours");
}

static bool probe(struct reader *r, FILE *file)
{
    if (setjmp(r->trap.out))
        return false;
    reader_start(r, NULL, 0, file);
    jpeg_save_markers(&r->jpeg, JPEG_APP0 + 1, 0xffff); // EXIF
    header_read(r);
    return true;
}

// The first EXIF segment counts.
static int orientation_of(const struct jpeg_decompress_struct *jpeg)
{
    for (jpeg_saved_marker_ptr m = jpeg->marker_list; m; m = m->next)
        if (m->data_length >= 6 && memcmp(m->data, "Exif\0", 6) == 0)
            return clg_exif_orientation(m->data, m->data_length);
    return 1;
}

int clg_jpeg_probe(FILE *file, struct clg_picture_header *header, const char *path, const struct clg_log *log)
{
    struct reader r = {0};
    reader_prepare(&r);
    int status = 0;
    if (probe(&r, file)) {
        header->w = (int)r.jpeg.image_width;
        header->h = (int)r.jpeg.image_height;
        header->orientation = orientation_of(&r.jpeg);
    } else {
        status = clg_fail(log, CLG_EFORMAT, "%s is not a usable picture: %s", path, r.trap.reason);
    }
    jpeg_destroy_decompress(&r.jpeg);
    return status;
}

// --- pixels ------------------------------------------------------------------------------------

// CMYK to colour or grey. Files store inks inverted, with Adobe's marker or without (255 is no ink), so the
// product with K gives the light.
static void inks_to_light(const uint8_t *inks, size_t n, int channels, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) {
        int k = inks[4 * i + 3], rgb[3];
        for (int c = 0; c < 3; c++)
            rgb[c] = (inks[4 * i + (size_t)c] * k + 127) / 255;
        if (channels == 1)
            out[i] = clg_luma(rgb[0], rgb[1], rgb[2]);
        else
            for (size_t c = 0; c < 3; c++)
                out[3 * i + c] = (uint8_t)rgb[c];
    }
}

// Reads all scans of a multi-scan file. It may end early, but every component must be there, and in a
// truncated file every coefficient.
static void scans_read(struct reader *r)
{
    struct jpeg_decompress_struct *jpeg = &r->jpeg;
    int status;
    do {
        status = jpeg_consume_input(jpeg);
        if (status == JPEG_REACHED_SOS || status == JPEG_SCAN_COMPLETED)
            r->in_scan = status == JPEG_REACHED_SOS;
        if (jpeg->input_scan_number > SCANS_MAX)
            refuse(r, "a JPEG of more than 500 scans");
    } while (status != JPEG_SUSPENDED && status != JPEG_REACHED_EOI);
    for (int c = 0; c < jpeg->num_components; c++) {
        r->lacking |= !jpeg->comp_info[c].quant_table;
        for (int k = 0; r->ended && jpeg->progressive_mode && k < DCTSIZE2; k++)
            r->lacking |= jpeg->coef_bits[c][k] < 0;
    }
}

static void rows_read(struct reader *r)
{
    struct jpeg_decompress_struct *jpeg = &r->jpeg;
    const size_t row = jpeg->output_width * (size_t)jpeg->output_components;
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW to = r->pixels + jpeg->output_scanline * row;
        if (!jpeg_read_scanlines(jpeg, &to, 1) || r->lacking)
            refuse(r, "its data ends early: parts of the picture are missing");
    }
}

// Everything that may longjmp; true if pixels were decoded.
static bool decode(struct reader *r, const uint8_t *bytes, size_t n, const struct clg_picture_header *header,
                   int denominator, int channels)
{
    struct jpeg_decompress_struct *jpeg = &r->jpeg;
    if (setjmp(r->trap.out)) {
        if (r->complete && !r->warning[0])
            memcpy(r->warning, r->trap.reason, sizeof r->warning);
        return r->complete;
    }
    reader_start(r, bytes, n, NULL);
    header_read(r);
    if (!clg_header_fits(header, jpeg->image_width, jpeg->image_height))
        refuse(r, "it changed while it was read");
    jpeg->out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    if (jpeg->num_components == 4)
        jpeg->out_color_space = JCS_CMYK;
    jpeg->scale_num = 1;
    jpeg->scale_denom = (unsigned)denominator;
    jpeg->buffered_image = jpeg_has_multiple_scans(jpeg);
    jpeg_calc_output_dimensions(jpeg);
    r->pixels = calloc((size_t)jpeg->output_width * jpeg->output_height, (size_t)jpeg->output_components);
    if (!r->pixels)
        return false;
    r->in_scan = true;
    jpeg_start_decompress(jpeg);
    if (jpeg->buffered_image) {
        scans_read(r);
        jpeg_start_output(jpeg, jpeg->input_scan_number - 1); // done: expect no more input
    }
    rows_read(r);
    r->in_scan = false;
    r->complete = true;
    if (!jpeg->buffered_image)
        jpeg_finish_decompress(jpeg); // reads what follows the pixels
    return true;
}

int clg_jpeg_decode(const uint8_t *bytes, size_t n, const struct clg_picture_header *header, int denominator,
                    int channels, struct clg_image *image, const char *path, const struct clg_log *log)
{
    struct reader r = {0};
    reader_prepare(&r);
    const bool ok = decode(&r, bytes, n, header, denominator, channels);
    const size_t w = r.jpeg.output_width, h = r.jpeg.output_height;
    const bool inks = r.jpeg.out_color_space == JCS_CMYK; // a second frame header changes num_components
    jpeg_destroy_decompress(&r.jpeg);
    if (!ok) {
        free(r.pixels);
        if (!r.trap.reason[0])
            return clg_fail(log, CLG_ENOMEM, "out of memory decoding %s (%d x %d)", path, header->w,
                            header->h);
        return clg_fail(log, CLG_EFORMAT, "%s is a broken JPEG: %s", path, r.trap.reason);
    }
    if (inks) // in place: the output is smaller than the input
        inks_to_light(r.pixels, w * h, channels, r.pixels);
    *image = (struct clg_image){.w = (int)w, .h = (int)h, .channels = channels, .pixels = r.pixels};
    if (r.ended)
        snprintf(r.warning, sizeof r.warning, "the file ends early, but no pixel is missing");
    snprintf(image->warning, sizeof image->warning, "%s", r.warning);
    return 0;
}

// --- writing -----------------------------------------------------------------------------------

// Everything that may longjmp; true if all was written.
static bool encode(struct jpeg_compress_struct *jpeg, struct trap *trap, FILE *stream, const uint8_t *pixels,
                   int w, int h, int channels)
{
    if (setjmp(trap->out))
        return false;
    jpeg_create_compress(jpeg);
    jpeg_stdio_dest(jpeg, stream);
    jpeg->image_width = (JDIMENSION)w;
    jpeg->image_height = (JDIMENSION)h;
    jpeg->input_components = channels;
    jpeg->in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, QUALITY, TRUE);
    jpeg->dct_method = JDCT_FASTEST;
    for (int c = 0; c < jpeg->num_components; c++) // no chroma subsampling
        jpeg->comp_info[c].h_samp_factor = jpeg->comp_info[c].v_samp_factor = 1;
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < jpeg->image_height) {
        const size_t at = (size_t)jpeg->next_scanline * (size_t)w * (size_t)channels;
        JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + at); // only read
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
    return true;
}

int clg_jpeg_write(FILE *stream, const uint8_t *pixels, int w, int h, int channels, const char *path,
                   const struct clg_log *log)
{
    struct jpeg_compress_struct jpeg = {0};
    struct trap trap = {0};
    jpeg.err = trap_set(&trap);
    const bool ok = encode(&jpeg, &trap, stream, pixels, w, h, channels);
    const char *reason = trap.errors.msg_code == JERR_FILE_WRITE ? strerror(errno) : trap.reason;
    const int status = ok ? 0 : clg_fail(log, CLG_EIO, "cannot write %s: %s", path, reason);
    jpeg_destroy_compress(&jpeg);
    return status;
}
