// Nearest neighbours against sorting all distances: ties, parts of any size, more places than items.
#include "files_fixture.h"

#include <clgan/nearest.h>
#include <math.h>

struct pair {
    float distance;
    int number;
};

static int by_distance(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static float *values_make(uint64_t *random, int n, bool ties)
{
    float *values = malloc((size_t)n * sizeof *values);
    for (int i = 0; i < n; i++)
        values[i] = ties ? (float)(chance(random) % 2) : (float)chance(random) / 2147483648.0f - 0.5f;
    return values;
}

// q queries among n items, which pass by in parts of random sizes.
static void compare(int q, int n, int count, int k, bool ties, uint64_t seed)
{
    uint64_t random = seed;
    float *queries = values_make(&random, q * count, ties), *items = values_make(&random, n * count, ties);
    float *distance = malloc((size_t)(q * k) * sizeof *distance);
    int *index = malloc((size_t)(q * k) * sizeof *index);
    struct pair *all = malloc((size_t)n * sizeof *all);
    for (int i = 0; i < q * k; i++) {
        distance[i] = INFINITY;
        index[i] = -1;
    }
    for (int done = 0, part; done < n; done += part) {
        part = 1 + (int)(chance(&random) % 7);
        part = part < n - done ? part : n - done;
        clg_nearest(queries, q, items + done * count, part, count, done, k, index, distance);
    }
    for (int i = 0; i < q; i++) {
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int v = 0; v < count; v++) {
                const double d = (double)queries[i * count + v] - items[j * count + v];
                sum += d * d;
            }
            all[j] = (struct pair){(float)sum, j};
        }
        qsort(all, (size_t)n, sizeof *all, by_distance);
        for (int j = 0; j < k; j++) {
            const int is = index[i * k + j], expected = j < n ? all[j].number : -1;
            const double d = distance[i * k + j], should = j < n ? all[j].distance : INFINITY;
            if (is != expected || !(d == should || fabs(d - should) <= 2e-7 * should))
                fail_msg("%d of %d values, k %d: place %d of query %d has item %d at %.9g, not %d at %.9g", n,
                         count, k, j, i, is, d, expected, should);
        }
    }
    free(queries);
    free(items);
    free(distance);
    free(index);
    free(all);
}

static void test_against_sorting(void **state)
{
    (void)state;
    static const int counts[] = {1, 7, 8, 13, 511, 512, 1031};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        for (int k = 1; k <= 9; k += 4) {
            compare(5, 60, counts[i], k, false, 10 * i + (unsigned)k);
            compare(3, 5, counts[i], k, false, 20 * i + (unsigned)k);
            compare(5, 60, 1 + counts[i] % 16, k, true, 30 * i + (unsigned)k); // many equal ones
        }
}

static void test_parts_in_any_order(void **state)
{
    (void)state;
    const float query[] = {0, 0}, items[] = {1, 0, 0, 1, 2, 0, -1, 0};
    int index[3] = {-1, -1, -1};
    float distance[3] = {INFINITY, INFINITY, INFINITY};
    clg_nearest(query, 1, items + 4, 2, 2, 2, 3, index, distance);
    clg_nearest(query, 1, items, 2, 2, 0, 3, index, distance);
    const int expected[] = {0, 1, 3};
    assert_memory_equal(index, expected, sizeof expected);
    assert_true(distance[0] == 1 && distance[1] == 1 && distance[2] == 1);
}

static void test_not_a_number_is_nobodys_neighbour(void **state)
{
    (void)state;
    const float query[] = {0, 0}, items[] = {NAN, 0, 3, 4, 0, NAN};
    int index[2] = {-1, -1};
    float distance[2] = {INFINITY, INFINITY};
    clg_nearest(query, 1, items, 3, 2, 5, 2, index, distance);
    assert_int_equal(index[0], 6);
    assert_true(distance[0] == 25);
    assert_int_equal(index[1], -1);
}

TEST_MAIN("nearest", NULL, NULL, TEST(test_against_sorting), TEST(test_parts_in_any_order),
          TEST(test_not_a_number_is_nobodys_neighbour))
