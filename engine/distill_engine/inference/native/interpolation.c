/* Band-limited interpolation, as `synthesis/pitch/transposer.py` computes it in numpy. */

#include <math.h>
#include <stdint.h>

#include "clones.h"

/* Values out [count] of line [length] at fractional positions [count]. The kernel's table is
   [phases + 1][taps]; a position whose taps do not lie within the line reads its nearest end. */
CLONES static void interpolate(const float *line, int length, const double *positions, int count, const float *table,
                               int phases, int taps, float *out) {
    int last = length - taps;
    for (int k = 0; k < count; k++) {
        double left = floor(positions[k]), phase = (positions[k] - left) * phases;
        int whole = phase >= 0 && phase < phases ? (int)phase : 0; /* NaN: 0 */
        float share = (float)(phase - whole), low = 0.0f, high = 0.0f;
        double wanted = left + 1 - taps / 2;
        int start = wanted > 0 ? (wanted < last ? (int)wanted : last) : 0;
        const float *from = line + start, *row = table + (int64_t)whole * taps;
#pragma omp simd reduction(+ : low, high)
        for (int t = 0; t < taps; t++) low += row[t] * from[t], high += row[t + taps] * from[t];
        out[k] = low + share * (high - low);
    }
}

void distill_interpolate(const float *line, int length, const double *positions, int count, const float *table,
                         int phases, int taps, float *out) {
    if (taps > 0 && phases > 0 && length >= taps) interpolate(line, length, positions, count, table, phases, taps, out);
}
