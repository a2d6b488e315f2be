// SPDX-License-Identifier: MIT
#include "acefs/principal/config_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <tuple>

#include "acefs/base/unique_fd.hpp"
#include "read_file.hpp"

namespace acefs::principal {

namespace {

namespace fs = std::filesystem;

std::string failed(const std::string& what, int error) { return what + ": " + std::strerror(error); }

/// Locked until it is closed.
Result<UniqueFd, std::string> lock(const fs::path& file) {
  const std::string name = (file.parent_path() / ("." + file.filename().string() + ".lock")).string();
  UniqueFd fd(::open(name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return failed(name, errno);
  while (::flock(fd.get(), LOCK_EX) != 0)
    if (errno != EINTR) return failed(name, errno);
  return fd;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// Attributes by which others than the mode say who may read it, and what may be done to it.
constexpr std::array kProtection = {"system.posix_acl_access", "security.selinux"};

/// Errno, or 0.
int copy_protection(const std::string& from, int to) {
  for (const char* name : kProtection) {
    std::array<char, 65536> value{}, there{};  // XATTR_SIZE_MAX
    const ssize_t size = ::getxattr(from.c_str(), name, value.data(), value.size());
    if (size < 0 && errno != ENODATA && errno != ENOTSUP) return errno;
    if (size < 0) continue;
    // What a new file gets by itself need not be set, which not everybody may.
    const bool same = ::fgetxattr(to, name, there.data(), there.size()) == size && value == there;
    if (!same && ::fsetxattr(to, name, value.data(), static_cast<std::size_t>(size), 0) != 0) return errno;
  }
  return 0;
}

/// Errno, or 0. Mode, owner and what else protects it become those of `file`, if that is there.
int write_durably(int fd, const std::string& text, const fs::path& file) {
  struct stat st {};
  const bool is_there = ::stat(file.c_str(), &st) == 0;
  if (::fchmod(fd, is_there ? st.st_mode & 07777 : 0644) != 0) return errno;
  if (is_there && ::fchown(fd, st.st_uid, st.st_gid) != 0) return errno;
  if (const int error = is_there ? copy_protection(file.string(), fd) : 0; error != 0) return error;
  if (!write_all(fd, text) || ::fsync(fd) != 0) return errno;
  return 0;
}

/// What changes whenever the text may have.
using Version = std::tuple<dev_t, ino_t, off_t, time_t, long, time_t, long>;

Version version_of(const fs::path& file) {
  struct stat st {};
  if (::stat(file.c_str(), &st) != 0) return {};
  return {st.st_dev, st.st_ino, st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec, st.st_ctim.tv_sec, st.st_ctim.tv_nsec};
}

/// False: it is not the one that was read any more, and stays.
Result<bool, std::string> replace(const fs::path& file, const std::string& text, const Version& read) {
  std::string name = (file.parent_path() / ("." + file.filename().string() + ".XXXXXX")).string();
  const UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd) return failed(name, errno);
  int error = write_durably(fd.get(), text, file);
  const bool same = version_of(file) == read;
  if (error == 0 && same && ::rename(name.c_str(), file.c_str()) != 0) error = errno;
  if (error != 0 || !same) ::unlink(name.c_str());
  if (error != 0) return failed(file.string(), error);
  if (!same) return false;
  const UniqueFd directory(::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return failed(file.string() + ": written, but not known to be on disk", errno);
  return true;
}

/// The first mistake of `now` that `before` did not have, as a line of the file.
std::string new_mistake(const std::string& file, const Config& before, const Config& now) {
  for (const ConfigProblem& problem : now.problems) {
    const auto same = [&](const ConfigProblem& old) { return old.message == problem.message; };
    if (std::none_of(before.problems.begin(), before.problems.end(), same))
      return file + ':' + std::to_string(problem.line) + ": " + problem.message;
  }
  return {};
}

enum class Outcome { Changed, Same, Overtaken };

Result<Outcome, std::string> try_change(const std::string& file, const fs::path& real, const MakeText& make) {
  const Version version = version_of(real);
  auto text = read_file(real.string());
  if (!text && text.error().errno_value() != ENOENT) return failed(file, text.error().errno_value());
  const std::string before = text ? *std::move(text) : std::string();
  const auto config = Config::parse(before);
  if (!config) return message_of(file, before, config.error());

  const auto after = make(before, *config);
  if (!after) return file + ": " + after.error().message;
  if (*after == before) return Outcome::Same;
  const auto changed = Config::parse(*after);
  if (!changed) return message_of(file, *after, changed.error());
  if (std::string mistake = new_mistake(file, *config, *changed); !mistake.empty()) return mistake;
  const auto done = replace(real, *after, version);
  if (!done) return done.error();
  return *done ? Outcome::Changed : Outcome::Overtaken;
}

}  // namespace

Result<bool, std::string> change_config(const std::string& file, const MakeText& make) {
  std::error_code none;
  fs::path real = fs::canonical(file, none);  // not the link, if it is one
  if (none && fs::is_symlink(file)) return failed(file + ": a link to what is not there", none.value());
  if (none) real = fs::absolute(file);
  const auto locked = lock(real);
  if (!locked) return locked.error();

  // Who edits by hand takes no lock.
  constexpr int kTries = 10;
  for (int i = 0; i < kTries; ++i) {
    const auto done = try_change(file, real, make);
    if (!done) return done.error();
    if (*done != Outcome::Overtaken) return *done == Outcome::Changed;
  }
  return file + ": somebody else keeps changing it";
}

}  // namespace acefs::principal
