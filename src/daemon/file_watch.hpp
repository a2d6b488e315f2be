// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "acefs/base/unique_fd.hpp"

struct inotify_event;

namespace acefs::daemon {

/// Tells, from a thread of its own, when a file has become another one or was written to and closed: never while somebody is still
/// writing it. What is watched are the directories that hold it and each symbolic link on the way to it: editors, and acectl, put a new
/// file in its place. Not seen: that a directory further up was renamed, or another filesystem mounted on the way.
class FileWatch {
 public:
  /// Make it before the file is read: what changes from now on is told, once start() was called. An empty name: nothing ever changes.
  /// Where the kernel cannot tell, the log says so.
  explicit FileWatch(std::string file);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  void start(std::function<void()> on_change);

 private:
  using Names = std::map<std::string, bool, std::less<>>;  ///< → whether it is the file itself, not a link on the way

  void watch_the_way();
  void watch(const std::filesystem::path& directory, const std::string& name, bool is_file);
  bool read_events();
  bool tells_of_a_change(const inotify_event& event) const;
  void wait();

  std::string file_;
  std::map<int, std::filesystem::path> directories_;  ///< by watch
  std::map<int, Names> names_;
  std::function<void()> on_change_;
  UniqueFd events_;
  UniqueFd end_;
  std::thread thread_;
};

}  // namespace acefs::daemon
