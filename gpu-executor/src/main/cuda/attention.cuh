// attention.cuh - attention of some queries over the paged cache, and the merge of split contexts.
//
// Work comes as items, made by AttentionWork: some queries of one row of the step against some of
// its keys. Thread blocks walk the list (blockIdx.x; blockIdx.y is the KV head), so that one grid
// serves any number of items. The queries of an item times the heads that share a KV head are pairs,
// and 16 pairs are the rows of an mma:
//
//   decode   one set of 16 pairs; the block's 4 warps share the keys, tile i to warp i % 4 (items
//            begin at multiples of 64 keys), and their results are merged through shared memory, in
//            the order of the warps
//   prefill  4 sets of 16 pairs, one for each warp, which walks all the keys of its pairs
//
// A warp takes the keys in tiles of 16, which stand at multiples of 16 of the cache, with a running
// maximum m and sum l (Milakov, Gimelshein, Online normalizer calculation for softmax, 2018; Dao et
// al., FlashAttention, NeurIPS 2022). Both products are mma.m16n8k16, and no fragment passes through
// shared memory, because keys and dimensions are permuted so that a lane has neighbours (g = lane /
// 4, t = lane % 4):
//
//   scores = Q K^T   k is a dimension: load i gives a lane dimensions 32i + 8t .. + 7 of its key,
//                    the steps 2i and 2i + 1. Column n of the first product is key 4(n/2) + n%2 of
//                    the tile, of the second one that key + 2.
//   output = P V     k is a key: a lane has the weights of keys 4t .. 4t + 3 from its scores, and
//                    loads the values of these four, 8 bytes of the transposed values.
//
// A query at cache position p sees the keys up to p. A draft of a tree sees those before the tree,
// and of the tree those of its mask. A key that is not seen has weight zero; values behind the last
// valid key are taken for zeros, since they may hold anything, and so are the keys' places.
//
// In the decode kernel the bits of a query's output depend on its keys and values alone: a tile of
// keys that a query does not see changes nothing (m stays, the factor is 1 and the weights are 0),
// so it matters neither which queries share the item nor where the row was cut or its blocks lie.
// Splitting the keys does change bits. A value that is NaN is the exception: 0 * NaN reaches the
// queries of the tile that do not see it, all of which belong to the same row of the step.
//
// The queries were multiplied by 1 / sqrt(D) when they were rotated.
#pragma once
#include "mma.cuh"
#include "step_block.cuh"

constexpr int KEYS = 16;   // of a tile
constexpr int PAIRS = 16;  // of a set

// Where the keys and values of one KV head of one slot are.
struct HeadCache {
  const bf16* kv;  // of the layer and head, in block 0
  const int* table;
  long blockStride;
  int valueOffset;  // from the keys to the values of a block
  int shift;
  int numKeys;

  __device__ __forceinline__ int block_size() const { return 1 << shift; }

  // The block of a key, or of the last valid key for those behind it.
  __device__ __forceinline__ int block_of(int key) const {
    return table[min(key, numKeys - 1) >> shift];
  }

  __device__ __forceinline__ const bf16* block(int index) const {
    return kv + index * blockStride;
  }
};

static __device__ __forceinline__ float quad_max(float value) {
  value = fmaxf(value, __shfl_xor_sync(ALL_LANES, value, 1));
  return fmaxf(value, __shfl_xor_sync(ALL_LANES, value, 2));
}

static __device__ __forceinline__ float quad_sum(float value) {
  value += __shfl_xor_sync(ALL_LANES, value, 1);
  return value + __shfl_xor_sync(ALL_LANES, value, 2);
}

// 1 / sum; 0 where nothing was seen, so that the output is 0 there.
static __device__ __forceinline__ float inverse(float sum) { return sum == 0 ? 0.f : 1 / sum; }

// exp(m - base), the factor of what was summed up with maximum m; `base` is at least m.
static __device__ __forceinline__ float rescale(float m, float base) {
  return m == -INFINITY ? 0.f : __expf(m - base);
}

// A set of 16 pairs and what a warp has summed up for it. A lane has rows g and g + 8 of the set
// (index r = 0, 1), and of the output dimensions 8j + 2t and 8j + 2t + 1.
template <int D>
struct PairSet {
  unsigned query[D / 16][4];
  float sum[D / 8][4];
  float m[2];
  float l[2];  // over the lane's own keys until finish()
  int token[2];  // -1: there is no such pair
  int head[2];
  int limit[2];  // keys before this one are seen
  unsigned long long mask[2];  // bit i: key treeFirst + i is seen
  int treeFirst;
  int end;  // no pair of the warp sees this key or one behind it
  int common;  // every pair of the warp sees the keys before this one

  // Takes the pairs from `firstPair` on; a pair is query * groupSize + head of the group.
  __device__ __forceinline__ void load(const bf16* qkv, const int* tokens, const int* step,
                                       const int* item, int firstPair, int groupSize,
                                       int qkvStride) {
    int maxTokens = step[HEADER_MAX_TOKENS];
    treeFirst = item[ITEM_TREE_FIRST];
    int last = 0;
    int first = INT_MAX;
#pragma unroll
    for (int r = 0; r < 2; r++) {
      int pair = firstPair + lane_index() / 4 + 8 * r;
      int index = pair / groupSize;
      m[r] = -INFINITY;
      l[r] = 0;
      token[r] = -1;
      head[r] = 0;
      limit[r] = 0;
      mask[r] = 0;
      const uint4* from = nullptr;
      if (index < item[ITEM_NUM_TOKENS]) {
        token[r] = item[ITEM_FIRST_TOKEN] + index;
        head[r] = blockIdx.y * groupSize + pair % groupSize;
        from = (const uint4*)(qkv + (long)token[r] * qkvStride + head[r] * D);
        const int* place = tokens + token[r];
        int position = place[TOKEN_CACHE_POSITION * maxTokens];
        mask[r] = (unsigned)place[TOKEN_TREE_LOW * maxTokens] |
                  (unsigned long long)(unsigned)place[TOKEN_TREE_HIGH * maxTokens] << 32;
        limit[r] = mask[r] != 0 ? treeFirst : position + 1;
        last = max(last, position + 1);
        first = min(first, limit[r]);
      }
#pragma unroll
      for (int i = 0; i < D / 32; i++) {
        uint4 v = from != nullptr ? load_cached(from + i * 4 + lane_index() % 4)
                                  : uint4{0, 0, 0, 0};
        query[2 * i][r] = v.x;
        query[2 * i][2 + r] = v.y;
        query[2 * i + 1][r] = v.z;
        query[2 * i + 1][2 + r] = v.w;
      }
    }
#pragma unroll
    for (int i = 0; i < D / 2; i++) {
      sum[i / 4][i % 4] = 0;
    }
    for (int distance = 4; distance < WARP_SIZE; distance *= 2) {
      last = max(last, __shfl_xor_sync(ALL_LANES, last, distance));
      first = min(first, __shfl_xor_sync(ALL_LANES, first, distance));
    }
    end = last;
    common = first;
  }

  __device__ __forceinline__ bool sees(int r, int key) const {
    unsigned draft = key - treeFirst;
    return key < limit[r] || (draft < 64 && (mask[r] >> draft & 1) != 0);
  }

  // Adds the keys first .. first + 15; keyBlock and valueBlock are the blocks of this lane's keys.
  __device__ __forceinline__ void visit(const HeadCache& cache, int first, int keyBlock,
                                        int valueBlock) {
    int g = lane_index() / 4;
    int t = lane_index() % 4;
    int inBlock = cache.block_size() - 1;
    int key = first + g / 2 * 4;
    const bf16* keys = cache.block(keyBlock) + ((key & inBlock) + g % 2) * D + t * 8;
    key = first + t * 4;
    const bf16* values =
        cache.block(valueBlock) + cache.valueOffset + (g << cache.shift) + (key & inBlock);

    // All loads of the tile are on their way before the first one is needed.
    uint4 k[2][D / 32];
#pragma unroll
    for (int i = 0; i < D / 32; i++) {
      k[0][i] = load_cached((const uint4*)(keys + 32 * i));
      k[1][i] = load_cached((const uint4*)(keys + 2 * D + 32 * i));
    }
    uint2 v[D / 8];
#pragma unroll
    for (int j = 0; j < D / 8; j++) {
      v[j] = load_cached((const uint2*)(values + (j * 8 << cache.shift)));
    }

    float s[2][4] = {};
#pragma unroll
    for (int i = 0; i < D / 32; i++) {
#pragma unroll
      for (int n = 0; n < 2; n++) {
        multiply_add(s[n], query[2 * i], k[n][i].x, k[n][i].y);
        multiply_add(s[n], query[2 * i + 1], k[n][i].z, k[n][i].w);
      }
    }
    if (first + KEYS > common) {
      hide_keys(s, key);
    }
    if (first + KEYS > cache.numKeys) {
      clear_values(v, cache.numKeys - key);
    }
    weigh(s);
    unsigned p[4] = {pack_halves(s[0][0], s[0][1]), pack_halves(s[0][2], s[0][3]),
                     pack_halves(s[1][0], s[1][1]), pack_halves(s[1][2], s[1][3])};
#pragma unroll
    for (int j = 0; j < D / 8; j++) {
      multiply_add(sum[j], p, v[j].x, v[j].y);
    }
  }

  // s[n][2r + i] is the score of row r and key 2n + i of the lane's four.
  __device__ __forceinline__ void hide_keys(float (&s)[2][4], int key) const {
#pragma unroll
    for (int i = 0; i < 8; i++) {
      if (!sees(i / 2 % 2, key + i / 4 * 2 + i % 2)) {
        s[i / 4][i % 4] = -INFINITY;
      }
    }
  }

  // Keeps the first `numValid` of the lane's four keys; 0 or less clears all.
  static __device__ __forceinline__ void clear_values(uint2 (&v)[D / 8], int numValid) {
    unsigned low = numValid >= 2 ? ~0u : numValid == 1 ? 0xffffu : 0;
    unsigned high = numValid >= 4 ? ~0u : numValid == 3 ? 0xffffu : 0;
#pragma unroll
    for (int j = 0; j < D / 8; j++) {
      v[j].x &= low;
      v[j].y &= high;
    }
  }

  // Turns scores into weights and brings what was summed up before to the new maximum.
  __device__ __forceinline__ void weigh(float (&s)[2][4]) {
    float factor[2];
#pragma unroll
    for (int r = 0; r < 2; r++) {
      float tileMax = fmaxf(fmaxf(s[0][2 * r], s[0][2 * r + 1]),
                            fmaxf(s[1][2 * r], s[1][2 * r + 1]));
      float next = fmaxf(m[r], quad_max(tileMax));
      float base = next == -INFINITY ? 0.f : next;  // nothing seen yet: all weights are exp(-inf)
      factor[r] = rescale(m[r], base);
      m[r] = next;
      float total = 0;
#pragma unroll
      for (int i = 0; i < 4; i++) {
        float& weight = s[i / 2][2 * r + i % 2];
        weight = __expf(weight - base);
        total += weight;
      }
      l[r] = l[r] * factor[r] + total;
    }
    // The maximum seldom moves once some tiles were seen.
    if (__ballot_sync(ALL_LANES, factor[0] != 1 || factor[1] != 1) != 0) {
#pragma unroll
      for (int i = 0; i < D / 2; i++) {
        sum[i / 4][i % 4] *= factor[i / 2 % 2];
      }
    }
  }

  // Walks every stepth tile from key `first` to the last one that a pair of the warp sees.
  __device__ __forceinline__ void walk(const HeadCache& cache, int first, int keyEnd, int step) {
    int stop = min(end, keyEnd);
    int ofKeys = lane_index() / 8 * 4;
    int ofValues = lane_index() % 4 * 4;
    if (first >= stop) {
      return;
    }
    int keyBlock = cache.block_of(first + ofKeys);
    int valueBlock = cache.block_of(first + ofValues);
    for (; first < stop; first += step * KEYS) {
      // The blocks of the next tile, asked for in time.
      int nextKeyBlock = cache.block_of(first + step * KEYS + ofKeys);
      int nextValueBlock = cache.block_of(first + step * KEYS + ofValues);
      visit(cache, first, keyBlock, valueBlock);
      keyBlock = nextKeyBlock;
      valueBlock = nextValueBlock;
    }
  }

  __device__ __forceinline__ void finish() {
    l[0] = quad_sum(l[0]);
    l[1] = quad_sum(l[1]);
  }
};

// Where the results of the queries of an item go: to the output, or as partial results of a split,
// part[((part of the item + query * splits + split) * heads + head) * (D + 2)]: sums, then m and l.
template <int D>
struct ItemOutput {
  bf16* out;
  float* parts;
  const int* item;
  int numHeads;
  int outStride;

  __device__ __forceinline__ bool is_split() const { return item[ITEM_PART] >= 0; }

  __device__ __forceinline__ unsigned* row(int token, int head) const {
    return (unsigned*)(out + (long)token * outStride + head * D);
  }

  __device__ __forceinline__ float* part(int token, int head) const {
    int index = token - item[ITEM_FIRST_TOKEN];
    long entry = item[ITEM_PART] + index * item[ITEM_NUM_SPLITS] + item[ITEM_SPLIT];
    return parts + (entry * numHeads + head) * (D + 2);
  }
};

// Everything that both kernels are given.
struct AttentionArguments {
  bf16* out;
  float* parts;
  const bf16* qkv;
  const bf16* kv;
  const int* slots;
  const int* tokens;
  const int* step;
  int blockStride;
  int numHeads;
  int numKvHeads;
  int qkvStride;
  int outStride;

  __device__ __forceinline__ HeadCache cache(const int* item, int headDim) const {
    int shift = step[HEADER_BLOCK_SHIFT];
    int headSize = headDim << shift;
    long slot = (long)item[ITEM_SLOT] * step[HEADER_SLOT_STRIDE];
    return {kv + blockIdx.y * headSize, slots + slot + step[HEADER_SLOT_TABLE], blockStride,
            numKvHeads * headSize, shift, item[ITEM_NUM_KEYS]};
  }
};

// Not static, since it owns shared memory: the symbol of such a variable would hold a path.
template <int D>
__device__ __forceinline__ void attention_decode(const AttentionArguments& a) {
  // With 8 floats between the rows the lanes of an 8-byte store hit all banks.
  constexpr int STRIDE = D + 8;
  __shared__ __align__(16) float sums[4][PAIRS][STRIDE];
  __shared__ float maxima[4][PAIRS];
  __shared__ float totals[4][PAIRS];
  int groupSize = a.numHeads / a.numKvHeads;

  for (int i = blockIdx.x; i < a.step[HEADER_NUM_DECODE_ITEMS]; i += gridDim.x) {
    const int* item = a.step + a.step[HEADER_DECODE_ITEMS] + i * ITEM_INTS;
    PairSet<D> set;
    set.load(a.qkv, a.tokens, a.step, item, 0, groupSize, a.qkvStride);
    int begin = item[ITEM_KEY_BEGIN] + warp_index() * KEYS;
    set.walk(a.cache(item, D), begin, item[ITEM_KEY_END], 4);
    set.finish();

    int row = lane_index() / 4;
#pragma unroll
    for (int j = 0; j < D / 8; j++) {
      int dimension = j * 8 + lane_index() % 4 * 2;
      *(float2*)&sums[warp_index()][row][dimension] = float2{set.sum[j][0], set.sum[j][1]};
      *(float2*)&sums[warp_index()][row + 8][dimension] = float2{set.sum[j][2], set.sum[j][3]};
    }
    if (lane_index() % 4 == 0) {
      for (int r = 0; r < 2; r++) {
        maxima[warp_index()][row + 8 * r] = set.m[r];
        totals[warp_index()][row + 8 * r] = set.l[r];
      }
    }
    __syncthreads();

    ItemOutput<D> output = {a.out, a.parts, item, a.numHeads, a.outStride};
    int numPairs = item[ITEM_NUM_TOKENS] * groupSize;
    for (int n = threadIdx.x; n < numPairs * D / 2; n += blockDim.x) {
      int pair = n / (D / 2);
      int dimension = n % (D / 2) * 2;
      float m = -INFINITY;
      for (int w = 0; w < 4; w++) {
        m = fmaxf(m, maxima[w][pair]);
      }
      float2 sum = {0, 0};
      float l = 0;
      for (int w = 0; w < 4; w++) {
        float factor = rescale(maxima[w][pair], m);
        sum.x += sums[w][pair][dimension] * factor;
        sum.y += sums[w][pair][dimension + 1] * factor;
        l += totals[w][pair] * factor;
      }
      int token = item[ITEM_FIRST_TOKEN] + pair / groupSize;
      int head = blockIdx.y * groupSize + pair % groupSize;
      if (output.is_split()) {
        float* part = output.part(token, head);
        *(float2*)(part + dimension) = sum;
        if (dimension == 0) {
          *(float2*)(part + D) = float2{m, l};
        }
      } else {
        float scale = inverse(l);
        output.row(token, head)[dimension / 2] = pack_halves(sum.x * scale, sum.y * scale);
      }
    }
    __syncthreads();  // the next item overwrites the sums
  }
}

template <int D>
static __device__ __forceinline__ void attention_prefill(const AttentionArguments& a) {
  int groupSize = a.numHeads / a.numKvHeads;
  for (int i = blockIdx.x; i < a.step[HEADER_NUM_PREFILL_ITEMS]; i += gridDim.x) {
    const int* item = a.step + a.step[HEADER_PREFILL_ITEMS] + i * ITEM_INTS;
    PairSet<D> set;
    set.load(a.qkv, a.tokens, a.step, item, warp_index() * PAIRS, groupSize, a.qkvStride);
    set.walk(a.cache(item, D), item[ITEM_KEY_BEGIN], item[ITEM_KEY_END], 1);
    set.finish();
    ItemOutput<D> output = {a.out, a.parts, item, a.numHeads, a.outStride};
    int t = lane_index() % 4;
#pragma unroll
    for (int r = 0; r < 2; r++) {
      if (set.token[r] < 0) {
        continue;
      }
      if (output.is_split()) {
        float* part = output.part(set.token[r], set.head[r]);
#pragma unroll
        for (int j = 0; j < D / 8; j++) {
          *(float2*)(part + j * 8 + t * 2) = float2{set.sum[j][2 * r], set.sum[j][2 * r + 1]};
        }
        if (t == 0) {
          *(float2*)(part + D) = float2{set.m[r], set.l[r]};
        }
      } else {
        unsigned* to = output.row(set.token[r], set.head[r]);
        float scale = inverse(set.l[r]);
#pragma unroll
        for (int j = 0; j < D / 8; j++) {
          to[j * 4 + t] = pack_halves(set.sum[j][2 * r] * scale, set.sum[j][2 * r + 1] * scale);
        }
      }
    }
  }
}

// Blocks that find room on a multiprocessor; AttentionWork.java has the same numbers.
constexpr int attention_blocks(int headDim) { return headDim > 64 ? 2 : 4; }

// Grid (items or fewer, KV heads), 128 threads.
#define ATTENTION(KIND, D)                                                                       \
  extern "C" __global__ void __launch_bounds__(128, attention_blocks(D))                         \
      attention_##KIND##_d##D(bf16* out, float* parts, const bf16* qkv, const bf16* kv,          \
                              const int* slots, const int* tokens, const int* step,              \
                              int blockStride, int numHeads, int numKvHeads, int qkvStride,      \
                              int outStride) {                                                   \
    attention_##KIND<D>({out, parts, qkv, kv, slots, tokens, step, blockStride, numHeads,        \
                         numKvHeads, qkvStride, outStride});                                     \
  }
ATTENTION(decode, 32)
ATTENTION(decode, 64)
ATTENTION(decode, 128)
ATTENTION(prefill, 32)
ATTENTION(prefill, 64)
ATTENTION(prefill, 128)

// Merges the partial results of the tokens whose keys were split, in the order of the splits; an
// empty split has m = -infinity and counts nothing. A warp takes one head of one token.
// Grid (any), 128 threads.
extern "C" __global__ void __launch_bounds__(128)
    attention_merge(bf16* out, const float* parts, const int* step, int numHeads, int headDim,
                    int outStride) {
  int numUnits = step[HEADER_NUM_MERGES] * numHeads;
  int numWarps = gridDim.x * blockDim.x / WARP_SIZE;
  for (int i = blockIdx.x * (blockDim.x / WARP_SIZE) + warp_index(); i < numUnits; i += numWarps) {
    const int* merge = step + step[HEADER_MERGES] + i / numHeads * MERGE_INTS;
    int head = i % numHeads;
    int numSplits = merge[MERGE_NUM_SPLITS];
    long stride = (long)numHeads * (headDim + 2);
    const float* part = parts + merge[MERGE_PART] * stride + head * (headDim + 2);
    float m = -INFINITY;
    for (int split = lane_index(); split < numSplits; split += WARP_SIZE) {
      m = fmaxf(m, part[split * stride + headDim]);
    }
    m = warp_max(m);
    bf16* to = out + (long)merge[MERGE_TOKEN] * outStride + head * headDim;
    for (int dimension = lane_index(); dimension < headDim; dimension += WARP_SIZE) {
      float sum = 0;
      float l = 0;
      for (int split = 0; split < numSplits; split++) {
        const float* from = part + split * stride;
        float factor = rescale(from[headDim], m);
        sum += from[dimension] * factor;
        l += from[headDim + 1] * factor;
      }
      to[dimension] = to_bf16(sum * inverse(l));
    }
  }
}
