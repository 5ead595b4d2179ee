/* Words with which the kernels are written. */

#ifndef DISTILL_CLONES
#define DISTILL_CLONES

/* A build for Linux holds a function marked CLONES three times: for processors with AVX-512, AVX2 and neither. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__) && !defined(PLAIN)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif

/* A function that becomes part of each clone. */
#define EACH static inline __attribute__((always_inline))

/* The next loop has no dependences between its turns: a compiler may use vectors without checks. */
#define VECTORS _Pragma("omp simd")

#endif
