// Rows of weights in groups as plain numbers: looked up, or for products of many tokens.
#include "common.cuh"
#include "groups.cuh"

#define IDS 512

struct Ids {
    int id[IDS];
};

// Grid: (width / 2048, ids). A thread takes eight columns.
KERNEL(grouprows_embed, 256)(const u8* table, float* out, int width, int add, const __grid_constant__ Ids ids) {
    afterEarlierKernels();
    int piece = blockIdx.x * blockDim.x + threadIdx.x;
    if (8 * piece >= width) return;
    float x[8];
    decodeEight<TYPE>(table + ids.id[blockIdx.y] * TYPE::rowBytes(width), width, piece, x);
    float* o = out + (size_t)blockIdx.y * width + 8 * piece;
#pragma unroll
    for (int w = 0; w < 8; w++) {
        if (8 * piece + w < width) o[w] = add ? o[w] + x[w] : x[w];
    }
}

#define DECODE_ROWS 4

// Rows in F16, as the tensor cores take them. Grid: (columns / 2048, rows / 4). `vectors`: rows of out are 16-byte aligned.
KERNEL(grouprows_decode, 256)(const u8* weight, u16* out, int rows, int columns, int vectors) {
    afterEarlierKernels();
    int piece = blockIdx.x * blockDim.x + threadIdx.x;
    if (8 * piece >= columns) return;
    size_t rowBytes = TYPE::rowBytes(columns);
    int first = blockIdx.y * DECODE_ROWS;
    float x[DECODE_ROWS][8];
#pragma unroll
    for (int r = 0; r < DECODE_ROWS; r++) {
        decodeEight<TYPE>(weight + min(first + r, rows - 1) * rowBytes, columns, piece, x[r]);
    }
#pragma unroll
    for (int r = 0; r < DECODE_ROWS; r++) {
        if (first + r >= rows) break;
        u16* o = out + (size_t)(first + r) * columns + 8 * piece;
        u32 packed[4];
#pragma unroll
        for (int i = 0; i < 4; i++) packed[i] = narrow2<F16>(F16::limit(x[r][2 * i]), F16::limit(x[r][2 * i + 1]));
        if (vectors) {
            *(uint4*)o = make_uint4(packed[0], packed[1], packed[2], packed[3]);
        } else {
#pragma unroll
            for (int w = 0; w < 8; w++) {
                if (8 * piece + w < columns) o[w] = (u16)(packed[w / 2] >> w % 2 * 16);
            }
        }
    }
}
