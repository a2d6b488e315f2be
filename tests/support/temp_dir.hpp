// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace acefs::test {

/// A fresh directory, mode 0755, removed with everything below it when this goes.
class TempDir {
 public:
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  const std::string& path() const { return path_; }
  /// The path of `name` below the directory.
  std::string at(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace acefs::test
