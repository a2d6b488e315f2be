// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <utility>

#include "acefs/acl/acl.hpp"
#include "acefs/principal/resolver.hpp"
#include "nfs4/names.hpp"

namespace acefs::fs {

/// How the principals of one node's ACL are called over NFSv4.
///
/// An id that acefs.toml gives a user (OpenCloud's UUID) is shown as that user, whom clients know, and a new ACE for that user is stored
/// under the first of these ids, which OpenCloud knows. What is stored on the node already keeps its key: what is shown leads
/// back to it. All others are stored as they are shown.
class NodeNames final : public nfs4::Names {
 public:
  /// `domain`: what clients append to names, "alice@domain"; empty: nothing. The resolver must outlive this.
  NodeNames(principal::Resolver& resolver, const std::string& domain, const acl::Acl& stored);

  std::string shown(const std::string& principal) const override;
  std::optional<std::uint32_t> number(const std::string& principal) const override { return resolver_.number_of(principal); }
  std::optional<std::string> stored(bool group, std::string_view who) const override;
  bool may_be_one(const std::string& a, const std::string& b) const override;

 private:
  /// The section that has the principal among its ids, else its own name.
  std::string name_of(const std::string& principal) const;

  principal::Resolver& resolver_;
  nfs4::PlainNames plain_;
  std::shared_ptr<const principal::Config> config_;
  std::map<std::string, std::string, std::less<>> sections_;  ///< "u:4c51" → "u:alice"
  std::map<std::string, std::string, std::less<>> shown_;     ///< of what is stored on the node: principal → name
  std::map<std::string, std::string, std::less<>> stored_;    ///< "u:" or "g:" and name → principal
};

}  // namespace acefs::fs
