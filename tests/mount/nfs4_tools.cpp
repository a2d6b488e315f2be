// SPDX-License-Identifier: MIT
#include "nfs4_tools.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace acefs::test {
namespace {

/// The exit code as a number and a blank, then what the program said.
std::string ran(const std::vector<std::string>& command, std::string_view input) {
  const int in = ::memfd_create("input", MFD_CLOEXEC);
  std::array<int, 2> ends{};
  if (in < 0 || ::pipe2(ends.data(), O_CLOEXEC) != 0) return "-1 no descriptors";
  if (::pwrite(in, input.data(), input.size(), 0) != static_cast<ssize_t>(input.size())) return "-1 no input";
  std::vector<std::string> copy = command;
  std::vector<char*> argv;
  for (std::string& argument : copy) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(in, STDIN_FILENO);
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    ::execvp(argv.front(), argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  std::string said;
  std::array<char, 4096> part{};
  for (ssize_t n = 0; (n = ::read(ends[0], part.data(), part.size())) > 0;) said.append(part.data(), static_cast<std::size_t>(n));
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return "-1 " + said;
  return std::to_string(WEXITSTATUS(status)) + " " + said;
}

}  // namespace

Ran run_program(uid_t uid, const std::vector<std::string>& command, std::string_view input) {
  const std::string answer = run_as(uid, uid, [&] { return ran(command, input); });
  const auto blank = answer.find(' ');
  if (blank == answer.npos) return {-1, answer};
  return {std::stoi(answer.substr(0, blank)), answer.substr(blank + 1)};
}

void Nfs4Test::SetUp() {
  if (run_program(0, {"nfs4_setfacl", "--version"}).code == 127) {
    const char* must = std::getenv("ACEFS_TEST_FUSE");
    if (must != nullptr && *must == '1') FAIL() << "nfs4-acl-tools is not installed";
    GTEST_SKIP() << "nfs4-acl-tools is not installed";
  }
  RowTest::SetUp();
}

Ran Nfs4Test::setfacl(uid_t uid, std::vector<std::string> arguments, const std::string& name, std::string_view input) {
  arguments.insert(arguments.begin(), "nfs4_setfacl");
  arguments.push_back(at(name));
  return run_program(uid, arguments, input);
}

void Nfs4Test::set_list(const std::string& name, const std::string& list) {
  const Ran set = setfacl(0, {"-s", list}, name);
  ASSERT_EQ(set.code, 0) << list << ": " << set.said;
}

std::string Nfs4Test::list_of(const std::string& name, uid_t uid) {
  std::string list = run_program(uid, {"nfs4_getfacl", "-c", at(name)}).said;
  while (list.ends_with('\n')) list.pop_back();
  std::replace(list.begin(), list.end(), '\n', ',');
  return list;
}

std::map<std::string, std::string> Nfs4Test::grants_of(const std::string& name) {
  std::string names(65536, '\0');
  const ssize_t size = ::llistxattr(real(name).c_str(), names.data(), names.size());
  std::map<std::string, std::string> grants;
  for (ssize_t i = 0; i < size;) {
    const std::string each = names.c_str() + i;
    i += static_cast<ssize_t>(each.size()) + 1;
    if (each.starts_with("user.oc.")) grants[each] = get_attribute(real(name), each);
  }
  return grants;
}

std::string Nfs4Test::mode_of(const std::string& name) {
  std::array<char, 8> octal{};
  std::snprintf(octal.data(), octal.size(), "%o", lstat_of(at(name)).st_mode & 07777U);
  return octal.data();
}

int Nfs4Test::reads(uid_t uid, const std::string& name) {
  return errno_as(uid, uid, [&] { return try_open(at(name), O_RDONLY); });
}

int Nfs4Test::writes(uid_t uid, const std::string& name) {
  return errno_as(uid, uid, [&] { return try_open(at(name), O_WRONLY); });
}

}  // namespace acefs::test
