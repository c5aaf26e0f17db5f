// blocks.cuh - copies inside the KV cache: whole blocks, and entries of drafts that were accepted.
//
// Copies take effect one after another, in the order of their list, also where the target of one is
// the source of a later one. No barrier is needed for that: a thread has places of its own, and does
// all copies of the list at those, in order. So copies run in parallel over places, not over the
// list, and each costs a thread one trip to memory.
#pragma once
#include "device.cuh"
#include "step_block.cuh"

// Copies blocks, all layers at once: place i is the i-th 16 bytes of every block, of which there are
// blockStride / 8. Grid (any), 256 threads. `kv` is the whole cache.
extern "C" __global__ void __launch_bounds__(256)
    copy_blocks(uint4* kv, const int* step, int blockStride) {
  int numCopies = step[HEADER_NUM_COPIES];
  const int* copies = step + step[HEADER_COPIES];
  long numPlaces = blockStride / 8;
  long place = (long)blockIdx.x * blockDim.x + threadIdx.x;
  for (; place < numPlaces; place += (long)gridDim.x * blockDim.x) {
    for (int i = 0; i < numCopies; i++) {
      const int* copy = copies + i * COPY_INTS;
      kv[copy[COPY_TARGET] * numPlaces + place] = kv[copy[COPY_SOURCE] * numPlaces + place];
    }
  }
}

// Moves keys and values of accepted drafts of trees to where they stand in the sequence. The drafts
// of a row lie in the cache one behind the other; the i-th accepted one, draft d = accepted[row * 64
// + i], moves from position first + d to first + i. Accepted drafts ascend, so d is at least i, and
// in a chain they stay. Place i of a row is dimension i of all its heads, of the keys or the values
// of one layer. Grid (rows, layers), 256 threads. `kv` is the whole cache.
extern "C" __global__ void __launch_bounds__(256)
    close_up(bf16* kv, const int* slots, const int* acceptedCount, const int* accepted,
             const int* step, int blockStride, int numKvHeads, int headDim) {
  int row = blockIdx.x;
  if (row >= step[HEADER_NUM_ROWS]) {
    return;
  }
  const int* record = step + step[HEADER_ROWS] + row * ROW_INTS;
  int numAccepted = acceptedCount[row];
  if (record[ROW_TREE] < 0 || numAccepted == 0) {
    return;
  }
  int shift = step[HEADER_BLOCK_SHIFT];
  int inBlock = (1 << shift) - 1;
  int width = numKvHeads * headDim;
  int first = record[ROW_START_POSITION] + record[ROW_NUM_TOKENS] - record[ROW_NUM_DRAFTS];
  const int* table = slots + (long)record[ROW_SLOT] * step[HEADER_SLOT_STRIDE] +
                     step[HEADER_SLOT_TABLE];
  bf16* layer = kv + ((long)blockIdx.y * 2 * width << shift);
  for (int i = threadIdx.x; i < 2 * width; i += blockDim.x) {
    // Keys are [head][position][dimension], values [head][dimension][position].
    bool isKey = i < width;
    long place = isKey ? (long)(i / headDim * headDim << shift) + i % headDim : (long)i << shift;
    int stride = isKey ? headDim : 1;
    for (int k = 0; k < numAccepted; k++) {
      int source = first + accepted[row * MAX_DRAFTS + k];
      int target = first + k;
      if (source != target) {
        layer[(long)table[target >> shift] * blockStride + place + (target & inBlock) * stride] =
            layer[(long)table[source >> shift] * blockStride + place + (source & inBlock) * stride];
      }
    }
  }
}
