// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "service.hpp"
#include "temp_dir.hpp"

namespace acefs::test {

/// What of Samba is not installed here; nothing when all of it is.
std::optional<std::string> why_no_samba();

/// What an SMB client reports: the first NT_STATUS_* in its output, "NT_STATUS_OK" when there is none and it succeeded.
std::string nt_status(const Outcome& outcome);

/// Samba serving one directory as share `data`, in a network namespace of its own.
///
/// Alice (also in staff), bob and carol exist for it alone, with the numbers that the tests' ACEs use: nss_wrapper shows them to it,
/// and to nobody else. Alice and bob can log in; carol is a name in ACEs only.
class Samba {
 public:
  /// `lines`: of the share's section of smb.conf, beside path and "read only = no".
  Samba(const std::string& path, const std::vector<std::string>& lines);

  bool ready() const { return service_ && service_->ready(); }
  std::string log() { return problem_ + (service_ ? service_->log() : std::string()); }

  /// Runs smbclient's commands, separated by semicolons, as one of the users.
  Outcome client(const std::string& user, const std::string& commands) const;
  /// Runs them one after the other in one connection; one that begins with `!` is the shell's.
  Outcome session(const std::string& user, const std::vector<std::string>& commands) const;
  /// Runs smbcacls on a node: shows its ACL, or changes it with options such as "--add=ACL:...".
  Outcome cacls(const std::string& user, const std::string& node, const std::vector<std::string>& options = {}) const;

 private:
  void write_configuration(const std::string& path, const std::vector<std::string>& lines);

  TempDir place_;
  std::vector<std::string> accounts_;  ///< environment that makes the users known
  std::string problem_;
  std::optional<Service> service_;
};

/// A Unix user as Samba takes him in an ACL, "S-1-22-1-20001". It shows those so who cannot log in; the others have a SID of its own.
std::string sid_of_user(unsigned uid);

}  // namespace acefs::test
