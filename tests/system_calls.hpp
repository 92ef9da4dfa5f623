#pragma once

// Runs an action in a process of its own and lets one of its system calls fail, by ptrace: every call is met, those
// within the C and C++ libraries too.

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))
#define GEMEL_TEST_TRACES_SYSTEM_CALLS 1
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace gemel::test {

/// What becomes of a system call: it fails with this error, has done a part only (a write of one byte), or the process
/// is killed before it.
struct Fault {
  enum class Kind { Error, Short, Kill };
  Kind kind;
  int error = 0;
};

/// How the action ended, and the system calls it made up to there, by their numbers. Those for memory, signals and
/// locks do not count: they have nothing to do with files.
struct TracedRun {
  std::vector<long> calls = {};
  std::optional<int> returned = {};  ///< what the action returned; nothing where the process was killed
};

namespace traced {

using Registers = user_regs_struct;
#if defined(__x86_64__)
inline long call(const Registers& registers) { return static_cast<long>(registers.orig_rax); }
inline auto& result(Registers& registers) { return registers.rax; }
inline auto& third_argument(Registers& registers) { return registers.rdx; }
#else
inline long call(const Registers& registers) { return static_cast<long>(registers.regs[8]); }
inline auto& result(Registers& registers) { return registers.regs[0]; }
inline auto& third_argument(Registers& registers) { return registers.regs[2]; }
#endif

inline void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(std::string("ptrace: ") + what + ": " + std::strerror(errno));
}

inline Registers read(pid_t process) {
  Registers registers{};
  iovec vector{&registers, sizeof registers};
  require(ptrace(PTRACE_GETREGSET, process, NT_PRSTATUS, &vector) == 0, "the registers cannot be read");
  return registers;
}

inline void write(pid_t process, Registers& registers) {
  iovec vector{&registers, sizeof registers};
  require(ptrace(PTRACE_SETREGSET, process, NT_PRSTATUS, &vector) == 0, "the registers cannot be written");
}

/// At its entry: the system then does nothing.
inline void skip_call(pid_t process) {
#if defined(__x86_64__)
  Registers registers = read(process);
  registers.orig_rax = static_cast<decltype(registers.orig_rax)>(-1);
  write(process, registers);
#else
  int none = -1;
  iovec vector{&none, sizeof none};
  require(ptrace(PTRACE_SETREGSET, process, NT_ARM_SYSTEM_CALL, &vector) == 0, "a call cannot be skipped");
#endif
}

inline bool concerns_files(long call) {
  static constexpr std::array others{
      SYS_brk,         SYS_mmap,      SYS_munmap,     SYS_mprotect,       SYS_mremap,     SYS_madvise,
      SYS_futex,       SYS_getrandom, SYS_getpid,     SYS_gettid,         SYS_tgkill,     SYS_rt_sigaction,
      SYS_sigaltstack, SYS_exit,      SYS_exit_group, SYS_rt_sigprocmask, SYS_sched_yield};
  return std::find(others.begin(), others.end(), call) == others.end();
}

}  // namespace traced

/// Whether system calls can be traced here: not under qemu's emulation, for one.
inline bool traces_system_calls() {
  const pid_t child = fork();
  if (child == 0) _exit(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 || errno != ENOSYS ? 0 : 1);
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Runs `action`, which returns a number below 128, in a child process; call number `at` (from 0) that concerns files
/// has the fault. Where there are fewer, nothing happens to any.
template <class Action>
TracedRun run_traced(const Action& action, std::size_t at, Fault fault) {
  using namespace traced;
  const pid_t child = fork();
  require(child >= 0, "no process can be made");
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(127);
    std::raise(SIGSTOP);
    _exit(action());
  }
  int status = 0;
  require(waitpid(child, &status, 0) == child && WIFSTOPPED(status), "a process cannot be traced");
  require(ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) == 0, "no options");

  TracedRun run;
  bool within = false;  // between a call's entry and its return
  std::optional<int> error_to_return = {};
  long signal = 0;
  for (;;) {
    ptrace(PTRACE_SYSCALL, child, nullptr, signal);
    require(waitpid(child, &status, 0) == child, "a process is lost");
    signal = 0;
    if (WIFEXITED(status)) run.returned = WEXITSTATUS(status);
    if (WIFEXITED(status) || WIFSIGNALED(status)) return run;
    if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
      signal = WSTOPSIG(status);
      continue;
    }
    Registers registers = read(child);
    within = !within;
    if (!within) {
      if (const auto error = std::exchange(error_to_return, std::nullopt)) {
        result(registers) = static_cast<std::remove_reference_t<decltype(result(registers))>>(-*error);
        write(child, registers);
      }
    } else if (concerns_files(call(registers))) {
      run.calls.push_back(call(registers));
      if (run.calls.size() != at + 1) continue;
      if (fault.kind == Fault::Kind::Kill) {
        kill(child, SIGKILL);
      } else if (fault.kind == Fault::Kind::Error) {
        skip_call(child);
        error_to_return = fault.error;
      } else if (call(registers) == SYS_write) {
        third_argument(registers) = 1;
        write(child, registers);
      }
    }
  }
}

/// A call's name, of those that a save makes; else its number.
inline std::string call_name(long call) {
  switch (call) {
#ifdef SYS_open
    case SYS_open:
#endif
    case SYS_openat:
      return "open";
    case SYS_write:
      return "write";
    case SYS_fsync:
      return "fsync";
#ifdef SYS_rename
    case SYS_rename:
#endif
#ifdef SYS_renameat
    case SYS_renameat:
#endif
    case SYS_renameat2:
      return "rename";
    case SYS_close:
      return "close";
#ifdef SYS_stat
    case SYS_stat:
    case SYS_lstat:
#endif
    case SYS_fstat:
    case SYS_newfstatat:
    case SYS_statx:
      return "stat";
#ifdef SYS_readlink
    case SYS_readlink:
#endif
    case SYS_readlinkat:
      return "readlink";
#ifdef SYS_faccessat2
    case SYS_faccessat2:
#endif
    case SYS_faccessat:
      return "access";
#ifdef SYS_link
    case SYS_link:
#endif
    case SYS_linkat:
      return "link";
#ifdef SYS_unlink
    case SYS_unlink:
#endif
    case SYS_unlinkat:
      return "unlink";
    case SYS_fchmod:
      return "chmod";
    default:
      return std::to_string(call);
  }
}

}  // namespace gemel::test
#else
#define GEMEL_TEST_TRACES_SYSTEM_CALLS 0
#endif
