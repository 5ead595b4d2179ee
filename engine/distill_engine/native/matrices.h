/* Products with banded and dense matrices. */

#ifndef DISTILL_MATRICES
#define DISTILL_MATRICES

#include <stdlib.h>
#include <string.h>

#include "clones.h"
#include "fourier.h"

#define NARROW 8 /* inputs of an output up to which a banded product gathers them */

/* A banded matrix [inputs, outputs]: each output needs `width` inputs at most, from `first` on. */
typedef struct {
    int outputs, width;
    int *first, *count;
    float *weights; /* [width][outputs] if narrow, else [outputs][width] */
} Banded;

static int banded_new(Banded *m, const float *matrix, int inputs, int outputs) {
    m->outputs = outputs, m->width = 1;
    m->first = calloc(outputs, sizeof(int)), m->count = calloc(outputs, sizeof(int)), m->weights = NULL;
    if (!m->first || !m->count) return 0;
    for (int o = 0; o < outputs; o++) {
        int first = inputs, last = -1;
        for (int k = 0; k < inputs; k++)
            if (matrix[(size_t)k * outputs + o] != 0.0f) first = k < first ? k : first, last = k;
        m->first[o] = last < 0 ? 0 : first, m->count[o] = last < 0 ? 0 : last - first + 1;
        if (m->count[o] > m->width) m->width = m->count[o];
    }
    m->weights = numbers((size_t)m->width * outputs);
    if (!m->weights) return 0;
    for (int o = 0; o < outputs; o++) {
        if (m->first[o] > inputs - m->width) { /* so that a gather stays within the inputs */
            m->count[o] += m->first[o] - (inputs - m->width), m->first[o] = inputs - m->width;
        }
        for (int k = 0; k < m->count[o]; k++) {
            float w = matrix[(size_t)(m->first[o] + k) * outputs + o];
            m->weights[m->width <= NARROW ? (size_t)k * outputs + o : (size_t)o * m->width + k] = w;
        }
    }
    return 1;
}

static void banded_free(Banded *m) { free(m->first), free(m->count), free(m->weights); }

/* y [outputs] = x [inputs] times the matrix. */
CLONES static void banded_product(const Banded *m, const float *restrict x, float *restrict y) {
    const int *restrict first = m->first;
    if (m->width <= NARROW) {
        VECTORS
        for (int o = 0; o < m->outputs; o++) y[o] = m->weights[o] * x[first[o]];
        for (int k = 1; k < m->width; k++) {
            const float *restrict w = m->weights + (size_t)k * m->outputs;
            VECTORS
            for (int o = 0; o < m->outputs; o++) y[o] += w[o] * x[first[o] + k];
        }
        return;
    }
    for (int o = 0; o < m->outputs; o++) {
        const float *restrict w = m->weights + (size_t)o * m->width, *restrict from = x + first[o];
        float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
        for (int k = 0; k < m->count[o]; k++) sum += w[k] * from[k];
        y[o] = sum;
    }
}

#define TOGETHER 64 /* outputs that stay in registers over all inputs */

/* y [outputs] += x [inputs] times matrix [inputs, outputs]. */
EACH void add_product(const float *restrict matrix, const float *restrict x, int inputs, int outputs,
                      float *restrict y) {
    int done = 0;
    for (; done + TOGETHER <= outputs; done += TOGETHER) {
        float sums[TOGETHER];
        memcpy(sums, y + done, sizeof sums);
        for (int k = 0; k < inputs; k++) {
            const float *restrict row = matrix + (size_t)k * outputs + done;
            float factor = x[k];
            VECTORS
            for (int o = 0; o < TOGETHER; o++) sums[o] += factor * row[o];
        }
        memcpy(y + done, sums, sizeof sums);
    }
    for (int k = 0; done < outputs && k < inputs; k++) {
        const float *restrict row = matrix + (size_t)k * outputs;
        float factor = x[k];
        VECTORS
        for (int o = done; o < outputs; o++) y[o] += factor * row[o];
    }
}

#endif
