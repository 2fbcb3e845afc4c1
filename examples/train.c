// Trains a small DCGAN on the built-in faces, keeps it, and writes a grid of what it draws.
//   cc train.c $(pkg-config --cflags --libs clgan) -o train && ./train 300 faces.png faces.safetensors
#include <clgan/clgan.h>

#include <stdlib.h>

enum { N = 64, SIZE = 32, COLUMNS = 8 };

static int train(struct clg_gan *gan, const struct clg_gan_params *p, int steps)
{
    struct clg_data *data;
    struct clg_data_params from = clg_data_params_default();
    from.path = "builtin:faces";
    from.size = p->size;
    from.channels = p->channels;
    from.batch = p->batch;
    uint8_t *batch = malloc((size_t)p->batch * SIZE * SIZE * 3);
    int status = batch ? clg_data_open(&data, &from) : CLG_ENOMEM;
    if (status) {
        free(batch);
        return status;
    }
    struct clg_gan_metrics m;
    for (int i = 1; i <= steps && !status; i++) {
        status = clg_data_next(data, batch);
        if (!status)
            status = clg_gan_step(gan, batch, &m);
        if (!status && i % 50 == 0)
            printf("step %d: loss of D %.2f, of G %.2f\n", i, m.loss_d, m.loss_g);
    }
    clg_data_close(&data);
    free(batch);
    return status;
}

static int draw(struct clg_gan *gan, const struct clg_gan_params *p, const char *path)
{
    static float pictures[N * SIZE * SIZE * 3];
    static uint8_t bytes[N * SIZE * SIZE * 3];
    int w, h, status = clg_picture_grid_size(N, SIZE, COLUMNS, &w, &h);
    float *z = malloc(N * (size_t)p->z * sizeof *z);
    uint8_t *grid = malloc((size_t)w * (size_t)h * 3);
    if (!z || !grid)
        status = CLG_ENOMEM;
    if (!status) {
        clg_gan_noise(p, 7, 0, N, z);
        status = clg_gan_generate(gan, z, N, pictures);
    }
    if (!status) {
        clg_picture_pixels(pictures, sizeof bytes, bytes);
        clg_picture_grid(bytes, N, SIZE, 3, COLUMNS, grid);
        status = clg_picture_save(path, grid, w, h, 3, NULL);
    }
    free(z), free(grid);
    return status;
}

int main(int argc, char **argv)
{
    struct clg_device *device;
    struct clg_gan *gan = NULL;
    struct clg_device_params where = clg_device_params_default();
    struct clg_gan_params p = clg_gan_params_default();
    p.size = SIZE;
    p.ngf = p.ndf = 16;
    p.batch = 64;
    int status = clg_device_open(&device, &where);
    if (status)
        return 1;
    status = clg_gan_new(&gan, device, &p);
    if (!status)
        status = train(gan, &p, argc > 1 ? atoi(argv[1]) : 300);
    if (!status)
        status = draw(gan, &p, argc > 2 ? argv[2] : "faces.png");
    if (!status)
        status = clg_gan_save(gan, argc > 3 ? argv[3] : "faces.safetensors", NULL, 0);
    clg_gan_free(&gan);
    clg_device_close(&device);
    return status ? 1 : 0;
}
