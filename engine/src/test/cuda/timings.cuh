// Kernels at the shapes of OPT-6.7B and OPT-30B, on weights that no cache holds, against the card's copy rate.
#pragma once

#include "support.cuh"

static double microseconds(int repeats, const std::function<void(int)>& body) {
    cudaEvent_t a, b;
    CHECK(cudaEventCreate(&a));
    CHECK(cudaEventCreate(&b));
    vector<double> times;
    for (int round = 0; round < 6; round++) {
        CHECK(cudaEventRecord(a));
        for (int i = 0; i < repeats; i++) body(i);
        CHECK(cudaEventRecord(b));
        CHECK(cudaEventSynchronize(b));
        float ms;
        CHECK(cudaEventElapsedTime(&ms, a, b));
        if (round > 0) times.push_back(1000. * ms / repeats);
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

__global__ void randomHalves(uint16_t* p, size_t n, Type type) {
    for (size_t i = blockIdx.x * (size_t)blockDim.x + threadIdx.x; i < n; i += (size_t)gridDim.x * blockDim.x) {
        uint32_t x = (uint32_t)i * 2654435761u ^ 0x9e3779b9u;
        x ^= x >> 15, x *= 0x85ebca6bu, x ^= x >> 13;
        p[i] = type == F16 ? (uint16_t)((x & 0x83ff) | 0x2800 | (x >> 3 & 0x0400)) : (uint16_t)((x & 0x807f) | 0x3d00);
    }
}

static double limit; // GB/s

static void report(const string& what, double us, double bytes) {
    printf("%-44s %9.1f us %8.0f GB/s  %5.1f %%\n", what.c_str(), us, bytes / us * 1e-3, bytes / us * 1e-1 / limit);
}

static void timeAll() {
    int processors;
    CHECK(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, 0));
    size_t pool = 4ull << 30;
    uint8_t *weights, *other;
    CHECK(cudaMalloc(&weights, pool));
    CHECK(cudaMalloc(&other, pool));
    randomHalves<<<1024, 256>>>((uint16_t*)weights, pool / 2, F16);
    double copy = microseconds(4, [&](int) { CHECK(cudaMemcpyAsync(other, weights, pool, cudaMemcpyDeviceToDevice)); });
    limit = 2. * pool / copy * 1e-3;
    printf("copy: %.0f GB/s read and written\n", limit);
    Array in(16 * 49152, F32), out((size_t)16 * 50400, F32), sparse(16384 * 4, F32, 1, 0.94);
    Array wide((size_t)512 * 16384, F32), result((size_t)512 * 16384, F32), narrow((size_t)512 * 16384, F16);

    for (Type type : {F16, BF16}) {
        string s = SUFFIX[type];
        if (type == BF16) randomHalves<<<1024, 256>>>((uint16_t*)weights, pool / 2, BF16);
        for (auto shape : vector<vector<int>>{{4096, 4096, 3}, {16384, 4096, 1}, {50272, 4096, 1}, {7168, 7168, 3}}) {
            int rows = shape[0], columns = shape[1], count = shape[2];
            size_t bytes = (size_t)rows * columns * 2 * count;
            int copies = pool / bytes;
            for (int tokens : {1, 2, 4, 8, 16}) {
                if (rows != 16384 && tokens != 1) continue;
                for (string variant : {"1", "4", "tensor_8", "tensor_16"}) {
                    int most = atoi(variant.c_str() + (variant[0] == 't' ? 7 : 0));
                    if (tokens > most || (type == BF16 && (tokens < 8) != (most < 8))) continue;
                    int tileRows = most == 1 ? 2 : most == 4 ? 4 : 64;
                    int blocks = ceilDiv(ceilDiv(rows, tileRows) * count, variant[0] == 't' ? 1 : 8);
                    double us = microseconds(2 * copies, [&](int i) {
                        UpGroup g = {};
                        g.count = count;
                        for (int n = 0; n < count; n++) {
                            g.weight[n] = weights + (i % copies) * bytes + n * (bytes / count);
                            g.out[n] = (float*)out.device + n * 7168;
                            g.rows[n] = rows;
                        }
                        launch("up_" + variant + "_" + s, blocks, 256, 0, in.device, tokens, columns, 1, g, beyond);
                    });
                    report("up_" + variant + " " + s + " " + std::to_string(count) + "x[" + std::to_string(rows) + "," + std::to_string(columns) + "] x " + std::to_string(tokens), us, bytes);
                }
            }
        }
        for (auto shape : vector<vector<int>>{{4096, 4096}, {16384, 4096}, {28672, 7168}}) {
            int rows = shape[0], columns = shape[1];
            size_t bytes = (size_t)rows * columns * 2;
            int copies = pool / bytes;
            for (int tokens : {1, 4, 16}) {
                if (rows != 16384 && tokens != 1) continue;
                for (int dense = 1; dense >= 0; dense--) {
                    if (!dense && tokens > 4) continue;
                    const Array& x = dense ? in : sparse;
                    int active = 0;
                    for (int n = 0; n < std::min(rows, 16384); n++) {
                        bool any = false;
                        for (int t = 0; t < tokens; t++) any = any || x.host[t * rows + n] != 0;
                        active += any;
                    }
                    if (rows > 16384 && !dense) continue;
                    if (dense) active = rows;
                    for (int waves : {4, 8}) {
                        int tiles = ceilDiv(columns, 32 * (tokens <= 4 ? 8 : 4));
                        int range = std::max(64, ceilDiv(rows, std::max(1, waves * processors / tiles)));
                        double us = microseconds(2 * copies, [&](int i) {
                            launch("down_" + std::to_string(tokens) + "_" + s, dim3(tiles, ceilDiv(rows, range)), 256, 0, weights + (i % copies) * bytes, x.device,
                                out.device, partials, counters, tokens, rows, columns, range, 0);
                        });
                        report("down " + s + " [" + std::to_string(rows) + "," + std::to_string(columns) + "] x " + std::to_string(tokens) + " active " + std::to_string(active) +
                                " waves " + std::to_string(waves), us, (double)active * columns * 2);
                    }
                }
            }
        }
        for (auto shape : vector<vector<int>>{{4096, 4096, 1}, {16384, 4096, 1}, {4096, 16384, 0}, {4096, 4096, 0}}) {
            int outputs = shape[0], inputs = shape[1], up = shape[2];
            size_t bytes = (size_t)outputs * inputs * 2;
            int copies = pool / bytes;
            for (int tokens : {32, 128, 512}) {
                if (type == BF16 && tokens != 512) continue;
                for (int tile : {64, 128}) {
                    int across = ceilDiv(outputs, 128), tiles = ceilDiv(tokens, tile) * across;
                    int most = std::max(1, (tile == 128 ? 2 : 3) * processors / tiles);
                    for (int ranges : {1, most}) {

                        int range = ceilDiv(ceilDiv(inputs, ranges), 32) * 32;
                        double us = microseconds(16, [&](int i) {
                            launch(string("product_") + (up ? "up_" : "down_") + std::to_string(tile) + "_" + s, dim3(ceilDiv(tokens, tile), across, ceilDiv(inputs, range)), 128,
                                4 * (tile + 128) * 64, narrow.device, weights + (i % copies) * bytes, (void*)nullptr, result.device, partials, counters, tokens,
                                outputs, inputs, range, 0, inputs, outputs);
                        });
                        printf("product %-4s %s %d<-%d x %d tile %d ranges %d: %.1f us, %.0f TFLOP/s\n", up ? "up" : "down", s.c_str(), outputs, inputs, tokens, tile,
                            ranges, us, 2. * tokens * outputs * inputs / us * 1e-6);
                        if (most == 1) break;
                    }
                }
            }
        }
        double us = microseconds(20, [&](int) {
            launch("rows_narrow_" + s, 16 * processors, 256, 0, wide.device, narrow.device, 512ll * 16384, 1, beyond);
        });
        report("narrow " + s + " 512x16384", us, 512. * 16384 * 6);
        for (auto shape : vector<vector<int>>{{32, 128, 512, 0}, {32, 128, 512, 1536}, {32, 64, 512, 0}, {32, 80, 512, 0}, {32, 128, 1, 544}, {32, 128, 1, 2000}, {56, 128, 1, 544}, {32, 128, 4, 544}, {32, 128, 16, 544}}) {
            int heads = shape[0], dim = shape[1], tokens = shape[2], past = shape[3], length = past + tokens, blocks = ceilDiv(length, 64);
            size_t blockBytes = (size_t)heads * 64 * dim * 2, all = 2 * blockBytes * blocks;
            int copies = std::min<size_t>(32, pool / all);
            vector<Kv> kvs(copies);
            for (int c = 0; c < copies; c++) {
                kvs[c] = {};
                for (int b = 0; b < blocks; b++) {
                    kvs[c].keys[b] = weights + c * all + 2 * b * blockBytes;
                    kvs[c].values[b] = weights + c * all + (2 * b + 1) * blockBytes;
                }
                kvs[c].heads = heads, kvs[c].headDim = dim, kvs[c].blockTokens = 64, kvs[c].count = 1;
                kvs[c].parts[0] = {0, tokens, past, 0, 1, 0, 0, 0};
            }
            string what = s + " " + std::to_string(heads) + " heads of " + std::to_string(dim) + ", " + std::to_string(tokens) + " after " + std::to_string(past);
            if (tokens > 16) {
                double us = microseconds(2 * copies, [&](int i) {
                    launch("prefill_" + std::to_string(dim) + "_" + s, dim3(ceilDiv(tokens, 64), heads), 128, 0, wide.device, result.device, 1, 0.127f, beyond, kvs[i % copies]);
                });
                double flop = 4. * heads * dim * tokens * (past + tokens / 2.);
                printf("prefill %s: %.1f us, %.0f TFLOP/s\n", what.c_str(), us, flop / us * 1e-6);
            } else {
                int rows = tokens == 1 ? 1 : 4, chunks = ceilDiv(tokens, rows);
                for (int waves : {2, 4, 8}) {
                    int span = std::max(32, ceilDiv(length, ceilDiv(waves * processors, heads * chunks)));
                    int spans = ceilDiv(length, span);
                    for (Kv& kv : kvs) kv.parts[0].span = span;
                    double us = microseconds(4 * copies, [&](int i) {
                        launch("attend_" + std::to_string(rows) + "_" + s, dim3(spans * chunks, heads), 128, 4 * (rows * (dim + std::max(span, spans)) + 128 * 8), wide.device,
                            (void*)nullptr, (void*)nullptr, result.device, partials, counters, 1, 0, 0.088f, kvs[i % copies]);
                    });
                    report("attend " + what + " span " + std::to_string(span), us, 2. * length * heads * dim * 2);
                }
            }
        }
    }
    double us = microseconds(100, [&](int) { launch("rows_norm_f32", 1, 1024, 0, in.device, (void*)nullptr, in.device, in.device, out.device, 4096, 1e-5f, 1, 1); });
    printf("norm 1 x 4096: %.1f us\n", us);
    us = microseconds(100, [&](int) { launch("rows_norm_f32", 512, 1024, 0, wide.device, (void*)nullptr, in.device, in.device, result.device, 4096, 1e-5f, 1, 1); });
    printf("norm 512 x 4096: %.1f us\n", us);
    us = microseconds(100, [&](int) { launch("rows_bias_f32", dim3(64, 512), 256, 0, result.device, in.device, 16384, 1); });
    printf("bias 512 x 16384: %.1f us\n", us);
    us = microseconds(100, [&](int) { launch("rows_add_f32", 16, 256, 0, in.device, out.device, 4096ll, 1); });
    printf("add 1 x 4096: %.1f us\n", us);
}
