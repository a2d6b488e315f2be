// SPDX-License-Identifier: MIT
#include "node/known_acl.hpp"

namespace acefs::node {

const AclPtr& no_acl() {
  static const AclPtr empty = std::make_shared<const KnownAcl>();
  return empty;
}

acl::Contribution KnownAcl::contribution(const IdentityPtr& who, acl::TimePoint now) const {
  {
    const std::lock_guard lock(mutex_);
    if (recent_) {
      for (const Recent& recent : *recent_) {
        const acl::TimePoint until = recent.contribution.next_expiry;
        if (recent.who == who && (until == 0 || now <= until)) return recent.contribution;
      }
    }
  }
  acl::Contribution fresh = acl::contribution_of(*this, *who, now);
  IdentityPtr replaced;  // dies without the lock
  const std::lock_guard lock(mutex_);
  if (!recent_) recent_ = std::make_unique<std::array<Recent, kRecent>>();
  Recent& slot = (*recent_)[next_++ % kRecent];
  replaced = std::move(slot.who);
  slot = {who, fresh};
  return fresh;
}

}  // namespace acefs::node
