// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace acefs::nfs4 {

/// Translates between principals as stored ("u:4c51", "g:staff") and as NFSv4 names them ("alice"). Asked about users and groups
/// only, never about OWNER@ and its like.
class Names {
 public:
  virtual ~Names() = default;

  /// How `principal` is called; never with its class in front, since nfs4_setfacl could not read that back.
  virtual std::string shown(const std::string& principal) const = 0;
  /// The uid or gid of `principal`, for the form that has numbers only; nothing when it has none.
  virtual std::optional<std::uint32_t> number(const std::string& principal) const = 0;
  /// The principal that somebody means by `who`; nothing when there is no such one.
  virtual std::optional<std::string> stored(bool group, std::string_view who) const = 0;
  /// Whether two different `u:` principals may name the same person, so that the order of their ACEs matters.
  virtual bool may_be_one(const std::string& a, const std::string& b) const = 0;
};

/// Names are stored as they are shown. `alice@domain`, with the domain given, means alice. A decimal who is a uid or gid, and may
/// be anybody whose name is not known to be another's.
class PlainNames : public Names {
 public:
  explicit PlainNames(std::string domain = {}) : domain_(std::move(domain)) {}

  std::string shown(const std::string& principal) const override;
  std::optional<std::uint32_t> number(const std::string& principal) const override;
  std::optional<std::string> stored(bool group, std::string_view who) const override;
  bool may_be_one(const std::string& a, const std::string& b) const override;

 private:
  std::string domain_;
};

}  // namespace acefs::nfs4
