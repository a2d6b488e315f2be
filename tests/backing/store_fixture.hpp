// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "acefs/backing/grants.hpp"
#include "acefs/base/unique_fd.hpp"
#include "backing/side_map.hpp"
#include "support/temp_dir.hpp"

namespace acefs::test {

/// Key that follows the prefix → value.
using Values = std::map<std::string, std::string, std::less<>>;

inline const std::string kId = "user.oc.id";
inline const std::string kMarker = "user.oc.metadata_offloaded";

/// The key of the n-th of many users, a UUID as OpenCloud has them, and a grant's value of usual length.
std::string nth_user(int n);
std::string value_of(std::string_view letters, std::string_view type = "A");

/// A fresh tree with one directory, `node`, and a store over it.
class StoreTest : public ::testing::Test {
 protected:
  explicit StoreTest(backing::StoreOptions options = {});

  /// O_PATH descriptor of a node below the root.
  UniqueFd open(const std::string& name) const;
  UniqueFd make_dir(const std::string& name) const;

  int set(const std::string& key, const std::string& value, int flags = 0);
  int remove(const std::string& key);
  /// As one batch; the errno.
  int apply(const std::vector<backing::Change>& changes, int flags = 0);

  /// What read() gives; fails the test when it fails.
  Values read() const;
  /// The errno of read(), 0 when it succeeds.
  int read_error() const;

  /// Raw attributes of the node, `user.*` ones.
  std::map<std::string, std::string> xattrs() const;
  void set_raw(const std::string& name, const std::string& value) const;
  void remove_raw(const std::string& name) const;
  std::string raw(const std::string& name) const;  ///< "" when there is none

  /// Side file at `path` relative to the root.
  backing::Attributes side(const std::string& path) const;
  void write_side(const std::string& path, const backing::Attributes& attributes) const;
  void write_bytes(const std::string& path, std::string_view bytes) const;
  std::string side_path() const;  ///< of the node's present id

  bool on_ext4() const;

  TempDir dir;
  UniqueFd root;
  UniqueFd node;
  backing::GrantStore store;
};

}  // namespace acefs::test
