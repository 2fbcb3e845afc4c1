// Nearest neighbours in a set that arrives in chunks.
#include <clgan/nearest.h>

enum { LANES = 8, STRIDE = 512 };

// The squared distance; the sum may stop early once it exceeds `max`.
static float distance_within(const float *a, const float *b, int64_t count, float max)
{
    double sum = 0;
    for (int64_t begin = 0; begin < count && (float)sum <= max; begin += STRIDE) {
        const int64_t end = count - begin < STRIDE ? count : begin + STRIDE;
        double lanes[LANES] = {0};
        int64_t j = begin;
        for (; j + LANES <= end; j += LANES)
            for (int l = 0; l < LANES; l++) {
                const double d = (double)a[j + l] - b[j + l];
                lanes[l] += d * d;
            }
        for (; j < end; j++) {
            const double d = (double)a[j] - b[j];
            lanes[0] += d * d;
        }
        for (int l = 0; l < LANES; l++)
            sum += lanes[l];
    }
    return (float)sum;
}

// Does (distance, number) come before entry i? Unused entries come last.
static bool comes_before(float distance, int number, const float *distances, const int *numbers, int i)
{
    return distance < distances[i] || (distance == distances[i] && (numbers[i] < 0 || number < numbers[i]));
}

static void insert_neighbour(float distance, int number, int k, int *numbers, float *distances)
{
    int i = k - 1;
    for (; i > 0 && comes_before(distance, number, distances, numbers, i - 1); i--) {
        numbers[i] = numbers[i - 1];
        distances[i] = distances[i - 1];
    }
    numbers[i] = number;
    distances[i] = distance;
}

void clg_nearest(const float *queries, int q, const float *items, int n, int64_t count, int first, int k,
                 int *index, float *distance)
{
    if (k < 1)
        return;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < q; j++) {
            int *numbers = index + (int64_t)j * k;
            float *distances = distance + (int64_t)j * k;
            const float d = distance_within(queries + j * count, items + i * count, count, distances[k - 1]);
            if (comes_before(d, first + i, distances, numbers, k - 1))
                insert_neighbour(d, first + i, k, numbers, distances);
        }
}
