// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "acefs/principal/config.hpp"
#include "refusals.hpp"
#include "uids.hpp"

namespace acefs::principal {

/// What an account is bound to: a token of acefs.toml.
struct Token {
  std::string name;
  std::optional<uid_t> user;  ///< nothing: nobody knows him, and the token is refused
  bool makes_for_user = false;
  Refusal refusal;            ///< by its own section; its user's comes on top

  friend bool operator==(const Token&, const Token&) = default;
};

/// The tokens of acefs.toml by the uid of their account, so that a request of such an account is known for one by its number.
///
/// An account that two tokens are bound to is refused, and so is a token of a token: it would not be known whose rights bound it.
/// root is never a token and has none, nor is a user his own.
class Tokens {
 public:
  Tokens() = default;
  /// A token whose section does not say any more whose account it is keeps, refused, the one that it had in `before`.
  Tokens(const Config& config, Uids& uids, const Tokens& before);

  const Token* of(uid_t uid) const;
  /// Whether no account is a token, nor ever will be.
  bool empty() const { return by_uid_.empty(); }
  bool same_as(const Tokens& other) const { return by_uid_ == other.by_uid_; }
  /// What is wrong and shows in numbers only, a sentence each.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  void bind(uid_t uid, Token token);
  void tell(const std::string& token, const std::string& what);

  std::unordered_map<uid_t, Token> by_uid_;
  std::vector<std::string> problems_;
};

}  // namespace acefs::principal
