// SPDX-License-Identifier: MIT
#include "descent.hpp"

#include <bit>

namespace acefs::acl {
namespace {

const Share& at(const Contribution& contribution, Scope scope) {
  return contribution.at[static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(scope)))];
}

}  // namespace

const Contribution* Descent::contribution(const Segment& segment) {
  if (segment.known != nullptr) return segment.known;
  Contribution& free = last_ == &computed_[0] ? computed_[1] : computed_[0];
  free = contribution_of(*segment.acl, who_, now_);
  return &free;
}

GivenTaken Descent::into_aces(const Segment& segment, const Contribution* own) {
  Share share = below(1, segment.is_directory);
  if (own != nullptr) share |= at(*own, Scope::Self);
  remember(own);
  return for_caller(share, segment);
}

Share Descent::below(std::size_t distance, bool is_directory) const {
  Share share = is_directory ? deep_directory_ : deep_file_;
  if (last_ == nullptr) return share;
  if (distance == 1) return share |= at(*last_, is_directory ? Scope::ChildDir : Scope::ChildFile);
  return share |= at(*last_, is_directory ? Scope::DeepDir : Scope::DeepFile);
}

void Descent::remember(const Contribution* own) {
  if (last_ != nullptr) {
    deep_file_ |= at(*last_, Scope::DeepFile);
    deep_directory_ |= at(*last_, Scope::DeepDir);
  }
  last_ = own;
  if (own == nullptr) return;
  any_ = true;
  if (own->next_expiry != 0 && (next_expiry_ == 0 || own->next_expiry < next_expiry_)) next_expiry_ = own->next_expiry;
}

GivenTaken Descent::for_caller(const Share& share, const Segment& segment) const {
  GivenTaken sum = share.caller;
  if (who_.uid == segment.uid) sum |= share.owner;
  const bool asks_group = !share.group.allow.empty() || !share.group.deny.empty();
  if (asks_group && who_.in_group(segment.gid)) {
    sum |= share.group;
  } else if (who_.groups_failed) {
    sum.deny |= share.group.deny;
  }
  return sum;
}

}  // namespace acefs::acl
