// stand_in_kernels.cpp - what the PTX says of a kernel, and how the kernel runs.
//
// The PTX and the kernels of the CPU are made of the same sources by two compilers. What both say
// (the parameters) must agree, and what the PTX alone says (threads, static shared memory) holds.
#include "stand_in.h"

namespace stand_in {

namespace {

size_t size_of_type(const std::string& ptx, size_t at) {
  // .u64 and its like, with a word ".align n" between for arrays, which we have none of.
  return ptx.compare(at + 2, 2, "64") == 0 ? 8 : 4;
}

// The bytes of all declarations ".shared .align a .b8 name[bytes];" of a text that `uses` names.
size_t shared_bytes(const std::string& text, const std::string* uses) {
  size_t sum = 0;
  for (size_t i = 0; (i = text.find(".shared .align ", i)) != std::string::npos; i++) {
    size_t name = text.find(".b8 ", i);
    size_t open = text.find('[', i);
    if (name == std::string::npos || open == std::string::npos || open < name) {
      continue;
    }
    std::string variable = text.substr(name + 4, open - name - 4);
    if (!uses || uses->find(variable) != std::string::npos) {
      sum += strtoul(text.c_str() + open + 1, nullptr, 10);
    }
  }
  return sum;
}

}  // namespace

Entry entry_of(const std::string& ptx, const std::string& name) {
  Entry entry = {{}, 1024, 0};
  size_t start = ptx.find(".entry " + name + "(");
  if (start == std::string::npos) {
    return entry;
  }
  size_t parametersEnd = ptx.find(')', start);
  for (size_t i = start; (i = ptx.find(".param ", i)) < parametersEnd; i++) {
    entry.parameterSizes.push_back(size_of_type(ptx, i + 7));
  }
  size_t body = ptx.find('{', parametersEnd);
  size_t bodyEnd = ptx.find("\n}", body);
  size_t threads = ptx.find(".maxntid ", parametersEnd);
  if (threads < body) {
    entry.maxThreads = strtoul(ptx.c_str() + threads + 9, nullptr, 10);
  }
  std::string bodyText = ptx.substr(body, bodyEnd - body);
  std::string before = ptx.substr(0, ptx.find(".entry "));
  entry.staticSharedBytes = shared_bytes(bodyText, nullptr) + shared_bytes(before, &bodyText);
  return entry;
}

void run_kernel(const Function& function, dim3 grid, dim3 block, size_t sharedBytes,
                const std::string& values, Stream* stream) {
  Switches& switches = state.switches;
  long long run = ++state.numKernelRuns;
  state.kernelRuns[function.kernel]++;
  if (run == switches.failingKernel) {
    state.sticky = switches.failingCode;
    return;
  }
  if (run == switches.hangingKernel) {
    stream->hangs = true;
    return;
  }
  std::vector<void*> pointers;
  for (size_t i = 0; i < function.entry.parameterSizes.size(); i++) {
    pointers.push_back((void*)&values[8 * i]);
  }
  bool checked = switches.checked && &emu::checkedKernels;
  const emu::Build& build = checked ? emu::checkedKernels : emu::plainKernels;
  // Every launch gets an order of its own, of the same kind.
  uint64_t seed = switches.schedule ? switches.schedule + 2 * (uint64_t)run : 0;
  emu::Result result = emu::run(
      {&build, build.find(function.kernel), pointers.data(), grid, block, sharedBytes, seed});
  if (result.outcome != emu::Outcome::DONE) {
    emu::complain(result.text);
    state.sticky = result.outcome == emu::Outcome::ADDRESS ? ILLEGAL_ADDRESS : LAUNCH_FAILED;
  }
}

}  // namespace stand_in
