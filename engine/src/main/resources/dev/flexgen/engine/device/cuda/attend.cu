// Attention of a few queries whose scores are only scaled: attend.cuh.
#include "common.cuh"
#include "attend.cuh"

#define ATTEND(NAME, QUERIES, PER, SEALED)                                                                                     \
    KERNEL(attend_##NAME, THREADS)(                                                                                            \
        const float* query, const float* keys, const float* values, float* out, float* partial, u32* counters, int group,      \
        int head, float scale, const __grid_constant__ Kv kv) {                                                                \
        Attend<TYPE, QUERIES, PER, SEALED, false>::run(                                                                        \
            {query, out, keys, values, partial, counters, group, head, scale, nullptr}, kv);                                   \
    }
ATTEND(1, 1, TYPE::PER, false)
ATTEND(4, 4, TYPE::PER, false)
ATTEND(any, 4, 1, false)
#if BITS == 16
ATTEND(sealed_1, 1, TYPE::PER, true)
ATTEND(sealed_4, 4, TYPE::PER, true)
ATTEND(sealed_any, 4, 1, true)
#endif
