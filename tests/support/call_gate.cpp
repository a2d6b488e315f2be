// SPDX-License-Identifier: MIT
#include "call_gate.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <seccomp.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "handover.hpp"

namespace acefs::test {
namespace {

constexpr std::chrono::seconds kPatience{30};

/// Which arguments say what a call is about.
enum class About { Fd, FdAndName, Name };
struct Known {
  const char* name;
  About about;
  int number = 0;  ///< where libseccomp may not know the name: the same on every architecture
};

constexpr std::array kCalls = {
    Known{"openat", About::FdAndName},       Known{"openat2", About::FdAndName},     Known{"mkdirat", About::FdAndName},
    Known{"mknodat", About::FdAndName},      Known{"unlinkat", About::FdAndName},    Known{"renameat", About::FdAndName},
    Known{"renameat2", About::FdAndName},    Known{"linkat", About::FdAndName},      Known{"fchmodat", About::FdAndName},
    Known{"fchownat", About::FdAndName},     Known{"utimensat", About::FdAndName},   Known{"newfstatat", About::FdAndName},
    Known{"statx", About::FdAndName},        Known{"readlinkat", About::FdAndName},  Known{"setxattr", About::Name},
    Known{"fsetxattr", About::Fd},           Known{"removexattr", About::Name},      Known{"fremovexattr", About::Fd},
    Known{"getxattr", About::Name},          Known{"fgetxattr", About::Fd},          Known{"listxattr", About::Name},
    Known{"flistxattr", About::Fd},          Known{"fstat", About::Fd},              Known{"fchmod", About::Fd},
    Known{"fchown", About::Fd},              Known{"chmod", About::Name},            Known{"ftruncate", About::Fd},
    Known{"truncate", About::Name},          Known{"fallocate", About::Fd},          Known{"fsync", About::Fd},
    Known{"fdatasync", About::Fd},           Known{"syncfs", About::Fd},             Known{"write", About::Fd},
    Known{"pwrite64", About::Fd},            Known{"pwritev", About::Fd},            Known{"read", About::Fd},
    Known{"pread64", About::Fd},             Known{"preadv", About::Fd},             Known{"getdents64", About::Fd},
    Known{"copy_file_range", About::Fd},     Known{"flock", About::Fd},              Known{"open_by_handle_at", About::Fd},
    Known{"name_to_handle_at", About::FdAndName},                                    Known{"getxattrat", About::FdAndName, 464},
    Known{"listxattrat", About::FdAndName, 465},
};

int number_of(const Known& call) { return call.number != 0 ? call.number : seccomp_syscall_resolve_name(call.name); }

const Known* known(int number) {
  static const std::array<int, kCalls.size()> numbers = [] {
    std::array<int, kCalls.size()> all{};
    std::transform(kCalls.begin(), kCalls.end(), all.begin(), number_of);
    return all;
  }();
  const auto it = std::find(numbers.begin(), numbers.end(), number);
  return it == numbers.end() ? nullptr : &kCalls[static_cast<std::size_t>(it - numbers.begin())];
}

/// Where a link of /proc leads.
std::string target_of(const std::string& link) {
  std::array<char, PATH_MAX> target;
  const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
  return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size)) : std::string();
}

std::string text_at(pid_t pid, std::uint64_t address) {
  std::array<char, 256> bytes{};
  iovec here{bytes.data(), bytes.size() - 1};
  // Not further than the page, so that the end of what is mapped does no harm.
  const std::size_t room = std::min<std::size_t>(bytes.size() - 1, 4096 - address % 4096);
  iovec there{reinterpret_cast<void*>(address), room};  // NOLINT: an address of another process
  return ::process_vm_readv(pid, &here, 1, &there, 1, 0) > 0 ? std::string(bytes.data()) : std::string();
}

std::string of_fd(pid_t pid, int fd) {
  return target_of("/proc/" + std::to_string(pid) + (fd == AT_FDCWD ? "/cwd" : "/fd/" + std::to_string(fd)));
}

/// Descriptors are named "/proc/self/fd/N" where a call takes paths only.
std::string of_name(pid_t pid, const std::string& name) {
  constexpr std::string_view kSelf = "/proc/self/";
  return name.starts_with(kSelf) ? target_of("/proc/" + std::to_string(pid) + "/" + name.substr(kSelf.size())) : name;
}

std::string path_of(const Known& call, const seccomp_notif& asked) {
  const auto pid = static_cast<pid_t>(asked.pid);
  const auto* args = asked.data.args;
  if (call.about == About::Name) return of_name(pid, text_at(pid, args[0]));
  std::string path = of_fd(pid, static_cast<int>(args[0]));
  if (call.about == About::Fd) return path;
  const std::string name = args[1] == 0 ? std::string() : text_at(pid, args[1]);
  if (name.starts_with("/")) return of_name(pid, name);
  return name.empty() ? path : path + "/" + name;
}

void reply(int listener, std::uint64_t id, int error) {
  seccomp_notif_resp response{};
  response.id = id;
  response.error = -error;
  response.flags = error == 0 ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
  ::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);  // fails when the daemon is gone, or was interrupted and asks again
}

/// The program that asks about each of these calls.
std::vector<sock_filter> make_filter() {
  const std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter(seccomp_init(SCMP_ACT_ALLOW), seccomp_release);
  const UniqueFd text(::memfd_create("filter", MFD_CLOEXEC));
  bool made = filter && text;
  for (const Known& call : kCalls) {
    const int number = number_of(call);
    made = made && (number < 0 || seccomp_rule_add(filter.get(), SCMP_ACT_NOTIFY, number, 0) == 0);
  }
  made = made && seccomp_export_bpf(filter.get(), text.get()) == 0;
  const off_t size = made ? ::lseek(text.get(), 0, SEEK_END) : 0;
  std::vector<sock_filter> program(static_cast<std::size_t>(size) / sizeof(sock_filter));
  if (program.empty() || ::pread(text.get(), program.data(), static_cast<std::size_t>(size), 0) != size)
    throw std::runtime_error("no filter of system calls");
  return program;
}

}  // namespace

CallGate::CallGate(std::string below) : below_(std::move(below)), filter_(make_filter()), over_(::eventfd(0, EFD_CLOEXEC)) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw std::system_error(errno, std::generic_category(), "socketpair");
  for_daemon_.reset(ends[0]);
  for_watch_.reset(ends[1]);
  known(0);  // not first in a child
  thread_ = std::thread([this] { watch(); });
}

CallGate::~CallGate() {
  const std::uint64_t one = 1;
  if (::write(over_.get(), &one, sizeof one) != sizeof one) std::abort();
  thread_.join();
}

void CallGate::stand_before_this_process() const {
  // Raw calls: nothing may be allocated here.
  const sock_fprog program{static_cast<unsigned short>(filter_.size()), const_cast<sock_filter*>(filter_.data())};
  const long listener = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  if (listener < 0 || pass_descriptor(for_daemon_.get(), static_cast<int>(listener)) != 0) ::_exit(126);
}

void CallGate::judge_by(Judge judge) {
  const std::lock_guard lock(mutex_);
  judge_ = std::move(judge);
}

void CallGate::pass(std::uint64_t id) { reply(listener_.get(), id, 0); }

void CallGate::let_go() {
  const std::lock_guard lock(mutex_);
  judge_ = nullptr;
  for (const std::uint64_t id : hanging_) pass(id);
  hanging_.clear();
}

bool CallGate::wait_until_hanging(std::size_t count) {
  std::unique_lock lock(mutex_);
  return one_hangs_.wait_for(lock, kPatience, [&] { return hanging_.size() >= count; });
}

void CallGate::answer(const seccomp_notif& asked) {
  const Known* call = known(asked.data.nr);
  const std::lock_guard lock(mutex_);
  if (call == nullptr || !judge_) return pass(asked.id);
  Call about{call->name, path_of(*call, asked)};
  if (about.on != below_ && !about.on.starts_with(below_ + "/")) return pass(asked.id);
  const Verdict verdict = judge_(about);
  switch (verdict.kind) {
    case Verdict::Kind::Pass:
      return pass(asked.id);
    case Verdict::Kind::Fail:
      return reply(listener_.get(), asked.id, verdict.error);
    case Verdict::Kind::Hang:
      hanging_.push_back(asked.id);
      one_hangs_.notify_all();
      return;
    case Verdict::Kind::Kill:
      ::kill(static_cast<pid_t>(asked.pid), SIGKILL);
      return;
  }
}

void CallGate::watch() {
  std::array<pollfd, 2> news{{{over_.get(), POLLIN, 0}, {for_watch_.get(), POLLIN, 0}}};
  while (::poll(news.data(), news.size(), -1) >= 0 || errno == EINTR) {
    if (news[0].revents != 0) return;
    if (news[1].revents == 0) continue;
    if (!listener_) {
      listener_ = UniqueFd(take_descriptor(for_watch_.get()));
      if (!listener_) return;
      news[1].fd = listener_.get();
      continue;
    }
    seccomp_notif asked{};  // must be zero before each
    if ((news[1].revents & POLLIN) == 0) return;  // nobody is left to ask
    if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &asked) == 0) answer(asked);
  }
}

}  // namespace acefs::test
