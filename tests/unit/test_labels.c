// Labels of pictures: from tables of every kind and from folders; and what is said when they do not fit.
#include "labels_fixture.h"

#include <locale.h>
#include <math.h>

enum { PICTURES = 4 };
static const char *const names[PICTURES] = {"a.png", "b.png", "deep/c, d.png", "e \"f\".png"};

struct table {
    const char *text, *column, *classes;
    const char *labels; // expected, or NULL:
    int status;
    const char *says;
};

static const struct table tables[] = {
    {"file,mood\na.png,sad\nb.png,happy\n\"deep/c, d.png\",sad\n\"e \"\"f\"\".png\",calm\n", NULL, NULL,
     "calm,happy,sad:2,1,2,0", 0, NULL},
    // the other way round, CRLF, a byte order mark, blanks, empty lines, no end of the last line, other files
    {"\xef\xbb\xbf\"file\" , x,\"mood\"\r\n\r\n  \r\n\"e \"\"f\"\".png\",1, calm\r\nother.png,,\r\nshort\r\n"
     "\"deep/c, d.png\" , 2 ,\t\"sad\" \r\n./b.png,3,  happy  \r\n\r\na.png,4,sad",
     "mood", NULL, "calm,happy,sad:2,1,2,0", 0, "labels.csv: 2 of 6 rows are of pictures that are not in"},
    // old Macintosh's line ends; a line break, a comma and quotes in a label; the same line twice
    {"f,l\ra.png,\"x\ny\"\rb.png,\"1,\"\"2\"\"\"\r\"deep/c, d.png\",z\r\"e "
     "\"\"f\"\".png\",z\ra.png,\"x\ny\"\r",
     NULL, NULL, "1,\"2\",x\ny,z:1,0,2,2", 0, NULL},
    {"f,l\na.png,s\nb.png,h\n\"deep/c, d.png\",s\n\"e \"\"f\"\".png\",c\n", NULL, "s,h", "s,h:0,1,0,-1", 0,
     NULL},
    {"f,l\na.png,s\nb.png,h\n\"deep/c, d.png\",s\n\"e \"\"f\"\".png\",c\n", "l", "c", "c:-1,-1,-1,0", 0,
     NULL},
    {"f,l\na.png,s t\nb.png,h\n\"deep/c, d.png\",s t\n\"e \"\"f\"\".png\",c\n", "l", "h, s t",
     "h,s t:1,0,1,-1", 0, NULL},

    {"f,l,m\na.png,s,1\n", "mod", NULL, NULL, CLG_EDATA, "no column \"mod\"; it has l, m"},
    {"f,l,m\na.png,s,1\n", "f", NULL, NULL, CLG_EDATA, "no column \"f\"; it has l, m"},
    {"f,l,m\na.png,s,1\n", NULL, NULL, NULL, CLG_EINVAL, "several columns: l, m; say which one (--column)"},
    {"f\na.png\n", NULL, NULL, NULL, CLG_EFORMAT, "no column besides \"f\""},
    {"", NULL, NULL, NULL, CLG_EFORMAT, "is empty"},
    {"\n \n", NULL, NULL, NULL, CLG_EFORMAT, "is empty"},
    {"f,l\n", NULL, NULL, NULL, CLG_EDATA,
     "no l for any of 4 pictures, as a.png; it begins with the file \"\""},
    {"f,l\nx/c.png,s\n", NULL, NULL, NULL, CLG_EDATA, "begins with the file \"x/c.png\""},
    {"f,l\na.png,s\n\"e \"\"f\"\".png\",s\nb.png\n\"deep/c, d.png\",\n", NULL, NULL, "s:0,-1,-1,0", 0,
     "labels.csv has no l for 2 of 4 pictures, as b.png"},
    {"f,l\na.png,s\nb.png,s\na.png,t\n", NULL, NULL, NULL, CLG_EFORMAT,
     "l of a.png twice: s as \"a.png\" and t as \"a.png\""},
    {"f,l\na.png,s\n\nb.png,\"s\n", NULL, NULL, NULL, CLG_EFORMAT, "line 4: a quote"},
    {"f,l\na.png,\"s\"t\n", NULL, NULL, NULL, CLG_EFORMAT, "line 2: a quote"},
    {"f,\"l\n", NULL, NULL, NULL, CLG_EFORMAT, "line 1: a quote"},
    {"f,l\na.png,s\nb.png,h\n\"deep/c, d.png\",s\n\"e \"\"f\"\".png\",c\n", NULL, "s,x", NULL, CLG_EDATA,
     "class \"x\" (l); there are c, h, s"},
    {"f,l\na.png,s\nb.png,h\n\"deep/c, d.png\",s\n\"e \"\"f\"\".png\",c\n", NULL, "s,", NULL, CLG_EDATA,
     "class \"\""},
    {"f,l\na.png,s\nb.png,h\n\"deep/c, d.png\",s\n\"e \"\"f\"\".png\",c\n", NULL, "s,h,s", NULL, CLG_EINVAL,
     "\"s\" is listed twice"},
};

static void test_tables(void **state)
{
    struct clg_pictures *pictures = pictures_make(state, names, PICTURES);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const struct table *t = &tables[i];
        expect_table(state, pictures, t->text, strlen(t->text),
                     (struct clg_labels_params){.column = t->column, .classes = t->classes}, t->labels,
                     t->status, t->says);
    }
    clg_pictures_close(&pictures);
}

static void test_files_refused(void **state)
{
    struct clg_pictures *pictures = pictures_make(state, names, PICTURES);
    char path[512];
    snprintf(path, sizeof path, "%s", in(state, "labels.csv"));
    expect(pictures, (struct clg_labels_params){.csv = path}, "missing", NULL, CLG_EIO, "labels.csv");
    file_write(path, "f,l\na.png,s\0\n", 13);
    expect(pictures, (struct clg_labels_params){.csv = path}, "a byte of 0", NULL, CLG_EFORMAT, "not text");
    expect(pictures, (struct clg_labels_params){.column = "mood"}, "no table", NULL, CLG_EINVAL, "mood");
    clg_pictures_close(&pictures);
}

static void test_thresholds(void **state)
{
    static const char numbers[] = "f,l,age\na.png,s,1.5\nb.png,s,-2e-1\n\"deep/c, d.png\",s,1.25\n"
                                  "\"e \"\"f\"\".png\",x,7\nother.png,s,young\n";
    static const struct {
        const char *column, *classes, *labels;
        double threshold;
        int status;
        const char *says;
    } cases[] = {
        {"age", NULL, "age <= 1.25,age > 1.25:1,0,0,1", 1.25, 0, "1 of 5 rows"},
        {"age", NULL, "age <= 7,age > 7:0,0,0,0", 7, 0, "1 of 5 rows"},
        {"age", NULL, "age <= -0.2,age > -0.2:1,0,1,1", -0.2, 0, "1 of 5 rows"},
        {"l", NULL, NULL, 1, CLG_EFORMAT, "l is not a number for 4 of 4 pictures, such as \"s\" for a.png"},
        {"age", "1.5", NULL, 1, CLG_EINVAL, "threshold"},
        {"age", NULL, NULL, NAN, CLG_EINVAL, "finite"},
    };
    struct clg_pictures *pictures = pictures_make(state, names, PICTURES);
    char path[512];
    snprintf(path, sizeof path, "%s", in(state, "labels.csv"));
    file_write(path, numbers, sizeof numbers - 1);
    bool comma = setlocale(LC_ALL, "de_DE.UTF-8") != NULL; // where it is there, numbers are still with points
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(pictures,
               (struct clg_labels_params){.csv = path,
                                          .column = cases[i].column,
                                          .classes = cases[i].classes,
                                          .threshold_set = true,
                                          .threshold = cases[i].threshold},
               cases[i].says ? cases[i].says : cases[i].labels, cases[i].labels, cases[i].status,
               cases[i].says);
    if (comma)
        setlocale(LC_ALL, "C");
    static const char *const odd[] = {"nan", "inf", "1,5", "1.5x", "0.5 6", "--1"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "f,l\na.png,1\nb.png,\"%s\"\n\"deep/c, d.png\",2\n\"e \"\"f\"\".png\",3\n", odd[i]);
        file_write(path, text, strlen(text));
        expect(pictures, (struct clg_labels_params){.csv = path, .threshold_set = true}, odd[i], NULL,
               CLG_EFORMAT, "not a number for 1 of 4 pictures");
    }
    clg_pictures_close(&pictures);
}

static void test_folders(void **state)
{
    static const char *const sorted[] = {"happy/1.png", "happy/2.png", "none/1.png", "sad/1.png",
                                         "sad/x/1.png"};
    mkdir(in(state, "sad"), 0777);
    struct clg_pictures *pictures = pictures_make(state, sorted, 5);
    expect(pictures, (struct clg_labels_params){0}, "folders", "happy,none,sad:0,0,1,2,2", 0, NULL);
    expect(pictures, (struct clg_labels_params){.classes = "sad,happy"}, "two folders",
           "sad,happy:1,1,-1,0,0", 0, NULL);
    expect(pictures, (struct clg_labels_params){.classes = "sat"}, "an unknown folder", NULL, CLG_EDATA,
           "there are happy, none, sad");
    clg_pictures_close(&pictures);
    static const char *const loose[] = {"a.png"};
    folder_remove(state);
    folder_make(state);
    pictures = pictures_make(state, loose, 1);
    expect(pictures, (struct clg_labels_params){0}, "a loose picture", NULL, CLG_EDATA, "a.png");
    clg_pictures_close(&pictures);
}

// Many classes: the message names the first ones only.
static void test_long_lists(void **state)
{
    enum { MANY = 80 };
    static char files[MANY][24];
    const char *list[MANY];
    for (int i = 0; i < MANY; i++) {
        snprintf(files[i], sizeof files[i], "class number %03d/a.png", i);
        list[i] = files[i];
    }
    struct clg_pictures *pictures = pictures_make(state, list, MANY);
    expect(pictures, (struct clg_labels_params){.classes = "x"}, "many", NULL, CLG_EDATA,
           "class number 000, class number 001");
    expect(pictures, (struct clg_labels_params){.classes = "x"}, "many", NULL, CLG_EDATA, ", ...");
    clg_pictures_close(&pictures);
}

TEST_MAIN("labels", NULL, NULL, IN_FOLDER(test_tables), IN_FOLDER(test_files_refused),
          IN_FOLDER(test_thresholds), IN_FOLDER(test_folders), IN_FOLDER(test_long_lists))
