// The paper's figure 1 as SVG: nets as stacks of feature maps. Width is channels; height and depth, pixels.
#include "report/figure.h"

#include "base/file.h"
#include "base/locale.h"
#include "report/xml.h"

#include <math.h>
#include <string.h>

enum { MARGIN = 28, TITLE = 46, LABELS = 34, GAP = 54, OP_LINE = 15, LETTER = 7 };

// A stack as drawn: the front is `length` x `height` with its upper left corner at (x, y); the feature map
// itself is the right face, which leans by (lean_x, -lean_y).
struct box {
    double x, y, length, height, lean_x, lean_y;
};

static struct box box_of(const struct clg_figure_stage *stage)
{
    double height = 12 * sqrt(fmax(1, stage->h)), depth = 12 * sqrt(fmax(1, stage->w));
    return (struct box){.length = fmin(4 + 3 * sqrt(fmax(1, stage->c)), 180),
                        .height = height,
                        .lean_x = 0.52 * depth,
                        .lean_y = 0.36 * depth};
}

static double box_width(const struct box *box)
{
    return box->length + box->lean_x;
}

static double box_tall(const struct box *box)
{
    return box->height + box->lean_y;
}

// --- texts -------------------------------------------------------------------------------------

// The length of `text` in characters, UTF-8.
static int text_count(const char *text, size_t bytes)
{
    int n = 0;
    for (size_t i = 0; i < bytes; i++)
        n += (text[i] & 0xc0) != 0x80;
    return n;
}

static double text_width(const char *text)
{
    return LETTER * text_count(text, strlen(text));
}

// The next line of an op, which breaks after commas; NULL behind the last.
static const char *op_line(const char *op, size_t *bytes)
{
    op += strspn(op, ", ");
    *bytes = strcspn(op, ",");
    return *bytes ? op : NULL;
}

static double op_width(const char *op)
{
    double width = 0;
    size_t bytes;
    for (op = op_line(op, &bytes); op; op = op_line(op + bytes, &bytes))
        width = fmax(width, LETTER * text_count(op, bytes));
    return width;
}

static int op_lines(const char *op)
{
    int lines = 0;
    size_t bytes;
    for (op = op_line(op, &bytes); op; op = op_line(op + bytes, &bytes))
        lines++;
    return lines;
}

static void op_write(FILE *file, const char *op, double x, double y)
{
    size_t bytes;
    for (op = op_line(op, &bytes); op; op = op_line(op + bytes, &bytes), y += OP_LINE) {
        char line[sizeof((struct clg_figure_stage *)0)->op + 1];
        snprintf(line, sizeof line, "%.*s", (int)bytes, op);
        fprintf(file, "<text class=\"op\" x=\"%.1f\" y=\"%.1f\">", x, y);
        clg_xml_text(file, line);
        fputs("</text>\n", file);
    }
}

// --- layout ------------------------------------------------------------------------------------

// What the stage's way to the next one takes: the gap between two stacks.
static double gap_before(const struct clg_figure_net *net, int i)
{
    return i == 0 ? 0 : fmax(GAP, op_width(net->stages[i].op) + 18);
}

// The columns of labels may be wider than their stacks.
static double column_width(const struct clg_figure_stage *stage)
{
    struct box box = box_of(stage);
    return fmax(box_width(&box), text_width(stage->maps));
}

static double net_width(const struct clg_figure_net *net)
{
    double width = text_width(net->title) * 1.3;
    double stages = 0;
    for (int i = 0; i < net->n; i++)
        stages += gap_before(net, i) + column_width(&net->stages[i]);
    return fmax(width, stages);
}

// The height of the row of stacks without title and labels.
static double net_tall(const struct clg_figure_net *net)
{
    double tall = 60;
    for (int i = 0; i < net->n; i++) {
        struct box box = box_of(&net->stages[i]);
        tall = fmax(tall, box_tall(&box));
        tall = fmax(tall, 2 * (26 + OP_LINE * op_lines(net->stages[i].op)));
    }
    return tall;
}

// --- drawing -----------------------------------------------------------------------------------

static void face_write(FILE *file, const char *kind, const double p[8])
{
    fprintf(file, "<path class=\"%s\" d=\"M%.1f,%.1fL%.1f,%.1fL%.1f,%.1fL%.1f,%.1fZ\"/>", kind, p[0], p[1],
            p[2], p[3], p[4], p[5], p[6], p[7]);
}

static void box_write(FILE *file, const struct box *b, const char *kind)
{
    double right = b->x + b->length, low = b->y + b->height;
    fprintf(file, "<g class=\"%s\">", kind);
    face_write(file, "front", (double[]){b->x, b->y, right, b->y, right, low, b->x, low});
    face_write(file, "top",
               (double[]){b->x, b->y, b->x + b->lean_x, b->y - b->lean_y, right + b->lean_x, b->y - b->lean_y,
                          right, b->y});
    face_write(file, "map",
               (double[]){right, b->y, right + b->lean_x, b->y - b->lean_y, right + b->lean_x,
                          low - b->lean_y, right, low});
    fputs("</g>\n", file);
}

// Thin lines across front and top: the stack consists of maps.
static void slices_write(FILE *file, const struct box *b)
{
    int n = (int)(b->length / 7);
    fputs("<path class=\"slices\" d=\"", file);
    for (int i = 1; i < n; i++) {
        double x = b->x + b->length * i / n;
        fprintf(file, "M%.1f,%.1fv%.1fl%.1f,%.1f", x, b->y + b->height, -b->height, b->lean_x, -b->lean_y);
    }
    fputs("\"/>\n", file);
}

// A landscape on the box's right face, drawn in a square of 100 x 100.
static void landscape_write(FILE *file, const struct box *b)
{
    fprintf(file, "<g class=\"landscape\" transform=\"matrix(%.4f %.4f 0 %.4f %.1f %.1f)\">", b->lean_x / 100,
            -b->lean_y / 100, b->height / 100, b->x + b->length, b->y);
    fputs("<path class=\"sky\" d=\"M0,0H100V100H0Z\"/><circle class=\"sun\" cx=\"70\" cy=\"27\" r=\"11\"/>"
          "<path class=\"far\" d=\"M0,72L34,40L62,66L78,54L100,74V100H0Z\"/>"
          "<path class=\"near\" d=\"M0,88C30,70 60,74 100,90V100H0Z\"/></g>\n",
          file);
}

// Pictures (up to 3 channels) are plates, red, green and blue; all else is one stack.
static void stage_write(FILE *file, const struct clg_figure_stage *stage, const struct box *box)
{
    if (stage->c > 3 || stage->h < 8) {
        box_write(file, box, "stack");
        slices_write(file, box);
        return;
    }
    static const char *const colours[3] = {"red", "green", "blue"};
    fprintf(file, "<g%s>", stage->c == 1 ? " class=\"grey\"" : "");
    for (int i = 0; i < stage->c; i++) {
        struct box plate = *box;
        plate.length = box->length / stage->c - 1;
        plate.x += box->length * i / stage->c + 1;
        box_write(file, &plate, colours[i]);
    }
    landscape_write(file, box);
    fputs("</g>\n", file);
}

// A patch of the source's map and the lines from its corners to one place of the target.
static void beam_write(FILE *file, const struct box *from, const struct box *to)
{
    double half = fmin(9, from->height / 3), part = fmin(0.36, 0.7 * half / from->lean_x);
    double x = from->x + from->length + 0.5 * from->lean_x, y = from->y + from->height / 2 - from->lean_y / 2;
    double dx = part * from->lean_x, dy = part * from->lean_y;
    double tip_x = to->x, tip_y = to->y + to->height / 2 - to->lean_y / 2;
    double corners[8] = {x - dx, y + dy - half, x + dx, y - dy - half,
                         x + dx, y - dy + half, x - dx, y + dy + half};
    fprintf(file, "<path class=\"beam\" d=\"M%.1f,%.1fL%.1f,%.1fL%.1f,%.1fL%.1f,%.1fZ\"/>", corners[0],
            corners[1], corners[2], corners[3], tip_x, tip_y, corners[6], corners[7]);
    face_write(file, "patch", corners);
    fputs("<path class=\"ray\" d=\"", file);
    for (int i = 0; i < 8; i += 2)
        fprintf(file, "M%.1f,%.1fL%.1f,%.1f", corners[i], corners[i + 1], tip_x, tip_y);
    fprintf(file, "\"/><circle class=\"tip\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.2\"/>\n", tip_x, tip_y);
}

// A net with its upper left corner at (MARGIN, y).
static void net_write(FILE *file, const struct clg_figure_net *net, int number, double y)
{
    double x = MARGIN, tall = net_tall(net), axis = y + TITLE + tall / 2;
    struct box before = {0};
    fprintf(file, "<g class=\"net%d\">\n<text class=\"title\" x=\"%d\" y=\"%.1f\">", number % 2, MARGIN,
            y + 18);
    clg_xml_text(file, net->title);
    fputs("</text>\n", file);
    for (int i = 0; i < net->n; i++) {
        const struct clg_figure_stage *stage = &net->stages[i];
        double gap = gap_before(net, i), column = column_width(stage), gap_middle = x + gap / 2;
        struct box box = box_of(stage);
        x += gap;
        box.x = x + (column - box_width(&box)) / 2;
        box.y = axis - box.height / 2 + box.lean_y / 2;
        stage_write(file, stage, &box);
        if (i) {
            beam_write(file, &before, &box);
            op_write(file, stage->op, gap_middle, axis + 32);
        }
        fprintf(file, "<text class=\"maps\" x=\"%.1f\" y=\"%.1f\">", x + column / 2, axis + tall / 2 + 24);
        clg_xml_text(file, stage->maps);
        fputs("</text>\n", file);
        x += column;
        before = box;
    }
    fputs("</g>\n", file);
}

static void style_write(FILE *file)
{
    fputs(
        "<style>\n"
        ".page{fill:#fff}text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,"
        "'DejaVu Sans',sans-serif;text-anchor:middle}\n"
        ".title{font-size:17px;font-weight:600;text-anchor:start;fill:#1c2430}\n"
        ".maps{font-size:12.5px;fill:#1c2430}.op{font-size:11.5px;fill:#667085}\n"
        "path{stroke-width:1;stroke-linejoin:round}.slices{fill:none;stroke-width:.7;opacity:.45}\n"
        ".net0 .front{fill:#7fb0f5}.net0 .top{fill:#b4d2fb}.net0 .map{fill:#4f8be6}\n"
        ".net0 path{stroke:#2459ab}.tip{fill:#667085}\n"
        ".net1 .front{fill:#f7b477}.net1 .top{fill:#fcd7b2}.net1 .map{fill:#ec8f3f}\n"
        ".net1 path{stroke:#a3540f}\n"
        "g.red path{fill:#f0a5a0;stroke:#a33a33}g.green path{fill:#a5d9a0;stroke:#3a7d34}\n"
        "g.blue path{fill:#a4bdf2;stroke:#2f51a3}g.grey .red path{fill:#c9ced6;stroke:#5d6673}\n"
        "g.landscape path,.sun{stroke:none}g.landscape .sky{fill:#cfe6fb}.sun{fill:#ffd465}\n"
        "g.landscape .far{fill:#8fa9c4}g.landscape .near{fill:#7fb58a}\n"
        "g.grey .sky{fill:#dfe3e8}g.grey .sun{fill:#fff}g.grey .far{fill:#a4abb5}g.grey .near{fill:#868e99}\n"
        "g path.beam{fill:#8a94a3;fill-opacity:.16;stroke:none}\n"
        "g path.ray{fill:none;stroke:#667085;stroke-width:.8;"
        "opacity:.75}\n"
        "g path.patch{fill:#fff;fill-opacity:.55;stroke:#1c2430;stroke-width:.8}\n"
        "@media(prefers-color-scheme:dark){.page{fill:#181e26}.title,.maps{fill:#e7ebf0}.op{fill:#a4b0bf}\n"
        ".tip{fill:#b4bfcc}g path.ray{stroke:#b4bfcc}g path.beam{fill:#c8d2de}}\n"
        "</style>\n",
        file);
}

int clg_figure_save(const char *path, const struct clg_figure_net *nets, int n, const struct clg_log *log)
{
    double width = 0, height = MARGIN;
    for (int i = 0; i < n; i++) {
        width = fmax(width, net_width(&nets[i]));
        height += TITLE + net_tall(&nets[i]) + LABELS + MARGIN;
    }
    width += 2 * MARGIN;
    struct clg_file file;
    int status = clg_file_create(&file, path, log);
    if (status)
        return status;
    struct clg_locale locale = clg_locale_enter();
    fprintf(file.stream,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
            "width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n",
            width, height, width, height);
    style_write(file.stream);
    fprintf(file.stream, "<rect class=\"page\" width=\"%.0f\" height=\"%.0f\" rx=\"14\"/>\n", width, height);
    double y = MARGIN;
    for (int i = 0; i < n; i++) {
        net_write(file.stream, &nets[i], i, y);
        y += TITLE + net_tall(&nets[i]) + LABELS + MARGIN;
    }
    fputs("</svg>\n", file.stream);
    clg_locale_leave(locale);
    return clg_file_commit(&file, log);
}
