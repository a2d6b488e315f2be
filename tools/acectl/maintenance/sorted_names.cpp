// SPDX-License-Identifier: MIT
#include "sorted_names.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <memory>

#include "acefs/base/unique_fd.hpp"

namespace acefs::tool::acectl {

Result<SortedNames> names_after(int directory, const std::string& last, std::size_t most) {
  UniqueFd fd(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Status::last();
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(fd.get()), ::closedir);
  if (!dir) return Status::last();
  fd.release();
  SortedNames found;
  auto& names = found.names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr && errno != 0) return Status::last();
    if (entry == nullptr) break;
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    ++found.total;
    if (!last.empty() && name <= last) {
      ++found.before;
      continue;
    }
    names.push_back(std::move(name));
    if (names.size() < 2 * most) continue;
    std::nth_element(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(most), names.end());
    names.resize(most);
    found.more = true;
  }
  std::sort(names.begin(), names.end());
  found.more = found.more || names.size() > most;
  names.resize(std::min(names.size(), most));
  return found;
}

}  // namespace acefs::tool::acectl
