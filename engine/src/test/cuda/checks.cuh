// Every kernel against sums in double precision.
#pragma once

#include "support.cuh"

static void checkUp(Type type, int rows, int columns, int tokens, const string& variant, int tileRows, int perBlock) {
    Array w(rows * columns, type), w2(3 * columns, type), in(tokens * columns, F32), bias(rows, F32);
    Array out(tokens * rows, F32), out2(tokens * 3, F32);
    UpGroup g = {{w.device, w2.device}, {(float*)bias.device, nullptr}, {(float*)out.device, (float*)out2.device}, {rows, 3}, 2};
    int tiles = ceilDiv(rows, tileRows) + ceilDiv(3, tileRows);
    launch("up_" + variant + "_" + SUFFIX[type], ceilDiv(tiles, perBlock), 256, 0, in.device, tokens, columns, 1, g, beyond);
    for (int which = 0; which < 2; which++) {
        int n = which ? 3 : rows;
        vector<double> want(tokens * n);
        for (int t = 0; t < tokens; t++) {
            for (int r = 0; r < n; r++) {
                double s = which ? 0 : bias.host[r];
                for (int c = 0; c < columns; c++) s += in.host[t * columns + c] * (which ? w2 : w).host[r * columns + c];
                want[t * n + r] = fmax(s, 0);
            }
        }
        compare("up_" + variant + " " + SUFFIX[type] + " [" + std::to_string(n) + "," + std::to_string(columns) + "] x " + std::to_string(tokens),
            which ? out2 : out, want, columns);
    }
}

static vector<double> downReference(const Array& w, const Array& in, const Array& out, int rows, int columns, int tokens) {
    vector<double> want = out.host;
    for (int t = 0; t < tokens; t++) {
        for (int n = 0; n < rows; n++) {
            for (int c = 0; c < columns; c++) want[t * columns + c] += in.host[t * rows + n] * w.host[n * columns + c];
        }
    }
    return want;
}

static void checkDown(Type type, int rows, int columns, int tokens, int most, double zeros, int ranges) {
    Array w(rows * columns, type), in(tokens * rows, F32, 1, zeros), out(tokens * columns, F32);
    string name = "down_" + (most ? std::to_string(most) : "any") + "_" + SUFFIX[type];
    if (most) {
        int tile = 32 * (most <= 4 ? 16 / bytesOf(type) : 4);
        int range = ceilDiv(rows, ranges);
        launch(name, dim3(ceilDiv(columns, tile), ceilDiv(rows, range)), 256, 0, w.device, in.device, out.device, partials, counters, tokens, rows, columns, range, tokens % 2 ? 0 : 3);
    } else {
        launch(name, dim3(ceilDiv(columns, 256), ceilDiv(tokens, 4)), 256, 0, w.device, in.device, out.device, tokens, rows, columns);
    }
    compare(name + " [" + std::to_string(rows) + "," + std::to_string(columns) + "] x " + std::to_string(tokens) + " zeros " + std::to_string(zeros) + " ranges " + std::to_string(ranges),
        out, downReference(w, in, out, rows, columns, tokens), rows);
}

static void checkProduct(Type type, bool up, int outputs, int inputs, int tokens, int tile, int ranges) {
    Array w((size_t)outputs * inputs, type), in(tokens * inputs, F32), bias(outputs, F32), out(tokens * outputs, F32), narrow(tokens * inputs, F16);
    string name = string("product_") + (up ? "up_" : "down_") + (tile ? std::to_string(tile) : "any") + "_" + SUFFIX[type];
    if (tile) {
        launch(string("rows_narrow_") + SUFFIX[type], 32, 256, 0, in.device, narrow.device, (long long)tokens * inputs, 1, beyond);
        int range = ceilDiv(ceilDiv(inputs, ranges), 32) * 32;
        launch(name, dim3(ceilDiv(tokens, tile), ceilDiv(outputs, 128), ceilDiv(inputs, range)), 128, 4 * (tile + 128) * 64, narrow.device, w.device,
            bias.device, out.device, partials, counters, tokens, outputs, inputs, range, 0, inputs, outputs);
    } else {
        launch(name, dim3(ceilDiv(tokens, 64), ceilDiv(outputs, 64)), 256, 0, in.device, w.device, bias.device, out.device, tokens, outputs, inputs, 0, inputs, outputs);
    }
    vector<double> want = out.host;
    for (int t = 0; t < tokens; t++) {
        for (int r = 0; r < outputs; r++) {
            double s = up ? bias.host[r] : want[t * outputs + r];
            for (int k = 0; k < inputs; k++) s += in.host[t * inputs + k] * w.host[up ? (size_t)r * inputs + k : (size_t)k * outputs + r];
            want[t * outputs + r] = s;
        }
    }
    compare(name + " " + std::to_string(outputs) + "<-" + std::to_string(inputs) + " x " + std::to_string(tokens) + " ranges " + std::to_string(ranges),
        out, want, inputs, tile == 0);
}

static void checkAttention(Type type, int heads, int group, int dim, int blockTokens, int tokens, int past, const string& variant, int span) {
    int length = past + tokens, blocks = ceilDiv(length, blockTokens);
    size_t blockNumbers = (size_t)heads * blockTokens * dim;
    size_t padded = (blockNumbers + 127) / 128 * 128;
    Array keys((size_t)length * heads * dim, F32), values((size_t)length * heads * dim, F32);
    Array keyBlocks(padded * blocks, type), valueBlocks(padded * blocks, type); // random, to be overwritten
    Array query(tokens * heads * group * dim, F32), out(tokens * heads * group * dim, F32);
    Kv kv = {};
    vector<uint64_t> table(2 * blocks);
    for (int b = 0; b < blocks; b++) {
        const char* k = (char*)keyBlocks.device + b * padded * bytesOf(type);
        const char* v = (char*)valueBlocks.device + b * padded * bytesOf(type);
        if (b < 64) kv.keys[b] = k, kv.values[b] = v;
        table[2 * b] = (uint64_t)k, table[2 * b + 1] = (uint64_t)v;
    }
    void* far;
    CHECK(cudaMalloc(&far, table.size() * 8));
    struct { uint64_t entry[400]; } entries;
    for (size_t from = 0; from < table.size(); from += 400) {
        int count = std::min<size_t>(400, table.size() - from);
        memcpy(entries.entry, &table[from], count * 8);
        launch("rows_table_f32", 1, 256, 0, far, (int)from, count, entries);
    }
    kv.table = blocks > 64 ? far : nullptr, kv.heads = heads, kv.headDim = dim, kv.blockTokens = blockTokens, kv.count = 1;
    kv.parts[0] = {0, length, 0, 0, 1, 0, 0, 0};
    launch(string("rows_append_") + SUFFIX[type], dim3(ceilDiv(heads * dim, 256), length), 256, 0, keys.device, values.device, kv);
    kv.parts[0] = {0, tokens, past, 0, span, 0, 0, 0};
    vector<double> k(keys.host.size()), v(values.host.size());
    vector<double> kb = keyBlocks.fetch(), vb = valueBlocks.fetch();
    bool rounded = true;
    for (int p = 0; p < length; p++) {
        for (int i = 0; i < heads * dim; i++) {
            size_t at = (size_t)(p / blockTokens) * padded + ((size_t)(i / dim) * blockTokens + p % blockTokens) * dim + i % dim;
            k[(size_t)p * heads * dim + i] = kb[at];
            v[(size_t)p * heads * dim + i] = vb[at];
            double x = keys.host[(size_t)p * heads * dim + i];
            rounded = rounded && kb[at] == (type == F32 ? x : toFloat(fromFloat(x, type), type));
        }
    }
    checks++;
    if (!rounded && failures++ < 60) printf("FAIL append %s\n", SUFFIX[type]);
    float scale = 0.3f;
    string name = variant + "_" + SUFFIX[type];
    if (variant.find("prefill") == 0) {
        launch(name, dim3(ceilDiv(tokens, 64), heads * group), 128, 0, query.device, out.device, group, scale * 1.4426950408889634f, beyond, kv);
    } else {
        int rows = variant == "attend_1" ? 1 : 4;
        int spans = ceilDiv(length, span), piece = variant == "attend_any" ? 1 : 16 / bytesOf(type);
        int shared = 4 * (rows * (dim + std::max(span, spans)) + 128 * piece);
        launch(name, dim3(spans * ceilDiv(tokens * group, rows), heads), 128, shared, query.device, (void*)nullptr, (void*)nullptr, out.device, partials,
            counters, group, 0, scale, kv);
    }
    vector<double> want(out.host.size());
    for (int t = 0; t < tokens; t++) {
        for (int h = 0; h < heads * group; h++) {
            int n = past + t + 1;
            vector<double> w(n);
            double most = -1e300, sum = 0;
            for (int j = 0; j < n; j++) {
                for (int d = 0; d < dim; d++) w[j] += query.host[(t * heads * group + h) * dim + d] * k[((size_t)j * heads + h / group) * dim + d];
                w[j] *= scale;
                most = fmax(most, w[j]);
            }
            for (int j = 0; j < n; j++) sum += w[j] = exp(w[j] - most);
            for (int j = 0; j < n; j++) {
                for (int d = 0; d < dim; d++) want[(t * heads * group + h) * dim + d] += w[j] / sum * v[((size_t)j * heads + h / group) * dim + d];
            }
        }
    }
    compare(name + " heads " + std::to_string(heads) + "x" + std::to_string(group) + " dim " + std::to_string(dim) + " block " + std::to_string(blockTokens) + ", " +
            std::to_string(tokens) + " after " + std::to_string(past) + " span " + std::to_string(span), out, want, 64);
    cudaFree(far);
}

static void checkRows() {
    for (int width : {1, 15, 17, 60, 64, 5000}) {
        for (int mode = 0; mode < 4; mode++) {
            int affine = mode % 2, centred = mode / 2;
            Array in(3 * width, F32), w(width, F32), b(width, F32), out(3 * width, F32);
            launch("rows_norm_f32", 3, std::min(1024, std::max(32, ceilDiv(width, 128) * 32)), 0, in.device, (void*)nullptr, affine ? w.device : nullptr,
                affine ? b.device : nullptr, out.device, width, 1e-5f, width % 4 == 0 ? 1 : 0, centred);
            vector<double> want(3 * width);
            for (int t = 0; t < 3; t++) {
                double mean = 0, variance = 0;
                for (int i = 0; i < width && centred; i++) mean += in.host[t * width + i] / width;
                for (int i = 0; i < width; i++) variance += pow(in.host[t * width + i] - mean, 2) / width;
                for (int i = 0; i < width; i++) {
                    double x = (in.host[t * width + i] - mean) / sqrt(variance + 1e-5f);
                    want[t * width + i] = affine ? x * w.host[i] + b.host[i] : x;
                }
            }
            compare("norm " + std::to_string(width), out, want, 16);
            for (int activation = 0; activation < 5; activation++) {
                Array x(3 * width, F32);
                launch("rows_bias_f32", dim3(ceilDiv(width, 256), 3), 256, 0, x.device, b.device, width, activation);
                for (int i = 0; i < 3 * width; i++) {
                    double y = x.host[i] + b.host[i % width];
                    double tanhForm = y / 2 * (1 + tanh(sqrt(2 / M_PI) * (y + 0.044715 * y * y * y)));
                    double forms[] = {y, fmax(y, 0), y / 2 * (1 + erf(y / sqrt(2))), tanhForm, y / (1 + exp(-y))};
                    want[i] = forms[activation];
                }
                compare("bias " + std::to_string(width) + " activation " + std::to_string(activation), x, want, 1);
            }
            launch("rows_add_f32", 7, 256, 0, in.device, out.device, 3LL * width, affine);
        }
    }
    for (Type type : {F32, F16, BF16}) {
        Array table(37 * 300, type), out(5 * 300, F32);
        struct { int id[512]; } ids = {{3, 36, 0, 3, 17}};
        launch(string("rows_embed_") + SUFFIX[type], dim3(2, 5), 256, 0, table.device, out.device, 300, 1, ids);
        vector<double> want = out.host;
        for (int i = 0; i < 5 * 300; i++) want[i] += table.host[ids.id[i / 300] * 300 + i % 300];
        compare("embed", out, want, 1);
    }
}

static void checkAll() {
    checkRows();
    for (Type type : {F32, F16, BF16}) {
        int per = 16 / bytesOf(type);
        for (auto shape : vector<vector<int>>{{1, 1}, {5, 3}, {6, 16}, {7, 33}, {60, 152}, {97, 64}, {128, 600}, {33, 2056}, {2051, 40}, {64, 9000}}) {
            for (int tokens : {1, 2, 3, 4, 7, 8, 15, 16}) {
                if (shape[0] * shape[1] > 50000 && tokens != 1 && tokens != 3 && tokens != 8 && tokens != 15) continue;
                int r = shape[0], c = shape[1];
                checkUp(type, r, c, tokens, "any", 1, 8);
                for (double zeros : {0., 0.94, 1.}) checkDown(type, r, c, tokens, 0, zeros, 1);
                if (c % per) continue;
                if (tokens == 1) checkUp(type, r, c, tokens, "1", 2, 8);
                if (tokens <= 4) checkUp(type, r, c, tokens, "4", 4, 8);
                checkUp(type, r, c, tokens, "16", 4, 8);
                if (type != F32 && tokens <= 8) checkUp(type, r, c, tokens, "tensor_8", 64, 1);
                if (type != F32) checkUp(type, r, c, tokens, "tensor_16", 64, 1);
                for (int ranges : {1, 3}) {
                    for (double zeros : {0., 0.94, 1.}) {
                        if (tokens == 1) checkDown(type, r, c, tokens, 1, zeros, ranges);
                        if (tokens <= 4) checkDown(type, r, c, tokens, 4, zeros, ranges);
                        checkDown(type, r, c, tokens, 16, zeros, ranges);
                    }
                }
            }
        }
        for (auto shape : vector<vector<int>>{{8, 8}, {7, 33}, {64, 152}, {200, 96}, {136, 648}, {384, 40}}) {
            for (int tokens : {17, 64, 70, 129}) {
                for (int up = 0; up < 2; up++) {
                    checkProduct(type, up, shape[0], shape[1], tokens, 0, 1);
                    if (type == F32 || shape[0] % 8) continue;
                    for (int ranges : {1, 3}) {
                        checkProduct(type, up, shape[0], shape[1], tokens, 64, ranges);
                        checkProduct(type, up, shape[0], shape[1], tokens, 128, ranges);
                    }
                }
            }
        }
        for (auto shape : vector<vector<int>>{{1, 1, 8}, {3, 1, 12}, {4, 2, 16}, {6, 1, 64}, {2, 2, 80}, {5, 5, 33}, {3, 1, 96}, {2, 3, 128}, {1, 2, 256}}) {
            for (int tokens : {1, 3, 16, 33, 70}) {
                for (int past : {0, 5, 64, 130, 500}) {
                    int blockTokens = past < 64 || past == 500 ? 7 : 64, dim = shape[2];
                    if (past == 500 && tokens > 3) continue;
                    for (int span : {16, 600}) {
                        checkAttention(type, shape[0], shape[1], dim, blockTokens, tokens, past, "attend_any", span);
                        if (dim % per) continue;
                        if (tokens * shape[1] == 1) checkAttention(type, shape[0], shape[1], dim, blockTokens, tokens, past, "attend_1", span);
                        checkAttention(type, shape[0], shape[1], dim, blockTokens, tokens, past, "attend_4", span);
                    }
                    if (type != F32 && (dim == 64 || dim == 80 || dim == 96 || dim == 128 || dim == 256)) {
                        checkAttention(type, shape[0], shape[1], dim, blockTokens, tokens, past, "prefill_" + std::to_string(dim), 0);
                    }
                }
            }
        }
    }
    uint32_t left[4096];
    CHECK(cudaMemcpy(left, counters, sizeof left, cudaMemcpyDeviceToHost));
    for (uint32_t c : left) failures += c != 0;
    printf("%d checks, %d failures\n", checks, failures);
}
