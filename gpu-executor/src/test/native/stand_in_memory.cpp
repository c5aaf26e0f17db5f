// stand_in_memory.cpp - where device and pinned memory are: in one range of addresses, each
// allocation between pages that fault.
//
// An allocation ends less than 256 bytes before such a page. Addresses are not used again until
// there are no more, so what was freed faults, too. Pinned memory stays readable after it was
// freed, because a Java buffer may still show it and a fault would end the JVM; its bytes are
// overwritten.
#include <sys/mman.h>

#include "stand_in.h"

namespace stand_in {

namespace {

constexpr size_t PAGE = 4096;
constexpr size_t ARENA_BYTES = (size_t)64 << 30;
constexpr size_t ALIGNMENT = 256;
constexpr int FRESH = 0x5A;
constexpr int FREED = 0xDD;

struct Owned : emu::Allocation {
  Place place;
  char* mapped;
  size_t mappedBytes;
  bool forgiven = false;
};

char* arena;
size_t usedPages;
size_t numAllocations;
std::map<const char*, std::unique_ptr<Owned>> allocations;  // by the first mapped byte

size_t whole_pages(size_t bytes) { return (bytes + PAGE - 1) / PAGE * PAGE; }

// Where `bytes` bytes are from now on; false when there is no room. Sanitizers know their own
// allocator best.
bool take_memory(Owned& owned, size_t bytes);
void give_back_memory(Owned& owned);

#ifdef SANITIZED
bool take_memory(Owned& owned, size_t bytes) {
  void* memory;
  if (posix_memalign(&memory, ALIGNMENT, bytes)) {
    return false;
  }
  owned.begin = owned.mapped = (char*)memory;
  owned.mappedBytes = bytes;
  return true;
}

void give_back_memory(Owned& owned) { free(owned.mapped); }
#else
bool reserve_arena() {
  if (!arena) {
    void* memory = mmap(nullptr, ARENA_BYTES, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    arena = memory == MAP_FAILED ? nullptr : (char*)memory;
  }
  return arena;
}

bool take_memory(Owned& owned, size_t bytes) {
  size_t mapped = whole_pages(bytes);
  if (!reserve_arena() || (usedPages + 1) * PAGE + mapped + PAGE > ARENA_BYTES) {
    return false;
  }
  owned.mapped = arena + (usedPages + 1) * PAGE;
  owned.mappedBytes = mapped;
  owned.begin = owned.mapped + (mapped - bytes) / ALIGNMENT * ALIGNMENT;
  usedPages += mapped / PAGE + 1;
  return !mprotect(owned.mapped, mapped, PROT_READ | PROT_WRITE);
}

void give_back_memory(Owned& owned) {
  if (owned.place == Place::DEVICE) {
    madvise(owned.mapped, owned.mappedBytes, MADV_DONTNEED);
    mprotect(owned.mapped, owned.mappedBytes, PROT_NONE);
  } else {
    memset(owned.mapped, FREED, owned.mappedBytes);
  }
}
#endif

Owned* owner_of(const void* address) {
  auto after = allocations.upper_bound((const char*)address);
  if (after == allocations.begin()) {
    return nullptr;
  }
  Owned* owned = std::prev(after)->second.get();
  return (const char*)address < owned->mapped + owned->mappedBytes ? owned : nullptr;
}

}  // namespace

emu::Allocation* allocate(size_t bytes, Place place) {
  auto owned = std::make_unique<Owned>();
  owned->place = place;
  if (!take_memory(*owned, bytes)) {
    return nullptr;
  }
  owned->bytes = bytes;
  owned->cells = nullptr;
  owned->name = std::string(place == Place::DEVICE ? "device" : "pinned") + " memory " +
                std::to_string(++numAllocations) + " of " + std::to_string(bytes) + " bytes";
  memset(owned->mapped, FRESH, owned->mappedBytes);
  emu::Allocation* result = owned.get();
  allocations[owned->mapped] = std::move(owned);
  return result;
}

emu::Allocation* allocation_beginning_at(const void* address, Place place) {
  Owned* owned = owner_of(address);
  return owned && owned->begin == address && owned->place == place ? owned : nullptr;
}

bool is_inside(const void* address, size_t bytes, Place place) {
  Owned* owned = owner_of(address);
  return owned && owned->place == place && (const char*)address >= owned->begin &&
         (const char*)address + bytes <= owned->begin + owned->bytes;
}

void free_allocation(emu::Allocation* allocation) {
  Owned* owned = (Owned*)allocation;
  give_back_memory(*owned);
  emu::free_cells(*owned);
  allocations.erase(owned->mapped);
}

void forgive_allocation(emu::Allocation* allocation) { ((Owned*)allocation)->forgiven = true; }

std::vector<std::string> living_allocations() {
  std::vector<std::string> names;
  for (auto& entry : allocations) {
    if (!entry.second->forgiven) {
      names.push_back(entry.second->name);
    }
  }
  return names;
}

void forget_accesses() {
  for (auto& entry : allocations) {
    emu::free_cells(*entry.second);
  }
}

void free_all_memory() {
  while (!allocations.empty()) {
    free_allocation(allocations.begin()->second.get());
  }
  numAllocations = 0;
}

}  // namespace stand_in

namespace emu {

Allocation* allocation_at(const void* address) { return stand_in::owner_of(address); }

bool is_device_address(const void* address) {
  return size_t((const char*)address - stand_in::arena) < stand_in::ARENA_BYTES;
}

}  // namespace emu
