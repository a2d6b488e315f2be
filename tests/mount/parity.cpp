// SPDX-License-Identifier: MIT
#include "parity.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>
#include <sstream>

namespace acefs::test {
namespace {

void describe_node(const std::string& path, const std::string& name, std::ostringstream& out) {
  const struct stat st = lstat_of(path);
  out << name << " mode=" << std::oct << st.st_mode << std::dec << " uid=" << st.st_uid << " gid=" << st.st_gid
      << " links=" << st.st_nlink;
  if (S_ISREG(st.st_mode)) {
    const std::string content = slurp(path);
    out << " size=" << st.st_size << " content=" << content.substr(0, 30) << " hash=" << std::hash<std::string>{}(content);
  }
  if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) out << " device=" << major(st.st_rdev) << ':' << minor(st.st_rdev);
  if (S_ISLNK(st.st_mode)) {
    std::array<char, 4096> target{};
    const ssize_t n = ::readlink(path.c_str(), target.data(), target.size());
    out << " size=" << st.st_size << " target=" << std::string(target.data(), n < 0 ? 0 : static_cast<std::size_t>(n));
  }
  out << '\n';
  if (!S_ISDIR(st.st_mode)) return;
  for (const std::string& child : names_in(path)) {
    const std::string below = name == "." ? child : name + "/" + child;
    describe_node(path + "/" + child, below, out);
  }
}

}  // namespace

long Calls::operator()(const std::string& call, long result) {
  text_ += call + ": " + (result < 0 ? errno_name(errno) : std::to_string(result)) + "\n";
  return result;
}

std::string describe(const std::string& dir) {
  std::ostringstream out;
  describe_node(dir, ".", out);
  return out.str();
}

void ParityTest::same(const Prepare& prepare, const Act& act, uid_t uid, gid_t gid, const std::vector<gid_t>& groups) {
  const auto run = [&](const std::string& prepared, const std::string& dir) {
    make_dir(prepared, 0755, kAlice, kAlice);
    prepare(prepared);
    return run_as(uid, gid, groups, [&] {
      ::umask(022);
      Calls calls;
      act(dir, calls);
      return calls.text();
    });
  };
  const std::string expected = run(plain_.path(), plain_.path());
  const std::string found = run(mount().backing(), mount().point());
  EXPECT_EQ(found, expected) << "what the calls returned: on the mount, in a plain directory";
  EXPECT_EQ(describe(mount().backing()), describe(plain_.path())) << "what they left";
  EXPECT_EQ(describe(mount().point()), describe(plain_.path())) << "what the mount shows of it";
}

}  // namespace acefs::test
