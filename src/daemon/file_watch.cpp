// SPDX-License-Identifier: MIT
#include "daemon/file_watch.hpp"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

namespace acefs::daemon {
namespace {

namespace fs = std::filesystem;

/// As many as the kernel follows (path_resolution(7)).
constexpr int kMostLinks = 40;
/// A directory that goes takes the file with it.
constexpr std::uint32_t kItself = IN_MOVE_SELF | IN_DELETE_SELF;

/// Whether it came into being complete: as another name of something. What open(2) creates is told of again when it was written.
bool is_complete_when_made(const fs::path& file) {
  struct stat st {};
  return ::lstat(file.c_str(), &st) == 0 && (S_ISLNK(st.st_mode) || st.st_nlink > 1);
}

}  // namespace

FileWatch::FileWatch(std::string file) : file_(std::move(file)) {
  if (file_.empty()) return;
  events_ = UniqueFd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  end_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
  if (!events_ || !end_) {
    spdlog::warn("changes of {} take effect on SIGHUP only: {}", file_, std::strerror(errno));
    return;
  }
  watch_the_way();
}

void FileWatch::start(std::function<void()> on_change) {
  on_change_ = std::move(on_change);
  if (events_ && end_) thread_ = std::thread([this] { wait(); });
}

FileWatch::~FileWatch() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  if (::write(end_.get(), &one, sizeof one) == sizeof one) thread_.join();
  else thread_.detach();
}

void FileWatch::watch(const fs::path& directory, const std::string& name, bool is_file) {
  const int watch = ::inotify_add_watch(events_.get(), directory.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | kItself | IN_ONLYDIR);
  if (watch < 0) return spdlog::warn("changes of {} take effect on SIGHUP only: {}: {}", file_, directory.string(), std::strerror(errno));
  directories_[watch] = directory;
  names_[watch][name] = is_file;
}

/// Component by component, as the kernel goes: a link is followed from where it stands.
void FileWatch::watch_the_way() {
  const auto before = std::exchange(directories_, {});
  names_.clear();
  fs::path at = "/";
  fs::path rest = fs::path(file_).relative_path();
  std::error_code none;
  for (int links = 0; !rest.empty() && links <= kMostLinks;) {
    const fs::path name = *rest.begin();
    rest = rest.lexically_relative(name);
    if (rest == ".") rest.clear();
    if (fs::is_symlink(at / name, none)) {
      watch(at, name, false);
      const fs::path target = fs::read_symlink(at / name, none);
      rest = rest.empty() ? target.relative_path() : target.relative_path() / rest;
      if (target.is_absolute()) at = "/";
      ++links;
    } else if (rest.empty()) {
      watch(at, name, true);
    } else {
      at /= name;
    }
  }
  for (const auto& [watch, directory] : before)
    if (!directories_.contains(watch)) ::inotify_rm_watch(events_.get(), watch);
}

bool FileWatch::tells_of_a_change(const inotify_event& event) const {
  if ((event.mask & IN_Q_OVERFLOW) != 0) return true;
  const auto directory = directories_.find(event.wd);
  if (directory == directories_.end()) return false;
  if ((event.mask & kItself) != 0) return true;
  if (event.len == 0) return false;
  const Names& names = names_.at(event.wd);
  const auto name = names.find(std::string_view(event.name));
  if (name == names.end()) return false;
  if ((event.mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0) return true;
  return !name->second || is_complete_when_made(directory->second / event.name);
}

/// Whether there was one that counts.
bool FileWatch::read_events() {
  bool changed = false;
  alignas(inotify_event) std::array<char, 4096> buffer{};
  for (ssize_t size = 0; (size = ::read(events_.get(), buffer.data(), buffer.size())) > 0;) {
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      const auto& event = *reinterpret_cast<const inotify_event*>(buffer.data() + at);
      changed = tells_of_a_change(event) || changed;
      at += sizeof event + event.len;
    }
  }
  return changed;
}

void FileWatch::wait() {
  for (;;) {
    std::array<pollfd, 2> waited{{{events_.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}}};
    if (::poll(waited.data(), waited.size(), -1) < 0 && errno != EINTR) return;
    if (waited[1].revents != 0) return;
    if (!read_events()) continue;
    watch_the_way();  // a link may lead somewhere else now
    on_change_();
  }
}

}  // namespace acefs::daemon
