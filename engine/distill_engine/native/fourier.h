/* Fourier transforms of real samples. */

#ifndef DISTILL_FOURIER
#define DISTILL_FOURIER

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clones.h"

/* Of n real samples, by a complex one of n / 2 = rows * lanes numbers: transforms of columns, twiddle
   factors, transforms of rows (Gentleman & Sande 1966). Each runs over contiguous lanes. */
typedef struct {
    int n, rows, lanes;
    float *cosine, *sine;   /* [n / 2 + 1] of -2 pi k / n */
    float *across, *around; /* [rows][lanes]: factors between both parts, cosines and sines */
    float *row_cosine, *row_sine; /* [n / 2] of -2 pi k / (n / 2) */
} Fourier;

static float *numbers(size_t count) { return calloc(count ? count : 1, sizeof(float)); }

static int fourier_new(Fourier *f, int n) {
    int half = n / 2, rows = 1;
    const double turn = 6.283185307179586;
    while (rows * rows * 4 <= half) rows *= 2;
    f->n = n, f->rows = rows, f->lanes = half / rows;
    f->cosine = numbers(half + 1), f->sine = numbers(half + 1), f->across = numbers(half), f->around = numbers(half);
    f->row_cosine = numbers(half), f->row_sine = numbers(half);
    if (!f->cosine || !f->sine || !f->across || !f->around || !f->row_cosine || !f->row_sine) return 0;
    for (int k = 0; k <= half; k++) f->cosine[k] = (float)cos(turn * k / n), f->sine[k] = (float)-sin(turn * k / n);
    for (int k = 0; k < half; k++) {
        f->row_cosine[k] = (float)cos(turn * k / half), f->row_sine[k] = (float)-sin(turn * k / half);
        int product = (k / f->lanes) * (k % f->lanes);
        f->across[k] = (float)cos(turn * product / half), f->around[k] = (float)-sin(turn * product / half);
    }
    return 1;
}

static void fourier_free(Fourier *f) {
    free(f->cosine), free(f->sine), free(f->across), free(f->around), free(f->row_cosine), free(f->row_sine);
}

/* Transform `count` rows of `lanes` numbers in a, by passes of four and of two (Stockham), from and
   to a and b in turn. Return where the result is: 0 for a, 1 for b. */
EACH int row_transforms(const Fourier *f, float *ar, float *ai, float *br, float *bi, int count, int lanes) {
    int half = f->n / 2, size = count, stride = lanes, where = 0;
    while (size > 1) {
        int radix = size % 4 ? 2 : 4, part = size / radix, each = half / size;
        for (int p = 0; p < part; p++) {
            const float c1 = f->row_cosine[p * each], s1 = f->row_sine[p * each];
            const float *restrict xr = ar + (size_t)stride * p, *restrict xi = ai + (size_t)stride * p;
            float *restrict yr = br + (size_t)stride * radix * p, *restrict yi = bi + (size_t)stride * radix * p;
            if (radix == 2) {
                VECTORS
                for (int q = 0; q < stride; q++) {
                    float r0 = xr[q], i0 = xi[q], r1 = xr[q + stride * part], i1 = xi[q + stride * part];
                    float r = r0 - r1, i = i0 - i1;
                    yr[q] = r0 + r1, yi[q] = i0 + i1;
                    yr[q + stride] = r * c1 - i * s1, yi[q + stride] = r * s1 + i * c1;
                }
                continue;
            }
            const float c2 = f->row_cosine[2 * p * each], s2 = f->row_sine[2 * p * each];
            const float c3 = f->row_cosine[3 * p * each], s3 = f->row_sine[3 * p * each];
            const int m = stride * part;
            VECTORS
            for (int q = 0; q < stride; q++) {
                float sum_r = xr[q] + xr[q + 2 * m], sum_i = xi[q] + xi[q + 2 * m];
                float dif_r = xr[q] - xr[q + 2 * m], dif_i = xi[q] - xi[q + 2 * m];
                float odd_r = xr[q + m] + xr[q + 3 * m], odd_i = xi[q + m] + xi[q + 3 * m];
                float turned_r = xi[q + 3 * m] - xi[q + m], turned_i = xr[q + m] - xr[q + 3 * m]; /* times i */
                float r = dif_r - turned_r, i = dif_i - turned_i;
                yr[q] = sum_r + odd_r, yi[q] = sum_i + odd_i;
                yr[q + stride] = r * c1 - i * s1, yi[q + stride] = r * s1 + i * c1;
                r = sum_r - odd_r, i = sum_i - odd_i;
                yr[q + 2 * stride] = r * c2 - i * s2, yi[q + 2 * stride] = r * s2 + i * c2;
                r = dif_r + turned_r, i = dif_i + turned_i;
                yr[q + 3 * stride] = r * c3 - i * s3, yi[q + 3 * stride] = r * s3 + i * c3;
            }
        }
        float *swap = ar;
        ar = br, br = swap, swap = ai, ai = bi, bi = swap;
        size = part, stride *= radix, where = !where;
    }
    return where;
}

/* Transform n / 2 complex numbers in r and i; `work` has n floats. */
CLONES static void complex_transform(const Fourier *f, float *restrict r, float *restrict i, float *restrict work) {
    int half = f->n / 2, rows = f->rows, lanes = f->lanes;
    float *wr = work, *wi = work + half;
    int there = row_transforms(f, r, i, wr, wi, rows, lanes);
    const float *restrict xr = there ? wr : r, *restrict xi = there ? wi : i;
    float *restrict yr = there ? r : wr, *restrict yi = there ? i : wi;
    for (int lane = 0; lane < lanes; lane++)
        for (int row = 0; row < rows; row++) {
            int k = row * lanes + lane;
            yr[lane * rows + row] = xr[k] * f->across[k] - xi[k] * f->around[k];
            yi[lane * rows + row] = xr[k] * f->around[k] + xi[k] * f->across[k];
        }
    int moved = there ? row_transforms(f, r, i, wr, wi, lanes, rows) : !row_transforms(f, wr, wi, r, i, lanes, rows);
    if (moved) memcpy(r, wr, half * sizeof *r), memcpy(i, wi, half * sizeof *i);
}

/* Spectrum re, im [n / 2 + 1] of `count` samples followed by zeros up to n; work: n floats. */
CLONES static void spectrum_of(const Fourier *f, const float *restrict samples, int count, float *restrict re,
                               float *restrict im, float *restrict work) {
    int half = f->n / 2, pairs = count / 2;
    VECTORS
    for (int k = 0; k < pairs; k++) re[k] = samples[2 * k], im[k] = samples[2 * k + 1];
    VECTORS
    for (int k = pairs; k < half; k++) re[k] = 0.0f, im[k] = 0.0f;
    complex_transform(f, re, im, work);
    re[half] = re[0], im[half] = im[0];
    float *restrict r = work, *restrict i = work + half;
    VECTORS
    for (int k = 1; k < half; k++) {
        float a = re[k], b = re[half - k], c = im[k], d = im[half - k];
        float odd_r = 0.5f * (c + d), odd_i = 0.5f * (b - a);
        r[k] = 0.5f * (a + b) + (odd_r * f->cosine[k] - odd_i * f->sine[k]);
        i[k] = 0.5f * (c - d) + (odd_r * f->sine[k] + odd_i * f->cosine[k]);
    }
    float first = re[0] + im[0], last = re[0] - im[0];
    memcpy(re + 1, r + 1, (half - 1) * sizeof *re), memcpy(im + 1, i + 1, (half - 1) * sizeof *im);
    re[0] = first, re[half] = last, im[0] = 0.0f, im[half] = 0.0f;
}

/* Sum [n] of the partials of bins 0 to n / 2 of re, im (see `samples_of` in Python); work: 2 n + 4 floats. */
CLONES static void samples_of(const Fourier *f, const float *restrict re, const float *restrict im,
                              float *restrict samples, float *restrict work) {
    int half = f->n / 2;
    float *restrict r = work, *restrict i = work + half + 1, *restrict rest = work + 2 * half + 2;
    VECTORS
    for (int k = 1; k < half; k++) {
        float a = re[k], b = re[half - k], c = im[k], d = im[half - k];
        float dif_r = 0.5f * (a - b), dif_i = 0.5f * (c + d);
        float odd_r = dif_r * f->cosine[k] + dif_i * f->sine[k], odd_i = dif_i * f->cosine[k] - dif_r * f->sine[k];
        r[k] = 0.5f * (a + b) - odd_i, i[k] = 0.5f * (c - d) + odd_r;
    }
    r[0] = re[0] + re[half], i[0] = re[0] - re[half];
    complex_transform(f, i, r, rest); /* parts exchanged: the inverse */
    VECTORS
    for (int k = 0; k < half; k++) samples[2 * k] = r[k], samples[2 * k + 1] = i[k];
}

#endif
