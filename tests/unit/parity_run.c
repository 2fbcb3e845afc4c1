// Training steps on given pictures and noise, for parity.py: prints the losses, writes a checkpoint.
//   parity_run INIT.safetensors REAL.npy Z.npy OUT.safetensors NGF NDF
// REAL [steps*batch][size][size][channels] in -1..1, Z [steps][batch][z].
#include <clgan/clgan.h>

#include <stdlib.h>

static int run(struct clg_device *device, char **argv)
{
    float *real, *z;
    int64_t real_shape[4], z_shape[4];
    int real_dims, z_dims;
    struct clg_gan *gan = NULL;
    struct clg_gan_metrics m;
    const struct clg_log log = {0};
    int status = clg_npy_load(argv[2], &real, real_shape, &real_dims, &log);
    if (!status)
        status = clg_npy_load(argv[3], &z, z_shape, &z_dims, &log);
    if (status)
        return status;
    struct clg_gan_params p = clg_gan_params_default();
    p.size = (int)real_shape[1];
    p.channels = (int)real_shape[3];
    p.batch = (int)z_shape[1];
    p.z = (int)z_shape[2];
    p.ngf = atoi(argv[5]);
    p.ndf = atoi(argv[6]);
    status = clg_gan_new(&gan, device, &p);
    if (!status)
        status = clg_gan_init_from(gan, argv[1]);
    for (int64_t i = 0; i < z_shape[0] && !status; i++) {
        status = clg_gan_step_with(gan, real + (size_t)(i * p.batch * p.size * p.size * p.channels),
                                   z + (size_t)(i * p.batch * p.z), &m);
        if (!status)
            printf("%.9g %.9g %.9g %.9g %.9g\n", m.loss_d, m.loss_g, m.d_real, m.d_fake_before,
                   m.d_fake_after);
    }
    if (!status)
        status = clg_gan_save(gan, argv[4], NULL, 0);
    clg_gan_free(&gan);
    free(real), free(z);
    return status;
}

int main(int argc, char **argv)
{
    struct clg_device *device = NULL;
    struct clg_device_params params = clg_device_params_default();
    params.select = getenv("CLGAN_DEVICE");
    if (argc != 7 || clg_device_open(&device, &params))
        return 2;
    int status = run(device, argv);
    clg_device_close(&device);
    return status ? 1 : 0;
}
