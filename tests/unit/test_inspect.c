// Filters, the ranking of feature maps, ablation, and the maps that draw a class, against float64 loops over
// maps and pictures that the gan gives out.
#include "ops_fixture.h"

#include <clgan/clgan.h>

enum { SIZE = 16, CHANNELS = 3, Z = 10, MAPS = 4, PICTURE = SIZE * SIZE * CHANNELS };
enum { N = 70, LAYER = 3 }; // more pictures than a chunk; the last hidden layer of either net

static struct clg_gan *make_gan(float ema)
{
    struct clg_gan_params p = clg_gan_params_default();
    struct clg_gan *gan;
    struct clg_gan_metrics m;
    p.size = SIZE;
    p.channels = CHANNELS;
    p.z = Z;
    p.ngf = p.ndf = MAPS;
    p.batch = 8;
    p.ema = ema;
    p.lr = 0.01f;
    assert_int_equal(clg_gan_new(&gan, test_device(), &p), 0);
    for (int step = 0; step < 5; step++) {
        float *real = host_normal(100 + (uint64_t)step, 8 * PICTURE, 0, 0.5f);
        float *z = host_normal(200 + (uint64_t)step, 8 * Z, 0, 1);
        assert_int_equal(clg_gan_step_with(gan, real, z, &m), 0);
        free(real);
        free(z);
    }
    return gan;
}

static void test_filters(void **state)
{
    (void)state;
    for (int averaged = 0; averaged < 2; averaged++) {
        struct clg_gan *gan = make_gan(averaged ? 0.5f : 0);
        const char *names[] = {averaged ? "averageG.main.6.weight" : "netG.main.6.weight",
                               "netD.main.0.weight"};
        for (int net = CLG_NET_GENERATOR; net <= CLG_NET_DISCRIMINATOR; net++) {
            enum { SIDE = 4, VALUES = MAPS * SIDE * SIDE * CHANNELS };
            struct clg_tensor_info info, tensor;
            float filters[VALUES], values[VALUES];
            assert_int_equal(clg_gan_filters(gan, (enum clg_net_kind)net, &info, NULL), 0);
            assert_string_equal(info.name, names[net]);
            assert_true(info.dims == 4 && info.shape[0] == MAPS && info.shape[1] == SIDE);
            assert_true(info.shape[2] == SIDE && info.shape[3] == CHANNELS);
            assert_int_equal(clg_gan_filters(gan, (enum clg_net_kind)net, &info, filters), 0);
            for (int i = 0; i < clg_gan_tensors(gan); i++) {
                assert_int_equal(clg_gan_tensor(gan, i, &tensor), 0);
                if (!strcmp(tensor.name, names[net]))
                    assert_int_equal(clg_gan_tensor_read(gan, i, values), 0);
            }
            for (int i = 0; i < VALUES; i++) {
                const int n = i / (SIDE * SIDE * CHANNELS), p = i / CHANNELS % (SIDE * SIDE),
                          c = i % CHANNELS;
                assert_true(filters[i] == values[(n * CHANNELS + c) * SIDE * SIDE + p]);
            }
        }
        clg_gan_free(&gan);
    }
}

static void test_maps_rank(void **state)
{
    (void)state;
    enum { H = 3, W = 2, C = 4 };
    float maps[H * W * C];
    struct clg_map_stats stats[C];
    for (int i = 0; i < H * W; i++) {
        maps[i * C] = 1;                     // ties with map 2
        maps[i * C + 1] = i % 2 ? -3.0f : 1; // the strongest
        maps[i * C + 2] = -1;
        maps[i * C + 3] = -0.0f;
    }
    clg_maps_rank(maps, H, W, C, stats);
    const int order[] = {1, 0, 2, 3};
    const double rms[] = {sqrt(5), 1, 1, 0};
    const float min[] = {-3, 1, -1, 0}, max[] = {1, 1, -1, 0};
    for (int i = 0; i < C; i++) {
        assert_int_equal(stats[i].map, order[i]);
        assert_true(fabs(stats[i].rms - rms[i]) < 1e-12);
        assert_true(stats[i].min == min[i] && stats[i].max == max[i] && !signbit(stats[3].min));
    }
}

// Each map's largest value in each picture, in float64: the definition.
static void measure_responses(struct clg_gan *gan, const float *pictures, int c, int positions,
                              double *responses)
{
    float *maps = malloc((size_t)(N * positions * c) * sizeof *maps);
    assert_int_equal(clg_gan_maps(gan, CLG_NET_DISCRIMINATOR, pictures, N, LAYER, maps), 0);
    for (int i = 0; i < N * c; i++) {
        responses[i] = -INFINITY;
        for (int p = 0; p < positions; p++)
            responses[i] = fmax(responses[i], maps[(i / c * positions + p) * c + i % c]);
    }
    free(maps);
}

static void test_rank_features(void **state)
{
    (void)state;
    enum { BEST = 5, C = 2 * MAPS, POSITIONS = (SIZE / 4) * (SIZE / 4) };
    struct clg_gan *gan = make_gan(0);
    float *pictures = host_normal(7, N * PICTURE, 0, 0.5f);
    memcpy(pictures + 40 * PICTURE, pictures, PICTURE * sizeof *pictures); // equal responses
    double *responses = host_zeros(N * C), last = INFINITY;
    struct clg_feature features[C];
    int best[C * BEST];
    bool seen[C] = {false};
    assert_int_equal(clg_gan_rank_features(gan, pictures, N, LAYER, BEST, features, best, NULL, NULL), 0);
    measure_responses(gan, pictures, C, POSITIONS, responses);
    for (int i = 0; i < C; i++) {
        const int map = features[i].map, *row = best + i * BEST;
        double mean = 0;
        assert_true(map >= 0 && map < C && !seen[map]);
        seen[map] = true;
        for (int k = 0; k < BEST; k++) {
            int before = 0; // pictures that come before this one
            const double value = responses[row[k] * C + map];
            for (int j = 0; j < N; j++)
                before += responses[j * C + map] > value || (responses[j * C + map] == value && j < row[k]);
            assert_int_equal(before, k);
            mean += value / BEST;
        }
        assert_true(fabs(features[i].response - mean) < 1e-6 * fabs(mean));
        assert_true(features[i].response <= last);
        last = features[i].response;
    }
    free(pictures);
    free(responses);
    clg_gan_free(&gan);
}

static void test_ablate_maps(void **state)
{
    (void)state;
    enum { SAMPLES = 3 };
    struct clg_gan *gan = make_gan(0.5f);
    float *z = host_normal(8, SAMPLES * Z, 0, 1), with[SAMPLES * PICTURE], without[SAMPLES * PICTURE];
    float expected_with[SAMPLES * PICTURE], expected_without[SAMPLES * PICTURE];
    const float scale[MAPS] = {1, 0, 1, 0};
    double rms, squares = 0;
    assert_int_equal(clg_gan_ablate_maps(gan, z, SAMPLES, LAYER, (const int[]){3, 1}, 2, with, without, &rms),
                     0);
    assert_int_equal(clg_gan_generate(gan, z, SAMPLES, expected_with), 0);
    assert_int_equal(clg_gan_generate_ablated(gan, z, SAMPLES, LAYER, scale, expected_without), 0);
    same_bits("with", with, expected_with, SAMPLES * PICTURE);
    same_bits("without", without, expected_without, SAMPLES * PICTURE);
    for (int i = 0; i < SAMPLES * PICTURE; i++)
        squares += ((double)with[i] - without[i]) * ((double)with[i] - without[i]);
    assert_true(rms > 0 && fabs(rms - sqrt(squares / (SAMPLES * PICTURE))) < 1e-6 * rms);
    assert_int_equal(clg_gan_ablate_maps(gan, z, SAMPLES, LAYER, NULL, 0, with, without, &rms), 0);
    assert_true(rms < 1e-6);
    free(z);
    clg_gan_free(&gan);
}

// --- the maps of a class -----------------------------------------------------------------------
// Two classes: brighter in the first channel than in the second, and the contrary.
static int score_redness(void *user, const float *pictures, int n, float *scores)
{
    ++*(int *)user;
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int p = 0; p < PICTURE; p += CHANNELS)
            sum += (double)pictures[i * PICTURE + p] - pictures[i * PICTURE + p + 1];
        scores[2 * i] = (float)(sum / (SIZE * SIZE));
        scores[2 * i + 1] = -scores[2 * i];
    }
    return 0;
}

static struct clg_class_score score_of(struct clg_gan *gan, const float *z, int n, const float *scale)
{
    float *pictures = malloc((size_t)n * PICTURE * sizeof *pictures);
    float *scores = malloc((size_t)n * 2 * sizeof *scores);
    struct clg_class_score score = {0};
    int calls;
    assert_int_equal(clg_gan_generate_ablated(gan, z, n, LAYER, scale, pictures), 0);
    score_redness(&calls, pictures, n, scores);
    for (int i = 0; i < n; i++) {
        score.mean += (double)scores[2 * i] / n;
        score.share += (double)(scores[2 * i] >= scores[2 * i + 1]) / n;
    }
    free(pictures);
    free(scores);
    return score;
}

static void assert_score(struct clg_class_score is, struct clg_class_score expected)
{
    assert_true(fabs(is.mean - expected.mean) < 1e-6);
    assert_true(fabs(is.share - expected.share) < 1e-9);
}

static void test_class_maps(void **state)
{
    (void)state;
    enum { SAMPLES = 6 };
    struct clg_gan *gan = make_gan(0);
    const struct clg_gan_params p = *clg_gan_params_of(gan);
    int calls = 0;
    const struct clg_class_search search = {.layer = LAYER,
                                            .classes = 2,
                                            .scores = score_redness,
                                            .scores_user = &calls,
                                            .n = SAMPLES,
                                            .maps_max = 2,
                                            .seed = 5};
    struct clg_class_maps *found;
    assert_int_equal(clg_class_maps_find(&found, gan, &search), 0);
    assert_true(calls > MAPS);
    assert_true(found->samples >= 1 && found->samples <= SAMPLES);
    assert_true(found->samples - found->checks == 0 || found->samples - found->checks == 1);
    // The members are the seed's samples of the class, in order.
    const int members = found->samples + found->checks;
    float drawn[Z], scale[MAPS] = {1, 1, 1, 1};
    int member = 0;
    for (uint64_t i = 0; i < 32 * SAMPLES && member < members; i++) {
        clg_gan_noise(&p, 5, i, 1, drawn);
        if (score_of(gan, drawn, 1, scale).share > 0)
            same_bits("member", found->z + member++ * Z, drawn, Z);
    }
    assert_int_equal(member, members);
    const struct clg_class_score before = score_of(gan, found->z, found->samples, scale);
    const float *checks = found->z + found->samples * Z;
    assert_score(found->before, before);
    assert_true(fabs(before.share - 1) < 1e-9);
    for (int j = 0; j < MAPS; j++) {
        const struct clg_map_effect *effect = &found->effects[j];
        scale[effect->map] = 0;
        const struct clg_class_score without = score_of(gan, found->z, found->samples, scale);
        scale[effect->map] = 1;
        assert_true(fabs(effect->drop - (before.mean - without.mean)) < 1e-6);
        assert_true(!j || effect->drop <= found->effects[j - 1].drop);
        assert_true((j < found->n) == (j < 2 && effect->drop > 0));
    }
    assert_score(found->with_all, score_of(gan, checks, found->checks, scale));
    float taken[MAPS] = {1, 1, 1, 1}, others[MAPS] = {1, 1, 1, 1};
    for (int i = 0; i < found->n; i++) {
        taken[found->effects[i].map] = 0;
        others[found->effects[found->n + i * (MAPS - found->n) / found->n].map] = 0;
    }
    assert_score(found->without, score_of(gan, checks, found->checks, taken));
    assert_score(found->without_others, score_of(gan, checks, found->checks, others));
    clg_class_maps_free(&found);
    assert_null(found);
    clg_gan_free(&gan);
}

static int score_nobody(void *user, const float *pictures, int n, float *scores)
{
    (void)user;
    (void)pictures;
    for (int i = 0; i < n; i++) {
        scores[2 * i] = -1;
        scores[2 * i + 1] = 1;
    }
    return 0;
}

static int score_fails(void *user, const float *pictures, int n, float *scores)
{
    (void)user;
    (void)pictures;
    (void)n;
    (void)scores;
    return CLG_EIO;
}

static void test_refusals(void **state)
{
    (void)state;
    struct captured log;
    struct clg_log old = quiet(&log);
    struct clg_gan *gan = make_gan(0);
    struct clg_class_maps *found;
    struct clg_feature features[2 * MAPS];
    float values[2 * PICTURE] = {0};
    double rms;
    int best[2 * MAPS * 3];
    REFUSED(&log, clg_gan_rank_features(gan, values, 2, 99, 1, features, best, NULL, NULL));
    REFUSED(&log, clg_gan_rank_features(gan, values, 2, LAYER, 3, features, best, NULL, NULL));
    REFUSED(&log, clg_gan_rank_features(gan, values, 2, LAYER, 0, features, best, NULL, NULL));
    REFUSED(&log, clg_gan_ablate_maps(gan, values, 1, 99, best, 0, values, values, &rms));
    REFUSED(&log, clg_gan_ablate_maps(gan, values, 1, LAYER, (const int[]){MAPS}, 1, values, values, &rms));
    REFUSED(&log, clg_gan_ablate_maps(gan, values, 1, LAYER, (const int[]){-1}, 1, values, values, &rms));
    struct clg_class_search search = {
        .layer = LAYER, .classes = 2, .scores = score_nobody, .n = 2, .maps_max = 1};
    REFUSED(&log, clg_class_maps_find(&found, gan, &search));
    assert_null(found);
    search.layer = 99;
    REFUSED(&log, clg_class_maps_find(&found, gan, &search));
    search.layer = LAYER;
    search.target = 2;
    REFUSED(&log, clg_class_maps_find(&found, gan, &search));
    search.target = 0;
    search.n = 0;
    REFUSED(&log, clg_class_maps_find(&found, gan, &search));
    search.n = 2;
    search.scores = score_fails;
    assert_int_equal(clg_class_maps_find(&found, gan, &search), CLG_EIO);
    assert_null(found);
    clg_gan_free(&gan);
    loud_again(old);
}

TEST_MAIN("inspect", NULL, test_device_teardown, TEST(test_filters), TEST(test_maps_rank),
          TEST(test_rank_features), TEST(test_ablate_maps), TEST(test_class_maps), TEST(test_refusals))
