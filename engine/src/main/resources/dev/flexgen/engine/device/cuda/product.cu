// Projections of many tokens, for machines without cuBLAS. 16-bit weights on tensor cores, everything else by FMA.
#include "common.cuh"

#if BITS == 16

// ------------------------------------------------------------------------------------------------------- on tensor cores

// out tile of TM tokens x 128 outputs, by steps of 32 along the inputs, STAGES of them on their way to shared memory. Four
// warps, two by two. Activations lie [token][k] in 16 bits, weights [output][k] (up) or [k][output] (down).
//
// Shared rows of 64 bytes (activations, up) and 256 bytes (down) are kept as 16-byte pieces, permuted by row so that the eight
// rows of a matrix load fall into different banks.
template <class T, bool UP, int TM> struct Tile {
    static const int TN = 128;
    static const int TK = 32;
    static const int STAGES = 4;
    static const int THREADS = 128;
    static const int M = TM / 32; // 16-row fragments of a warp
    static const int N = 8;       // 8-column fragments of a warp
    static const int A_BYTES = TM * TK * 2;
    static const int B_BYTES = TN * TK * 2;
    static const int STAGE_BYTES = A_BYTES + B_BYTES;

    struct Task {
        const u16* in;
        const u16* weight;
        const float* bias;
        float* out;
        float* partial;
        u32* counters;
        int tokens, outputs, inputs, range, activation;
        int inWidth, outWidth; // numbers from a token to the next
    };

    static __device__ __forceinline__ int narrowRow(int row, int piece) { return row * 64 + ((piece ^ (row >> 1 & 3)) << 4); }
    static __device__ __forceinline__ int wideRow(int row, int piece) { return row * 256 + ((piece ^ (row & 7)) << 4); }

    static __device__ __forceinline__ void fetch(u8* stage, const Task& task, int t0, int n0, int k0, int end) {
#pragma unroll
        for (int i = 0; i < TM * 4 / THREADS; i++) {
            int at = i * THREADS + threadIdx.x;
            int row = at / 4;
            int k = k0 + at % 4 * 8;
            bool present = t0 + row < task.tokens && k < end;
            copy16(stage + narrowRow(row, at % 4), present ? task.in + (size_t)(t0 + row) * task.inWidth + k : task.in, present);
        }
#pragma unroll
        for (int i = 0; i < TN * 4 / THREADS; i++) {
            int at = i * THREADS + threadIdx.x;
            if (UP) {
                int row = at / 4;
                int k = k0 + at % 4 * 8;
                bool present = n0 + row < task.outputs && k < end;
                copy16(
                    stage + A_BYTES + narrowRow(row, at % 4),
                    present ? task.weight + (size_t)(n0 + row) * task.inputs + k : task.weight,
                    present);
            } else {
                int row = at / 16;
                int n = n0 + at % 16 * 8;
                bool present = n < task.outputs && k0 + row < end;
                copy16(
                    stage + A_BYTES + wideRow(row, at % 16),
                    present ? task.weight + (size_t)(k0 + row) * task.outputs + n : task.weight,
                    present);
            }
        }
    }

    static __device__ __forceinline__ void multiply(u32 stage, float (&sum)[M][N][4], int warpM, int warpN, int lane) {
#pragma unroll
        for (int k = 0; k < TK / 16; k++) {
            u32 a[M][4];
            u32 b[N][2];
#pragma unroll
            for (int m = 0; m < M; m++) {
                loadMatrix4(a[m], stage + narrowRow(warpM + m * 16 + lane % 16, k * 2 + lane / 16));
            }
#pragma unroll
            for (int n = 0; n < N; n += 2) {
                u32 r[4];
                if (UP) {
                    loadMatrix4(r, stage + A_BYTES + narrowRow(warpN + n * 8 + lane / 16 * 8 + lane % 8, k * 2 + lane / 8 % 2));
                } else {
                    loadMatrix4Transposed(r, stage + A_BYTES + wideRow(k * 16 + lane % 16, warpN / 8 + n + lane / 16));
                }
                b[n][0] = r[0];
                b[n][1] = r[1];
                b[n + 1][0] = r[2];
                b[n + 1][1] = r[3];
            }
#pragma unroll
            for (int m = 0; m < M; m++) {
#pragma unroll
                for (int n = 0; n < N; n++) {
                    Mma<T>::go(sum[m][n], a[m][0], a[m][1], a[m][2], a[m][3], b[n][0], b[n][1]);
                }
            }
        }
    }

    static __device__ __forceinline__ void run(const Task& task) {
        extern __shared__ __align__(128) u8 shared[];
        int lane = threadIdx.x % WARP;
        int warp = threadIdx.x / WARP;
        int warpM = warp / 2 * (TM / 2);
        int warpN = warp % 2 * 64;
        int t0 = blockIdx.x * TM;
        int n0 = blockIdx.y * TN;
        int first = blockIdx.z * task.range;
        int end = min(task.inputs, first + task.range);
        int steps = (end - first + TK - 1) / TK;
        float sum[M][N][4];
#pragma unroll
        for (int i = 0; i < M * N * 4; i++) (&sum[0][0][0])[i] = 0;
#pragma unroll
        for (int s = 0; s < STAGES - 1; s++) {
            if (s < steps) fetch(shared + s * STAGE_BYTES, task, t0, n0, first + s * TK, end);
            copiesIssued();
        }
        for (int step = 0; step < steps; step++) {
            copiesDone<STAGES - 2>();
            __syncthreads();
            int next = step + STAGES - 1;
            if (next < steps) fetch(shared + next % STAGES * STAGE_BYTES, task, t0, n0, first + next * TK, end);
            copiesIssued();
            multiply(sharedAddress(shared) + step % STAGES * STAGE_BYTES, sum, warpM, warpN, lane);
        }
        if (gridDim.z > 1 && !joined(task, sum)) return;
#pragma unroll
        for (int m = 0; m < M; m++) {
#pragma unroll
            for (int n = 0; n < N; n++) {
                int r = n0 + warpN + n * 8 + lane % 4 * 2;
                if (r >= task.outputs) continue; // even, so the pair is inside or outside
#pragma unroll
                for (int h = 0; h < 2; h++) {
                    int t = t0 + warpM + m * 16 + h * 8 + lane / 4;
                    if (t >= task.tokens) continue;
                    float2* o = (float2*)(task.out + (size_t)t * task.outWidth + r);
                    float x = sum[m][n][2 * h];
                    float y = sum[m][n][2 * h + 1];
                    if (UP) {
                        if (task.bias) x += task.bias[r], y += task.bias[r + 1];
                        *o = make_float2(activated(task.activation, x), activated(task.activation, y));
                    } else {
                        *o = make_float2(o->x + x, o->y + y);
                    }
                }
            }
        }
    }

    // Inputs split over blockIdx.z: true in the block that then holds the sum of all, taken in order.
    static __device__ __forceinline__ bool joined(const Task& task, float (&sum)[M][N][4]) {
        const int numbers = M * N * 4;
        size_t tile = blockIdx.x + (size_t)gridDim.x * blockIdx.y;
        size_t tiles = (size_t)gridDim.x * gridDim.y;
        float* own = task.partial + (blockIdx.z * tiles + tile) * numbers * THREADS + threadIdx.x;
#pragma unroll
        for (int i = 0; i < numbers; i++) own[i * THREADS] = (&sum[0][0][0])[i];
        if (!lastToArrive(task.counters + tile, gridDim.z)) return false;
#pragma unroll
        for (int i = 0; i < numbers; i++) (&sum[0][0][0])[i] = 0;
        for (int z = 0; z < gridDim.z; z++) {
            const float* from = task.partial + (z * tiles + tile) * numbers * THREADS + threadIdx.x;
#pragma unroll
            for (int i = 0; i < numbers; i++) (&sum[0][0][0])[i] += __ldcg(from + i * THREADS);
        }
        return true;
    }
};

// Grid: (tokens / TM, outputs / 128, ranges of `range` inputs, a multiple of 32). inputs, outputs and both widths % 8 == 0. Dynamic
// shared memory: 4 * (TM + 128) * 64 bytes. partial: TM * 128 numbers a block, counters: one a tile, zero; for several ranges.
#define PRODUCT(LAYOUT, UP, TM)                                                                                                 \
    KERNEL(product_##LAYOUT##_##TM, 128)(                                                                                      \
        const u16* in, const u16* weight, const float* bias, float* out, float* partial, u32* counters, int tokens,            \
        int outputs, int inputs, int range, int activation, int inWidth, int outWidth) {                                       \
        afterEarlierKernels();                                                                                                 \
        Tile<TYPE, UP, TM>::run(                                                                                               \
            {in, weight, bias, out, partial, counters, tokens, outputs, inputs, range, activation, inWidth, outWidth});        \
    }
PRODUCT(up, true, 64)
PRODUCT(up, true, 128)
PRODUCT(down, false, 64)
PRODUCT(down, false, 128)

#endif

// ----------------------------------------------------------------------------------------------- any type, size, alignment

// out tile of 64 tokens x 64 outputs, 4 x 4 of them a thread; activations stay F32.
template <class T, bool UP>
__device__ __forceinline__ void productAny(
    const float* in, const void* weight, const float* bias, float* out, int tokens, int outputs, int inputs, int activation,
    int inWidth, int outWidth) {
    __shared__ float a[16][64 + 4];
    __shared__ float b[16][64 + 4];
    const typename T::Stored* w = (const typename T::Stored*)weight;
    int t0 = blockIdx.x * 64;
    int n0 = blockIdx.y * 64;
    int tx = threadIdx.x % 16;
    int ty = threadIdx.x / 16;
    float sum[4][4] = {};
    for (int k0 = 0; k0 < inputs; k0 += 16) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int at = i * 256 + threadIdx.x;
            int k = at % 16;
            int row = at / 16;
            bool inside = k0 + k < inputs;
            a[k][row] = inside && t0 + row < tokens ? in[(size_t)(t0 + row) * inWidth + k0 + k] : 0.f;
            if (UP) {
                b[k][row] = inside && n0 + row < outputs ? T::widen(w[(size_t)(n0 + row) * inputs + k0 + k]) : 0.f;
            } else {
                int n = at % 64;
                int kn = at / 64;
                b[kn][n] = k0 + kn < inputs && n0 + n < outputs ? T::widen(w[(size_t)(k0 + kn) * outputs + n0 + n]) : 0.f;
            }
        }
        __syncthreads();
#pragma unroll
        for (int k = 0; k < 16; k++) {
            float4 x = *(float4*)&a[k][ty * 4];
            float4 y = *(float4*)&b[k][tx * 4];
            float xs[4] = {x.x, x.y, x.z, x.w};
            float ys[4] = {y.x, y.y, y.z, y.w};
#pragma unroll
            for (int i = 0; i < 4; i++) {
#pragma unroll
                for (int j = 0; j < 4; j++) sum[i][j] += xs[i] * ys[j];
            }
        }
        __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
#pragma unroll
        for (int j = 0; j < 4; j++) {
            int t = t0 + ty * 4 + i;
            int r = n0 + tx * 4 + j;
            if (t >= tokens || r >= outputs) continue;
            float* o = out + (size_t)t * outWidth + r;
            *o = UP ? activated(activation, sum[i][j] + (bias ? bias[r] : 0.f)) : *o + sum[i][j];
        }
    }
}

// Grid: (tokens / 64, outputs / 64).
#define PRODUCT_ANY(LAYOUT, UP)                                                                                                 \
    KERNEL(product_##LAYOUT##_any, 256)(                                                                                       \
        const float* in, const void* weight, const float* bias, float* out, int tokens, int outputs, int inputs,               \
        int activation, int inWidth, int outWidth) {                                                                           \
        afterEarlierKernels();                                                                                                 \
        productAny<TYPE, UP>(in, weight, bias, out, tokens, outputs, inputs, activation, inWidth, outWidth);                   \
    }
PRODUCT_ANY(up, true)
PRODUCT_ANY(down, false)
