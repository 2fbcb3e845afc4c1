// Loads a trained model and writes a grid of pictures, whose noise depends on the seed and their numbers alone.
//   cc generate.c $(pkg-config --cflags --libs clgan) -o generate && ./generate faces.safetensors 7 new.png
#include <clgan/clgan.h>

#include <stdlib.h>

enum { N = 16 };

static int draw(struct clg_gan *gan, uint64_t seed, const char *path)
{
    const struct clg_gan_params p = *clg_gan_params_of(gan);
    const size_t values = N * (size_t)p.size * (size_t)p.size * (size_t)p.channels;
    int w, h, status = clg_picture_grid_size(N, p.size, 0, &w, &h);
    float *z = malloc(N * (size_t)p.z * sizeof *z), *pictures = malloc(values * sizeof *pictures);
    uint8_t *pixels = malloc(values), *grid = malloc((size_t)w * (size_t)h * (size_t)p.channels);
    if (!z || !pictures || !pixels || !grid)
        status = CLG_ENOMEM;
    if (!status) {
        clg_gan_noise(&p, seed, 0, N, z);
        status = clg_gan_generate(gan, z, N, pictures); // in -1..1
    }
    if (!status) {
        clg_picture_pixels(pictures, values, pixels);
        clg_picture_grid(pixels, N, p.size, p.channels, 0, grid);
        status = clg_picture_save(path, grid, w, h, p.channels, NULL);
    }
    free(z);
    free(pictures);
    free(pixels);
    free(grid);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s MODEL [SEED [PICTURE]]\n", argv[0]);
        return 2;
    }
    struct clg_device *device;
    struct clg_gan *gan;
    struct clg_device_params options = clg_device_params_default();
    int status = clg_device_open(&device, &options);
    if (status)
        return 1;
    status = clg_gan_load(&gan, device, argv[1], 0);
    if (!status)
        status = draw(gan, argc > 2 ? strtoull(argv[2], NULL, 10) : 7, argc > 3 ? argv[3] : "new.png");
    clg_gan_free(&gan);
    clg_device_close(&device);
    return status ? 1 : 0;
}
