// SPDX-License-Identifier: MIT
#include "as_user.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

namespace acefs::test {
namespace {

/// Exit code of a child that could not become the user.
constexpr int kNotTheUser = 99;

void become(uid_t uid, gid_t gid, const std::vector<gid_t>& groups) {
  if (::setgroups(groups.size(), groups.data()) != 0 || ::setgid(gid) != 0 || ::setuid(uid) != 0) ::_exit(kNotTheUser);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a change of uid would have cleared it
}

void make_pipe(std::array<int, 2>& ends) {
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
}

std::string read_all(int fd) {
  std::string all;
  std::array<char, 4096> part{};
  for (ssize_t n = 0; (n = ::read(fd, part.data(), part.size())) > 0;) all.append(part.data(), static_cast<std::size_t>(n));
  return all;
}

}  // namespace

std::string run_as(uid_t uid, gid_t gid, const std::vector<gid_t>& groups, const std::function<std::string()>& fn) {
  std::array<int, 2> ends{};
  make_pipe(ends);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    become(uid, gid, groups);
    const std::string answer = fn();
    const ssize_t n = ::write(ends[1], answer.data(), answer.size());
    ::_exit(n == static_cast<ssize_t>(answer.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string answer = read_all(ends[0]);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? answer : "died";
}

std::string run_as(uid_t uid, gid_t gid, const std::function<std::string()>& fn) { return run_as(uid, gid, {}, fn); }

int errno_as(uid_t uid, gid_t gid, const std::vector<gid_t>& groups, const std::function<long()>& fn) {
  const std::string answer = run_as(uid, gid, groups, [&] {
    errno = 0;
    return fn() < 0 ? std::to_string(errno) : std::string("0");
  });
  return answer == "died" ? -1 : std::stoi(answer);
}

int errno_as(uid_t uid, gid_t gid, const std::function<long()>& fn) { return errno_as(uid, gid, {}, fn); }

std::string errno_name(int error) {
  if (error == 0) return "0";
  const char* name = ::strerrorname_np(error);
  return name != nullptr ? name : std::to_string(error);
}

User::User(uid_t uid, gid_t gid, std::vector<gid_t> groups) : uid_(uid), gid_(gid), groups_(std::move(groups)) {}

void User::start(Steps steps) {
  std::array<int, 2> down{};
  std::array<int, 2> up{};
  make_pipe(down);
  make_pipe(up);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::close(down[1]);
    ::close(up[0]);
    become(uid_, gid_, groups_);
    std::size_t step = 0;
    while (::read(down[0], &step, sizeof step) == sizeof step) {
      errno = 0;
      const int error = steps.at(step)() < 0 ? errno : 0;
      if (::write(up[1], &error, sizeof error) != sizeof error) ::_exit(1);
    }
    ::_exit(0);
  }
  ::close(down[0]);
  ::close(up[1]);
  to_child_ = down[1];
  from_child_ = up[0];
}

int User::run(std::size_t step) {
  int error = -1;
  if (::write(to_child_, &step, sizeof step) != sizeof step) return -1;
  return ::read(from_child_, &error, sizeof error) == sizeof error ? error : -1;
}

User::~User() {
  if (pid_ <= 0) return;
  ::close(to_child_);
  ::close(from_child_);
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace acefs::test
