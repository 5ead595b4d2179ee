/* Values between samples: band-limited interpolation and polyphase resampling. */

#include <math.h>
#include <stdint.h>

#include "clones.h"

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

/* Values out [count] of line [length] at fractional positions [count], as `synthesis/pitch/transposer.py`. The table is
   [phases + 1][taps]; a position whose taps do not lie within the line reads its nearest end. */
void distill_interpolate(const float *line, int length, const double *positions, int count, const float *table,
                         int phases, int taps, float *out) {
    if (taps > 0 && phases > 0 && length >= taps) interpolate(line, length, positions, count, table, phases, taps, out);
}

CLONES static void resample(const float *line, int64_t position, int down, int up, int count, const float *bank,
                            int taps, float *out) {
    for (int k = 0; k < count; k++, position += down) {
        const float *from = line + position / up, *row = bank + position % up * taps;
        float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
        for (int t = 0; t < taps; t++) sum += row[t] * from[t];
        out[k] = sum;
    }
}

/* Values out [count] of line [length] from `position` / up on, down / up samples apart, as `audio/resampling.py`.
   The bank is [up][taps]. Nothing is written if the last value needs samples beyond the line. */
void distill_resample(const float *line, int length, int64_t position, int down, int up, int count, const float *bank,
                      int taps, float *out) {
    if (position < 0 || down < 1 || up < 1 || taps < 1 || count < 1) return;
    if (position > INT64_MAX - (int64_t)down * count || (position + (int64_t)down * (count - 1)) / up > length - taps)
        return;
    resample(line, position, down, up, count, bank, taps, out);
}
