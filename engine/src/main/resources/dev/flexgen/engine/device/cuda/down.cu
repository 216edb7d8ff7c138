// Down projections of a few tokens: out[t] += sum over n of in[t][n] * weight[n]. After a ReLU most inputs are zero, and the
// weights of such rows are not read: the rows that count are listed first, then read with many loads under way.
#include "common.cuh"
#include "projection.cuh"

// 16 or, for half as many columns a lane, 8 bytes of a row.
template <class T, int COLUMNS> struct Piece;

template <class T> struct Piece<T, T::PER> {
    typedef uint4 Raw;
    static __device__ __forceinline__ Raw load(const u8* p, bool present) { return stream16(p, present); }
    static __device__ __forceinline__ void widen(Raw raw, float* x) { T::widen(raw, x); }
};

template <class T> struct Halved {
    typedef uint2 Raw;
    static __device__ __forceinline__ Raw load(const u8* p, bool present) { return stream8(p, present); }
    static __device__ __forceinline__ void widen(Raw raw, float* x) {
        T::widen2(raw.x, x);
        T::widen2(raw.y, x + 2);
    }
};

template <> struct Piece<F16, 4> : Halved<F16> {};
template <> struct Piece<BF16, 4> : Halved<BF16> {};

// A block takes WARP * COLUMNS columns of a range of rows, each of its warps every eighth row of it: lists those that count, by
// chunks of CHECK * 32, and reads the listed ones DEEP at a time. The sums of a block's warps meet in shared memory, those of the
// ranges in `partial` ([range][token][column]), where the last block of a column tile adds them up in order. Which warp takes a
// row and the order of sums depend on the row's number alone, so a token's result does not depend on the other tokens: a row that
// counts for those only adds zeros.
template <class T, int TOKENS, int COLUMNS, int CHECK, int DEEP> struct DownFew {
    typedef Piece<T, COLUMNS> P;
    static const int CHUNK = CHECK * WARP; // listed by a warp at a time
    static const int TILE = WARP * COLUMNS;

    struct Shared {
        int row[WARPS][CHUNK];
        float value[WARPS][CHUNK * TOKENS]; // [listed row][token]
        float sums[WARPS * TILE];
    };

    struct Inputs {
        float v[CHECK][TOKENS];
    };

    static __device__ __forceinline__ int rowOf(int first, int k) {
        return first + (k * WARP + threadIdx.x % WARP) * WARPS + threadIdx.x / WARP;
    }

    static __device__ __forceinline__ void read(Inputs& inputs, const float* in, int tokens, int rows, int first, int end) {
#pragma unroll
        for (int k = 0; k < CHECK; k++) {
            int n = rowOf(first, k);
#pragma unroll
            for (int t = 0; t < TOKENS; t++) inputs.v[k][t] = t < tokens && n < end ? in[(size_t)t * rows + n] : 0.f;
        }
    }

    // Lists the warp's rows from `first` on that any token needs, in order; all of them if they are `dense`.
    static __device__ __forceinline__ int list(Shared& s, const Inputs& inputs, bool dense, int first, int end) {
        int lane = threadIdx.x % WARP;
        int warp = threadIdx.x / WARP;
        int total = 0;
        __syncwarp(); // the last list has been read
#pragma unroll
        for (int k = 0; k < CHECK; k++) {
            bool active = dense && rowOf(first, k) < end;
#pragma unroll
            for (int t = 0; t < TOKENS; t++) active = active || inputs.v[k][t] != 0.f;
            u32 all = __ballot_sync(EVERYONE, active);
            if (active) {
                int at = total + __popc(all & ((1u << lane) - 1));
                s.row[warp][at] = rowOf(first, k);
#pragma unroll
                for (int t = 0; t < TOKENS; t++) s.value[warp][at * TOKENS + t] = inputs.v[k][t];
            }
            total += __popc(all);
        }
        __syncwarp();
        return total;
    }

    static __device__ __forceinline__ void run(
        const void* weight, const float* in, float* out, float* partial, u32* counters, int tokens, int rows, int columns,
        int range, int fetched) {
        __shared__ Shared s;
        int lane = threadIdx.x % WARP;
        int warp = threadIdx.x / WARP;
        int column = blockIdx.x * TILE + lane * COLUMNS;
        bool inside = column < columns;
        const u8* base = (const u8*)weight + (size_t)(inside ? column : 0) * (16 / T::PER);
        size_t rowBytes = (size_t)columns * (16 / T::PER);
        float sum[TOKENS][COLUMNS];
#pragma unroll
        for (int i = 0; i < TOKENS * COLUMNS; i++) (&sum[0][0])[i] = 0;
        int start = blockIdx.y * range;
        int end = min(rows, start + range);
        // What will be read in any case is on its way before the kernels before this one are done.
        size_t tile = (size_t)blockIdx.x * TILE * (16 / T::PER);
        int bytes = (int)min((size_t)TILE * (16 / T::PER), rowBytes - tile);
        for (int n = start + threadIdx.x; n < min(start + fetched, end); n += THREADS) {
            fetchToL2((const u8*)weight + n * rowBytes + tile, bytes);
        }
        afterEarlierKernels();
        Inputs inputs;
        read(inputs, in, tokens, rows, start, end);
        for (int first = start; first < end; first += CHUNK * WARPS) {
            int listed = list(s, inputs, fetched > 0, first, end);
            read(inputs, in, tokens, rows, first + CHUNK * WARPS, end);
            for (int e0 = 0; e0 < listed; e0 += DEEP) {
                typename P::Raw raw[DEEP];
#pragma unroll
                for (int d = 0; d < DEEP; d++) {
                    int e = e0 + d;
                    raw[d] = P::load(base + s.row[warp][min(e, listed - 1)] * rowBytes, inside && e < listed);
                }
                __syncwarp(); // all loads before the first use: left alone, the assembler saves registers instead
#pragma unroll
                for (int d = 0; d < DEEP; d++) {
                    int e = min(e0 + d, listed - 1); // past the end the weights are zeros
                    float w[COLUMNS];
                    P::widen(raw[d], w);
#pragma unroll
                    for (int t = 0; t < TOKENS; t++) {
                        float v = s.value[warp][e * TOKENS + t];
#pragma unroll
                        for (int c = 0; c < COLUMNS; c++) sum[t][c] += v * w[c];
                    }
                }
            }
        }
        join(s, sum, out, partial, counters, tokens, columns);
    }

    static __device__ __forceinline__ void join(
        Shared& s, const float (&sum)[TOKENS][COLUMNS], float* out, float* partial, u32* counters, int tokens, int columns) {
        int lane = threadIdx.x % WARP;
        int warp = threadIdx.x / WARP;
        int tile = blockIdx.x * TILE;
#pragma unroll
        for (int t = 0; t < TOKENS; t++) {
            if (t >= tokens) break;
#pragma unroll
            for (int c = 0; c < COLUMNS; c += 4) {
                // By quarters of a lane's columns: neighbouring lanes, neighbouring banks.
                *(float4*)(s.sums + warp * TILE + c * WARP + lane * 4) =
                    make_float4(sum[t][c], sum[t][c + 1], sum[t][c + 2], sum[t][c + 3]);
            }
            __syncthreads();
            for (int c = threadIdx.x; c < TILE; c += THREADS) {
                int at = c % COLUMNS / 4 * 4 * WARP + c / COLUMNS * 4 + c % 4;
                float total = 0;
#pragma unroll
                for (int w = 0; w < WARPS; w++) total += s.sums[w * TILE + at];
                if (tile + c < columns) {
                    if (gridDim.y == 1) {
                        out[(size_t)t * columns + tile + c] += total;
                    } else {
                        partial[((size_t)blockIdx.y * tokens + t) * columns + tile + c] = total;
                    }
                }
            }
            __syncthreads();
        }
        if (gridDim.y == 1 || !lastToArrive(counters + blockIdx.x, gridDim.y)) return;
        addRanges<TILE>(s.sums, out, partial, tokens, columns, columns);
    }
};

// Grid: (column tiles, ranges of `range` rows). `fetched`: so many rows of each range are fetched before the inputs are there, and
// none is left out. columns * size % 16 == 0. tokens <= TOKENS. counters: one a column tile, zero.
#define DOWN_FEW(TOKENS, COLUMNS, CHECK, DEEP, BLOCKS)                                                                          \
    KERNEL_OF(down_##TOKENS, THREADS, BLOCKS)(                                                                                          \
        const void* weight, const float* in, float* out, float* partial, u32* counters, int tokens, int rows, int columns,     \
        int range, int fetched) {                                                                                              \
        DownFew<TYPE, TOKENS, COLUMNS, CHECK, DEEP>::run(                                                                      \
            weight, in, out, partial, counters, tokens, rows, columns, range, fetched);                                        \
    }
DOWN_FEW(1, TYPE::PER, 2, 8, 4)
DOWN_FEW(4, TYPE::PER, 1, 8, 2)
DOWN_FEW(16, 4, 1, 8, 1)

// Rows of any length and alignment: a thread a column, four tokens at a time. Grid: (columns / 256, tokens / 4).
KERNEL(down_any, THREADS)(const void* weight, const float* in, float* out, int tokens, int rows, int columns) {
    afterEarlierKernels();
    int c = blockIdx.x * THREADS + threadIdx.x;
    if (c >= columns) return;
    int t0 = blockIdx.y * 4;
    float sum[4] = {0, 0, 0, 0};
    for (int n = 0; n < rows; n++) {
        float v[4];
        bool active = false;
#pragma unroll
        for (int t = 0; t < 4; t++) {
            v[t] = t0 + t < tokens ? in[(size_t)(t0 + t) * rows + n] : 0.f;
            active = active || v[t] != 0.f;
        }
        if (!active) continue;
        float w = TYPE::widen(((const TYPE::Stored*)weight)[(size_t)n * columns + c]);
#pragma unroll
        for (int t = 0; t < 4; t++) sum[t] += v[t] * w;
    }
#pragma unroll
    for (int t = 0; t < 4; t++) {
        if (t0 + t < tokens) out[(size_t)(t0 + t) * columns + c] += sum[t];
    }
}
