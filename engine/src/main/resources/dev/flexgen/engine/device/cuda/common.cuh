// Shared by all kernel files. Self-contained on purpose: NVRTC brings no headers, so conversions and tensor-core instructions
// are spelled in PTX. Compiles for sm_75 and later; what sm_75 lacks has another path here.
//
// A file is compiled once for each element type that is in use, with these defined: TYPE (F32, F16, BF16), SUFFIX (f32, f16,
// bf16), BITS (32, 16). A kernel's full name is file_variant_suffix.
#ifndef FLEXGEN_COMMON
#define FLEXGEN_COMMON

#define JOINED(name, suffix) name##_##suffix
#define NAMED(name, suffix) JOINED(name, suffix)
#define KERNEL(name, threads) extern "C" __global__ void __launch_bounds__(threads) NAMED(name, SUFFIX)
// With registers for so many blocks on a multiprocessor.
#define KERNEL_OF(name, threads, blocks) extern "C" __global__ void __launch_bounds__(threads, blocks) NAMED(name, SUFFIX)

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define WARP 32
#define EVERYONE 0xffffffffu
#define INFINITE __int_as_float(0x7f800000)

// ---------------------------------------------------------------------------------------------------------------- numbers

// An element type: how it is stored, how 16 bytes of it widen to F32, how one is rounded (to nearest, ties to even).

struct F32 {
    typedef float Stored;
    static const int PER = 4; // elements in 16 bytes
    static __device__ __forceinline__ float widen(Stored x) { return x; }
    static __device__ __forceinline__ Stored narrow(float x) { return x; }
    static __device__ __forceinline__ void widen(uint4 raw, float* x) {
        x[0] = __uint_as_float(raw.x);
        x[1] = __uint_as_float(raw.y);
        x[2] = __uint_as_float(raw.z);
        x[3] = __uint_as_float(raw.w);
    }
};

struct F16 {
    typedef u16 Stored;
    static const int PER = 8;
    static const int TERMS = 2; // that hold an F32's fraction, see split()
    static constexpr float REST = 1.f / 2048; // what the terms after the first count
    static __device__ __forceinline__ float widen(Stored x) {
        float y;
        asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x));
        return y;
    }
    static __device__ __forceinline__ Stored narrow(float x) {
        u16 y;
        asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y) : "f"(x));
        return y;
    }
    static __device__ __forceinline__ void widen2(u32 raw, float* x) {
        asm("{ .reg .b16 a, b; mov.b32 {a, b}, %2; cvt.f32.f16 %0, a; cvt.f32.f16 %1, b; }"
            : "=f"(x[0]), "=f"(x[1])
            : "r"(raw));
    }
    static __device__ __forceinline__ void widen(uint4 raw, float* x) {
        widen2(raw.x, x);
        widen2(raw.y, x + 2);
        widen2(raw.z, x + 4);
        widen2(raw.w, x + 6);
    }
    // What a tensor core is given: beyond the format's range the largest number rather than infinity.
    static __device__ __forceinline__ float limit(float x) { return x > 65504.f ? 65504.f : x < -65504.f ? -65504.f : x; }
    // Whether it is given another number than there was: the kernel then sets `beyond`.
    static __device__ __forceinline__ bool beyond(float x) { return fabsf(x) > 65504.f; }
};

struct BF16 {
    typedef u16 Stored;
    static const int PER = 8;
    static const int TERMS = 3;
    static constexpr float REST = 1;
    static __device__ __forceinline__ float widen(Stored x) { return __uint_as_float((u32)x << 16); }
    static __device__ __forceinline__ Stored narrow(float x) {
        u32 bits = __float_as_uint(x);
        if ((bits & 0x7fffffffu) > 0x7f800000u) return (u16)((bits >> 16) | 0x40); // NaN stays NaN
        return (u16)((bits + 0x7fffu + ((bits >> 16) & 1)) >> 16);
    }
    static __device__ __forceinline__ void widen2(u32 raw, float* x) {
        x[0] = __uint_as_float(raw << 16);
        x[1] = __uint_as_float(raw & 0xffff0000u);
    }
    static __device__ __forceinline__ void widen(uint4 raw, float* x) {
        widen2(raw.x, x);
        widen2(raw.y, x + 2);
        widen2(raw.z, x + 4);
        widen2(raw.w, x + 6);
    }
    static __device__ __forceinline__ float limit(float x) { return x; }
    static __device__ __forceinline__ bool beyond(float) { return false; }
};

template <class T> __device__ __forceinline__ u32 narrow2(float a, float b) {
    return (u32)T::narrow(a) | ((u32)T::narrow(b) << 16);
}

// ReLU, exact GELU, approximated GELU and SiLU, numbered as in CudaOps; 0 is none. The last two are
// x / (1 + e^-y): (1 + tanh(u)) / 2 is 1 / (1 + e^-2u).
__device__ __forceinline__ float activated(int activation, float x) {
    if (activation == 1) return fmaxf(x, 0.f);
    if (activation == 2) return 0.5f * x * (1.f + erff(x * 0.70710678118654752f));
    if (activation < 3) return x;
    float y = activation == 3 ? 1.59576912160573081f * (x + 0.044715f * x * x * x) : x;
    return x / (1.f + expf(-y));
}

// ----------------------------------------------------------------------------------------------------------------- memory

// Weights and old keys are read once: keep them out of L1, where the activations live. Zeros where not `present`; predicated, as
// branches would keep the compiler from issuing many loads in a row.
__device__ __forceinline__ uint4 stream16(const void* p, bool present) {
    uint4 v;
    asm volatile(
        "{ .reg .pred q; setp.ne.b32 q, %5, 0; mov.b32 %0, 0; mov.b32 %1, 0; mov.b32 %2, 0; mov.b32 %3, 0;"
        "@q ld.global.nc.L1::no_allocate.L2::128B.v4.u32 {%0, %1, %2, %3}, [%4]; }"
        : "=&r"(v.x), "=&r"(v.y), "=&r"(v.z), "=&r"(v.w)
        : "l"(p), "r"((int)present));
    return v;
}

// As stream16, for memory that this kernel writes, too.
__device__ __forceinline__ uint4 read16(const void* p) {
    uint4 v;
    asm volatile("ld.global.L1::no_allocate.L2::128B.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
                 : "l"(p)
                 : "memory");
    return v;
}

__device__ __forceinline__ uint2 stream8(const void* p, bool present) {
    uint2 v;
    asm volatile(
        "{ .reg .pred q; setp.ne.b32 q, %3, 0; mov.b32 %0, 0; mov.b32 %1, 0;"
        "@q ld.global.nc.L1::no_allocate.L2::128B.v2.u32 {%0, %1}, [%2]; }"
        : "=&r"(v.x), "=&r"(v.y)
        : "l"(p), "r"((int)present));
    return v;
}

__device__ __forceinline__ u32 sharedAddress(const void* p) { return (u32)__cvta_generic_to_shared(p); }

// 16 bytes from global to shared memory, or zeros; asynchronous where the GPU can.
__device__ __forceinline__ void copy16(void* shared, const void* global, bool present) {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
                 :
                 : "r"(sharedAddress(shared)), "l"(global), "r"(present ? 16 : 0)
                 : "memory");
#else
    *(uint4*)shared = present ? *(const uint4*)global : make_uint4(0, 0, 0, 0);
#endif
}

__device__ __forceinline__ void copiesIssued() {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

// Waits until at most PENDING of this thread's groups are under way.
template <int PENDING> __device__ __forceinline__ void copiesDone() {
#if __CUDA_ARCH__ >= 800
    asm volatile("cp.async.wait_group %0;" ::"n"(PENDING) : "memory");
#endif
}

// Sends `bytes` from `p` on, both multiples of 16, on their way to L2: for a kernel that begins before its inputs are there.
__device__ __forceinline__ void fetchToL2(const void* p, int bytes) {
#if __CUDA_ARCH__ >= 900
    if (bytes > 0) {
        asm volatile("cp.async.bulk.prefetch.L2.global [%0], %1;" ::"l"(__cvta_generic_to_global(p)), "r"(bytes) : "memory");
    }
#endif
}

// ------------------------------------------------------------------------------------------------- one kernel after another

// From sm_90 on, a kernel may begin while the one before it still runs (programmatic dependent launch). Every thread of every
// kernel calls this before it touches what an earlier kernel writes or reads; only weights and launch arguments, which no kernel
// writes, may be read before. So a kernel is complete only when all earlier ones are. The next one may begin from here on.
__device__ __forceinline__ void afterEarlierKernels() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

// ----------------------------------------------------------------------------------------------------------- tensor cores

__device__ __forceinline__ void loadMatrix4(u32* r, u32 address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address)
                 : "memory");
}

__device__ __forceinline__ void loadMatrix4Transposed(u32* r, u32 address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address)
                 : "memory");
}

// d += a b for a of 16 x 16, b of 16 x 8, sums in F32.
template <class T> struct Mma;

template <> struct Mma<F16> {
    static __device__ __forceinline__ void go(float* d, u32 a0, u32 a1, u32 a2, u32 a3, u32 b0, u32 b1) {
#if __CUDA_ARCH__ >= 800
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                     : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                     : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
#else
        asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
                     : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                     : "r"(a0), "r"(a1), "r"(b0));
        asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
                     : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                     : "r"(a2), "r"(a3), "r"(b1));
#endif
    }
};

template <> struct Mma<BF16> {
    static __device__ __forceinline__ void go(float* d, u32 a0, u32 a1, u32 a2, u32 a3, u32 b0, u32 b1) {
#if __CUDA_ARCH__ >= 800
        asm volatile(
            "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
            : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
            : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
#else
        __trap(); // no such instruction: CudaOps never starts these kernels below sm_80
#endif
    }
};

// Tensor cores take 16-bit factors. Where the other factor is stored in 16 bits anyway, an F32 number cut into TERMS parts
// loses nothing that F32 sums would keep. Parts of F16 have a scale each, 2048 apart, so that small numbers do not fall out of
// its range: the sums of the second part are kept apart and count 1/2048. BF16 has the range and needs a third part instead.
template <class T> __device__ __forceinline__ void split(float x, u16* parts);

template <> __device__ __forceinline__ void split<F16>(float x, u16* parts) {
    x = F16::limit(x);
    parts[0] = F16::narrow(x);
    parts[1] = F16::narrow((x - F16::widen(parts[0])) * 2048.f); // at most 16 * 2048
}

template <> __device__ __forceinline__ void split<BF16>(float x, u16* parts) {
    parts[0] = BF16::narrow(x);
    x -= BF16::widen(parts[0]);
    parts[1] = BF16::narrow(x);
    x -= BF16::widen(parts[1]);
    parts[2] = BF16::narrow(x);
}

// -------------------------------------------------------------------------------------------------------------- reduction

__device__ __forceinline__ float warpSum(float x) {
#pragma unroll
    for (int i = 16; i > 0; i >>= 1) x += __shfl_xor_sync(EVERYONE, x, i);
    return x;
}

__device__ __forceinline__ float warpMax(float x) {
#pragma unroll
    for (int i = 16; i > 0; i >>= 1) x = fmaxf(x, __shfl_xor_sync(EVERYONE, x, i));
    return x;
}

// True in all threads of the block that is the last of `blocks` to come here: it sees what the others wrote before. The counter
// is zero again afterwards. Sums are then added in a fixed order, so results do not depend on who was last.
__device__ __forceinline__ bool lastToArrive(u32* counter, u32 blocks) {
    __shared__ bool last;
    __syncthreads();
    if (threadIdx.x == 0) {
        u32 before; // releases what the block wrote, acquires what the others did
        asm volatile("atom.acq_rel.gpu.global.add.u32 %0, [%1], 1;" : "=r"(before) : "l"(counter) : "memory");
        last = before == blocks - 1;
        if (last) *counter = 0;
    }
    __syncthreads();
    return last;
}

// -------------------------------------------------------------------------------------------------------------- the cache

#define KV_NEAR 64
#define KV_PARTS 32

// Rows of one sequence in a launch.
struct KvPart {
    int row;      // the first, among all rows of the launch
    int rows;     // consecutive
    int position; // of the first
    int block;    // the sequence's first block, in the lists of blocks
    int span;     // positions that a thread block attends over
    int partial;  // first partial result, in rows
    int counter;  // the first
    int earlier;  // rows of the same sequence and step before `row`, in other parts
    int sealed;   // blocks that are sealed: the first ones
};

// The caches of a launch's sequences. Their blocks' addresses come with the launch, or, where those are many, lie in a table that
// rows_table wrote, maybe for another layer: then they are `keyShift` and `valueShift` bytes further on.
struct Kv {
    const u8* keys[KV_NEAR];
    const u8* values[KV_NEAR];
    const u8* const* table; // key, value, key, value ..., or null
    long long keyShift;
    long long valueShift;
    int heads;
    int headDim;
    int blockTokens;
    int count; // of parts
    KvPart parts[KV_PARTS];
};

// What scores are beside a scaled product, for the kernels of scored.cu: engine.device.Scoring.
#define SLOPES 256

struct Scores {
    int window; // positions that a query sees, its own included; 0 for all
    float slope[SLOPES]; // of each query head, for each position that a key lies before the query; mostly 0
};

// What kernels of attention have in their names, and take as their last argument.
#ifdef WITH_SCORES
#define ATTENTION(name) scored_##name
#define SCORES , const __grid_constant__ Scores scores
#define GIVEN_SCORES &scores
#define HAS_SCORES true
#else
#define ATTENTION(name) name
#define SCORES
#define GIVEN_SCORES nullptr
#define HAS_SCORES false
#endif

template <class T>
__device__ __forceinline__ typename T::Stored* keyAt(const Kv& kv, const KvPart& part, int head, int position) {
    int block = position / kv.blockTokens;
    int at = part.block + block;
    const u8* base = kv.table ? kv.table[2 * at] + kv.keyShift : kv.keys[at];
    return (typename T::Stored*)base + (size_t)(head * kv.blockTokens + position - block * kv.blockTokens) * kv.headDim;
}

template <class T>
__device__ __forceinline__ typename T::Stored* valueAt(const Kv& kv, const KvPart& part, int head, int position) {
    int block = position / kv.blockTokens;
    int at = part.block + block;
    const u8* base = kv.table ? kv.table[2 * at + 1] + kv.valueShift : kv.values[at];
    return (typename T::Stored*)base + (size_t)(head * kv.blockTokens + position - block * kv.blockTokens) * kv.headDim;
}

// Sealed blocks: engine.quant.PageFormat. Words of 8 channels in 4 bits each, row after row; then the scales.
#define PAGE 64  // positions of a sealed block
#define GROUP 64 // channels of a group of values

__device__ __forceinline__ int sealedChannels(int headDim) { return (headDim + 7) / 8 * 8; }
__device__ __forceinline__ int sealedRowBytes(int headDim) { return sealedChannels(headDim) / 2; }
__device__ __forceinline__ int sealedScalesAt(int headDim) { return PAGE * sealedRowBytes(headDim); }
__device__ __forceinline__ int sealedKeyBytes(int headDim) { return sealedScalesAt(headDim) + 4 * sealedChannels(headDim); }
__device__ __forceinline__ int sealedValueBytes(int headDim) {
    return sealedScalesAt(headDim) + 4 * PAGE * ((headDim + GROUP - 1) / GROUP);
}

__device__ __forceinline__ const u8* sealedKeys(const Kv& kv, const KvPart& part, int head, int block) {
    int at = part.block + block;
    const u8* base = kv.table ? kv.table[2 * at] + kv.keyShift : kv.keys[at];
    return base + (size_t)head * sealedKeyBytes(kv.headDim);
}

__device__ __forceinline__ const u8* sealedValues(const Kv& kv, const KvPart& part, int head, int block) {
    int at = part.block + block;
    const u8* base = kv.table ? kv.table[2 * at + 1] + kv.valueShift : kv.values[at];
    return base + (size_t)head * sealedValueBytes(kv.headDim);
}

// Field i of a word, exactly: an integer put into the fraction of 2^23.
__device__ __forceinline__ float sealedInteger(u32 word, int i) {
    return __uint_as_float(0x4b000000u | (word >> (4 * i) & 15)) - 8388608.f;
}

// Where one position's keys of one head are, whether its block is sealed or not. SEALED: whether any may be.
template <class T, bool SEALED> struct KeyRow {
    const typename T::Stored* open;
    const u8* words; // or null
    const u8* scales;

    __device__ __forceinline__ void find(const Kv& kv, const KvPart& part, int head, int position) {
        words = 0;
        if (SEALED && position / PAGE < part.sealed) {
            const u8* page = sealedKeys(kv, part, head, position / PAGE);
            words = page + position % PAGE * sealedRowBytes(kv.headDim);
            scales = page + sealedScalesAt(kv.headDim);
        } else {
            open = keyAt<T>(kv, part, head, position);
        }
    }

    // PER channels from c on: one, or as many as 16 bytes hold.
    template <int PER> __device__ __forceinline__ void load(const Kv& kv, int c, float* x) const {
        if (SEALED && words) {
            u32 word = *(const u32*)(words + c / 8 * 4);
            const u16* s = (const u16*)scales + c;
            const u16* o = s + sealedChannels(kv.headDim);
            if (PER == 8) {
                float scale[8], offset[8];
                F16::widen(*(const uint4*)s, scale);
                F16::widen(*(const uint4*)o, offset);
#pragma unroll
                for (int i = 0; i < PER; i++) x[i] = fmaf(sealedInteger(word, i), scale[i], offset[i]);
            } else {
                x[0] = fmaf(sealedInteger(word, c % 8), F16::widen(*s), F16::widen(*o));
            }
        } else if (PER > 1) {
            T::widen(read16(open + c), x);
        } else {
            x[0] = T::widen(open[c]);
        }
    }
};

template <class T, bool SEALED> struct ValueRow {
    const typename T::Stored* open;
    const u8* words; // or null
    const u32* scales;

    __device__ __forceinline__ void find(const Kv& kv, const KvPart& part, int head, int position) {
        words = 0;
        if (SEALED && position / PAGE < part.sealed) {
            const u8* page = sealedValues(kv, part, head, position / PAGE);
            words = page + position % PAGE * sealedRowBytes(kv.headDim);
            scales = (const u32*)(page + sealedScalesAt(kv.headDim)) + position % PAGE * ((kv.headDim + GROUP - 1) / GROUP);
        } else {
            open = valueAt<T>(kv, part, head, position);
        }
    }

    template <int PER> __device__ __forceinline__ void load(const Kv& kv, int c, float* x) const {
        if (SEALED && words) {
            u32 word = *(const u32*)(words + c / 8 * 4);
            float both[2]; // scale and offset
            F16::widen2(scales[c / GROUP], both);
            if (PER == 8) {
#pragma unroll
                for (int i = 0; i < PER; i++) x[i] = fmaf(sealedInteger(word, i), both[0], both[1]);
            } else {
                x[0] = fmaf(sealedInteger(word, c % 8), both[0], both[1]);
            }
        } else if (PER > 1) {
            T::widen(read16(open + c), x);
        } else {
            x[0] = T::widen(open[c]);
        }
    }
};

#endif
