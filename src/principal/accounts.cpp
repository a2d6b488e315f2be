// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "acefs/base/unique_fd.hpp"
#include "acefs/principal/resolver.hpp"
#include "proc_status.hpp"

namespace acefs::principal {

namespace {

constexpr std::size_t kFirstBuffer = 1024;
/// A group of 100,000 members has a few MiB of names.
constexpr std::size_t kMostBuffer = std::size_t{64} << 20;
/// The kernel's limit (NGROUPS_MAX).
constexpr int kMostGroups = 65536;

/// One getpw*_r or getgr*_r call, with a buffer that grows until the answer fits; then `use` of the answer.
template <typename Record, typename Ask, typename Use>
auto ask_nss(Ask&& ask, Use&& use) -> std::optional<decltype(use(std::declval<const Record&>()))> {
  std::vector<char> buffer(kFirstBuffer);
  for (;;) {
    Record record{};
    Record* found = nullptr;
    const int error = ask(&record, buffer.data(), buffer.size(), &found);
    if (error == EINTR) continue;
    if (error == ERANGE && buffer.size() < kMostBuffer) {
      buffer.resize(buffer.size() * 4);
      continue;
    }
    if (error != 0 || found == nullptr) return std::nullopt;
    return use(*found);
  }
}

template <typename Use>
auto ask_user(uid_t uid, Use&& use) {
  return ask_nss<passwd>([uid](auto... rest) { return ::getpwuid_r(uid, rest...); }, use);
}

std::optional<std::string> read_status(pid_t pid) {
  std::array<char, 32> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d/status", pid);
  const UniqueFd file(::open(path.data(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::string text;
  std::size_t size = 0;
  for (;;) {
    text.resize(std::max<std::size_t>(4096, size * 2));
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    size += static_cast<std::size_t>(got);
    if (got == 0) break;
  }
  text.resize(size);
  return text;
}

class SystemAccounts : public Accounts {
 public:
  std::optional<std::string> user_name(uid_t uid) override {
    return ask_user(uid, [](const passwd& found) { return std::string(found.pw_name); });
  }

  std::optional<uid_t> user_id(const std::string& name) override {
    return ask_nss<passwd>([&name](auto... rest) { return ::getpwnam_r(name.c_str(), rest...); },
                           [](const passwd& found) { return found.pw_uid; });
  }

  std::optional<gid_t> primary_group(uid_t uid) override {
    return ask_user(uid, [](const passwd& found) { return found.pw_gid; });
  }

  std::optional<std::string> group_name(gid_t gid) override {
    return ask_nss<group>([gid](auto... rest) { return ::getgrgid_r(gid, rest...); },
                          [](const group& found) { return std::string(found.gr_name); });
  }

  std::optional<gid_t> group_id(const std::string& name) override {
    return ask_nss<group>([&name](auto... rest) { return ::getgrnam_r(name.c_str(), rest...); },
                          [](const group& found) { return found.gr_gid; });
  }

  std::vector<std::string> members_of(gid_t gid) override {
    const auto ask = [gid](auto... rest) { return ::getgrgid_r(gid, rest...); };
    const auto listed = [](const group& found) {
      std::vector<std::string> names;
      for (char** member = found.gr_mem; *member != nullptr; ++member) names.emplace_back(*member);
      return names;
    };
    return ask_nss<group>(ask, listed).value_or(std::vector<std::string>());
  }

  std::optional<std::vector<gid_t>> groups_of(const std::string& user, gid_t primary) override {
    std::vector<gid_t> groups(64);
    for (;;) {
      int count = static_cast<int>(groups.size());
      const int found = ::getgrouplist(user.c_str(), primary, groups.data(), &count);
      if (found >= 0) {
        groups.resize(static_cast<std::size_t>(count));
        return groups;
      }
      if (groups.size() >= kMostGroups) return std::nullopt;
      const std::size_t wanted = std::max(groups.size() * 2, static_cast<std::size_t>(std::max(count, 0)));
      groups.resize(std::min<std::size_t>(kMostGroups, wanted));
    }
  }

  std::optional<std::vector<gid_t>> groups_of(const Caller& caller) override {
    if (caller.pid <= 0) return std::nullopt;
    const auto status = read_status(caller.pid);
    auto process = status ? parse_status(*status) : std::nullopt;
    if (!process || process->uid != caller.uid || process->gid != caller.gid) return std::nullopt;
    return std::move(process->groups);
  }
};

}  // namespace

std::unique_ptr<Accounts> system_accounts() { return std::make_unique<SystemAccounts>(); }

}  // namespace acefs::principal
