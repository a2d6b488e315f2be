// SPDX-License-Identifier: MIT
#include "node_lock.hpp"

#include "side_file.hpp"

namespace acefs::backing {

Status NodeLock::take(const std::string& id) {
  if (held() && id_ == id) return Status::ok();
  fd_.reset();  // before waiting for another: two who each hold what the other waits for would wait for ever
  if (root_ < 0) return Status::from(EIO);
  if (const auto path = side_path_of(id); !path) return path.status();
  auto lock = lock_side_file(root_, id);
  if (!lock) return lock.status();
  fd_ = std::move(*lock);
  id_ = id;
  return Status::ok();
}

}  // namespace acefs::backing
