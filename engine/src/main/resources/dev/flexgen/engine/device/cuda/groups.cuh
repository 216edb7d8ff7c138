// Weights in groups of 64 columns, number = scale * integer + offset, as Encoding.Grouped lays them out: the integers of a row, then
// scale and offset of each group in F16, rows padded to 16 bytes. Behind common.cuh; TYPE is Q8, Q4 or Q3.
//
// Integers become floating-point numbers without conversion. A field that is masked out of a word where it is, and read as an F16 or
// F32, is a subnormal number: the integer times a power of two, exactly. Tensor cores and FMA take those at full speed, and the
// powers of two are taken out of the sums.
#ifndef FLEXGEN_GROUPS
#define FLEXGEN_GROUPS

#define GROUP 64

struct GroupScale {
    float scale;
    float offset;
};

__device__ __forceinline__ float powerOfTwo(int exponent) { return __int_as_float((exponent + 127) << 23); }

__device__ __forceinline__ u32 pick(u32 low, u32 high, u32 bytes) {
    u32 r;
    asm("prmt.b32 %0, %1, %2, %3;" : "=r"(r) : "r"(low), "r"(high), "r"(bytes));
    return r;
}

// Read once, and neighbours of it a little later: into L1, too. Zeros where not `present`.
__device__ __forceinline__ u32 cached4(const void* p, bool present) {
    u32 v;
    asm volatile("{ .reg .pred q; setp.ne.b32 q, %2, 0; mov.b32 %0, 0; @q ld.global.nc.u32 %0, [%1]; }"
                 : "=&r"(v)
                 : "l"(p), "r"((int)present));
    return v;
}

__device__ __forceinline__ uint2 cached8(const void* p, bool present) {
    uint2 v;
    asm volatile("{ .reg .pred q; setp.ne.b32 q, %3, 0; mov.b32 %0, 0; mov.b32 %1, 0; @q ld.global.nc.v2.u32 {%0, %1}, [%2]; }"
                 : "=&r"(v.x), "=&r"(v.y)
                 : "l"(p), "r"((int)present));
    return v;
}

__device__ __forceinline__ u32 cached2(const void* p, bool present) {
    u16 v;
    asm volatile("{ .reg .pred q; setp.ne.b32 q, %2, 0; mov.b16 %0, 0; @q ld.global.nc.u16 %0, [%1]; }"
                 : "=&h"(v)
                 : "l"(p), "r"((int)present));
    return v;
}

__device__ __forceinline__ u32 cached1(const void* p, bool present) {
    u32 v;
    asm volatile("{ .reg .pred q; setp.ne.b32 q, %2, 0; mov.b32 %0, 0; @q ld.global.nc.u8 %0, [%1]; }"
                 : "=&r"(v)
                 : "l"(p), "r"((int)present));
    return v;
}

// Of INTEGERS bytes of integers and SCALES bytes of scales a group.
template <int INTEGERS, int SCALES> struct GroupRows {
    static const int INTEGER_BYTES = INTEGERS;
    static const int SCALE_BYTES = SCALES;
    static __host__ __device__ __forceinline__ int groups(int columns) { return (columns + GROUP - 1) / GROUP; }
    static __device__ __forceinline__ size_t scalesAt(int columns) { return (size_t)groups(columns) * INTEGERS; }
    static __device__ __forceinline__ size_t rowBytes(int columns) {
        return ((size_t)groups(columns) * (INTEGERS + SCALES) + 15) / 16 * 16;
    }
};

struct WithOffset {
    static __device__ __forceinline__ GroupScale scale(u32 raw) {
        return {F16::widen((u16)raw), F16::widen((u16)(raw >> 16))};
    }
    static __device__ __forceinline__ u32 loadScale(const u8* p, bool present) { return cached4(p, present); }
};

struct Q4 : GroupRows<32, 4>, WithOffset {
    static const bool OFFSET = true;
    // Eight columns of a row, of a group the k-th.
    static __device__ __forceinline__ void integers(const u8* group, int k, float* x) {
        uint4 low = *(const uint4*)group;
        uint4 high = *(const uint4*)(group + 16);
        u32 words[8] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
#pragma unroll
        for (int w = 0; w < 8; w++) x[w] = (float)(words[w] >> 4 * k & 15);
    }
};

struct Q3 : GroupRows<24, 4>, WithOffset {
    static const bool OFFSET = true;
    static __device__ __forceinline__ void integers(const u8* group, int k, float* x) {
        int plane = 3 * k / 8;
        uint2 low = *(const uint2*)(group + 8 * plane);
        uint2 high = *(const uint2*)(group + 8 * min(plane + 1, 2));
#pragma unroll
        for (int w = 0; w < 8; w++) {
            u32 first = (w < 4 ? low.x : low.y) >> w % 4 * 8 & 0xff;
            u32 second = (w < 4 ? high.x : high.y) >> w % 4 * 8 & 0xff;
            x[w] = (float)((first | second << 8) >> 3 * k % 8 & 7);
        }
    }
};

struct Q8 : GroupRows<64, 2> {
    static const bool OFFSET = false;
    static __device__ __forceinline__ GroupScale scale(u32 raw) { return {F16::widen((u16)raw), 0.f}; }
    static __device__ __forceinline__ u32 loadScale(const u8* p, bool present) { return cached2(p, present); }
    static __device__ __forceinline__ void integers(const u8* group, int k, float* x) {
        uint2 raw = *(const uint2*)(group + 8 * k);
#pragma unroll
        for (int w = 0; w < 8; w++) x[w] = (float)(signed char)((w < 4 ? raw.x : raw.y) >> w % 4 * 8);
    }
};

// Columns 8 * piece to 8 * piece + 7 of a row.
template <class Q> __device__ __forceinline__ void decodeEight(const u8* row, int columns, int piece, float* x) {
    int group = piece / 8;
    GroupScale s = Q::scale(Q::loadScale(row + Q::scalesAt(columns) + group * Q::SCALE_BYTES, true));
    Q::integers(row + (size_t)group * Q::INTEGER_BYTES, piece % 8, x);
#pragma unroll
    for (int w = 0; w < 8; w++) x[w] = fmaf(s.scale, x[w], s.offset);
}

#endif
