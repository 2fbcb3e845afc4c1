// Counter-based random numbers (Philox 4x32-10: Salmon et al. 2011), so that every number has a name and no
// state needs saving: the value is a function of (seed, stream, index) alone.
#ifndef CLG_BASE_RANDOM_H
#define CLG_BASE_RANDOM_H

#include <clgan/base.h>

// What the numbers are for; the streams of one seed are independent.
enum clg_stream {
    CLG_STREAM_WEIGHTS,
    CLG_STREAM_Z, // noise that people ask for
    CLG_STREAM_ORDER,
    CLG_STREAM_FLIP,
    CLG_STREAM_FACE,
    CLG_STREAM_TRAINING_Z, // noise of training steps
    CLG_STREAM_NEIGHBOURS, // of a point in the latent space
    CLG_STREAM_PROJECTION, // starts on the way from a picture to z
    CLG_STREAM_BYTES,
};

// Four words number `index` of the stream.
void clg_random_words(uint64_t seed, enum clg_stream stream, uint64_t index, uint32_t words[4]);

// Standard normal values [first, first + n) of the stream (Box-Muller in double), and uniform ones on [0, 1).
void clg_random_normal(uint64_t seed, enum clg_stream stream, uint64_t first, uint64_t n, float *values);
void clg_random_uniform(uint64_t seed, enum clg_stream stream, uint64_t first, uint64_t n, float *values);

#endif
