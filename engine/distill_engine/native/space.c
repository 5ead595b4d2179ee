/* Sound in space: what both ears hear of one object, a room of delay lines, all-passes. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "clones.h"

enum { EARS = 2, NEIGHBOURS = 4, BLOCK = 64, STEP = 16, LINES = 8, LONGEST_TICK = 512 };

/* Values out [count <= BLOCK] of `line` [taps - 1 + count] by a response [taps]; sums of sixteen products keep float32
   exact to some 1e-7. */
EACH void convolved(const float *line, const float *response, int taps, int count, float *out) {
    float sum[BLOCK] = {0};
    for (int first = 0; first < taps; first += 16) {
        float part[BLOCK] = {0};
        int end = first + 16 < taps ? first + 16 : taps;
        for (int t = first; t < end; t++) {
            const float *from = line + taps - 1 - t, weight = response[t];
            if (count == BLOCK) {
                VECTORS
                for (int k = 0; k < BLOCK; k++) part[k] += weight * from[k];
            } else
                for (int k = 0; k < count; k++) part[k] += weight * from[k];
        }
        VECTORS
        for (int k = 0; k < BLOCK; k++) sum[k] += part[k];
    }
    memcpy(out, sum, (size_t)count * sizeof *out);
}

CLONES static void hear(float *line, int tick, int taps, const double *x, const float *before, const float *after,
                        double *out) {
    for (int k = 0; k < tick; k++) line[taps - 1 + k] = (float)x[k];
    for (int ear = 0; ear < EARS; ear++) {
        for (int first = 0; first < tick; first += BLOCK) {
            float old[BLOCK], new[BLOCK];
            int count = first + BLOCK < tick ? BLOCK : tick - first;
            convolved(line + first, before + ear * taps, taps, count, old);
            if (after) convolved(line + first, after + ear * taps, taps, count, new);
            for (int k = 0; k < count; k++)
                out[ear * tick + first + k] =
                    after ? old[k] + (first + k + 1.0) / tick * ((double)new[k] - old[k]) : (double)old[k];
        }
    }
    memmove(line, line + tick, (size_t)(taps - 1) * sizeof *line);
}

/* Both ears' sound out [2][tick] of one tick x [tick], as `synthesis/space/ears.py`. `line` [taps - 1 + tick] begins
   with the last samples, and moves on. The responses are [2][taps]; the sound fades from `before` to `after`, which
   may be NULL. */
void distill_hear(float *line, int tick, int taps, const double *x, const float *before, const float *after,
                  double *out) {
    if (tick > 0 && taps > 0) hear(line, tick, taps, x, before, after, out);
}

CLONES static void respond(const double *rows, int width, const int32_t *which, const double *weights,
                           const double *kernels, int phases, int reach, int taps, float *out) {
    for (int ear = 0; ear < EARS; ear++, which += NEIGHBOURS, weights += NEIGHBOURS) {
        double delay = 0.0, kernel[BLOCK], padded[2 * BLOCK + LONGEST_TICK] = {0}, *tap = padded + BLOCK;
        for (int n = 0; n < NEIGHBOURS; n++) {
            const double *row = rows + (int64_t)which[n] * width;
            delay += weights[n] * row[0];
            VECTORS
            for (int k = 1; k < width; k++) tap[k - 1] += weights[n] * row[k];
        }
        double whole = floor(delay), position = (delay - whole) * phases;
        int count = width + reach - 2, most = taps - count, start = whole > 0 ? (whole < most ? (int)whole : most) : 0;
        int row = position >= 0 && position < phases ? (int)position : 0; /* NaN: 0 */
        const double *low = kernels + (int64_t)row * reach, *high = low + reach;
        for (int t = 0; t < reach; t++) kernel[t] = low[t] + (position - row) * (high[t] - low[t]);
        float *to = out + ear * taps;
        memset(to, 0, (size_t)taps * sizeof *to);
        for (int first = 0; first < count; first += STEP) { /* reads zeros behind the last tap */
            double sum[STEP] = {0};
            for (int t = 0; t < reach; t++) {
                VECTORS
                for (int k = 0; k < STEP; k++) sum[k] += kernel[t] * tap[first + k - t];
            }
            for (int k = 0; k < STEP && first + k < count; k++) to[start + first + k] = (float)sum[k];
        }
    }
}

/* Responses out [2][taps] of both ears, as `synthesis/space/head.py`: of rows [count][width], each a delay in samples
   and a minimum phase, the sum of four [2][4] by weights [2][4], delayed by kernels [phases + 1][reach]. Nothing is
   written if the numbers do not fit. */
void distill_respond(const double *rows, int count, int width, const int32_t *which, const double *weights,
                     const double *kernels, int phases, int reach, int taps, float *out) {
    if (width < 2 || phases < 1 || reach < 1 || reach > BLOCK || taps > LONGEST_TICK || width > taps - reach + 2)
        return;
    for (int n = 0; n < EARS * NEIGHBOURS; n++)
        if (which[n] < 0 || which[n] >= count) return;
    respond(rows, width, which, weights, kernels, phases, reach, taps, out);
}

/* The `count` values from `position` on, of a ring [size]. */
EACH void read_ring(const double *ring, int size, int position, int count, double *out) {
    position = (position % size + size) % size;
    int first = position + count <= size ? count : size - position;
    memcpy(out, ring + position, (size_t)first * sizeof *out);
    memcpy(out + first, ring, (size_t)(count - first) * sizeof *out);
}

CLONES static void reverberate(double *heard, double *lines, int size, int at, int tick, const double *x,
                               const int32_t *reaches, const double *gains, double *out) {
    const double *losses = gains, *signs = gains + LINES, *mixing = gains + 2 * LINES;
    double damping = gains[(LINES + 2) * LINES], early_gain = gains[(LINES + 2) * LINES + 1],
           late_gain = gains[(LINES + 2) * LINES + 2], early[LINES][LONGEST_TICK], late[LINES][LONGEST_TICK];
    memcpy(heard + at, x, (size_t)tick * sizeof *x);
    for (int n = 0; n < LINES; n++) {
        double read[LONGEST_TICK + 1];
        read_ring(heard, size, at - reaches[n], tick, early[n]);
        read_ring(lines + (int64_t)n * size, size, at - reaches[LINES + n] - 1, tick + 1, read);
        for (int k = 0; k < tick; k++) {
            early[n][k] *= signs[n];
            late[n][k] = losses[n] * ((1.0 - damping) * read[k + 1] + damping * read[k]);
        }
    }
    for (int n = 0; n < LINES; n++) {
        double *to = lines + (int64_t)n * size + at;
        memcpy(to, early[n], (size_t)tick * sizeof *to);
        for (int m = 0; m < LINES; m++) {
            double gain = mixing[n * LINES + m];
            VECTORS
            for (int k = 0; k < tick; k++) to[k] += gain * late[m][k];
        }
    }
    for (int n = 0; n < LINES / 2; n++)
        for (int k = 0; k < tick; k++)
            out[n * tick + k] = early_gain * (early[n][k] + early[n + LINES / 2][k]) +
                                late_gain * (late[n][k] + late[n + LINES / 2][k]);
}

/* A tick of a room's sound out [4][tick] for its input x [tick], as `synthesis/space/room.py`. `heard` [size] and
   `lines` [8][size] are rings written at `at`. `reaches` [2][8] are the delays of the reflections and of the lines,
   longer than a tick and shorter than a ring; `gains` are the lines' losses [8], the signs [8], the mixing matrix
   [8][8], damping, early and late gain. Nothing is written if the numbers do not fit. */
void distill_reverberate(double *heard, double *lines, int size, int at, int tick, const double *x,
                         const int32_t *reaches, const double *gains, double *out) {
    if (tick < 1 || tick > LONGEST_TICK || at < 0 || at > size - tick) return;
    for (int n = 0; n < 2 * LINES; n++)
        if (reaches[n] < tick || reaches[n] > size - tick - 1) return;
    reverberate(heard, lines, size, at, tick, x, reaches, gains, out);
}

CLONES static void all_passes(double *memory, const int32_t *delays, int passes, double gain, const double *x, int count,
                              double *even, double *odd) {
    for (int n = 0; n < passes; memory += delays[n++]) {
        const double *in = n == 0 ? x : n % 2 ? odd : even;
        double *out = n % 2 ? even : odd;
        for (int first = 0, part; first < count; first += part) {
            part = first + delays[n] < count ? delays[n] : count - first;
            double *next = memory + delays[n] - part;
            VECTORS
            for (int k = 0; k < part; k++) out[first + k] = memory[k] - gain * in[first + k];
            memmove(memory, memory + part, (size_t)(delays[n] - part) * sizeof *memory);
            VECTORS
            for (int k = 0; k < part; k++) next[k] = in[first + k] + gain * out[first + k];
        }
    }
}

/* Filter x [count] by all-passes one after the other, as `AllPass` in `audio/filters.py`. Their memories [delays[n]] lie
   behind each other. `out` is [2][count]: the last one's sound is in row 1 if their number is odd, else in row 0. */
void distill_all_passes(double *memory, const int32_t *delays, int passes, double gain, const double *x, int count,
                        double *out) {
    for (int n = 0; n < passes; n++)
        if (delays[n] < 1) return;
    if (count > 0) all_passes(memory, delays, passes, gain, x, count, out, out + count);
}
