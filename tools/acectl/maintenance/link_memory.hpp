// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <map>
#include <utility>

namespace acefs::tool::acectl {

/// Tells an inode's first name from its others. Only files with several names are remembered, and only until all of them came by.
class LinkMemory {
 public:
  bool is_first(const struct stat& st) {
    if (S_ISDIR(st.st_mode) || st.st_nlink < 2) return true;
    const auto [known, added] = names_left_.try_emplace({st.st_dev, st.st_ino}, st.st_nlink);
    if (--known->second == 0) names_left_.erase(known);
    return added;
  }

 private:
  std::map<std::pair<dev_t, ino_t>, nlink_t> names_left_;
};

}  // namespace acefs::tool::acectl
