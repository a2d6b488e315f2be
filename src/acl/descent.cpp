// SPDX-License-Identifier: MIT
#include "descent.hpp"

#include <bit>
#include <optional>

namespace acefs::acl {
namespace {

const Share& at(const Contribution& contribution, Scope scope) {
  return contribution.at[static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(scope)))];
}

}  // namespace

GivenTaken Descent::into(const Segment& segment) {
  std::optional<Contribution> computed;
  const Contribution* own = segment.known;
  if (own == nullptr && segment.acl != nullptr && !segment.acl->empty()) {
    own = &computed.emplace(contribution_of(*segment.acl, who_, now_));
  }
  const Share share = on_next(segment, own);
  remember(own);
  return for_caller(share, segment);
}

Share Descent::on_next(const Segment& segment, const Contribution* own) const {
  Share share = below(1, segment.is_directory);
  if (own != nullptr) share |= at(*own, Scope::Self);
  return share;
}

Share Descent::below(std::size_t distance, bool is_directory) const {
  Share share = deep_.of(is_directory);
  share |= (distance == 1 ? last_child_ : last_deep_).of(is_directory);
  return share;
}

void Descent::remember(const Contribution* own) {
  deep_.file |= last_deep_.file;
  deep_.directory |= last_deep_.directory;
  if (own == nullptr) {
    last_child_ = {};
    last_deep_ = {};
    return;
  }
  last_child_ = {at(*own, Scope::ChildFile), at(*own, Scope::ChildDir)};
  last_deep_ = {at(*own, Scope::DeepFile), at(*own, Scope::DeepDir)};
  if (own->next_expiry != 0 && (next_expiry_ == 0 || own->next_expiry < next_expiry_)) next_expiry_ = own->next_expiry;
}

GivenTaken Descent::for_caller(const Share& share, const Segment& segment) const {
  GivenTaken sum = share.caller;
  if (who_.uid == segment.uid) sum |= share.owner;
  const bool asks_group = !share.group.allow.empty() || !share.group.deny.empty();
  if (asks_group && who_.in_group(segment.gid)) sum |= share.group;
  return sum;
}

}  // namespace acefs::acl
