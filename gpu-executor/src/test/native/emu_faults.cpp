// emu_faults.cpp - an access of a kernel that faults ends the kernel and not the process.
//
// While a kernel runs, SIGSEGV is ours. The handler lets the thread go on in another place, on a
// stack that is good, and from there the fiber is left for ever. Signals of other threads are the
// JVM's own business: it means them.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <ucontext.h>

#include "emu_fibers.h"

namespace emu {

#ifndef SANITIZED  // which report what faults by themselves

namespace {

struct sigaction previousHandler;
stack_t previousStack;
pthread_t kernelThread;
alignas(64) char landingStack[16 * 1024];
alignas(64) char signalStack[64 * 1024];
const void* faultAddress;
bool faultWrites;

void land() {
  char text[80];
  snprintf(text, sizeof text, "%s address %p, where no memory is",
           faultWrites ? "writes to" : "reads from", faultAddress);
  leave_fiber(Outcome::ADDRESS, text);
}

void handle(int signal, siginfo_t* info, void* context) {
  if (!pthread_equal(pthread_self(), kernelThread)) {
    previousHandler.sa_sigaction(signal, info, context);
    return;
  }
  greg_t* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  faultAddress = info->si_addr;
  faultWrites = registers[REG_ERR] & 2;
  registers[REG_RIP] = (greg_t)&land;
  registers[REG_RSP] = (greg_t)(landingStack + sizeof landingStack - 8);
}

}  // namespace

FaultHandler::FaultHandler() {
  kernelThread = pthread_self();
  // A stack of its own, because that of the fiber may be what is full.
  stack_t own = {};
  own.ss_sp = signalStack;
  own.ss_size = sizeof signalStack;
  sigaltstack(&own, &previousStack);
  struct sigaction handler = {};
  handler.sa_sigaction = handle;
  handler.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &handler, &previousHandler);
}

FaultHandler::~FaultHandler() {
  sigaction(SIGSEGV, &previousHandler, nullptr);
  sigaltstack(&previousStack, nullptr);
}

#else

FaultHandler::FaultHandler() {}

FaultHandler::~FaultHandler() {}

#endif

}  // namespace emu
