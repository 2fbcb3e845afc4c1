// Writes an animated PNG of a walk through a model's latent space, from face to face and back to the first.
//   cc interpolate.c $(pkg-config --cflags --libs clgan) -o interpolate && ./interpolate faces.safetensors
//   walk.png
#include <clgan/clgan.h>

#include <stdlib.h>

enum { FACES = 4, FRAMES = 48, FPS = 12 };

static int walk(struct clg_gan *gan, const char *path)
{
    const struct clg_gan_params p = *clg_gan_params_of(gan);
    const size_t length = (size_t)p.z, values = FRAMES * (size_t)p.size * (size_t)p.size * (size_t)p.channels;
    float *points = malloc(FACES * length * sizeof *points), *z = malloc(FRAMES * length * sizeof *z);
    float *pictures = malloc(values * sizeof *pictures);
    uint8_t *pixels = malloc(values);
    int status = points && z && pictures && pixels ? 0 : CLG_ENOMEM;
    if (!status) {
        clg_gan_noise(&p, 7, 0, FACES, points); // faces 0 to 3 of seed 7
        status = clg_z_path(CLG_PATH_SPHERICAL, points, FACES, p.z, true, FRAMES, z);
    }
    if (!status)
        status = clg_gan_generate(gan, z, FRAMES, pictures); // in -1..1
    if (!status) {
        clg_picture_pixels(pictures, values, pixels);
        status = clg_picture_animate(path, pixels, FRAMES, p.size, p.size, p.channels, FPS, NULL);
    }
    free(points);
    free(z);
    free(pictures);
    free(pixels);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s MODEL [ANIMATION]\n", argv[0]);
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
        status = walk(gan, argc > 2 ? argv[2] : "walk.png");
    clg_gan_free(&gan);
    clg_device_close(&device);
    return status ? 1 : 0;
}
