/* Give the kernels random sizes, weights, states, mels, positions and sounds in space, built with sanitizers: ROUNDS SEED. */

#include <stdio.h>

#include "interpolation.c"
#include "space.c"
#include "vocos.c"

static uint64_t seed;
static int vocoders;

static uint32_t random_bits(void) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 32);
}

static int below(int limit) { return (int)(random_bits() % (uint32_t)limit); }

/* `count` numbers: small ones, or any bits at all, NaN and infinity among them. */
static float *random_floats(size_t count, int wild) {
    float *made = malloc((count ? count : 1) * sizeof *made);
    for (size_t k = 0; k < count; k++)
        made[k] = wild ? float_of(random_bits()) : (float)below(2001) / 1000.0f - 1.0f;
    return made;
}

static void one_vocoder(void) {
    static const int windows[] = {128, 256, 512, 1024, 2048};
    int n = windows[below(4)], per = 1 << below(3), wild = below(2);
    int32_t size[SIZES] = {1 + below(140), 0,  n, per, 1 + below(70), 1 + below(200), 1 + below(3), 1 + below(9), 2 + below(120),
                           1 + below(70), 1 + below(17), 0, 1 + below(20), 1 + 2 * below(6)};
    int64_t counts[FIXED + PER_BLOCK * 32];
    size[HOP] = n >> (1 + below(3)), size[MEL_N] = windows[2 + below(3)];
    size[FADE_IN] = size[HOP] + below(n / 2 - size[HOP] + 1);
    if (!below(4)) size[below(SIZES)] = (int32_t)random_bits();
    int tables = distill_vocos_tables(size, counts, FIXED + PER_BLOCK * 32);
    if (!tables) return;
    size_t whole = 0;
    for (int k = 0; k < tables; k++) whole += (size_t)counts[k];
    if (whole > 4000000) return; /* only slow */
    const float *given[FIXED + PER_BLOCK * 32];
    for (int k = 0; k < tables; k++) given[k] = random_floats((size_t)counts[k], wild);
    Plan *plan = distill_vocos_new(size, given);
    vocoders++;
    for (int k = 0; k < tables; k++) free((void *)given[k]);
    float *scratch = random_floats((size_t)distill_vocos_scratch(plan), 1), *state[BLOCK_CONTEXT + 32];
    size_t reach = (size_t)size[KERNEL] - 1, bins = (size_t)plan->bins;
    size_t lengths[BLOCK_CONTEXT] = {reach * size[BANDS], (size_t)PAST_FRAMES * size[BANDS], (size_t)size[N_FFT] - size[HOP],
                                     size[N_FFT], bins, 2 * bins, (size_t)plan->past, size[BANDS]};
    for (int k = 0; k < BLOCK_CONTEXT + size[BLOCKS]; k++)
        state[k] = random_floats(k < BLOCK_CONTEXT ? lengths[k] : reach * size[CHANNELS], wild);
    int64_t clock = (int64_t)random_bits() * (below(2) ? 1 : -1);
    for (int step = 0; step < 3; step++) {
        int frames = 1 + below(4);
        float *mel = random_floats((size_t)frames * size[BANDS], wild);
        float *out = random_floats((size_t)frames * size[PER_FRAME] * size[HOP], 0);
        distill_vocos_step(plan, scratch, frames, mel, out, state, &clock);
        free(mel), free(out);
    }
    for (int k = 0; k < BLOCK_CONTEXT + size[BLOCKS]; k++) free(state[k]);
    free(scratch), distill_vocos_free(plan);
}

static void one_interpolation(void) {
    int length = 1 + below(3000), count = below(600), phases = 1 + below(300), taps = 2 * (1 + below(64));
    float *line = random_floats((size_t)length, 1), *table = random_floats((size_t)(phases + 1) * taps, 1);
    float *out = random_floats((size_t)count, 0);
    double *positions = malloc((size_t)(count + 1) * sizeof *positions);
    for (int k = 0; k < count; k++) {
        uint64_t bits = (uint64_t)random_bits() << 32 | random_bits();
        memcpy(positions + k, &bits, sizeof bits);
        if (below(2)) positions[k] = below(length) + below(1000) / 1000.0;
    }
    distill_interpolate(line, length, positions, count, table, phases, taps, out);
    int64_t position = below(8) ? below(2 * length) : (int64_t)((uint64_t)random_bits() << 32 | random_bits());
    distill_resample(line, length, position, 1 + below(300), phases, count, table, taps, out);
    free(line), free(table), free(out), free(positions);
}

/* `count` numbers: small ones, or any bits at all. */
static double *random_doubles(size_t count, int wild) {
    double *made = malloc((count ? count : 1) * sizeof *made);
    for (size_t k = 0; k < count; k++) {
        uint64_t bits = (uint64_t)random_bits() << 32 | random_bits();
        made[k] = below(2001) / 1000.0 - 1.0;
        if (wild) memcpy(made + k, &bits, sizeof bits);
    }
    return made;
}

static void one_head(void) {
    int tick = 1 + below(600), taps = 1 + below(300), rows = 1 + below(20), width = 1 + below(200), wild = below(2);
    int phases = 1 + below(40), reach = 1 + below(80);
    float *line = random_floats((size_t)(taps - 1 + tick), wild), *responses = random_floats((size_t)(4 * taps), wild);
    double *x = random_doubles((size_t)tick, wild), *out = random_doubles((size_t)(2 * tick), 0);
    distill_hear(line, tick, taps, x, responses, below(2) ? responses + 2 * taps : NULL, out);
    double *table = random_doubles((size_t)rows * width, wild), *weights = random_doubles(8, wild);
    double *kernels = random_doubles((size_t)(phases + 1) * reach, wild);
    int32_t which[8];
    for (int n = 0; n < 8; n++) which[n] = below(20) ? below(rows) : (int32_t)random_bits();
    if (!wild) table[0] = below(100);
    distill_respond(table, rows, width, which, weights, kernels, phases, reach, taps, responses);
    free(line), free(responses), free(x), free(out), free(table), free(weights), free(kernels);
}

static void one_room(void) {
    int size = 1 + below(3000), tick = 1 + below(600), at = below(size), wild = below(2);
    double *heard = random_doubles((size_t)size, wild), *lines = random_doubles((size_t)(8 * size), wild);
    double *x = random_doubles((size_t)tick, wild), *gains = random_doubles(83, wild);
    double *out = random_doubles((size_t)(4 * tick), 0);
    int32_t reaches[16], delays[4];
    for (int n = 0; n < 16; n++) reaches[n] = below(99) ? tick + below(size) : (int32_t)random_bits();
    distill_reverberate(heard, lines, size, at, tick, x, reaches, gains, out);
    int passes = below(5), whole = 0;
    for (int n = 0; n < passes; n++) whole += delays[n] = 1 + below(400);
    double *memory = random_doubles((size_t)whole, wild), *both = random_doubles((size_t)(2 * tick), 0);
    distill_all_passes(memory, delays, passes, gains[0], x, tick, both);
    free(heard), free(lines), free(x), free(gains), free(out), free(memory), free(both);
}

int main(int count, char **words) {
    int rounds = count > 1 ? atoi(words[1]) : 100;
    seed = count > 2 ? strtoull(words[2], NULL, 10) : 1;
    for (int k = 0; k < rounds; k++) one_vocoder(), one_interpolation(), one_head(), one_room();
    printf("%d vocoders\n", vocoders);
    return 0;
}
