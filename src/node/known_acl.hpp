// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <memory>
#include <mutex>

#include "acefs/acl/acl.hpp"
#include "acefs/acl/decide.hpp"

namespace acefs::node {

using IdentityPtr = std::shared_ptr<const acl::Identity>;

/// A node's ACL, and what it comes to for those who asked lately: an ACL with thousands of ACEs, or a caller with a thousand groups,
/// costs no more than one with few once it was looked at. Thread-safe.
class KnownAcl : public acl::Acl {
 public:
  KnownAcl() = default;
  KnownAcl(std::vector<acl::Grant> grants, bool on_directory, acl::PrincipalTable& principals)
      : Acl(std::move(grants), on_directory, principals) {}

  /// acl::contribution_of this ACL.
  acl::Contribution contribution(const IdentityPtr& who, acl::TimePoint now) const;

 private:
  struct Recent {
    IdentityPtr who;  ///< held, so that its address is nobody else's
    acl::Contribution contribution;
  };
  static constexpr std::size_t kRecent = 4;

  mutable std::mutex mutex_;
  mutable std::unique_ptr<std::array<Recent, kRecent>> recent_;
  mutable std::size_t next_ = 0;
};
using AclPtr = std::shared_ptr<const KnownAcl>;

/// Of all nodes without ACEs.
const AclPtr& no_acl();

}  // namespace acefs::node
