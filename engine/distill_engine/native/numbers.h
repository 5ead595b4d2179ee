/* Functions of single numbers, without branches, so that loops over them become vector instructions. */

#ifndef DISTILL_NUMBERS
#define DISTILL_NUMBERS

#include <stdint.h>
#include <string.h>

#include "clones.h"

EACH uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

EACH float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

EACH float least(float a, float b) { return a < b ? a : b; }
EACH float greatest(float a, float b) { return a > b ? a : b; }
EACH float clamped(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

#define ROUNDER 12582912.0f /* 1.5 * 2^23: a small number added to it is rounded to an integer */

/* Taylor series of e^r after taking out a power of two; exact to about 1e-7 relative. */
EACH float exp_of(float x) {
    float within = clamped(x, -87.0f, 88.0f);
    float shifted = within * 1.44269504f + ROUNDER, whole = shifted - ROUNDER;
    float r = (within - whole * 0.693359375f) + whole * 2.12194440e-4f;
    float p = 1.0f / 5040;
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = (p * r) * r + r + 1.0f;
    float y = float_of(bits_of(p) + (bits_of(shifted) << 23));
    return x == x ? y : x;
}

/* log(m) = 2 artanh((m - 1) / (m + 1)) with m from 0.71 to 1.41. For normal numbers above 0. */
EACH float log_of(float x) {
    uint32_t bits = bits_of(x) + (0x3f800000u - 0x3f3504f3u);
    float exponent = (float)((int32_t)(bits >> 23) - 127);
    float f = float_of((bits & 0x7fffffu) + 0x3f3504f3u) - 1.0f, s = f / (2.0f + f), z = s * s;
    float p = z * (1.0f / 3 + z * (1.0f / 5 + z * (1.0f / 7 + z * (1.0f / 9))));
    float y = exponent * 0.693359375f + (2.0f * s + (2.0f * s * p - exponent * 2.12194440e-4f));
    return x == x ? y : x;
}

EACH float tanh_of(float x) { return 1.0f - 2.0f / (exp_of(2.0f * x) + 1.0f); }

/* Taylor series after taking out quarter turns. For angles up to a few thousand. */
EACH void turn_of(float x, float *cosine, float *sine) {
    float shifted = clamped(x, -1e5f, 1e5f) * 0.636619772f + ROUNDER, whole = shifted - ROUNDER;
    uint32_t quarter = bits_of(shifted);
    float r = ((x - whole * 1.5703125f) - whole * 4.83751297e-4f) - whole * 7.54978995e-8f;
    float z = r * r;
    float s = r + r * z * (-1.0f / 6 + z * (1.0f / 120 + z * (-1.0f / 5040 + z * (1.0f / 362880))));
    float c = 1.0f + z * (-0.5f + z * (1.0f / 24 + z * (-1.0f / 720 + z * (1.0f / 40320 + z * (-1.0f / 3628800)))));
    float a = quarter & 1 ? c : s, b = quarter & 1 ? s : c;
    *sine = float_of(bits_of(a) ^ ((quarter & 2) << 30));
    *cosine = float_of(bits_of(b) ^ (((quarter + 1) & 2) << 30));
}

#endif
