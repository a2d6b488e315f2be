// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rows.hpp"

namespace acefs::test {

/// What a program did: its exit code (-1: it did not run), and both its outputs, in the order in which they came.
struct Ran {
  int code = -1;
  std::string said;
};

/// Runs a program to its end as a user without supplementary groups. `input` is its standard input.
Ran run_program(uid_t uid, const std::vector<std::string>& command, std::string_view input = {});

/// Tests of NFSv4 ACLs by the tools of nfs4-acl-tools. Skipped where these are not installed.
class Nfs4Test : public RowTest {
 protected:
  void SetUp() override;

  /// nfs4_setfacl with these arguments and the node's path, on the mount, behind them.
  Ran setfacl(uid_t uid, std::vector<std::string> arguments, const std::string& name, std::string_view input = {});
  /// As root; it must succeed.
  void set_list(const std::string& name, const std::string& list);
  /// What nfs4_getfacl prints, as nfs4_setfacl takes it: ACEs with commas between them. What it says where it cannot.
  std::string list_of(const std::string& name, uid_t uid = 0);
  /// The grants stored on the backing, name and value.
  std::map<std::string, std::string> grants_of(const std::string& name);
  /// Mode in octal, as ls shows it.
  std::string mode_of(const std::string& name);

  int reads(uid_t uid, const std::string& name);
  int writes(uid_t uid, const std::string& name);
};

/// The attribute that holds the ACL.
inline constexpr const char* kNfs4Name = "system.nfs4_acl";

/// What the mode of a file says.
inline const std::string kMode600 = "A::OWNER@:rwatTnNcCy,A:g:GROUP@:t,A::EVERYONE@:t";
inline const std::string kMode644 = "A::OWNER@:rwatTnNcCy,A:g:GROUP@:rtncy,A::EVERYONE@:rtncy";
/// And of a directory.
inline const std::string kMode755 = "A::OWNER@:rwaDxtTnNcCy,A:g:GROUP@:rxtncy,A::EVERYONE@:rxtncy";

inline constexpr uid_t kDave = 20004;

}  // namespace acefs::test
