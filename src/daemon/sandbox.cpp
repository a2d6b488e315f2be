// SPDX-License-Identifier: MIT
#include "daemon/sandbox.hpp"

#include <seccomp.h>
#include <spdlog/spdlog.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "acefs/base/sanitized.hpp"
#include "daemon/system_calls.hpp"

namespace acefs::daemon {
namespace {

/// To act as callers, pass over modes (acefs decides), open by file handle, and watch the whole filesystem.
constexpr std::array kKept = {CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID,   CAP_MKNOD,
                              CAP_SETFCAP, CAP_SETGID,       CAP_SETPCAP,         CAP_SETUID, CAP_SYS_ADMIN};

constexpr const char* kForFusermount = "kept for fusermount3, which unmounts without root";

struct CapFree {
  void operator()(cap_t caps) const { cap_free(caps); }
};
struct FilterFree {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, FilterFree>;

/// Only a warning: serving without is what it was before, and an old kernel is no reason not to serve.
std::string missing(const char* what, int error) {
  spdlog::warn("sandbox: {}: {}", what, std::strerror(error));
  return std::string("not possible: ") + std::strerror(error);
}

bool allow(scmp_filter_ctx filter, int number) {
  const int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
  return result == 0 || result == -EEXIST;
}

template <std::size_t N>
bool allow(scmp_filter_ctx filter, const std::array<const char*, N>& names) {
  return std::all_of(names.begin(), names.end(), [filter](const char* name) {
    const int number = seccomp_syscall_resolve_name(name);
    return number < 0 || allow(filter, number);  // negative: this libseccomp or this architecture does not know it
  });
}

int install_filter(bool io_uring) {
  const Filter filter(seccomp_init(SCMP_ACT_KILL_PROCESS));
  if (!filter) return ENOMEM;
  // The C library asks clone first then, whose flags a filter could tell apart.
  const int clone3 = seccomp_syscall_resolve_name("clone3");
  bool good = clone3 < 0 || seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), clone3, 0) == 0;
  good = good && allow(filter.get(), kSystemCalls);
  for (const int number : kSystemCallNumbers) good = good && allow(filter.get(), number);
  if (io_uring) good = good && allow(filter.get(), kIoUringCalls);
  if (!good) return EINVAL;
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  if (const int result = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1); result != 0) return -result;
  return -seccomp_load(filter.get());
}

}  // namespace

void Sandbox::give_up_capabilities() {
  if (!applies()) {
    capabilities = wanted_ ? "none to drop" : "kept: sandbox=off";
    return;
  }
  const std::unique_ptr<std::remove_pointer_t<cap_t>, CapFree> caps(cap_get_proc());
  bool good = caps != nullptr;
  for (cap_value_t cap = 0; good && cap_max_bits() > cap; ++cap) {
    if (std::find(kKept.begin(), kKept.end(), cap) != kKept.end()) continue;
    if (cap_get_bound(cap) == 1) good = cap_drop_bound(cap) == 0;
    for (const cap_flag_t flag : {CAP_EFFECTIVE, CAP_PERMITTED, CAP_INHERITABLE}) cap_set_flag(caps.get(), flag, 1, &cap, CAP_CLEAR);
  }
  good = good && cap_set_proc(caps.get()) == 0;
  capabilities = good ? "dropped" : missing("capabilities", errno);
}

bool Sandbox::applies() const { return wanted_ && ::geteuid() == 0; }

const char* Sandbox::why_not() const {
  if (!wanted_) return "sandbox=off";
  if (!applies()) return kForFusermount;
  return kSanitized ? "off: built with a sanitizer" : nullptr;
}

void Sandbox::prepare(const Reach& reach) {
  if (why_not() != nullptr) return;
  auto rules = rules_for(reach);
  if (rules) rules_ = std::move(*rules);
  else no_rules_ = rules.error().errno_value();
}

void Sandbox::confine() {
  if (const char* const reason = why_not(); reason != nullptr) {
    files = privileges = system_calls = reason;
    return;
  }
  const int not_confined = no_rules_ != 0 ? no_rules_ : confine_files(rules_);
  files = not_confined == 0 ? "confined" : missing("files", not_confined);
  const int error = install_filter(io_uring_);
  system_calls = error == 0 ? "filtered" : missing("system calls", error);
  // The filter sets it for all threads; without one, those that are started from here on have it.
  if (error != 0) ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  privileges = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? "none new" : missing("privileges", errno);
}

}  // namespace acefs::daemon
