// Up projections of a few tokens: out[t][r] = activation(in[t] . weight[r] + bias[r]). Bound by reading the weights, so what
// matters is that many 16-byte loads are under way. Up to three matrices over the same input share a launch.
#include "common.cuh"
#include "projection.cuh"

// ------------------------------------------------------------------------------------------------- on the ordinary cores

// A warp takes ROWS rows, so that an activation read from shared memory serves ROWS weights; each lane has ROWS * DEEP loads
// under way. The input is staged by tiles of TILE columns; within a warp's 16-byte steps its float4 are kept apart by lane,
// which leaves no bank conflicts.
template <class T, int TOKENS, int ROWS, int DEEP, int TILE> struct UpFew {
    static const int PER = T::PER;
    static const int STEP = WARP * PER; // columns that a warp reads of a row at a time
    static const int PARTS = PER / 4;

    static __device__ __forceinline__ void load(
        uint4 (&raw)[DEEP][ROWS], const u8* const (&row)[ROWS], int column, int columns) {
#pragma unroll
        for (int d = 0; d < DEEP; d++) {
            int c = column + d * STEP;
#pragma unroll
            for (int r = 0; r < ROWS; r++) {
                raw[d][r] = stream16(row[r] + (size_t)c * (16 / PER), c < columns);
            }
        }
    }

    static __device__ __forceinline__ void stage(float4* x, const float* in, int tokens, int columns, int from) {
        for (int i = threadIdx.x; i < TOKENS * TILE / 4; i += THREADS) {
            int t = i / (TILE / 4);
            int c = i % (TILE / 4) * 4;
            float4 v = make_float4(0, 0, 0, 0);
            if (t < tokens && from + c < columns) v = *(const float4*)(in + (size_t)t * columns + from + c);
            int step = c / STEP;
            int lane = c % STEP / PER;
            int part = c % PER / 4;
            x[((t * (TILE / STEP) + step) * PARTS + part) * WARP + lane] = v;
        }
    }

    static __device__ __forceinline__ void run(
        const UpGroup& group, const float* in, int tokens, int columns, int activation) {
        __shared__ float4 x[TOKENS * TILE / 4];
        int lane = threadIdx.x % WARP;
        UpPart part;
        bool some = locate(group, blockIdx.x * WARPS + threadIdx.x / WARP, ROWS, part);
        const u8* row[ROWS];
        float sum[ROWS][TOKENS];
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            int own = some ? min(part.row + r, part.rows - 1) : 0;
            row[r] = (const u8*)(some ? part.weight : group.weight[0]) + (size_t)own * columns * (16 / PER);
#pragma unroll
            for (int t = 0; t < TOKENS; t++) sum[r][t] = 0;
        }
        uint4 raw[DEEP][ROWS];
        load(raw, row, lane * PER, some ? columns : 0); // under way while the input is computed and staged
        afterEarlierKernels();
        for (int from = 0; from < columns; from += TILE) {
            if (from > 0) __syncthreads();
            stage(x, in, tokens, columns, from);
            __syncthreads();
            int end = some ? min(TILE, columns - from) : 0;
            for (int c = 0; c < end; c += DEEP * STEP) {
                if (from > 0 || c > 0) load(raw, row, from + c + lane * PER, columns);
#pragma unroll
                for (int d = 0; d < DEEP; d++) {
                    float w[ROWS][PER];
#pragma unroll
                    for (int r = 0; r < ROWS; r++) T::widen(raw[d][r], w[r]);
                    int step = c / STEP + d;
#pragma unroll
                    for (int t = 0; t < TOKENS; t++) {
#pragma unroll
                        for (int p = 0; p < PARTS; p++) {
                            float4 v = x[((t * (TILE / STEP) + step) * PARTS + p) * WARP + lane];
#pragma unroll
                            for (int r = 0; r < ROWS; r++) {
                                sum[r][t] += w[r][4 * p] * v.x;
                                sum[r][t] += w[r][4 * p + 1] * v.y;
                                sum[r][t] += w[r][4 * p + 2] * v.z;
                                sum[r][t] += w[r][4 * p + 3] * v.w;
                            }
                        }
                    }
                }
            }
        }
        if (!some) return;
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
#pragma unroll
            for (int t = 0; t < TOKENS; t++) {
                float total = warpSum(sum[r][t]);
                if (lane == (r * TOKENS + t) % WARP && t < tokens && part.row + r < part.rows) {
                    store(part, part.row + r, t, total, activation);
                }
            }
        }
    }
};

// Grid: (tiles of ROWS rows / 8). Rows 16-byte aligned, i.e. columns * size % 16 == 0. tokens <= TOKENS.
#define UP_FEW(TOKENS, ROWS, DEEP, TILE)                                                                                        \
    KERNEL(up_##TOKENS, THREADS)(                                                                                              \
        const float* in, int tokens, int columns, int activation, const __grid_constant__ UpGroup group) {                     \
        UpFew<TYPE, TOKENS, ROWS, DEEP, TILE>::run(group, in, tokens, columns, activation);                                    \
    }
UP_FEW(1, 2, 4, 8192)
UP_FEW(4, 4, 2, 2048)
UP_FEW(16, 4, 1, 512)

#if BITS == 16
// ------------------------------------------------------------------------------------------------------- on tensor cores

// 1 to 16 tokens: exact products of 16-bit weights with activations cut into parts (see split). A block takes 64 rows: two warps
// of 32 rows times four slices of the columns, whose sums meet in shared memory. A lane's 16 bytes of a row are taken as
// columns {0 1 8 9} and {2 3 10 11} ... of two products: any order will do as long as the activations have the same. The order of
// a token's sums does not depend on how many tokens there are, or how much of the input is staged at a time.
template <class T, int TILES> struct UpTensor {
    static const int TERMS = T::TERMS;
    static const int SLICE = 128; // columns of a warp at a time, in two halves: one is used while the other is on its way
    static const int STEP = 4 * SLICE;
    static const int ROWS = 64;
    static const int ROOM = TERMS * 1024; // pieces of 8 staged columns: STEP columns of 16 tokens, or more of fewer

    // [part][32 columns][token][8 columns]
    static __device__ __forceinline__ void stage(
        uint4* x, const float* in, int tokens, int columns, int from, int staged, u32* beyond) {
        for (int i = threadIdx.x; i < tokens * (staged / 8); i += THREADS) {
            int token = i / (staged / 8);
            int piece = i % (staged / 8);
            int c = from + piece * 8;
            u16 parts[8][TERMS];
            float v[8] = {0, 0, 0, 0, 0, 0, 0, 0};
            if (c < columns) {
                *(float4*)v = *(const float4*)(in + (size_t)token * columns + c);
                *(float4*)(v + 4) = *(const float4*)(in + (size_t)token * columns + c + 4);
            }
            float most = 0;
#pragma unroll
            for (int k = 0; k < 8; k++) most = fmaxf(most, fabsf(v[k]));
            if (T::beyond(most)) *beyond = 1;
#pragma unroll
            for (int k = 0; k < 8; k++) split<T>(v[k], parts[k]);
#pragma unroll
            for (int p = 0; p < TERMS; p++) {
                u32 packed[4];
#pragma unroll
                for (int k = 0; k < 4; k++) packed[k] = (u32)parts[2 * k][p] | ((u32)parts[2 * k + 1][p] << 16);
                x[((p * (staged / 32) + piece / 4) * tokens + token) * 4 + piece % 4] =
                    make_uint4(packed[0], packed[1], packed[2], packed[3]);
            }
        }
    }

    static __device__ __forceinline__ void load(uint4 (&raw)[2][4], const u16* const (&row)[4], int c, int columns) {
#pragma unroll
        for (int k = 0; k < 2; k++) {
#pragma unroll
            for (int r = 0; r < 4; r++) raw[k][r] = stream16(row[r] + c + 32 * k, c + 32 * k < columns);
        }
    }

    // Adds the products of 64 columns, from the staged columns number `at` on.
    static __device__ __forceinline__ void add(
        float (&sum)[2][2][TILES][4], const uint4 (&raw)[2][4], const uint4* x, int at, int tokens, int staged) {
        int lane = threadIdx.x % WARP;
#pragma unroll
        for (int k = 0; k < 2; k++) {
#pragma unroll
            for (int n = 0; n < TILES; n++) {
                int token = n * 8 + lane / 4;
#pragma unroll
                for (int p = 0; p < TERMS; p++) {
                    uint4 b = make_uint4(0, 0, 0, 0);
                    if (token < tokens) b = x[((p * (staged / 32) + at / 32 + k) * tokens + token) * 4 + lane % 4];
#pragma unroll
                    for (int m = 0; m < 2; m++) {
                        float* d = sum[p > 0][m][n];
                        uint4 low = raw[k][2 * m];
                        uint4 high = raw[k][2 * m + 1];
                        Mma<T>::go(d, low.x, high.x, low.y, high.y, b.x, b.y);
                        Mma<T>::go(d, low.z, high.z, low.w, high.w, b.z, b.w);
                    }
                }
            }
        }
    }

    static __device__ __forceinline__ void run(
        const UpGroup& group, const float* in, int tokens, int columns, int activation, u32* beyond) {
        __shared__ uint4 x[ROOM];
        int lane = threadIdx.x % WARP;
        int warp = threadIdx.x / WARP;
        int slice = warp % 4 * SLICE;
        UpPart part;
        bool some = locate(group, blockIdx.x, ROWS, part);
        int row0 = part.row + warp / 4 * 32 + lane / 4;
        const u16* row[4];
#pragma unroll
        for (int r = 0; r < 4; r++) {
            row[r] = (const u16*)part.weight + (size_t)min(row0 + 8 * r, part.rows - 1) * columns + lane % 4 * 8;
        }
        float sum[2][2][TILES][4]; // of the first parts, and of the others: tensor cores cut off, so add small to small
#pragma unroll
        for (int i = 0; i < 2 * 2 * TILES * 4; i++) (&sum[0][0][0][0])[i] = 0;
        uint4 first[2][4], second[2][4];
        int mine = columns - lane % 4 * 8; // what this lane's columns must be less than
        load(first, row, slice, some ? mine : 0); // under way while the input is computed and staged
        load(second, row, slice + 64, some ? mine : 0);
        afterEarlierKernels();
        if (!some) return;
        int staged = min((columns + STEP - 1) / STEP, ROOM / (TERMS * tokens * (STEP / 8))) * STEP;
        for (int from = 0; from < columns; from += staged) {
            if (from > 0) __syncthreads();
            stage(x, in, tokens, columns, from, staged, beyond);
            __syncthreads();
            int end = min(staged, columns - from);
            for (int at = slice; at - slice < end; at += STEP) {
                int next = from + at + STEP; // maybe of what is staged next
                add(sum, first, x, at, tokens, staged);
                load(first, row, next, mine);
                add(sum, second, x, at + 64, tokens, staged);
                load(second, row, next + 64, mine);
            }
        }
        finish(part, (float*)x, sum, tokens, activation);
    }

    // Adds up the four slices: [slice][row][token].
    static __device__ __forceinline__ void finish(
        const UpPart& part, float* sums, const float (&sum)[2][2][TILES][4], int tokens, int activation) {
        int lane = threadIdx.x % WARP;
        int warp = threadIdx.x / WARP;
        __syncthreads();
#pragma unroll
        for (int m = 0; m < 2; m++) {
#pragma unroll
            for (int n = 0; n < TILES; n++) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    int row = warp / 4 * 32 + m * 16 + lane / 4 + i / 2 * 8;
                    int token = n * 8 + lane % 4 * 2 + i % 2;
                    float s = sum[0][m][n][i] + sum[1][m][n][i] * T::REST;
                    sums[(warp % 4 * TILES * 8 + token) * ROWS + row] = s;
                }
            }
        }
        __syncthreads();
        for (int i = threadIdx.x; i < ROWS * TILES * 8; i += THREADS) {
            int row = i % ROWS;
            int token = i / ROWS;
            if (token < tokens && part.row + row < part.rows) {
                float s = 0;
#pragma unroll
                for (int slice = 0; slice < 4; slice++) s += sums[(slice * TILES * 8 + token) * ROWS + row];
                store(part, part.row + row, token, s, activation);
            }
        }
    }
};

// Grid: (tiles of 64 rows). columns % 8 == 0. tokens <= TOKENS. beyond: set if an activation is out of the type's range.
#define UP_TENSOR(TOKENS)                                                                                                       \
    KERNEL_OF(up_tensor_##TOKENS, THREADS, 2)(                                                                                     \
        const float* in, int tokens, int columns, int activation, const __grid_constant__ UpGroup group, u32* beyond) {        \
        UpTensor<TYPE, TOKENS / 8>::run(group, in, tokens, columns, activation, beyond);                                       \
    }
UP_TENSOR(8)
UP_TENSOR(16)

#endif

// ---------------------------------------------------------------------------------------------------------- any row length

// Rows of any length and alignment: a warp a row, four tokens at a time. Grid: (rows / 8).
KERNEL(up_any, THREADS)(
    const float* in, int tokens, int columns, int activation, const __grid_constant__ UpGroup group) {
    afterEarlierKernels();
    UpPart part;
    if (!locate(group, blockIdx.x * WARPS + threadIdx.x / WARP, 1, part)) return;
    int lane = threadIdx.x % WARP;
    const TYPE::Stored* row = (const TYPE::Stored*)part.weight + (size_t)part.row * columns;
    for (int t0 = 0; t0 < tokens; t0 += 4) {
        float sum[4] = {0, 0, 0, 0};
        for (int c = lane; c < columns; c += WARP) {
            float w = TYPE::widen(row[c]);
#pragma unroll
            for (int t = 0; t < 4; t++) sum[t] += w * in[(size_t)min(t0 + t, tokens - 1) * columns + c];
        }
#pragma unroll
        for (int t = 0; t < 4; t++) {
            float total = warpSum(sum[t]);
            if (lane == t && t0 + t < tokens) store(part, part.row, t0 + t, total, activation);
        }
    }
}
