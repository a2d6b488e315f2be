// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "service.hpp"
#include "temp_dir.hpp"

namespace acefs::test {

/// What of nfs-ganesha or of the NFS client in user space (libnfs) is not installed here; nothing when all of it is.
std::optional<std::string> why_no_ganesha();

/// nfs-ganesha serving one directory by NFSv4, in a network namespace of its own; without rpcbind, D-Bus and Kerberos.
class Ganesha {
 public:
  explicit Ganesha(const std::string& path);

  bool ready() const { return service_ && service_->ready(); }
  std::string log() { return service_->log(); }

  /// The content of a file, read as that user.
  Outcome cat(uid_t uid, const std::string& name) const;
  /// Copies a local file to a new one, as that user.
  Outcome put(uid_t uid, const std::string& local, const std::string& name) const;
  /// A directory's list, as `nfs-ls` prints it.
  Outcome list(uid_t uid, const std::string& name) const;

 private:
  TempDir place_;
  std::optional<Service> service_;
};

}  // namespace acefs::test
