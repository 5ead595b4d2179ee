/* Sizes and tables of a vocos vocoder, shared by all its streams. */

#ifndef DISTILL_VOCOS_PLAN
#define DISTILL_VOCOS_PLAN

#include <stdint.h>

#include "fourier.h"
#include "matrices.h"

#define PAST_FRAMES 3

enum { BANDS, HOP, N_FFT, PER_FRAME, CHANNELS, HIDDEN, BLOCKS, KERNEL, POINTS, LEVELS, POSITIONS, MEL_N, NOISE_FRAMES,
       SMOOTHED, FADE_IN, SIZES };
enum { /* small tables, then banded matrices, then weights; then the weights of each block */
    WINDOW, SYNTHESIS, OVERLAP, CENTRE, OFFSET, LOBE, SPACING, GAIN, WIDE, EAR, FADE, SHARES, BESIDE, SUMS, SHOWN,
    RAMPS, NOISE, PULL, /* and the amplitude of the oscillators */
    BETWEEN, INTERPOLATION, TOTAL, FIRST, SECOND, TO_LEVELS, FROM_LEVELS, TO_MEL, TO_BINS,
    EMBED, EMBED_BIAS, EMBED_NORM, EMBED_NORM_BIAS, HEAD_NORM, HEAD_NORM_BIAS, HEAD, HEAD_BIAS, FIXED
};
enum { DEPTHWISE, DEPTHWISE_BIAS, NORM, NORM_BIAS, WIDEN, WIDEN_BIAS, NARROWING, NARROWING_BIAS, SCALE, PER_BLOCK };
enum { EMBED_CONTEXT, PAST, TAIL, NEWEST, BEFORE, OSCILLATORS, DONE, LACKING, BLOCK_CONTEXT };

typedef struct {
    int size[SIZES], bins, mel_bins, past;
    Fourier fourier, mel_fourier;
    float **tables; /* [FIXED + PER_BLOCK * blocks]; those of banded matrices are NULL */
    Banded banded[TO_BINS - BETWEEN + 1];
} Plan;

#define SIZE(name) (plan->size[name])
#define TABLE(name) (plan->tables[name])

static int power_of_two(int n) { return n > 0 && !(n & (n - 1)); }

/* Number of floats of a table, by its place in the list. */
static size_t table_size(const int *size, int table) {
    size_t bands = size[BANDS], bins = size[N_FFT] / 2 + 1, n = size[N_FFT], channels = size[CHANNELS];
    size_t mel_bins = size[MEL_N] / 2 + 1, levels = size[LEVELS], hidden = size[HIDDEN], kernel = size[KERNEL];
    size_t columns = (size_t)(size[PER_FRAME] + 2) * size[POINTS];
    switch (table) {
    case WINDOW: case SYNTHESIS: case OVERLAP: case FADE: return n;
    case CENTRE: case OFFSET: case LOBE: case SPACING: case GAIN: case WIDE: return bins;
    case EAR: return size[MEL_N];
    case SHARES: return mel_bins;
    case BESIDE: return size[SMOOTHED];
    case SUMS: return bands;
    case SHOWN: return (size_t)PAST_FRAMES * 2 * size[PER_FRAME] * size[POSITIONS];
    case RAMPS: return size[POSITIONS] * n;
    case NOISE: return size[NOISE_FRAMES] * bins;
    case PULL: return 2;
    case BETWEEN: return size[POINTS] * bins;
    case INTERPOLATION: case TOTAL: case FIRST: case SECOND: return bands * bins;
    case TO_LEVELS: case FROM_LEVELS: return levels * bins;
    case TO_MEL: case TO_BINS: return bands * mel_bins;
    case EMBED: return channels * bands * kernel;
    case EMBED_BIAS: case EMBED_NORM: case EMBED_NORM_BIAS: case HEAD_NORM: case HEAD_NORM_BIAS: return channels;
    case HEAD: return columns * channels;
    case HEAD_BIAS: return columns;
    }
    switch ((table - FIXED) % PER_BLOCK) {
    case DEPTHWISE: return channels * kernel;
    case WIDEN: case NARROWING: return channels * hidden;
    case WIDEN_BIAS: return hidden;
    }
    return channels;
}

/* Inputs of a banded matrix, by its place among them. */
static int banded_inputs(const int *size, int table) {
    int bins = size[N_FFT] / 2 + 1;
    switch (table) {
    case BETWEEN: return size[POINTS];
    case TO_LEVELS: return bins;
    case FROM_LEVELS: return size[LEVELS];
    case TO_MEL: return size[MEL_N] / 2 + 1;
    }
    return size[BANDS];
}

/* Return whether sizes fit each other and this code's arithmetic. */
static int fits(const int *size) {
    for (int k = 0; k < SIZES; k++)
        if (size[k] < 1 || size[k] > 65536) return 0;
    return power_of_two(size[N_FFT]) && power_of_two(size[MEL_N]) && size[N_FFT] >= 128 && size[MEL_N] <= 4096 &&
           size[N_FFT] % size[HOP] == 0 && size[HOP] % 2 == 0 && size[N_FFT] >= 2 * size[HOP] &&
           size[MEL_N] >= size[N_FFT] + 2 * size[HOP] && size[PER_FRAME] <= 16 && size[BANDS] <= 512 &&
           size[CHANNELS] <= 1024 && size[HIDDEN] <= 4096 && size[BLOCKS] <= 32 && size[KERNEL] <= 64 &&
           size[POINTS] <= 4096 && size[LEVELS] <= 512 && size[POSITIONS] <= 64 && size[NOISE_FRAMES] <= 4096 &&
           size[SMOOTHED] % 2 && size[SMOOTHED] < 64 && size[FADE_IN] >= size[HOP] && 2 * size[FADE_IN] <= size[N_FFT];
}

/* Write the number of floats of each table to `counts`; return the number of tables, 0 for sizes that do not fit. */
int distill_vocos_tables(const int32_t *size, int64_t *counts, int most) {
    if (!fits(size)) return 0;
    int tables = FIXED + PER_BLOCK * size[BLOCKS];
    for (int k = 0; k < tables && k < most; k++) counts[k] = (int64_t)table_size(size, k);
    return tables;
}

void distill_vocos_free(Plan *plan) {
    if (!plan) return;
    if (plan->tables)
        for (int k = 0; k < FIXED + PER_BLOCK * SIZE(BLOCKS); k++) free(TABLE(k));
    for (int k = BETWEEN; k <= TO_BINS; k++) banded_free(&plan->banded[k - BETWEEN]);
    fourier_free(&plan->fourier), fourier_free(&plan->mel_fourier);
    free(plan->tables), free(plan);
}

/* Return a copy of matrix [rows, columns], as [columns, rows]. */
static float *transposed(const float *matrix, size_t rows, size_t columns) {
    float *copy = numbers(rows * columns);
    for (size_t k = 0; copy && k < rows * columns; k++) copy[k % columns * rows + k / columns] = matrix[k];
    return copy;
}

/* Return the plan for sizes and tables (of the lengths that `distill_vocos_tables` states), NULL without memory. */
Plan *distill_vocos_new(const int32_t *size, const float *const *tables) {
    Plan *plan = fits(size) ? calloc(1, sizeof *plan) : NULL;
    if (!plan) return NULL;
    for (int k = 0; k < SIZES; k++) plan->size[k] = size[k];
    plan->bins = size[N_FFT] / 2 + 1, plan->mel_bins = size[MEL_N] / 2 + 1;
    plan->past = (size[MEL_N] - size[N_FFT]) / 2;
    int count = FIXED + PER_BLOCK * size[BLOCKS], good;
    plan->tables = calloc(count, sizeof *plan->tables);
    good = plan->tables && fourier_new(&plan->fourier, size[N_FFT]) && fourier_new(&plan->mel_fourier, size[MEL_N]);
    for (int k = 0; good && k < count; k++) {
        size_t length = table_size(plan->size, k);
        int of_block = k < FIXED ? -1 : (k - FIXED) % PER_BLOCK;
        if (k >= BETWEEN && k <= TO_BINS) {
            int inputs = banded_inputs(plan->size, k);
            good = banded_new(&plan->banded[k - BETWEEN], tables[k], inputs, (int)(length / inputs));
            continue;
        }
        if (k == EMBED || of_block == DEPTHWISE) /* [channels, (bands,) kernel] */
            TABLE(k) = transposed(tables[k], SIZE(CHANNELS), length / SIZE(CHANNELS));
        else if (k == HEAD) TABLE(k) = transposed(tables[k], length / SIZE(CHANNELS), SIZE(CHANNELS));
        else if (of_block == WIDEN) TABLE(k) = transposed(tables[k], SIZE(HIDDEN), SIZE(CHANNELS));
        else if (of_block == NARROWING) TABLE(k) = transposed(tables[k], SIZE(CHANNELS), SIZE(HIDDEN));
        else {
            TABLE(k) = numbers(length);
            if (TABLE(k)) memcpy(TABLE(k), tables[k], length * sizeof(float));
        }
        good = TABLE(k) != NULL;
    }
    if (good) return plan;
    distill_vocos_free(plan);
    return NULL;
}

#endif
