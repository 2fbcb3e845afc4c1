// Trains a small DCGAN on the built-in faces, saves it, and writes a grid of pictures that it generates.
//   cc train.c $(pkg-config --cflags --libs clgan) -o train && ./train 300 faces.png faces.safetensors
#include <clgan/clgan.h>

#include <stdlib.h>

enum { N = 64, SIZE = 32, COLUMNS = 8 };

static bool print_step(void *user, const struct clg_train_status *s)
{
    (void)user;
    if (s->step % 50 == 0)
        printf("step %lld: loss of D %.2f, of G %.2f\n", (long long)s->step, s->metrics.loss_d,
               s->metrics.loss_g);
    return false; // true would end the training
}

static int train(struct clg_gan *gan, int64_t steps)
{
    struct clg_train_params params = clg_train_params_default();
    params.data = "builtin:faces"; // or a folder
    params.out = NULL;             // or a folder for checkpoints, samples and a report
    params.steps = steps;
    return clg_train_gan(gan, &params, NULL, print_step, NULL);
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
    free(z);
    free(grid);
    return status;
}

int main(int argc, char **argv)
{
    struct clg_device *device;
    struct clg_gan *gan = NULL;
    struct clg_device_params options = clg_device_params_default();
    struct clg_gan_params p = clg_gan_params_default();
    p.size = SIZE;
    p.ngf = p.ndf = 16;
    p.batch = 64;
    int status = clg_device_open(&device, &options);
    if (status)
        return 1;
    status = clg_gan_new(&gan, device, &p);
    if (!status)
        status = train(gan, argc > 1 ? atoi(argv[1]) : 300);
    if (!status)
        status = draw(gan, &p, argc > 2 ? argv[2] : "faces.png");
    if (!status)
        status = clg_gan_save(gan, argc > 3 ? argv[3] : "faces.safetensors", NULL, 0);
    clg_gan_free(&gan);
    clg_device_close(&device);
    return status ? 1 : 0;
}
