/* 16-bit samples with dither and noise shaping: each error is heard again, filtered, in the samples after it. */

#include <math.h>
#include <stdint.h>

enum { TAPS = 5 };

/* Quantise x [count] (full scale +-1) with noise [count] (steps) into out [count]. `taps` [5] weigh the last errors
   [5], newest first, which are updated. An exact zero stays one and forgets the errors. */
void distill_shape(const double *x, const double *noise, int64_t count, const double *taps, double *errors,
                   int16_t *out) {
    for (int64_t k = 0; k < count; k++) {
        double wanted = x[k] * 32768.0;
        if (wanted == 0.0) {
            for (int t = 0; t < TAPS; t++) errors[t] = 0.0;
            out[k] = 0;
            continue;
        }
        for (int t = 0; t < TAPS; t++) wanted -= taps[t] * errors[t];
        double step = rint(wanted + noise[k]);
        step = step < -32768.0 ? -32768.0 : step > 32767.0 ? 32767.0 : step;
        for (int t = TAPS - 1; t > 0; t--) errors[t] = errors[t - 1];
        double error = step - wanted;
        errors[0] = error > 2.0 ? 2.0 : error < -2.0 ? -2.0 : error; /* at full scale it must not run away */
        out[k] = (int16_t)step;
    }
}
