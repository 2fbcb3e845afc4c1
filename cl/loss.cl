// Losses on the discriminator's logits, each with its gradient.

// One work-group: stats[0] = mean loss, stats[1] = mean sigmoid, dx = (sigmoid - target) / n.
__kernel __attribute__((reqd_work_group_size(WG, 1, 1))) void bce(__global const float *x_, ulong x0, float target,
    __global float *dx_, ulong dx0, __global float *stats_, ulong stats0, int n)
{
    __local float room[WG];
    float loss = 0.0f, mean = 0.0f;
    for (int i = get_local_id(0); i < n; i += WG) {
        float x = AT(x)[i];
        float e = exp(-fabs(x));
        float sigmoid = x >= 0.0f ? 1.0f / (1.0f + e) : e / (1.0f + e);
        loss += fmax(x, 0.0f) - x * target + log1p(e);
        mean += sigmoid;
        AT(dx)[i] = (sigmoid - target) / n;
    }
    loss = group_sum(loss, room);
    mean = group_sum(mean, room);
    if (get_local_id(0) == 0) {
        AT(stats)[0] = loss / n;
        AT(stats)[1] = mean / n;
    }
}
