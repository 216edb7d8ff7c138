// Attention of many queries, tiled, with the softmax carried along: no score matrix. On tensor cores for a 16-bit cache, with
// queries and weights cut into parts so that nothing is rounded that F32 would keep (see split; here the parts share a scale,
// as weights are at most 1 and an error in a score matters by its size, not its proportion). Anything else: attend.cuh. Behind
// common.cuh.
#ifndef FLEXGEN_PREFILL
#define FLEXGEN_PREFILL

#if BITS == 16

#define THREADS 128
#define TILE 64 // queries of a block

// Sealed blocks are widened on their way to shared memory, rounded to 16 bits. SCORED: whether there are Scores. Heads wider than
// 128 take half as many keys at a time, and read their queries again for each step, so that shared memory and registers suffice;
// DIM may then be more than their width.
template <class T, int DIM, bool SEALED, bool SCORED> struct Prefill {
    static const bool WIDE = DIM > 128;
    static const int KEYS = WIDE ? TILE / 2 : TILE; // of a step
    static const int TERMS = T::TERMS;
    static const int K = DIM / 16;
    static const int ROW = DIM * 2 + 16; // bytes; an odd number of 16-byte pieces, so matrix loads hit different banks
    static const int PIECES = DIM / 8;

    static __device__ __forceinline__ void parts(float a, float b, u32* packed) {
#pragma unroll
        for (int p = 0; p < TERMS; p++) {
            u16 x = T::narrow(T::limit(a));
            u16 y = T::narrow(T::limit(b));
            a -= T::widen(x);
            b -= T::widen(y);
            packed[p] = (u32)x | ((u32)y << 16);
        }
    }

    static __device__ __forceinline__ int dim(const Kv& kv) { return WIDE ? kv.headDim : DIM; }

    // Two rows' share of 16 channels, cut into parts: true if a number is out of the type's range. `from`: of the first row, at this
    // lane's first channel of all.
    static __device__ __forceinline__ bool queries(
        const float* from, int row, int tokens, size_t width, int k, int room, float scale, u32 (&packed)[4][TERMS]) {
        bool beyond = false;
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int r = row + i % 2 * 8;
            float2 v = make_float2(0, 0);
            if (r < tokens && (!WIDE || k * 16 + i / 2 * 8 < room)) {
                v = *(const float2*)(from + r * width + k * 16 + i / 2 * 8);
            }
            beyond = beyond || T::beyond(v.x * scale) || T::beyond(v.y * scale);
            parts(v.x * scale, v.y * scale, packed[i]);
        }
        return beyond;
    }

    // Positions from `first` on, zeros from `end` on. first is a multiple of KEYS.
    template <bool KEY>
    static __device__ __forceinline__ void fetch(u8* shared, const Kv& kv, const KvPart& part, int head, int first, int end) {
        if (SEALED && first / PAGE < part.sealed) {
            widen<KEY>(shared, kv, part, head, first);
            return;
        }
        bool whole = kv.blockTokens % KEYS == 0;
        const typename T::Stored* base = KEY ? keyAt<T>(kv, part, head, first) : valueAt<T>(kv, part, head, first);
        for (int i = threadIdx.x; i < KEYS * PIECES; i += THREADS) {
            int row = i / PIECES;
            int piece = i % PIECES;
            bool present = first + row < end && (!WIDE || piece * 8 < kv.headDim);
            const typename T::Stored* from = base;
            if (whole) {
                if (present) from += row * dim(kv);
            } else if (present) {
                from = KEY ? keyAt<T>(kv, part, head, first + row) : valueAt<T>(kv, part, head, first + row);
            }
            copy16(shared + row * ROW + piece * 16, from + piece * 8, present);
        }
    }

    // A sealed block; all its positions are seen.
    template <bool KEY>
    static __device__ __forceinline__ void widen(u8* shared, const Kv& kv, const KvPart& part, int head, int first) {
        for (int i = threadIdx.x; i < KEYS * PIECES; i += THREADS) {
            int row = i / PIECES;
            int piece = i % PIECES;
            float x[8] = {0, 0, 0, 0, 0, 0, 0, 0};
            if (WIDE && piece * 8 >= kv.headDim) {
            } else if (KEY) {
                KeyRow<T, true> from;
                from.find(kv, part, head, first + row);
                from.template load<8>(kv, piece * 8, x);
            } else {
                ValueRow<T, true> from;
                from.find(kv, part, head, first + row);
                from.template load<8>(kv, piece * 8, x);
            }
            uint4 packed = make_uint4(
                narrow2<T>(x[0], x[1]), narrow2<T>(x[2], x[3]), narrow2<T>(x[4], x[5]), narrow2<T>(x[6], x[7]));
            *(uint4*)(shared + row * ROW + piece * 16) = packed;
        }
    }

    // Adds the products of two tiles of 8 keys in 16 channels.
    static __device__ __forceinline__ void multiply(float* low, float* high, const u32 (&q)[4][TERMS], u32 keys) {
        u32 b[4];
        loadMatrix4(b, keys);
#pragma unroll
        for (int p = 0; p < TERMS; p++) {
            Mma<T>::go(low, q[0][p], q[1][p], q[2][p], q[3][p], b[0], b[1]);
            Mma<T>::go(high, q[0][p], q[1][p], q[2][p], q[3][p], b[2], b[3]);
        }
    }

    static __device__ __forceinline__ void run(
        const float* query, float* out, int group, float scale, u32* beyond, const Kv& kv, const Scores* scores) {
        __shared__ __align__(128) u8 keys[KEYS * ROW];
        __shared__ __align__(128) u8 values[KEYS * ROW];
        const KvPart& part = kv.parts[blockIdx.z];
        int position = part.position;
        int tokens = part.rows;
        if (blockIdx.x * TILE >= tokens) return;
        int lane = threadIdx.x % WARP;
        int warp = threadIdx.x / WARP;
        int head = blockIdx.y / group;
        int t0 = ((tokens - 1) / TILE - blockIdx.x) * TILE; // the longest first
        int own = t0 + warp * 16;                     // this warp's first query
        int row = own + lane / 4;                     // this lane's queries: row and row + 8
        size_t width = (size_t)gridDim.y * dim(kv);
        query += part.row * width;
        out += part.row * width;
        int end = position + min(t0 + TILE, tokens);
        int start = 0; // what the first query sees first
        float slope = 0;
        if (SCORED) {
            if (scores->window > 0) start = max(0, position + t0 + 1 - scores->window) / KEYS * KEYS;
            slope = scores->slope[blockIdx.y] * 1.44269504088896341f;
        }

        fetch<true>(keys, kv, part, head, start, end);
        copiesIssued();

        u32 q[WIDE ? 1 : K][4][TERMS];
        const float* from = query + (size_t)blockIdx.y * dim(kv) + lane % 4 * 2;
        if constexpr (!WIDE) {
            bool some = false;
#pragma unroll
            for (int k = 0; k < K; k++) some = queries(from, row, tokens, width, k, DIM, scale, q[k]) || some;
            if (some) *beyond = 1;
        }

        float sum[DIM / 8][4];
#pragma unroll
        for (int i = 0; i < DIM / 2; i++) (&sum[0][0])[i] = 0;
        float most[2] = {-INFINITE, -INFINITE};
        float total[2] = {0, 0}; // of this lane's columns
        u32 keyRow = sharedAddress(keys) + (lane / 16 * 8 + lane % 8) * ROW + lane / 8 % 2 * 16;
        u32 valueRow = sharedAddress(values) + lane % 16 * ROW + lane / 16 * 16;

        for (int first = start; first < end; first += KEYS) {
            fetch<false>(values, kv, part, head, first, end);
            copiesIssued();
            copiesDone<1>();
            __syncthreads();

            float s[KEYS / 8][4];
#pragma unroll
            for (int i = 0; i < KEYS / 2; i++) (&s[0][0])[i] = 0;
            if constexpr (WIDE) {
#pragma unroll 2
                for (int k = 0; k < K; k++) {
                    if (queries(from, row, tokens, width, k, kv.headDim, scale, q[0])) *beyond = 1;
#pragma unroll
                    for (int n = 0; n < KEYS / 8; n += 2) multiply(s[n], s[n + 1], q[0], keyRow + n * 8 * ROW + k * 32);
                }
            } else {
#pragma unroll
                for (int n = 0; n < KEYS / 8; n += 2) {
#pragma unroll
                    for (int k = 0; k < K; k++) multiply(s[n], s[n + 1], q[k], keyRow + n * 8 * ROW + k * 32);
                }
            }
            __syncthreads();
            if (first + KEYS < end) fetch<true>(keys, kv, part, head, first + KEYS, end);
            copiesIssued();

            if (SCORED) {
#pragma unroll
                for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
                    for (int i = 0; i < 4; i++) {
                        int ahead = first + n * 8 + lane % 4 * 2 + i % 2 - (position + row + i / 2 * 8);
                        bool seen = ahead <= 0 && (scores->window == 0 || ahead > -scores->window);
                        s[n][i] = seen ? fmaf(slope, (float)ahead, s[n][i]) : -INFINITE;
                    }
                }
            } else if (first + KEYS > position + own + 1) { // some key lies after some query of this warp
#pragma unroll
                for (int n = 0; n < KEYS / 8; n++) {
#pragma unroll
                    for (int i = 0; i < 4; i++) {
                        if (first + n * 8 + lane % 4 * 2 + i % 2 > position + row + i / 2 * 8) s[n][i] = -INFINITE;
                    }
                }
            }
#pragma unroll
            for (int h = 0; h < 2; h++) {
                float m = most[h];
#pragma unroll
                for (int n = 0; n < KEYS / 8; n++) m = fmaxf(m, fmaxf(s[n][2 * h], s[n][2 * h + 1]));
                m = fmaxf(m, __shfl_xor_sync(EVERYONE, m, 1));
                m = fmaxf(m, __shfl_xor_sync(EVERYONE, m, 2)); // finite if not SCORED: every query sees the first key
                float base = SCORED && m == -INFINITE ? 0.f : m;
                float fade = exp2f(most[h] - base);
                most[h] = m;
                total[h] *= fade;
#pragma unroll
                for (int n = 0; n < DIM / 8; n++) {
                    sum[n][2 * h] *= fade;
                    sum[n][2 * h + 1] *= fade;
                }
#pragma unroll
                for (int n = 0; n < KEYS / 8; n++) {
                    s[n][2 * h] = exp2f(s[n][2 * h] - base);
                    s[n][2 * h + 1] = exp2f(s[n][2 * h + 1] - base);
                    total[h] += s[n][2 * h] + s[n][2 * h + 1];
                }
            }

            copiesDone<1>();
            __syncthreads();
#pragma unroll
            for (int k = 0; k < KEYS / 16; k++) {
                u32 w[4][TERMS];
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    const float* pair = s[2 * k + i / 2] + i % 2 * 2;
                    parts(pair[0], pair[1], w[i]);
                }
#pragma unroll
                for (int n = 0; n < DIM / 8; n += 2) {
                    u32 b[4];
                    loadMatrix4Transposed(b, valueRow + k * 16 * ROW + n * 16);
#pragma unroll
                    for (int p = 0; p < TERMS; p++) {
                        Mma<T>::go(sum[n], w[0][p], w[1][p], w[2][p], w[3][p], b[0], b[1]);
                        Mma<T>::go(sum[n + 1], w[0][p], w[1][p], w[2][p], w[3][p], b[2], b[3]);
                    }
                }
            }
            __syncthreads();
        }

#pragma unroll
        for (int h = 0; h < 2; h++) {
            float all = total[h];
            all += __shfl_xor_sync(EVERYONE, all, 1);
            all += __shfl_xor_sync(EVERYONE, all, 2);
            int r = row + h * 8;
            if (r >= tokens) continue;
            float* to = out + r * width + (size_t)blockIdx.y * dim(kv) + lane % 4 * 2;
#pragma unroll
            for (int n = 0; n < DIM / 8; n++) {
                if (WIDE && n * 8 >= kv.headDim) break;
                *(float2*)(to + n * 8) = make_float2(sum[n][2 * h] / all, sum[n][2 * h + 1] / all);
            }
        }
    }
};

// Grid: (most queries of a part / 64, query heads, parts). scale includes log2 e. headDim == DIM, or a multiple of 8 up to DIM
// where that is more than 128. beyond: set if a scaled query is out of the type's range.
#define PREFILL(NAME, DIM, SEALED)                                                                                             \
    KERNEL(ATTENTION(prefill_##NAME), THREADS)(                                                                                \
        const float* query, float* out, int group, float scale, u32* beyond, const __grid_constant__ Kv kv SCORES) {           \
        afterEarlierKernels();                                                                                                 \
        Prefill<TYPE, DIM, SEALED, HAS_SCORES>::run(query, out, group, scale, beyond, kv, GIVEN_SCORES);                       \
    }
PREFILL(64, 64, false)
PREFILL(80, 80, false)
PREFILL(96, 96, false)
PREFILL(128, 128, false)
PREFILL(256, 256, false)
PREFILL(sealed_64, 64, true)
PREFILL(sealed_80, 80, true)
PREFILL(sealed_96, 96, true)
PREFILL(sealed_128, 128, true)
PREFILL(sealed_256, 256, true)

#endif
#endif
