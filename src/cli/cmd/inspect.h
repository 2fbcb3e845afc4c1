// Shared by the parts of `clgan inspect`.
#ifndef CLG_CLI_CMD_INSPECT_H
#define CLG_CLI_CMD_INSPECT_H

#include "cli/cli.h"
#include "cli/pictures.h"
#include "cli/tiles.h"

#include <cjson/cJSON.h>

struct inspect_options {
    const char *model, *data, *grid, *remove, *find, *classifier;
    struct clg_crop crop;
    int net, layer, top, per, n, first, map; // layer, map: -1 not given
    uint64_t seed;
    bool filters, guided, saliency, common, json;
};

struct inspection {
    struct inspect_options *o;
    struct clg_device *device;
    struct clg_gan *gan;
    struct clg_gan_params params;
    const struct clg_log *log;
    struct cli_progress *progress;
    cJSON *json; // NULL: print words
};

enum {
    INSPECT_TILE = 64,   // smallest side of a tile in pixels
    INSPECT_SAMPLES = 8, // of the generator, without --n
};

// --layer, or the net's last hidden activated layer; and its description.
int inspect_layer(const struct inspection *in, enum clg_net_kind net, int *layer,
                  struct clg_layer_info *info);
// --data with the crop that the model was trained with. Close it in any case.
int inspect_pictures(const struct inspection *in, int n, struct cli_pictures *pictures);
// Side of a tile that shows pictures of the model enlarged to a comfortable size.
int inspect_tile(const struct inspection *in);
// Columns for n tiles: about as many as rows.
int inspect_columns(int n);
// Prints the layer, and a count: of pictures, say (NULL: none).
void inspect_print_layer(const struct inspection *in, int layer, const struct clg_layer_info *info,
                         const char *what, int count);
// Writes the sheet to --grid and prints what it shows.
int inspect_save(const struct inspection *in, const struct cli_tiles *tiles, int columns, const char *what);

int inspect_maps(struct inspection *in);    // inspect_maps.c: feature maps of one picture
int inspect_filters(struct inspection *in); // inspect_filters.c: the filters closest to the pixels
int inspect_guided(struct inspection *in);  // inspect_guided.c: what features respond to
int inspect_removed(struct inspection *in); // inspect_removed.c: the generator without some feature maps
int inspect_found(struct inspection *in);   // inspect_found.c: without the maps that draw a class

// A sheet of samples z [n][z]: with all maps of the layer, what the listed ones draw, and without them.
int inspect_without(struct inspection *in, int layer, const int *maps, int maps_n, const float *z, int n);

#endif
