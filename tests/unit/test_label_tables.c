// Tables of labels as people have them: from Excel, pandas and CelebA, in any encoding, with paths from
// elsewhere.
#include "labels_fixture.h"

struct table {
    const char *text, *column, *file_column, *classes;
    const char *labels;
    int status;
    const char *says;
};

static void expect_all(void **state, const char *const *names, int n, const struct table *tables,
                       size_t tables_n)
{
    struct clg_pictures *pictures = pictures_make(state, names, n);
    for (size_t i = 0; i < tables_n; i++) {
        const struct table *t = &tables[i];
        expect_table(state, pictures, t->text, strlen(t->text),
                     (struct clg_labels_params){
                         .column = t->column, .file_column = t->file_column, .classes = t->classes},
                     t->labels, t->status, t->says);
    }
    clg_pictures_close(&pictures);
    folder_remove(state);
    folder_make(state);
}
#define EXPECT(names, tables)                                                                                \
    expect_all(state, names, (int)(sizeof names / sizeof *names), tables, sizeof tables / sizeof *tables)

static const char *const numbered[] = {"000001.png", "000002.png", "000003.png"};

static void test_celeba(void **state)
{
    static const char attributes[] = "3\r\nBald 5_o_Clock_Shadow Smiling \r\n000001.png -1  1  1\r\n"
                                     "000002.png  1 -1 -1\r\n000003.png -1 -1  1\r\n";
    static const struct table tables[] = {
        {attributes, "Smiling", NULL, NULL, "not Smiling,Smiling:1,0,1", 0, NULL},
        {attributes, "5_o_Clock_Shadow", NULL, NULL, "not 5_o_Clock_Shadow,5_o_Clock_Shadow:1,0,0", 0, NULL},
        {attributes, "4", NULL, NULL, "not Smiling,Smiling:1,0,1", 0, NULL},
        {attributes, "Smiling", NULL, "1,-1", "Smiling,not Smiling:0,1,0", 0, NULL},
        {attributes, "Smiling", NULL, "Smiling, not Smiling", "Smiling,not Smiling:0,1,0", 0, NULL},
        {attributes, "Smiling", NULL, "0", NULL, CLG_EDATA, "there are not Smiling, Smiling"},
        {attributes, "1", NULL, NULL, NULL, CLG_EDATA, "it has Bald, 5_o_Clock_Shadow, Smiling"},
        {attributes, NULL, NULL, NULL, NULL, CLG_EINVAL, "several columns: Bald, 5_o_Clock_Shadow, Smiling"},
        // list_eval_partition.txt and identity_CelebA.txt
        {"000001.png 0\n000002.png 1\n000003.png 0\n", NULL, NULL, NULL, "0,1:0,1,0", 0, NULL},
        {"000001.png 2880\r\n000002.png 8692\r\n000003.png 2880\r\n", NULL, NULL, NULL, "2880,8692:0,1,0", 0,
         NULL},
        // of more pictures than are here
        {"000000.png 7\n000001.png 2\n000002.png 1\n000003.png 2\n000004.png 9\n", NULL, NULL, NULL,
         "1,2:1,0,1", 0, "2 of 5 rows are of pictures that are not in"},
        // the PNG edition has the list of the JPEG one
        {"000001.jpg 2\n000002.jpg 1\n000003.jpg 2\n", NULL, NULL, NULL, "1,2:1,0,1", 0,
         "3 of 3 rows have another folder or ending than the picture that they are taken for, as "
         "\"000001.jpg\" for "
         "000001.png"},
    };
    EXPECT(numbered, tables);
}

static void test_attributes(void **state)
{
    static const struct table tables[] = {
        {"file,hat\n000001.png,0\n000002.png,1\n000003.png,1\n", NULL, NULL, NULL, "not hat,hat:0,1,1", 0,
         NULL},
        {"file,hat\n000001.png,0.0\n000002.png,1.0\n000003.png,1\n", NULL, NULL, "1,0", "hat,not hat:1,0,0",
         0, NULL},
        {"file,hat\n000001.png,0\n000002.png,1\n000003.png,2\n", NULL, NULL, NULL, "0,1,2:0,1,2", 0, NULL},
        {"file,hat\n000001.png,0\n000002.png,1\n000003.png,-1\n", NULL, NULL, NULL, "-1,0,1:1,2,0", 0, NULL},
        {"file,hat\n000001.png,1\n000002.png,1\n000003.png,1\n", NULL, NULL, NULL, "1:0,0,0", 0, NULL},
        {"file,Label\n000001.png,0\n000002.png,1\n000003.png,1\n", NULL, NULL, NULL, "0,1:0,1,1", 0, NULL},
        {"000001.png,0\n000002.png,1\n000003.png,1\n", NULL, NULL, NULL, "0,1:0,1,1", 0, NULL},
    };
    EXPECT(numbered, tables);
}

static void test_columns(void **state)
{
    static const char pandas[] = ",file,label\n0,000001.png,no\n1,000002.png,yes\n2,000003.png,no\n";
    static const char two[] = "id,before,after,mood\n7,000001.png,000003.png,a\n8,000002.png,000001.png,b\n"
                              "9,000003.png,000002.png,a\n";
    static const struct table tables[] = {
        {pandas, NULL, NULL, NULL, "no,yes:0,1,0", 0, NULL},
        {"Unnamed: 0,file,label\n5,000001.png,no\n2,000002.png,yes\n9,000003.png,no\n", NULL, NULL, NULL,
         "no,yes:0,1,0", 0, NULL},
        {pandas, "1", NULL, NULL, "0,1,2:0,1,2", 0, NULL}, // asked for, it counts
        {",label\n000001.png,no\n000002.png,yes\n000003.png,no\n", NULL, NULL, NULL, "no,yes:0,1,0", 0, NULL},
        {"label,file\nno,000001.png\nyes,000002.png\nno,000003.png\n", NULL, NULL, NULL, "no,yes:0,1,0", 0,
         NULL},
        {"no,000001.png\nyes,000002.png\nno,000003.png\n", NULL, NULL, NULL, "no,yes:0,1,0", 0, NULL},
        {two, "mood", "before", NULL, "a,b:0,1,0", 0, NULL},
        {two, "mood", "3", NULL, "a,b:1,0,0", 0, NULL},
        {two, "mood", NULL, NULL, NULL, CLG_EINVAL,
         "columns that name pictures: before, after; say which one"},
        {two, "mood", "nose", NULL, NULL, CLG_EDATA, "no column \"nose\"; it has id, before, after, mood"},
        {two, "mood", "5", NULL, NULL, CLG_EDATA, "no column \"5\""},
        {two, NULL, "before", NULL, NULL, CLG_EINVAL, "several columns: id, after, mood; say which"},
        {two, NULL, "before", "b, a", "b,a:1,0,1", 0, NULL}, // the classes tell
        {two, NULL, "before", "a,c", NULL, CLG_EINVAL, "several columns: id, after, mood; say which"},
        {"f,x,x\n000001.png,a,b\n", "x", NULL, NULL, NULL, CLG_EINVAL,
         "several columns called \"x\": give a number"},
        {"f,x,x\n000001.png,a,b\n000002.png,a,b\n000003.png,c,b\n", "2", NULL, NULL, "a,c:0,0,1", 0, NULL},
        {"000001.png,a,b\n", NULL, NULL, NULL, NULL, CLG_EINVAL, "several columns: 2 (a), 3 (b); say which"},
        {"000001.png,a,b\n000002.png,a,c\n000003.png,a,b\n", "3", NULL, NULL, "b,c:0,1,0", 0, NULL},
        // names without ending, and numbers that are names
        {"id,mood\n000001,a\n000002,b\n000003,a\n", NULL, NULL, NULL, "a,b:0,1,0", 0, NULL},
        {"000001,5\n000002,6\n000003,5\n", NULL, NULL, NULL, "5,6:0,1,0", 0, NULL},
        {"000001,a\n000002,b\n000003,a\n", NULL, NULL, NULL, "a,b:0,1,0", 0, NULL},
    };
    EXPECT(numbered, tables);
    // as of digits: labels that are names of pictures, too
    static const char *const digits[] = {"0.png", "1.png", "2.png", "3.png", "4.png", "5.png"};
    static const struct table few[] = {
        {"id,digit\n0,1\n1,0\n2,1\n3,0\n4,1\n5,0\n", NULL, NULL, NULL, "not digit,digit:1,0,1,0,1,0", 0,
         NULL},
    };
    EXPECT(digits, few);
}

static void test_paths(void **state)
{
    static const struct table flat[] = {
        {"pics\\000001.png,a\npics\\000002.png,b\npics\\000003.png,a\n", NULL, NULL, NULL, "a,b:0,1,0", 0,
         NULL},
        {"f,l\nC:\\x y\\000001.png,a\nC:\\x y\\000002.png,b\nC:\\x y\\000003.png,a\n", NULL, NULL, NULL,
         "a,b:0,1,0", 0, NULL},
        {"/mnt/d/000001.png,a\n/mnt/d/000002.png,b\n/mnt/d//./000003.png,a\n", NULL, NULL, NULL, "a,b:0,1,0",
         0, NULL},
        {"x/000001.png,a\ny/000001.png,b\n", NULL, NULL, NULL, NULL, CLG_EFORMAT,
         "twice: a as \"x/000001.png\" and b as \"y/000001.png\""},
        {"000001.PNG,a\n000002.png,b\n000003.png,a\n", NULL, NULL, NULL, "a,b:-1,1,0", 0,
         "1 of 3 rows are left out as they differ from a picture's name by upper and lower case alone, as "
         "\"000001.PNG\" and 000001.png"},
        {"000001.PNG,a\n000002.PNG,b\n", NULL, NULL, NULL, NULL, CLG_EDATA,
         "\"000001.PNG\" and the picture 000001.png differ by upper and lower case alone"},
    };
    EXPECT(numbered, flat);
    static const char *const nested[] = {"a/1.png", "a/2.png", "b/1.png", "b/sub/3.png"};
    static const struct table deep[] = {
        {"/mnt/a/1.png,x\n/mnt/a/2.png,y\n/mnt/b/1.png,y\n/mnt/b/sub/3.png,x\n", NULL, NULL, NULL,
         "x,y:0,1,1,0", 0, NULL},
        {"a/1.png,x\n2.png,y\nb/1.png,y\nsub/3.png,x\n", NULL, NULL, NULL, "x,y:0,1,1,0", 0, NULL},
        {"a\\1,x\n2,y\nb\\1,y\nsub\\3,x\n", NULL, "1", NULL, "x,y:0,1,1,0", 0, NULL},
        {"1.png,x\n2.png,y\n", NULL, NULL, NULL, "y:-1,0,-1,-1", 0,
         "1 of 2 rows could mean several pictures, as \"1.png\" a/1.png or b/1.png"},
        {"1.png,x\n", NULL, NULL, NULL, NULL, CLG_EDATA,
         "its \"1.png\" could be a/1.png or b/1.png; give the folder"},
        {"c/1.png,x\na/2.png,y\n", NULL, NULL, NULL, "y:-1,0,-1,-1", 0,
         "not in"}, // neither a/1.png nor b/1.png
        {"c/2.png,x\n", NULL, NULL, NULL, "x:-1,0,-1,-1", 0, "as \"c/2.png\" for a/2.png"},
        {"c/2.png,x\na/2.png,y\n", NULL, NULL, NULL, "y:-1,0,-1,-1", 0,
         "no column 2 for 3 of 4"}, // the better row
        {"c/2.png,x\nd/2.png,y\na/1.png,z\n", NULL, NULL, NULL, "z:0,-1,-1,-1", 0,
         "for 3 of 4"}, // contradict
    };
    EXPECT(nested, deep);
    static const char *const same[] = {"1.jpg", "1.png", "x/1.png"};
    static const struct table ids[] = {
        {"f,l\n1,x\n", NULL, NULL, NULL, NULL, CLG_EDATA, "its \"1\" could be 1.jpg or 1.png"},
        {"f,l\n1.png,x\nx/1.png,y\n1.jpg,z\n", NULL, NULL, NULL, "x,y,z:2,0,1", 0, NULL},
    };
    EXPECT(same, ids);
}

// Of two rows with other folders, the one in whose folder the pictures lie.
static void test_the_pictures_folder_counts(void **state)
{
    static const char text[] = "train/1.png,a\ntest/1.png,b\n";
    static const char *const names[] = {"test/1.png"};
    struct clg_pictures *all = pictures_make(state, names, 1), *pictures;
    char path[512];
    const struct clg_crop center = {.kind = CLG_CROP_CENTER};
    clg_pictures_close(&all);
    snprintf(path, sizeof path, "%s", in(state, "test"));
    assert_int_equal(clg_pictures_open(&pictures, path, center, NULL), 0);
    expect_table(state, pictures, text, strlen(text), (struct clg_labels_params){0}, "b:0", 0, NULL);
    clg_pictures_close(&pictures);
}

static void test_separators(void **state)
{
    static const struct table tables[] = {
        {"file;mood\n000001.png;a, b\n000002.png;c\n000003.png;\"x;y\"\n", NULL, NULL, NULL,
         "a, b,c,x;y:0,1,2", 0, NULL},
        {"000001.png;1,5\n000002.png;2,5\n000003.png;1,5\n", NULL, NULL, NULL, "1,5,2,5:0,1,0", 0, NULL},
        {"file\tmood\tx\n000001.png\ta b\t\n000002.png\t\t1\n000003.png\t\"c\td\"\t2\n", "mood", NULL, NULL,
         "a b,c\td:0,-1,1", 0, "no mood for 1 of 3"},
        {"  000001.png   a\n000002.png\tb \n\n000003.png \"a b\"  \n", NULL, NULL, NULL, "a,a b,b:0,2,1", 0,
         NULL},
        {"file,two words\n000001.png,a b\n000002.png,c\n000003.png,a b\n", NULL, NULL, NULL, "a b,c:0,1,0", 0,
         NULL},
    };
    EXPECT(numbered, tables);
}

static void test_encodings(void **state)
{
    static const char *const names[] = {"caf\xc3\xa9.png", "na\xefve.png", "x.png"};
    static const struct table tables[] = {
        {"\xef\xbb\xbf"
         "file,stimmung\ncaf\xc3\xa9.png,fr\xc3\xb6hlich\nna\xefve.png,b\nx.png,b\n",
         NULL, NULL, NULL, "b,fr\xc3\xb6hlich:1,0,0", 0, NULL},
        // all in Latin-1; the name of the second picture is, too
        {"file,Gef\xfchl,z\ncaf\xe9.png,fr\xf6hlich,1\nna\xefve.png,\x80,1\nx.png,b,2\n", "Gef\xc3\xbchl",
         NULL, "fr\xf6hlich,\xe2\x82\xac", "fr\xc3\xb6hlich,\xe2\x82\xac:0,1,-1", 0, NULL},
        // all in UTF-8; as clgan writes it
        {"caf\xc3\xa9.png,a\nna\xc3\xafve.png,b\nx.png,a\n", NULL, NULL, NULL, "a,b:0,1,0", 0, NULL},
        {"file,l\ncaf\xc3\xa9.png,a\nna\\xEFve.png,b\nx.png,a\n", NULL, NULL, NULL, "a,b:0,1,0", 0, NULL},
    };
    EXPECT(names, tables);
}

// Excel's "Unicode text", either way round.
static void test_utf16(void **state)
{
    static const char text[] =
        "file\tmood\r\n000001.png\tfr\xf6hlich\r\n000002.png\t\"a b\"\r\n000003.png\ta b\r\n";
    struct clg_pictures *pictures = pictures_make(state, numbered, 3);
    for (int big = 0; big < 2; big++) {
        uint8_t wide[2 * sizeof text] = {big ? 0xfe : 0xff, big ? 0xff : 0xfe};
        for (size_t i = 0; i < sizeof text - 1; i++)
            wide[2 + 2 * i + (size_t)big] = (uint8_t)text[i];
        expect_table(state, pictures, wide, sizeof wide, (struct clg_labels_params){0},
                     "a b,fr\xc3\xb6hlich:1,0,0", 0, NULL);
        wide[3 - big] = wide[5 - big] = 0xdc; // halves of surrogate pairs, the wrong way round
        expect_table(state, pictures, wide, sizeof wide, (struct clg_labels_params){0}, NULL, CLG_EFORMAT,
                     "UTF-16");
    }
    expect_table(state, pictures, "f\0,\0l\0\n\0", 8, (struct clg_labels_params){0}, NULL, CLG_EFORMAT,
                 "not text");
    clg_pictures_close(&pictures);
}

TEST_MAIN("label_tables", NULL, NULL, IN_FOLDER(test_celeba), IN_FOLDER(test_attributes),
          IN_FOLDER(test_columns), IN_FOLDER(test_paths), IN_FOLDER(test_separators),
          IN_FOLDER(test_the_pictures_folder_counts), IN_FOLDER(test_encodings), IN_FOLDER(test_utf16))
