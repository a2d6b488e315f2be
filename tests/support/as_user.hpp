// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace acefs::test {

/// Runs `fn` in a forked child that became `uid`, `gid` with `groups` only (setgroups, setgid, setuid, in this order).
/// Returns 0 when it returned something not negative, its errno otherwise. A child that died returns -1.
int errno_as(uid_t uid, gid_t gid, const std::vector<gid_t>& groups, const std::function<long()>& fn);
/// The same without supplementary groups.
int errno_as(uid_t uid, gid_t gid, const std::function<long()>& fn);

/// What `fn` returns when run in such a child; "died" when the child did.
std::string run_as(uid_t uid, gid_t gid, const std::function<std::string()>& fn);
std::string run_as(uid_t uid, gid_t gid, const std::vector<gid_t>& groups, const std::function<std::string()>& fn);

/// errno's name: "EACCES"; "0" for 0.
std::string errno_name(int error);

/// A child that runs one user's steps one at a time: what it opened in an earlier step is still open in the next.
class User {
 public:
  User(uid_t uid, gid_t gid, std::vector<gid_t> groups = {});
  User(const User&) = delete;
  User& operator=(const User&) = delete;
  ~User();

  /// What a step is told and what it answers with. Steps are named by their number in `steps`.
  using Steps = std::vector<std::function<long()>>;
  /// Forks. Must be called once, before run().
  void start(Steps steps);
  /// Runs one step in the child; as errno_as().
  int run(std::size_t step);
  pid_t pid() const { return pid_; }

 private:
  uid_t uid_;
  gid_t gid_;
  std::vector<gid_t> groups_;
  pid_t pid_ = -1;
  int to_child_ = -1;
  int from_child_ = -1;
};

}  // namespace acefs::test
