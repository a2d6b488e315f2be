// SPDX-License-Identifier: MIT
#include "loop_fs.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "acefs/base/unique_fd.hpp"
#include "as_user.hpp"
#include "nodes.hpp"

namespace acefs::test {
namespace {

/// mkfs.xfs makes nothing smaller than 300 MiB. Sparse: only what is written takes room.
constexpr off_t kImageSize = off_t{512} << 20;

/// Runs a program to its end; what it said, and how it ended, when that was not with 0.
std::optional<std::string> failure_of(std::vector<std::string> command, const std::string& log) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    std::vector<char*> argv;
    for (std::string& word : command) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  if (status == 0) return std::nullopt;
  return command[0] + " ended with wait status " + std::to_string(status) + ": " + slurp(log);
}

/// Quiet, and content with whatever it finds in the file.
std::vector<std::string> mkfs_command(const std::string& kind, const std::string& image) {
  // By its full path: a PATH without /sbin is no reason to leave a test out.
  const std::string program = "/sbin/mkfs." + kind;
  if (kind == "ext4") return {program, "-q", "-F", image};
  return {program, "-q", "-f", image};
}

}  // namespace

LoopFs::LoopFs(std::string_view kind) {
  if (why_no_mount()) return;  // REQUIRE_LOOP_FS tells
  enter_mount_namespace();
  problem_ = make(std::string(kind));
  mounted_ = !problem_;
  if (mounted_) make_dir(path(), 0755);
}

std::optional<std::string> LoopFs::make(const std::string& kind) {
  if (kind == "tmpfs") {
    if (::mount("tmpfs", path().c_str(), "tmpfs", 0, nullptr) == 0) return std::nullopt;
    return "no tmpfs: " + errno_name(errno);
  }
  // The image loses its name as soon as it is mounted: whatever becomes of the test, nothing is left behind.
  const TempDir workshop;
  const std::string image = workshop.at("image");
  {
    const UniqueFd file(::open(image.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file || ::ftruncate(file.get(), kImageSize) != 0) return image + ": " + errno_name(errno);
  }
  std::vector<std::string> mkfs = mkfs_command(kind, image);
  if (::access(mkfs[0].c_str(), X_OK) != 0) return "no " + mkfs[0];
  if (auto failure = failure_of(std::move(mkfs), workshop.at("log"))) return failure;
  return failure_of({"mount", "-t", kind, "-o", "loop", image, path()}, workshop.at("log"));
}

int LoopFs::detach() {
  mounted_ = false;
  return ::umount2(path().c_str(), MNT_DETACH);
}

LoopFs::~LoopFs() {
  if (mounted_ && ::umount(path().c_str()) != 0) detach();
}

}  // namespace acefs::test
