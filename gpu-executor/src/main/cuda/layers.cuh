// layers.cuh - what happens between the products: embedding, norms, activation, rotation and the KV
// cache.
//
// Rows of activations are padded with zeros to a multiple of 64, and every kernel here keeps the
// padding zero, so all of them work on units of 16 bytes, 8 bf16. A thread block handles one token;
// the grid is as large as the largest step that a graph serves, and blocks behind the last token
// end at once. The order of every sum depends on the width alone.
//
// The cache is kv[block][layer][2][kvHead], first the keys of a layer and then its values. A head's
// keys are [position][dimension] and its values, transposed, [dimension][position], with as many
// positions as a block has. `kv` points to the layer in block 0, `blockStride` elements lie between
// two blocks.
#pragma once
#include "gemm.cuh"

struct Unit {
  float value[8];
};

static __device__ __forceinline__ Unit unpack(const uint4& v) {
  return {{low_half(v.x), high_half(v.x), low_half(v.y), high_half(v.y), low_half(v.z),
           high_half(v.z), low_half(v.w), high_half(v.w)}};
}

static __device__ __forceinline__ uint4 pack(const Unit& u) {
  const float* f = u.value;
  return uint4{pack_halves(f[0], f[1]), pack_halves(f[2], f[3]), pack_halves(f[4], f[5]),
               pack_halves(f[6], f[7])};
}

// Looks the embedding of every token up in a packed table (gemm.cuh): four columns are the two words
// x and z, or y and w, of one packed word. Reads four times the bytes of a row, which is little.
// Grid (tokens), 128 threads. The token ids are the first of the token arrays.
extern "C" __global__ void __launch_bounds__(128)
    embed(bf16* hidden, const uint4* packedTable, const int* tokens, const int* step,
          int numChunks) {
  int token = blockIdx.x;
  if (token >= step[HEADER_NUM_TOKENS]) {
    return;
  }
  int id = tokens[TOKEN_ID * step[HEADER_MAX_TOKENS] + token];
  const uint4* tile = packedTable + (long)(id / TILE_FEATURES) * numChunks * WORDS_OF_CHUNK;
  int row = id % TILE_FEATURES;
  uint2* to = (uint2*)(hidden + (long)token * numChunks * CHUNK);
  for (int i = threadIdx.x; i < numChunks * CHUNK / 4; i += blockDim.x) {
    int chunk = i / 16;
    int t = i / 4 % 4;
    int stepOfChunk = i % 4;
    const uint4 v = load_cached(tile + chunk * WORDS_OF_CHUNK + stepOfChunk * WARP_SIZE +
                                row % 8 * 4 + t);
    to[i] = row < 8 ? uint2{v.x, v.z} : uint2{v.y, v.w};
  }
}

// The sum over a block of 256 threads, the same bits in every thread. Not static, since it owns
// shared memory: the symbol of such a variable would hold a hash of the path.
__device__ __forceinline__ float block_sum(float value) {
  __shared__ float sums[8];
  value = warp_sum(value);
  if (lane_index() == 0) {
    sums[warp_index()] = value;
  }
  __syncthreads();
  float total = 0;
  for (int warp = 0; warp < 8; warp++) {
    total += sums[warp];
  }
  return total;
}

// hidden + delta, rounded to bf16 as the residual stream is.
static __device__ __forceinline__ uint4 add_units(const uint4& hidden, const uint4& delta) {
  Unit sum = unpack(hidden);
  Unit other = unpack(delta);
  for (int i = 0; i < 8; i++) {
    sum.value[i] += other.value[i];
  }
  return pack(sum);
}

// Root mean square norm (Zhang, Sennrich, Root Mean Square Layer Normalization, NeurIPS 2019) of
// one row: normed = x / sqrt(mean of squares + epsilon) * weight. `x` is called twice for each unit.
template <class Source>
static __device__ __forceinline__ void norm_row(uint4* normed, const Source& x,
                                                const uint4* weight, int hiddenSize,
                                                int numUnits, float epsilon) {
  float squares = 0;
  for (int i = threadIdx.x; i < numUnits; i += blockDim.x) {
    Unit unit = unpack(x(i));
    for (int k = 0; k < 8; k++) {
      squares += unit.value[k] * unit.value[k];
    }
  }
  float factor = rsqrtf(block_sum(squares) / hiddenSize + epsilon);
  for (int i = threadIdx.x; i < numUnits; i += blockDim.x) {
    Unit unit = unpack(x(i));
    Unit scale = unpack(weight[i]);
    for (int k = 0; k < 8; k++) {
      unit.value[k] *= factor * scale.value[k];
    }
    normed[i] = pack(unit);
  }
}

// hidden += delta, normed = norm(hidden) * weight; without a delta (null) only the norm. The weight
// is padded as rows are. Grid (tokens), 256 threads.
extern "C" __global__ void __launch_bounds__(256)
    add_rms_norm(uint4* normed, uint4* hidden, const uint4* delta, const uint4* weight,
                 const int* step, int hiddenSize, int hiddenStride, float epsilon) {
  if ((int)blockIdx.x >= step[HEADER_NUM_TOKENS]) {
    return;
  }
  int numUnits = hiddenStride / 8;
  long first = (long)blockIdx.x * numUnits;
  uint4* row = hidden + first;
  if (delta != nullptr) {
    for (int i = threadIdx.x; i < numUnits; i += blockDim.x) {
      row[i] = add_units(row[i], delta[first + i]);
    }
  }
  // A thread reads the units that it wrote itself.
  norm_row(normed + first, [&](int i) { return row[i]; }, weight, hiddenSize, numUnits, epsilon);
}

// The norm before the output matrix, of the tokens whose logits are wanted: row i of `normed` is the
// norm of hidden + delta of token logitTokens[i]. Grid (logits), 256 threads.
extern "C" __global__ void __launch_bounds__(256)
    gather_rms_norm(uint4* normed, const uint4* hidden, const uint4* delta, const uint4* weight,
                    const int* logitTokens, const int* step, int hiddenSize, int hiddenStride,
                    float epsilon) {
  if ((int)blockIdx.x >= step[HEADER_NUM_LOGITS]) {
    return;
  }
  int numUnits = hiddenStride / 8;
  long first = (long)logitTokens[blockIdx.x] * numUnits;
  norm_row(
      normed + (long)blockIdx.x * numUnits,
      [&](int i) { return add_units(hidden[first + i], delta[first + i]); }, weight, hiddenSize,
      numUnits, epsilon);
}

// silu(gate) * up of a product that was left to a library: a row of gateUp is gate and then up, each
// innerStride wide and rounded to bf16 already, which the own kernels (gemm.cuh) spare them.
// Grid (tokens), 256 threads.
extern "C" __global__ void __launch_bounds__(256)
    silu_mul(uint4* inner, const uint4* gateUp, const int* step, int innerStride) {
  if ((int)blockIdx.x >= step[HEADER_NUM_TOKENS]) {
    return;
  }
  int numUnits = innerStride / 8;
  const uint4* gates = gateUp + (long)blockIdx.x * 2 * numUnits;
  const uint4* ups = gates + numUnits;
  uint4* to = inner + (long)blockIdx.x * numUnits;
  for (int i = threadIdx.x; i < numUnits; i += blockDim.x) {
    Unit gate = unpack(gates[i]);
    Unit up = unpack(ups[i]);
    for (int k = 0; k < 8; k++) {
      gate.value[k] = silu_times(gate.value[k], up.value[k]);
    }
    to[i] = pack(gate);
  }
}

// Turns two neighbouring dimensions, i and i + 1, of the first half of a head together with those of
// the second half, and multiplies them by `factor`.
static __device__ __forceinline__ void rotate(unsigned& first, unsigned& second,
                                              const float2* angle, float factor) {
  float2 a = angle[0];  // cosine and sine
  float2 b = angle[1];
  float x0 = low_half(first);
  float x1 = high_half(first);
  float y0 = low_half(second);
  float y1 = high_half(second);
  first = pack_halves((x0 * a.x - y0 * a.y) * factor, (x1 * b.x - y1 * b.y) * factor);
  second = pack_halves((y0 * a.x + x0 * a.y) * factor, (y1 * b.x + x1 * b.y) * factor);
}

// Rotary position embedding (Su et al., RoFormer, 2021) in the order of Hugging Face: dimension i of
// a head turns with dimension i + headDim / 2. ropeTable[position][headDim / 2] has cosine and sine.
// Queries stay where they are and are multiplied by queryScale, 1 / sqrt(headDim), which attention
// then leaves out: they are rounded once either way. Keys and values go to the cache only.
//
// A row of qkv is the heads of the queries, of the keys and of the values. Values are written
// transposed, 2 bytes at a time; the L2 cache puts neighbouring tokens together.
// Grid (tokens), 128 threads.
extern "C" __global__ void __launch_bounds__(128)
    rope_kv(bf16* qkv, const float2* ropeTable, bf16* kv, const int* tokens, const int* step,
            int blockStride, int numHeads, int numKvHeads, int headDim, int qkvStride,
            float queryScale) {
  int token = blockIdx.x;
  if (token >= step[HEADER_NUM_TOKENS]) {
    return;
  }
  int maxTokens = step[HEADER_MAX_TOKENS];
  int shift = step[HEADER_BLOCK_SHIFT];
  int slot = tokens[TOKEN_KV_SLOT * maxTokens + token];
  bf16* keys = kv + (long)(slot >> shift) * blockStride;
  bf16* values = keys + ((numKvHeads * headDim) << shift);
  int offset = slot & ((1 << shift) - 1);
  int half = headDim / 2;
  const float2* angles = ropeTable + (long)tokens[TOKEN_POSITION * maxTokens + token] * half;
  bf16* row = qkv + (long)token * qkvStride;

  for (int i = threadIdx.x; i < (numHeads + numKvHeads) * half / 2; i += blockDim.x) {
    int head = i / (half / 2);
    int dimension = i % (half / 2) * 2;
    unsigned* from = (unsigned*)(row + head * headDim + dimension);
    unsigned first = from[0];
    unsigned second = from[half / 2];
    bool isQuery = head < numHeads;
    rotate(first, second, angles + dimension, isQuery ? queryScale : 1.f);
    if (!isQuery) {
      int position = ((head - numHeads) << shift) + offset;
      from = (unsigned*)(keys + (long)position * headDim + dimension);
    }
    from[0] = first;
    from[half / 2] = second;
  }
  const bf16* newValues = row + (numHeads + numKvHeads) * headDim;
  for (int i = threadIdx.x; i < numKvHeads * headDim; i += blockDim.x) {
    values[(i << shift) + offset] = newValues[i];
  }
}
