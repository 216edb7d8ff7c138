// Checks the kernels against sums in double precision over awkward shapes, then times them against what the card copies and
// multiplies. Runs without Java. From the directory of the .cu resources:
//
//   for f in *.cu; do for t in f32 f16 bf16; do nvcc -cubin -arch=sm_90 -std=c++17 -DTYPE=${t^^} -DSUFFIX=$t \
//       -DBITS=$([ $t = f32 ] && echo 32 || echo 16) -o $BUILD/${f%.cu}_$t.cubin $f; done; done
//   nvcc -std=c++17 -O2 -o $BUILD/harness ../../../../../../../test/cuda/harness.cu && $BUILD/harness $BUILD [check|time|chain]
#include "checks.cuh"
#include "chain.cuh"
#include "timings.cuh"

int main(int count, char** arguments) {
    directory = count > 1 ? arguments[1] : ".";
    cudaDeviceProp properties;
    CHECK(cudaGetDeviceProperties(&properties, 0));
    printf("%s, %d multiprocessors\n", properties.name, properties.multiProcessorCount);
    CHECK(cudaMalloc(&partials, 256 << 20));
    CHECK(cudaMalloc(&counters, 65536));
    CHECK(cudaMemset(counters, 0, 65536));
    CHECK(cudaMalloc(&beyond, 4));
    CHECK(cudaMemset(beyond, 0, 4));
    string what = count < 3 ? "all" : arguments[2];
    if (what == "all" || what == "check") checkAll();
    if (what == "all" || what == "time") timeAll();
    if (what == "all" || what == "chain") timeChain();
    CHECK(cudaDeviceSynchronize());
    uint32_t some;
    CHECK(cudaMemcpy(&some, beyond, 4, cudaMemcpyDeviceToHost));
    if (some && ++failures) printf("FAIL a kernel says that numbers are out of F16's range\n");
    return failures != 0;
}
