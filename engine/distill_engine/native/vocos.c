/* One step of the vocos vocoder, as `vocoders/vocos` computes it in torch and exports it as a graph.

   The graph is the reference: tests compare both. Names follow the Python modules, which explain
   what is computed and why. Spectra are two planes, real and imaginary parts, of the bins 0 to
   n_fft / 2. Loops are plain, so that a compiler turns them into vector instructions; there is no
   dependency but the C library. Nothing is allocated in a step, and no number of a state or of a
   weight is used as an index, so hostile values cannot reach other memory. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "clones.h"
#include "fourier.h"
#include "matrices.h"
#include "numbers.h"
#include "vocos_plan.h"

#define EDITION 4 /* of the interface and arithmetic of these files; `native/library.py` expects it */

/* Constants of the Python modules, under their names there. */
#define RAISE_FACTOR 1.5f
#define LOWER_FACTOR 3.5f
#define MAXIMUM_RISE 1.0f
#define MAXIMUM_CUT 0.7f
#define MAXIMUM_ERROR 1.5f
#define RECENT_WEIGHT 0.4f
#define SMOOTHING 0.5f
#define MAXIMUM_LOG_MAGNITUDE 6.0f
#define ISOLATED_VARIANCE 0.25f
#define WIDE_VARIANCE 0.6f
#define MINIMUM_LOBE 0.05f
#define LEVEL_TOLERANCE 0.3f
#define ISOLATED_BONUS 4.0f
#define LOWEST_CONCENTRATION -4.0f
#define HIGHEST_CONCENTRATION 7.0f
#define MEL_CENTRE -5.0f
#define MEL_SCALE 3.0f
#define NO_FRAME 1e3f
#define RISING 0.4f
#define RISEN 0.9f
#define SHARPNESS 20.0f
#define MINIMUM_FRACTION 0.03f
#define SILENT 1e-10f /* MelConfig().floor squared */
#define MEL_FLOOR 1e-5f
#define AMBIGUOUS 0.15f
#define SILENCE 1e-5f
#define RISE 0.5f
#define OPPOSITE 0.01f
#define PARTIAL_DEVIATION 0.75f
#define NOISE_DEVIATION 1.0f
#define NORM_EPSILON 1e-6f

int distill_edition(void) { return EDITION; }

typedef struct {
    float *joined, *x, *y, *hidden, *columns, *heads;               /* the network */
    float *logs, *energy, *onset, *onset_bins, *gates;              /* frames now and before; onsets */
    float *implied, *log, *lobe, *total, *first, *second, *advance; /* what the mel implies */
    float *isolation, *spread, *magnitude, *before, *level, *wanted, *target;
    float *re, *im, *first_re, *first_im, *or, *oi, *amount, *halved;  /* spectra */
    float *sounded, *windowed, *added, *frame, *done, *so_far;         /* samples */
    float *mel_re, *mel_im, *mel, *change, *corrected, *work;  /* the feedback */
} Scratch;

/* Lay the buffers out from `at` on; return the number of floats. */
static size_t lay_out(const Plan *plan, Scratch *s, float *at) {
    size_t bins = plan->bins, n = SIZE(N_FFT), bands = SIZE(BANDS), channels = SIZE(CHANNELS), mel_n = SIZE(MEL_N);
    size_t per = SIZE(PER_FRAME), kernel = SIZE(KERNEL), mel_bins = plan->mel_bins, total = 0;
    size_t inputs = (bands > channels ? bands : channels) * kernel;
    struct { float **place; size_t count; } every[] = {
        {&s->joined, inputs}, {&s->x, channels}, {&s->y, channels}, {&s->hidden, SIZE(HIDDEN)},
        {&s->columns, (per + 2) * SIZE(POINTS)}, {&s->heads, (per + 2) * bins},
        {&s->logs, (PAST_FRAMES + 1) * bands}, {&s->energy, (PAST_FRAMES + 2) * bands}, {&s->onset, bands},
        {&s->onset_bins, bins}, {&s->gates, 2 * per * n},
        {&s->implied, bins}, {&s->log, bins}, {&s->lobe, bins},
        {&s->total, bins}, {&s->first, bins}, {&s->second, bins},
        {&s->advance, bins}, {&s->isolation, bins}, {&s->spread, bins}, {&s->magnitude, per * bins}, {&s->before, bins},
        {&s->level, SIZE(LEVELS)}, {&s->wanted, SIZE(LEVELS)}, {&s->target, bands},
        {&s->re, bins}, {&s->im, bins}, {&s->first_re, bins}, {&s->first_im, bins}, {&s->or, bins}, {&s->oi, bins},
        {&s->amount, mel_bins}, {&s->halved, bins},
        {&s->sounded, n}, {&s->windowed, n}, {&s->added, n}, {&s->frame, n}, {&s->done, n}, {&s->so_far, mel_n},
        {&s->mel_re, mel_bins}, {&s->mel_im, mel_bins}, {&s->mel, bands}, {&s->change, bands},
        {&s->corrected, mel_n}, {&s->work, 2 * mel_n + 4},
    };
    for (size_t k = 0; k < sizeof every / sizeof *every; k++) {
        *every[k].place = at ? at + total : NULL;
        total += (every[k].count + 15) / 16 * 16; /* on lines of the cache */
    }
    return total;
}

/* Return the number of floats that a step needs as scratch memory. */
int64_t distill_vocos_scratch(const Plan *plan) {
    Scratch s;
    return (int64_t)lay_out(plan, &s, NULL);
}

/* Layer norm of x [count], scaled by weight and bias. */
EACH void normalise(const float *restrict x, const float *weight, const float *bias, int count, float *restrict y) {
    float sum = 0.0f, squares = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int c = 0; c < count; c++) sum += x[c];
    float mean = sum / (float)count;
#pragma omp simd reduction(+ : squares)
    for (int c = 0; c < count; c++) squares += (x[c] - mean) * (x[c] - mean);
    float factor = 1.0f / sqrtf(squares / (float)count + NORM_EPSILON);
    for (int c = 0; c < count; c++) y[c] = (x[c] - mean) * factor * weight[c] + bias[c];
}

/* Put each row's context [rows][kernel - 1] and newest number into joined [rows][kernel]; move the context on. */
EACH void join(float *context, const float *newest, size_t rows, size_t kernel, float *joined) {
    size_t reach = kernel - 1;
    for (size_t row = 0; row < rows; row++) {
        float *to = joined + row * kernel, *from = context + row * reach;
        for (size_t k = 0; k < reach; k++) to[k] = from[k];
        to[reach] = newest[row];
        for (size_t k = 0; k < reach; k++) from[k] = to[k + 1];
    }
}

/* The network: heads [PER_FRAME + 2][bins] from the mel in s->mel. */
CLONES static void network(const Plan *plan, Scratch *s, float *const *state) {
    int channels = SIZE(CHANNELS), hidden = SIZE(HIDDEN), kernel = SIZE(KERNEL), bands = SIZE(BANDS);
    VECTORS
    for (int b = 0; b < bands; b++) s->change[b] = (s->mel[b] - MEL_CENTRE) / MEL_SCALE;
    join(state[EMBED_CONTEXT], s->change, bands, kernel, s->joined);
    memcpy(s->y, TABLE(EMBED_BIAS), channels * sizeof(float));
    add_product(TABLE(EMBED), s->joined, bands * kernel, channels, s->y);
    normalise(s->y, TABLE(EMBED_NORM), TABLE(EMBED_NORM_BIAS), channels, s->x);
    for (int block = 0; block < SIZE(BLOCKS); block++) {
        float *const *w = plan->tables + FIXED + PER_BLOCK * block;
        join(state[BLOCK_CONTEXT + block], s->x, channels, kernel, s->joined);
        for (int c = 0; c < channels; c++) {
            float sum = w[DEPTHWISE_BIAS][c];
            for (int k = 0; k < kernel; k++) sum += w[DEPTHWISE][k * channels + c] * s->joined[c * kernel + k];
            s->y[c] = sum;
        }
        normalise(s->y, w[NORM], w[NORM_BIAS], channels, s->joined);
        memcpy(s->hidden, w[WIDEN_BIAS], hidden * sizeof(float));
        add_product(w[WIDEN], s->joined, channels, hidden, s->hidden);
        VECTORS
        for (int h = 0; h < hidden; h++) s->hidden[h] *= 0.5f * (1.0f + erff(s->hidden[h] * 0.707106781f));
        memcpy(s->y, w[NARROWING_BIAS], channels * sizeof(float));
        add_product(w[NARROWING], s->hidden, hidden, channels, s->y);
        VECTORS
        for (int c = 0; c < channels; c++) s->x[c] += w[SCALE][c] * s->y[c];
    }
    int columns = (SIZE(PER_FRAME) + 2) * SIZE(POINTS);
    normalise(s->x, TABLE(HEAD_NORM), TABLE(HEAD_NORM_BIAS), channels, s->y);
    memcpy(s->columns, TABLE(HEAD_BIAS), columns * sizeof(float));
    add_product(TABLE(HEAD), s->y, channels, columns, s->columns);
    for (int row = 0; row < SIZE(PER_FRAME) + 2; row++)
        banded_product(&plan->banded[0], s->columns + row * SIZE(POINTS), s->heads + (size_t)row * plan->bins);
}

#define BANDED(name) (&plan->banded[name - BETWEEN])

/* level [LEVELS] of log-magnitudes [bins]; uses s->amount. */
CLONES static void level_of(const Plan *plan, Scratch *s, const float *restrict log, float *restrict level) {
    float *restrict amount = s->amount;
    VECTORS
    for (int k = 0; k < plan->bins; k++) amount[k] = exp_of(least(log[k], MAXIMUM_LOG_MAGNITUDE));
    banded_product(BANDED(TO_LEVELS), amount, level);
    VECTORS
    for (int k = 0; k < SIZE(LEVELS); k++) level[k] = log_of(greatest(level[k] + SILENCE, SILENCE));
}

/* Add change [LEVELS] to the levels of log [bins]; uses s->amount. */
CLONES static void shift(const Plan *plan, Scratch *s, const float *change, float *restrict log) {
    banded_product(BANDED(FROM_LEVELS), change, s->amount);
    VECTORS
    for (int k = 0; k < plan->bins; k++) log[k] += s->amount[k];
}

/* What the mel in s->mel implies: log-magnitudes s->implied, s->advance and s->isolation [bins]. */
CLONES static void read_mel(const Plan *plan, Scratch *s) {
    int bins = plan->bins, bands = SIZE(BANDS), levels = SIZE(LEVELS);
    float *restrict log = s->log, *restrict narrowed = s->implied, *restrict lobe = s->lobe;
    VECTORS
    for (int b = 0; b < bands; b++) s->change[b] = exp_of(least(s->mel[b], MAXIMUM_LOG_MAGNITUDE));
    banded_product(BANDED(INTERPOLATION), s->mel, log);
    banded_product(BANDED(TOTAL), s->change, s->total);
    banded_product(BANDED(FIRST), s->change, s->first);
    banded_product(BANDED(SECOND), s->change, s->second);
    const float *offset = TABLE(OFFSET), *own = TABLE(LOBE), *spacing = TABLE(SPACING);
    VECTORS
    for (int k = 0; k < bins; k++) {
        float share = 1.0f / greatest(s->total[k], 1e-12f), mean = s->first[k] * share, cosine, sine;
        float variance = (s->second[k] * share - mean * mean - own[k]) / spacing[k];
        float narrowness = (WIDE_VARIANCE - variance) * (1.0f / (WIDE_VARIANCE - ISOLATED_VARIANCE));
        s->isolation[k] = clamped(narrowness, 0.0f, 1.0f);
        s->advance[k] = clamped(mean, -3.14159265f, 3.14159265f);
        turn_of(s->advance[k], &cosine, &sine);
        lobe[k] = log_of(greatest(0.5f + 0.5f * cosine, MINIMUM_LOBE));
        log[k] += offset[k];
    }
    level_of(plan, s, log, s->level);
    shift(plan, s, s->level, lobe);
    VECTORS
    for (int k = 0; k < bins; k++) {
        lobe[k] -= log[k];
        narrowed[k] = log[k] + s->isolation[k] * TABLE(WIDE)[k] * lobe[k];
    }
    level_of(plan, s, narrowed, s->wanted);
    VECTORS
    for (int k = 0; k < levels; k++) s->wanted[k] = s->level[k] - s->wanted[k];
    shift(plan, s, s->wanted, narrowed);
    VECTORS
    for (int k = 0; k < bins; k++) narrowed[k] += s->isolation[k] * TABLE(WIDE)[k] * TABLE(GAIN)[k];
}

/* Magnitudes s->magnitude [PER_FRAME][bins], s->advance and s->spread [bins] from network and mel. */
CLONES static void predict(const Plan *plan, Scratch *s) {
    int bins = plan->bins, per = SIZE(PER_FRAME), levels = SIZE(LEVELS);
    const float *advance = s->heads + (size_t)per * bins, *concentration = advance + bins;
    VECTORS
    for (int k = 0; k < bins; k++) {
        s->advance[k] += advance[k] * (1.0f - s->isolation[k]);
        float c = concentration[k] + ISOLATED_BONUS * s->isolation[k];
        c = exp_of(clamped(c, LOWEST_CONCENTRATION, HIGHEST_CONCENTRATION));
        s->spread[k] = sqrtf(-2.0f * log_of(c / (0.5f + sqrtf(c * c + 2.25f))));
    }
    level_of(plan, s, s->implied, s->level);
    for (int p = 0; p < per; p++) {
        const float *restrict correction = s->heads + (size_t)p * bins;
        float *restrict log = s->log, *restrict magnitude = s->magnitude + (size_t)p * bins;
        VECTORS
        for (int k = 0; k < bins; k++) log[k] = s->implied[k] + correction[k];
        level_of(plan, s, log, s->wanted);
        VECTORS
        for (int k = 0; k < levels; k++) {
            float change = s->wanted[k] - s->level[k];
            float bounded = tanh_of(clamped(change * (1.0f / LEVEL_TOLERANCE), -20.0f, 20.0f));
            s->wanted[k] = LEVEL_TOLERANCE * bounded - change;
        }
        shift(plan, s, s->wanted, log);
        VECTORS
        for (int k = 0; k < bins; k++) magnitude[k] = exp_of(least(log[k], MAXIMUM_LOG_MAGNITUDE));
    }
}

/* Onsets of this frame's spectra: s->onset [bands], s->onset_bins, s->gates [2 * PER_FRAME][N_FFT].
   Return whether there is any; if not, nothing else is written. */
CLONES static int find_onsets(const Plan *plan, Scratch *s) {
    int bands = SIZE(BANDS), taps = SIZE(SMOOTHED), side = taps / 2, spectra = 2 * SIZE(PER_FRAME);
    int positions = SIZE(POSITIONS), n = SIZE(N_FFT);
    float *raw = s->energy + (size_t)(PAST_FRAMES + 1) * bands, most = 0.0f;
    for (int j = 0; j <= PAST_FRAMES; j++) { /* j frames ago */
        const float *log = s->logs + (size_t)(PAST_FRAMES - j) * bands;
        float *smooth = s->energy + (size_t)j * bands;
        VECTORS
        for (int b = 0; b < bands; b++) raw[b] = greatest(exp_of(2.0f * log[b]), SILENT), smooth[b] = 0.0f;
        for (int k = 0; k < taps; k++) {
            int from = side > k ? side - k : 0, to = bands - (k > side ? k - side : 0);
            float weight = TABLE(BESIDE)[k];
            VECTORS
            for (int b = from; b < to; b++) smooth[b] += weight * raw[b + k - side];
        }
        VECTORS
        for (int b = 0; b < bands; b++) smooth[b] /= TABLE(SUMS)[b];
    }
    for (int b = 0; b < bands; b++) {
        float rise = 0.5f * (log_of(s->energy[b]) - log_of(s->energy[(size_t)PAST_FRAMES * bands + b]));
        s->onset[b] = clamped((rise - RISING) * (1.0f / (RISEN - RISING)), 0.0f, 1.0f);
        most = greatest(most, s->onset[b]);
    }
    if (!(most > 0.0f)) return 0;
    banded_product(BANDED(INTERPOLATION), s->onset, s->onset_bins);
    float sums[PAST_FRAMES + 1], odds[64];
    for (int j = 0; j <= PAST_FRAMES; j++) {
        float sum = 0.0f;
        for (int b = 0; b < bands; b++) sum += s->onset[b] * s->energy[(size_t)j * bands + b];
        sums[j] = greatest(sum, SILENT);
    }
    float background = sums[PAST_FRAMES], risen = greatest(sums[0] - background, 0.0f);
    for (int q = 0; q < spectra; q++) {
        float best = -1e30f, whole = 0.0f, *gate = s->gates + (size_t)q * n;
        for (int p = 0; p < positions; p++) {
            float error = 0.0f;
            for (int j = 0; j < PAST_FRAMES; j++) {
                const float *shown = TABLE(SHOWN) + (size_t)q * positions + p; /* [PAST_FRAMES][spectra][positions] */
                float whole_sound = risen / greatest(shown[0], MINIMUM_FRACTION);
                float expected = background + whole_sound * shown[(size_t)j * spectra * positions];
                float half = 0.5f * log_of(sums[j] / expected);
                error += half * half;
            }
            odds[p] = -SHARPNESS * error, best = greatest(best, odds[p]);
        }
        for (int p = 0; p < positions; p++) odds[p] = exp_of(odds[p] - best), whole += odds[p];
        for (int p = 0; p < positions; p++) odds[p] /= whole;
        memset(gate, 0, n * sizeof *gate);
        add_product(TABLE(RAMPS), odds, positions, n, gate);
    }
    return 1;
}

/* Windowed samples, added to y [N_FFT], of the magnitudes times the unit spectrum re, im. What sets in follows `gate`
   (NULL: nothing sets in). Uses s->amount, s->first_re, s->first_im, s->added and s->work. */
CLONES static void add_frames(const Plan *plan, Scratch *s, const float *magnitude, const float *re, const float *im,
                              const float *gate, float *restrict y) {
    int bins = plan->bins, n = SIZE(N_FFT);
    const float *restrict gain = TABLE(SYNTHESIS);
    float *restrict r = s->first_re, *restrict i = s->first_im, *restrict part = s->added;
    VECTORS
    for (int k = 0; k < bins; k++) {
        float m = gate ? magnitude[k] * (1.0f - s->onset_bins[k]) : magnitude[k];
        r[k] = m * re[k], i[k] = m * im[k];
    }
    samples_of(&plan->fourier, r, i, part, s->work);
    VECTORS
    for (int k = 0; k < n; k++) y[k] += part[k] * gain[k];
    if (!gate) return;
    VECTORS
    for (int k = 0; k < bins; k++) {
        float m = magnitude[k] * s->onset_bins[k];
        r[k] = m * re[k], i[k] = m * im[k];
    }
    samples_of(&plan->fourier, r, i, part, s->work);
    VECTORS
    for (int k = 0; k < n; k++) y[k] += part[k] * gain[k] * gate[k];
}

/* Scale the numbers re, im [count] to about unit length, softly where magnitudes are small. */
CLONES static void to_unit(float *restrict re, float *restrict im, const float *restrict magnitude, int count) {
    VECTORS
    for (int k = 0; k < count; k++) {
        float low = greatest(AMBIGUOUS * magnitude[k], 1e-10f);
        float factor = 1.0f / sqrtf(re[k] * re[k] + im[k] * im[k] + low * low);
        re[k] *= factor, im[k] *= factor;
    }
}

/* Correct s->done by the mel feedback (see `MelFeedback`): s->so_far holds the audio so far. */
CLONES static void feed_back(const Plan *plan, Scratch *s, const float *gate, float *lacking) {
    int bands = SIZE(BANDS), mel_bins = plan->mel_bins, mel_n = SIZE(MEL_N), n = SIZE(N_FFT);
    int count = plan->past + n + SIZE(HOP);
    float *restrict re = s->mel_re, *restrict im = s->mel_im, *restrict amount = s->amount;
    VECTORS
    for (int k = 0; k < count; k++) s->so_far[k] *= TABLE(EAR)[k];
    spectrum_of(&plan->mel_fourier, s->so_far, count, re, im, s->work);
    VECTORS
    for (int k = 0; k < mel_bins; k++) amount[k] = sqrtf(re[k] * re[k] + im[k] * im[k] + 1e-20f);
    float *restrict mel = s->energy, *restrict change = s->change;
    banded_product(BANDED(TO_MEL), amount, mel);
    VECTORS
    for (int b = 0; b < bands; b++) {
        float error = clamped(s->target[b] - log_of(greatest(mel[b], MEL_FLOOR)), -MAXIMUM_ERROR, MAXIMUM_ERROR);
        change[b] = clamped(error + RECENT_WEIGHT * lacking[b], -MAXIMUM_CUT, MAXIMUM_RISE);
        lacking[b] = SMOOTHING * error + (1.0f - SMOOTHING) * lacking[b];
    }
    banded_product(BANDED(TO_BINS), change, amount);
    VECTORS
    for (int k = 0; k < mel_bins; k++) {
        float gain = exp_of(amount[k] * TABLE(SHARES)[k]) - 1.0f;
        gain = least(gain, (LOWER_FACTOR / RAISE_FACTOR) * gain);
        re[k] *= gain, im[k] *= gain;
    }
    samples_of(&plan->mel_fourier, re, im, s->corrected, s->work);
    float share = 0.0f, whole = 0.0f;
    if (gate)
        for (int b = 0; b < bands; b++) {
            float added = mel[b] * (exp_of(change[b]) - 1.0f), power = greatest(added * added, 1e-20f);
            share += power * s->onset[b], whole += power;
        }
    share = gate ? share / whole : 0.0f;
    VECTORS
    for (int k = 0; k < n; k++) {
        float added = s->corrected[plan->past + k] * TABLE(FADE)[k];
        s->done[k] += gate ? added * (1.0f + share * (gate[k] - 1.0f)) : added;
    }
}

/* Turn the oscillators on by a spectrum, and reset those whose partials set in. */
CLONES static void turn_oscillators(const Plan *plan, Scratch *s, const float *restrict magnitude, const float *noise) {
    float *restrict re = s->or, *restrict im = s->oi;
    VECTORS
    for (int k = 0; k < plan->bins; k++) {
        float tonality = exp_of(-s->spread[k] * s->spread[k]), cosine, sine;
        float deviation = (PARTIAL_DEVIATION + NOISE_DEVIATION * (1.0f - tonality)) * s->spread[k];
        turn_of(TABLE(CENTRE)[k] + s->advance[k] + deviation * noise[k], &cosine, &sine);
        float rise = log_of(greatest(magnitude[k], SILENCE)) - log_of(greatest(s->before[k], SILENCE)) - RISE;
        float reset = tonality * clamped(rise, 0.0f, 1.0f);
        float r = re[k] * cosine - im[k] * sine, i = im[k] * cosine + re[k] * sine;
        r += reset * ((k & 1 ? -1.0f : 1.0f) - r), i -= reset * i;
        float factor = 1.0f / sqrtf(r * r + i * i + OPPOSITE * OPPOSITE);
        re[k] = r * factor, im[k] = i * factor;
    }
}

/* Synthesise spectrum `p` of this frame to out [HOP] (see `PhaseContinuation._next`). */
CLONES static void synthesise(const Plan *plan, Scratch *s, int p, int onsets, const float *noise, float *const *state,
                              float *restrict out) {
    int bins = plan->bins, n = SIZE(N_FFT), hop = SIZE(HOP), half = n / 2, per = SIZE(PER_FRAME), past = plan->past;
    const float *magnitude = s->magnitude + (size_t)p * bins, *window = TABLE(WINDOW);
    const float *gate = onsets ? s->gates + (size_t)p * n : NULL;
    const float *gate_before = onsets ? s->gates + (size_t)(per + p) * n : NULL;
    float *restrict sounded = s->sounded, *restrict windowed = s->windowed, *restrict re = s->re, *restrict im = s->im;
    float *restrict halved = s->halved, *tail = state[TAIL], *newest = state[NEWEST];
    turn_oscillators(plan, s, magnitude, noise);
    VECTORS
    for (int k = 0; k < n; k++) sounded[k] = (k < n - hop ? tail[k] : 0.0f) + newest[k];
    VECTORS
    for (int k = 0; k < n - hop; k++) windowed[k] = sounded[k + hop] * window[k];
    VECTORS
    for (int k = n - hop; k < n; k++) windowed[k] = 0.0f;
    spectrum_of(&plan->fourier, windowed, n, re, im, s->work);
    float pull = TABLE(PULL)[0], oscillators = TABLE(PULL)[1];
    VECTORS
    for (int k = 0; k < bins; k++) {
        float cosine, sine, share = oscillators * magnitude[k] + 1e-9f;
        turn_of(pull * s->advance[k], &cosine, &sine);
        float r = re[k] * cosine - im[k] * sine, i = im[k] * cosine + re[k] * sine;
        re[k] = r + share * s->or[k], im[k] = i + share * s->oi[k];
        halved[k] = magnitude[k];
    }
    halved[0] *= 0.5f, halved[half] *= 0.5f;
    to_unit(re, im, magnitude, bins);
    VECTORS
    for (int k = 0; k < bins; k++) s->first_re[k] = halved[k] * re[k], s->first_im[k] = halved[k] * im[k];
    samples_of(&plan->fourier, s->first_re, s->first_im, s->added, s->work);
    VECTORS
    for (int k = 0; k < n; k++) windowed[k] += s->added[k] * TABLE(OVERLAP)[k];
    spectrum_of(&plan->fourier, windowed, n, re, im, s->work);
    to_unit(re, im, magnitude, bins);
    memset(s->frame, 0, n * sizeof(float));
    add_frames(plan, s, halved, re, im, gate, s->frame);

    VECTORS
    for (int k = 0; k < n; k++) windowed[k] = (sounded[k] + (k < hop ? 0.0f : s->frame[k - hop])) * window[k];
    spectrum_of(&plan->fourier, windowed, n, re, im, s->work);
    to_unit(re, im, s->before, bins);
    memcpy(halved, s->before, bins * sizeof(float));
    halved[0] *= 0.5f, halved[half] *= 0.5f;
    VECTORS
    for (int k = 0; k < n; k++) s->done[k] = k < n - hop ? tail[k] : 0.0f;
    add_frames(plan, s, halved, re, im, gate_before, s->done);

    float *done = state[DONE];
    memcpy(s->so_far, done, past * sizeof(float));
    VECTORS
    for (int k = 0; k < n; k++) s->so_far[past + k] = s->done[k] + (k < hop ? 0.0f : s->frame[k - hop]);
    memcpy(s->so_far + past + n, s->frame + n - hop, hop * sizeof(float));
    feed_back(plan, s, gate_before, state[LACKING]);
    memmove(done, done + hop, (past - hop) * sizeof(float));
    memcpy(done + past - hop, s->done, hop * sizeof(float));
    memcpy(tail, s->done + hop, (n - hop) * sizeof(float));
    memcpy(newest, s->frame, n * sizeof(float));
    memcpy(out, s->done + half - SIZE(FADE_IN), hop * sizeof(float)); /* from the first sample that sounds on */
    memcpy(s->before, magnitude, bins * sizeof(float));
}

/* Log-mel that the spectrum before spectrum p should have (see `Vocos._targets_and_onsets`). */
static void find_target(const Plan *plan, Scratch *s, int p) {
    int bands = SIZE(BANDS), per = SIZE(PER_FRAME);
    const float *from[3];
    for (int k = 0; k < 3; k++) {
        int spectrum = p - 2 + k, frames_ago = spectrum >= 0 ? 0 : (per - 1 - spectrum) / per;
        from[k] = s->logs + (size_t)(PAST_FRAMES - frames_ago) * bands;
    }
    for (int b = 0; b < bands; b++) s->target[b] = 0.25f * from[0][b] + 0.5f * from[1][b] + 0.25f * from[2][b];
}

/* Synthesise out [frames * PER_FRAME * HOP] from mel [bands, frames]; the states and the clock change in place. */
void distill_vocos_step(const Plan *plan, float *scratch, int frames, const float *mel, float *out, float *const *state,
                        int64_t *clock) {
    Scratch s;
    lay_out(plan, &s, scratch);
    int bands = SIZE(BANDS), bins = plan->bins, per = SIZE(PER_FRAME), noise_frames = SIZE(NOISE_FRAMES);
    float *past = state[PAST]; /* [bands, PAST_FRAMES] */
    int64_t now = *clock % noise_frames;
    if (now < 0) now += noise_frames;
    for (int k = 0; k < bands * PAST_FRAMES; k++)
        if (past[k] == NO_FRAME) past[k] = mel[(size_t)(k / PAST_FRAMES) * frames];
    memcpy(s.before, state[BEFORE], bins * sizeof(float));
    for (int k = 0; k < bins; k++) s.or[k] = state[OSCILLATORS][2 * k], s.oi[k] = state[OSCILLATORS][2 * k + 1];
    for (int frame = 0; frame < frames; frame++) {
        for (int b = 0; b < bands; b++) {
            float newest = s.mel[b] = mel[(size_t)b * frames + frame], *row = past + b * PAST_FRAMES;
            for (int j = 0; j < PAST_FRAMES; j++) s.logs[j * bands + b] = least(row[j], MAXIMUM_LOG_MAGNITUDE);
            s.logs[PAST_FRAMES * bands + b] = least(newest, MAXIMUM_LOG_MAGNITUDE);
            for (int j = 0; j + 1 < PAST_FRAMES; j++) row[j] = row[j + 1];
            row[PAST_FRAMES - 1] = newest;
        }
        network(plan, &s, state);
        read_mel(plan, &s);
        predict(plan, &s);
        int onsets = find_onsets(plan, &s);
        for (int p = 0; p < per; p++) {
            find_target(plan, &s, p);
            synthesise(plan, &s, p, onsets, TABLE(NOISE) + (size_t)now * bins, state, out);
            now = (now + 1) % noise_frames, out += SIZE(HOP);
        }
    }
    memcpy(state[BEFORE], s.before, bins * sizeof(float));
    for (int k = 0; k < bins; k++) state[OSCILLATORS][2 * k] = s.or[k], state[OSCILLATORS][2 * k + 1] = s.oi[k];
    *clock = now;
}
